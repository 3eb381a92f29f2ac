//! The list of an archive's entries.

use thiserror::Error;

/// What an archive holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// The files that can be read, in the order in which they lie in the archive. Two may have the same name.
    pub entries: Vec<Entry>,
    /// The entries that cannot, with their names.
    pub troubles: Vec<(Box<str>, Trouble)>,
    /// What is wrong with the archive as a whole.
    pub damage: Option<Damage>,
}

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the archive calls it: a label for people and for comparing, with `/` between its parts, and never a path.
    pub name: Box<str>,
    /// Where its bytes are.
    pub packed: Packed,
}

/// Where an entry's bytes are, and what they must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Where its header begins, in bytes from the beginning of the archive.
    pub offset: u64,
    /// Bytes in the archive.
    pub packed_len: u64,
    /// Bytes when unpacked.
    pub len: u64,
    /// The CRC-32 of the unpacked bytes.
    pub crc: u32,
    /// The CRC-32 of the name's bytes, by which list and entry are compared; the name itself need not be kept.
    pub name_crc: u32,
    /// How they are packed.
    pub method: Method,
}

/// How an entry is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Not at all.
    Stored,
    /// DEFLATE (RFC 1951).
    Deflated,
}

impl Method {
    /// The way with this number (APPNOTE 6.3.10, section 4.4.5), if it is one of these.
    pub(super) const fn of(number: u16) -> Option<Self> {
        match number {
            0 => Some(Self::Stored),
            8 => Some(Self::Deflated),
            _ => None,
        }
    }
}

/// What is wrong with an archive. Its legible entries are used all the same.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Damage {
    /// There is no list of the entries at its end.
    #[error(
        "The archive ends early or its list of files is damaged; the files that could be found were used. Download this part again"
    )]
    NoDirectory,
    /// There are more than [`super::Limits::entries`].
    #[error("The archive lists more than {0} files; the others were left out")]
    TooManyEntries(usize),
    /// There are fewer entries than the archive says.
    #[error(
        "The archive says that it has {said} files, and lists {listed}. Download this part again"
    )]
    FewerEntries {
        /// What it says.
        said: u64,
        /// What it lists.
        listed: u64,
    },
}

/// Why an entry is not read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Trouble {
    /// A password is needed.
    #[error("It is encrypted. Unpack the archive with its password, and import the folder")]
    Encrypted,
    /// Neither stored nor deflated.
    #[error(
        "It is packed in a way that Safelight does not read (method {0}). Unpack the archive, and import the folder"
    )]
    Method(u16),
    /// A symbolic link.
    #[error("It is a link to another file, and links are not followed")]
    Link,
    /// A name longer than [`super::Limits::name`]; it is shown cut.
    #[error("Its name is too long to be a photo's")]
    NameTooLong,
    /// More bytes than [`super::Limits::len`].
    #[error("It says that it unpacks to {len} bytes, which is more than any photo has")]
    TooLarge {
        /// What it says.
        len: u64,
    },
    /// It unpacks to far more than photos do.
    #[error(
        "It unpacks from {packed} to {len} bytes, which no photo does. If it is yours, unpack it, and import the folder"
    )]
    Bomb {
        /// Bytes when unpacked, as it says.
        len: u64,
        /// Bytes in the archive.
        packed: u64,
    },
    /// Its bytes are another entry's too.
    #[error("Its bytes belong to another file of the archive as well")]
    Overlaps,
    /// The archive ends before the entry does.
    #[error("The archive ends before it does. Download this part again")]
    CutOff,
}

/// What an entry is called, from the bytes in the archive.
///
/// Services write UTF-8; bytes that are none become marks, for a label only has to be legible. Control characters and
/// marks of direction would make it lie about itself on a terminal or a page, and become `_`.
pub(super) fn label(name: &[u8]) -> String {
    String::from_utf8_lossy(name)
        .chars()
        .map(|c| if is_deceptive(c) { '_' } else { c })
        .collect()
}

fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
