//! What Matroska and WebM say about when they were recorded: `DateUTC` (RFC 9559 section 5.1.2.13), in the structure
//! of EBML (RFC 8794).

use jiff::Timestamp;
use safelight_core::TimeSource;

use crate::{
    claim::{Claim, When},
    reader::{Fields, Reader, Span},
};

const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const DATE_UTC: u32 = 0x4461;

/// The most elements of one level that are looked at; a video has a cluster for every few seconds.
const MAX_ELEMENTS: usize = 4096;
/// Seconds from 1970-01-01 to 2001-01-01, where Matroska's time begins.
const EPOCH_2001: i64 = 978_307_200;

/// What the file claims.
pub(crate) fn claims(reader: &mut Reader<'_>) -> Vec<Claim> {
    recorded(reader)
        .map(|instant| Claim {
            source: TimeSource::MovieHeader,
            when: When::Instant(instant),
        })
        .into_iter()
        .collect()
}

fn recorded(reader: &mut Reader<'_>) -> Option<Timestamp> {
    let whole = reader.whole();
    let segment = find(reader, whole, SEGMENT)?;
    let info = find(reader, segment, INFO)?;
    let date = find(reader, info, DATE_UTC)?;
    let nanoseconds = i64::from_be_bytes(reader.array(date.start)?);
    let seconds = EPOCH_2001.checked_add(nanoseconds.div_euclid(1_000_000_000))?;
    let rest = i32::try_from(nanoseconds.rem_euclid(1_000_000_000)).ok()?;
    Timestamp::new(seconds, rest).ok()
}

/// The content of the first element with an identity in a span.
fn find(reader: &mut Reader<'_>, span: Span, wanted: u32) -> Option<Span> {
    let mut rest = span;
    for _ in 0..MAX_ELEMENTS {
        let mut fields = Fields::new(reader, rest);
        let id = u32::try_from(number(&mut fields, true)?).ok()?;
        let size = number(&mut fields, false)?;
        let content = fields.rest();
        // All ones: the element's end is unknown, as in a stream; only a segment and a cluster may have that.
        let content = if size == u64::MAX {
            content
        } else {
            content.part(0, size)?
        };
        if id == wanted {
            return Some(content);
        }
        rest = rest.after(content.end().saturating_sub(rest.start));
    }
    None
}

/// A number whose first byte's leading zeros say how many bytes follow (RFC 8794 section 4). An identity keeps the
/// one that ends them; in a size it is removed, and all ones become [`u64::MAX`].
fn number(fields: &mut Fields<'_, '_>, is_identity: bool) -> Option<u64> {
    let first = fields.u8()?;
    let more = first.leading_zeros();
    if more > 7 {
        return None;
    }
    let mask = 0x7F_u8.checked_shr(more)?;
    let mut value = u64::from(if is_identity { first } else { first & mask });
    let mut all_ones = first & mask == mask;
    for _ in 0..more {
        let byte = fields.u8()?;
        all_ones &= byte == 0xFF;
        value = (value << 8) | u64::from(byte);
    }
    Some(if all_ones && !is_identity {
        u64::MAX
    } else {
        value
    })
}
