//! WebP (RFC 9649): a picture in chunks, with `EXIF` and `XMP ` among them.

use std::time::Duration;

use crate::{
    exif,
    facts::Size,
    found::Found,
    reader::{Reader, Span},
    sniff, xmp,
};

/// The most chunks that are looked at; animations have one for each picture.
const MAX_CHUNKS: usize = 1024;

/// Reads the file.
pub(crate) fn read(reader: &mut Reader<'_>, found: &mut Found) {
    let mut rest = reader.whole().after(12);
    let mut milliseconds = 0;
    for _ in 0..MAX_CHUNKS {
        let Some([k0, k1, k2, k3, length @ ..]) = reader.array::<8>(rest.start) else {
            break;
        };
        let length = u64::from(u32::from_le_bytes(length));
        let Some(content) = rest.part(8, length) else {
            break;
        };
        match &[k0, k1, k2, k3] {
            b"VP8X" => Found::fill(&mut found.stored, || canvas(reader, content)),
            b"VP8 " => Found::fill(&mut found.stored, || lossy(reader, content)),
            b"VP8L" => Found::fill(&mut found.stored, || lossless(reader, content)),
            b"ANMF" => {
                // A frame's place and size, then how long it is shown.
                let [d0, d1, d2] = reader.array(content.start + 12).unwrap_or_default();
                milliseconds += u64::from(u32::from_le_bytes([d0, d1, d2, 0]));
            }
            b"EXIF" => {
                if let Some(tiff) = sniff::find_tiff(reader, content) {
                    exif::read(reader, tiff, found);
                }
            }
            b"XMP " => xmp::read(reader, content, found),
            _ => {}
        }
        // Chunks begin at even places.
        rest = rest.after(8 + length + length % 2);
    }
    if milliseconds > 0 {
        found.duration = Some(Duration::from_millis(milliseconds));
    }
    if found.stored.is_none() {
        found.damaged("the picture is missing");
    }
}

/// The size in an extended file's header: two numbers of 24 bits, each one less than it is.
fn canvas(reader: &mut Reader<'_>, chunk: Span) -> Option<Size> {
    let [w0, w1, w2, h0, h1, h2] = reader.array(chunk.start + 4)?;
    Size::new(
        u32::from_le_bytes([w0, w1, w2, 0]) + 1,
        u32::from_le_bytes([h0, h1, h2, 0]) + 1,
    )
}

/// The size in a key frame of VP8 (RFC 6386 section 9.1): 14 bits each, behind a start code.
fn lossy(reader: &mut Reader<'_>, chunk: Span) -> Option<Size> {
    let [_, _, _, 0x9D, 0x01, 0x2A, w0, w1, h0, h1] = reader.array(chunk.start)? else {
        return None;
    };
    let side = |low, high| u16::from_le_bytes([low, high]) & 0x3FFF;
    Size::new(side(w0, w1), side(h0, h1))
}

/// The size in a lossless picture (RFC 9649 section 3.4): 14 bits each, each one less than it is.
fn lossless(reader: &mut Reader<'_>, chunk: Span) -> Option<Size> {
    let [0x2F, b0, b1, b2, b3] = reader.array(chunk.start)? else {
        return None;
    };
    let bits = u32::from_le_bytes([b0, b1, b2, b3]);
    Size::new((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)
}
