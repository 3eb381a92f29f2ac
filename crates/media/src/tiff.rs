//! The TIFF structure: directories of tagged values (TIFF 6.0 section 2), which EXIF and many raw formats use.
//!
//! Directories are only ever opened at a known place by the caller; no chain of them is followed, so a file cannot
//! make a loop.

use crate::reader::{Reader, Span};

/// `Make`: the camera's manufacturer.
pub(crate) const MAKE: u16 = 0x010F;
/// `SubIFDs`: where the sensor's data are.
pub(crate) const SUB_IFDS: u16 = 0x014A;
/// `DNGVersion`, which only DNG has.
pub(crate) const DNG_VERSION: u16 = 0xC612;

/// The most entries of a directory that are read. Real ones have fewer than 100.
const MAX_ENTRIES: u16 = 512;
/// The longest text that is read, in bytes.
const MAX_TEXT: u64 = 64;

/// Dialects of TIFF, told by the number after the byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Ordinary,
    /// BigTIFF, whose directories are built otherwise and not read here.
    Big,
    Olympus,
    Panasonic,
}

/// A TIFF structure in a file; offsets in it count from the beginning of its span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiff {
    span: Span,
    big_endian: bool,
    /// Which dialect it is.
    pub(crate) flavour: Flavour,
    /// The offset of the first directory.
    pub(crate) first: u32,
}

/// A directory's entries.
#[derive(Debug, Default)]
pub(crate) struct Directory(Vec<Entry>);

/// A tagged value, not read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    value: [u8; 4],
}

impl Directory {
    /// The first entry with a tag.
    pub(crate) fn find(&self, tag: u16) -> Option<Entry> {
        self.0.iter().find(|entry| entry.tag == tag).copied()
    }
}

impl Tiff {
    /// Reads the header. `None` if it is not one.
    pub(crate) fn open(reader: &mut Reader<'_>, span: Span) -> Option<Self> {
        let header: [u8; 8] =
            reader.array(span.part(0, 8).filter(|header| header.len == 8)?.start)?;
        let big_endian = match header {
            [b'I', b'I', ..] => false,
            [b'M', b'M', ..] => true,
            _ => return None,
        };
        let mut tiff = Self {
            span,
            big_endian,
            flavour: Flavour::Ordinary,
            first: 0,
        };
        tiff.flavour = match tiff.u16([header[2], header[3]]) {
            42 => Flavour::Ordinary,
            43 => Flavour::Big,
            0x4F52 | 0x5352 => Flavour::Olympus,
            0x55 => Flavour::Panasonic,
            _ => return None,
        };
        tiff.first = tiff.u32([header[4], header[5], header[6], header[7]]);
        Some(tiff)
    }

    /// The directory at an offset: as many of its entries as there are.
    pub(crate) fn directory(&self, reader: &mut Reader<'_>, offset: u32) -> Directory {
        self.entries(reader, offset)
            .map(Directory)
            .unwrap_or_default()
    }

    fn entries(&self, reader: &mut Reader<'_>, offset: u32) -> Option<Vec<Entry>> {
        let span = self.span.part(u64::from(offset), u64::MAX)?;
        let count = self
            .u16(reader.array(span.part(0, 2)?.start)?)
            .min(MAX_ENTRIES);
        let table = reader.prefix(span.after(2), u64::from(count) * 12);
        let entry = |bytes: &[u8]| {
            let bytes: [u8; 12] = bytes.try_into().ok()?;
            let [t0, t1, k0, k1, c0, c1, c2, c3, value @ ..] = bytes;
            Some(Entry {
                tag: self.u16([t0, t1]),
                kind: self.u16([k0, k1]),
                count: self.u32([c0, c1, c2, c3]),
                value,
            })
        };
        Some(table.chunks_exact(12).filter_map(entry).collect())
    }

    /// Where an entry's value is, if it does not stand in the entry itself.
    pub(crate) fn data(&self, entry: Entry) -> Option<Span> {
        let size = u64::from(entry.count) * size_of_kind(entry.kind)?;
        let part = self.span.part(u64::from(self.u32(entry.value)), size)?;
        (size > 4).then_some(part)
    }

    /// An entry's value as text without the zero at its end; `None` if it is none or too long.
    pub(crate) fn text(&self, reader: &mut Reader<'_>, entry: Entry) -> Option<String> {
        // Some writers call text "undefined" or "byte".
        if !matches!(entry.kind, 1 | 2 | 7) {
            return None;
        }
        let bytes = match self.data(entry) {
            Some(span) => reader.prefix(span, MAX_TEXT),
            None => entry
                .value
                .get(..usize::try_from(entry.count).ok()?)?
                .to_vec(),
        };
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// An entry's value as the offset of a directory.
    pub(crate) fn pointer(&self, entry: Entry) -> Option<u32> {
        // 13 is "IFD", 4 is "LONG"; 3 ("SHORT") is wrong and exists.
        match entry.kind {
            4 | 13 => Some(self.u32(entry.value)),
            3 => Some(u32::from(self.u16([entry.value[0], entry.value[1]]))),
            _ => None,
        }
    }

    /// The first three fractions of an entry, rounded down.
    pub(crate) fn three_fractions(
        &self,
        reader: &mut Reader<'_>,
        entry: Entry,
    ) -> Option<[u32; 3]> {
        if !matches!(entry.kind, 5 | 10) {
            return None;
        }
        let span = self.data(entry).filter(|span| span.len >= 24)?;
        let bytes: [u8; 24] = reader.array(span.start)?;
        let mut whole = [0; 3];
        for (whole, fraction) in whole.iter_mut().zip(bytes.chunks_exact(8)) {
            let number = |at: usize| Some(self.u32(fraction.get(at..at + 4)?.try_into().ok()?));
            *whole = number(0)?.checked_div(number(4)?)?;
        }
        Some(whole)
    }

    const fn u16(&self, bytes: [u8; 2]) -> u16 {
        if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        }
    }

    const fn u32(&self, bytes: [u8; 4]) -> u32 {
        if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }
}

/// A value's size in bytes, by its type (TIFF 6.0 section 2).
const fn size_of_kind(kind: u16) -> Option<u64> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 => Some(8),
        _ => None,
    }
}
