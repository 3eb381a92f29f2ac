//! Where a repository's files lie. Nothing here knows what is in them.

mod local;
mod s3;

use bytes::Bytes;

pub(crate) use local::LocalStore;
#[cfg(not(target_os = "linux"))]
pub(crate) use local::sync_folder;
pub(crate) use s3::S3Store;

use crate::format::id::Id;

/// The folders of a repository (restic's "default" layout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folder {
    /// `keys/`
    Keys,
    /// `index/`
    Index,
    /// `snapshots/`
    Snapshots,
    /// `locks/`
    Locks,
    /// `data/xx/`
    Data,
}

impl Folder {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Keys,
        Self::Index,
        Self::Snapshots,
        Self::Locks,
        Self::Data,
    ];

    /// The folder's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Index => "index",
            Self::Snapshots => "snapshots",
            Self::Locks => "locks",
            Self::Data => "data",
        }
    }
}

/// One file of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum File {
    /// `config`
    Config,
    /// A file that is named by its bytes.
    In(Folder, Id),
}

impl File {
    /// The path below the repository, joined by `/`.
    pub(crate) fn path(self) -> String {
        match self {
            Self::Config => "config".to_owned(),
            Self::In(Folder::Data, id) => {
                let id = id.to_string();
                format!("data/{}/{id}", &id[..2])
            }
            Self::In(folder, id) => format!("{}/{id}", folder.name()),
        }
    }
}

/// A place for the files of one repository.
///
/// Every method may be called from several threads at once. Passing trouble (a dropped connection, "slow down") is
/// waited out inside; what comes back as an error is final for this call.
pub(crate) trait Store: Send + Sync {
    /// Prepares an empty repository's folders, where there is such a thing.
    fn prepare(&self) -> Result<(), StoreError>;

    /// The files of a folder and their sizes. Files whose names are not ids are left out. Unordered.
    fn list(&self, folder: Folder) -> Result<Vec<(Id, u64)>, StoreError>;

    /// A file's size; `None` if it is not there.
    fn size(&self, file: File) -> Result<Option<u64>, StoreError>;

    /// A whole file.
    fn read(&self, file: File) -> Result<Vec<u8>, StoreError>;

    /// `length` bytes from `offset` on. Fewer bytes are an error.
    fn read_range(&self, file: File, offset: u64, length: usize) -> Result<Vec<u8>, StoreError>;

    /// Writes a whole file. The file MUST appear under its name complete or not at all, and its bytes MUST survive a
    /// loss of power when this returns; its name need survive only after the next [`Self::flush`].
    fn write(&self, file: File, bytes: &Bytes) -> Result<(), StoreError>;

    /// Returns when the names of all files written before survive a loss of power.
    fn flush(&self) -> Result<(), StoreError>;

    /// Removes a file. One that is not there is no error.
    fn remove(&self, file: File) -> Result<(), StoreError>;

    /// How many files are worth writing or reading at the same time.
    fn parallel(&self) -> usize;
}

/// Why a store did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{attempt} failed: {reason}")]
pub(crate) struct StoreError {
    /// What kind of trouble it is.
    pub(crate) trouble: Trouble,
    /// What was attempted, on which file.
    pub(crate) attempt: String,
    /// What the system or the server said.
    pub(crate) reason: String,
}

/// Kinds of trouble that need different help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The file is not there.
    NotFound,
    /// The bucket is not there.
    NoPlace,
    /// No permission, or wrong keys.
    Denied,
    /// No space left.
    Full,
    /// Nobody answers, or the answer stopped midway.
    Unreachable,
    /// The file is shorter than it should be.
    TooShort,
    /// Anything else.
    Other,
}
