//! Reading untrusted files within limits.

use std::io::{Read, Seek, SeekFrom};

/// Something that can be read at any place.
pub(crate) trait ReadSeek: Read + Seek {}

impl<T: Read + Seek + ?Sized> ReadSeek for T {}

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Where it begins, in bytes from the beginning of the file.
    pub(crate) start: u64,
    /// How many bytes it has.
    pub(crate) len: u64,
}

impl Span {
    /// Where it ends: the first byte after it.
    pub(crate) const fn end(self) -> u64 {
        self.start.saturating_add(self.len)
    }

    /// The part from `skip` on; empty if there is none.
    pub(crate) const fn after(self, skip: u64) -> Self {
        Self {
            start: self.start.saturating_add(skip),
            len: self.len.saturating_sub(skip),
        }
    }

    /// The part of `len` bytes at `offset`, cut off where this span ends; `None` if it would begin behind that.
    pub(crate) fn part(self, offset: u64, len: u64) -> Option<Self> {
        let rest = self.len.checked_sub(offset)?;
        Some(Self {
            start: self.start.checked_add(offset)?,
            len: len.min(rest),
        })
    }
}

/// Positional reads with a budget.
///
/// Nothing here reports an error: bytes that are not there, cannot be read or cost more than the budget are `None`.
/// Small reads near each other cost one read of the file, because a page of it is kept.
pub(crate) struct Reader<'f> {
    file: &'f mut dyn ReadSeek,
    len: u64,
    page: Vec<u8>,
    page_number: Option<u64>,
    budget: u64,
    failed: bool,
}

impl<'f> Reader<'f> {
    /// How much of a file is kept in memory and read at once, in bytes.
    const PAGE: u64 = 4096;
    /// How much is read of one file altogether, in bytes. Ordinary files need a hundredth of it.
    const BUDGET: u64 = 4 << 20;
    /// The largest piece that is handed out, in bytes.
    pub(crate) const MAX_PIECE: u64 = 1 << 20;

    pub(crate) fn new(file: &'f mut dyn ReadSeek) -> Self {
        // A file whose end cannot be found is treated like an empty one.
        let end = file.seek(SeekFrom::End(0));
        let failed = end.is_err();
        let len = end.unwrap_or(0);
        Self {
            file,
            len,
            page: Vec::new(),
            page_number: None,
            budget: Self::BUDGET,
            failed,
        }
    }

    /// Whether the file could not be read somewhere.
    pub(crate) const fn has_failed(&self) -> bool {
        self.failed
    }

    /// Whether more was wanted than the budget allows.
    pub(crate) const fn is_spent(&self) -> bool {
        self.budget == 0
    }

    /// The whole file.
    pub(crate) const fn whole(&self) -> Span {
        Span {
            start: 0,
            len: self.len,
        }
    }

    /// `N` bytes at `at`.
    pub(crate) fn array<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(at, &mut bytes)?;
        Some(bytes)
    }

    /// All bytes of a span; `None` if it is longer than [`Self::MAX_PIECE`] or than the file.
    pub(crate) fn bytes(&mut self, span: Span) -> Option<Vec<u8>> {
        if span.len > Self::MAX_PIECE || span.start.checked_add(span.len)? > self.len {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(span.len).ok()?];
        self.fill(span.start, &mut bytes)?;
        Some(bytes)
    }

    /// The first bytes of a span: `most` of them, or as many as it has.
    pub(crate) fn prefix(&mut self, span: Span, most: u64) -> Vec<u8> {
        let there = span.end().min(self.len).saturating_sub(span.start);
        let first = Span {
            start: span.start,
            len: there.min(most),
        };
        self.bytes(first).unwrap_or_default()
    }

    fn fill(&mut self, at: u64, bytes: &mut [u8]) -> Option<()> {
        let wanted = u64::try_from(bytes.len()).ok()?;
        if at.checked_add(wanted)? > self.len {
            return None;
        }
        let (mut at, mut bytes) = (at, bytes);
        while !bytes.is_empty() {
            let within = usize::try_from(at % Self::PAGE).ok()?;
            self.load(at / Self::PAGE)?;
            // Never empty: `at` lies before the end of the file, and so within this page.
            let there = self.page.get(within..).filter(|there| !there.is_empty())?;
            let (now, later) = bytes.split_at_mut(there.len().min(bytes.len()));
            now.copy_from_slice(&there[..now.len()]);
            at += u64::try_from(now.len()).ok()?;
            bytes = later;
        }
        Some(())
    }

    fn load(&mut self, number: u64) -> Option<()> {
        if self.page_number == Some(number) {
            return Some(());
        }
        let start = number * Self::PAGE;
        let len = self.len.checked_sub(start)?.min(Self::PAGE);
        let Some(budget) = self.budget.checked_sub(len) else {
            self.budget = 0;
            return None;
        };
        self.budget = budget;
        self.page_number = None;
        self.page.resize(usize::try_from(len).ok()?, 0);
        let read = self
            .file
            .seek(SeekFrom::Start(start))
            .and_then(|_| self.file.read_exact(&mut self.page));
        if read.is_err() {
            self.failed = true;
            return None;
        }
        self.page_number = Some(number);
        Some(())
    }
}

/// Big-endian numbers, one after the other, from a span.
pub(crate) struct Fields<'r, 'f> {
    reader: &'r mut Reader<'f>,
    span: Span,
}

impl<'r, 'f> Fields<'r, 'f> {
    pub(crate) const fn new(reader: &'r mut Reader<'f>, span: Span) -> Self {
        Self { reader, span }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let len = N as u64;
        if len > self.span.len {
            return None;
        }
        let bytes = self.reader.array(self.span.start)?;
        self.span = self.span.after(len);
        Some(bytes)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A number of 0, 2, 4 or 8 bytes; one of 0 bytes is 0.
    pub(crate) fn sized(&mut self, bytes: u8) -> Option<u64> {
        match bytes {
            0 => Some(0),
            2 => self.u16().map(u64::from),
            4 => self.u32().map(u64::from),
            8 => self.u64(),
            _ => None,
        }
    }

    /// What has not been read yet.
    pub(crate) const fn rest(&self) -> Span {
        self.span
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn reads_across_pages_and_not_beyond_the_end() {
        let bytes: Vec<u8> = (0..10_000u32).map(|n| n as u8).collect();
        let mut file = Cursor::new(bytes.clone());
        let mut reader = Reader::new(&mut file);
        assert_eq!(
            reader
                .bytes(Span {
                    start: 4090,
                    len: 5000
                })
                .unwrap(),
            bytes[4090..9090]
        );
        assert_eq!(reader.array::<4>(9_996).unwrap(), bytes[9_996..]);
        assert_eq!(reader.array::<4>(9_997), None);
        assert_eq!(reader.array::<4>(u64::MAX), None);
        assert_eq!(
            reader.prefix(
                Span {
                    start: 9_999,
                    len: 50
                },
                10
            ),
            bytes[9_999..]
        );
        assert_eq!(
            reader.bytes(Span {
                start: 1,
                len: u64::MAX
            }),
            None
        );
    }

    #[test]
    fn stops_when_the_budget_is_used_up() {
        let mut file = Cursor::new(vec![0; 8 << 20]);
        let mut reader = Reader::new(&mut file);
        let readable = (0..2048)
            .filter(|page| reader.array::<1>(page * Reader::PAGE).is_some())
            .count();
        assert_eq!(readable as u64, Reader::BUDGET / Reader::PAGE);
    }

    #[test]
    fn a_span_never_leaves_its_parent() {
        let span = Span { start: 10, len: 20 };
        assert_eq!(span.part(5, u64::MAX), Some(Span { start: 15, len: 15 }));
        assert_eq!(span.part(21, 1), None);
        assert_eq!(span.after(50).len, 0);
    }
}
