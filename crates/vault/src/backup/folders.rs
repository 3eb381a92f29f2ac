//! The last snapshot's folder lists, read as they are needed.

use std::{collections::HashMap, sync::Arc};

use crate::{
    error::VaultError,
    format::{entries, id::Id, index::BlobKind, tree::UnreadableTree},
    repository::{BlobIndex, Repository},
    state::{FolderList, Remembered},
};

/// How many bytes of lists are kept, so that a list is not fetched twice in a run of ordinary size.
const KEPT: usize = 32 << 20;

/// A list's id and JSON.
type List = (Id, Arc<Vec<u8>>);

/// The folder lists of the last snapshot.
pub(crate) struct Folders<'a> {
    repository: &'a Repository,
    remembered: &'a mut Remembered,
    kept: HashMap<String, Arc<Vec<u8>>>,
    kept_bytes: usize,
    /// Loaded when a list is not where it was: `restic prune` moves lists.
    index: Option<BlobIndex>,
}

impl<'a> Folders<'a> {
    pub(crate) fn new(repository: &'a Repository, remembered: &'a mut Remembered) -> Self {
        Self {
            repository,
            remembered,
            kept: HashMap::new(),
            kept_bytes: 0,
            index: None,
        }
    }

    /// Whether the last snapshot has the folder.
    pub(crate) fn has(&self, folder: &str) -> bool {
        self.remembered.folders.contains_key(folder)
    }

    /// A folder's list. `None` if the last snapshot has no such folder.
    pub(crate) fn list(&mut self, folder: &str) -> Result<Option<List>, VaultError> {
        let Some(FolderList { tree: id, place }) = self.remembered.folders.get(folder).copied()
        else {
            return Ok(None);
        };
        if let Some(json) = self.kept.get(folder) {
            return Ok(Some((id, Arc::clone(json))));
        }
        let json = match self.repository.read_blob(id, &place) {
            Ok(json) => json,
            Err(VaultError::Damaged { .. }) => self.find_again(folder, id)?,
            Err(error) => return Err(error),
        };
        let json = Arc::new(json);
        if self.kept_bytes + json.len() <= KEPT {
            self.kept_bytes += json.len();
            self.kept.insert(folder.to_owned(), Arc::clone(&json));
        }
        Ok(Some((id, json)))
    }

    fn find_again(&mut self, folder: &str, id: Id) -> Result<Vec<u8>, VaultError> {
        let index = match &mut self.index {
            Some(index) => index,
            none => none.insert(BlobIndex::load(
                self.repository,
                |kind| kind == BlobKind::Tree,
                None,
            )?),
        };
        let (json, place) = index.read_tree(self.repository, id)?;
        self.remembered
            .folders
            .insert(folder.to_owned(), FolderList { tree: id, place });
        Ok(json)
    }

    /// The blobs of a folder's files.
    pub(crate) fn content(&mut self, folder: &str) -> Result<Vec<Id>, VaultError> {
        let Some((_, json)) = self.list(folder)? else {
            return Ok(Vec::new());
        };
        entries::chunks(&json).map_err(|error| self.unreadable(folder, &error))
    }

    /// A list whose bytes are right and whose text is not.
    pub(crate) fn unreadable(&self, folder: &str, error: &UnreadableTree) -> VaultError {
        self.repository
            .damaged(format!("the list of /{folder}: {error}"))
    }
}
