//! Where blobs lie, and how their bytes become clear.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::Repository;
use crate::{
    error::VaultError,
    format::{
        crypto::{Cipher, Forged, NONCE},
        id::Id,
        index::{BlobKind, IndexBlob, IndexFile},
    },
    store::{File, Folder},
};

/// Where a blob lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// The pack.
    pub(crate) pack: Id,
    /// Where it begins there.
    pub(crate) offset: u32,
    /// How many bytes it has there, encrypted.
    pub(crate) length: u32,
    /// How many bytes it has when decompressed; `None` if it is not compressed.
    pub(crate) uncompressed_length: Option<u32>,
}

impl Location {
    /// Where the pack `pack` holds `blob`.
    pub(crate) const fn of(pack: Id, blob: &IndexBlob) -> Self {
        Self {
            pack,
            offset: blob.offset,
            length: blob.length,
            uncompressed_length: blob.uncompressed_length,
        }
    }
}

/// A blob's plain bytes.
pub(crate) enum Plain {
    /// They lie in the buffer that was opened.
    InPlace(Range<usize>),
    /// They were compressed.
    Owned(Vec<u8>),
}

/// Why a blob's bytes are not what its id names.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadBlob {
    #[error(transparent)]
    Forged(#[from] Forged),
    #[error("the blob cannot be decompressed: {0}")]
    Compression(std::io::Error),
    #[error("the blob's SHA-256 is {0} instead of {1}")]
    Other(Id, Id),
}

/// Decrypts and decompresses a blob and compares it with its id.
pub(crate) fn open_blob(
    cipher: &Cipher,
    sealed: &mut [u8],
    id: Id,
    uncompressed_length: Option<u32>,
) -> Result<Plain, BadBlob> {
    let text = cipher.open(sealed)?;
    let (plain, found) = match uncompressed_length {
        None => (Plain::InPlace(NONCE..NONCE + text.len()), Id::of(text)),
        Some(length) => {
            // The capacity bounds what a forged index could make us allocate, too: u32.
            let plain =
                zstd::bulk::decompress(text, length as usize).map_err(BadBlob::Compression)?;
            let found = Id::of(&plain);
            (Plain::Owned(plain), found)
        }
    };
    if found == id {
        Ok(plain)
    } else {
        Err(BadBlob::Other(found, id))
    }
}

/// The whole index, compact: 52 bytes a blob.
#[derive(Default)]
pub(crate) struct BlobIndex {
    packs: Vec<Id>,
    /// Sorted by id. One id may have several places.
    data: Vec<Entry>,
    trees: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    id: Id,
    pack: u32,
    offset: u32,
    length: u32,
    /// 0 if it is not compressed: nobody compresses nothing.
    uncompressed_length: u32,
}

impl BlobIndex {
    /// Reads the index files. A file that cannot be read is an error, unless `broken` takes the message.
    pub(crate) fn load(
        repository: &Repository,
        wanted: impl Fn(BlobKind) -> bool,
        mut broken: Option<&mut Vec<String>>,
    ) -> Result<Self, VaultError> {
        let store_error = |error| repository.store_error(error);
        let mut index = Self::default();
        let mut seen = HashSet::new();
        let mut superseded = true;
        while std::mem::take(&mut superseded) {
            for (name, _) in repository.store.list(Folder::Index).map_err(store_error)? {
                if !seen.insert(name) {
                    continue;
                }
                match repository.read_json::<IndexFile>(Folder::Index, name) {
                    Ok(read) => index.add(&read, &wanted),
                    Err(error @ VaultError::Damaged { .. }) => {
                        let file = File::In(Folder::Index, name);
                        if repository.store.size(file).map_err(store_error)?.is_none() {
                            // Gone since it was listed: what stands in for it was there before it went.
                            superseded = true;
                        } else if let Some(broken) = &mut broken {
                            broken.push(error.to_string());
                        } else {
                            return Err(error);
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        index.data.sort_unstable_by_key(|entry| entry.id);
        index.trees.sort_unstable_by_key(|entry| entry.id);
        Ok(index)
    }

    fn add(&mut self, file: &IndexFile, wanted: &impl Fn(BlobKind) -> bool) {
        for pack in &file.packs {
            let number = u32::try_from(self.packs.len()).expect("there are fewer than 2^32 packs");
            self.packs.push(pack.id);
            for blob in pack.blobs.iter().filter(|blob| wanted(blob.kind)) {
                let entries = match blob.kind {
                    BlobKind::Data => &mut self.data,
                    BlobKind::Tree => &mut self.trees,
                };
                entries.push(Entry {
                    id: blob.id,
                    pack: number,
                    offset: blob.offset,
                    length: blob.length,
                    uncompressed_length: blob.uncompressed_length.unwrap_or(0),
                });
            }
        }
    }

    /// The data blobs that the index names and whose packs are there and long enough. `packs` are those in the store,
    /// with their sizes.
    pub(crate) fn data_in_place(&self, packs: &HashMap<Id, u64>) -> impl Iterator<Item = Id> {
        self.data
            .iter()
            .filter(|entry| {
                let end = u64::from(entry.offset) + u64::from(entry.length);
                packs
                    .get(&self.packs[entry.pack as usize])
                    .is_some_and(|size| *size >= end)
            })
            .map(|entry| entry.id)
    }

    /// Whether the index names packs that are not in the store. `packs` are those that are, with their sizes.
    pub(crate) fn names_others_than(&self, packs: &HashMap<Id, u64>) -> bool {
        self.packs.iter().any(|pack| !packs.contains_key(pack))
    }

    /// All places of a blob.
    pub(crate) fn places(&self, kind: BlobKind, id: Id) -> impl Iterator<Item = Location> {
        let entries = match kind {
            BlobKind::Data => &self.data,
            BlobKind::Tree => &self.trees,
        };
        let start = entries.partition_point(|entry| entry.id < id);
        entries[start..]
            .iter()
            .take_while(move |entry| entry.id == id)
            .map(|entry| Location {
                pack: self.packs[entry.pack as usize],
                offset: entry.offset,
                length: entry.length,
                uncompressed_length: (entry.uncompressed_length > 0)
                    .then_some(entry.uncompressed_length),
            })
    }

    /// Reads a tree from the first of its places that is sound.
    pub(crate) fn read_tree(
        &self,
        repository: &Repository,
        id: Id,
    ) -> Result<(Vec<u8>, Location), VaultError> {
        let mut last = repository.damaged(format!("the folder list {id} is in no index"));
        for place in self.places(BlobKind::Tree, id) {
            match repository.read_blob(id, &place) {
                Ok(json) => return Ok((json, place)),
                Err(error @ VaultError::Damaged { .. }) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }
}
