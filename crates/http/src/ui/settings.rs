//! Settings: where photos are filed, when a phone's silence is a problem; one's own password and sessions; the way out.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use safelight_engine::model::{LibraryStatus, SessionStatus};
use serde::Deserialize;

use super::{
    address::Path,
    form::{AnyoneSent, Button, Sent},
    page::{Anyone, Page, Trouble, Visit, render},
};
use crate::auth::SignedIn;

#[derive(Template)]
#[template(path = "settings.html")]
struct Settings {
    page: Page,
    library: LibraryStatus,
    folders: String,
    silent_days: u16,
    sessions: Vec<SessionStatus>,
    saved: Option<&'static str>,
    error: Option<String>,
}

impl Settings {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}

/// `GET /settings`.
pub(crate) async fn show(somebody: SignedIn, Anyone(visit): Anyone) -> Result<Response, Trouble> {
    shown(visit, &somebody, None, None).await
}

async fn shown(
    visit: Visit,
    by: &SignedIn,
    saved: Option<&'static str>,
    error: Option<String>,
) -> Result<Response, Trouble> {
    let (asker, cookie) = (visit.asker, by.cookie.clone());
    let (status, folders, silent_days, sessions) = visit
        .ask(move |engine| {
            Ok((
                engine.status_of(asker)?,
                engine.folder_template()?,
                engine.silent_days()?,
                engine.sessions(asker, &cookie)?,
            ))
        })
        .await?;
    Ok(render(&Settings {
        page: visit.page,
        library: status.library,
        folders: folders.to_string(),
        silent_days,
        sessions,
        saved,
        error,
    }))
}

/// The form for a new password.
#[derive(Deserialize)]
pub(crate) struct NewPassword {
    password: String,
    again: String,
}

/// `POST /settings/password`.
pub(crate) async fn set_password(
    AnyoneSent(Sent { visit, by, form }): AnyoneSent<NewPassword>,
) -> Result<Response, Trouble> {
    if form.password != form.again {
        return shown(
            visit,
            &by,
            None,
            Some("The two passwords are not the same.".to_owned()),
        )
        .await;
    }
    match visit
        .engine
        .change_password(visit.asker, form.password, &by.cookie)
        .await
        .map_err(Trouble::from)
    {
        Ok(()) => {
            let saved = "The new password is set, and other browsers are signed out.";
            shown(visit, &by, Some(saved), None).await
        }
        Err(Trouble::Refused(message)) => {
            shown(visit, &by, None, Some(format!("{message}."))).await
        }
        Err(trouble) => Err(trouble),
    }
}

/// The form for the folders' pattern.
#[derive(Deserialize)]
pub(crate) struct Folders {
    folders: String,
}

/// `POST /settings/folders`.
pub(crate) async fn set_folders(
    Sent { visit, by, form }: Sent<Folders>,
) -> Result<Response, Trouble> {
    match visit
        .ask(move |engine| engine.set_folder_template(form.folders.trim()))
        .await
    {
        Ok(()) => Ok(Redirect::to("/settings").into_response()),
        Err(Trouble::Refused(message)) => {
            shown(visit, &by, None, Some(format!("{message}."))).await
        }
        Err(trouble) => Err(trouble),
    }
}

/// The form for a phone's silence.
#[derive(Deserialize)]
pub(crate) struct Silence {
    days: String,
}

/// `POST /settings/silence`.
pub(crate) async fn set_silence(
    Sent { visit, by, form }: Sent<Silence>,
) -> Result<Response, Trouble> {
    let Ok(days) = form.days.trim().parse() else {
        let error = "Write the days as a number.".to_owned();
        return shown(visit, &by, None, Some(error)).await;
    };
    match visit.ask(move |engine| engine.set_silent_days(days)).await {
        Ok(()) => Ok(Redirect::to("/settings").into_response()),
        Err(Trouble::Refused(message)) => {
            shown(visit, &by, None, Some(format!("{message}."))).await
        }
        Err(trouble) => Err(trouble),
    }
}

/// `POST /settings/sessions/{id}`: signs one's other browser out.
pub(crate) async fn end_session(
    Path(id): Path<i64>,
    AnyoneSent(sent): AnyoneSent<Button>,
) -> Result<Response, Trouble> {
    let asker = sent.visit.asker;
    sent.visit
        .ask(move |engine| engine.end_session(asker, id))
        .await?;
    Ok(Redirect::to("/settings").into_response())
}
