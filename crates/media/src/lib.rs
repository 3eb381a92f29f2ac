//! Bytes to facts: what a file is, when and where it was taken, how it is to be shown.
//!
//! [`describe`] reads the few kilobytes of a file that answer this, whatever the file's size, and never fails: what
//! cannot be read is simply not known. The bytes come from strangers (a phone, an app, a messenger), so every reader
//! here works within the limits of `reader`: it neither loads whole files nor trusts a length, follows no chain of
//! pointers without an end, and has no recursion.
//!
//! | question | module |
//! |---|---|
//! | how is untrusted input read within limits? | `reader` |
//! | what is this file? | `format`, `sniff` |
//! | what is found out, and what is collected for it? | `facts`, `found` |
//! | who says what about the time? | `claim`, `date_text` |
//! | what do TIFF structures, EXIF and XMP say? | `tiff`, `exif`, `exif_dates`, `xmp`, `place` |
//! | which pictures do makers' notes have? | `maker_note` |
//! | where do the containers keep them? | `jpeg`, `png`, `webp`, `gif`, `tiff_file`, `raf`, `isobmff`, `heif`, `heif_properties`, `cr3`, `jxl` |
//! | what do videos say? | `movie`, `movie_text`, `timing`, `track`, `sample_table`, `matroska`, `transport_stream`, `avc` |
//! | is there a video in a photo? | `motion` |
//! | what does the name say? | `file_name` |
//! | who is believed? | `decide` |
//! | how far was the wall clock ahead of UTC? | `offset`, `zone` |
//! | has the file its end? | `wholeness` |
//!
//! A new fact becomes a field of [`Facts`]; the readers of containers collect what they meet in `found`.

mod avc;
mod claim;
mod cr3;
mod date_text;
mod decide;
mod exif;
mod exif_dates;
mod facts;
mod file_name;
mod format;
mod found;
mod gif;
mod heif;
mod heif_properties;
mod isobmff;
mod jpeg;
mod jxl;
mod maker_note;
mod matroska;
mod motion;
mod movie;
mod movie_text;
mod offset;
pub mod pictures;
mod place;
mod png;
mod raf;
mod reader;
mod sample_table;
mod sniff;
mod tiff;
mod tiff_file;
mod timing;
mod track;
mod transport_stream;
mod webp;
mod wholeness;
mod xmp;
mod zone;

use std::io::{Read, Seek};

use jiff::{Timestamp, tz::TimeZone};

use crate::{found::Found, reader::Reader};

pub use crate::{
    facts::{Facts, Orientation, Place, Preview, Problem, Size},
    format::Format,
    offset::OffsetSource,
    wholeness::{Wholeness, wholeness},
    zone::offset_at,
};

/// The version of what [`describe`] reads. It grows when there is more to be read from files that were described before.
pub const READER: u32 = 1;

/// What is known about a file besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Hints<'a> {
    /// The file's name as the client sent it.
    pub name: &'a str,
    /// When the photo was made, in the uploading program's words.
    pub client_created: Option<Timestamp>,
    /// When the file was last modified, in the uploading program's words or the file system's.
    pub modified: Option<Timestamp>,
    /// The zone in which instants become local times of photos whose place is unknown or leaves a doubt: the phone's if
    /// it is known, else the server's.
    pub zone: &'a TimeZone,
    /// The present. A capture time over a day later is not believed.
    pub now: Timestamp,
}

/// Finds out what a file is, when it was taken, and what else it says about itself.
///
/// Sources of the capture time in the order of trust: the file's own metadata, its name, the client's date, the
/// modification time. (A date that only says when the metadata was last changed comes after a name with a full date
/// and time, see `decide`.) The file's position is arbitrary before and after; at most 4 MiB of it are read, and
/// a few kilobytes as a rule. An error of reading means only that nothing is known from there on, and is one of the
/// [`Problem`]s.
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
    let mut found = Found::default();
    read(&mut reader, format, &mut found);
    let motion_video = match format {
        Format::Jpeg | Format::Heic | Format::Heif | Format::Avif => {
            motion::find_video(&mut reader, &mut found)
        }
        _ => None,
    };
    found.problems.extend(decide::outer_problems(
        hints.name,
        format,
        reader.whole().len == 0,
    ));
    if reader.has_failed() {
        found.problems.push(Problem::Unreadable);
    }
    if reader.is_spent() {
        found.problems.push(Problem::TooScattered);
    }
    found.claims.extend(file_name::claim(hints.name));
    found.claims.extend(decide::outer_claims(hints));
    let believed = decide::believe(found.claims, &found.clues, hints.zone, hints.now);
    let (captured, offset_source) = believed.unzip();
    if captured.is_some_and(|captured| decide::is_factory_default(&captured)) {
        found.problems.push(Problem::ClockNeverSet);
    }
    let orientation = found.orientation.unwrap_or_default();
    Facts {
        kind: format.kind(),
        format,
        captured,
        offset_source: offset_source.flatten(),
        size: found
            .stored
            .or(found.stated)
            .map(|stored| orientation.apply(stored)),
        orientation,
        place: found.clues.place,
        make: found.make,
        model: found.model,
        duration: found.duration,
        content_id: found.content_id,
        burst_id: found.burst_id,
        motion_video,
        preview: found.previews.into_iter().max_by_key(|preview| preview.len),
        problems: found.problems,
    }
}

/// Reads what the file says about itself.
fn read(reader: &mut Reader<'_>, format: Format, found: &mut Found) {
    match format {
        Format::Jpeg => jpeg::read(reader, found),
        Format::Heic | Format::Heif | Format::Avif => heif::read(reader, found),
        Format::Png => png::read(reader, found),
        Format::WebP => webp::read(reader, found),
        Format::Gif => gif::read(reader, found),
        Format::Tiff
        | Format::Dng
        | Format::Cr2
        | Format::Nef
        | Format::Arw
        | Format::Orf
        | Format::Rw2 => tiff_file::read(reader, format, found),
        Format::Raf => raf::read(reader, found),
        Format::Cr3 => cr3::read(reader, found),
        Format::Jxl => jxl::read(reader, found),
        Format::Mp4 | Format::Mov | Format::M4v | Format::ThreeGp => movie::read(reader, found),
        Format::Mkv | Format::WebM => matroska::read(reader, found),
        Format::MpegTs => transport_stream::read(reader, found),
        Format::Avi | Format::Other => {}
    }
}
