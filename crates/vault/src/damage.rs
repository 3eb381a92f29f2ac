//! Blobs that a verification or the mending found missing or damaged: the next backup of their photos stores them again,
//! whatever the repository's lists say.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{format::id::Id, state};

fn file(state: &Path) -> PathBuf {
    state.join("damaged")
}

/// The blobs.
pub(crate) fn read(state: &Path) -> io::Result<HashSet<Id>> {
    read_ids(&file(state))
}

/// Adds blobs.
pub(crate) fn add(state: &Path, found: &HashSet<Id>) -> io::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let mut all = read(state)?;
    all.extend(found);
    write_ids(&file(state), &all)
}

/// Those of these blobs (sorted) that were found missing or damaged.
pub(crate) fn stored_anew(state: &Path, stored: &[Id]) -> io::Result<HashSet<Id>> {
    let mut all = read(state)?;
    all.retain(|id| stored.binary_search(id).is_ok());
    Ok(all)
}

/// Takes out blobs that are stored anew.
pub(crate) fn forget(state: &Path, stored: &HashSet<Id>) -> io::Result<()> {
    let mut all = read(state)?;
    all.retain(|id| !stored.contains(id));
    write_ids(&file(state), &all)
}

/// Reads a file of ids, one a line. One that is not there has none.
pub(crate) fn read_ids(file: &Path) -> io::Result<HashSet<Id>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashSet::new()),
        Err(error) => return Err(error),
    };
    text.lines()
        .map(|line| {
            line.parse().map_err(|_| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{line:?} is no blob's id"),
                )
            })
        })
        .collect()
}

/// Writes such a file.
pub(crate) fn write_ids(file: &Path, ids: &HashSet<Id>) -> io::Result<()> {
    let text: String = ids.iter().map(|id| format!("{id}\n")).collect();
    state::replace_file(file, text.as_bytes())
}
