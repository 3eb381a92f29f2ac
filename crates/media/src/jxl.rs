//! Where JPEG XL's container keeps its metadata: the boxes `Exif` and `xml ` (ISO/IEC 18181-2). The bare codestream
//! has none, and compressed boxes (`brob`) are not read.

use crate::{claim::Claim, exif, isobmff::Nodes, reader::Reader, sniff, xmp};

/// What the file claims.
pub(crate) fn claims(reader: &mut Reader<'_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut boxes = Nodes::of(reader.whole());
    while let Some(node) = boxes.next(reader) {
        match &node.name {
            b"Exif" => {
                if let Some(tiff) = sniff::find_tiff(reader, node.content) {
                    claims.extend(exif::claims(reader, tiff));
                }
            }
            b"xml " => claims.extend(xmp::claim(reader, node.content)),
            _ => {}
        }
    }
    claims
}
