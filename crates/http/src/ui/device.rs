//! One device: when it was here, what it sent, what it may forget, and what its 2xx means.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use safelight_engine::{Command, Quiet, command::Meaning, model::DeviceStatus};
use serde::Deserialize;

use super::{
    address::Path,
    form::AnyoneSent,
    format::{bytes, counted},
    page::{Anyone, Page, Trouble, render},
};

#[derive(Template)]
#[template(path = "device.html")]
struct Device {
    page: Page,
    device: DeviceStatus,
    silent_days: u16,
}

/// `GET /devices/{id}`.
pub(crate) async fn show(Anyone(visit): Anyone, Path(id): Path<i64>) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let (device, silent_days) = visit
        .ask(move |engine| Ok((engine.device_status_of(asker, id)?, engine.silent_days()?)))
        .await?;
    Ok(render(&Device {
        page: visit.page,
        device,
        silent_days,
    }))
}

/// The form that sets a device up.
#[derive(Deserialize)]
pub(crate) struct SetUp {
    acknowledge: Meaning,
    /// Browsers leave out what is not ticked.
    tell_silence: Option<String>,
}

/// `POST /devices/{id}`.
pub(crate) async fn set(
    Path(id): Path<i64>,
    AnyoneSent(sent): AnyoneSent<SetUp>,
) -> Result<Response, Trouble> {
    let (asker, form) = (sent.visit.asker, sent.form);
    sent.visit
        .ask(move |engine| {
            let command = Command::DeviceSet {
                device: engine.device_status_of(asker, id)?.user,
                acknowledge: Some(form.acknowledge),
                tell_silence: Some(form.tell_silence.is_some()),
            };
            engine.run_for(asker, command, &Quiet)
        })
        .await?;
    Ok(Redirect::to(&format!("/devices/{id}")).into_response())
}
