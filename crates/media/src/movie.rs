//! What MP4, QuickTime and their kin say about when they were recorded, all of it in the box `moov`, which may stand
//! at the end of a file of many gigabytes: the pictures before it are skipped, not read.
//!
//! In the order of trust: QuickTime's key `com.apple.quicktime.creationdate` and the user data that other recorders
//! write with an offset, XMP, and the movie header. The header is UTC by its specification (ISO/IEC 14496-12 section
//! 8.2.2), but the cameras of some makers write the wall clock into it.

use jiff::tz::Offset;
use safelight_core::{Precision, TimeSource};

use crate::{
    claim::{Claim, When},
    date_text,
    isobmff::{self, Nodes},
    reader::{Fields, Reader, Span},
    xmp,
};

/// The key of the capture time in Apple's metadata.
const CREATION_DATE: &[u8] = b"com.apple.quicktime.creationdate";
/// The key of the camera's manufacturer in Apple's metadata.
const MAKE: &[u8] = b"com.apple.quicktime.make";
/// Seconds from 1904-01-01, where QuickTime's time begins, to 1970-01-01.
const EPOCH_1904: u64 = 2_082_844_800;
/// The most keys that are looked at.
const MAX_KEYS: u32 = 256;
/// The longest key or text that is looked at, in bytes.
const MAX_TEXT: u64 = 128;

/// Makers whose cameras write the wall clock's time into the movie header, by the beginnings of their names.
const LOCAL_MAKERS: [&str; 12] = [
    "canon",
    "casio",
    "fuji",
    "gopro",
    "kodak",
    "leica",
    "nikon",
    "olympus",
    "panasonic",
    "pentax",
    "ricoh",
    "sony",
];
/// Boxes in the user data that only cameras of such makers write.
const LOCAL_MAKERS_BOXES: [&[u8; 4]; 6] = [b"CNTH", b"NCDT", b"PANA", b"LEIC", b"PENT", b"FIRM"];

/// What was found in a movie.
#[derive(Debug, Default)]
struct Found {
    /// Seconds since 1904.
    header: Option<u64>,
    /// Dates with an offset, the most trustworthy first: from keys, then from user data.
    keyed: Option<When>,
    in_user_data: Option<When>,
    xmp: Option<Claim>,
    make: Option<String>,
    is_of_local_maker: bool,
}

/// What the file claims.
pub(crate) fn claims(reader: &mut Reader<'_>) -> Vec<Claim> {
    let whole = reader.whole();
    let Some(moov) = isobmff::find(reader, whole, *b"moov") else {
        return Vec::new();
    };
    let mut found = Found::default();
    let mut boxes = Nodes::of(moov);
    while let Some(node) = boxes.next(reader) {
        match &node.name {
            b"mvhd" => found.header = header_time(reader, node.content),
            b"udta" => found.read_user_data(reader, node.content),
            b"meta" => found.read_meta(reader, node.content),
            _ => {}
        }
    }
    found.claims()
}

impl Found {
    fn claims(&self) -> Vec<Claim> {
        let by_word = |when| Claim {
            source: TimeSource::QuickTimeCreationDate,
            when,
        };
        let maker = self
            .make
            .as_deref()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let is_local =
            self.is_of_local_maker || LOCAL_MAKERS.iter().any(|local| maker.starts_with(local));
        let header = self.header.and_then(|seconds| {
            let seconds = i64::try_from(seconds.checked_sub(EPOCH_1904)?).ok()?;
            let when = match date_text::instant(seconds)? {
                When::Instant(instant) if is_local => {
                    date_text::wall(Offset::UTC.to_datetime(instant), None)
                }
                when => when,
            };
            Some(Claim {
                source: TimeSource::MovieHeader,
                when,
            })
        });
        [
            self.keyed.map(by_word),
            self.in_user_data.map(by_word),
            self.xmp,
            header,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn read_user_data(&mut self, reader: &mut Reader<'_>, udta: Span) {
        let mut boxes = Nodes::of(udta);
        while let Some(node) = boxes.next(reader) {
            match &node.name {
                // QuickTime's texts: a length and a language before each.
                b"\xA9day" => self.set_user_date(&text(reader, node.content.after(4))),
                b"\xA9mak" => self.set_make(text(reader, node.content.after(4))),
                // Without either: what Android's recorders write.
                b"date" => self.set_user_date(&text(reader, node.content)),
                b"manu" => self.set_make(text(reader, node.content.after(6))),
                b"XMP_" => self.xmp = xmp::claim(reader, node.content),
                b"meta" => self.read_meta(reader, node.content),
                name => self.is_of_local_maker |= LOCAL_MAKERS_BOXES.contains(&name),
            }
        }
    }

    /// Reads Apple's metadata: keys by number with their values, or values by four-letter name.
    fn read_meta(&mut self, reader: &mut Reader<'_>, meta: Span) {
        let inner = isobmff::in_meta(reader, meta);
        let keys = isobmff::find(reader, inner, *b"keys")
            .map(|keys| keys_of(reader, keys))
            .unwrap_or_default();
        let Some(list) = isobmff::find(reader, inner, *b"ilst") else {
            return;
        };
        let mut values = Nodes::of(list);
        while let Some(node) = values.next(reader) {
            let number = u32::from_be_bytes(node.name);
            let is = |key: Option<u32>| key == Some(number);
            let wanted = is(keys.creation_date)
                || is(keys.make)
                || node.name == *b"\xA9day"
                || node.name == *b"\xA9mak";
            if !wanted {
                continue;
            }
            let Some(data) = isobmff::find(reader, node.content, *b"data") else {
                continue;
            };
            // The value's type and locale stand before it.
            let value = text(reader, data.after(8));
            if is(keys.creation_date) {
                self.keyed = self.keyed.or_else(|| with_zone(&value));
            } else if is(keys.make) || node.name == *b"\xA9mak" {
                self.set_make(value);
            } else {
                self.set_user_date(&value);
            }
        }
    }

    fn set_user_date(&mut self, text: &str) {
        self.in_user_data = self.in_user_data.or_else(|| with_zone(text));
    }

    fn set_make(&mut self, make: String) {
        self.make.get_or_insert(make);
    }
}

/// A date that says what time it was where: a year, a day or a wall clock without a zone is not better than the
/// header.
fn with_zone(text: &str) -> Option<When> {
    date_text::parse(text).filter(|when| match when {
        When::Wall {
            offset, precision, ..
        } => offset.is_some() && *precision == Precision::Second,
        When::Instant(_) => true,
    })
}

/// Numbers, counted from 1, of the keys that matter.
#[derive(Debug, Default)]
struct Keys {
    creation_date: Option<u32>,
    make: Option<u32>,
}

fn keys_of(reader: &mut Reader<'_>, keys: Span) -> Keys {
    let mut found = Keys::default();
    // A version and a count stand before the keys, each of which is built like a box.
    let mut entries = Nodes::of(keys.after(8));
    for number in 1..=MAX_KEYS {
        let Some(entry) = entries.next(reader) else {
            break;
        };
        match reader.prefix(entry.content, MAX_TEXT).as_slice() {
            CREATION_DATE => found.creation_date = Some(number),
            MAKE => found.make = Some(number),
            _ => {}
        }
    }
    found
}

fn header_time(reader: &mut Reader<'_>, mvhd: Span) -> Option<u64> {
    let mut fields = Fields::new(reader, mvhd);
    match fields.u32()? >> 24 {
        0 => fields.u32().map(u64::from),
        _ => fields.u64(),
    }
}

fn text(reader: &mut Reader<'_>, span: Span) -> String {
    let bytes = reader.prefix(span, MAX_TEXT);
    let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
