//! The three steps that connect a device, as the owner sees them, until the first photos have come.

use std::net::IpAddr;

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use http::Uri;
use safelight_engine::{Engine, EngineError, Invitation, command::NewDevice, model::DeviceStatus};

use super::{
    program::{Platform, Program},
    qr,
};
use crate::ui::{
    address::Path,
    form::{AnyoneSent, Button},
    format::counted,
    page::{Anyone, Page, Trouble, Visit, render},
};

type Address = Path<(i64, Platform, Program)>;

#[derive(Template)]
#[template(path = "connect.html")]
struct Steps {
    page: Page,
    device: DeviceStatus,
    platform: Platform,
    program: Program,
    stage: Stage,
    /// How phones reach the server.
    server: String,
    /// The SHA-256 of the certificate that the phone may ask about.
    fingerprint: Option<String>,
    /// Its password, when it was asked for on this page.
    secrets: Option<NewDevice>,
    error: Option<String>,
}

/// Where the device is on its way in.
enum Stage {
    /// Its code can be scanned.
    Open(Code),
    /// The code was used.
    Accepted,
    /// It was here.
    Connected,
    /// There is no code: its time is over.
    Over,
}

struct Code {
    /// What the code says, also as a link.
    link: String,
    svg: Option<String>,
    minutes: u64,
}

impl Steps {
    fn stage(
        invitation: Option<Invitation>,
        device: &DeviceStatus,
        program: Program,
        server: &str,
    ) -> Stage {
        match invitation {
            Some(Invitation::Open { code, minutes }) => {
                let link = if program.scans() {
                    qr::onetime_login(&device.user, &code, server)
                } else {
                    format!("{server}/connect/{}/{code}", program.word())
                };
                Stage::Open(Code {
                    svg: qr::svg(&link),
                    link,
                    minutes,
                })
            }
            Some(Invitation::Accepted) => Stage::Accepted,
            Some(Invitation::Connected) => Stage::Connected,
            None if device.last_seen_at.is_some() => Stage::Connected,
            None => Stage::Over,
        }
    }

    /// Whether phones cannot reach the server, because it listens for its own machine only.
    fn is_unreachable(&self) -> bool {
        let host = self.server.parse::<Uri>().ok();
        let host = host.as_ref().and_then(Uri::host).unwrap_or_default();
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    }

    fn here(&self) -> String {
        address(self.device.id, self.platform, self.program)
    }
}

fn address(id: i64, platform: Platform, program: Program) -> String {
    format!(
        "/devices/{id}/connect/{}/{}",
        platform.word(),
        program.word()
    )
}

/// `GET /devices/{id}/connect/{platform}/{program}`.
pub(super) async fn show(
    Anyone(visit): Anyone,
    Path((id, platform, program)): Address,
) -> Result<Response, Trouble> {
    page(visit, id, platform, program, None, None).await
}

async fn page(
    visit: Visit,
    id: i64,
    platform: Platform,
    program: Program,
    secrets: Option<NewDevice>,
    error: Option<String>,
) -> Result<Response, Trouble> {
    let program = platform.with(program)?;
    let device = may_add_photos(&visit, id).await?;
    let server = visit.engine.address();
    let fingerprint = visit.ask(Engine::fingerprint).await?;
    let stage = Steps::stage(
        visit.engine.invitation(visit.asker, id),
        &device,
        program,
        &server,
    );
    Ok(render(&Steps {
        page: visit.page,
        device,
        platform,
        program,
        stage,
        server,
        fingerprint,
        secrets,
        error,
    }))
}

async fn may_add_photos(visit: &Visit, id: i64) -> Result<DeviceStatus, Trouble> {
    let asker = visit.asker;
    let gone =
        || Trouble::NotFound("There is no such phone, or it was removed. Add it anew.".to_owned());
    match visit
        .ask(move |engine| engine.device_status_of(asker, id))
        .await
    {
        Ok(device) if !device.revoked => Ok(device),
        Ok(_) | Err(Trouble::NotFound(_)) => Err(gone()),
        Err(trouble) => Err(trouble),
    }
}

/// `POST …/code`: a new code, for a device whose code ran out, or which has to be connected again.
pub(super) async fn new_code(
    Path((id, platform, program)): Address,
    AnyoneSent(sent): AnyoneSent<Button>,
) -> Result<Redirect, Trouble> {
    let program = platform.with(program)?;
    let asker = sent.visit.asker;
    sent.visit
        .ask(move |engine| engine.invite(asker, id))
        .await?;
    Ok(Redirect::to(&address(id, platform, program)))
}

/// `POST …/password`: uses the code up here, and shows what is to be typed into the device.
pub(super) async fn show_here(
    Path((id, platform, program)): Address,
    AnyoneSent(sent): AnyoneSent<Button>,
) -> Result<Response, Trouble> {
    let visit = sent.visit;
    if program.is_browser() {
        let message = "There is no password to show: scan the code.";
        return page(visit, id, platform, program, None, Some(message.to_owned())).await;
    }
    match visit.engine.accept_for(visit.asker, id).await {
        Ok(device) => page(visit, id, platform, program, Some(device), None).await,
        Err(EngineError::NotFound(_)) => {
            let message = "A password is shown only once. For another one, show a new code.";
            page(visit, id, platform, program, None, Some(message.to_owned())).await
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "connect-again.html")]
struct Again {
    page: Page,
    device: DeviceStatus,
}

/// `GET /devices/{id}/connect`: with which app?
pub(super) async fn again(Anyone(visit): Anyone, Path(id): Path<i64>) -> Result<Response, Trouble> {
    let device = may_add_photos(&visit, id).await?;
    Ok(render(&Again {
        page: visit.page,
        device,
    })
    .into_response())
}
