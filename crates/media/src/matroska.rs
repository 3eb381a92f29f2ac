//! Matroska and WebM (RFC 9559), in the structure of EBML (RFC 8794): `DateUTC`, the duration, and the size of the first
//! track with pictures.

use std::time::Duration;

use jiff::Timestamp;
use safelight_core::TimeSource;

use crate::{
    claim::{Claim, When},
    facts::Size,
    found::Found,
    reader::{Fields, Reader, Span},
};

const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1F43_B675;
const INFO: u32 = 0x1549_A966;
const DATE_UTC: u32 = 0x4461;
const TIMESTAMP_SCALE: u32 = 0x002A_D7B1;
const DURATION: u32 = 0x4489;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const VIDEO: u32 = 0xE0;
const PIXEL_WIDTH: u32 = 0xB0;
const PIXEL_HEIGHT: u32 = 0xBA;
const DISPLAY_WIDTH: u32 = 0x54B0;
const DISPLAY_HEIGHT: u32 = 0x54BA;
const DISPLAY_UNIT: u32 = 0x54B2;

/// The most elements of one level that are looked at; a video has a cluster for every few seconds.
const MAX_ELEMENTS: usize = 4096;
/// Seconds from 1970-01-01 to 2001-01-01, where Matroska's time begins.
const EPOCH_2001: i64 = 978_307_200;
/// Nanoseconds of the unit in which times are counted, if nothing else is said.
const USUAL_SCALE: u64 = 1_000_000;

/// Reads the file.
pub(crate) fn read(reader: &mut Reader<'_>, found: &mut Found) {
    let mut elements = Elements::of(reader.whole());
    let Some(segment) = elements.find(reader, SEGMENT) else {
        return found.damaged("its content is missing");
    };
    let mut inner = Elements::of(segment);
    let (mut has_info, mut has_tracks) = (false, false);
    while !(has_info && has_tracks)
        && let Some((id, content)) = inner.next(reader)
    {
        match id {
            INFO => {
                has_info = true;
                read_info(reader, content, found);
            }
            TRACKS => {
                has_tracks = true;
                read_tracks(reader, content, found);
            }
            _ => {}
        }
    }
    if !has_tracks {
        found.damaged("the part that describes it is missing");
    }
}

fn read_info(reader: &mut Reader<'_>, info: Span, found: &mut Found) {
    let (mut scale, mut units) = (USUAL_SCALE, None);
    let mut elements = Elements::of(info);
    while let Some((id, content)) = elements.next(reader) {
        match id {
            DATE_UTC => found
                .claims
                .extend(recorded(reader, content).map(|instant| Claim {
                    source: TimeSource::MovieHeader,
                    when: When::Instant(instant),
                })),
            TIMESTAMP_SCALE => scale = unsigned(reader, content).unwrap_or(USUAL_SCALE),
            DURATION => units = float(reader, content),
            _ => {}
        }
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a scale beyond 2^53 nanoseconds is no scale"
    )]
    let seconds = units.map(|units| units * scale as f64 / 1e9);
    found.duration = seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|duration| !duration.is_zero());
}

fn recorded(reader: &mut Reader<'_>, date: Span) -> Option<Timestamp> {
    let nanoseconds = i64::from_be_bytes(reader.array(date.start).filter(|_| date.len == 8)?);
    let seconds = EPOCH_2001.checked_add(nanoseconds.div_euclid(1_000_000_000))?;
    let rest = i32::try_from(nanoseconds.rem_euclid(1_000_000_000)).ok()?;
    Timestamp::new(seconds, rest).ok()
}

fn read_tracks(reader: &mut Reader<'_>, tracks: Span, found: &mut Found) {
    let mut entries = Elements::of(tracks);
    while let Some(entry) = entries.find(reader, TRACK_ENTRY) {
        if let Some(video) = Elements::of(entry).find(reader, VIDEO) {
            Found::fill(&mut found.stored, || size(reader, video));
        }
    }
}

/// The size at which a track is shown, if it is stated in pixels, else the size at which it is stored.
fn size(reader: &mut Reader<'_>, video: Span) -> Option<Size> {
    let (mut pixels, mut display, mut unit) = ([None; 2], [None; 2], 0);
    let mut elements = Elements::of(video);
    while let Some((id, content)) = elements.next(reader) {
        let number = unsigned(reader, content);
        match id {
            PIXEL_WIDTH => pixels[0] = number,
            PIXEL_HEIGHT => pixels[1] = number,
            DISPLAY_WIDTH => display[0] = number,
            DISPLAY_HEIGHT => display[1] = number,
            DISPLAY_UNIT => unit = number.unwrap_or(u64::MAX),
            _ => {}
        }
    }
    let pixels = Size::new(pixels[0]?, pixels[1]?)?;
    let display = match display {
        [Some(width), Some(height)] if unit == 0 => Size::new(width, height),
        _ => None,
    };
    Some(display.unwrap_or(pixels))
}

fn unsigned(reader: &mut Reader<'_>, span: Span) -> Option<u64> {
    if span.len > 8 {
        return None;
    }
    let bytes = reader.bytes(span)?;
    Some(
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)),
    )
}

fn float(reader: &mut Reader<'_>, span: Span) -> Option<f64> {
    match span.len {
        4 => reader
            .array(span.start)
            .map(f32::from_be_bytes)
            .map(f64::from),
        8 => reader.array(span.start).map(f64::from_be_bytes),
        _ => None,
    }
}

/// The elements that follow each other in a span.
struct Elements {
    rest: Span,
    left: usize,
}

impl Elements {
    const fn of(span: Span) -> Self {
        Self {
            rest: span,
            left: MAX_ELEMENTS,
        }
    }

    /// The next element's identity and content.
    fn next(&mut self, reader: &mut Reader<'_>) -> Option<(u32, Span)> {
        self.left = self.left.checked_sub(1)?;
        let mut fields = Fields::new(reader, self.rest);
        let id = u32::try_from(number(&mut fields, true)?).ok()?;
        let size = number(&mut fields, false)?;
        let rest = fields.rest();
        let content = match size {
            // All ones: the element's end is unknown, as in a stream. In a segment it does not matter, a cluster's is
            // not searched for.
            u64::MAX if id == CLUSTER => return None,
            u64::MAX => rest,
            size => rest.part(0, size)?,
        };
        self.rest = self
            .rest
            .after(content.end().saturating_sub(self.rest.start));
        Some((id, content))
    }

    /// The content of the next element with an identity.
    fn find(&mut self, reader: &mut Reader<'_>, wanted: u32) -> Option<Span> {
        while let Some((id, content)) = self.next(reader) {
            if id == wanted {
                return Some(content);
            }
        }
        None
    }
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
