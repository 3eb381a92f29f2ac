//! A movie's tracks (ISO/IEC 14496-12 sections 8.3 and 8.4): the size and the turn of the pictures, and how long they
//! last.

use std::time::Duration;

use crate::{
    facts::{Orientation, Size},
    found::Found,
    isobmff::{self, Nodes},
    reader::{Fields, Reader, Span},
    timing::Timing,
};

/// The flag of a track that is played.
const ENABLED: u32 = 1;

/// Reads a track (the box `trak`); answers how long its media last. The first track with pictures that is played has
/// the word about them.
pub(crate) fn read(reader: &mut Reader<'_>, trak: Span, found: &mut Found) -> Option<Duration> {
    let (mut header, mut media) = (None, None);
    let mut boxes = Nodes::of(trak);
    while let Some(node) = boxes.next(reader) {
        match &node.name {
            b"tkhd" => header = Some(node.content),
            b"mdia" => media = Some(node.content),
            _ => {}
        }
    }
    let media = media?;
    if found.stored.is_none()
        && let Some(header) = header
        && has_pictures(reader, media)
        && let Some(track) = Header::read(reader, header)
    {
        let size = track.size.or_else(|| stored_size(reader, media));
        if track.is_enabled {
            found.stored = size;
            found.orientation = Some(track.orientation);
        } else if found.stated.is_none() {
            // Some writers call no track played; then the first one counts.
            found.stated = size;
            found.orientation = Some(track.orientation);
        }
    }
    let media_header = isobmff::find(reader, media, *b"mdhd")?;
    Timing::read(reader, media_header)?.duration()
}

/// Whether the media's handler is that of videos or of picture sequences.
pub(crate) fn has_pictures(reader: &mut Reader<'_>, mdia: Span) -> bool {
    isobmff::find(reader, mdia, *b"hdlr")
        .and_then(|handler| reader.array(handler.start + 8))
        .is_some_and(|kind: [u8; 4]| matches!(&kind, b"vide" | b"pict"))
}

struct Header {
    is_enabled: bool,
    /// The size at which it is shown, before it is turned.
    size: Option<Size>,
    orientation: Orientation,
}

impl Header {
    fn read(reader: &mut Reader<'_>, tkhd: Span) -> Option<Self> {
        let mut fields = Fields::new(reader, tkhd);
        let version_and_flags = fields.u32()?;
        // The times of creation and change, the track's number, the duration; then layer, group and volume.
        let skipped = if version_and_flags >> 24 > 0 {
            8 + 8 + 4 + 4 + 8
        } else {
            4 + 4 + 4 + 4 + 4
        };
        let mut fields = Fields::new(reader, tkhd.after(4 + skipped + 8 + 8));
        let mut matrix = [0; 9];
        for number in &mut matrix {
            *number = fields.u32()?.cast_signed();
        }
        // Fixed-point numbers with 16 bits before the point.
        let side = |number: u32| number >> 16;
        let size = Size::new(side(fields.u32()?), side(fields.u32()?));
        Some(Self {
            is_enabled: version_and_flags & ENABLED != 0,
            size,
            orientation: orientation(matrix),
        })
    }
}

/// The turn in a matrix, to the nearest quarter. The matrix maps (x, y) to (a·x + c·y, b·x + d·y), y pointing down.
fn orientation([a, b, _, c, d, ..]: [i32; 9]) -> Orientation {
    let [a, b, c, d] = [a, b, c, d].map(i64::from);
    let mirrored = a * d - b * c < 0;
    // Mirrored first, then turned: without the mirror, the first row has the other sign.
    let (a, b) = if mirrored { (-a, -b) } else { (a, b) };
    let quarters = if a.abs() >= b.abs() {
        if a < 0 { 2 } else { 0 }
    } else if b > 0 {
        1
    } else {
        3
    };
    let plain = Orientation::default();
    let start = if mirrored {
        plain.then_mirrored()
    } else {
        plain
    };
    start.turned(quarters)
}

/// The size at which the pictures are stored, from the first description of the samples.
fn stored_size(reader: &mut Reader<'_>, mdia: Span) -> Option<Size> {
    let mut inner = mdia;
    for name in [b"minf", b"stbl", b"stsd"] {
        inner = isobmff::find(reader, inner, *name)?;
    }
    // A version and a count stand before the descriptions, 24 bytes before the size in one.
    let description = Nodes::of(inner.after(8)).next(reader)?;
    let mut fields = Fields::new(reader, description.content.after(24));
    Size::new(fields.u16()?, fields.u16()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: i32 = 1 << 16;

    #[test]
    fn a_matrix_turns_and_mirrors() {
        for ((a, b, c, d), (mirrored, degrees)) in [
            ((ONE, 0, 0, ONE), (false, 0)),
            ((0, ONE, -ONE, 0), (false, 90)),
            ((-ONE, 0, 0, -ONE), (false, 180)),
            ((0, -ONE, ONE, 0), (false, 270)),
            ((-ONE, 0, 0, ONE), (true, 0)),
            ((ONE, 0, 0, -ONE), (true, 180)),
            ((0, 0, 0, 0), (false, 0)),
            ((i32::MIN, i32::MIN, i32::MIN, i32::MAX), (true, 0)),
        ] {
            let found = orientation([a, b, 0, c, d, 0, 0, 0, 1 << 30]);
            assert_eq!(
                (found.mirrored, found.degrees()),
                (mirrored, degrees),
                "{a} {b} {c} {d}"
            );
        }
    }
}
