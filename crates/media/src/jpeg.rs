//! JPEG (ISO/IEC 10918-1 annex B): the application segments before the picture hold the metadata, the frame header
//! has the size.

use crate::{
    exif,
    facts::{Preview, Size},
    found::Found,
    reader::{Fields, Reader, Span},
    sniff, wholeness, xmp,
};

const EXIF: &[u8] = b"Exif\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// The most segments that are looked at. Photos with large colour profiles and gain maps have a few dozen.
const MAX_SEGMENTS: usize = 512;
/// The most bytes between two segments that are skipped in search of the next.
const MAX_GAP: usize = 4096;

/// Reads a file that is a JPEG.
pub(crate) fn read(reader: &mut Reader<'_>, found: &mut Found) {
    let whole = reader.whole();
    let picture = read_segments(reader, whole, found);
    if found.stored.is_none() {
        found.damaged("the picture is missing");
    } else if !found.motion.is_promised && wholeness::jpeg_is_cut(reader, picture) {
        found.damaged("its end is missing");
    }
}

/// Reads a JPEG that stands for a raw picture: its metadata are the photo's, its size need not be.
pub(crate) fn read_embedded(reader: &mut Reader<'_>, span: Span, found: &mut Found) {
    let stored = found.stored;
    read_segments(reader, span, found);
    found.stored = stored;
    found.previews.extend(preview(reader, span));
}

/// A span, if a JPEG begins there.
pub(crate) fn preview(reader: &mut Reader<'_>, span: Span) -> Option<Preview> {
    let within = span.end() <= reader.whole().end();
    (within && reader.array(span.start)? == [0xFF, 0xD8, 0xFF]).then_some(Preview {
        offset: span.start,
        len: span.len,
    })
}

/// The size of the JPEG in a span, if it is one that decoders of photos can do: neither lossless, as raw data are, nor of
/// one of the kinds that nobody writes.
pub(crate) fn decodable_size(reader: &mut Reader<'_>, span: Span) -> Option<Size> {
    let mut rest = span.after(2);
    for _ in 0..MAX_SEGMENTS {
        let (kind, segment) = next_segment(reader, &mut rest)?;
        match kind {
            0xC0..=0xC2 => return frame_size(reader, segment),
            0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => return None,
            _ => {}
        }
    }
    None
}

/// Reads what stands before the picture; answers what is left from there on.
fn read_segments(reader: &mut Reader<'_>, span: Span, found: &mut Found) -> Span {
    let mut has_dates = false;
    let mut rest = span.after(2);
    for _ in 0..MAX_SEGMENTS {
        let Some((kind, segment)) = next_segment(reader, &mut rest) else {
            break;
        };
        match kind {
            0xE1 => {
                let head = reader.prefix(segment, 32);
                if head.starts_with(EXIF) && !has_dates {
                    if let Some(tiff) = sniff::find_tiff(reader, segment) {
                        has_dates = exif::read(reader, tiff, found);
                    }
                } else if head.starts_with(XMP) {
                    xmp::read(reader, segment.after(XMP.len() as u64), found);
                }
            }
            // Frame headers; DHT, JPG and DAC have numbers between them.
            0xC0..=0xCF if !matches!(kind, 0xC4 | 0xC8 | 0xCC) => {
                Found::fill(&mut found.stored, || frame_size(reader, segment));
            }
            _ => {}
        }
    }
    rest
}

fn frame_size(reader: &mut Reader<'_>, frame: Span) -> Option<Size> {
    let mut fields = Fields::new(reader, frame.after(1));
    let (height, width) = (fields.u16()?, fields.u16()?);
    Size::new(width, height)
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
