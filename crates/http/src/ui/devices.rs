//! Phones and programs that may add photos. How one is added is in [`super::connect`].

use askama::Template;
use axum::response::{Redirect, Response};
use safelight_engine::{
    Command, Quiet,
    model::{DeviceStatus, PersonStatus},
};

use super::{
    address::Path,
    form::{AnyoneSent, Button},
    format::number,
    page::{Anyone, Page, Trouble, render},
};

#[derive(Template)]
#[template(path = "devices.html")]
struct Devices {
    page: Page,
    devices: Vec<DeviceStatus>,
    /// Whose they are; more than one if that is worth telling.
    people: Vec<PersonStatus>,
}

/// `GET /devices`.
pub(crate) async fn list(Anyone(visit): Anyone) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let (mut devices, people) = visit
        .ask(move |engine| {
            let people = if asker.is_owner() {
                engine.people()?
            } else {
                Vec::new()
            };
            Ok((engine.devices_of(asker)?, people))
        })
        .await?;
    devices.sort_by_key(|device| device.revoked);
    Ok(render(&Devices {
        page: visit.page,
        devices,
        people,
    }))
}

/// `POST /devices/{id}/revoke`.
pub(crate) async fn revoke(
    Path(id): Path<i64>,
    AnyoneSent(sent): AnyoneSent<Button>,
) -> Result<Redirect, Trouble> {
    let asker = sent.visit.asker;
    sent.visit
        .ask(move |engine| engine.run_for(asker, Command::DeviceRevoke { id }, &Quiet))
        .await?;
    Ok(Redirect::to("/devices"))
}
