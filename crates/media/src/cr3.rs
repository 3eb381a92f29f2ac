//! Canon's CR3: the metadata are in `moov`, in a box of Canon's own, each EXIF directory as a TIFF structure; a preview
//! is in another box of Canon's, and a JPEG of full size is the only sample of a track.

use crate::{
    exif::Exif,
    facts::Size,
    found::Found,
    isobmff::{self, Nodes},
    jpeg,
    reader::{Fields, Reader, Span},
    sample_table,
};

/// The identity of Canon's box with the metadata.
const CANON: [u8; 16] = [
    0x85, 0xC0, 0xB6, 0x87, 0x82, 0x0F, 0x11, 0xE0, 0x81, 0x11, 0xF4, 0xCE, 0x46, 0x2B, 0x6A, 0x48,
];
/// The identity of Canon's box with the preview.
const PREVIEW: [u8; 16] = [
    0xEA, 0xF4, 0x2B, 0x5E, 0x1C, 0x98, 0x4B, 0x88, 0xB9, 0xFB, 0xB7, 0xDC, 0x40, 0x6E, 0x4D, 0x16,
];

/// The most tracks that are looked at. Real files have four.
const MAX_TRACKS: usize = 8;

/// Reads the file.
pub(crate) fn read(reader: &mut Reader<'_>, found: &mut Found) {
    let mut boxes = Nodes::of(reader.whole());
    let mut has_movie = false;
    while let Some(node) = boxes.next(reader) {
        match &node.name {
            b"moov" => {
                has_movie = true;
                read_metadata(reader, node.content, found);
                read_tracks(reader, node.content, found);
            }
            b"uuid" if reader.array(node.content.start) == Some(PREVIEW) => {
                // The identity, and then a count, stand before the boxes.
                let inner = node.content.after(16 + 8);
                if let Some(span) = isobmff::find(reader, inner, *b"PRVW") {
                    found.previews.extend(preview(reader, span));
                }
            }
            _ => {}
        }
    }
    if !has_movie {
        found.damaged("the part that describes it is missing");
    }
}

fn read_metadata(reader: &mut Reader<'_>, moov: Span, found: &mut Found) {
    let mut exif = Exif::default();
    let mut boxes = Nodes::of(moov);
    while let Some(content) = boxes.find(reader, *b"uuid") {
        if reader.array(content.start) != Some(CANON) {
            continue;
        }
        let mut inner = Nodes::of(content.after(16));
        while let Some(node) = inner.next(reader) {
            match &node.name {
                b"CMT1" => exif.read_picture_span(reader, node.content),
                b"CMT2" => exif.read_exif_span(reader, node.content),
                b"CMT4" => exif.read_gps_span(reader, node.content),
                _ => {}
            }
        }
    }
    found.stored = exif.pixels.and_then(|(x, y)| Size::new(x, y));
    exif.tell(found);
}

/// The tracks have pictures of one sample each: a JPEG, and the sensor's data, which are none.
fn read_tracks(reader: &mut Reader<'_>, moov: Span, found: &mut Found) {
    let mut tracks = Nodes::of(moov);
    for _ in 0..MAX_TRACKS {
        let Some(mut inner) = tracks.find(reader, *b"trak") else {
            break;
        };
        let is_there = [b"mdia", b"minf", b"stbl"].into_iter().all(|name| {
            let next = isobmff::find(reader, inner, *name);
            inner = next.unwrap_or(inner);
            next.is_some()
        });
        if is_there && let Some(sample) = sample_table::first(reader, inner) {
            found.previews.extend(jpeg::preview(reader, sample));
        }
    }
}

/// A version, the picture's size, the JPEG's length, the JPEG.
fn preview(reader: &mut Reader<'_>, prvw: Span) -> Option<crate::facts::Preview> {
    let mut fields = Fields::new(reader, prvw.after(12));
    let len = u64::from(fields.u32()?);
    let start = fields.rest().start;
    jpeg::preview(reader, Span { start, len })
}
