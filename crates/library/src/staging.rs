//! Uploads in progress: streamed into the staging folder while they are hashed. A staged file that is not committed
//! is removed again; what a crash leaves is removed by the next start's reconciliation.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
};

use safelight_core::ContentHash;
use sha2::{Digest, Sha256};

use crate::{
    disk::{Disk, Sharing},
    error::{DiskResult, IntakeError},
    open::{Core, Library},
    placement::{Bytes, hash_of},
    root::{Root, STAGING},
};

/// After how many new bytes the system is asked to begin writing them to the disk, so that the flush at the end of a
/// large file is short: 8 MiB.
pub(crate) const WRITE_BACK_EVERY: u64 = 8 << 20;

/// The shortest end of a file that is worth that hint: 1 MiB.
pub(crate) const WRITE_BACK_FROM: u64 = 1 << 20;

/// An upload whose bytes are still coming.
pub struct Upload {
    staged: StagedFile,
    hasher: Sha256,
    received: u64,
    written_back: u64,
}

/// An upload whose bytes are all here, but not yet a photo: [`Library::commit`] makes it one.
#[derive(Debug)]
pub struct Staged {
    pub(crate) staged: StagedFile,
    hash: ContentHash,
    size: u64,
}

/// The file in the staging folder. Removed when dropped, unless it was placed.
pub(crate) struct StagedFile {
    pub(crate) file: Option<File>,
    pub(crate) path: PathBuf,
    disk: Arc<dyn Disk>,
    /// Nothing is removed: it has its final name, or belongs to an upload in pieces, which outlives one failure.
    keep: bool,
    /// It is a file of somebody else's too: its time is not ours to set.
    pub(crate) linked: bool,
}

impl std::fmt::Debug for StagedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("StagedFile").field(&self.path).finish()
    }
}

impl Core {
    /// A path in the staging folder that nobody uses. Its name begins with this run's own word.
    pub(crate) fn new_staging_path(&self, library: &Path) -> PathBuf {
        let number = self.staged.fetch_add(1, Ordering::Relaxed);
        library.join(STAGING).join(format!("{}-{number}", self.run))
    }
}

impl Library {
    /// How many bytes uploads may still take before only the reserve is free.
    ///
    /// # Errors
    ///
    /// The library folder is not there, or its disk does not say.
    pub fn room(&self) -> Result<u64, IntakeError> {
        let core = self.core();
        let root = core.ready_root()?;
        let free = core
            .disk
            .free_space(&root.path)
            .doing("ask for the free space of", &root.path)?;
        Ok(free.saturating_sub(self.reserve()))
    }

    /// Begins an upload.
    ///
    /// # Errors
    ///
    /// The library folder is not there; its disk is full, or less than the reserve is free; Safelight is shutting down.
    pub fn begin_upload(&self) -> Result<Upload, IntakeError> {
        let core = self.core();
        if core.closing.load(Ordering::SeqCst) {
            return Err(IntakeError::ShuttingDown);
        }
        let root = core.ready_root()?;
        Ok(Upload {
            staged: self.new_staged(&root)?,
            hasher: Sha256::new(),
            received: 0,
            written_back: 0,
        })
    }

    /// An empty file in the staging folder.
    fn new_staged(&self, root: &Root) -> Result<StagedFile, IntakeError> {
        let core = self.core();
        self.has_room(root)?;
        let path = core.new_staging_path(&root.path);
        let file = core.disk.create(&path).doing("create", &path)?;
        Ok(StagedFile {
            file: Some(file),
            path,
            disk: Arc::clone(&core.disk),
            keep: false,
            linked: false,
        })
    }

    /// Writes bytes that are in memory into a file of the staging folder.
    pub(crate) fn stage(&self, root: &Root, bytes: &[u8]) -> Result<StagedFile, IntakeError> {
        let mut staged = self.new_staged(root)?;
        let StagedFile {
            file: Some(file),
            path,
            disk,
            ..
        } = &mut staged
        else {
            return Err(IntakeError::ShuttingDown);
        };
        disk.write(file, path, bytes).doing("write", &*path)?;
        Ok(staged)
    }

    /// An upload that shares its bytes with a file on this computer. Its hash is that of what is in the library's file
    /// now. `None` if the file systems cannot do it.
    ///
    /// # Errors
    ///
    /// As [`Self::begin_upload`].
    pub fn share(&self, from: &Path, how: Sharing) -> Result<Option<Staged>, IntakeError> {
        let core = self.core();
        if core.closing.load(Ordering::SeqCst) {
            return Err(IntakeError::ShuttingDown);
        }
        let root = core.ready_root()?;
        self.has_room(&root)?;
        let path = core.new_staging_path(&root.path);
        if let Err(error) = core.disk.share(from, &path, how) {
            tracing::debug!(from = %from.display(), ?how, %error, "the file systems cannot share a file's bytes");
            return Ok(None);
        }
        let mut staged = StagedFile {
            file: None,
            path,
            disk: Arc::clone(&core.disk),
            keep: false,
            linked: how == Sharing::Link,
        };
        // Windows flushes only what may be written to.
        let file = File::options()
            .read(true)
            .write(cfg!(windows))
            .open(&staged.path)
            .doing("open", &staged.path)?;
        let Bytes { hash, size } = hash_of(&file).doing("read", &staged.path)?;
        staged.file = Some(file);
        Ok(Some(Staged { staged, hash, size }))
    }

    /// Whether the library's disk has more than the reserve free.
    pub(crate) fn has_room(&self, root: &Root) -> Result<(), IntakeError> {
        let free = self
            .core()
            .disk
            .free_space(&root.path)
            .doing("ask for the free space of", &root.path)?;
        let reserve = self.reserve();
        if free < reserve {
            return Err(IntakeError::NoSpace {
                path: root.path.clone(),
                free,
                reserve,
            });
        }
        Ok(())
    }
}

impl Upload {
    /// Takes the next bytes. Pieces of 64 KiB and more are best.
    ///
    /// # Errors
    ///
    /// The disk is full or refuses; then the upload is lost, and should be dropped.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), IntakeError> {
        let StagedFile {
            file, path, disk, ..
        } = &mut self.staged;
        let Some(file) = file else {
            return Err(IntakeError::ShuttingDown);
        };
        disk.write(file, path, bytes).doing("write", &*path)?;
        self.hasher.update(bytes);
        self.received += bytes.len() as u64;
        let waiting = self.received - self.written_back;
        if waiting >= WRITE_BACK_EVERY {
            disk.begin_write_back(file, self.written_back, waiting);
            self.written_back = self.received;
        }
        Ok(())
    }

    /// How many bytes have been taken.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// The bytes are all here.
    ///
    /// # Errors
    ///
    /// None now; kept for file systems that report a failed write late.
    pub fn finish(self) -> Result<Staged, IntakeError> {
        let waiting = self.received - self.written_back;
        if let (Some(file), true) = (&self.staged.file, waiting >= WRITE_BACK_FROM) {
            // The metadata is read next: let the disk work meanwhile.
            self.staged
                .disk
                .begin_write_back(file, self.written_back, waiting);
        }
        Ok(Staged {
            hash: ContentHash::from_bytes(self.hasher.finalize().into()),
            size: self.received,
            staged: self.staged,
        })
    }
}

impl Staged {
    /// A file that came in pieces, whole now. It stays where it is unless it is placed.
    pub(crate) fn assembled(
        disk: &Arc<dyn Disk>,
        file: File,
        path: PathBuf,
        hash: ContentHash,
        size: u64,
    ) -> Self {
        Self {
            staged: StagedFile {
                file: Some(file),
                path,
                disk: Arc::clone(disk),
                keep: true,
                linked: false,
            },
            hash,
            size,
        }
    }

    /// The SHA-256 of its bytes.
    #[must_use]
    pub const fn hash(&self) -> ContentHash {
        self.hash
    }

    /// How many bytes it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Where it is for now, for reading its metadata.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.staged.path
    }
}

impl StagedFile {
    /// The file has its final name now: nothing is removed any more.
    pub(crate) fn placed(&mut self) {
        self.keep = true;
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        // Closed first: Windows does not remove open files.
        self.file = None;
        if let Err(error) = self.disk.remove(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "an upload's staged file could not be removed; the next start will try again");
        }
    }
}
