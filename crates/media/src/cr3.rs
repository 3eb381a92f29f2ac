//! Where Canon's CR3 keeps its metadata: in `moov`, in a box of Canon's own, each EXIF directory as a TIFF structure.

use crate::{
    claim::Claim,
    exif::Dates,
    isobmff::{self, Nodes},
    reader::Reader,
};

/// The identity of Canon's box.
const CANON: [u8; 16] = [
    0x85, 0xC0, 0xB6, 0x87, 0x82, 0x0F, 0x11, 0xE0, 0x81, 0x11, 0xF4, 0xCE, 0x46, 0x2B, 0x6A, 0x48,
];

/// What the file claims.
pub(crate) fn claims(reader: &mut Reader<'_>) -> Vec<Claim> {
    let mut dates = Dates::default();
    let whole = reader.whole();
    let Some(moov) = isobmff::find(reader, whole, *b"moov") else {
        return Vec::new();
    };
    let mut boxes = Nodes::of(moov);
    while let Some(content) = boxes.find(reader, *b"uuid") {
        if reader.array(content.start) != Some(CANON) {
            continue;
        }
        let mut inner = Nodes::of(content.after(16));
        while let Some(node) = inner.next(reader) {
            match &node.name {
                b"CMT1" => dates.read_picture_span(reader, node.content),
                b"CMT2" => dates.read_exif_span(reader, node.content),
                b"CMT4" => dates.read_gps_span(reader, node.content),
                _ => {}
            }
        }
    }
    dates.claims()
}
