//! Where a WebP keeps its metadata: the chunks `EXIF` and `XMP ` (RFC 9649 section 2.7).

use crate::{claim::Claim, exif, reader::Reader, sniff, xmp};

/// The most chunks that are looked at; animations have one for each picture.
const MAX_CHUNKS: usize = 1024;

/// What the file claims.
pub(crate) fn claims(reader: &mut Reader<'_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut rest = reader.whole().after(12);
    for _ in 0..MAX_CHUNKS {
        let Some([k0, k1, k2, k3, length @ ..]) = reader.array::<8>(rest.start) else {
            break;
        };
        let length = u64::from(u32::from_le_bytes(length));
        let Some(content) = rest.part(8, length) else {
            break;
        };
        match &[k0, k1, k2, k3] {
            b"EXIF" => {
                if let Some(tiff) = sniff::find_tiff(reader, content) {
                    claims.extend(exif::claims(reader, tiff));
                }
            }
            b"XMP " => claims.extend(xmp::claim(reader, content)),
            _ => {}
        }
        // Chunks begin at even places.
        rest = rest.after(8 + length + length % 2);
    }
    claims
}
