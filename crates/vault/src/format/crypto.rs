//! Encryption of everything in a repository but the keys' files: `nonce (16) ‖ ciphertext ‖ tag (16)`, AES-256 in
//! counter mode with Poly1305-AES (restic's `doc/design.rst`, "Keys, Encryption and MAC").

use aes256ctr_poly1305aes::{Aes256CtrPoly1305Aes, Key, Nonce, Tag, aead::AeadInPlace};
use safelight_core::Entropy;

/// The bytes before the ciphertext.
pub(crate) const NONCE: usize = 16;
/// What encryption adds to a text's length.
pub(crate) const OVERHEAD: usize = NONCE + 16;

/// The repository's master key, ready for use.
#[derive(Clone)]
pub(crate) struct Cipher(Aes256CtrPoly1305Aes);

/// The bytes were not written with this key, or were changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the authentication code does not match: the bytes were changed, or belong to another repository"
)]
pub(crate) struct Forged;

impl Cipher {
    /// Takes the three parts of a master key: 32 bytes for AES, 16 and 16 for Poly1305-AES.
    ///
    /// `None` if a part has another length.
    pub(crate) fn new(encrypt: &[u8], k: &[u8], r: &[u8]) -> Option<Self> {
        if (encrypt.len(), k.len(), r.len()) != (32, 16, 16) {
            return None;
        }
        let mut key = Key::default();
        key[..32].copy_from_slice(encrypt);
        key[32..48].copy_from_slice(k);
        key[48..].copy_from_slice(r);
        Some(Self(Aes256CtrPoly1305Aes::new(&key)))
    }

    /// Encrypts the end of `buffer` from `start` on, where the caller has left [`NONCE`] bytes before the text, and
    /// adds the tag.
    pub(crate) fn seal_tail(&self, buffer: &mut Vec<u8>, start: usize, entropy: &dyn Entropy) {
        let (nonce, text) = buffer[start..].split_at_mut(NONCE);
        // 128 random bits a text: after 2^48 blobs two are alike with a chance below 2^-32.
        entropy.fill(nonce);
        let tag = self
            .0
            .encrypt_in_place_detached(Nonce::from_slice(nonce), &[], text)
            .expect("no text is near the cipher's limit of 2^36 bytes");
        buffer.extend_from_slice(&tag);
    }

    /// Encrypts a whole text.
    pub(crate) fn seal(&self, text: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let mut buffer = Vec::with_capacity(text.len() + OVERHEAD);
        buffer.resize(NONCE, 0);
        buffer.extend_from_slice(text);
        self.seal_tail(&mut buffer, 0, entropy);
        buffer
    }

    /// Decrypts in place; the text is a part of `sealed`.
    pub(crate) fn open<'a>(&self, sealed: &'a mut [u8]) -> Result<&'a mut [u8], Forged> {
        if sealed.len() < OVERHEAD {
            return Err(Forged);
        }
        let (nonce, rest) = sealed.split_at_mut(NONCE);
        let (text, tag) = rest.split_at_mut(rest.len() - (OVERHEAD - NONCE));
        self.0
            .decrypt_in_place_detached(Nonce::from_slice(nonce), &[], text, Tag::from_slice(tag))
            .map_err(|_| Forged)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededEntropy;

    #[test]
    fn a_changed_bit_anywhere_is_noticed() {
        let cipher = Cipher::new(&[1; 32], &[2; 16], &[3; 16]).unwrap();
        let sealed = cipher.seal(b"a photo", &SeededEntropy::new(1));
        assert_eq!(cipher.open(&mut sealed.clone()).unwrap(), b"a photo");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(cipher.open(&mut changed), Err(Forged), "bit {bit}");
        }
        assert_eq!(cipher.open(&mut sealed.clone()[..31]), Err(Forged));
    }
}
