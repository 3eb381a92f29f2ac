//! `/up`: photos from this very browser. A browser adds photos as a device of its own, which is made once, by whoever is
//! signed in or by the code of "Add a phone", and which a cookie remembers ([`auth::Browser`]).
//!
//! | what | module |
//! |---|---|
//! | the page, and how the browser becomes a device | here |
//! | the form, for browsers without scripts | [`form`] |
//! | which files were sent before, for the script | [`before`] |
//!
//! The script `upload.js` sends through [`crate::resumable`], and asks `/api/v1/releasable` what may be deleted.

mod before;
mod form;

use askama::Template;
use axum::{
    Form, Router,
    extract::{DefaultBodyLimit, FromRequestParts, State},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use http::request::Parts;
use safelight_engine::{
    AccessError, Answer, Asker, Command, Engine, EngineError, Quiet, command::NewDevice,
};
use serde::Deserialize;

use super::{
    form::{AnyoneSent, Sent},
    page::{Trouble, ask, render},
};
use crate::{
    App,
    auth::{self, Browser, OwnerRejection, SignedIn},
    connection::Connection,
};

/// Every page of this part.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(
            "/up",
            // Photos and videos: as large as they come, and streamed.
            get(show)
                .post(form::receive)
                .layer(DefaultBodyLimit::disable()),
        )
        .route("/up/browser", post(connect))
        .route("/up/forget", post(forget))
        .route("/up/before", post(before::handle))
}

#[derive(Template)]
#[template(path = "up.html")]
struct Up {
    /// What the browser is called.
    name: String,
    form_token: String,
}

/// To whoever is not connected yet.
#[derive(Template)]
#[template(path = "up-connect.html")]
struct Unknown {
    /// The session's form token, if somebody is signed in.
    csrf: Option<String>,
    name: String,
    error: Option<String>,
}

impl From<AccessError> for Trouble {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Unavailable(error) => error.into(),
            AccessError::Wrong | AccessError::SlowDown { .. } => Self::Failed(error.to_string()),
        }
    }
}

/// `GET /up`.
async fn show(
    State(app): State<App>,
    connection: Connection,
    mut parts: Parts,
) -> Result<Response, Response> {
    let browser = Browser::of(&app.engine, &parts.headers, &connection)
        .await
        .map_err(|error| Trouble::from(error).into_response())?;
    if let Some(browser) = browser {
        let page = render(&Up {
            name: browser.device.name.clone(),
            form_token: browser.form_token(),
        });
        return Ok(browser.keep(page, connection.is_secure));
    }
    let csrf = match SignedIn::from_request_parts(&mut parts, &app).await {
        Ok(somebody) => Some(somebody.csrf),
        Err(OwnerRejection::Unavailable(error)) => {
            return Err(Trouble::Failed(error).into_response());
        }
        Err(_) => None,
    };
    let page = render(&Unknown {
        csrf,
        name: String::new(),
        error: None,
    });
    // A cookie that is good for nothing any more would count as a wrong try each time.
    Ok(auth::forget(page, connection.is_secure))
}

#[derive(Deserialize)]
struct NewBrowser {
    name: String,
}

/// `POST /up/browser`: makes this browser a device of whoever is signed in.
async fn connect(
    connection: Connection,
    AnyoneSent(sent): AnyoneSent<NewBrowser>,
) -> Result<Response, Trouble> {
    let Sent { visit, form, by } = sent;
    let (asker, name) = (visit.asker, form.name.trim().to_owned());
    let added = visit
        .ask(move |engine| {
            let command = Command::DeviceAdd {
                name,
                person: None,
                acknowledge: None,
            };
            let answer = engine.run_for(asker, command, &Quiet)?;
            if let Answer::Device(device) = &answer {
                may_be_silent(engine, asker, device)?;
            }
            Ok(answer)
        })
        .await;
    match added {
        Ok(Answer::Device(device)) => Ok(auth::keep(
            Redirect::to("/up"),
            &device.token,
            connection.is_secure,
        )),
        Ok(_) => Err(Trouble::Failed(
            "This browser could not be connected".to_owned(),
        )),
        Err(trouble @ Trouble::Refused(_)) => Ok(render(&Unknown {
            csrf: Some(by.csrf),
            name: form.name,
            error: Some(trouble.message()),
        })),
        Err(trouble) => Err(trouble),
    }
}

/// A browser sends when a person does: that it has not come for a while is no trouble, unless the owner says so.
pub(super) fn may_be_silent(
    engine: &Engine,
    asker: Asker,
    device: &NewDevice,
) -> Result<(), EngineError> {
    let command = Command::DeviceSet {
        device: device.user.clone(),
        acknowledge: None,
        tell_silence: Some(false),
    };
    engine.run_for(asker, command, &Quiet).map(drop)
}

#[derive(Deserialize)]
struct Signed {
    #[serde(default)]
    token: String,
}

/// `POST /up/forget`: the browser gives its permission back. What it sent stays.
async fn forget(
    State(app): State<App>,
    connection: Connection,
    parts: Parts,
    Form(signed): Form<Signed>,
) -> Result<Response, Trouble> {
    let browser = connected(&app, &connection, &parts).await?;
    if !browser.made(&signed.token) {
        return Err(other_visit());
    }
    let id = browser.device.id.0;
    match ask(&app.engine, move |engine| {
        engine.run(Command::DeviceRevoke { id }, &Quiet)
    })
    .await
    {
        Ok(_) => Ok(auth::forget(Redirect::to("/up"), connection.is_secure)),
        Err(trouble) => Err(trouble),
    }
}

/// The browser that asks, or why it may not.
async fn connected(app: &App, connection: &Connection, parts: &Parts) -> Result<Browser, Trouble> {
    let browser = Browser::of(&app.engine, &parts.headers, connection).await?;
    browser.ok_or_else(|| {
        Trouble::Refused(
            "This browser may not add photos, or not any more. Open the upload page again."
                .to_owned(),
        )
    })
}

fn other_visit() -> Trouble {
    Trouble::Refused(
        "The form is from another visit. Go back, load the page again, and send it again."
            .to_owned(),
    )
}
