//! Reads a finished snapshot again, from the store and not from memory, and looks for every photo that should be in it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use safelight_core::{AssetId, LibraryPath};

use super::{Failure, FileOutcome, read::Content, upload::Proved};
use crate::{
    error::VaultError,
    format::{
        entries,
        id::Id,
        pack,
        snapshot::Snapshot,
        tree::{self, Node},
    },
    repository::{Location, Repository},
    state,
    store::Folder,
};

/// A photo that should be in the snapshot.
pub(crate) struct Promised {
    pub(crate) asset: AssetId,
    pub(crate) path: LibraryPath,
    pub(crate) size: u64,
    pub(crate) content: Content,
}

/// The new lists, read from the store at once.
pub(crate) struct Together {
    pack: Id,
    start: u32,
    sealed: Vec<u8>,
}

impl Together {
    /// Reads the lists at once, if one pack has them all: over a long line it is the number of requests that
    /// takes the time.
    pub(crate) fn read(
        repository: &Repository,
        lists: &HashMap<Id, Location>,
    ) -> Result<Option<Self>, VaultError> {
        let mut places = lists.values();
        let Some(first) = places.next() else {
            return Ok(None);
        };
        let (mut start, mut end) = (first.offset, first.offset.saturating_add(first.length));
        for place in places {
            if place.pack != first.pack {
                return Ok(None);
            }
            start = start.min(place.offset);
            end = end.max(place.offset.saturating_add(place.length));
        }
        if (end - start) as usize > pack::TARGET {
            return Ok(None);
        }
        let sealed = repository.read_pack(first.pack, start, end - start)?;
        Ok(Some(Self {
            pack: first.pack,
            start,
            sealed,
        }))
    }

    /// A blob's bytes, if they are in this part.
    fn get(&self, place: &Location) -> Option<&[u8]> {
        let at = place.offset.checked_sub(self.start)? as usize;
        let sealed = self
            .sealed
            .get(at..at.checked_add(place.length as usize)?)?;
        (place.pack == self.pack).then_some(sealed)
    }
}

/// What a proof is made from.
pub(crate) struct Proof<'a> {
    pub(crate) repository: &'a Repository,
    /// Where the lists of the touched folders lie, by their ids.
    pub(crate) places: HashMap<Id, Location>,
    /// What index files of this run name.
    pub(crate) proved: &'a Proved,
    /// What the repository had before.
    pub(crate) before: &'a HashSet<Id>,
    /// The touched folders.
    pub(crate) folders: &'a BTreeSet<String>,
}

impl Proof<'_> {
    /// Sorts the promised photos into those that are in the snapshot `id` and those that are not.
    ///
    /// # Errors
    ///
    /// The snapshot or one of its lists cannot be read: it is worth nothing.
    pub(crate) fn compare(
        &self,
        id: Id,
        root: Id,
        promised: Vec<Promised>,
        together: Option<&Together>,
    ) -> Result<(Vec<AssetId>, Vec<FileOutcome>), VaultError> {
        let snapshot: Snapshot = self.repository.read_json(Folder::Snapshots, id)?;
        if snapshot.tree != root {
            return Err(self.repository.damaged(format!(
                "the snapshot {id} names another list than was written"
            )));
        }
        let mut by_folder: BTreeMap<String, Vec<Promised>> = BTreeMap::new();
        for photo in promised {
            by_folder
                .entry(photo.path.folder().to_owned())
                .or_default()
                .push(photo);
        }
        let (mut stored, mut failed) = (Vec::new(), Vec::new());
        // From the root down, each list found through the one above it.
        let mut waiting = vec![(String::new(), snapshot.tree)];
        let mut children: HashMap<&str, Vec<&str>> = HashMap::new();
        for folder in self.folders.iter().filter(|folder| !folder.is_empty()) {
            let (above, name) = state::split(folder);
            children.entry(above).or_default().push(name);
        }
        while let Some((folder, id)) = waiting.pop() {
            let photos = by_folder.remove(&folder).unwrap_or_default();
            let subfolders = children.remove(folder.as_str()).unwrap_or_default();
            let names = photos.iter().map(|photo| photo.path.name());
            let nodes = self.read(
                &folder,
                id,
                &names.chain(subfolders.iter().copied()).collect(),
                together,
            )?;
            for name in subfolders {
                // One that is not there is empty and gone; photos that should be in it are told of below.
                if let Some(subtree) = nodes.get(name).and_then(|node| node.subtree) {
                    waiting.push((state::join(&folder, name), subtree));
                }
            }
            for photo in photos {
                match self.check(&photo, nodes.get(photo.path.name())) {
                    Ok(()) => stored.push(photo.asset),
                    Err(why) => failed.push(outcome(photo, why)),
                }
            }
        }
        let lost = by_folder.into_values().flatten();
        failed.extend(lost.map(|photo| outcome(photo, "its folder is not in the snapshot")));
        Ok((stored, failed))
    }

    /// Reads those entries of a list that have one of these names.
    fn read(
        &self,
        folder: &str,
        id: Id,
        names: &HashSet<&str>,
        together: Option<&Together>,
    ) -> Result<HashMap<String, Node>, VaultError> {
        let damaged = |why: String| {
            self.repository
                .damaged(format!("the list of /{folder} {why}"))
        };
        let place = self
            .places
            .get(&id)
            .ok_or_else(|| damaged("is in no index".to_owned()))?;
        let json = match together.and_then(|together| together.get(place)) {
            Some(sealed) => self.repository.open_sealed(id, place, sealed.to_vec())?,
            None => self.repository.read_blob(id, place)?,
        };
        let pick = || {
            let mut nodes = HashMap::with_capacity(names.len());
            for entry in entries::entries(&json)? {
                if names.contains(&*entries::name_of(entry)?) {
                    let node = tree::read_node(entry)?;
                    nodes.insert(node.name.clone(), node);
                }
            }
            Ok(nodes)
        };
        pick().map_err(|error: tree::UnreadableTree| {
            damaged(format!("cannot be understood: {error}"))
        })
    }

    fn check(&self, photo: &Promised, node: Option<&Node>) -> Result<(), &'static str> {
        let node = node
            .filter(|node| node.is_file())
            .ok_or("its folder's list does not have it")?;
        if node.size != photo.size {
            return Err("its folder's list has it with another size");
        }
        if node.content.as_deref().unwrap_or_default() != photo.content.ids() {
            return Err("its folder's list has it with other content");
        }
        let is_there =
            |id: &Id| self.proved.data.binary_search(id).is_ok() || self.before.contains(id);
        if photo.content.ids().iter().all(is_there) {
            Ok(())
        } else {
            Err("a part of it is in no index")
        }
    }
}

fn outcome(photo: Promised, why: &str) -> FileOutcome {
    FileOutcome {
        asset: photo.asset,
        path: photo.path,
        why: Failure::NotInSnapshot(why.to_owned()),
    }
}
