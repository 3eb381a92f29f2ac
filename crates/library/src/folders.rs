//! The dated folders: which of them are known to be on the disk, and which must be flushed before an answer.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::{disk::Disk, error::DiskError, root::Root};

/// Folders whose own names this process has flushed. Only a cache: what is missing in it is flushed once more.
#[derive(Default)]
pub(crate) struct Folders {
    durable: Mutex<HashSet<PathBuf>>,
}

/// What must be flushed so that a file in a folder is there after a power cut: the folders to flush, and those whose
/// names are durable afterwards.
#[derive(Clone, Debug, Default)]
pub(crate) struct FolderWork {
    pub(crate) flush: Vec<PathBuf>,
    pub(crate) then_durable: Vec<PathBuf>,
}

impl Folders {
    /// Makes the folder (names joined by `/`, below the library folder) where it is missing.
    pub(crate) fn ensure(
        &self,
        disk: &dyn Disk,
        root: &Root,
        folder: &str,
    ) -> Result<FolderWork, DiskError> {
        let mut work = FolderWork::default();
        let mut path = root.path.clone();
        for name in folder.split('/').filter(|name| !name.is_empty()) {
            let parent = path.clone();
            path.push(name);
            if self.is_durable(&path) {
                continue;
            }
            match disk.make_folder(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(DiskError::new("create the folder", path, error)),
            }
            work.flush.push(parent);
            work.then_durable.push(path.clone());
        }
        work.flush.push(path);
        Ok(work)
    }

    fn is_durable(&self, path: &Path) -> bool {
        self.durable
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(path)
    }

    /// Notes that the folders' names are on the disk.
    pub(crate) fn durable(&self, paths: &[PathBuf]) {
        if !paths.is_empty() {
            let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
            durable.extend(paths.iter().cloned());
        }
    }

    /// After a folder turned out to be gone, or the library folder has changed.
    pub(crate) fn forget_all(&self) {
        self.durable
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
