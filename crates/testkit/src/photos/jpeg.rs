//! JPEG (ITU-T T.81) with EXIF (CIPA DC-008).

use jiff::{civil::DateTime, tz::Offset};

use crate::Random;

/// The longest content of a segment: its length field has two bytes and counts itself.
const SEGMENT: usize = 65_533;

/// One grey block of 8×8: quantisation, frame, two Huffman tables of one code each, and a scan of two zero bits.
const IMAGE: &[&[u8]] = &[
    &[0xff, 0xdb, 0, 67, 0],
    &[16; 64],
    &[0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0],
    &[
        0xff, 0xc4, 0, 20, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ],
    &[
        0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ],
    &[0xff, 0xda, 0, 8, 1, 1, 0x00, 0, 63, 0],
    &[0x3f],
    &[0xff, 0xd9],
];

/// A JPEG of `size` bytes that every decoder accepts, filled with incompressible application segments (APP11).
///
/// The smallest possible one has some 500 bytes; a smaller `size` gives that.
#[must_use]
pub fn jpeg(taken: DateTime, offset: Option<Offset>, size: usize, random: &mut Random) -> Vec<u8> {
    let exif = exif(taken, offset);
    let image_length: usize = IMAGE.iter().map(|part| part.len()).sum();
    let fixed = 2 + 4 + exif.len() + image_length;
    let mut file = Vec::with_capacity(size.max(fixed + 12));
    file.extend([0xff, 0xd8, 0xff, 0xe1]);
    file.extend(be16(exif.len() + 2));
    file.extend(&exif);
    // At least one filler of 8 bytes, so that no two files are the same.
    let mut room = size.saturating_sub(fixed).max(12);
    while room > 0 {
        // Never leave a rest that is too small for a segment of its own.
        let content = match room - 4 {
            content if content <= SEGMENT => content,
            content if content < SEGMENT + 12 => SEGMENT - 12,
            _ => SEGMENT,
        };
        file.extend([0xff, 0xeb]);
        file.extend(be16(content + 2));
        let start = file.len();
        file.resize(start + content, 0);
        random.fill(&mut file[start..]);
        room -= content + 4;
    }
    for part in IMAGE {
        file.extend(*part);
    }
    file
}

/// An EXIF segment's content: make, model, orientation, DateTimeOriginal and, if known, OffsetTimeOriginal.
fn exif(taken: DateTime, offset: Option<Offset>) -> Vec<u8> {
    let date = taken.strftime("%Y:%m:%d %H:%M:%S\0").to_string();
    let mut main = Directory::new(8);
    main.text(0x010f, "Safelight\0");
    main.text(0x0110, "Testkit One\0");
    main.short(0x0112, 1);
    let mut photo_entries: Vec<(u16, String)> = vec![(0x9003, date)];
    if let Some(offset) = offset {
        let minutes = offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        photo_entries.push((0x9011, format!("{sign}{hours:02}:{minutes:02}\0")));
    }
    let photo_at = main.length_with(1);
    main.long(0x8769, u32::try_from(photo_at).expect("a small directory"));
    let mut photo = Directory::new(photo_at);
    for (tag, text) in &photo_entries {
        photo.text(*tag, text);
    }
    let mut segment = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
    segment.extend(main.finish());
    segment.extend(photo.finish());
    segment
}

/// One TIFF directory, little-endian, with the values that do not fit into their entry behind it.
struct Directory {
    start: usize,
    entries: Vec<Entry>,
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    value: Vec<u8>,
}

impl Directory {
    /// A directory at `start`, counted from the TIFF header.
    fn new(start: usize) -> Self {
        Self {
            start,
            entries: Vec::new(),
        }
    }

    fn add(&mut self, tag: u16, kind: u16, count: usize, value: Vec<u8>) {
        let count = u32::try_from(count).expect("a short value");
        self.entries.push(Entry {
            tag,
            kind,
            count,
            value,
        });
    }

    fn text(&mut self, tag: u16, text: &str) {
        self.add(tag, 2, text.len(), text.as_bytes().to_vec());
    }

    fn short(&mut self, tag: u16, value: u16) {
        self.add(tag, 3, 1, value.to_le_bytes().to_vec());
    }

    fn long(&mut self, tag: u16, value: u32) {
        self.add(tag, 4, 1, value.to_le_bytes().to_vec());
    }

    /// Where the bytes after this directory start, if `more` short entries are still added.
    fn length_with(&self, more: usize) -> usize {
        let outside: usize = self
            .entries
            .iter()
            .map(|e| e.value.len())
            .filter(|length| *length > 4)
            .sum();
        self.start + 2 + 12 * (self.entries.len() + more) + 4 + outside
    }

    fn finish(self) -> Vec<u8> {
        let mut outside_at = self.start + 2 + 12 * self.entries.len() + 4;
        let count = u16::try_from(self.entries.len()).expect("a few entries");
        let mut directory = count.to_le_bytes().to_vec();
        let mut outside = Vec::new();
        for Entry {
            tag,
            kind,
            count,
            mut value,
        } in self.entries
        {
            directory.extend(tag.to_le_bytes());
            directory.extend(kind.to_le_bytes());
            directory.extend(count.to_le_bytes());
            if value.len() > 4 {
                directory.extend(
                    u32::try_from(outside_at)
                        .expect("a small directory")
                        .to_le_bytes(),
                );
                outside_at += value.len();
                outside.extend(value);
            } else {
                value.resize(4, 0);
                directory.extend(value);
            }
        }
        directory.extend([0; 4]);
        directory.extend(outside);
        directory
    }
}

fn be16(number: usize) -> [u8; 2] {
    u16::try_from(number)
        .expect("a segment's length")
        .to_be_bytes()
}
