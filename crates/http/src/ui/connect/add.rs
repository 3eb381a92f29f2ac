//! Which phone, which app, which name; and the device for it.

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use safelight_engine::{Answer, Command, Quiet};
use serde::Deserialize;

use super::program::{Platform, Program};
use crate::ui::{
    form::Sent,
    page::{Page, Trouble, Visit, render},
};

#[derive(Template)]
#[template(path = "add-phone.html")]
struct Platforms {
    page: Page,
}

/// `GET /devices/add`.
pub(super) async fn platforms(visit: Visit) -> Response {
    render(&Platforms { page: visit.page })
}

#[derive(Template)]
#[template(path = "add-phone-app.html")]
struct Programs {
    page: Page,
    platform: Platform,
    chosen: Program,
    name: String,
    error: Option<String>,
}

/// `GET /devices/add/{platform}`.
pub(super) async fn programs(visit: Visit, Path(platform): Path<Platform>) -> Response {
    render(&Programs {
        page: visit.page,
        platform,
        chosen: platform.programs()[0],
        name: String::new(),
        error: None,
    })
}

/// The form that adds a device.
#[derive(Deserialize)]
pub(crate) struct NewPhone {
    name: String,
    platform: Platform,
    program: Program,
}

/// `POST /devices`: makes the device and invites it.
pub(crate) async fn add(sent: Sent<NewPhone>) -> Result<Response, Trouble> {
    let Sent { visit, form, .. } = sent;
    let (platform, program) = (form.platform, form.platform.with(form.program)?);
    let name = form.name.trim().to_owned();
    let added = visit
        .ask(move |engine| {
            let answer = engine.run(Command::DeviceAdd { name }, &Quiet)?;
            if let Answer::Device(device) = &answer {
                engine.invite(device.id)?;
            }
            Ok(answer)
        })
        .await;
    match added {
        // Its password is not needed: whoever uses the code gets a new one.
        Ok(Answer::Device(device)) => {
            let to = format!(
                "/devices/{}/connect/{}/{}",
                device.id,
                platform.word(),
                program.word()
            );
            Ok(Redirect::to(&to).into_response())
        }
        Ok(_) => Ok(Redirect::to("/devices").into_response()),
        Err(trouble @ Trouble::Refused(_)) => Ok(render(&Programs {
            page: visit.page,
            platform,
            chosen: program,
            name: form.name,
            error: Some(trouble.message()),
        })),
        Err(trouble) => Err(trouble),
    }
}
