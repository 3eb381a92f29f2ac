//! The header that stands before each entry's bytes (APPNOTE 6.3.10, section 4.3.7).

use std::io;

use rawzip::ReaderAt;

const SIGNATURE: &[u8] = b"PK\x03\x04";
/// Without the name and the extra fields.
const FIXED: usize = 30;
/// The extra field with sizes that do not fit into four bytes.
const ZIP64: u16 = 1;

/// Bits of the general purpose flags.
const ENCRYPTED: u16 = 1;
const SIZES_FOLLOW: u16 = 1 << 3;

/// What a header says of its entry.
#[derive(Debug)]
pub(super) struct Header {
    /// The name's bytes.
    pub(super) name: Vec<u8>,
    /// The number of the way in which the entry is packed.
    pub(super) method: u16,
    pub(super) is_encrypted: bool,
    /// Whether sizes and CRC-32 stand behind the bytes, and not here.
    pub(super) sizes_follow: bool,
    pub(super) packed_len: u64,
    pub(super) len: u64,
    pub(super) crc: u32,
    /// Where the entry's bytes begin.
    pub(super) end: u64,
}

/// Reads the header at `at`; `None` if there is none.
pub(super) fn read(bytes: &impl ReaderAt, at: u64) -> io::Result<Option<Header>> {
    let mut fixed = [0; FIXED];
    if !fill(bytes, at, &mut fixed)? || !fixed.starts_with(SIGNATURE) {
        return Ok(None);
    }
    let (name_len, extra_len) = (
        usize::from(u16_at(&fixed, 26)),
        usize::from(u16_at(&fixed, 28)),
    );
    let mut name = vec![0; name_len + extra_len];
    let variable_at = at.saturating_add(FIXED as u64);
    if !fill(bytes, variable_at, &mut name)? {
        return Ok(None);
    }
    let extra = name.split_off(name_len);
    let flags = u16_at(&fixed, 6);
    let (mut packed_len, mut len) = (u64::from(u32_at(&fixed, 18)), u64::from(u32_at(&fixed, 22)));
    let zip64 = field(&extra, ZIP64);
    if let Some(zip64) = zip64 {
        // In this order, and only those that do not fit above.
        let mut wide = zip64.chunks_exact(8).map(u64_of);
        for size in [&mut len, &mut packed_len] {
            if *size == u64::from(u32::MAX) {
                *size = wide.next().unwrap_or(*size);
            }
        }
    }
    Ok(Some(Header {
        name,
        method: u16_at(&fixed, 8),
        is_encrypted: flags & ENCRYPTED != 0,
        sizes_follow: flags & SIZES_FOLLOW != 0,
        packed_len,
        len,
        crc: u32_at(&fixed, 14),
        end: variable_at.saturating_add((name_len + extra_len) as u64),
    }))
}

/// Fills `buffer`; `false` if the archive ends before.
pub(super) fn fill(bytes: &impl ReaderAt, at: u64, buffer: &mut [u8]) -> io::Result<bool> {
    match bytes.read_exact_at(buffer, at) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The content of an extra field.
fn field(mut extra: &[u8], wanted: u16) -> Option<&[u8]> {
    while let Some((head, rest)) = extra.split_first_chunk::<4>() {
        let len = usize::from(u16_at(head, 2));
        let content = rest.get(..len)?;
        if u16_at(head, 0) == wanted {
            return Some(content);
        }
        extra = &rest[len..];
    }
    None
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// From the first eight bytes.
pub(super) fn u64_of(bytes: &[u8]) -> u64 {
    u64::from(u32_at(bytes, 0)) | u64::from(u32_at(bytes, 4)) << 32
}
