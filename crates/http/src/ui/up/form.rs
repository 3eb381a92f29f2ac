//! The plain form: many files in one `multipart/form-data` body (RFC 7578), each streamed to the disk as it comes.
//!
//! Such a body says nothing of the files' times, and cannot go on where it broke off; scripts do both better. The answer is
//! a page that lists what came of each file. It is a 2xx if each that is stored may be called so, as the owner chose for
//! this browser, and waits for that as long as the answer to a PUT does.

use askama::Template;
use axum::{
    extract::{
        FromRequest, Multipart, Request, State,
        multipart::{Field, MultipartError},
    },
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use safelight_core::{DeviceId, DevicePath};
use safelight_engine::{
    Engine, IntakeError, NotAcknowledged, PUT_PATIENCE, Precondition, Receipt, Releasable,
    UploadRequest, acknowledge::RETRY_AFTER,
};
use tokio::time::{Instant, error::Elapsed, timeout};

use super::{connected, other_visit};
use crate::{
    App,
    body::STALLED,
    connection::Connection,
    ui::{
        format::counted,
        page::{Trouble, render},
    },
};

/// How many files one form may have; more are refused by name.
const MOST_FILES: usize = 2_000;
/// The longest form token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 256;

/// What came of a form.
#[derive(Template)]
#[template(path = "up-done.html")]
struct Done {
    safe: Vec<String>,
    home: Vec<(String, &'static str)>,
    failed: Vec<(String, String)>,
}

/// Why a file of a form is not stored.
#[derive(Debug, thiserror::Error)]
enum FileError {
    #[error("{0}")]
    Name(String),
    #[error("a form can have {MOST_FILES} files; send it with the next one")]
    TooMany,
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error("the form broke off: {0}")]
    Broken(#[from] MultipartError),
    #[error("nothing came for {} seconds", STALLED.as_secs())]
    Stalled(#[from] Elapsed),
}

/// `POST /up`.
pub(super) async fn receive(
    State(app): State<App>,
    connection: Connection,
    request: Request,
) -> Result<Response, Response> {
    let (parts, body) = request.into_parts();
    let browser = connected(&app, &connection, &parts)
        .await
        .map_err(IntoResponse::into_response)?;
    let request = Request::from_parts(parts, body);
    let mut form = Multipart::from_request(request, &app)
        .await
        .map_err(|error| unreadable(&error).into_response())?;
    let token = first_field(&mut form)
        .await
        .map_err(|error| unreadable(&error).into_response())?;
    if !token.is_some_and(|token| browser.made(&token)) {
        return Err(other_visit().into_response());
    }
    let device = browser.device.id;
    let (mut stored, mut failed) = (Vec::new(), Vec::new());
    loop {
        let field = match timeout(STALLED, form.next_field()).await {
            Ok(Ok(Some(field))) => field,
            Ok(Ok(None)) => break,
            Ok(Err(error)) => return Err(unreadable(&error).into_response()),
            Err(error) => return Err(unreadable(&error).into_response()),
        };
        // A form without a choice sends one file without a name.
        let Some(name) = field.file_name().filter(|name| !name.is_empty()) else {
            continue;
        };
        let name = name.to_owned();
        let number = stored.len() + failed.len();
        let taken = if number < MOST_FILES {
            take(&app.engine, device, &name, field).await
        } else {
            Err(FileError::TooMany)
        };
        match taken {
            Ok(receipt) => stored.push((name, receipt)),
            Err(error) => failed.push((name, error.to_string())),
        }
    }
    let acknowledged = acknowledged(&app.engine, device, &stored).await;
    let hashes = stored.iter().map(|(_, receipt)| receipt.hash).collect();
    let found = app.engine.releasable(device, hashes).await;
    let found = found.map_err(|error| Trouble::from(error).into_response())?;
    let mut page = render(&Done::of(stored, failed, &found));
    match acknowledged {
        Ok(()) => {}
        Err(NotAcknowledged::Revoked) => *page.status_mut() = StatusCode::UNAUTHORIZED,
        Err(error) => {
            tracing::warn!("A form's photos are at home, and are not called stored: {error}");
            *page.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            let headers = page.headers_mut();
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from(RETRY_AFTER.as_secs()),
            );
        }
    }
    Ok(page)
}

/// Whether each may be called stored.
async fn acknowledged(
    engine: &Engine,
    device: DeviceId,
    stored: &[(String, Receipt)],
) -> Result<(), NotAcknowledged> {
    let patient_until = Instant::now() + PUT_PATIENCE;
    for (_, receipt) in stored {
        let patience = patient_until.saturating_duration_since(Instant::now());
        engine.acknowledged(device, receipt, patience).await?;
    }
    Ok(())
}

impl Done {
    fn of(
        stored: Vec<(String, Receipt)>,
        failed: Vec<(String, String)>,
        found: &Releasable,
    ) -> Self {
        let (mut safe, mut home) = (Vec::new(), Vec::new());
        for (name, Receipt { hash, .. }) in stored {
            let missing = found.not_yet.iter().find(|(each, _)| *each == hash);
            match missing {
                Some((_, why)) => home.push((name, *why)),
                None if found.releasable.contains(&hash) => safe.push(name),
                None => home.push((name, "it was not looked at yet")),
            }
        }
        Self { safe, home, failed }
    }
}

/// The form's token, which must come before all files.
async fn first_field(form: &mut Multipart) -> Result<Option<String>, FileError> {
    let Some(mut field) = timeout(STALLED, form.next_field()).await?? else {
        return Ok(None);
    };
    let mut token = Vec::new();
    while let Some(piece) = timeout(STALLED, field.chunk()).await?? {
        if token.len() + piece.len() > LONGEST_TOKEN {
            return Ok(None);
        }
        token.extend_from_slice(&piece);
    }
    Ok(String::from_utf8(token).ok())
}

/// Streams one file into the library.
async fn take(
    engine: &Engine,
    device: DeviceId,
    name: &str,
    mut field: Field<'_>,
) -> Result<Receipt, FileError> {
    // Folders that a browser may have put before the name are no part of it.
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let path = DevicePath::parse(name).map_err(|error| FileError::Name(error.to_string()))?;
    if path.is_root() {
        return Err(FileError::Name("the file has no name".to_owned()));
    }
    let mut receiving = engine
        .receive(UploadRequest {
            device,
            path,
            promised: None,
            checksum: None,
            modified: None,
            created: None,
            precondition: Precondition::None,
            create_parents: true,
        })
        .await?;
    while let Some(piece) = timeout(STALLED, field.chunk()).await?? {
        receiving.write(piece).await?;
    }
    Ok(receiving.finish().await?)
}

fn unreadable(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Refused(format!(
        "The form cannot be read to its end: {error}. Photos that came before are stored; send it again, and they are stored once."
    ))
}
