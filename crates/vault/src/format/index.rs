//! Index files: which blob lies where. `{"packs":[{"id":…,"blobs":[{"id":…,"type":"data","offset":…,"length":…}]}]}`.

use serde::{Deserialize, Serialize};

use super::{crypto::OVERHEAD, id::Id};

/// What a blob holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BlobKind {
    /// Bytes of files.
    Data,
    /// A folder's list.
    Tree,
}

/// An index file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct IndexFile {
    /// The packs that it describes.
    pub(crate) packs: Vec<IndexPack>,
}

/// One pack and what it holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct IndexPack {
    /// The pack's id, which is its name.
    pub(crate) id: Id,
    /// Its blobs.
    pub(crate) blobs: Vec<IndexBlob>,
}

/// One blob in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexBlob {
    /// The SHA-256 of its plain bytes.
    pub(crate) id: Id,
    /// What it holds.
    #[serde(rename = "type")]
    pub(crate) kind: BlobKind,
    /// Where it begins in the pack.
    pub(crate) offset: u32,
    /// How many bytes it has there, encrypted.
    pub(crate) length: u32,
    /// How many bytes it has when decompressed; absent if it is not compressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uncompressed_length: Option<u32>,
}

impl IndexPack {
    /// How many bytes the pack's file has, if this entry names all of its blobs: their bytes, an encrypted header with an
    /// entry for each, and the header's length.
    pub(crate) fn file_size(&self) -> u64 {
        let end = |blob: &IndexBlob| u64::from(blob.offset) + u64::from(blob.length);
        let entry = |blob: &IndexBlob| match blob.uncompressed_length {
            None => 37,
            Some(_) => 41,
        };
        let blobs = self.blobs.iter().map(end).max().unwrap_or(0);
        let header = self.blobs.iter().map(entry).sum::<u64>() + OVERHEAD as u64;
        blobs + header + size_of::<u32>() as u64
    }
}
