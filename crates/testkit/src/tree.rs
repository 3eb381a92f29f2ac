//! What lies in a folder.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use safelight_core::ContentHash;
use sha2::{Digest, Sha256};

/// Every file below `folder` with its hash, by its path below the folder (joined by `/`), without `.safelight`.
///
/// # Errors
///
/// A folder or file that cannot be read.
pub fn hashes(folder: &Path) -> io::Result<BTreeMap<String, ContentHash>> {
    files(folder)?
        .into_iter()
        .map(|path| Ok((path.clone(), hash_file(&folder.join(&path))?)))
        .collect()
}

/// The paths of every file below `folder` (joined by `/`), sorted, without `.safelight`.
///
/// # Errors
///
/// A folder that cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    walk(folder, "", &mut found)?;
    found.sort_unstable();
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if prefix.is_empty() && name == ".safelight" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{prefix}{name}/"), found)?;
        } else {
            found.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

/// A file's SHA-256.
///
/// # Errors
///
/// The file cannot be read.
pub fn hash_file(path: &Path) -> io::Result<ContentHash> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(ContentHash::from_bytes(hasher.finalize().into()));
        }
        hasher.update(&buffer[..read]);
    }
}

/// The SHA-256 of bytes.
#[must_use]
pub fn hash(bytes: &[u8]) -> ContentHash {
    ContentHash::from_bytes(Sha256::digest(bytes).into())
}
