//! Bringing photos back: from which copy, which of them, into which folder.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use safelight_engine::{Command, model::DestinationStatus};
use serde::Deserialize;

use super::{
    address::Query,
    form::{AnyoneSent, Sent},
    format::counted,
    page::{Anyone, Page, Trouble, Visit, render},
};

/// What is asked for.
#[derive(Default, Deserialize)]
pub(crate) struct Wish {
    #[serde(default)]
    destination: String,
    /// `all` or `some`.
    #[serde(default)]
    what: String,
    /// One photo or folder a line.
    #[serde(default)]
    paths: String,
    #[serde(default)]
    to: String,
}

#[derive(Template)]
#[template(path = "restore.html")]
struct Restore {
    page: Page,
    destinations: Vec<DestinationStatus>,
    /// A member's own folder; the owner's is everything.
    own: Option<String>,
    form: Wish,
    error: Option<&'static str>,
}

/// What a link from a photo's receipt fills in.
#[derive(Deserialize)]
pub(crate) struct Prefilled {
    #[serde(default)]
    path: String,
}

/// `GET /restore`.
pub(crate) async fn form(
    Anyone(visit): Anyone,
    Query(Prefilled { path }): Query<Prefilled>,
) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let what = if path.is_empty() { "all" } else { "some" }.to_owned();
    let path = match path.is_empty() {
        true => visit
            .ask(move |engine| engine.folder_of(asker))
            .await?
            .unwrap_or_default(),
        false => path,
    };
    shown(
        visit,
        Wish {
            what,
            paths: path,
            ..Wish::default()
        },
        None,
    )
    .await
}

async fn shown(visit: Visit, form: Wish, error: Option<&'static str>) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let (destinations, own) = visit
        .ask(move |engine| Ok((engine.restorable(asker)?, engine.folder_of(asker)?)))
        .await?;
    Ok(render(&Restore {
        page: visit.page,
        own,
        destinations,
        form,
        error,
    }))
}

/// `POST /restore`.
pub(crate) async fn begin(
    AnyoneSent(Sent { visit, form, .. }): AnyoneSent<Wish>,
) -> Result<Response, Trouble> {
    let to = std::path::PathBuf::from(form.to.trim());
    if !to.is_absolute() {
        return shown(
            visit,
            form,
            Some("Write the folder\u{2019}s whole path, from the root of the disk on."),
        )
        .await;
    }
    let mut paths = Vec::new();
    if form.what == "some" || !visit.asker.is_owner() {
        let lines = form.paths.lines().map(|line| line.trim().trim_matches('/'));
        paths.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
        if paths.is_empty() {
            return shown(
                visit,
                form,
                Some("Name at least one photo or folder, or choose everything."),
            )
            .await;
        }
    }
    let destination = (!form.destination.is_empty()).then(|| form.destination.clone());
    let command = Command::Restore {
        to,
        destination,
        snapshot: None,
        paths,
    };
    let task = visit.engine.begin(visit.asker, command)?;
    Ok(Redirect::to(&format!("/task/{}", task.0)).into_response())
}
