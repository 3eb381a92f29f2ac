//! Which phone, which app, which name; and the device for it.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use safelight_engine::{Answer, Command, Engine, Quiet, model::PersonStatus};
use serde::Deserialize;

use super::program::{Platform, Program};
use crate::ui::{
    address::Path,
    form::{AnyoneSent, Sent},
    page::{Anyone, Page, Trouble, Visit, render},
    up,
};

#[derive(Template)]
#[template(path = "add-phone.html")]
struct Platforms {
    page: Page,
}

/// `GET /devices/add`.
pub(super) async fn platforms(Anyone(visit): Anyone) -> Response {
    render(&Platforms { page: visit.page })
}

#[derive(Template)]
#[template(path = "add-phone-app.html")]
struct Programs {
    page: Page,
    platform: Platform,
    chosen: Program,
    name: String,
    /// Whose it can be.
    people: Vec<PersonStatus>,
    error: Option<String>,
}

/// `GET /devices/add/{platform}`.
pub(super) async fn programs(
    Anyone(visit): Anyone,
    Path(platform): Path<Platform>,
) -> Result<Response, Trouble> {
    let people = whose(&visit).await?;
    Ok(render(&Programs {
        page: visit.page,
        people,
        platform,
        chosen: platform.programs()[0],
        name: String::new(),
        error: None,
    }))
}

/// Whom the owner may add a device for; a member's are the member's own.
async fn whose(visit: &Visit) -> Result<Vec<PersonStatus>, Trouble> {
    if !visit.asker.is_owner() {
        return Ok(Vec::new());
    }
    let mut people = visit.ask(Engine::people).await?;
    people.retain(|person| person.access);
    Ok(people)
}

/// The form that adds a device.
#[derive(Deserialize)]
pub(crate) struct NewPhone {
    name: String,
    /// Whose it is; in the owner's form, once there is somebody else.
    person: Option<String>,
    platform: Platform,
    program: Program,
}

/// `POST /devices`: makes the device and invites it.
pub(crate) async fn add(AnyoneSent(sent): AnyoneSent<NewPhone>) -> Result<Response, Trouble> {
    let Sent { visit, form, .. } = sent;
    let (platform, program) = (form.platform, form.platform.with(form.program)?);
    let (asker, person) = (visit.asker, form.person);
    let name = form.name.trim().to_owned();
    let added = visit
        .ask(move |engine| {
            let command = Command::DeviceAdd {
                name,
                person,
                acknowledge: None,
            };
            let answer = engine.run_for(asker, command, &Quiet)?;
            if let Answer::Device(device) = &answer {
                if program.is_browser() {
                    up::may_be_silent(engine, asker, device)?;
                }
                engine.invite(asker, device.id)?;
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
            people: whose(&visit).await?,
            page: visit.page,
            platform,
            chosen: program,
            name: form.name,
            error: Some(trouble.message()),
        })),
        Err(trouble) => Err(trouble),
    }
}
