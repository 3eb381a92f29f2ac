//! Reading a home copy again: rot is not an edit (promise 6).

use std::{
    fs::File,
    io::{self, Seek},
};

use safelight_core::{AssetId, ContentHash, Timestamp};

use crate::{
    asset::{self, Asset},
    error::{CatalogueError, DiskError, DiskResult, ReadError},
    intake::modified_of,
    open::Library,
    placement::hash_of,
};

/// How far a modification time may be off, in seconds, and still be the same one: FAT keeps every second second, and
/// some file systems round only when they are mounted anew.
const SAME_TIME_WITHIN: i64 = 2;

/// What a look at a home copy found.
#[derive(Debug)]
pub enum HomeCheck {
    /// All bytes were read, and are the photo's.
    Good,
    /// There is no such file.
    Missing,
    /// The bytes are not the photo's, though nobody changed the file's size or time: it went bad.
    Damaged {
        /// The hash of the bytes that are there.
        found: ContentHash,
    },
    /// The bytes are not the photo's, and the file's size or time has changed: somebody's edit, not ours to hide.
    Changed {
        /// The hash of the bytes that are there.
        found: ContentHash,
    },
    /// The disk, asked twice, did not give all bytes: they are lost, as far as anybody can tell.
    Failing(io::Error),
    /// The bytes could not all be read for now, which says nothing about them: a right is missing, a server is away.
    Unreadable(io::Error),
}

/// A home copy, opened to be shown.
#[derive(Debug)]
pub enum Sound {
    /// The photo's bytes, at their start.
    Yes(File),
    /// There is no such file.
    Missing,
    /// There is another file in its place, or it went bad.
    OtherBytes,
}

/// Whether two modification times are the same one, as far as file systems keep them.
pub(crate) fn same_time(one: Timestamp, other: Timestamp) -> bool {
    (one.as_second() - other.as_second()).abs() <= SAME_TIME_WITHIN
}

/// Whether an error says that the medium, or the file system on it, has lost the bytes.
fn is_loss(error: &io::Error) -> bool {
    #[cfg(unix)]
    let codes = {
        use rustix::io::Errno;
        // Checksums that do not hold (ext4, XFS) are told as "bad message", other damage to a file system as
        // "structure needs cleaning".
        [
            Errno::IO,
            Errno::BADMSG,
            #[cfg(target_os = "linux")]
            Errno::UCLEAN,
        ]
        .map(Errno::raw_os_error)
    };
    // ERROR_CRC, ERROR_SECTOR_NOT_FOUND, ERROR_READ_FAULT, ERROR_IO_DEVICE, ERROR_FILE_CORRUPT, ERROR_DISK_CORRUPT.
    #[cfg(windows)]
    let codes = [23, 27, 30, 1117, 1392, 1393];
    error
        .raw_os_error()
        .is_some_and(|code| codes.contains(&code))
}

impl Library {
    /// Opens a photo's home copy for who makes something of its bytes that is kept: nothing is to be made of wrong ones. A
    /// file of at most `hashed_up_to` bytes is hashed; of a larger one the size and the time must be the photo's.
    ///
    /// # Errors
    ///
    /// The library folder is not there; the file cannot be read, which says nothing about its bytes.
    pub fn open_sound(&self, photo: &Asset, hashed_up_to: u64) -> Result<Sound, ReadError> {
        let root = self.core().ready_root()?;
        let path = root.file(&photo.path);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Sound::Missing),
            Err(error) => return Err(DiskError::new("open", path, error).into()),
        };
        let metadata = file.metadata().doing("look at", &path)?;
        let is_sound = if !metadata.is_file() || metadata.len() != photo.size {
            false
        } else if photo.size <= hashed_up_to {
            let found = hash_of(&file).doing("read", &path)?;
            file.rewind().doing("read", &path)?;
            found.hash == photo.hash
        } else {
            same_time(modified_of(&metadata, &path)?, photo.modified)
        };
        Ok(if is_sound {
            Sound::Yes(file)
        } else {
            Sound::OtherBytes
        })
    }

    /// Reads and hashes a photo's home copy. Notes nothing: that is [`Library::record_evidence`].
    ///
    /// # Errors
    ///
    /// There is no such photo; the library folder is not there; the catalogue's.
    pub fn verify_home(&self, id: AssetId) -> Result<HomeCheck, ReadError> {
        let root = self.core().ready_root()?;
        let asset = self.asset(id)?.ok_or(ReadError::NoAsset(id))?;
        let path = root.file(&asset.path);
        let read = || {
            let file = File::open(&path)?;
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                return Err(io::Error::from(io::ErrorKind::IsADirectory));
            }
            Ok((hash_of(&file)?, metadata))
        };
        let looked = match read() {
            Err(error) if is_loss(&error) => read(),
            looked => looked,
        };
        match looked {
            Ok((found, _)) if found.hash == asset.hash => Ok(HomeCheck::Good),
            Ok((found, metadata)) => {
                let modified = modified_of(&metadata, &path)?;
                let untouched = self.core().is_untouched(&asset, found.size, modified)?;
                let found = found.hash;
                Ok(if untouched {
                    HomeCheck::Damaged { found }
                } else {
                    HomeCheck::Changed { found }
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Gone with the whole disk, or renamed while we looked? Files are renamed in the writer's turn.
                self.core().ready_root()?;
                let now = self.core().catalogue.write("look up a photo", |change| {
                    Ok::<_, CatalogueError>(asset::by_id(change, id)?)
                })?;
                match now {
                    Some(now) if now.path != asset.path => self.verify_home(id),
                    _ => Ok(HomeCheck::Missing),
                }
            }
            Err(error) if is_loss(&error) => {
                // Or was the whole disk pulled out?
                self.core().ready_root()?;
                Ok(HomeCheck::Failing(error))
            }
            Err(error) => Ok(HomeCheck::Unreadable(error)),
        }
    }
}
