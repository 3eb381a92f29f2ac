//! What is remembered on this computer about a repository: which snapshot is the newest, and where each of its folder
//! lists lies. Proportional to folders, not to photos.
//!
//! All of it can be lost: it is read again from the repository, which costs the repository's index.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs, io,
    io::{BufRead, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    error::VaultError,
    format::{id::Id, index::BlobKind, snapshot::Snapshot, tree},
    repository::{BlobIndex, Location, Repository},
    store::Folder,
};

const FORMAT: u32 = 1;

/// Where a folder's list lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FolderList {
    /// The list's id.
    pub(crate) tree: Id,
    /// Its place.
    pub(crate) place: Location,
}

/// The newest snapshot of ours, and what is known of its folders.
#[derive(Default)]
pub(crate) struct Remembered {
    /// The snapshot.
    pub(crate) snapshot: Option<(Id, Snapshot)>,
    /// Every folder's list by its path; the library folder is the empty path.
    pub(crate) folders: BTreeMap<String, FolderList>,
    /// Every snapshot in the repository, ours or not, that has been looked at.
    pub(crate) seen: BTreeSet<Id>,
}

/// The file's first line.
#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    repository: String,
    snapshot: Id,
    seen: Vec<Id>,
}

/// The file's other lines. The array form keeps a line short and quick to read:
/// path, list, pack, offset, length, uncompressed length.
type Line = (String, Id, Id, u32, u32, Option<u32>);

fn file(state: &Path) -> PathBuf {
    state.join("folders")
}

impl Remembered {
    /// What is known of the newest snapshot, from this computer if it knows, else from the repository.
    pub(crate) fn load(repository: &Repository, state: &Path) -> Result<Self, VaultError> {
        let there = repository
            .store
            .list(Folder::Snapshots)
            .map_err(|error| repository.store_error(error))?;
        let there: BTreeSet<Id> = there.into_iter().map(|(id, _)| id).collect();
        match Self::from_file(repository, state, &there)? {
            Some(known) => Ok(known),
            None => Self::from_repository(repository, there),
        }
    }

    /// For a snapshot that continues no other: nothing but which snapshots there are.
    pub(crate) fn nothing(repository: &Repository) -> Result<Self, VaultError> {
        let there = repository
            .store
            .list(Folder::Snapshots)
            .map_err(|error| repository.store_error(error))?;
        Ok(Self {
            seen: there.into_iter().map(|(id, _)| id).collect(),
            ..Self::default()
        })
    }

    /// `None` if the file is not there, cannot be read, or is not about the newest snapshot of ours.
    fn from_file(
        repository: &Repository,
        state: &Path,
        there: &BTreeSet<Id>,
    ) -> Result<Option<Self>, VaultError> {
        let Some((head, folders)) =
            read_file(&file(state)).filter(|(head, _)| head.repository == repository.id)
        else {
            return Ok(None);
        };
        if !there.contains(&head.snapshot) {
            return Ok(None);
        }
        let newest: Snapshot = repository.read_json(Folder::Snapshots, head.snapshot)?;
        let seen: BTreeSet<Id> = head.seen.into_iter().collect();
        for id in there.difference(&seen) {
            let other: Snapshot = match repository.read_json(Folder::Snapshots, *id) {
                Ok(other) => other,
                Err(VaultError::Damaged { .. }) => return Ok(None),
                Err(error) => return Err(error),
            };
            if other.is_ours() && other.at() >= newest.at() && *id != head.snapshot {
                return Ok(None);
            }
        }
        Ok(Some(Self {
            snapshot: Some((head.snapshot, newest)),
            folders,
            seen: there.clone(),
        }))
    }

    fn from_repository(repository: &Repository, seen: BTreeSet<Id>) -> Result<Self, VaultError> {
        let mut broken = Vec::new();
        let newest = repository.our_snapshots(&mut broken)?.pop();
        if let Some(first) = broken.into_iter().next() {
            // It may have been the newest of ours. A snapshot that continues an older one would lose photos.
            return Err(repository.damaged(first));
        }
        let mut known = Self {
            snapshot: newest,
            folders: BTreeMap::new(),
            seen,
        };
        if let Some((_, snapshot)) = &known.snapshot {
            let index = BlobIndex::load(repository, |kind| kind == BlobKind::Tree, None)?;
            let mut waiting = vec![(String::new(), snapshot.tree)];
            while let Some((path, id)) = waiting.pop() {
                let (json, place) = index.read_tree(repository, id)?;
                let nodes = tree::read_nodes(&json);
                let nodes = nodes
                    .map_err(|error| repository.damaged(format!("the list of /{path}: {error}")))?;
                for node in nodes {
                    if let Some(subtree) = node.subtree {
                        waiting.push((join(&path, &node.name), subtree));
                    }
                }
                known.folders.insert(path, FolderList { tree: id, place });
            }
        }
        Ok(known)
    }

    /// Takes a new snapshot in: the folders that it has other lists for, `None` for those that are gone, and where the new
    /// lists lie.
    pub(crate) fn advance(
        &mut self,
        snapshot: (Id, Snapshot),
        lists: &BTreeMap<String, Option<Id>>,
        new: &HashMap<Id, Location>,
    ) {
        self.seen.insert(snapshot.0);
        self.snapshot = Some(snapshot);
        for (folder, id) in lists {
            match id {
                Some(id) => {
                    if let Some(place) = new.get(id) {
                        let list = FolderList {
                            tree: *id,
                            place: *place,
                        };
                        self.folders.insert(folder.clone(), list);
                    }
                }
                None => {
                    self.folders.remove(folder);
                    let below = format!("{folder}/");
                    let gone: HashSet<String> = self
                        .folders
                        .range(below.clone()..)
                        .map(|(path, _)| path)
                        .take_while(|path| path.starts_with(&below))
                        .cloned()
                        .collect();
                    self.folders.retain(|path, _| !gone.contains(path));
                }
            }
        }
        debug_assert!(lists.iter().all(|(folder, id)| {
            id.is_none_or(|id| self.folders.get(folder).is_some_and(|list| list.tree == id))
        }));
    }

    /// Remembers.
    pub(crate) fn save(&self, repository: &Repository, state: &Path) -> io::Result<()> {
        let Some((snapshot, _)) = &self.snapshot else {
            return Ok(());
        };
        let head = Head {
            format: FORMAT,
            repository: repository.id.clone(),
            snapshot: *snapshot,
            seen: self.seen.iter().copied().collect(),
        };
        let mut text = serde_json::to_vec(&head)?;
        for (path, list) in &self.folders {
            let place = &list.place;
            text.push(b'\n');
            let line = (
                path,
                list.tree,
                place.pack,
                place.offset,
                place.length,
                place.uncompressed_length,
            );
            serde_json::to_writer(&mut text, &line)?;
        }
        text.push(b'\n');
        replace_file(&file(state), &text)
    }
}

fn read_file(path: &Path) -> Option<(Head, BTreeMap<String, FolderList>)> {
    let text = fs::read(path).ok()?;
    let mut lines = text.lines();
    let head: Head = serde_json::from_str(&lines.next()?.ok()?).ok()?;
    if head.format != FORMAT {
        return None;
    }
    let mut folders = BTreeMap::new();
    for line in lines {
        let (path, tree, pack, offset, length, uncompressed_length): Line =
            serde_json::from_str(&line.ok()?).ok()?;
        let place = Location {
            pack,
            offset,
            length,
            uncompressed_length,
        };
        folders.insert(path, FolderList { tree, place });
    }
    Some((head, folders))
}

/// A path in a folder; the library folder's path is empty.
pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// The folder and the name of a path.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Writes a file whole or not at all, readable by its owner only.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut options = fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, path)
}
