//! An opened repository: its files and blobs, in the clear.

mod adapter;
mod blobs;
mod keys;
mod locking;
mod snapshots;

use std::sync::Arc;

use bytes::Bytes;
use safelight_core::{Clock, Entropy};
use serde::{Serialize, de::DeserializeOwned};

#[cfg(test)]
pub(crate) use adapter::Adapter;
pub(crate) use blobs::{BlobIndex, Location, Plain, open_blob};
pub(crate) use keys::{create, open};
pub(crate) use locking::LockGuard;

use crate::{
    error::VaultError,
    format::{crypto::Cipher, file, id::Id},
    store::{File, Folder, Store, StoreError},
};

/// An opened repository.
pub(crate) struct Repository {
    /// The place, as messages name it.
    pub(crate) url: String,
    /// The repository's own id, from its config.
    pub(crate) id: String,
    /// Its files.
    pub(crate) store: Arc<dyn Store>,
    /// Its master key.
    pub(crate) cipher: Cipher,
    /// Where nonces come from.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// Where the time comes from.
    pub(crate) clock: Arc<dyn Clock>,
}

impl Repository {
    /// An error of the store as the caller's own.
    pub(crate) fn store_error(&self, error: StoreError) -> VaultError {
        VaultError::from_store(&self.url, error)
    }

    /// Something is missing or wrong.
    pub(crate) fn damaged(&self, what: impl Into<String>) -> VaultError {
        VaultError::Damaged {
            url: self.url.clone(),
            what: what.into(),
        }
    }

    /// Reads and decrypts a file that is not a pack.
    pub(crate) fn read_json<T: DeserializeOwned>(
        &self,
        folder: Folder,
        id: Id,
    ) -> Result<T, VaultError> {
        let file = File::In(folder, id);
        let sealed = self
            .store
            .read(file)
            .map_err(|error| self.store_error(error))?;
        file::open_json(&self.cipher, sealed)
            .map_err(|error| self.damaged(format!("{}: {error}", file.path())))
    }

    /// Encrypts and writes a file that is neither a pack nor a lock. Its name survives a loss of power after the store's next flush.
    pub(crate) fn write_json(
        &self,
        folder: Folder,
        value: &impl Serialize,
    ) -> Result<Id, VaultError> {
        let sealed = file::seal_json(&self.cipher, value, self.entropy.as_ref());
        let id = Id::of(&sealed);
        let written = self.store.write(File::In(folder, id), &Bytes::from(sealed));
        written.map_err(|error| self.store_error(error))?;
        Ok(id)
    }

    /// Writes a pack. It counts only after [`Self::check_pack`].
    pub(crate) fn write_pack(&self, id: Id, bytes: &Bytes) -> Result<(), VaultError> {
        let written = self.store.write(File::In(Folder::Data, id), bytes);
        written.map_err(|error| self.store_error(error))
    }

    /// Asks the store for the size of a pack that was written.
    pub(crate) fn check_pack(&self, id: Id, size: u64) -> Result<(), VaultError> {
        let file = File::In(Folder::Data, id);
        let found = self.store.size(file);
        let found = match found.map_err(|error| self.store_error(error))? {
            Some(found) if found == size => return Ok(()),
            Some(found) => format!("has {found} bytes"),
            None => "is not there".to_owned(),
        };
        Err(self.damaged(format!(
            "{} {found} after {size} bytes were written",
            file.path()
        )))
    }

    /// Reads a blob and proves that its bytes are those that `id` names.
    pub(crate) fn read_blob(&self, id: Id, place: &Location) -> Result<Vec<u8>, VaultError> {
        let sealed = self.read_pack(place.pack, place.offset, place.length)?;
        self.open_sealed(id, place, sealed)
    }

    /// A part of a pack, as it lies there.
    pub(crate) fn read_pack(
        &self,
        pack: Id,
        offset: u32,
        length: u32,
    ) -> Result<Vec<u8>, VaultError> {
        self.store
            .read_range(File::In(Folder::Data, pack), offset.into(), length as usize)
            .map_err(|error| self.store_error(error))
    }

    /// Decrypts a blob that was read from `place` and proves that its bytes are those that `id` names.
    pub(crate) fn open_sealed(
        &self,
        id: Id,
        place: &Location,
        mut sealed: Vec<u8>,
    ) -> Result<Vec<u8>, VaultError> {
        match open_blob(&self.cipher, &mut sealed, id, place.uncompressed_length) {
            Ok(Plain::InPlace(range)) => {
                sealed.truncate(range.end);
                sealed.drain(..range.start);
                Ok(sealed)
            }
            Ok(Plain::Owned(plain)) => Ok(plain),
            Err(why) => Err(self.damaged(format!(
                "{} at byte {}: {why}",
                File::In(Folder::Data, place.pack).path(),
                place.offset
            ))),
        }
    }
}
