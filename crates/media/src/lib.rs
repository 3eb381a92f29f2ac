//! Bytes to facts: what a file is, and when it was taken.
//!
//! [`describe`] reads the few kilobytes of a file that answer both, whatever the file's size, and never fails: what
//! cannot be read is simply not known. The bytes come from strangers (a phone, an app, a messenger), so every reader
//! here works within the limits of `reader`: it neither loads whole files nor trusts a length, follows no chain of
//! pointers without an end, and has no recursion.
//!
//! | question | module |
//! |---|---|
//! | how is untrusted input read within limits? | `reader` |
//! | what is this file? | `format`, `sniff` |
//! | who says what about the time? | `claim`, `date_text` |
//! | what do TIFF structures, EXIF and XMP say? | `tiff`, `exif`, `xmp` |
//! | where do the containers keep them? | `jpeg`, `png`, `webp`, `raf`, `isobmff`, `heif`, `cr3`, `jxl` |
//! | what do videos say? | `movie`, `matroska` |
//! | what does the name say? | `file_name` |
//! | who is believed? | `decide` |
//! | has the file its end? | `wholeness` |
//!
//! A new fact (dimensions, place, thumbnails) becomes a field of [`Facts`], found by the same container readers.

mod claim;
mod cr3;
mod date_text;
mod decide;
mod exif;
mod file_name;
mod format;
mod heif;
mod isobmff;
mod jpeg;
mod jxl;
mod matroska;
mod movie;
mod png;
mod raf;
mod reader;
mod sniff;
mod tiff;
mod webp;
mod wholeness;
mod xmp;

use std::io::{Read, Seek};

use jiff::{Timestamp, tz::TimeZone};
use safelight_core::{CaptureTime, MediaKind};

use crate::{claim::Claim, reader::Reader};

pub use crate::{
    format::Format,
    wholeness::{Wholeness, wholeness},
};

/// What is known about a file besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Hints<'a> {
    /// The file's name as the client sent it.
    pub name: &'a str,
    /// When the photo was made, in the uploading program's words.
    pub client_created: Option<Timestamp>,
    /// When the file was last modified, in the uploading program's words or the file system's.
    pub modified: Option<Timestamp>,
    /// The zone in which instants become local times: the phone's if it is known, else the server's.
    pub zone: &'a TimeZone,
    /// The present. A capture time over a day later is not believed.
    pub now: Timestamp,
}

/// What was found out about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What the file is, as far as filing needs to know.
    pub kind: MediaKind,
    /// What the file's bytes are, whatever its name says.
    pub format: Format,
    /// When it was taken, in the words of the most trustworthy source that has a believable one.
    pub captured: Option<CaptureTime>,
}

/// Finds out what a file is and when it was taken.
///
/// Sources of the capture time in the order of trust: the file's own metadata, its name, the client's date, the
/// modification time. (A date that only says when the metadata was last changed comes after a name with a full date
/// and time, see `decide`.) The file's position is arbitrary before and after; at most 4 MiB of it are read, and
/// a few kilobytes as a rule. An error of reading means only that nothing is known from there on: whether the file
/// can be read at all is for those to find out who store it.
///
/// ```
/// use std::io::Cursor;
/// use jiff::{Timestamp, tz::TimeZone};
/// use safelight_core::{MediaKind, TimeSource};
/// use safelight_media::{Hints, describe};
///
/// let hints = Hints {
///     name: "IMG_20240531_235958.jpg",
///     client_created: None,
///     modified: None,
///     zone: &TimeZone::UTC,
///     now: "2024-06-01T08:00:00Z".parse::<Timestamp>()?,
/// };
/// // A messenger has taken all metadata from this JPEG.
/// let facts = describe(&mut Cursor::new(b"\xFF\xD8\xFF\xD9"), &hints);
/// assert_eq!(facts.kind, MediaKind::Photo);
/// assert_eq!(facts.captured.map(|captured| captured.source), Some(TimeSource::FileName));
/// # Ok::<(), jiff::Error>(())
/// ```
pub fn describe(file: &mut (impl Read + Seek), hints: &Hints<'_>) -> Facts {
    let mut reader = Reader::new(file);
    let format = sniff::sniff(&mut reader);
    let mut claims = metadata(&mut reader, format);
    claims.extend(file_name::claim(hints.name));
    claims.extend(decide::outer_claims(hints));
    Facts {
        kind: format.kind(),
        format,
        captured: decide::believe(claims, hints.zone, hints.now),
    }
}

/// What the file's own metadata say about its time.
fn metadata(reader: &mut Reader<'_>, format: Format) -> Vec<Claim> {
    let whole = reader.whole();
    match format {
        Format::Jpeg => jpeg::claims(reader, whole),
        Format::Heic | Format::Heif | Format::Avif => heif::claims(reader),
        Format::Png => png::claims(reader),
        Format::WebP => webp::claims(reader),
        Format::Tiff
        | Format::Dng
        | Format::Cr2
        | Format::Nef
        | Format::Arw
        | Format::Orf
        | Format::Rw2 => exif::claims_of_file(reader),
        Format::Raf => raf::claims(reader),
        Format::Cr3 => cr3::claims(reader),
        Format::Jxl => jxl::claims(reader),
        Format::Mp4 | Format::Mov | Format::M4v | Format::ThreeGp => movie::claims(reader),
        Format::Mkv | Format::WebM => matroska::claims(reader),
        Format::Gif | Format::MpegTs | Format::Avi | Format::Other => Vec::new(),
    }
}
