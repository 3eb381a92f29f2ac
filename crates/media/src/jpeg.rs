//! Where a JPEG keeps its metadata: the application segments before the picture (ISO/IEC 10918-1 annex B).

use crate::{
    claim::Claim,
    exif,
    reader::{Reader, Span},
    sniff, xmp,
};

const EXIF: &[u8] = b"Exif\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// The most segments that are looked at. Photos with large colour profiles and gain maps have a few dozen.
const MAX_SEGMENTS: usize = 512;
/// The most bytes between two segments that are skipped in search of the next.
const MAX_GAP: usize = 4096;

/// What the JPEG in a span claims.
pub(crate) fn claims(reader: &mut Reader<'_>, span: Span) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    let mut has_exif = false;
    let mut rest = span.after(2);
    for _ in 0..MAX_SEGMENTS {
        let Some((kind, segment)) = next_segment(reader, &mut rest) else {
            break;
        };
        if kind != 0xE1 {
            continue;
        }
        let head = reader.prefix(segment, 32);
        if head.starts_with(EXIF) && !has_exif {
            if let Some(tiff) = sniff::find_tiff(reader, segment) {
                let found = exif::claims(reader, tiff);
                has_exif = !found.is_empty();
                claims.extend(found);
            }
        } else if head.starts_with(XMP) {
            claims.extend(xmp::claim(reader, segment.after(XMP.len() as u64)));
        }
    }
    claims
}

/// The next segment's marker and content; `None` where the picture begins.
fn next_segment(reader: &mut Reader<'_>, rest: &mut Span) -> Option<(u8, Span)> {
    let mut skipped = 0;
    let kind = loop {
        let [first, second] = reader.array(rest.start)?;
        match (first, second) {
            // The picture's data, or its end.
            (0xFF, 0xDA | 0xD9) => return None,
            // Markers that stand alone.
            (0xFF, 0x01 | 0xD0..=0xD8) => *rest = rest.after(2),
            // Any number of 0xFF may stand before a marker; zeros and worse do stand there, too.
            (0xFF, 0xC0..=0xFE) => break second,
            _ => *rest = rest.after(1),
        }
        skipped += 1;
        if skipped > MAX_GAP {
            return None;
        }
    };
    let length = u64::from(u16::from_be_bytes(reader.array(rest.start + 2)?)).max(2);
    let content = rest.part(4, length - 2)?;
    *rest = rest.after(2 + length);
    Some((kind, content))
}
