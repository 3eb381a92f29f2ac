//! When restored files survive a loss of power: at the end of a restore at the latest. Flushing many small files one by one
//! would take longer than fetching them, so where the system can, they are flushed together.

use std::{fs, io, path::Path};

use super::listing::Listed;

/// Files from this size on are flushed as they come, several at a time: the disk is busy while the next ones are fetched.
#[cfg(target_os = "linux")]
const LARGE: u64 = 1 << 20;

/// Flushes a file that is whole, or leaves that to [`all`].
#[cfg(target_os = "linux")]
pub(super) fn file(file: &fs::File, size: u64) -> io::Result<()> {
    if size >= LARGE {
        file.sync_all()?;
    }
    Ok(())
}

/// Flushes the names of the restored files, and of small files the bytes: the whole file system under the folder `to`.
#[cfg(target_os = "linux")]
pub(super) fn all(to: &Path, _files: &[Listed]) -> io::Result<()> {
    Ok(rustix::fs::syncfs(fs::File::open(to)?)?)
}

/// Flushes a file that is whole.
#[cfg(not(target_os = "linux"))]
pub(super) fn file(file: &fs::File, _size: u64) -> io::Result<()> {
    file.sync_all()
}

/// Flushes the names of the restored files below the folder `to`.
#[cfg(not(target_os = "linux"))]
pub(super) fn all(to: &Path, files: &[Listed]) -> io::Result<()> {
    let mut folders = std::collections::BTreeSet::new();
    for file in files {
        let above = file.path.match_indices('/');
        folders.extend(above.map(|(end, _)| &file.path[..end]));
    }
    for folder in folders {
        let folder = to.join(folder);
        // One whose files all failed was never made.
        if folder.exists() {
            crate::store::sync_folder(&folder)?;
        }
    }
    crate::store::sync_folder(to)
}
