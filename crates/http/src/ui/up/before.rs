//! `POST /up/before`: which files did this browser send before?
//!
//! The body is a JSON list of `{"name", "size", "modified"}`, with the modification time in milliseconds since 1970; the
//! answer is a list as long, of each file's SHA-256, or `null` for one that is to be sent.

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use safelight_core::{DevicePath, Timestamp};
use safelight_engine::Listed;
use serde::Deserialize;

use crate::{App, auth::Browser, body, connection::Connection};

/// The largest body, in bytes: some thousand files.
const LIMIT: usize = 1 << 20;
/// How many files one question may have.
const MOST_FILES: usize = 5_000;

#[derive(Deserialize)]
struct Asked {
    name: String,
    size: u64,
    modified: i64,
}

/// Answers `POST`.
pub(super) async fn handle(
    State(app): State<App>,
    connection: Connection,
    request: Request,
) -> Response {
    answer(app, connection, request)
        .await
        .unwrap_or_else(|(status, message)| (status, message).into_response())
}

async fn answer(
    app: App,
    connection: Connection,
    request: Request,
) -> Result<Response, (StatusCode, String)> {
    let (parts, body) = request.into_parts();
    let later =
        |error: &dyn std::fmt::Display| (StatusCode::SERVICE_UNAVAILABLE, error.to_string());
    let browser = Browser::of(&app.engine, &parts.headers, &connection)
        .await
        .map_err(|error| later(&error))?
        .ok_or((
            StatusCode::UNAUTHORIZED,
            "This browser may not add photos, or not any more".to_owned(),
        ))?;
    let bad = |error: &dyn std::fmt::Display| (StatusCode::BAD_REQUEST, error.to_string());
    let bytes = body::read_small(&mut body.into_data_stream(), LIMIT)
        .await
        .map_err(|error| bad(&error))?;
    let asked: Vec<Asked> = serde_json::from_slice(&bytes).map_err(|error| bad(&error))?;
    if asked.len() > MOST_FILES {
        let message = format!("At most {MOST_FILES} files can be asked for at once");
        return Err((StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    // A file that nothing can be said of was not sent before.
    let listed: Vec<Option<Listed>> = asked.into_iter().map(Asked::listed).collect();
    let known = listed.iter().flatten().cloned().collect();
    let sent = app
        .engine
        .sent_before(browser.device.id, known)
        .await
        .map_err(|error| later(&error))?;
    let mut sent = sent.into_iter();
    let answers: Vec<Option<String>> = listed
        .iter()
        .map(|listed| {
            let hash = listed.as_ref().and_then(|_| sent.next().flatten());
            hash.map(|hash| hash.to_string())
        })
        .collect();
    Ok(Json(answers).into_response())
}

impl Asked {
    fn listed(self) -> Option<Listed> {
        let path = DevicePath::parse(&self.name).ok()?;
        (self.modified > 0 && !path.is_root()).then_some(())?;
        Some(Listed {
            path,
            size: self.size,
            modified: Timestamp::from_millisecond(self.modified).ok()?,
        })
    }
}
