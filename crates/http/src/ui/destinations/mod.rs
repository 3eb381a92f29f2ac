//! Offsite copies: where they are and how they are doing.
//!
//! Adding one is in [`add`], the page to print for the day when the house is gone in [`kit`].

pub(crate) mod add;
pub(crate) mod kit;

use askama::Template;
use axum::response::{Redirect, Response};
use safelight_engine::{Command, Engine, Quiet, command::VerifyScope, model::DestinationStatus};
use serde::Deserialize;

use super::{
    address::Path,
    form::{Button, Sent},
    format::number,
    page::{Page, Trouble, Visit, render},
};

#[derive(Template)]
#[template(path = "destinations.html")]
struct Destinations {
    page: Page,
    photos: u64,
    destinations: Vec<DestinationStatus>,
}

/// `GET /destinations`.
pub(crate) async fn list(visit: Visit) -> Result<Response, Trouble> {
    let status = visit.ask(Engine::status).await?;
    Ok(render(&Destinations {
        page: visit.page,
        photos: status.photos,
        destinations: status.destinations,
    }))
}

/// The destination's name, by the number in its address.
async fn name_of(visit: &Visit, id: i64) -> Result<String, Trouble> {
    let status = visit.ask(Engine::status).await?;
    let found = status
        .destinations
        .into_iter()
        .find(|destination| destination.id == id);
    found
        .map(|destination| destination.name)
        .ok_or_else(|| Trouble::NotFound(format!("There is no offsite copy number {id}.")))
}

/// `POST /destinations/{id}/backup`.
pub(crate) async fn back_up(Path(id): Path<i64>, sent: Sent<Button>) -> Result<Redirect, Trouble> {
    let destination = Some(name_of(&sent.visit, id).await?);
    let task = sent
        .visit
        .engine
        .begin(sent.visit.asker, Command::Backup { destination })?;
    Ok(Redirect::to(&format!("/task/{}", task.0)))
}

/// The form that starts a verification.
#[derive(Deserialize)]
pub(crate) struct Scope {
    scope: VerifyScope,
}

/// `POST /verify`.
pub(crate) async fn verify(sent: Sent<Scope>) -> Result<Redirect, Trouble> {
    let task = sent.visit.engine.begin(
        sent.visit.asker,
        Command::Verify {
            scope: sent.form.scope,
        },
    )?;
    Ok(Redirect::to(&format!("/task/{}", task.0)))
}

/// `POST /destinations/{id}/remove`.
pub(crate) async fn remove(Path(id): Path<i64>, sent: Sent<Button>) -> Result<Redirect, Trouble> {
    let name = name_of(&sent.visit, id).await?;
    sent.visit
        .ask(|engine| engine.run(Command::DestinationRemove { name }, &Quiet))
        .await?;
    Ok(Redirect::to("/destinations"))
}
