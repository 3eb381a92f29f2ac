//! Phones and programs that may add photos. Their passwords are shown when they are made, and never again.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use safelight_engine::{Answer, Command, Engine, Quiet, command::NewDevice, model::DeviceStatus};
use serde::Deserialize;

use super::{
    form::{Button, Sent},
    format::number,
    page::{Page, Trouble, Visit, render},
};
use crate::App;

/// How long a new device's password can be looked at: long enough to type it into a phone, and to find the phone first.
const SHOWN_FOR: Duration = Duration::from_secs(30 * 60);

/// Passwords of new devices, in memory only, until somebody says "done" or some time has passed.
#[derive(Default)]
pub(crate) struct ShownOnce(Mutex<Vec<(Instant, NewDevice)>>);

impl ShownOnce {
    fn with<T>(&self, work: impl FnOnce(&mut Vec<(Instant, NewDevice)>) -> T) -> T {
        let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        devices.retain(|(since, _)| since.elapsed() < SHOWN_FOR);
        work(&mut devices)
    }
}

#[derive(Template)]
#[template(path = "devices.html")]
struct Devices {
    page: Page,
    devices: Vec<DeviceStatus>,
    error: Option<String>,
}

/// `GET /devices`.
pub(crate) async fn list(visit: Visit) -> Result<Response, Trouble> {
    listed(visit, None).await
}

async fn listed(visit: Visit, error: Option<String>) -> Result<Response, Trouble> {
    let mut devices = visit.ask(Engine::devices).await?;
    devices.sort_by_key(|device| device.revoked);
    Ok(render(&Devices {
        page: visit.page,
        devices,
        error,
    }))
}

/// The form that adds a device.
#[derive(Deserialize)]
pub(crate) struct Name {
    name: String,
}

/// `POST /devices`.
pub(crate) async fn add(State(app): State<App>, sent: Sent<Name>) -> Result<Response, Trouble> {
    let Sent { visit, form, .. } = sent;
    let name = form.name.trim().to_owned();
    match visit
        .ask(|engine| engine.run(Command::DeviceAdd { name }, &Quiet))
        .await
    {
        Ok(Answer::Device(device)) => {
            let id = device.id;
            app.shown_once
                .with(|devices| devices.push((Instant::now(), device)));
            Ok(Redirect::to(&format!("/devices/{id}/welcome")).into_response())
        }
        Ok(_) => Ok(Redirect::to("/devices").into_response()),
        Err(Trouble::Refused(message)) => listed(visit, Some(message)).await,
        Err(trouble) => Err(trouble),
    }
}

#[derive(Template)]
#[template(path = "device-welcome.html")]
struct Welcome {
    page: Page,
    device: NewDevice,
}

/// `GET /devices/{id}/welcome`: what to type into the phone.
pub(crate) async fn welcome(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let found = app.shown_once.with(|devices| {
        devices
            .iter()
            .find(|(_, device)| device.id == id)
            .map(|(_, device)| device.clone())
    });
    match found {
        Some(device) => Ok(render(&Welcome { page: visit.page, device })),
        None => Err(Trouble::NotFound(
            "A device\u{2019}s password is shown only once. If it is lost, remove the device and add it again; its photos stay.".to_owned(),
        )),
    }
}

/// `POST /devices/{id}/welcome`: it was typed.
pub(crate) async fn forget_secrets(
    State(app): State<App>,
    Path(id): Path<i64>,
    _sent: Sent<Button>,
) -> Redirect {
    app.shown_once
        .with(|devices| devices.retain(|(_, device)| device.id != id));
    // In the set-up the next step follows; after it this is the first page.
    Redirect::to("/setup")
}

/// `POST /devices/{id}/revoke`.
pub(crate) async fn revoke(
    State(app): State<App>,
    Path(id): Path<i64>,
    sent: Sent<Button>,
) -> Result<Redirect, Trouble> {
    app.shown_once
        .with(|devices| devices.retain(|(_, device)| device.id != id));
    sent.visit
        .ask(move |engine| engine.run(Command::DeviceRevoke { id }, &Quiet))
        .await?;
    Ok(Redirect::to("/devices"))
}
