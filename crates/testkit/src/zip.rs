//! Zip archives (APPNOTE 6.3.10) as services write them while they send, and the wrong kinds.

use miniz_oxide::deflate::{
    compress_to_vec,
    core::{CompressorOxide, TDEFLFlush, compress, create_comp_flags_from_zip_params},
};

/// DEFLATE.
pub const DEFLATED: u16 = 8;
/// Not packed.
pub const STORED: u16 = 0;

/// An archive that is being written.
#[derive(Debug, Default)]
pub struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u64,
    /// Writes the end of the directory with eight-byte numbers too, as archives of over 4 GiB or 65,535 entries have it.
    pub wide_end: bool,
}

/// One entry, with everything that an archive says of it. What is said need not be true.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The name's bytes.
    pub name: &'a [u8],
    /// The bytes in the archive.
    pub packed: Vec<u8>,
    /// The number of the way of packing.
    pub method: u16,
    /// How many bytes the archive says that they unpack to.
    pub len: u64,
    /// The checksum that the archive says.
    pub crc: u32,
    /// More general purpose flags: 1 is encrypted.
    pub flags: u16,
    /// The mode of a Unix file, with its kind.
    pub mode: u32,
    /// Whether size and checksum stand behind the bytes, as where nobody knew them before.
    pub sizes_follow: bool,
    /// Whether sizes and place have eight bytes in the directory.
    pub wide: bool,
}

impl<'a> Entry<'a> {
    /// An entry as services write it: deflated, with its sizes behind it.
    #[must_use]
    pub fn deflated(name: &'a str, content: &[u8]) -> Self {
        Self {
            packed: compress_to_vec(content, 6),
            method: DEFLATED,
            ..Self::stored(name, content)
        }
    }

    /// An entry that is not packed, with its sizes behind it.
    #[must_use]
    pub fn stored(name: &'a str, content: &[u8]) -> Self {
        Self {
            name: name.as_bytes(),
            packed: content.to_vec(),
            method: STORED,
            len: content.len() as u64,
            crc: crc32(content),
            flags: 0,
            mode: 0o100_644,
            sizes_follow: true,
            wide: false,
        }
    }

    /// An entry of `mebibytes` MiB of zeros that takes a thousandth of it, and says how large it is.
    #[must_use]
    pub fn bomb(name: &'a str, mebibytes: u64) -> Self {
        Self {
            packed: zeros(mebibytes),
            method: DEFLATED,
            len: mebibytes << 20,
            ..Self::stored(name, b"")
        }
    }
}

impl Zip {
    /// Adds an entry, and returns where its header begins.
    ///
    /// # Panics
    ///
    /// Names and archives that the format's small numbers cannot express.
    pub fn add(&mut self, entry: &Entry<'_>) -> u64 {
        let offset = self.bytes.len() as u64;
        let sizes = if entry.sizes_follow {
            (0, 0, 0)
        } else {
            (entry.crc, four(entry.packed.len() as u64), four(entry.len))
        };
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(common(entry, sizes));
        self.bytes.extend(two(entry.name.len()));
        self.bytes.extend(two(0));
        self.bytes.extend(entry.name);
        self.bytes.extend(&entry.packed);
        if entry.sizes_follow {
            self.bytes.extend(b"PK\x07\x08");
            self.bytes.extend(entry.crc.to_le_bytes());
            self.bytes
                .extend(four(entry.packed.len() as u64).to_le_bytes());
            self.bytes.extend(four(entry.len).to_le_bytes());
        }
        self.list(entry, offset);
        offset
    }

    /// Lists an entry as lying at `offset`, without writing it.
    ///
    /// # Panics
    ///
    /// Names that the format cannot express.
    pub fn list(&mut self, entry: &Entry<'_>, offset: u64) {
        let packed_len = entry.packed.len() as u64;
        let mut extra = Vec::new();
        let (sizes, at) = if entry.wide {
            extra.extend([1, 0, 24, 0]);
            for number in [entry.len, packed_len, offset] {
                extra.extend(number.to_le_bytes());
            }
            ((entry.crc, u32::MAX, u32::MAX), u32::MAX)
        } else {
            ((entry.crc, four(packed_len), four(entry.len)), four(offset))
        };
        let directory = &mut self.directory;
        directory.extend(b"PK\x01\x02");
        // Made on Unix, so that the mode means something.
        directory.extend([20, 3]);
        directory.extend(common(entry, sizes));
        directory.extend(two(entry.name.len()));
        directory.extend(two(extra.len()));
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(entry.name);
        directory.extend(extra);
        self.count += 1;
    }

    /// The whole archive.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let (at, len) = (self.bytes.len() as u64, self.directory.len() as u64);
        self.bytes.extend(&self.directory);
        if self.wide_end {
            let end = self.bytes.len() as u64;
            self.bytes.extend(b"PK\x06\x06");
            self.bytes.extend(44u64.to_le_bytes());
            self.bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            for number in [self.count, self.count, len, at] {
                self.bytes.extend(number.to_le_bytes());
            }
            self.bytes.extend(b"PK\x06\x07\0\0\0\0");
            self.bytes.extend(end.to_le_bytes());
            self.bytes.extend(1u32.to_le_bytes());
        }
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        let count = u16::try_from(self.count).unwrap_or(u16::MAX);
        self.bytes.extend(count.to_le_bytes());
        self.bytes.extend(count.to_le_bytes());
        self.bytes.extend(four(len).to_le_bytes());
        self.bytes.extend(four(at).to_le_bytes());
        self.bytes.extend([0, 0]);
        self.bytes
    }
}

/// What both headers have: version, flags, method, an afternoon in 2024, checksum and sizes.
fn common(entry: &Entry<'_>, (crc, packed_len, len): (u32, u32, u32)) -> Vec<u8> {
    // Names are UTF-8 (bit 11).
    let flags = entry.flags | 1 << 11 | u16::from(entry.sizes_follow) << 3;
    let mut bytes = vec![20, 0];
    bytes.extend(flags.to_le_bytes());
    bytes.extend(entry.method.to_le_bytes());
    bytes.extend([0, 0x79, 0xbf, 0x58]);
    for number in [crc, packed_len, len] {
        bytes.extend(number.to_le_bytes());
    }
    bytes
}

fn two(number: usize) -> [u8; 2] {
    u16::try_from(number).expect("a short name").to_le_bytes()
}

/// The number, or the mark that it stands elsewhere.
fn four(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Deflated zeros. A flushed block of them refers to nothing before it, so it can be repeated.
fn zeros(mebibytes: u64) -> Vec<u8> {
    let flags = create_comp_flags_from_zip_params(6, -15, 0);
    let mut block = vec![0; 64 << 10];
    let mut compressor = CompressorOxide::new(flags);
    let (_, used, written) = compress(
        &mut compressor,
        &vec![0; 1 << 20],
        &mut block,
        TDEFLFlush::Sync,
    );
    assert_eq!(used, 1 << 20, "a mebibyte of zeros is packed at once");
    block.truncate(written);
    let mut packed = block.repeat(usize::try_from(mebibytes).expect("what fits into memory"));
    // An empty last block.
    packed.extend([3, 0]);
    packed
}

/// CRC-32 as in ISO/IEC 8802-3, bit by bit: slow, and not the one that is tested.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_bomb_is_zeros() {
        let bomb = Entry::bomb("a", 3);
        let unpacked = miniz_oxide::inflate::decompress_to_vec(&bomb.packed).unwrap();
        assert_eq!(unpacked, vec![0; 3 << 20]);
        assert!(bomb.len / bomb.packed.len() as u64 > 900);
    }
}
