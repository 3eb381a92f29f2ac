//! What is believed of an archive.

use super::listing::{Entry, Listing, Trouble};

/// How much one archive may hold. The defaults let any export pass that a service makes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most entries. Services make parts of some ten thousand.
    pub entries: usize,
    /// The longest name, in bytes. File systems allow 255 for each of a few folders.
    pub name: usize,
    /// The largest entry, in bytes when unpacked.
    pub len: u64,
    /// How many times an entry may be as large as what it is packed in. Photos and videos hardly shrink at all; a bomb
    /// of zeros reaches 1030.
    pub ratio: u64,
    /// Entries up to this size, in bytes when unpacked, may have any ratio: text shrinks well.
    pub any_ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 1_000_000,
            name: 1024,
            len: 1 << 40,
            ratio: 200,
            any_ratio: 4 << 20,
        }
    }
}

impl Limits {
    /// Moves the entries that go beyond to the troubles.
    ///
    /// Entries that lie over each other are how few bytes unpack to very many. One that reaches into another is left
    /// out, so that each part of the archive is unpacked once at most, and one wrong length does not cost the entries
    /// behind it.
    pub(super) fn apply(&self, archive: u64, listing: &mut Listing) {
        let mut entries = std::mem::take(&mut listing.entries);
        entries.sort_by_key(|entry| entry.packed.offset);
        let mut free_to = archive;
        for entry in entries.into_iter().rev() {
            match self.trouble(archive, free_to, &entry) {
                Some(trouble) => listing.troubles.push((entry.name, trouble)),
                None => {
                    free_to = entry.packed.offset;
                    listing.entries.push(entry);
                }
            }
        }
        listing.entries.reverse();
    }

    fn trouble(&self, archive: u64, free_to: u64, entry: &Entry) -> Option<Trouble> {
        let packed = entry.packed;
        // The header lies there too; when the entry is read, that is checked.
        let end = packed
            .offset
            .checked_add(packed.packed_len)
            .filter(|end| *end <= archive);
        match end {
            None => Some(Trouble::CutOff),
            Some(end) if end > free_to => Some(Trouble::Overlaps),
            Some(_) if packed.len > self.len => Some(Trouble::TooLarge { len: packed.len }),
            Some(_)
                if packed.len > self.any_ratio && packed.len / self.ratio > packed.packed_len =>
            {
                Some(Trouble::Bomb {
                    len: packed.len,
                    packed: packed.packed_len,
                })
            }
            Some(_) => None,
        }
    }
}
