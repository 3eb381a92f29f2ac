//! Files that are not packs (config, indexes, snapshots, locks): JSON, compressed if that pays, encrypted.

use std::io::Read;

use safelight_core::Entropy;
use serde::{Serialize, de::DeserializeOwned};

use super::crypto::{Cipher, Forged};

/// No index, snapshot or lock of a sound repository is larger when decompressed. A larger one is refused.
const MAX_PLAIN: u64 = 1 << 30;

/// Why a repository file cannot be understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnreadableFile {
    #[error(transparent)]
    Forged(#[from] Forged),
    #[error("it cannot be decompressed: {0}")]
    Compression(std::io::Error),
    #[error("its content is not as the repository format says: {0}")]
    Format(#[from] serde_json::Error),
}

/// Encrypts a file of format version 2: the byte 2, then the JSON compressed by zstd.
pub(crate) fn seal_json(cipher: &Cipher, value: &impl Serialize, entropy: &dyn Entropy) -> Vec<u8> {
    let json = serde_json::to_vec(value).expect("our own types are JSON");
    let mut text = vec![2];
    zstd::stream::copy_encode(json.as_slice(), &mut text, 3).expect("memory takes what is written");
    cipher.seal(&text, entropy)
}

/// Encrypts a file that is never compressed (locks, so that every restic reads them).
pub(crate) fn seal_plain_json(
    cipher: &Cipher,
    value: &impl Serialize,
    entropy: &dyn Entropy,
) -> Vec<u8> {
    cipher.seal(
        &serde_json::to_vec(value).expect("our own types are JSON"),
        entropy,
    )
}

/// Reads a file of either form.
pub(crate) fn open_json<T: DeserializeOwned>(
    cipher: &Cipher,
    mut sealed: Vec<u8>,
) -> Result<T, UnreadableFile> {
    let text = cipher.open(&mut sealed)?;
    if text.first() != Some(&2) {
        return Ok(serde_json::from_slice(text)?);
    }
    let mut json = Vec::new();
    zstd::stream::Decoder::new(&text[1..])
        .and_then(|decoder| decoder.take(MAX_PLAIN).read_to_end(&mut json))
        .map_err(UnreadableFile::Compression)?;
    Ok(serde_json::from_slice(&json)?)
}
