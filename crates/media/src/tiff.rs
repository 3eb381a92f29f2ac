//! The TIFF structure: directories of tagged values (TIFF 6.0 section 2), which EXIF and many raw formats use.
//!
//! Directories are only ever opened by the caller, one at a time and a bounded number of them, so a file cannot make
//! a loop.

use crate::reader::{Reader, Span};

/// The most values of an entry that are read as numbers or fractions.
const MAX_VALUES: u64 = 16;

/// `Make`: the camera's manufacturer.
pub(crate) const MAKE: u16 = 0x010F;
/// `SubIFDs`: where the sensor's data are.
pub(crate) const SUB_IFDS: u16 = 0x014A;
/// `DNGVersion`, which only DNG has.
pub(crate) const DNG_VERSION: u16 = 0xC612;

/// The most entries of a directory that are read. Real ones have fewer than 100.
const MAX_ENTRIES: u64 = 512;
/// The longest text that is read, in bytes.
const MAX_TEXT: u64 = 64;

/// Dialects of TIFF, told by the number after the byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Ordinary,
    /// BigTIFF: the same with counts and offsets of 64 bits.
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
    pub(crate) first: u64,
}

/// A directory's entries, and the offset of the directory that follows it.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    entries: Vec<Entry>,
    /// 0 if none follows.
    pub(crate) next: u64,
}

/// A tagged value, not read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    value: [u8; 8],
}

impl Directory {
    /// The first entry with a tag.
    pub(crate) fn find(&self, tag: u16) -> Option<Entry> {
        self.entries.iter().find(|entry| entry.tag == tag).copied()
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
        tiff.first = if tiff.flavour == Flavour::Big {
            tiff.u64(reader.array(span.part(8, 8)?.start)?)
        } else {
            u64::from(tiff.u32([header[4], header[5], header[6], header[7]]))
        };
        Some(tiff)
    }

    /// A structure without a header, as camera makers have it in their notes.
    pub(crate) const fn headless(span: Span, big_endian: bool) -> Self {
        Self {
            span,
            big_endian,
            flavour: Flavour::Ordinary,
            first: 0,
        }
    }

    /// Where an offset in it points to, in bytes from the beginning of the file.
    pub(crate) const fn place(&self, offset: u64) -> u64 {
        self.span.start.saturating_add(offset)
    }

    /// The directory at an offset: as many of its entries as there are.
    pub(crate) fn directory(&self, reader: &mut Reader<'_>, offset: u64) -> Directory {
        self.read_directory(reader, offset).unwrap_or_default()
    }

    fn read_directory(&self, reader: &mut Reader<'_>, offset: u64) -> Option<Directory> {
        let span = self.span.part(offset, u64::MAX)?;
        let (counted, size) = if self.flavour == Flavour::Big {
            (8, 20)
        } else {
            (2, 12)
        };
        let count = if self.flavour == Flavour::Big {
            self.u64(reader.array(span.part(0, 8)?.start)?)
        } else {
            u64::from(self.u16(reader.array(span.part(0, 2)?.start)?))
        }
        .min(MAX_ENTRIES);
        let table = reader.prefix(span.after(counted), count * size);
        let entries = table
            .chunks_exact(usize::try_from(size).ok()?)
            .filter_map(|bytes| self.entry(bytes))
            .collect();
        let after = span.after(counted + count * size);
        let next = if self.flavour == Flavour::Big {
            reader.array(after.start).map(|bytes| self.u64(bytes))
        } else {
            reader
                .array(after.start)
                .map(|bytes| u64::from(self.u32(bytes)))
        };
        Some(Directory {
            entries,
            next: next.unwrap_or(0),
        })
    }

    fn entry(&self, bytes: &[u8]) -> Option<Entry> {
        let (head, rest) = bytes.split_first_chunk::<4>()?;
        let [t0, t1, k0, k1] = *head;
        let mut value = [0; 8];
        let count = if self.flavour == Flavour::Big {
            let (count, inline) = rest.split_first_chunk::<8>()?;
            value.copy_from_slice(inline.get(..8)?);
            self.u64(*count)
        } else {
            let (count, inline) = rest.split_first_chunk::<4>()?;
            value[..4].copy_from_slice(inline.get(..4)?);
            u64::from(self.u32(*count))
        };
        Some(Entry {
            tag: self.u16([t0, t1]),
            kind: self.u16([k0, k1]),
            count,
            value,
        })
    }

    /// How many bytes of a value stand in the entry itself.
    fn inline(&self) -> u64 {
        if self.flavour == Flavour::Big { 8 } else { 4 }
    }

    /// Where an entry's value is, if it does not stand in the entry itself.
    pub(crate) fn data(&self, entry: Entry) -> Option<Span> {
        let size = entry.count.checked_mul(size_of_kind(entry.kind)?)?;
        let [v0, v1, v2, v3, ..] = entry.value;
        let offset = if self.flavour == Flavour::Big {
            self.u64(entry.value)
        } else {
            u64::from(self.u32([v0, v1, v2, v3]))
        };
        let part = self.span.part(offset, size)?;
        (size > self.inline()).then_some(part)
    }

    /// The first bytes of an entry's value, at most `most`.
    fn value(&self, reader: &mut Reader<'_>, entry: Entry, most: u64) -> Vec<u8> {
        let Some(size) = size_of_kind(entry.kind).and_then(|size| entry.count.checked_mul(size))
        else {
            return Vec::new();
        };
        if size <= self.inline() {
            let len = usize::try_from(size).unwrap_or_default();
            return entry.value.get(..len).unwrap_or_default().to_vec();
        }
        self.data(entry)
            .map(|span| reader.prefix(span, most))
            .unwrap_or_default()
    }

    /// An entry's value as text without the zero at its end; `None` if it is none.
    pub(crate) fn text(&self, reader: &mut Reader<'_>, entry: Entry) -> Option<String> {
        // Some writers call text "undefined" or "byte".
        if !matches!(entry.kind, 1 | 2 | 7) {
            return None;
        }
        let bytes = self.value(reader, entry, MAX_TEXT);
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// An entry's first values as whole numbers.
    pub(crate) fn numbers(&self, reader: &mut Reader<'_>, entry: Entry) -> Vec<u64> {
        let Some(size) = size_of_kind(entry.kind) else {
            return Vec::new();
        };
        let bytes = self.value(reader, entry, size * MAX_VALUES);
        let number = |bytes: &[u8]| {
            Some(match entry.kind {
                1 | 7 => u64::from(*bytes.first()?),
                3 => u64::from(self.u16(bytes.try_into().ok()?)),
                // 13 is "IFD".
                4 | 13 => u64::from(self.u32(bytes.try_into().ok()?)),
                16 | 18 => self.u64(bytes.try_into().ok()?),
                _ => return None,
            })
        };
        bytes
            .chunks_exact(usize::try_from(size).unwrap_or(1))
            .map_while(number)
            .collect()
    }

    /// An entry's first value as a whole number: a size, a code, the offset of a directory.
    pub(crate) fn number(&self, reader: &mut Reader<'_>, entry: Entry) -> Option<u64> {
        self.numbers(reader, entry).first().copied()
    }

    /// An entry's first fractions. One whose denominator is 0 is 0 if its numerator is, and else no number.
    pub(crate) fn fractions(&self, reader: &mut Reader<'_>, entry: Entry) -> Vec<f64> {
        if !matches!(entry.kind, 5 | 10) {
            return Vec::new();
        }
        let bytes = self.value(reader, entry, 8 * MAX_VALUES);
        let number = |bytes: &[u8]| {
            let bits = self.u32(bytes.try_into().ok()?);
            Some(if entry.kind == 10 {
                f64::from(bits.cast_signed())
            } else {
                f64::from(bits)
            })
        };
        bytes
            .chunks_exact(8)
            .map_while(|pair| {
                let (numerator, denominator) = (number(&pair[..4])?, number(&pair[4..])?);
                Some(if numerator == 0.0 {
                    0.0
                } else if denominator == 0.0 {
                    f64::NAN
                } else {
                    numerator / denominator
                })
            })
            .collect()
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

    const fn u64(&self, bytes: [u8; 8]) -> u64 {
        if self.big_endian {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        }
    }
}

/// A value's size in bytes, by its type (TIFF 6.0 section 2).
const fn size_of_kind(kind: u16) -> Option<u64> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16..=18 => Some(8),
        _ => None,
    }
}
