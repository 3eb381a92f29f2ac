//! The first screen: are my photos safe?

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use safelight_engine::{Engine, Status, model::ArrivalRow};

use super::{
    format::{bytes, number},
    page::{Page, Trouble, Visit, ask, render},
    sentence::{Sentence, sentence},
    task::Progress,
};
use crate::{
    App,
    auth::{Owner, OwnerRejection},
};

/// Arrivals on the first screen.
const RECENT: u32 = 12;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    page: Page,
    sentence: Sentence,
    status: Status,
    activity: Vec<Progress>,
    recent: Vec<ArrivalRow>,
    backing_up: bool,
}

/// `GET /`. Before the set-up it leads there.
pub(crate) async fn show(
    State(app): State<App>,
    owner: Result<Owner, OwnerRejection>,
) -> Result<Response, Trouble> {
    let owner = match owner {
        Ok(owner) => owner,
        Err(OwnerRejection::SignIn) => {
            let is_set = ask(&app.engine, Engine::owner_is_set).await?;
            return Ok(Redirect::to(if is_set { "/sign-in" } else { "/setup" }).into_response());
        }
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let visit = Visit {
        engine: app.engine.clone(),
        page: Page::of(&app, &owner, "/"),
    };
    let (state, recent) = visit
        .ask(|engine| Ok((engine.state()?, engine.recent(None, RECENT)?)))
        .await?;
    let status = state.status;
    let backing_up = state
        .activity
        .iter()
        .any(|activity| activity.kind == "backup");
    let sentence = sentence(&status, backing_up, |at| visit.page.time(at));
    let activity = state.activity.iter().map(Progress::of).collect();
    Ok(render(&Home {
        page: visit.page,
        sentence,
        status,
        activity,
        recent,
        backing_up,
    }))
}
