//! What has been stored since the last finished snapshot, written down on this computer as it happens, so that a run
//! that was broken off is not paid for twice.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    error::VaultError,
    format::{id::Id, index::IndexPack},
    repository::Repository,
    store::{File, Folder},
};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Entry<'a> {
    /// The first line: the repository that the rest is about.
    Repository(String),
    /// A pack that lies complete in the store, and its size.
    Pack(std::borrow::Cow<'a, IndexPack>, u64),
    /// An index file that names these packs.
    Index(Id, Vec<Id>),
}

/// The journal, open for writing.
pub(crate) struct Journal {
    file: fs::File,
}

/// What a run that was broken off has left.
#[derive(Default)]
pub(crate) struct Left {
    /// Blobs that need not be stored again.
    pub(crate) blobs: HashSet<Id>,
    /// Packs that lie in the store and are in no index.
    pub(crate) unindexed: Vec<IndexPack>,
    /// Index files that name the other packs.
    pub(crate) indexes: Vec<Id>,
}

fn path(state: &Path) -> PathBuf {
    state.join("journal")
}

impl Journal {
    /// Opens the journal for adding to it.
    pub(crate) fn open(repository: &Repository, state: &Path) -> io::Result<Self> {
        let mut file = fs::File::options()
            .append(true)
            .create(true)
            .open(path(state))?;
        if file.metadata()?.len() == 0 {
            write(&mut file, &Entry::Repository(repository.id.clone()))?;
        }
        Ok(Self { file })
    }

    /// Notes a pack that lies complete in the store.
    pub(crate) fn pack(&mut self, pack: &IndexPack, size: u64) -> io::Result<()> {
        write(
            &mut self.file,
            &Entry::Pack(std::borrow::Cow::Borrowed(pack), size),
        )
    }

    /// Notes an index file.
    pub(crate) fn index(&mut self, id: Id, packs: &[IndexPack]) -> io::Result<()> {
        write(
            &mut self.file,
            &Entry::Index(id, packs.iter().map(|pack| pack.id).collect()),
        )
    }

    /// Forgets everything: a snapshot names it now.
    pub(crate) fn clear(state: &Path) -> io::Result<()> {
        match fs::remove_file(path(state)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// One line, one write: a crash leaves at most the last line unfinished. Not flushed: what a loss of power takes is
/// stored once more.
fn write(file: &mut fs::File, entry: &Entry<'_>) -> io::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    file.write_all(&line)
}

impl Left {
    /// Reads the journal and looks whether what it says is still there: `restic prune` may have removed it, since no
    /// snapshot names it.
    pub(crate) fn load(repository: &Repository, state: &Path) -> Result<Self, VaultError> {
        let (packs, indexes) = match fs::File::open(path(state)) {
            Ok(file) => read(BufReader::new(file), &repository.id),
            Err(_) => return Ok(Self::default()),
        };
        if packs.is_empty() {
            return Ok(Self::default());
        }
        let there = repository
            .store
            .list(Folder::Index)
            .map_err(|error| repository.store_error(error))?;
        let there: HashSet<Id> = there.into_iter().map(|(id, _)| id).collect();
        let indexed: HashSet<Id> = indexes
            .iter()
            .filter(|(id, _)| there.contains(id))
            .flat_map(|(_, packs)| packs.iter().copied())
            .collect();
        let mut left = Self {
            indexes: indexes
                .into_keys()
                .filter(|id| there.contains(id))
                .collect(),
            ..Self::default()
        };
        for (pack, size) in packs.into_values() {
            let found = repository.store.size(File::In(Folder::Data, pack.id));
            if found.map_err(|error| repository.store_error(error))? != Some(size) {
                continue;
            }
            left.blobs.extend(pack.blobs.iter().map(|blob| blob.id));
            if !indexed.contains(&pack.id) {
                left.unindexed.push(pack);
            }
        }
        Ok(left)
    }
}

type Packs = HashMap<Id, (IndexPack, u64)>;

/// Reads up to the first line that is not whole.
fn read(lines: impl BufRead, repository: &str) -> (Packs, HashMap<Id, Vec<Id>>) {
    let (mut packs, mut indexes) = (HashMap::new(), HashMap::new());
    let mut ours = false;
    for line in lines.split(b'\n').map_while(Result::ok) {
        match serde_json::from_slice(&line) {
            Ok(Entry::Repository(id)) => ours = id == repository,
            Ok(Entry::Pack(pack, size)) if ours => {
                packs.insert(pack.id, (pack.into_owned(), size));
            }
            Ok(Entry::Index(id, named)) if ours => {
                indexes.insert(id, named);
            }
            // A line that a crash cut off; the next run wrote on behind it.
            _ => {}
        }
    }
    (packs, indexes)
}
