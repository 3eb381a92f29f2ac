//! What can go wrong, and what the owner can do about it.

use std::{io, path::PathBuf};

use safelight_core::{AssetId, DestinationId, DeviceId, DevicePath, PersonId};

use crate::{corrections::CorrectionId, kept};

/// The catalogue (SQLite) could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("Could not {attempt} in the catalogue: {source}{}", hint(.source))]
pub struct CatalogueError {
    /// What was attempted, as the continuation of "could not".
    pub attempt: &'static str,
    /// What SQLite said.
    pub source: rusqlite::Error,
}

impl CatalogueError {
    /// Whether the disk of the data folder is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
    }
}

fn hint(source: &rusqlite::Error) -> &'static str {
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => "; make room on the disk of the data folder",
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            "; `safelight rebuild` makes it anew from the library folder"
        }
        Some(
            rusqlite::ErrorCode::ReadOnly
            | rusqlite::ErrorCode::CannotOpen
            | rusqlite::ErrorCode::PermissionDenied,
        ) => "; Safelight's user must be able to write in the data folder",
        _ => "",
    }
}

/// The disk could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("Could not {attempt} {}: {source}", .path.display())]
pub struct DiskError {
    /// What was attempted, as the continuation of "could not".
    pub attempt: &'static str,
    /// On which file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl DiskError {
    pub(crate) fn new(attempt: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self {
            attempt,
            path: path.into(),
            source,
        }
    }

    /// Whether the disk, or the owner's quota on it, is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    }
}

/// Shortens `map_err(|e| DiskError::new(…))`.
pub(crate) trait DiskResult<T> {
    fn doing(self, attempt: &'static str, path: impl Into<PathBuf>) -> Result<T, DiskError>;
}

impl<T> DiskResult<T> for io::Result<T> {
    fn doing(self, attempt: &'static str, path: impl Into<PathBuf>) -> Result<T, DiskError> {
        self.map_err(|source| DiskError::new(attempt, path, source))
    }
}

/// Why the library folder cannot be used now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LibraryUnavailable {
    /// Nobody has chosen one yet.
    #[error("No library folder has been chosen yet; choose one in the set-up")]
    NotChosen,
    /// It is not there, or not ours.
    #[error("The library folder {} is not available: {reason}", .path.display())]
    Unavailable {
        /// The folder.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
}

/// Why the data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works with it.
    #[error(
        "The data folder {} is in use by another Safelight{}; stop that one first, or choose another data folder",
        .path.display(), .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    DataFolderInUse {
        /// The data folder.
        path: PathBuf,
        /// The other process, if it said.
        pid: Option<u32>,
    },
    /// The catalogue was written by a newer version.
    #[error("The catalogue {} has format {found}, which is newer than this Safelight ({known}); update Safelight", .path.display())]
    TooNew {
        /// The catalogue's file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this version knows.
        known: i64,
    },
    /// The catalogue's file cannot be read as one.
    #[error(
        "The catalogue {} is damaged ({source}); `safelight rebuild` makes it anew from the library folder",
        .path.display()
    )]
    Damaged {
        /// The catalogue's file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why a folder cannot become the library folder.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// One of library folder and data folder lies in the other.
    #[error("The library folder {} and the data folder {} must not lie in one another; choose another folder", .library.display(), .data.display())]
    Overlaps {
        /// The folder that was chosen.
        library: PathBuf,
        /// The data folder.
        data: PathBuf,
    },
    /// It has another library's marker, or none, while this catalogue already has photos.
    #[error(
        "{} is not the library folder that this catalogue belongs to ({reason}); mount the right disk, or choose the folder where the photos are",
        .path.display()
    )]
    OtherLibrary {
        /// The folder that was chosen.
        path: PathBuf,
        /// How that was seen.
        reason: String,
    },
    /// The marker cannot be read.
    #[error("The library's marker {} cannot be used: {reason}", .path.display())]
    Marker {
        /// The marker's file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder's name is not Unicode, or not absolute when the present folder is unknown.
    #[error("The library folder {} cannot be used: {reason}", .path.display())]
    Name {
        /// The folder that was chosen.
        path: PathBuf,
        /// What is wrong with its name.
        reason: String,
    },
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// Why an upload was not taken. Nothing of it is visible in the library afterwards.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The disk is full, or what must stay free of it would be used up. Transient.
    #[error("There is no room for it on the disk of {} ({} MB are free, {} MB are kept free); make room there", .path.display(), .free / 1_000_000, .reserve / 1_000_000)]
    NoSpace {
        /// The folder whose disk is full.
        path: PathBuf,
        /// How many bytes are free.
        free: u64,
        /// How many must stay free.
        reserve: u64,
    },
    /// It is a note ([`crate::notes`]), and its device's programs keep as much beside the photos as they may.
    #[error("{}", keeps_too_much(.0))]
    KeepsTooMuch(DevicePath),
    /// The library folder is not there. Transient.
    #[error(transparent)]
    LibraryUnavailable(#[from] LibraryUnavailable),
    /// The program is about to end. Transient.
    #[error("Safelight is shutting down; send it again later")]
    ShuttingDown,
    /// The folder of the device's tree that it should go to does not exist.
    #[error("The folder {:?} does not exist", .0.as_str())]
    ParentMissing(DevicePath),
    /// There is a folder of that name.
    #[error("{:?} is a folder; a file cannot take its place", .0.as_str())]
    IsFolder(DevicePath),
    /// The precondition that came with the upload does not hold.
    #[error("The file was changed in the meantime (the upload's precondition does not hold)")]
    PreconditionFailed,
    /// The device is not known, or may not add photos any more.
    #[error("Device number {0} may not add photos: it was removed, or is not known")]
    NoDevice(DeviceId),
    /// The disk. Transient.
    #[error(transparent)]
    Disk(DiskError),
    /// The catalogue. Transient.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The thread that writes the catalogue ended while this upload was waiting for it: it may or may not be stored.
    /// Sending it again is safe. Transient.
    #[error("The catalogue's writer stopped before it answered; send it again")]
    WriterStopped,
}

impl IntakeError {
    /// Whether the same upload may succeed later: 503 rather than a refusal.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::NoSpace { .. }
                | Self::LibraryUnavailable(_)
                | Self::ShuttingDown
                | Self::Disk(_)
                | Self::Catalogue(_)
                | Self::WriterStopped
        )
    }
}

impl From<DiskError> for IntakeError {
    fn from(error: DiskError) -> Self {
        if error.is_full() {
            Self::NoSpace {
                path: error.path.parent().unwrap_or(&error.path).to_owned(),
                free: 0,
                reserve: 0,
            }
        } else {
            Self::Disk(error)
        }
    }
}

/// Why a device's tree could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The device is not known.
    #[error("There is no device number {0}")]
    NoDevice(DeviceId),
    /// There is nothing of that name.
    #[error("{:?} does not exist", .0.as_str())]
    NotFound(DevicePath),
    /// The folder above does not exist.
    #[error("The folder {:?} does not exist", .0.as_str())]
    ParentMissing(DevicePath),
    /// There is something of that name.
    #[error("{:?} exists already", .0.as_str())]
    AlreadyExists(DevicePath),
    /// A folder cannot go into itself, and nothing can take the root's place.
    #[error("{:?} cannot go into itself", .0.as_str())]
    IntoItself(DevicePath),
    /// It is a file, and a folder was expected.
    #[error("{:?} is a file, not a folder", .0.as_str())]
    NotAFolder(DevicePath),
    /// A path below it would become longer than [`DevicePath::MAX_PATH`].
    #[error("What is in {:?} would get a path of more than {max} bytes there; choose a place with a shorter name", .0.as_str(), max = DevicePath::MAX_PATH)]
    TooDeep(DevicePath),
    /// It is a note ([`crate::notes`]), and the name that it should get is a photo's.
    #[error("{:?} is a file that the operating system keeps for itself, not one of the library; under a photo's name it would be taken for one", .0.as_str())]
    NoPhoto(DevicePath),
    /// Its properties would become too many or too long.
    #[error("{:?} would have more properties than are kept with one name; remove some first", .0.as_str())]
    TooManyProperties(DevicePath),
    /// The device's programs keep as much beside the photos, in notes and properties, as they may.
    #[error("{}", keeps_too_much(.0))]
    KeepsTooMuch(DevicePath),
    /// What must stay free of the disk would be used up. Transient.
    #[error("There is no room for it on the disk of {} ({} MB are free, {} MB are kept free); make room there", .path.display(), .free / 1_000_000, .reserve / 1_000_000)]
    NoSpace {
        /// The folder whose disk is full.
        path: PathBuf,
        /// How many bytes are free.
        free: u64,
        /// How many must stay free.
        reserve: u64,
    },
    /// It has too many entries to be copied in one step.
    #[error("{:?} and all in it are more than {most} entries, too many to be copied at once; copy its folders one by one", .path.as_str())]
    TooMany {
        /// The folder.
        path: DevicePath,
        /// How many can be copied at once.
        most: usize,
    },
    /// The library folder is not there.
    #[error(transparent)]
    LibraryUnavailable(#[from] LibraryUnavailable),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

fn keeps_too_much(path: &DevicePath) -> String {
    format!(
        "{:?} cannot be kept: systems' own files (._*, .DS_Store, Thumbs.db) and properties of this device take the {} MiB \
         that they may; remove some first. Photos are not counted",
        path.as_str(),
        kept::MOST_BYTES >> 20
    )
}

/// Why a photo could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such photo.
    #[error("There is no photo number {0}")]
    NoAsset(AssetId),
    /// The library folder is not there.
    #[error(transparent)]
    LibraryUnavailable(#[from] LibraryUnavailable),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// Why a row could not be added, found or changed.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// There is no such photo.
    #[error("There is no photo number {0}")]
    NoAsset(AssetId),
    /// There is no such correction.
    #[error("There is no correction number {0}")]
    NoCorrection(CorrectionId),
    /// The name is taken.
    #[error("The name {0:?} is already in use; choose another")]
    NameTaken(String),
    /// There is no such device.
    #[error("There is no device number {0}")]
    NoDevice(DeviceId),
    /// There is no such destination.
    #[error("There is no destination number {0}")]
    NoDestination(DestinationId),
    /// There is no such person.
    #[error("There is no person number {0}")]
    NoPerson(PersonId),
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// Why work over the whole library stopped.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The library folder is not there.
    #[error(transparent)]
    LibraryUnavailable(#[from] LibraryUnavailable),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// An error that can say what was being attempted when the catalogue failed.
pub(crate) trait Attempted {
    fn attempted(self, attempt: &'static str) -> Self;
}

const UNSAID: &str = "work";

impl From<LibraryError> for IntakeError {
    fn from(error: LibraryError) -> Self {
        match error {
            LibraryError::LibraryUnavailable(error) => Self::LibraryUnavailable(error),
            LibraryError::Disk(error) => error.into(),
            LibraryError::Catalogue(error) => Self::Catalogue(error),
        }
    }
}

impl From<rusqlite::Error> for CatalogueError {
    fn from(source: rusqlite::Error) -> Self {
        Self {
            attempt: UNSAID,
            source,
        }
    }
}

impl Attempted for CatalogueError {
    fn attempted(mut self, attempt: &'static str) -> Self {
        if self.attempt == UNSAID {
            self.attempt = attempt;
        }
        self
    }
}

macro_rules! from_sqlite {
    ($($error:ident)*) => {$(
        impl From<rusqlite::Error> for $error {
            fn from(source: rusqlite::Error) -> Self {
                Self::Catalogue(source.into())
            }
        }
        impl Attempted for $error {
            fn attempted(self, attempt: &'static str) -> Self {
                match self {
                    Self::Catalogue(error) => Self::Catalogue(error.attempted(attempt)),
                    other => other,
                }
            }
        }
    )*};
}

from_sqlite! { OpenError RootError IntakeError TreeError ReadError RowError LibraryError }
