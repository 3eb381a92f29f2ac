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
pub(crate) fn read(state: &Path) -> HashSet<Id> {
    let text = fs::read_to_string(file(state)).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// Adds blobs.
pub(crate) fn add(state: &Path, found: &HashSet<Id>) -> io::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let mut all = read(state);
    all.extend(found);
    write(state, &all)
}

/// Takes out blobs that are stored anew (sorted).
pub(crate) fn forget(state: &Path, stored: &[Id]) -> io::Result<()> {
    let mut all = read(state);
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
