//! The few disk operations on the library folder whose failing, or being lost, tests must be able to inject.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use safelight_core::Timestamp;

/// Every change that the library makes to its folder.
///
/// [`RealDisk`] is the one that ships; tests have one that fails, and one that loses what was not flushed.
pub trait Disk: Send + Sync + 'static {
    /// Creates a file that MUST NOT exist, for reading and writing.
    ///
    /// # Errors
    ///
    /// The system's; [`io::ErrorKind::AlreadyExists`] if there is anything of that name.
    fn create(&self, path: &Path) -> io::Result<File>;

    /// Makes a file that MUST NOT exist out of another one's bytes, without a copy of them.
    ///
    /// # Errors
    ///
    /// The system's; most file systems cannot do it, and none can between two of them.
    fn share(&self, from: &Path, to: &Path, how: Sharing) -> io::Result<()>;

    /// Opens a file that MUST exist, for appending.
    ///
    /// # Errors
    ///
    /// The system's.
    fn append(&self, path: &Path) -> io::Result<File>;

    /// Writes all of `bytes` at the file's end.
    ///
    /// # Errors
    ///
    /// The system's; some of the bytes may have been written then.
    fn write(&self, file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file's end off.
    ///
    /// # Errors
    ///
    /// The system's.
    fn truncate(&self, file: &File, path: &Path, length: u64) -> io::Result<()>;

    /// Asks the system to begin writing a range to the disk, so that a later [`Self::sync_file`] is short. A hint.
    fn begin_write_back(&self, file: &File, offset: u64, length: u64);

    /// Sets a file's modification time.
    ///
    /// # Errors
    ///
    /// The system's; [`io::ErrorKind::InvalidInput`] if the file system cannot express the time.
    fn set_modified(&self, file: &File, path: &Path, time: Timestamp) -> io::Result<()>;

    /// Returns when the file's bytes, length and times are on the disk. MUST NOT return `Ok` before.
    ///
    /// # Errors
    ///
    /// The system's; what is on the disk is unknown then.
    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()>;

    /// Gives a file another name on the same file system. MUST NOT replace anything, not even for an instant.
    ///
    /// # Errors
    ///
    /// The system's; [`io::ErrorKind::AlreadyExists`] if there is anything of that name.
    fn place(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file another name, replacing what had it, in one step. For manifests only.
    ///
    /// # Errors
    ///
    /// The system's.
    fn replace(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes one folder.
    ///
    /// # Errors
    ///
    /// The system's; [`io::ErrorKind::AlreadyExists`] if there is anything of that name.
    fn make_folder(&self, path: &Path) -> io::Result<()>;

    /// Returns when the folder's names are on the disk. MUST NOT return `Ok` before, where the system has a way to say so.
    ///
    /// # Errors
    ///
    /// The system's.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Removes a file: only ever one of ours in the staging folder, or one that was placed for an upload that was refused.
    ///
    /// # Errors
    ///
    /// The system's.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// How many bytes this program may still write to the disk that `path` is on.
    ///
    /// # Errors
    ///
    /// The system's.
    fn free_space(&self, path: &Path) -> io::Result<u64>;
}

/// How two files have the same bytes on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// A clone (reflink): whichever is changed gets bytes of its own. Btrfs, XFS, ZFS, APFS.
    Clone,
    /// A hard link: two names of one file. Who changes one changes both, times included.
    Link,
}

/// The system's disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)
    }

    fn share(&self, from: &Path, to: &Path, how: Sharing) -> io::Result<()> {
        match how {
            Sharing::Clone => clone_file(from, to),
            Sharing::Link => fs::hard_link(from, to),
        }
    }

    fn append(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).append(true).open(path)
    }

    fn write(&self, file: &mut File, _path: &Path, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn truncate(&self, file: &File, _path: &Path, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn begin_write_back(&self, file: &File, offset: u64, length: u64) {
        begin_write_back(file, offset, length);
    }

    fn set_modified(&self, file: &File, _path: &Path, time: Timestamp) -> io::Result<()> {
        file.set_modified(time.into())
    }

    fn sync_file(&self, file: &File, _path: &Path) -> io::Result<()> {
        // On macOS the standard library asks for F_FULLFSYNC, on Windows for FlushFileBuffers.
        file.sync_all()
    }

    fn place(&self, from: &Path, to: &Path) -> io::Result<()> {
        rename_without_replacing(from, to)
    }

    fn replace(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        sync_folder(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn free_space(&self, path: &Path) -> io::Result<u64> {
        fs4::available_space(path)
    }
}

/// Linux begins to write out dirty pages when it is told that they will not be needed soon (`generic_fadvise`); pages
/// still being written stay in the cache.
#[cfg(target_os = "linux")]
fn begin_write_back(file: &File, offset: u64, length: u64) {
    if let Err(error) = rustix::fs::fadvise(
        file,
        offset,
        std::num::NonZeroU64::new(length),
        rustix::fs::Advice::DontNeed,
    ) {
        // Only a hint: the flush that follows says whether the bytes arrived.
        tracing::trace!(%error, "the system does not take the hint to write early");
    }
}

#[cfg(not(target_os = "linux"))]
fn begin_write_back(_file: &File, _offset: u64, _length: u64) {}

#[cfg(target_os = "linux")]
fn clone_file(from: &Path, to: &Path) -> io::Result<()> {
    let from = File::open(from)?;
    let clone = OpenOptions::new().write(true).create_new(true).open(to)?;
    rustix::fs::ioctl_ficlone(&clone, &from).map_err(|refused| {
        drop(clone);
        if let Err(error) = fs::remove_file(to) {
            tracing::warn!(path = %to.display(), %error, "an empty file that was to become a clone could not be removed; the next start will try again");
        }
        refused.into()
    })
}

#[cfg(target_vendor = "apple")]
fn clone_file(from: &Path, to: &Path) -> io::Result<()> {
    let from = File::open(from)?;
    Ok(rustix::fs::fclonefileat(
        &from,
        rustix::fs::CWD,
        to,
        rustix::fs::CloneFlags::empty(),
    )?)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn clone_file(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::{
        fs::{CWD, RenameFlags, renameat_with},
        io::Errno,
    };
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system (or an old kernel) has no such rename.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => link_and_unlink(from, to),
        other => other.map_err(io::Error::from),
    }
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    // On Windows std::fs::rename replaces; a hard link never does. NTFS has them.
    link_and_unlink(from, to)
}

/// A second name for the file, then the first one's removal: neither step can replace anything.
fn link_and_unlink(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // exFAT and FAT have no links: take the name with an empty file of our own, and replace only that one.
        Err(_) => {
            drop(OpenOptions::new().write(true).create_new(true).open(to)?);
            fs::rename(from, to).inspect_err(|_| {
                if let Err(error) = fs::remove_file(to) {
                    tracing::warn!(path = %to.display(), %error, "an empty file that only kept a name could not be removed");
                }
            })
        }
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Windows has no documented way to flush a folder without a handle opened for backup semantics; NTFS journals names,
/// and flushes them with the file's own flush.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places_without_replacing(place: fn(&Path, &Path) -> io::Result<()>) {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&a, "first").unwrap();
        place(&a, &b).unwrap();
        assert!(!a.exists());
        fs::write(&a, "second").unwrap();
        assert_eq!(
            place(&a, &b).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(fs::read_to_string(&a).unwrap(), "second");
        assert_eq!(fs::read_to_string(&b).unwrap(), "first");
    }

    #[test]
    fn a_rename_never_replaces() {
        places_without_replacing(rename_without_replacing);
    }

    #[test]
    fn nor_does_its_substitute() {
        places_without_replacing(link_and_unlink);
    }
}
