//! PUT: a photo arrives, or a file that an operating system writes for itself.

use axum::{
    body::BodyDataStream,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, StatusCode, header};
use safelight_core::system_file;
use safelight_engine::{Checksum, Entry, IntakeError, Precondition, UploadRequest};

use super::{Call, Refusal, conditions::Touched, describe, set};
use crate::{
    body::{self, Beginning},
    checksums, ranges, stamps,
};

/// How the programs of mounted drives begin their `User-Agent`: the Finder and Windows Explorer.
const DRIVES: [&str; 2] = ["WebDAVFS/", "Microsoft-WebDAV-MiniRedir/"];

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
    call.respect_locks_of_file().await?;
    let upload = UploadRequest {
        device: call.device.id,
        path: call.path.clone(),
        promised: promised(&call.headers)?,
        checksum: checksums::promised(&call.headers)?,
        modified: stamps::client_modified(&call.headers),
        created: stamps::seconds_header(&call.headers, "x-oc-ctime"),
        precondition: call.precondition(),
        create_parents: makes_parents(&call.headers),
    };
    let entry = take_in(call, upload, body).await?;
    Ok(stored(&entry, &call.device.user, &call.headers))
}

/// What a client hears of a photo that is durable, and of the times that it gave.
pub(super) fn stored(entry: &Entry, user: &str, headers: &HeaderMap) -> Response {
    // 201 also when something was replaced: iOS takes 204 for a failure, nextcloudcmd refuses 200.
    let mut response = StatusCode::CREATED.into_response();
    describe(&mut response, entry, user);
    for name in ["x-oc-mtime", "x-oc-ctime"] {
        if stamps::seconds_header(headers, name).is_some() {
            set(&mut response, HeaderName::from_static(name), "accepted");
        }
    }
    response
}

/// Whether missing folders above the file are to be made.
fn makes_parents(headers: &HeaderMap) -> bool {
    headers
        .get("x-nc-webdav-auto-mkcol")
        .is_some_and(|value| value.as_bytes().trim_ascii() == b"1")
}

/// Whether the program that asks makes a file empty, locks it, and only then sends what is in it. That empty file must
/// not take the photo's name in the library.
fn makes_empty_first(call: &Call) -> bool {
    DRIVES
        .iter()
        .any(|drive| call.user_agent().starts_with(drive))
}

async fn take_in(
    call: &Call,
    upload: UploadRequest,
    body: &mut BodyDataStream,
) -> Result<Entry, Refusal> {
    let name = upload.path.name();
    let most = if system_file::may_be(name) {
        system_file::MOST_BYTES
    } else {
        0
    };
    let promised = upload.promised.unwrap_or(most as u64);
    if promised > most as u64 || (most == 0 && !makes_empty_first(call)) {
        return Ok(body::receive(&call.engine, upload, body).await?.entry);
    }
    let room = u32::try_from(promised)
        .ok()
        .and_then(|promised| call.engine.room_for_note(promised));
    let Some(_room) = room else {
        return Err(Refusal::transient(format!(
            "Too many small files come at once to take in {} now; send it again",
            upload.path
        )));
    };
    let Beginning { bytes, is_all } = body::begin(body, most).await?;
    let is_note = is_all && (bytes.is_empty() || system_file::is(name, &bytes));
    if !is_note {
        let receipt = body::receive_after(&call.engine, upload, bytes, body).await?;
        return Ok(receipt.entry);
    }
    check(&upload, &bytes)?;
    let receipt = call.engine.put_note(upload.into_note(bytes.into())).await;
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
fn promised(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let length = bytes(headers, header::CONTENT_LENGTH.as_str())?;
    let total = bytes(headers, "oc-total-length")?;
    Ok(total.or(length))
}

/// A header with a number of bytes.
pub(super) fn bytes(headers: &HeaderMap, name: &str) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let number = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    number.map(Some).ok_or_else(|| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("The header {name} is not a number of bytes: {value:?}"),
        )
    })
}

/// `If-Match` comes first (RFC 9110, section 13.2.2); no client sends both.
fn stated(headers: &HeaderMap) -> Precondition {
    let list = |text: &str| -> Vec<String> { ranges::tags(text).map(str::to_owned).collect() };
    let value = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.trim());
    match (value(header::IF_MATCH), value(header::IF_NONE_MATCH)) {
        (Some("*"), _) => Precondition::IfMatchAny,
        (Some(tags), _) => Precondition::IfMatch(list(tags)),
        (None, Some("*")) => Precondition::IfNoneMatchAny,
        (None, Some(tags)) => Precondition::IfNoneMatch(list(tags)),
        (None, None) => Precondition::None,
    }
}

impl Call {
    /// What must be true of the file's name at the moment when the file is written.
    pub(super) fn precondition(&self) -> Precondition {
        match (stated(&self.headers), self.only_etags()) {
            (Precondition::None, etags) if !etags.is_empty() => Precondition::IfMatch(etags),
            (stated, _) => stated,
        }
    }

    /// Refuses what another program's lock forbids of writing a file: its name if it is new, else its content only.
    pub(super) async fn respect_locks_of_file(&self) -> Result<(), Refusal> {
        let locks = self.binding_locks();
        if locks.is_empty() {
            return Ok(());
        }
        let existing = self.engine.entry(self.device.id, self.path.clone()).await?;
        let touched = match existing {
            Some(_) => Touched::Content(&self.path),
            None => Touched::Name(&self.path),
        };
        self.respect(&locks, &[touched]).await
    }
}
