//! The data folder is its owner's alone: it holds names, times, and what passwords and tokens are checked against. It may
//! have been made by hand, or by a container's volume, for all to read.

use std::{
    fs::{self, OpenOptions},
    path::Path,
};

use crate::{
    error::{DiskError, DiskResult},
    open::{CATALOGUE, LOCK},
    pictures::PICTURES,
};

/// Other crates' folders in it, which may be older than this rule.
#[cfg(unix)]
const FOLDERS: [&str; 2] = ["secrets", "vault"];

/// How to create a file, or open it for writing if it is there.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the data folder if absent. One that was there is restricted if it is empty or has been ours before; a folder
/// with other things in it stays open for them.
pub(crate) fn make_folder(data_dir: &Path) -> Result<(), DiskError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(data_dir)
        .doing("create the data folder", data_dir)?;
    #[cfg(unix)]
    {
        let is_empty = fs::read_dir(data_dir)
            .doing("list", data_dir)?
            .next()
            .is_none();
        if is_empty || data_dir.join(CATALOGUE).exists() {
            restrict(data_dir, 0o700)?;
        }
    }
    Ok(())
}

/// Makes an empty catalogue if there is none, which SQLite takes for a new one, and restricts what is there.
pub(crate) fn make_files(data_dir: &Path) -> Result<(), DiskError> {
    let catalogue = data_dir.join(CATALOGUE);
    if !catalogue.exists() {
        // SQLite gives its log the catalogue's permissions.
        options().open(&catalogue).doing("create", &catalogue)?;
    }
    #[cfg(unix)]
    {
        for folder in FOLDERS {
            restrict(&data_dir.join(folder), 0o700)?;
        }
        restrict(&data_dir.join(LOCK), 0o600)?;
        for file in [CATALOGUE, PICTURES] {
            for suffix in ["", "-wal", "-shm"] {
                restrict(&data_dir.join(format!("{file}{suffix}")), 0o600)?;
            }
        }
    }
    Ok(())
}

/// Takes from everybody else what they may do, if there is such a file or folder.
#[cfg(unix)]
fn restrict(path: &Path, mode: u32) -> Result<(), DiskError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).doing("look at", path),
    };
    if metadata.permissions().mode() & 0o077 != 0
        && let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(mode))
    {
        // Another user's folder, or a file system that knows no such thing: it works all the same.
        tracing::warn!(path = %path.display(), %error, "others may be able to read it, and that could not be changed");
    }
    Ok(())
}
