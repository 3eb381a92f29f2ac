//! The first screen: are my photos safe?

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use safelight_engine::{Asker, Engine, Status, model::ArrivalRow};

use super::{
    format::{bytes, number},
    own,
    page::{Page, Trouble, Visit, ask, render},
    sentence::{Sentence, sentence},
    task::Progress,
};
use crate::{
    App,
    auth::{OwnerRejection, SignedIn},
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
    somebody: Result<SignedIn, OwnerRejection>,
) -> Result<Response, Trouble> {
    let somebody = match somebody {
        Ok(somebody) => somebody,
        Err(OwnerRejection::SignIn) => {
            let is_set = ask(&app.engine, Engine::owner_is_set).await?;
            return Ok(Redirect::to(if is_set { "/sign-in" } else { "/setup" }).into_response());
        }
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let visit = Visit::of(&app, &somebody, "/");
    if !somebody.asker.is_owner() {
        return own::show(visit).await;
    }
    let (state, recent) = visit
        .ask(|engine| {
            Ok((
                engine.state()?,
                engine.recent(Asker::Owner, None, None, RECENT)?,
            ))
        })
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
