//! MP4, QuickTime and their kin: all that they say about themselves is in the box `moov`, which may stand at the end of
//! a file of many gigabytes: the pictures before it are skipped, not read.
//!
//! Who says when it was recorded, in the order of trust: QuickTime's key `com.apple.quicktime.creationdate` and the user
//! data that other recorders write with an offset, XMP, and the movie header. The header is UTC by its specification
//! (ISO/IEC 14496-12 section 8.2.2), but the cameras of some makers write the wall clock into it.

use jiff::tz::Offset;
use safelight_core::TimeSource;

use crate::{
    claim::{Claim, When},
    date_text,
    found::Found,
    isobmff::{self, Nodes},
    movie_text::Texts,
    reader::{Fields, Reader, Span},
    timing::Timing,
    track, xmp,
};

/// Seconds from 1904-01-01, where QuickTime's time begins, to 1970-01-01.
const EPOCH_1904: u64 = 2_082_844_800;
/// The identity of Adobe's box with XMP, at the top of a file.
const XMP: [u8; 16] = [
    0xBE, 0x7A, 0xCF, 0xCB, 0x97, 0xA9, 0x42, 0xE8, 0x9C, 0x71, 0x99, 0x94, 0x91, 0xE3, 0xAF, 0xAC,
];

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

/// Reads the file.
pub(crate) fn read(reader: &mut Reader<'_>, found: &mut Found) {
    let mut boxes = Nodes::of(reader.whole());
    let mut movie = None;
    while let Some(node) = boxes.next(reader) {
        match &node.name {
            b"moov" if movie.is_none() => movie = Some(node.content),
            b"uuid" if reader.array(node.content.start) == Some(XMP) => {
                xmp::read(reader, node.content.after(16), found);
            }
            _ => {}
        }
    }
    let is_cut = boxes.is_cut();
    match movie {
        Some(moov) => {
            read_header(reader, moov, found);
            if is_cut {
                found.damaged("its end is missing");
            }
        }
        None => found.damaged("the index is missing, as after an interrupted recording"),
    }
}

/// Reads the box `moov`.
pub(crate) fn read_header(reader: &mut Reader<'_>, moov: Span, found: &mut Found) {
    let mut header = Timing::default();
    let mut longest = None;
    let mut texts = Texts::default();
    let mut fragments = None;
    let mut boxes = Nodes::of(moov);
    while let Some(node) = boxes.next(reader) {
        match &node.name {
            b"mvhd" => header = Timing::read(reader, node.content).unwrap_or_default(),
            b"trak" => longest = longest.max(track::read(reader, node.content, found)),
            b"mvex" => fragments = fragments_duration(reader, node.content),
            b"udta" => texts.read_user_data(reader, node.content, found),
            b"meta" => texts.read_meta(reader, node.content),
            _ => {}
        }
    }
    Found::fill(&mut found.duration, || {
        header
            .duration()
            .or_else(|| header.lasting(fragments?))
            .or(longest)
    });
    let claimed = [texts.keyed_claim(), texts.user_data_claim()];
    // XMP's claim was pushed before; these are ranked by their source, not by their place.
    found.claims.extend(claimed.into_iter().flatten());
    found
        .claims
        .extend(claim(&header, is_of_local_maker(&texts)));
    Found::fill_text(&mut found.make, texts.make.as_deref());
    Found::fill_text(&mut found.model, texts.model.as_deref());
    Found::fill_text(&mut found.content_id, texts.content_id.as_deref());
    Found::fill(&mut found.clues.place, || texts.place);
}

/// What the movie header says about the time.
fn claim(header: &Timing, is_local: bool) -> Option<Claim> {
    let seconds = i64::try_from(header.created.checked_sub(EPOCH_1904)?).ok()?;
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
}

fn is_of_local_maker(texts: &Texts) -> bool {
    let maker = texts.make.as_deref().unwrap_or_default();
    let maker = maker.trim().to_ascii_lowercase();
    texts.has_box_of_local_maker || LOCAL_MAKERS.iter().any(|local| maker.starts_with(local))
}

/// How long all fragments last together (ISO/IEC 14496-12 section 8.8.2), in the movie's units.
fn fragments_duration(reader: &mut Reader<'_>, mvex: Span) -> Option<u64> {
    let mehd = isobmff::find(reader, mvex, *b"mehd")?;
    let mut fields = Fields::new(reader, mehd);
    let width = if fields.u32()? >> 24 > 0 { 8 } else { 4 };
    fields.sized(width).filter(|units| *units > 0)
}
