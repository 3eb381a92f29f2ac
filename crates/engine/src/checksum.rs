//! Checksums that the clients' programs ask for and send along: what they compare instead of reading a photo back.
//!
//! A photo's identity is its SHA-256 and nothing else. These only say whether the bytes that arrived, or that lie in
//! the library now, are those that the client has.

use std::{
    fmt,
    io::{self, Read},
};

use md5::Md5;
use safelight_core::{AssetId, ContentHash};
use safelight_library::{DiskError, ReadError};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::start::{Engine, blocking};

/// What a file is read in while its checksum is computed.
const PIECE: usize = 256 * 1024;

/// How a checksum is computed. Written and read as ownCloud and Nextcloud name it: `SHA256`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256 (FIPS 180-4), the one that we keep.
    Sha256,
    /// SHA-1: what the apps of ownCloud and Nextcloud, and rclone, compute.
    Sha1,
    /// MD5.
    Md5,
    /// Adler-32 (RFC 1950).
    Adler32,
}

impl Algorithm {
    const ALL: [Self; 4] = [Self::Sha256, Self::Sha1, Self::Md5, Self::Adler32];

    /// Reads a name, in capitals or not; `None` if we do not have that one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA256",
            Self::Sha1 => "SHA1",
            Self::Md5 => "MD5",
            Self::Adler32 => "ADLER32",
        }
    }

    /// How many bytes a checksum has.
    const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha1 => 20,
            Self::Md5 => 16,
            Self::Adler32 => 4,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A checksum of a whole file. Written as `SHA1:0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    algorithm: Algorithm,
    /// As many as the algorithm has.
    bytes: Vec<u8>,
}

impl Checksum {
    /// A checksum from its hexadecimal digits; `None` if they are not digits, too few or too many. Adler-32 is a number
    /// to the programs that send it, so zeros at its beginning may be missing.
    #[must_use]
    pub fn from_hex(algorithm: Algorithm, digits: &str) -> Option<Self> {
        let bytes = match algorithm {
            Algorithm::Adler32 if (1..=8).contains(&digits.len()) => {
                hex::decode(format!("{digits:0>8}"))
            }
            _ => hex::decode(digits),
        }
        .ok()?;
        (bytes.len() == algorithm.length()).then_some(Self { algorithm, bytes })
    }

    /// The checksum of bytes that are all there.
    #[must_use]
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// How it is computed.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl From<ContentHash> for Checksum {
    fn from(hash: ContentHash) -> Self {
        Self {
            algorithm: Algorithm::Sha256,
            bytes: hash.as_bytes().to_vec(),
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, hex::encode(&self.bytes))
    }
}

/// Computes a checksum of bytes as they come.
pub(crate) enum Hasher {
    Sha256(Sha256),
    Sha1(Sha1),
    Md5(Md5),
    Adler32(adler2::Adler32),
}

impl Hasher {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Md5 => Self::Md5(Md5::new()),
            Algorithm::Adler32 => Self::Adler32(adler2::Adler32::new()),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Adler32(hasher) => hasher.write_slice(bytes),
        }
    }

    pub(crate) fn finish(self) -> Checksum {
        let (algorithm, bytes) = match self {
            Self::Sha256(hasher) => (Algorithm::Sha256, hasher.finalize().to_vec()),
            Self::Sha1(hasher) => (Algorithm::Sha1, hasher.finalize().to_vec()),
            Self::Md5(hasher) => (Algorithm::Md5, hasher.finalize().to_vec()),
            Self::Adler32(hasher) => (Algorithm::Adler32, hasher.checksum().to_be_bytes().to_vec()),
        };
        Checksum { algorithm, bytes }
    }
}

pub(crate) fn of_reader(algorithm: Algorithm, mut reader: impl Read) -> io::Result<Checksum> {
    let mut hasher = Hasher::new(algorithm);
    let mut piece = vec![0; PIECE];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(read) => hasher.update(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl Engine {
    /// Reads a photo's home copy to its end, and says what lies there now, whatever was taken in. A large video takes
    /// as long as the disk needs for it.
    ///
    /// # Errors
    ///
    /// There is no such photo, or its file cannot be read.
    pub async fn photo_checksum(
        &self,
        asset: AssetId,
        algorithm: Algorithm,
    ) -> Result<Checksum, ReadError> {
        let library = self.library().clone();
        blocking(move || {
            let (file, asset) = library.open_asset(asset)?;
            of_reader(algorithm, file).map_err(|source| {
                ReadError::Disk(DiskError {
                    attempt: "read",
                    path: asset.path.to_relative(),
                    source,
                })
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three bytes "abc", as RFC 3174, RFC 1321 and FIPS 180-4 have them; Adler-32 by hand: a = 1 + 97 + 98 + 99,
    /// b = 98 + 196 + 295.
    const ABC: [&str; 4] = [
        "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "SHA1:a9993e364706816aba3e25717850c26c9cd0d89d",
        "MD5:900150983cd24fb0d6963f7d28e17f72",
        "ADLER32:024d0127",
    ];

    fn parse(text: &str) -> Option<Checksum> {
        let (name, digits) = text.split_once(':')?;
        Checksum::from_hex(Algorithm::named(name)?, digits)
    }

    #[test]
    fn each_algorithm_computes_what_its_standard_says() {
        for text in ABC {
            let expected = parse(text).unwrap();
            assert_eq!(expected.to_string(), text);
            let computed = of_reader(expected.algorithm(), &b"abc"[..]).unwrap();
            assert_eq!(computed, expected);
        }
    }

    #[test]
    fn pieces_do_not_change_the_result() {
        let bytes: Vec<u8> = (0..PIECE + 1000).map(|n| (n % 251) as u8).collect();
        for algorithm in Algorithm::ALL {
            let mut hasher = Hasher::new(algorithm);
            hasher.update(&bytes);
            let whole = hasher.finish();
            assert_eq!(of_reader(algorithm, bytes.as_slice()).unwrap(), whole);
            assert_ne!(of_reader(algorithm, &bytes[1..]).unwrap(), whole);
        }
    }

    #[test]
    fn what_is_not_a_checksum_is_not_taken_for_one() {
        assert_eq!(parse("adler32:24d0127"), parse(ABC[3]));
        assert_eq!(
            parse("sha1:A9993E364706816ABA3E25717850C26C9CD0D89D"),
            parse(ABC[1])
        );
        for text in [
            "SHA3:00",
            "SHA1:",
            "SHA1:a9993e",
            "SHA1:zz993e364706816aba3e25717850c26c9cd0d89d",
            "MD5:kAFQmDzST7DWlj99KOF/cg==",
            "ADLER32:",
            "ADLER32:1024d0127",
            "ADLER32:-1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
