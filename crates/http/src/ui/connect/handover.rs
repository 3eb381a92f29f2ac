//! What a scanned code leads to on the phone itself, for apps that cannot read codes: what is to be typed into them; or,
//! for the browser itself, its permission.
//!
//! The code is the permission: nobody is signed in here. It is used up by a button, not by opening the page, which
//! programs that look ahead at links do, too.

use askama::Template;
use axum::{
    extract::State,
    response::{Redirect, Response},
};
use safelight_engine::{AccessError, command::NewDevice};

use super::program::Program;
use crate::{
    App, auth,
    connection::Connection,
    ui::{
        address::Path,
        page::{Trouble, render},
    },
};

#[derive(Template)]
#[template(path = "handover.html")]
struct Handover {
    program: Program,
    secrets: Option<NewDevice>,
}

/// `GET /connect/{program}/{code}`.
pub(super) async fn ask(
    State(app): State<App>,
    Path((program, code)): Path<(Program, String)>,
) -> Result<Response, Trouble> {
    if !app.engine.is_invitation(&code) {
        return Err(spent());
    }
    Ok(render(&Handover {
        program,
        secrets: None,
    }))
}

/// `POST /connect/{program}/{code}`.
pub(super) async fn show(
    State(app): State<App>,
    connection: Connection,
    Path((program, code)): Path<(Program, String)>,
) -> Result<Response, Trouble> {
    match app
        .engine
        .accept_invitation(None, &code, connection.peer)
        .await
    {
        Ok(device) if program.is_browser() => Ok(auth::keep(
            Redirect::to("/up"),
            &device.token,
            connection.is_secure,
        )),
        Ok(device) => Ok(render(&Handover {
            program,
            secrets: Some(device),
        })),
        Err(AccessError::Wrong) => Err(spent()),
        Err(AccessError::Unavailable(error)) => Err(error.into()),
        Err(error @ AccessError::SlowDown { .. }) => Err(Trouble::Failed(format!("{error}."))),
    }
}

fn spent() -> Trouble {
    Trouble::NotFound(
        "This code was used already, or its time is over. Show a new one in Safelight\u{2019}s page, under Phones."
            .to_owned(),
    )
}
