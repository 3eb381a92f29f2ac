//! Which packs are not as the index says.

use std::collections::{HashMap, HashSet};

use super::Mending;
use crate::{
    error::VaultError,
    format::{
        id::Id,
        index::{BlobKind, IndexFile, IndexPack},
    },
    repository::{Location, Repository},
    store::{File, Folder},
};

/// What was found. One index file is in memory at a time.
pub(super) struct Survey {
    /// The packs that are gone or not as the index says, by the index file that names them.
    pub(super) bad: Vec<(Id, IndexPack)>,
    /// The blobs in them that lie in no sound pack.
    pub(super) nowhere_else: HashSet<(BlobKind, Id)>,
    /// The sound packs, with the index files that name so many of their blobs.
    named: HashMap<(Id, usize), Vec<Id>>,
}

impl Survey {
    /// Looks at every pack's size, and at those blobs that were found damaged. Index files that cannot be read are left as
    /// they are. `None` if it was broken off.
    pub(super) fn make(
        work: &Mending<'_>,
        damaged: &HashSet<Id>,
    ) -> Result<Option<Self>, VaultError> {
        let repository = work.repository;
        let store_error = |error| repository.store_error(error);
        let list = |folder| repository.store.list(folder).map_err(store_error);
        let listed: HashMap<Id, u64> = list(Folder::Data)?.into_iter().collect();
        let mut survey = Self {
            bad: Vec::new(),
            nowhere_else: HashSet::new(),
            named: HashMap::new(),
        };
        let mut files = Vec::new();
        for (file, _) in list(Folder::Index)? {
            if (work.cancel)() {
                return Ok(None);
            }
            work.guard.renew()?;
            let index: IndexFile = match repository.read_json(Folder::Index, file) {
                Ok(index) => index,
                Err(error @ VaultError::Damaged { .. }) => {
                    work.monitor.note(&error.to_string());
                    continue;
                }
                Err(error) => return Err(error),
            };
            files.push(file);
            for pack in index.packs {
                // A listing may lag, or leave out a folder: only the pack's own answer counts.
                let size = match listed.get(&pack.id) {
                    Some(size) => Some(*size),
                    None if work.proved.contains(&pack.id) => Some(pack.file_size()),
                    None => repository
                        .store
                        .size(File::In(Folder::Data, pack.id))
                        .map_err(store_error)?,
                };
                if size == Some(pack.file_size()) && is_sound(repository, &pack, damaged)? {
                    let key = (pack.id, pack.blobs.len());
                    survey.named.entry(key).or_default().push(file);
                } else {
                    survey.bad.push((file, pack));
                }
            }
        }
        // A pack that one index file describes wrongly is bad, whatever another says.
        let bad: HashSet<Id> = survey.bad.iter().map(|(_, pack)| pack.id).collect();
        let blobs = survey.bad.iter().flat_map(|(_, pack)| &pack.blobs);
        survey.nowhere_else = blobs.map(|blob| (blob.kind, blob.id)).collect();
        for file in files {
            if survey.nowhere_else.is_empty() {
                break;
            }
            work.guard.renew()?;
            let index: IndexFile = repository.read_json(Folder::Index, file)?;
            for pack in index.packs.iter().filter(|pack| !bad.contains(&pack.id)) {
                for blob in &pack.blobs {
                    survey.nowhere_else.remove(&(blob.kind, blob.id));
                }
            }
        }
        Ok(Some(survey))
    }

    /// By index file, the packs that the index need not name: those whose every blob lies in a sound pack too. What is left
    /// in others may be all that there is, and of those that are gone the index says what is to be stored anew.
    pub(super) fn lost(&self) -> HashMap<Id, HashSet<Id>> {
        let is_needed = |pack: &IndexPack| {
            let mut blobs = pack.blobs.iter();
            blobs.any(|blob| self.nowhere_else.contains(&(blob.kind, blob.id)))
        };
        let mut lost: HashMap<Id, HashSet<Id>> = HashMap::new();
        for (file, pack) in self.bad.iter().filter(|(_, pack)| !is_needed(pack)) {
            lost.entry(*file).or_default().insert(pack.id);
        }
        lost
    }

    /// Whether the pack is sound, and named as completely by an index file that is none of `files`.
    pub(super) fn is_named_beside(
        &self,
        pack: &IndexPack,
        files: &HashMap<Id, HashSet<Id>>,
    ) -> bool {
        let named = self.named.get(&(pack.id, pack.blobs.len()));
        named.is_some_and(|by| by.iter().any(|file| !files.contains_key(file)))
    }
}

/// Whether those of the pack's blobs that were found damaged, here or in another pack, are sound here.
fn is_sound(
    repository: &Repository,
    pack: &IndexPack,
    damaged: &HashSet<Id>,
) -> Result<bool, VaultError> {
    for blob in pack.blobs.iter().filter(|blob| damaged.contains(&blob.id)) {
        match repository.read_blob(blob.id, &Location::of(pack.id, blob)) {
            Ok(_) => {}
            Err(VaultError::Damaged { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
