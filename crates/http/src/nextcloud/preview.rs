//! Previews: the pictures that the apps show in their lists and on the whole screen.
//!
//! Android asks `core/preview?fileId=&x=&y=&a=1&mode=cover&forceIcon=0`, iOS the same; older programs `core/preview.png`
//! with the path (`file=`). Whatever size is asked for, they get the nearest of ours, uncropped, as with `a=1`.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use safelight_core::DevicePath;
use safelight_engine::{AccessError, Device, EngineError, Look, Size};
use serde::Deserialize;

use crate::{
    App, auth,
    connection::Connection,
    pictures::{Keep, answer},
};

/// Up to so many pixels a thumbnail does.
const THUMBNAIL: u32 = 320;

/// What the apps ask for.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// The number of an entry of the device's tree, as `oc:fileid` has it.
    #[serde(rename = "fileId")]
    file_id: Option<i64>,
    /// Its path.
    file: Option<String>,
    x: Option<u32>,
    y: Option<u32>,
}

impl Asked {
    fn size(&self) -> Size {
        // Nextcloud's own answer to no size is one of 32 pixels.
        let longest = self.x.unwrap_or(0).max(self.y.unwrap_or(0));
        if longest <= THUMBNAIL {
            Size::Thumbnail
        } else {
            Size::Preview
        }
    }
}

/// `GET /index.php/core/preview`, and `preview.png`.
pub(super) async fn handle(
    State(app): State<App>,
    connection: Connection,
    asked: Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let Some((user, password)) = auth::basic(&headers) else {
        return unauthorized();
    };
    let engine = &app.engine;
    match engine
        .device_by_password(&user, &password, connection.peer)
        .await
    {
        Ok(device) => {
            let size = asked.size();
            let look = look(&app, &device, &asked, size).await;
            answer(look, size, Keep::Asking, &headers)
        }
        Err(AccessError::Wrong) => unauthorized(),
        Err(error @ (AccessError::SlowDown { .. } | AccessError::Unavailable(_))) => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "30")],
            format!("{error}\n"),
        )
            .into_response(),
    }
}

async fn look(app: &App, device: &Device, asked: &Asked, size: Size) -> Result<Look, EngineError> {
    let entry = match (asked.file_id, &asked.file) {
        (Some(id), _) => Some(id),
        (None, Some(path)) => match DevicePath::parse(path.trim_matches('/')) {
            Ok(path) => entry_at(app, device, path).await?,
            Err(_) => None,
        },
        (None, None) => None,
    };
    match entry {
        Some(entry) => app.engine.picture_of_entry(device.id, entry, size).await,
        None => Ok(Look::NoPhoto),
    }
}

async fn entry_at(
    app: &App,
    device: &Device,
    path: DevicePath,
) -> Result<Option<i64>, EngineError> {
    match app.engine.entry(device.id, path).await {
        Ok(entry) => Ok(entry.map(|entry| entry.id)),
        Err(error) => Err(EngineError::NotFound(error.to_string())),
    }
}

fn unauthorized() -> Response {
    (
        StatusCode::UNAUTHORIZED,
        [(header::WWW_AUTHENTICATE, auth::BASIC_CHALLENGE)],
    )
        .into_response()
}
