//! The way back: photos out of a repository, each piece compared with the SHA-256 that names it.

mod flush;
mod listing;
mod restore;
mod transfer;
mod verify;

use std::path::Path;

use safelight_core::{AssetId, ContentHash, LibraryPath};

pub(crate) use restore::run as restore;
pub(crate) use verify::run as verify;

/// What is to be restored.
pub struct Restore<'a> {
    /// The snapshot's id or its beginning; `None` for the latest.
    pub snapshot: Option<&'a str>,
    /// Files or folders; empty for everything.
    pub paths: &'a [LibraryPath],
    /// Files that are wanted with them where the snapshot has them. None if everything is wanted.
    pub also: &'a [LibraryPath],
    /// The folder to restore to. What is in it already is never overwritten.
    pub to: &'a Path,
}

/// What a restore did.
#[derive(Debug, Default)]
pub struct RestoreReport {
    /// Files that are in the folder now, flushed, with those that were there already, byte for byte.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are not, and why.
    pub failures: Vec<FileFailure>,
}

/// A file that could not be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFailure {
    /// Its path in the snapshot.
    pub path: String,
    /// Why.
    pub message: String,
}

/// What is to be verified against the latest snapshot.
pub struct Verify<'a> {
    /// The photos that should be there.
    pub photos: &'a mut dyn Iterator<Item = (AssetId, LibraryPath, ContentHash)>,
    /// Whether to fetch every photo's bytes and hash them, or only to look that everything is in its place.
    pub read_back: bool,
}

/// What a verification found out about one photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyOutcome {
    /// It is there; with `read_back`, all its bytes are the photo's.
    Good,
    /// The latest snapshot does not have it.
    Missing,
    /// The snapshot has it, and it cannot be restored: why.
    Damaged(String),
}

/// What a verification found out in all.
#[derive(Debug, Default)]
pub struct VerifyReport {
    /// The snapshot that was looked at; `None` if there is none.
    pub snapshot: Option<String>,
    /// Photos that are good.
    pub good: u64,
    /// Photos that the snapshot does not have.
    pub missing: u64,
    /// Photos that cannot be restored.
    pub damaged: u64,
    /// Bytes of photos that were read back.
    pub bytes_read: u64,
    /// What is wrong with the repository beside single photos.
    pub problems: Vec<String>,
}
