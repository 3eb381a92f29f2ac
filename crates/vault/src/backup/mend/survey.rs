//! Which packs are not as the index says.

use std::collections::{HashMap, HashSet};

use crate::{
    Monitor,
    error::VaultError,
    format::{
        id::Id,
        index::{BlobKind, IndexFile, IndexPack},
    },
    repository::{Location, LockGuard, Repository},
    store::Folder,
};

/// What was found. One index file is in memory at a time.
pub(super) struct Survey {
    /// The packs in the store that are not as the index says, by the index file that names them.
    pub(super) bad: Vec<(Id, IndexPack)>,
    /// The blobs in them that lie in no sound pack.
    pub(super) nowhere_else: HashSet<(BlobKind, Id)>,
    /// The packs that are not in the store at all, in the same way.
    gone: Vec<(Id, Id)>,
}

impl Survey {
    /// Looks at every pack's size, and at those blobs that were found damaged. Index files that cannot be read are left as
    /// they are.
    pub(super) fn make(
        repository: &Repository,
        damaged: &HashSet<Id>,
        guard: &LockGuard<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Self, VaultError> {
        let list = |folder| {
            let files = repository.store.list(folder);
            files.map_err(|error| repository.store_error(error))
        };
        let sizes: HashMap<Id, u64> = list(Folder::Data)?.into_iter().collect();
        let mut survey = Self {
            bad: Vec::new(),
            nowhere_else: HashSet::new(),
            gone: Vec::new(),
        };
        let mut files = Vec::new();
        for (file, _) in list(Folder::Index)? {
            guard.renew()?;
            let index: IndexFile = match repository.read_json(Folder::Index, file) {
                Ok(index) => index,
                Err(error @ VaultError::Damaged { .. }) => {
                    monitor.note(&error.to_string());
                    continue;
                }
                Err(error) => return Err(error),
            };
            files.push(file);
            for pack in index.packs {
                match sizes.get(&pack.id) {
                    None => survey.gone.push((file, pack.id)),
                    Some(size)
                        if *size == pack.file_size() && is_sound(repository, &pack, damaged)? => {}
                    Some(_) => survey.bad.push((file, pack)),
                }
            }
        }
        let bad: HashSet<Id> = survey.bad.iter().map(|(_, pack)| pack.id).collect();
        let blobs = survey.bad.iter().flat_map(|(_, pack)| &pack.blobs);
        survey.nowhere_else = blobs.map(|blob| (blob.kind, blob.id)).collect();
        for file in files {
            if survey.nowhere_else.is_empty() {
                break;
            }
            guard.renew()?;
            let index: IndexFile = repository.read_json(Folder::Index, file)?;
            let sound = |pack: &&IndexPack| sizes.contains_key(&pack.id) && !bad.contains(&pack.id);
            for pack in index.packs.iter().filter(sound) {
                for blob in &pack.blobs {
                    survey.nowhere_else.remove(&(blob.kind, blob.id));
                }
            }
        }
        Ok(survey)
    }

    /// By index file, the packs that the index need not name: those that are gone, and those whose every blob lies in
    /// a sound pack too. What is left in others may be all that there is.
    pub(super) fn lost(&self) -> HashMap<Id, HashSet<Id>> {
        let is_needed = |pack: &IndexPack| {
            let mut blobs = pack.blobs.iter();
            blobs.any(|blob| self.nowhere_else.contains(&(blob.kind, blob.id)))
        };
        let replaced = self.bad.iter().filter(|(_, pack)| !is_needed(pack));
        let mut lost: HashMap<Id, HashSet<Id>> = HashMap::new();
        for (file, pack) in replaced
            .map(|(file, pack)| (*file, pack.id))
            .chain(self.gone.iter().copied())
        {
            lost.entry(file).or_default().insert(pack);
        }
        lost
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
