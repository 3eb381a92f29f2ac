//! GET and HEAD: a photo's bytes, whole or in part.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderName, StatusCode, header};
use safelight_core::AssetId;
use safelight_engine::{Checksum, Entry};

use super::{Call, Refusal, quoted, set};
use crate::{
    body, checksums, media_type,
    ranges::{self, Selection},
    stamps,
};

pub(super) async fn get(call: &Call) -> Result<Response, Refusal> {
    let entry = call.entry().await?;
    if entry.is_folder {
        return Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("{} is a folder; ask for its list with PROPFIND", call.path),
        ));
    }
    let selection = select(call, &entry);
    let (mut response, bytes) = head_of(&entry, &selection)?;
    if let Some((start, count)) = bytes {
        *response.body_mut() = match entry.asset {
            Some(asset) => read(call, asset, start, count).await?,
            None => read_note(call, &entry, start, count).await?,
        };
    }
    Ok(response)
}

/// As GET without the bytes; on a folder too, since the Nextcloud app for Android asks so whether it exists.
pub(super) async fn head(call: &Call) -> Result<Response, Refusal> {
    let entry = call.entry().await?;
    if entry.is_folder {
        let mut response = StatusCode::OK.into_response();
        super::describe(&mut response, &entry, &call.device.user);
        set(
            &mut response,
            header::LAST_MODIFIED,
            &stamps::to_http_date(entry.modified),
        );
        return Ok(response);
    }
    Ok(head_of(&entry, &select(call, &entry))?.0)
}

fn select(call: &Call, entry: &Entry) -> Selection {
    ranges::select(&call.headers, entry.size, &entry.etag, entry.modified)
}

/// The answer without its body, and which bytes the body has: the first and how many.
fn head_of(
    entry: &Entry,
    selection: &Selection,
) -> Result<(Response, Option<(u64, u64)>), Refusal> {
    let size = entry.size;
    let (status, bytes) = match *selection {
        Selection::Whole => (StatusCode::OK, Some((0, size))),
        Selection::Part { start, end } => {
            (StatusCode::PARTIAL_CONTENT, Some((start, end - start + 1)))
        }
        Selection::NotModified => (StatusCode::NOT_MODIFIED, None),
        Selection::Unsatisfiable => (StatusCode::RANGE_NOT_SATISFIABLE, None),
        Selection::PreconditionFailed => {
            return Err(Refusal::new(
                StatusCode::PRECONDITION_FAILED,
                format!("{} has changed", entry.path),
            ));
        }
    };
    let mut response = (status, Body::empty()).into_response();
    set(&mut response, header::ETAG, &quoted(&entry.etag));
    set(
        &mut response,
        header::LAST_MODIFIED,
        &stamps::to_http_date(entry.modified),
    );
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    set(
        &mut response,
        HeaderName::from_static("oc-etag"),
        &quoted(&entry.etag),
    );
    match *selection {
        Selection::Part { start, end } => {
            set(
                &mut response,
                header::CONTENT_RANGE,
                &format!("bytes {start}-{end}/{size}"),
            );
        }
        Selection::Unsatisfiable => set(
            &mut response,
            header::CONTENT_RANGE,
            &format!("bytes */{size}"),
        ),
        _ => {}
    }
    if let Some((_, count)) = bytes {
        set(&mut response, header::CONTENT_LENGTH, &count.to_string());
        set(
            &mut response,
            header::CONTENT_TYPE,
            media_type::of_name(entry.path.name()),
        );
        if let Some(hash) = entry.hash {
            set(
                &mut response,
                checksums::HEADER,
                &Checksum::from(hash).to_string(),
            );
        }
    }
    Ok((response, bytes))
}

async fn read(call: &Call, asset: AssetId, start: u64, count: u64) -> Result<Body, Refusal> {
    let photo = call.engine.open_photo(asset).await?;
    Ok(body::of_file(photo.file, start, count))
}

/// A file that is no photo, whole, in memory.
pub(super) async fn note(call: &Call, entry: &Entry) -> Result<Vec<u8>, Refusal> {
    let bytes = call.engine.note(entry.id).await?;
    // Nothing is there if it was changed since its entry was looked up: the next try sees the change.
    bytes.ok_or_else(|| Refusal::transient(format!("{} has just changed", call.path)))
}

async fn read_note(call: &Call, entry: &Entry, start: u64, count: u64) -> Result<Body, Refusal> {
    let bytes = Bytes::from(note(call, entry).await?);
    let place = |at: u64| usize::try_from(at).ok().filter(|at| *at <= bytes.len());
    match (place(start), place(start + count)) {
        (Some(start), Some(end)) => Ok(bytes.slice(start..end).into()),
        _ => Err(Refusal::transient(format!(
            "{} has just changed",
            call.path
        ))),
    }
}
