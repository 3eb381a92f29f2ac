//! A backup: the photos that are new go into packs, the folders that changed get new lists, a snapshot names it all,
//! and then the snapshot is read again.

mod folders;
mod journal;
mod known;
mod mend;
mod pipeline;
mod proof;
mod read;
mod run;
mod snapshot;
mod trees;
mod upload;

use std::path::Path;

use safelight_core::{AssetId, ContentHash, LibraryPath, Timestamp};

pub(crate) use run::{Base, run};

/// What a backup is to do.
pub struct Backup<'a> {
    /// The library folder.
    pub library: &'a Path,
    /// The photos that are to be in the snapshot, pulled one by one as they are needed.
    pub files: &'a mut dyn Iterator<Item = NewFile>,
    /// The snapshot that was the newest when photos were last stored here: what is continued must be it, or continue
    /// it. `None` if that is not known.
    pub continues: Option<&'a str>,
    /// Other files below the library folder, stored as they are now: manifests and the library's marker. They replace
    /// what the last snapshot had under these paths.
    pub plain_files: &'a [String],
    /// What the next snapshot must not have any more.
    pub removed: &'a [LibraryPath],
    /// Asked again and again: whether to stop at once, without a snapshot.
    pub cancel: &'a (dyn Fn() -> bool + Sync),
    /// Asked before each file: whether this is enough for one snapshot. What was not pulled is neither stored nor
    /// failed.
    pub enough: &'a (dyn Fn() -> bool + Sync),
}

/// A photo to be backed up.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Which photo.
    pub asset: AssetId,
    /// Where it lies in the library.
    pub path: LibraryPath,
    /// What its bytes must hash to.
    pub hash: ContentHash,
    /// How many bytes it has.
    pub size: u64,
    /// What the snapshot records as its time.
    pub modified: Timestamp,
}

/// What a backup did.
#[derive(Debug)]
pub struct BackupReport {
    /// The snapshot that has all of [`Self::stored`]: a new one, or the last one if it had everything already. `None`
    /// when there was nothing to do.
    pub snapshot: Option<String>,
    /// The snapshot's time, or the present.
    pub at: Timestamp,
    /// Photos that are in the snapshot, found there when it was read again. Every one's bytes were read at home and
    /// had the expected hash.
    pub stored: Vec<AssetId>,
    /// Photos that are not, and why.
    pub failed: Vec<FileOutcome>,
    /// Plain files that are not in the snapshot as they are now, and why.
    pub plain_failed: Vec<(String, Failure)>,
    /// Bytes that were sent, encrypted.
    pub bytes_added: u64,
    /// Packs that were sent.
    pub packs: u64,
    /// Pieces of photos that were stored before and of which no sound copy is left here. Which photos they belong to, of
    /// this snapshot or of older ones, a verification tells; the next backup of these stores them anew.
    pub lost: u64,
    /// Why the destination could not be put in order after the snapshot was finished: its index may still name packs that
    /// are lost, or our lock may still be there. The next backup tries again.
    pub untidy: Option<String>,
}

/// A photo that is not in the snapshot.
#[derive(Debug)]
pub struct FileOutcome {
    /// Which photo.
    pub asset: AssetId,
    /// Where it should lie in the library.
    pub path: LibraryPath,
    /// Why it is not there.
    pub why: Failure,
}

/// Why a photo is not in the snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// There is no such file at home.
    #[error("The file is not there")]
    Missing,
    /// The file cannot be read.
    #[error("The file cannot be read: {0}")]
    Unreadable(String),
    /// The bytes differ from the hash: rot, or an edit. Never backed up.
    #[error(
        "The file's bytes are not the photo's any more (their SHA-256 is {found}), so they were not stored"
    )]
    NotThePhoto {
        /// The hash of the bytes that were found.
        found: ContentHash,
    },
    /// Not found when the finished snapshot was read again.
    #[error("The finished snapshot was read again and does not have the photo as it should: {0}")]
    NotInSnapshot(String),
}
