//! Packs that are cut or damaged in a part have sound blobs too; those that lie nowhere else go into new packs.

use super::{survey::Survey, write_index};
use crate::{
    error::VaultError,
    format::{
        index::{BlobKind, IndexPack},
        pack::PackBuilder,
    },
    repository::{Location, LockGuard, Repository},
};

impl Survey {
    /// Stores what can be read of the bad packs and lies nowhere else. One pack is in memory at a time.
    pub(super) fn salvage(
        &mut self,
        repository: &Repository,
        guard: &LockGuard<'_>,
    ) -> Result<(), VaultError> {
        for kind in [BlobKind::Data, BlobKind::Tree] {
            let mut stored = Vec::new();
            let mut filling = PackBuilder::new(kind, Vec::new());
            for (_, bad) in &self.bad {
                for blob in bad.blobs.iter().filter(|blob| blob.kind == kind) {
                    if !self.nowhere_else.contains(&(kind, blob.id)) {
                        continue;
                    }
                    let plain = match repository.read_blob(blob.id, &Location::of(bad.id, blob)) {
                        Ok(plain) => plain,
                        Err(VaultError::Damaged { .. }) => continue,
                        Err(error) => return Err(error),
                    };
                    if !filling.has_room(plain.len()) {
                        guard.renew()?;
                        let full =
                            std::mem::replace(&mut filling, PackBuilder::new(kind, Vec::new()));
                        stored.push(store(repository, full)?);
                    }
                    let packed = blob
                        .uncompressed_length
                        .and_then(|_| zstd::bulk::compress(&plain, super::super::read::LEVEL).ok());
                    filling.add(
                        blob.id,
                        &plain,
                        packed.as_deref(),
                        &repository.cipher,
                        repository.entropy.as_ref(),
                    );
                    self.nowhere_else.remove(&(kind, blob.id));
                }
            }
            if !filling.is_empty() {
                stored.push(store(repository, filling)?);
            }
            if !stored.is_empty() {
                write_index(repository, stored)?;
            }
        }
        Ok(())
    }
}

fn store(repository: &Repository, pack: PackBuilder) -> Result<IndexPack, VaultError> {
    let sealed = pack.seal(&repository.cipher, repository.entropy.as_ref());
    let size = sealed.bytes.len() as u64;
    repository.write_pack(sealed.index.id, &sealed.bytes.into())?;
    repository.check_pack(sealed.index.id, size)?;
    repository
        .store
        .flush()
        .map_err(|error| repository.store_error(error))?;
    Ok(sealed.index)
}
