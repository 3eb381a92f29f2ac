//! PUT: a photo arrives.

use axum::{
    body::BodyDataStream,
    response::{IntoResponse, Response},
};
use http::{HeaderName, StatusCode, header};
use safelight_engine::{Precondition, UploadRequest};

use super::{Call, Refusal, describe, set};
use crate::{body, checksums, ranges, stamps};

pub(super) async fn put(call: &Call, body: &mut BodyDataStream) -> Result<Response, Refusal> {
    if call.path.is_root() {
        return Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "The folder itself cannot be replaced by a file",
        ));
    }
    for part in ["content-range", "oc-chunked"] {
        if call.headers.contains_key(part) {
            // RFC 9110, section 14.5: storing a part as if it were the whole would damage the photo.
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                format!("Parts of files ({part}) are not accepted; send the whole file"),
            ));
        }
    }
    let modified = stamps::client_modified(&call.headers);
    let created = stamps::seconds_header(&call.headers, "x-oc-ctime");
    let upload = UploadRequest {
        device: call.device.id,
        path: call.path.clone(),
        promised: promised(call)?,
        checksum: checksums::promised(&call.headers)?,
        modified,
        created,
        precondition: precondition(call),
        create_parents: call
            .header("x-nc-webdav-auto-mkcol")
            .is_some_and(|value| value.trim() == "1"),
    };
    let receipt = body::receive(&call.engine, upload, body).await?;

    // 201 also when something was replaced: iOS takes 204 for a failure, nextcloudcmd refuses 200.
    let mut response = StatusCode::CREATED.into_response();
    describe(&mut response, &receipt.entry, &call.device.user);
    for (name, given) in [("x-oc-mtime", modified), ("x-oc-ctime", created)] {
        if given.is_some() && call.headers.contains_key(name) {
            set(&mut response, HeaderName::from_static(name), "accepted");
        }
    }
    Ok(response)
}

/// How many bytes the client promises. Without any promise the transfer encoding's own end counts.
fn promised(call: &Call) -> Result<Option<u64>, Refusal> {
    let number = |name: &str| -> Result<Option<u64>, Refusal> {
        call.header(name)
            .map(|text| {
                text.trim().parse().map_err(|_| {
                    Refusal::new(
                        StatusCode::BAD_REQUEST,
                        format!("The header {name} is not a number of bytes: {text:?}"),
                    )
                })
            })
            .transpose()
    };
    let length = number(header::CONTENT_LENGTH.as_str())?;
    let total = number("oc-total-length")?;
    Ok(total.or(length))
}

/// `If-Match` comes first (RFC 9110, section 13.2.2); no client sends both.
fn precondition(call: &Call) -> Precondition {
    let list = |text: &str| -> Vec<String> { ranges::tags(text).map(str::to_owned).collect() };
    match (
        call.header(header::IF_MATCH).map(str::trim),
        call.header(header::IF_NONE_MATCH).map(str::trim),
    ) {
        (Some("*"), _) => Precondition::IfMatchAny,
        (Some(tags), _) => Precondition::IfMatch(list(tags)),
        (None, Some("*")) => Precondition::IfNoneMatchAny,
        (None, Some(tags)) => Precondition::IfNoneMatch(list(tags)),
        (None, None) => Precondition::None,
    }
}
