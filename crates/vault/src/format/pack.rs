//! Packs: `blob … blob ‖ encrypted header ‖ the header's length (4 bytes, little-endian)`.

use safelight_core::Entropy;

use super::{
    crypto::{Cipher, NONCE, OVERHEAD},
    id::Id,
    index::{BlobKind, IndexBlob, IndexPack},
};

/// A pack takes no further blob that would lead beyond this: two whole chunks and their overhead fit.
pub(crate) const TARGET: usize = 17 << 20;
/// The most blobs in a pack. Their header has 410 kB then, far below what restic reads.
pub(crate) const MAX_BLOBS: usize = 10_000;
/// What a buffer needs so that it never grows: the target, a header, its overhead and length.
pub(crate) const CAPACITY: usize = TARGET + MAX_BLOBS * ENTRY_MAX + OVERHEAD + 4;

const ENTRY_MAX: usize = 41;

/// A pack that is being filled.
pub(crate) struct PackBuilder {
    buffer: Vec<u8>,
    blobs: Vec<IndexBlob>,
    kind: BlobKind,
}

/// A pack that is ready to be stored.
pub(crate) struct SealedPack {
    /// The bytes to store under the index entry's id.
    pub(crate) bytes: Vec<u8>,
    /// What the index says of it.
    pub(crate) index: IndexPack,
}

impl PackBuilder {
    /// A pack for blobs of one kind, in a buffer whose content is dropped and whose memory is used.
    pub(crate) fn new(kind: BlobKind, mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        Self {
            buffer,
            blobs: Vec::new(),
            kind,
        }
    }

    /// Whether there is nothing in it.
    pub(crate) const fn is_empty(&self) -> bool {
        self.blobs.is_empty()
    }

    /// Whether a blob of `length` plain bytes still belongs into this pack.
    pub(crate) fn has_room(&self, length: usize) -> bool {
        self.is_empty()
            || (self.buffer.len() + length + OVERHEAD <= TARGET && self.blobs.len() < MAX_BLOBS)
    }

    /// Begins a blob; the caller appends its plain bytes to [`Draft::buffer`].
    pub(crate) fn draft(&mut self) -> Draft<'_> {
        let start = self.buffer.len();
        self.buffer.resize(start + NONCE, 0);
        Draft { pack: self, start }
    }

    /// Adds a blob whose plain bytes are at hand, compressed to `packed` if that is shorter.
    pub(crate) fn add(
        &mut self,
        id: Id,
        plain: &[u8],
        packed: Option<&[u8]>,
        cipher: &Cipher,
        entropy: &dyn Entropy,
    ) {
        let draft = self.draft();
        draft.pack.buffer.extend_from_slice(packed.unwrap_or(plain));
        let uncompressed = packed.and_then(|_| u32::try_from(plain.len()).ok());
        draft.keep(id, uncompressed, cipher, entropy);
    }

    /// Writes the header and names the pack.
    pub(crate) fn seal(mut self, cipher: &Cipher, entropy: &dyn Entropy) -> SealedPack {
        let start = self.buffer.len();
        self.buffer.resize(start + NONCE, 0);
        for blob in &self.blobs {
            let kind = match blob.kind {
                BlobKind::Data => 0,
                BlobKind::Tree => 1,
            };
            match blob.uncompressed_length {
                None => {
                    self.buffer.push(kind);
                    self.buffer.extend_from_slice(&blob.length.to_le_bytes());
                }
                Some(length) => {
                    self.buffer.push(kind | 2);
                    self.buffer.extend_from_slice(&blob.length.to_le_bytes());
                    self.buffer.extend_from_slice(&length.to_le_bytes());
                }
            }
            self.buffer.extend_from_slice(&blob.id.0);
        }
        cipher.seal_tail(&mut self.buffer, start, entropy);
        let header =
            u32::try_from(self.buffer.len() - start).expect("a header has less than 4 GiB");
        self.buffer.extend_from_slice(&header.to_le_bytes());
        SealedPack {
            index: IndexPack {
                id: Id::of(&self.buffer),
                blobs: self.blobs,
            },
            bytes: self.buffer,
        }
    }

    /// Gives the buffer back.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }
}

/// A blob whose plain bytes are being read into the pack. Dropped without [`Draft::keep`] it must be [`Draft::undo`]ne.
pub(crate) struct Draft<'a> {
    pack: &'a mut PackBuilder,
    start: usize,
}

impl Draft<'_> {
    /// Where the plain bytes are appended.
    pub(crate) const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.pack.buffer
    }

    /// The plain bytes so far.
    pub(crate) fn plain(&self) -> &[u8] {
        &self.pack.buffer[self.start + NONCE..]
    }

    /// Replaces the plain bytes by their compressed form.
    pub(crate) fn replace(&mut self, packed: &[u8]) {
        self.pack.buffer.truncate(self.start + NONCE);
        self.pack.buffer.extend_from_slice(packed);
    }

    /// Encrypts the blob and makes it a part of the pack.
    pub(crate) fn keep(
        self,
        id: Id,
        uncompressed_length: Option<u32>,
        cipher: &Cipher,
        entropy: &dyn Entropy,
    ) {
        cipher.seal_tail(&mut self.pack.buffer, self.start, entropy);
        let number = |n: usize| u32::try_from(n).expect("a pack has less than 4 GiB");
        self.pack.blobs.push(IndexBlob {
            id,
            kind: self.pack.kind,
            offset: number(self.start),
            length: number(self.pack.buffer.len() - self.start),
            uncompressed_length,
        });
    }

    /// Takes the blob's bytes out again.
    pub(crate) fn undo(self) {
        self.pack.buffer.truncate(self.start);
    }
}
