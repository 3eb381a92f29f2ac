//! A repository in a folder of this computer.

use std::{
    collections::BTreeSet,
    fs, io,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;

use super::{File, Folder, Store, StoreError, Trouble};
use crate::format::id::Id;

/// Unfinished files lie here, in the repository, so that a rename suffices to finish them. restic ignores it.
const TEMPORARY: &str = "tmp";

/// An unfinished file that nobody has touched for so long was left by a crash.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// A repository in a folder.
pub(crate) struct LocalStore {
    root: PathBuf,
    /// Folders with new names that are not flushed yet.
    dirty: Mutex<BTreeSet<PathBuf>>,
    counter: AtomicU64,
}

impl LocalStore {
    /// The repository in `root`, which need not exist yet.
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            dirty: Mutex::new(BTreeSet::new()),
            counter: AtomicU64::new(0),
        }
    }

    fn path(&self, file: File) -> PathBuf {
        self.root.join(file.path())
    }

    fn write_through_temporary(
        &self,
        temporary: &Path,
        target: &Path,
        bytes: &[u8],
    ) -> io::Result<()> {
        let mut file = fs::File::options()
            .write(true)
            .create_new(true)
            .open(temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        drop(file);
        match fs::rename(temporary, target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Another program may have made the repository without its 256 folders.
                if let Some(folder) = target.parent() {
                    fs::create_dir_all(folder)?;
                    sync_folder(folder.parent().unwrap_or(folder))?;
                }
                fs::rename(temporary, target)
            }
            other => other,
        }
    }

    /// Follows links, as reading does: a folder of packs may lie on another disk.
    fn list_into(&self, folder: &Path, found: &mut Vec<(Id, u64)>, deeper: bool) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let metadata = match fs::metadata(entry.path()) {
                // Removed meanwhile, or a link to nothing: not there, as for a reader.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata?,
            };
            let name = entry.file_name();
            if deeper && name.len() == 2 && metadata.is_dir() {
                self.list_into(&entry.path(), found, false)?;
            } else if let Some(id) = name.to_str().and_then(|name| name.parse().ok()) {
                found.push((id, metadata.len()));
            }
        }
        Ok(())
    }

    fn remove_abandoned(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.root.join(TEMPORARY))? {
            let entry = entry?;
            if entry
                .metadata()?
                .modified()?
                .elapsed()
                .is_ok_and(|age| age > ABANDONED)
            {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

impl Store for LocalStore {
    fn prepare(&self) -> Result<(), StoreError> {
        let failed = |error| failure("Creating the folders of a repository", &error);
        for folder in Folder::ALL {
            fs::create_dir_all(self.root.join(folder.name())).map_err(failed)?;
        }
        fs::create_dir_all(self.root.join(TEMPORARY)).map_err(failed)?;
        let data = self.root.join("data");
        for number in 0..=u8::MAX {
            let folder = data.join(hex::encode([number]));
            match fs::create_dir(&folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(failed(error));
                }
                _ => {}
            }
        }
        sync_folder(&data)
            .and_then(|()| sync_folder(&self.root))
            .map_err(failed)
    }

    fn list(&self, folder: Folder) -> Result<Vec<(Id, u64)>, StoreError> {
        let mut found = Vec::new();
        // An empty folder and a drive that is not there must not look alike.
        fs::metadata(&self.root)
            .and_then(|_| {
                self.list_into(
                    &self.root.join(folder.name()),
                    &mut found,
                    folder == Folder::Data,
                )
            })
            .map_err(|error| failure(&format!("Listing {}", folder.name()), &error))?;
        Ok(found)
    }

    fn size(&self, file: File) -> Result<Option<u64>, StoreError> {
        match fs::metadata(self.path(file)) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failure(&format!("Looking at {}", file.path()), &error)),
        }
    }

    fn read(&self, file: File) -> Result<Vec<u8>, StoreError> {
        fs::read(self.path(file))
            .map_err(|error| failure(&format!("Reading {}", file.path()), &error))
    }

    fn read_range(&self, file: File, offset: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        let read = || {
            let mut source = fs::File::open(self.path(file))?;
            source.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::with_capacity(length);
            source.take(length as u64).read_to_end(&mut bytes)?;
            if bytes.len() < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(bytes)
        };
        read().map_err(|error| failure(&format!("Reading {}", file.path()), &error))
    }

    fn write(&self, file: File, bytes: &Bytes) -> Result<(), StoreError> {
        let target = self.path(file);
        let folder = self.root.join(TEMPORARY);
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!("{}-{number}", std::process::id()));
        let write = || {
            match self.write_through_temporary(&temporary, &target, bytes) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.exists() => {
                    // The repository was made by another program. Its root must exist: an unmounted drive's does not.
                    fs::create_dir(&folder)?;
                    self.write_through_temporary(&temporary, &target, bytes)
                }
                other => other,
            }
        };
        if let Err(error) = write() {
            // Best effort: what stays is found by `remove_abandoned`.
            drop(fs::remove_file(&temporary));
            return Err(failure(&format!("Writing {}", file.path()), &error));
        }
        if let Some(folder) = target.parent() {
            self.dirty
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(folder.to_owned());
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        let mut dirty = self.dirty.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(folder) = dirty.first().cloned() {
            sync_folder(&folder)
                .map_err(|error| failure("Flushing a folder of the repository", &error))?;
            dirty.remove(&folder);
        }
        if self.counter.load(Ordering::Relaxed) > 0 {
            // Tidying is not worth failing for.
            drop(self.remove_abandoned());
        }
        Ok(())
    }

    fn remove(&self, file: File) -> Result<(), StoreError> {
        match fs::remove_file(self.path(file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failure(&format!("Removing {}", file.path()), &error))
            }
            _ => Ok(()),
        }
    }

    fn parallel(&self) -> usize {
        4
    }
}

/// Flushes the names in a folder.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Windows keeps names by itself (NTFS journals them), and does not open folders.
#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the other systems' variant can fail"
)]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

fn failure(attempt: &str, error: &io::Error) -> StoreError {
    StoreError {
        trouble: match error.kind() {
            io::ErrorKind::NotFound => Trouble::NotFound,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Trouble::Denied,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Trouble::Full,
            io::ErrorKind::UnexpectedEof => Trouble::TooShort,
            io::ErrorKind::StaleNetworkFileHandle
            | io::ErrorKind::TimedOut
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::NotConnected => Trouble::Unreachable,
            _ => Trouble::Other,
        },
        attempt: attempt.to_owned(),
        reason: error.to_string(),
    }
}
