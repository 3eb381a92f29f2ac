//! Phones and programs that may add photos. How one is added is in [`super::connect`].

use askama::Template;
use axum::{
    extract::Path,
    response::{Redirect, Response},
};
use safelight_engine::{Command, Engine, Quiet, model::DeviceStatus};

use super::{
    form::{Button, Sent},
    format::number,
    page::{Page, Trouble, Visit, render},
};

#[derive(Template)]
#[template(path = "devices.html")]
struct Devices {
    page: Page,
    devices: Vec<DeviceStatus>,
}

/// `GET /devices`.
pub(crate) async fn list(visit: Visit) -> Result<Response, Trouble> {
    let mut devices = visit.ask(Engine::devices).await?;
    devices.sort_by_key(|device| device.revoked);
    Ok(render(&Devices {
        page: visit.page,
        devices,
    }))
}

/// `POST /devices/{id}/revoke`.
pub(crate) async fn revoke(Path(id): Path<i64>, sent: Sent<Button>) -> Result<Redirect, Trouble> {
    sent.visit
        .ask(move |engine| engine.run(Command::DeviceRevoke { id }, &Quiet))
        .await?;
    Ok(Redirect::to("/devices"))
}
