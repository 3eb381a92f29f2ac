//! JPEG XL: the container's boxes `Exif` and `xml ` (ISO/IEC 18181-2), and the beginning of the codestream with the size
//! and the orientation (ISO/IEC 18181-1 annex D). Compressed boxes (`brob`) are not read.

use crate::{
    exif,
    facts::{Orientation, Size},
    found::Found,
    isobmff::Nodes,
    reader::{Reader, Span},
    sniff, xmp,
};

/// What a codestream begins with.
const CODESTREAM: [u8; 2] = [0xFF, 0x0A];

/// Reads the file.
pub(crate) fn read(reader: &mut Reader<'_>, found: &mut Found) {
    let whole = reader.whole();
    if reader.array(0) == Some(CODESTREAM) {
        read_codestream(reader, whole, found);
        return;
    }
    let mut boxes = Nodes::of(whole);
    while let Some(node) = boxes.next(reader) {
        match &node.name {
            b"Exif" => {
                if let Some(tiff) = sniff::find_tiff(reader, node.content) {
                    exif::read(reader, tiff, found);
                }
            }
            b"xml " => xmp::read(reader, node.content, found),
            b"jxlc" => read_codestream(reader, node.content, found),
            // A part of the codestream after its number; the first one is what counts.
            b"jxlp" => read_codestream(reader, node.content.after(4), found),
            _ => {}
        }
    }
}

fn read_codestream(reader: &mut Reader<'_>, span: Span, found: &mut Found) {
    let head = reader.prefix(span, 32);
    let Some(header) = head.strip_prefix(&CODESTREAM) else {
        return;
    };
    let mut bits = Bits {
        bytes: header,
        read: 0,
    };
    if found.stored.is_none()
        && let Some((size, orientation)) = header_of(&mut bits)
    {
        found.stored = Some(size);
        // The codestream's orientation counts, and not EXIF's.
        found.orientation = Some(orientation);
    }
}

fn header_of(bits: &mut Bits<'_>) -> Option<(Size, Orientation)> {
    let in_eights = bits.take(1)? == 1;
    let side = |bits: &mut Bits<'_>| {
        Some(if in_eights {
            (bits.take(5)? + 1) * 8
        } else {
            let width = [9, 13, 18, 30].into_iter().nth(bits.take(2)? as usize)?;
            bits.take(width)? + 1
        })
    };
    let height = side(bits)?;
    let scaled = |by: u64, of: u64| u64::from(height) * by / of;
    let width = match bits.take(3)? {
        0 => u64::from(side(bits)?),
        1 => scaled(1, 1),
        2 => scaled(12, 10),
        3 => scaled(4, 3),
        4 => scaled(3, 2),
        5 => scaled(16, 9),
        6 => scaled(5, 4),
        _ => scaled(2, 1),
    };
    // Everything else is as usual, or some of it is not: then there may be an orientation.
    let is_usual = bits.take(1)? == 1;
    let has_more = !is_usual && bits.take(1)? == 1;
    let orientation = if has_more { bits.take(3)? + 1 } else { 1 };
    Some((
        Size::new(width, height)?,
        Orientation::from_exif(u64::from(orientation))?,
    ))
}

/// Bits, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    read: usize,
}

impl Bits<'_> {
    /// A number of up to 30 bits.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut number = 0;
        for place in 0..count {
            let byte = self.bytes.get(self.read / 8)?;
            number |= u32::from((byte >> (self.read % 8)) & 1) << place;
            self.read += 1;
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes numbers as bits, the lowest first.
    fn written(numbers: &[(u32, u32)]) -> Vec<u8> {
        let bits: Vec<bool> = numbers
            .iter()
            .flat_map(|&(number, count)| (0..count).map(move |place| number >> place & 1 == 1))
            .collect();
        bits.chunks(8)
            .map(|bits| {
                bits.iter()
                    .enumerate()
                    .fold(0, |byte, (place, bit)| byte | u8::from(*bit) << place)
            })
            .collect()
    }

    fn header(numbers: &[(u32, u32)]) -> Option<(u32, u32, u16)> {
        let (size, orientation) = header_of(&mut Bits {
            bytes: &written(numbers),
            read: 0,
        })?;
        Some((size.width, size.height, orientation.degrees()))
    }

    #[test]
    fn reads_sizes_in_every_form() {
        // In eights, with a width of its own; usual metadata.
        let small = [(1, 1), (1, 5), (0, 3), (3, 5), (1, 1)];
        assert_eq!(header(&small), Some((32, 16, 0)));
        // 3024 high in 13 bits, 4:3; turned by a quarter.
        let photo = [(0, 1), (1, 2), (3023, 13), (3, 3), (0, 1), (1, 1), (5, 3)];
        assert_eq!(header(&photo), Some((4032, 3024, 90)));
        // 2^30 high, twice as wide: what does not fit is no size.
        let huge = [(0, 1), (3, 2), ((1 << 30) - 1, 30), (7, 3), (1, 1)];
        assert_eq!(header(&huge), Some((1 << 31, 1 << 30, 0)));
        assert_eq!(header(&[(0, 1), (3, 2)]), None);
    }
}
