//! Wrong dates put right: which photos and what is wrong, a look at what comes of it, then the change; and each change
//! taken back.

use askama::Template;
use axum::{
    Router,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use safelight_engine::{
    command::{CorrectionOutcome, DateChange},
    model::DeviceStatus,
};

use super::{
    address::Query,
    form::{AnyoneSent, Sent},
    format::{counted, number, taken},
    page::{Anyone, Page, Trouble, Visit, render},
};
use crate::App;

mod asked;
mod made;

use asked::Asked;

/// How many changes a preview lists.
const LISTED: usize = 200;

/// The pages about dates.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/correct", get(form).post(preview))
        .route("/correct/again", post(again))
        .route("/correct/now", post(apply))
        .route("/corrections", get(made::list))
        .route("/corrections/{id}", get(made::one))
        .route("/corrections/{id}/undo", post(made::undo))
}

#[derive(Template)]
#[template(path = "correct.html")]
struct Form {
    page: Page,
    form: Asked,
    /// What the chosen photos are called, if they were chosen one by one.
    chosen: Vec<Chosen>,
    devices: Vec<DeviceStatus>,
    cameras: Vec<String>,
    zones: Vec<String>,
    error: Option<String>,
}

/// A photo that was chosen.
struct Chosen {
    asset: i64,
    name: String,
    taken: Option<String>,
}

/// How many of the chosen photos are named.
const NAMED: usize = 12;

/// `GET /correct`: `photo=NUMBER` for each photo that was chosen; without any, the page asks which.
pub(crate) async fn form(
    Anyone(visit): Anyone,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    shown(visit, Asked::about(&query), None).await
}

async fn shown(visit: Visit, form: Asked, error: Option<String>) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let photos = form.photos();
    let (chosen, devices, cameras, zones) = visit
        .ask(move |engine| {
            let mut chosen = Vec::new();
            for asset in photos.into_iter().take(NAMED) {
                if let Some(photo) = engine.receipt(asker, safelight_core::AssetId(asset))? {
                    chosen.push(Chosen {
                        asset,
                        name: photo.name,
                        taken: match (photo.taken, photo.taken_day_only) {
                            (Some(taken), true) => taken.get(..10).map(str::to_owned),
                            (taken, _) => taken,
                        },
                    });
                }
            }
            Ok((
                chosen,
                engine.devices_of(asker)?,
                engine.cameras(asker)?,
                engine.zones(),
            ))
        })
        .await?;
    Ok(render(&Form {
        page: visit.page,
        form,
        chosen,
        devices,
        cameras,
        zones,
        error,
    }))
}

#[derive(Template)]
#[template(path = "correct-preview.html")]
struct Preview {
    page: Page,
    form: Asked,
    outcome: CorrectionOutcome,
}

impl Preview {
    fn listed(&self) -> &[DateChange] {
        &self.outcome.changes[..self.outcome.changes.len().min(LISTED)]
    }

    fn unlisted(&self) -> u64 {
        (self.outcome.changes.len() - self.listed().len()) as u64
    }

    fn failed(&self) -> u64 {
        self.outcome.failed.len() as u64
    }
}

/// `POST /correct`: what would be done.
pub(crate) async fn preview(
    AnyoneSent(Sent { visit, form, .. }): AnyoneSent<Asked>,
) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let found = match form.read() {
        Ok((choice, wish)) => {
            visit
                .ask(move |engine| engine.preview_correction(asker, &choice, &wish))
                .await
        }
        Err(missing) => Err(Trouble::Refused(missing)),
    };
    match found {
        Ok(outcome) => Ok(render(&Preview {
            page: visit.page,
            form,
            outcome,
        })),
        Err(Trouble::Failed(error)) => Err(Trouble::Failed(error)),
        Err(trouble) => shown(visit, form, Some(trouble.message())).await,
    }
}

/// `POST /correct/again`: the form once more, as it was filled in.
pub(crate) async fn again(
    AnyoneSent(Sent { visit, form, .. }): AnyoneSent<Asked>,
) -> Result<Response, Trouble> {
    shown(visit, form, None).await
}

/// `POST /correct/now`: does what the preview showed, and nothing else.
pub(crate) async fn apply(
    AnyoneSent(Sent { visit, form, .. }): AnyoneSent<Asked>,
) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let (choice, wish) = form.read().map_err(Trouble::Refused)?;
    let expect = form.fingerprint.clone();
    let done = visit
        .ask(move |engine| engine.correct(asker, &choice, &wish, Some(&expect)))
        .await;
    match done {
        Ok(done) => Ok(match done.id {
            Some(id) => Redirect::to(&format!("/corrections/{id}")).into_response(),
            None => Redirect::to("/corrections").into_response(),
        }),
        Err(Trouble::Refused(message)) => shown(visit, form, Some(message)).await,
        Err(trouble) => Err(trouble),
    }
}
