//! What a collection offers: files with the way to their bytes, and what a person must be told of the rest.
//!
//! A collection is whatever a person points at: a folder, a camera card, the parts of an export. A source lists it as a
//! row of [`Found`]; nothing here reads bytes or knows the library. A collection may have a million files, so an [`Item`]
//! stays below some 200 bytes with its names.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use safelight_core::{Remarks, Timestamp};
use safelight_exports::archive::Packed;

/// One thing that a source came upon.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A file that may be brought in.
    Item(Item),
    /// Something that is not brought in, with its reason. Told to the person by name, never skipped in silence.
    Left(Left),
    /// What an operating system or a camera writes for itself (`Thumbs.db`, `.thumbnails`, indexes): counted, not named.
    PassedOver,
}

/// A file of a collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// How its bytes are opened.
    pub origin: Origin,
    /// Where it is inside the collection, for a person: names joined by `/`. Only ever a label, never a path to open.
    /// Whatever belongs together (a Live Photo, a sidecar) has the same folder here.
    pub shown: Box<str>,
    /// The name that it should have in the library, where it is not the last one of `shown`.
    pub wish: Option<Box<str>>,
    /// Bytes, as the collection says; what is read decides.
    pub length: u64,
    /// The file's modification time, as the collection says.
    pub modified: Option<Timestamp>,
    /// What the collection says of it beside its bytes. Boxed, since most collections say nothing.
    pub remarks: Option<Box<Remarks>>,
}

/// How a file's bytes are opened, again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file that can be opened by this absolute path.
    File(Box<Path>),
    /// An entry of an archive.
    Entry {
        /// The archive.
        part: Arc<Part>,
        /// The entry's number among those of the archive that can be read, from 0.
        number: u32,
    },
}

/// An archive, one of the parts of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its absolute path.
    pub path: PathBuf,
    /// Its modification time when it was listed: as long as it stays, so do its entries.
    pub modified: Timestamp,
    /// Where its entries are, by their numbers.
    pub entries: Box<[Packed]>,
}

/// Something of a collection that stays where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Where it is inside the collection, for a person.
    pub shown: String,
    /// What kind of reason it is.
    pub reason: Reason,
    /// What happened and what to do, in a sentence.
    pub message: String,
}

/// Why something of a collection is not brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It cannot be read: permissions, a bad block, a damaged or encrypted entry of an archive.
    Unreadable,
    /// It was changed while it was read.
    Changing,
    /// An entry of an archive whose name leads out of it.
    UnsafeName,
    /// A part of an export is missing, or ends early.
    MissingPart,
    /// A link: what it leads to may be somewhere else, or nowhere.
    Link,
    /// Neither a photo or video nor what belongs to one.
    NotAPhoto,
    /// The collection's owner has thrown it away: it lies in the collection's trash.
    ThrownAway,
    /// The library did not take it.
    Refused,
    /// A folder beside those that a camera or a phone puts photos into, or the library itself.
    NotLookedInto,
}

impl Reason {
    /// All of them, what a person has to do something about first.
    pub const ALL: [Self; 9] = [
        Self::Unreadable,
        Self::MissingPart,
        Self::Changing,
        Self::Refused,
        Self::UnsafeName,
        Self::Link,
        Self::ThrownAway,
        Self::NotLookedInto,
        Self::NotAPhoto,
    ];

    /// The word used in the catalogue and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Changing => "changing",
            Self::UnsafeName => "unsafe-name",
            Self::MissingPart => "missing-part",
            Self::Link => "link",
            Self::NotAPhoto => "not-a-photo",
            Self::ThrownAway => "thrown-away",
            Self::Refused => "refused",
            Self::NotLookedInto => "not-looked-into",
        }
    }

    /// Reads [`Self::as_str`]'s word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// Whether it is a trouble: something that the person may have wanted and did not get. The others are as they should be.
    #[must_use]
    pub const fn is_trouble(self) -> bool {
        !matches!(
            self,
            Self::NotAPhoto | Self::ThrownAway | Self::NotLookedInto
        )
    }
}

impl Item {
    /// The name that it should have in the library.
    #[must_use]
    pub fn name(&self) -> &str {
        self.wish.as_deref().unwrap_or_else(|| self.split().1)
    }

    /// Its folder inside the collection; empty for the collection itself.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.split().0
    }

    fn split(&self) -> (&str, &str) {
        self.shown.rsplit_once('/').unwrap_or(("", &self.shown))
    }

    /// What its bytes are known by from one run to the next, beside their length and [`Self::unchanged_since`]. None for a
    /// path that is not Unicode: what two such files had in common would not tell them apart.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        match &self.origin {
            Origin::File(path) => path.to_str().map(ToOwned::to_owned),
            // `//` is in no absolute path.
            Origin::Entry { part, number } => {
                part.path.to_str().map(|path| format!("{path}//{number}"))
            }
        }
    }

    /// As long as the file, or the archive that it is in, has this modification time, its bytes are taken to be the same.
    #[must_use]
    pub fn unchanged_since(&self) -> Option<Timestamp> {
        match &self.origin {
            Origin::File(_) => self.modified,
            Origin::Entry { part, .. } => Some(part.modified),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(shown: &str, wish: Option<&str>) -> Item {
        Item {
            origin: Origin::File(Path::new("/card/DCIM/a.jpg").into()),
            shown: shown.into(),
            wish: wish.map(Into::into),
            length: 1,
            modified: None,
            remarks: None,
        }
    }

    #[test]
    fn a_name_and_a_folder_come_from_what_is_shown() {
        let inside = item("DCIM/100/a.jpg", None);
        assert_eq!((inside.folder(), inside.name()), ("DCIM/100", "a.jpg"));
        let outside = item("a.jpg", Some("long name.jpg"));
        assert_eq!((outside.folder(), outside.name()), ("", "long name.jpg"));
    }

    #[test]
    fn an_item_is_small() {
        assert!(size_of::<Item>() <= 112, "{}", size_of::<Item>());
    }

    #[test]
    fn entries_of_one_archive_are_told_apart() {
        let entry = |number| Item {
            origin: Origin::Entry {
                part: Arc::new(Part {
                    path: "/x/takeout-001.zip".into(),
                    modified: Timestamp::UNIX_EPOCH,
                    entries: Box::default(),
                }),
                number,
            },
            ..item("a.jpg", None)
        };
        assert_eq!(entry(3).place().as_deref(), Some("/x/takeout-001.zip//3"));
        assert_ne!(entry(3).place(), entry(4).place());
        assert_eq!(
            entry(3).unchanged_since(),
            Some(Timestamp::UNIX_EPOCH),
            "an entry changes only with its archive"
        );
    }

    #[test]
    fn words_lead_back_to_reasons() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_word(reason.as_str()), Some(reason));
        }
    }
}
