//! The draft's header fields. They are structured fields (RFC 9651): an integer, or a boolean as `?0` or `?1`.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::refusal::Refusal;

/// Whether the request, or the upload, has the last byte.
pub(super) const COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
/// How many bytes come before those of the request, or are here.
pub(super) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// How many bytes the whole has.
pub(super) const LENGTH: HeaderName = HeaderName::from_static("upload-length");

/// The largest integer that a structured field can be (RFC 9651, section 3.3.1).
const LARGEST: u64 = 999_999_999_999_999;

/// Whether the last byte comes with a request, which must say so. No form of another site can send such a header, nor a
/// script of one.
pub(super) fn is_complete(headers: &HeaderMap) -> Result<bool, Refusal> {
    match text(headers, &COMPLETE) {
        Some("?1") => Ok(true),
        Some("?0") => Ok(false),
        _ => Err(Refusal::bad(
            "The header Upload-Complete must be ?0 or ?1: whether the last byte comes with this request",
        )),
    }
}

/// A boolean.
pub(super) const fn yes_no(value: bool) -> HeaderValue {
    HeaderValue::from_static(if value { "?1" } else { "?0" })
}

/// An integer, if it is there.
pub(super) fn number(headers: &HeaderMap, name: &HeaderName) -> Result<Option<u64>, Refusal> {
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let parsed = text(headers, name).and_then(|text| text.parse().ok());
    parsed
        .filter(|number| *number <= LARGEST)
        .map(Some)
        .ok_or_else(|| Refusal::bad(format!("The header {name} is not a number of bytes")))
}

/// Where a piece begins.
pub(super) fn offset(headers: &HeaderMap) -> Result<u64, Refusal> {
    number(headers, &OFFSET)?.ok_or_else(|| {
        Refusal::bad("The header Upload-Offset is missing: at which byte does this piece begin?")
    })
}

/// The body's length, if it is told.
pub(super) fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    number(headers, &header::CONTENT_LENGTH)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}
