//! One item, opened: what it is, when it was taken, whether it is wanted, and the hash of its bytes.

use std::io::{self, Read, Seek};

use safelight_core::{
    CaptureTime, ContentHash, MediaKind, Remarks, TimeSource, remarks::prevailing,
};
use safelight_library::IntakeError;
use safelight_media::{Facts, Format, Hints};
use sha2::{Digest, Sha256};

use super::{
    folder::modified,
    item::{Item, Left, Origin, Reason},
    part,
    source::{Bytes, Opener},
};
use crate::{error::EngineError, start::Engine};

/// Pieces in which a file is read, in bytes.
const PIECE: usize = 256 << 10;

/// Files that belong to a photo without being one, by their extension in lower case: the iPhone's edits, XMP.
const SIDECARS: [&str; 2] = ["aae", "xmp"];

/// Why an item is not brought in.
pub(crate) enum Trouble {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It was changed while it was read.
    Changing,
    /// The library did not take it.
    Library(IntakeError),
    /// Nothing to do with it: it would be the same with every other one.
    House(EngineError),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl From<IntakeError> for Trouble {
    fn from(error: IntakeError) -> Self {
        Self::Library(error)
    }
}

impl Trouble {
    /// What is told of it, if it is this one item's. What would meet every other item too is an error.
    pub(crate) fn of(self, item: &Item) -> Result<Left, EngineError> {
        let (reason, message) = match self {
            Self::Unreadable(error) => (
                Reason::Unreadable,
                format!(
                    "It could not be read: {error}; nothing of it was stored. Make it readable, and import it again"
                ),
            ),
            Self::Changing => (
                Reason::Changing,
                "It was changed while it was read; nothing of it was stored. Import it again when whatever writes it is \
                 done"
                    .to_owned(),
            ),
            Self::Library(
                error @ (IntakeError::NoSpace { .. }
                | IntakeError::LibraryUnavailable(_)
                | IntakeError::ShuttingDown
                | IntakeError::Catalogue(_)
                | IntakeError::WriterStopped),
            ) => return Err(error.into()),
            Self::House(error) => return Err(error),
            Self::Library(error) => (
                Reason::Refused,
                format!("It could not be stored: {error}; import it again"),
            ),
        };
        Ok(Left {
            shown: item.shown.to_string(),
            reason,
            message,
        })
    }
}

impl Engine {
    /// What a file says of itself.
    pub(crate) fn facts_of(&self, file: &mut (impl Read + Seek), item: &Item) -> Facts {
        let hints = Hints {
            name: item.name(),
            client_created: None,
            modified: item.modified,
            zone: &self.0.zone,
            now: self.0.clock.now(),
        };
        safelight_media::describe(file, &hints)
    }

    /// What an item that is a file of its own says of itself; none of an archive's entry, which has to be unpacked first.
    pub(crate) fn facts_before(
        &self,
        opener: &mut Opener,
        item: &Item,
    ) -> Result<Option<Facts>, Trouble> {
        let Bytes::File(mut file) = opener.open(item)? else {
            return Ok(None);
        };
        let facts = self.facts_of(&mut file, item);
        if facts
            .problems
            .contains(&safelight_media::Problem::Unreadable)
        {
            // Why, says the system.
            io::copy(&mut opener.open(item)?, &mut io::sink())?;
        }
        Ok(Some(facts))
    }
}

/// When an item was taken, by its own word and the collection's.
pub(crate) fn taken(own: Option<CaptureTime>, said: &Remarks) -> Option<CaptureTime> {
    prevailing(own, said.captured)
}

/// Whether nothing but the file's own time tells when it was taken.
pub(crate) fn is_undated(captured: Option<CaptureTime>) -> bool {
    captured.is_none_or(|captured| captured.source == TimeSource::FileModified)
}

/// Whether an item is a photo or a video, or is called like one, or belongs to one.
pub(crate) fn is_wanted(item: &Item, kind: MediaKind) -> bool {
    let name = item.name();
    kind != MediaKind::Other
        || Format::is_promised_by(name)
        || name.rsplit_once('.').is_some_and(|(_, extension)| {
            SIDECARS.contains(&extension.to_ascii_lowercase().as_str())
        })
}

/// Reads an item to its end. Fails if what was read is not what was listed: somebody is writing it.
pub(crate) fn read_whole(
    opener: &mut Opener,
    item: &Item,
    take: &mut dyn FnMut(&[u8]) -> Result<(), IntakeError>,
) -> Result<(), Trouble> {
    let mut bytes = opener.open(item)?;
    // One byte more than there should be: then the end is seen with the first piece.
    let piece = usize::try_from(item.length).map_or(PIECE, |length| (length + 1).min(PIECE));
    let mut buffer = vec![0; piece];
    let mut read = 0_u64;
    loop {
        let piece = match bytes.read(&mut buffer) {
            Ok(0) => break,
            Ok(piece) => piece,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        read += piece as u64;
        if read > item.length {
            return Err(Trouble::Changing);
        }
        take(&buffer[..piece])?;
    }
    if read != item.length || has_changed(item, &bytes)? {
        return Err(Trouble::Changing);
    }
    Ok(())
}

/// Whether the file of an item has another size or time now than when it was listed.
fn has_changed(item: &Item, bytes: &Bytes) -> io::Result<bool> {
    let file = match bytes {
        Bytes::File(file) => file,
        Bytes::Entry(_, part) => return part::has_changed(part),
    };
    let now = file.metadata()?;
    Ok(now.len() != item.length || modified(&now) != item.modified)
}

/// An item as it is now, if it can be looked at: what was listed long ago may have been saved since.
pub(crate) fn looked_at_again(item: &Item) -> Option<Item> {
    let Origin::File(path) = &item.origin else {
        return None;
    };
    let now = std::fs::symlink_metadata(path).ok()?;
    now.is_file().then(|| Item {
        length: now.len(),
        modified: modified(&now),
        ..item.clone()
    })
}

/// The hash of an item's bytes.
pub(crate) fn hash(opener: &mut Opener, item: &Item) -> Result<ContentHash, Trouble> {
    let mut hasher = Sha256::new();
    read_whole(opener, item, &mut |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    Ok(ContentHash::from_bytes(hasher.finalize().into()))
}
