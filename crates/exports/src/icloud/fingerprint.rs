//! Apple's checksum of a file, which its tables call `fileChecksum`.
//!
//! Apple does not say what it is. It is the signature by which its servers know stored files, and was found to be a 1 and the SHA-1
//! of two fixed words and the file's bytes, in base64 without padding. If Apple changes it, no checksum agrees any more, and what
//! is unclear stays so: an agreement of 160 bits is never chance.

use std::io::{self, Read};

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use sha1::{Digest, Sha1};

/// What stands before the file's bytes.
const SALT: &[u8] = b"com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0";
/// How much is read at once, in bytes.
const PIECE: usize = 64 << 10;

/// The checksum of all that is read, as the tables write it.
///
/// # Errors
///
/// Those of reading.
pub fn fingerprint(mut file: impl Read) -> io::Result<String> {
    let mut hasher = Sha1::new();
    hasher.update(SALT);
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => hasher.update(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut signature = vec![1];
    signature.extend_from_slice(&hasher.finalize());
    Ok(BASE64_STANDARD_NO_PAD.encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_like_apples() {
        // `printf 'com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0hello' | sha1sum`, after a byte of 1.
        assert_eq!(
            fingerprint(&b"hello"[..]).unwrap(),
            "AcW96XzA8CMFcrVWfJyAAy8aWWE6"
        );
    }
}
