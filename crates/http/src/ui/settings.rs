//! Settings: where photos are filed, the owner's password, the way out.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use safelight_engine::model::LibraryStatus;
use serde::Deserialize;

use super::{
    form::Sent,
    page::{Page, Trouble, Visit, render},
};

#[derive(Template)]
#[template(path = "settings.html")]
struct Settings {
    page: Page,
    library: LibraryStatus,
    folders: String,
    saved: Option<&'static str>,
    error: Option<String>,
}

impl Settings {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}

/// `GET /settings`.
pub(crate) async fn show(visit: Visit) -> Result<Response, Trouble> {
    shown(visit, None, None).await
}

async fn shown(
    visit: Visit,
    saved: Option<&'static str>,
    error: Option<String>,
) -> Result<Response, Trouble> {
    let (status, folders) = visit
        .ask(|engine| Ok((engine.status()?, engine.folder_template()?)))
        .await?;
    Ok(render(&Settings {
        page: visit.page,
        library: status.library,
        folders: folders.to_string(),
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
    Sent { visit, form, .. }: Sent<NewPassword>,
) -> Result<Response, Trouble> {
    if form.password != form.again {
        return shown(
            visit,
            None,
            Some("The two passwords are not the same.".to_owned()),
        )
        .await;
    }
    match visit
        .engine
        .set_owner_password(form.password)
        .await
        .map_err(Trouble::from)
    {
        Ok(()) => shown(visit, Some("The new password is set."), None).await,
        Err(Trouble::Refused(message)) => shown(visit, None, Some(format!("{message}."))).await,
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
    Sent { visit, form, .. }: Sent<Folders>,
) -> Result<Response, Trouble> {
    match visit
        .ask(move |engine| engine.set_folder_template(form.folders.trim()))
        .await
    {
        Ok(()) => Ok(Redirect::to("/settings").into_response()),
        Err(Trouble::Refused(message)) => shown(visit, None, Some(format!("{message}."))).await,
        Err(trouble) => Err(trouble),
    }
}
