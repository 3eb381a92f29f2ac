//! How a durable staged file gets its final name: never over another file, never half.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use safelight_core::{ContentHash, FileName, LibraryPath, Timestamp};
use sha2::{Digest, Sha256};

use crate::{
    asset::{self, Asset},
    error::{DiskError, DiskResult, IntakeError, LibraryError},
    folders::FolderWork,
    groups::Naming,
    intake::modified_of,
    names::{Reservation, Stem},
    open::Core,
    root::{QUARANTINE, Root, make_folders},
    staging::StagedFile,
};

/// What a file's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes {
    pub(crate) hash: ContentHash,
    pub(crate) size: u64,
}

/// A file that has its final name, which is not yet in the catalogue.
pub(crate) struct Placed {
    pub(crate) path: LibraryPath,
    absolute: PathBuf,
    /// Whether this upload put it there. If not, it lay there already with the same bytes.
    ours: bool,
    folders: FolderWork,
    _name: Reservation,
}

impl Placed {
    /// The folders to flush before anybody is told of the file.
    pub(crate) fn folders(&self) -> &FolderWork {
        &self.folders
    }

    /// Takes the file away again, because its upload was refused after all.
    pub(crate) fn undo(&self, core: &Core) {
        if !self.ours {
            return;
        }
        if let Err(error) = core.disk.remove(&self.absolute) {
            core.unclean
                .store(true, std::sync::atomic::Ordering::SeqCst);
            tracing::warn!(path = %self.absolute.display(), %error, "a refused upload's file could not be removed; the next start will file it");
        }
    }
}

/// What lies where a known photo's file should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lying {
    /// No file.
    Nothing,
    /// The photo: all its bytes were read.
    Photo,
    /// A file of other bytes that nobody touched since it was stored: it has the photo's size and time.
    Rot,
    /// Anything else: somebody's edit, or what cannot be read. Never ours to move.
    Other,
}

impl Core {
    /// Sets the file's time and flushes it: bytes, length and times are on the disk when this returns. Closes it, and
    /// returns the modification time as the file system keeps it.
    pub(crate) fn make_durable(
        &self,
        staged: &mut StagedFile,
        time: Option<Timestamp>,
    ) -> Result<Timestamp, DiskError> {
        let path = staged.path.clone();
        let Some(file) = staged.file.take() else {
            return Err(io::Error::from(io::ErrorKind::NotFound)).doing("flush", path);
        };
        if let Some(time) = time.filter(|_| !staged.linked) {
            match self.disk.set_modified(&file, &path, time) {
                // A year that this file system has no room for. The capture time is in the catalogue and the manifest.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    tracing::debug!(%time, "the file system cannot keep this modification time");
                }
                other => other.doing("set the modification time of", &path)?,
            }
        }
        self.disk.sync_file(&file, &path).doing("flush", &path)?;
        let metadata = file.metadata().doing("look at", &path)?;
        modified_of(&metadata, &path)
    }

    /// Returns when the names in these folders, and of these folders, are on the disk.
    pub(crate) fn flush_folders(&self, work: &FolderWork) -> Result<(), DiskError> {
        for folder in &work.flush {
            self.disk
                .sync_folder(folder)
                .doing("flush the folder", folder)?;
        }
        self.folders.durable(&work.then_durable);
        Ok(())
    }

    /// Gives a new photo's file the first free name: the wished one, or that with `-2`, `-3`, …
    pub(crate) fn place_new(
        &self,
        root: &Root,
        staged: &mut StagedFile,
        folder: &str,
        wish: &FileName,
        naming: Naming,
        bytes: Bytes,
    ) -> Result<Placed, IntakeError> {
        let mut unusable = HashSet::new();
        loop {
            let (number, path, name) = self.free_name(folder, wish, naming, &unusable)?;
            let absolute = root.file(&path);
            let (ours, folders) = match self.place_at(root, &staged.path, &path)? {
                Some(folders) => (true, folders),
                // Unknown to the catalogue: most often what a crash left of this very upload.
                None if self.adopt_same(&absolute, bytes)? => (
                    false,
                    self.folders
                        .ensure(self.disk.as_ref(), root, path.folder())?,
                ),
                None => {
                    unusable.insert(number);
                    continue;
                }
            };
            if ours {
                staged.placed();
            }
            return Ok(Placed {
                path,
                absolute,
                ours,
                folders,
                _name: name,
            });
        }
    }

    /// Looks at what lies where a known photo's file should be, and reads it to its end.
    pub(crate) fn look_at(&self, path: &Path, known: &Asset) -> Result<Lying, LibraryError> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(Lying::Nothing);
            }
            Err(error) => return Err(error).doing("look at", path)?,
        };
        if !metadata.is_file() {
            return Ok(Lying::Other);
        }
        let file = File::open(path).doing("open", path)?;
        let found = match hash_of(&file) {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a photo's file cannot be read; its bytes get another one");
                return Ok(Lying::Other);
            }
        };
        if found.hash == known.hash {
            return Ok(Lying::Photo);
        }
        // A link is never rot: somebody made it.
        let itself = fs::symlink_metadata(path).doing("look at", path)?;
        let untouched = itself.is_file()
            && self.is_untouched(known, itself.len(), modified_of(&itself, path)?)?;
        Ok(if untouched { Lying::Rot } else { Lying::Other })
    }

    /// Puts a known photo's bytes back where [`Self::look_at`] did not find them. Rot there goes into quarantine; any
    /// other file there is somebody's, and the photo gets another name.
    pub(crate) fn place_again(
        &self,
        root: &Root,
        staged: &mut StagedFile,
        known: &Asset,
        lying: Lying,
    ) -> Result<Placed, IntakeError> {
        let bytes = Bytes {
            hash: known.hash,
            size: known.size,
        };
        let absolute = root.file(&known.path);
        if lying != Lying::Other
            && let Some(name) = self.names.reserve(&known.path)
        {
            if lying == Lying::Rot {
                self.quarantine(root, &absolute, known)?;
            }
            let mut placed = self.place_at(root, &staged.path, &known.path)?;
            let ours = placed.is_some();
            if !ours && self.adopt_same(&absolute, bytes)? {
                placed = Some(self.folders.ensure(
                    self.disk.as_ref(),
                    root,
                    known.path.folder(),
                )?);
            }
            if let Some(folders) = placed {
                if ours {
                    staged.placed();
                }
                return Ok(Placed {
                    path: known.path.clone(),
                    absolute,
                    ours,
                    folders,
                    _name: name,
                });
            }
        }
        // The catalogue will not know what lies there now: the next start takes it in.
        self.unclean
            .store(true, std::sync::atomic::Ordering::SeqCst);
        let wish = FileName::from_wish(known.path.name());
        self.place_new(
            root,
            staged,
            known.path.folder(),
            &wish,
            Naming::Free,
            bytes,
        )
    }

    fn quarantine(&self, root: &Root, damaged: &Path, known: &Asset) -> Result<(), DiskError> {
        let folder = root.folder(QUARANTINE);
        make_folders(self.disk.as_ref(), &folder)?;
        for number in 1_u32.. {
            let aside = folder.join(format!("{}-{number}", known.hash));
            match self.disk.place(damaged, &aside) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => return other.doing("quarantine", damaged),
            }
        }
        Ok(())
    }

    /// Renames a file into the library, without replacing. `None` if there is something of that name.
    pub(crate) fn place_at(
        &self,
        root: &Root,
        from: &Path,
        path: &LibraryPath,
    ) -> Result<Option<FolderWork>, IntakeError> {
        let absolute = root.file(path);
        let mut folders = self
            .folders
            .ensure(self.disk.as_ref(), root, path.folder())?;
        let mut result = self.disk.place(from, &absolute);
        if result
            .as_ref()
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        {
            // Somebody removed the empty folder that we remember. Not so if the whole library is gone.
            self.ready_root()?;
            self.folders.forget_all();
            folders = self
                .folders
                .ensure(self.disk.as_ref(), root, path.folder())?;
            result = self.disk.place(from, &absolute);
        }
        match result {
            Ok(()) => Ok(Some(folders)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(DiskError::new("move an upload to", absolute, error).into()),
        }
    }

    /// Whether the file there has just these bytes; then they are flushed too.
    fn adopt_same(&self, path: &Path, bytes: Bytes) -> Result<bool, DiskError> {
        let found = fs::symlink_metadata(path).doing("look at", path)?;
        if !found.is_file() || found.len() != bytes.size {
            return Ok(false);
        }
        let file = File::open(path).doing("open", path)?;
        if hash_of(&file).doing("read", path)?.hash != bytes.hash {
            return Ok(false);
        }
        self.flush_file(path)?;
        Ok(true)
    }

    /// Has somebody else's file on the disk when this returns: its bytes, not its name.
    pub(crate) fn flush_file(&self, path: &Path) -> Result<(), DiskError> {
        // Windows flushes only what may be written to.
        let file = File::options()
            .read(true)
            .write(cfg!(windows))
            .open(path)
            .doing("open", path)?;
        self.disk.sync_file(&file, path).doing("flush", path)
    }

    /// The first name of `wish`, `wish-2`, `wish-3`, … that is neither in the catalogue nor about to be, and whose stem is
    /// nobody's either where `naming` wants that; found in a number
    /// of looks that grows with the logarithm of how many are taken. It is reserved.
    pub(crate) fn free_name(
        &self,
        folder: &str,
        wish: &FileName,
        naming: Naming,
        unusable: &HashSet<u32>,
    ) -> Result<(u32, LibraryPath, Reservation), IntakeError> {
        // Nearly always the wished name itself is free.
        let mut wished = Some(1).filter(|first| !unusable.contains(first));
        loop {
            let number = match wished.take() {
                Some(first) => first,
                None => self.first_free(folder, wish, naming, unusable)?,
            };
            let path = numbered(folder, wish, number)?;
            // First the reservation, then the catalogue: who held the name may just have committed it.
            let stem = Stem::of(&path);
            let name = match naming {
                Naming::Free => self.names.reserve(&path),
                Naming::Alone => self.names.reserve_alone(&path, &stem),
            };
            if let Some(name) = name
                && !self.is_catalogued(&name)?
                && !(naming == Naming::Alone && self.is_stem_catalogued(&stem)?)
            {
                return Ok((number, path, name));
            }
        }
    }

    /// The number of the first name that seems to be free now.
    fn first_free(
        &self,
        folder: &str,
        wish: &FileName,
        naming: Naming,
        unusable: &HashSet<u32>,
    ) -> Result<u32, IntakeError> {
        let is_free = |number| {
            Ok::<_, IntakeError>(
                !unusable.contains(&number)
                    && self.is_free(&numbered(folder, wish, number)?, naming)?,
            )
        };
        let (mut taken, mut free) = (0, 1);
        while !is_free(free)? {
            taken = free;
            free *= 2;
        }
        while free - taken > 1 {
            let middle = taken + (free - taken) / 2;
            if is_free(middle)? {
                free = middle;
            } else {
                taken = middle;
            }
        }
        Ok(free)
    }

    fn is_free(&self, path: &LibraryPath, naming: Naming) -> Result<bool, IntakeError> {
        let stem = Stem::of(path);
        if self.names.is_taken(path)
            || (naming == Naming::Alone
                && (self.names.is_stem_taken(&stem) || self.is_stem_catalogued(&stem)?))
        {
            return Ok(false);
        }
        let key = crate::stored::PathKey::of(path);
        self.catalogue.read("look for a free name", |connection| {
            Ok(asset::by_key(connection, &key)?.is_none())
        })
    }

    /// Whether a photo or video has a name of this stem.
    fn is_stem_catalogued(&self, stem: &Stem) -> Result<bool, IntakeError> {
        self.catalogue.glance("look for a free name", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT 1 FROM asset WHERE folder_key = ?1 AND name_key >= ?2 AND name_key < ?3 AND kind <> 'other'",
            )?;
            for (from, to) in &stem.0 {
                if query.exists([&from.folder, &from.name, &to.name])? {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    pub(crate) fn is_catalogued(&self, name: &Reservation) -> Result<bool, IntakeError> {
        self.catalogue.glance("look for a free name", |connection| {
            Ok(asset::by_key(connection, name.key())?.is_some())
        })
    }
}

fn numbered(folder: &str, wish: &FileName, number: u32) -> Result<LibraryPath, DiskError> {
    let name = if number == 1 {
        wish.clone()
    } else {
        wish.numbered(number)
    };
    LibraryPath::in_folder(folder, &name).map_err(|error| {
        DiskError::new(
            "name a file in",
            folder,
            io::Error::new(io::ErrorKind::InvalidInput, error),
        )
    })
}

/// Reads a file to its end.
pub(crate) fn hash_of(mut file: &File) -> io::Result<Bytes> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut size = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                hasher.update(&buffer[..read]);
                size += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Bytes {
        hash: ContentHash::from_bytes(hasher.finalize().into()),
        size,
    })
}
