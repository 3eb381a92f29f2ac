//! Where a PNG keeps its metadata: the chunks `eXIf` and `iTXt` (PNG, third edition, sections 5.3 and 11.3).

use crate::{claim::Claim, exif, reader::Reader, sniff, xmp};

const XMP: &[u8] = b"XML:com.adobe.xmp\0";
/// The most chunks that are looked at; large pictures have thousands of `IDAT`.
const MAX_CHUNKS: usize = 1024;

/// What the file claims.
pub(crate) fn claims(reader: &mut Reader<'_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut rest = reader.whole().after(8);
    for _ in 0..MAX_CHUNKS {
        let Some([l0, l1, l2, l3, kind @ ..]) = reader.array::<8>(rest.start) else {
            break;
        };
        let length = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
        let Some(content) = rest.part(8, length) else {
            break;
        };
        match &kind {
            b"eXIf" => {
                if let Some(tiff) = sniff::find_tiff(reader, content) {
                    claims.extend(exif::claims(reader, tiff));
                }
            }
            // Compressed text begins with another byte than this text's name ends with; it is not read.
            b"iTXt" if reader.prefix(content, XMP.len() as u64) == XMP => {
                claims.extend(xmp::claim(reader, content.after(XMP.len() as u64)));
            }
            b"IEND" => break,
            _ => {}
        }
        // Length, name, content, checksum.
        rest = rest.after(12 + length);
    }
    claims
}
