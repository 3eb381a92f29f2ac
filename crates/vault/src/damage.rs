//! Blobs that a verification found missing or damaged: the next backup of their photos stores them again, whatever the
//! repository's lists say.

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
    let text = match fs::read_to_string(file(state)) {
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

/// Adds blobs.
pub(crate) fn add(state: &Path, found: &HashSet<Id>) -> io::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let mut all = read(state)?;
    all.extend(found);
    write(state, &all)
}

/// Takes out blobs that are stored anew (sorted).
pub(crate) fn forget(state: &Path, stored: &[Id]) -> io::Result<()> {
    let mut all = read(state)?;
    let before = all.len();
    all.retain(|id| stored.binary_search(id).is_err());
    if all.len() == before {
        Ok(())
    } else {
        write(state, &all)
    }
}

fn write(state: &Path, all: &HashSet<Id>) -> io::Result<()> {
    let text: String = all.iter().map(|id| format!("{id}\n")).collect();
    state::replace_file(&file(state), text.as_bytes())
}
