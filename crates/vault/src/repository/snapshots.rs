//! The repository's snapshots.

use super::Repository;
use crate::{
    error::VaultError,
    format::{id::Id, snapshot::Snapshot},
    store::Folder,
};

impl Repository {
    /// Our snapshots, the newest last. Others' are left out. `broken` takes what is said of those that cannot be read.
    pub(crate) fn our_snapshots(
        &self,
        broken: &mut Vec<String>,
    ) -> Result<Vec<(Id, Snapshot)>, VaultError> {
        let mut snapshots = Vec::new();
        for (id, _) in self
            .store
            .list(Folder::Snapshots)
            .map_err(|error| self.store_error(error))?
        {
            match self.read_json::<Snapshot>(Folder::Snapshots, id) {
                Ok(snapshot) if snapshot.is_ours() => snapshots.push((id, snapshot)),
                Ok(_) => {}
                Err(error @ VaultError::Damaged { .. }) => broken.push(error.to_string()),
                Err(error) => return Err(error),
            }
        }
        snapshots.sort_by_key(|(id, snapshot)| (snapshot.at(), *id));
        Ok(snapshots)
    }
}
