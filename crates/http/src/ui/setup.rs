//! The way in: a password, a folder for the photos, the first phone, the first offsite copy.
//!
//! Where somebody is on the way is read off what there is already, so it can be left at any point and resumed, on
//! another machine too. The last two steps can be left out.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;
use safelight_engine::{AccessError, Command, Engine, EngineError, Quiet, model::LibraryState};
use serde::Deserialize;
use tokio::{
    sync::Mutex,
    time::{Duration, sleep},
};

use super::{
    form::Sent,
    page::{Page, Trouble, Visit, ask, render},
    sign_in,
};
use crate::{
    App,
    auth::{Owner, OwnerRejection},
    connection::Connection,
};

/// `GET /setup`: the first step that is not done.
pub(crate) async fn resume(
    State(app): State<App>,
    owner: Result<Owner, OwnerRejection>,
) -> Result<Redirect, Trouble> {
    if !ask(&app.engine, Engine::owner_is_set).await? {
        return Ok(Redirect::to("/setup/password"));
    }
    match owner {
        Ok(_) => {}
        Err(OwnerRejection::NotOwner) => return Ok(Redirect::to("/")),
        Err(_) => return Ok(Redirect::to("/sign-in")),
    }
    let status = ask(&app.engine, Engine::status).await?;
    Ok(Redirect::to(
        if status.library.state == LibraryState::NotChosen {
            "/setup/library"
        } else if status.devices.is_empty() {
            "/setup/device"
        } else if status.destinations.is_empty() {
            "/setup/destination"
        } else {
            "/"
        },
    ))
}

#[derive(Template)]
#[template(path = "setup-password.html")]
struct PasswordPage {
    needs_code: bool,
    error: Option<String>,
}

/// `GET /setup/password`.
pub(crate) async fn password(
    State(app): State<App>,
    connection: Connection,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    if ask(&app.engine, Engine::owner_is_set).await? {
        return Ok(Redirect::to("/setup").into_response());
    }
    let needs_code = !connection.is_local(&headers);
    Ok(render(&PasswordPage {
        needs_code,
        error: None,
    }))
}

/// The form of the first step.
#[derive(Deserialize)]
pub(crate) struct NewPassword {
    password: String,
    again: String,
    #[serde(default)]
    code: String,
}

/// `POST /setup/password`. Only as long as there is none; from another machine only with the code that the terminal
/// shows.
pub(crate) async fn set_password(
    State(app): State<App>,
    connection: Connection,
    headers: HeaderMap,
    Form(form): Form<NewPassword>,
) -> Result<Response, Trouble> {
    /// One at a time: two at once must not both find that there is no password yet, and a wrong code makes the next
    /// try wait, wherever it comes from.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let _turn = ONE_AT_A_TIME.lock().await;

    if ask(&app.engine, Engine::owner_is_set).await? {
        return Ok(Redirect::to("/setup").into_response());
    }
    let needs_code = !connection.is_local(&headers);
    let again = |error: String| {
        Ok(render(&PasswordPage {
            needs_code,
            error: Some(error),
        }))
    };
    if needs_code && form.code.trim().to_ascii_lowercase() != app.engine.setup_code() {
        sleep(Duration::from_secs(1)).await;
        return again("The code is not the one that the terminal shows.".to_owned());
    }
    if form.password != form.again {
        return again("The two passwords are not the same.".to_owned());
    }
    match app.engine.set_owner_password(form.password.clone()).await {
        Ok(()) => {}
        Err(EngineError::Invalid(message)) => return again(format!("{message}.")),
        Err(error) => return Err(error.into()),
    }
    sign_in::enter(&app, &connection, "", form.password, "/setup")
        .await
        .map_err(|error| match error {
            AccessError::Unavailable(error) => error.into(),
            other => Trouble::Failed(other.to_string()),
        })
}

#[derive(Template)]
#[template(path = "setup-library.html")]
struct LibraryPage {
    page: Page,
    path: String,
    error: Option<String>,
}

/// `GET /setup/library`.
pub(crate) async fn library(State(app): State<App>, visit: Visit) -> Result<Response, Trouble> {
    let chosen = visit.ask(Engine::status).await?.library.path;
    let path = chosen.unwrap_or_else(|| app.options.suggested_library.clone());
    Ok(render(&LibraryPage {
        page: visit.page,
        path,
        error: None,
    }))
}

/// The form of the second step.
#[derive(Deserialize)]
pub(crate) struct Folder {
    path: String,
}

/// `POST /setup/library`.
pub(crate) async fn set_library(
    Sent { visit, form, .. }: Sent<Folder>,
) -> Result<Response, Trouble> {
    let path = form.path.trim().to_owned();
    if !std::path::Path::new(&path).is_absolute() {
        let error =
            "Write the folder\u{2019}s whole path, from the root of the disk on.".to_owned();
        return Ok(render(&LibraryPage {
            page: visit.page,
            path,
            error: Some(error),
        }));
    }
    let command = Command::SetLibrary {
        path: path.clone().into(),
    };
    match visit.ask(|engine| engine.run(command, &Quiet)).await {
        Ok(_) => Ok(Redirect::to("/setup").into_response()),
        Err(trouble) => Ok(render(&LibraryPage {
            page: visit.page,
            path,
            error: Some(trouble.message()),
        })),
    }
}

#[derive(Template)]
#[template(path = "setup-device.html")]
struct DevicePage;

/// `GET /setup/device`. Its links lead to the forms of `/devices/add`.
pub(crate) async fn device(_visit: Visit) -> Response {
    render(&DevicePage)
}

#[derive(Template)]
#[template(path = "setup-destination.html")]
struct DestinationPage;

/// `GET /setup/destination`. Its links lead to the forms of `/destinations`.
pub(crate) async fn destination(_visit: Visit) -> Response {
    render(&DestinationPage)
}
