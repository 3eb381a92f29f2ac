//! PUT: a photo arrives, or a file that an operating system writes for itself.

use axum::{
    body::BodyDataStream,
    response::{IntoResponse, Response},
};
use http::{HeaderName, StatusCode, header};
use safelight_core::system_file;
use safelight_engine::{Checksum, Entry, IntakeError, NewNote, Precondition, UploadRequest};

use super::{Call, Refusal, conditions::Touched, describe, set};
use crate::{
    body::{self, Beginning, ReceiveError},
    checksums, ranges, stamps,
};

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
    if call.is_bound_by_locks() {
        call.respect_locks(&[call.name_or_content().await?]).await?;
    }
    let upload = UploadRequest {
        device: call.device.id,
        path: call.path.clone(),
        promised: promised(call)?,
        checksum: checksums::promised(&call.headers)?,
        modified: stamps::client_modified(&call.headers),
        created: stamps::seconds_header(&call.headers, "x-oc-ctime"),
        precondition: precondition(call),
        create_parents: call
            .header("x-nc-webdav-auto-mkcol")
            .is_some_and(|value| value.trim() == "1"),
    };
    let times = [
        ("x-oc-mtime", upload.modified.is_some()),
        ("x-oc-ctime", upload.created.is_some()),
    ];
    let entry = take_in(call, upload, body).await?;

    // 201 also when something was replaced: iOS takes 204 for a failure, nextcloudcmd refuses 200.
    let mut response = StatusCode::CREATED.into_response();
    describe(&mut response, &entry, &call.device.user);
    for (name, was_read) in times {
        if was_read && call.headers.contains_key(name) {
            set(&mut response, HeaderName::from_static(name), "accepted");
        }
    }
    Ok(response)
}

async fn take_in(
    call: &Call,
    upload: UploadRequest,
    body: &mut BodyDataStream,
) -> Result<Entry, ReceiveError> {
    let name = upload.path.name();
    if !system_file::may_be(name) {
        return Ok(body::receive(&call.engine, upload, body).await?.entry);
    }
    let Beginning { bytes, is_all } = body::begin(body, system_file::MOST_BYTES).await?;
    if !is_all || !system_file::is(name, &bytes) {
        let receipt = body::receive_after(&call.engine, upload, bytes, body).await?;
        return Ok(receipt.entry);
    }
    check(&upload, &bytes)?;
    let note = NewNote {
        device: upload.device,
        path: upload.path,
        bytes: bytes.into(),
        modified: upload.modified,
        precondition: upload.precondition,
        create_parents: upload.create_parents,
    };
    let receipt = call.engine.put_note(note).await;
    Ok(receipt.map_err(IntakeError::from)?.entry)
}

/// Whether bytes are those that the client promised.
fn check(upload: &UploadRequest, bytes: &[u8]) -> Result<(), IntakeError> {
    let received = bytes.len() as u64;
    if let Some(promised) = upload.promised
        && promised != received
    {
        return Err(IntakeError::Short {
            path: upload.path.clone(),
            promised,
            received,
        });
    }
    if let Some(promised) = &upload.checksum {
        let received = Checksum::of(promised.algorithm(), bytes);
        if received != *promised {
            return Err(IntakeError::Damaged {
                path: upload.path.clone(),
                promised: promised.clone(),
                received,
            });
        }
    }
    Ok(())
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

impl Call {
    /// What a PUT touches: a name if it is new, else its content only.
    async fn name_or_content(&self) -> Result<Touched<'_>, Refusal> {
        let existing = self.engine.entry(self.device.id, self.path.clone()).await?;
        Ok(match existing {
            Some(_) => Touched::Content(&self.path),
            None => Touched::Name(&self.path),
        })
    }
}
