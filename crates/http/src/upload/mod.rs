//! `PUT|POST /upload/{name}`: the simplest way to send a photo, for iOS Shortcuts and scripts.
//!
//! The body is the file itself. Who sends it is told by `Authorization: Bearer TOKEN`; when it was taken, by
//! `X-Capture-Time` (RFC 3339) and `X-OC-Mtime` or `Last-Modified`; what its bytes must be, by `OC-Checksum`
//! (`SHA256:` and the digits). The answer is JSON, and 201 means durable:
//! `{"id": 12, "sha256": "…", "status": "stored", "path": "2024/05/IMG_0001.JPG"}`; the status is `duplicate` if the
//! bytes were known already, and then there is no `path`. A device whose 2xx means offsite is answered when the photo is
//! offsite, or with 503 if that takes too long; sending it again is quick. The name may have folders in it, which are made.
//!
//! The same name with other bytes makes a second photo. The device's own tree then shows the newer one under the name;
//! the older one stays in the library. A script never looks at that tree, and numbered names in it would make it look
//! as if the script had sent two files.

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use percent_encoding::percent_decode_str;
use safelight_core::{DevicePath, Timestamp};
use safelight_engine::{Precondition, UploadRequest};

use crate::{
    App, auth, body, checksums, connection::Connection, refusal::Refusal, stamps, stored::Stored,
};

/// Where the names begin.
pub(crate) const PREFIX: &str = "/upload/";

/// Answers every method on every name.
pub(crate) async fn handle(
    State(app): State<App>,
    connection: Connection,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let taken = async {
        let token = auth::bearer(&parts.headers).ok_or_else(Refusal::no_token)?;
        let device = app.engine.device_by_token(token, connection.peer).await?;
        refuse_forms(&parts.headers)?;
        let upload = UploadRequest {
            device: device.id,
            path: name(parts.uri.path())?,
            promised: length(&parts.headers)?,
            checksum: checksums::promised(&parts.headers)?,
            modified: stamps::client_modified(&parts.headers),
            created: capture_time(&parts.headers)?,
            precondition: Precondition::None,
            create_parents: true,
        };
        body::receive(&app.engine, upload, &mut body)
            .await
            .map_err(Refusal::from)
    }
    .await;
    match taken {
        Ok(receipt) => (StatusCode::CREATED, Json(Stored::from(&receipt))).into_response(),
        Err(refusal) => {
            if !parts.headers.contains_key(header::EXPECT) {
                body::drain(&mut body).await;
            }
            refusal.into_response()
        }
    }
}

fn name(address: &str) -> Result<DevicePath, Refusal> {
    let hint = "Put the file's name at the end of the address: /upload/IMG_0001.JPG";
    let encoded = address.strip_prefix(PREFIX).unwrap_or_default();
    let name = percent_decode_str(encoded)
        .decode_utf8()
        .map_err(|_| Refusal::bad("The file's name is not UTF-8").hinting(hint))?;
    match DevicePath::parse(&name) {
        Ok(path) if path.is_root() => Err(Refusal::bad("The file has no name").hinting(hint)),
        Ok(path) => Ok(path),
        Err(error) => Err(Refusal::bad(error.to_string()).hinting(hint)),
    }
}

fn length(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(length) = headers.get(header::CONTENT_LENGTH) else {
        return Ok(None);
    };
    let parsed = length
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    parsed
        .map(Some)
        .ok_or_else(|| Refusal::bad("The header Content-Length is not a number"))
}

fn capture_time(headers: &HeaderMap) -> Result<Option<Timestamp>, Refusal> {
    let Some(value) = headers.get("x-capture-time") else {
        return Ok(stamps::seconds_header(headers, "x-oc-ctime"));
    };
    let parsed = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    parsed.map(Some).ok_or_else(|| {
        Refusal::bad(format!(
            "The header X-Capture-Time cannot be read: {value:?}"
        ))
        .hinting("Write it as RFC 3339, with a zone: 2024-05-17T14:03:00+02:00")
    })
}

/// A form would be stored with its boundaries around the photo, which no program could open any more.
fn refuse_forms(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_form = headers.get(header::CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .to_ascii_lowercase()
            .starts_with(b"multipart/")
    });
    if is_form {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "A form was sent, not a file",
        )
        .hinting("Send the file itself as the body; in Shortcuts choose \"Request Body: File\""));
    }
    Ok(())
}
