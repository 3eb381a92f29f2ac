//! MP4 (ISO/IEC 14496-12): file type, movie header, media data.

use jiff::Timestamp;

use crate::Random;

/// Seconds from 1904-01-01, from which movies count, to 1970-01-01.
const FROM_1904: i64 = 2_082_844_800;

/// An MP4 of `size` bytes whose movie header says when it was made; its media data are incompressible.
///
/// The smallest possible one has some 150 bytes; a smaller `size` gives that.
///
/// # Panics
///
/// For a time outside 1904 to 2040, or 4 GiB and more.
#[must_use]
pub fn mp4(taken: Timestamp, size: usize, random: &mut Random) -> Vec<u8> {
    let created =
        u32::try_from(taken.as_second() + FROM_1904).expect("a time between 1904 and 2040");
    let mut header = Vec::with_capacity(100);
    header.extend([0; 4]);
    header.extend(created.to_be_bytes());
    header.extend(created.to_be_bytes());
    header.extend(1_000_u32.to_be_bytes()); // time scale: milliseconds
    header.extend(5_000_u32.to_be_bytes()); // duration
    header.extend(0x0001_0000_u32.to_be_bytes()); // normal speed
    header.extend(0x0100_u16.to_be_bytes()); // full volume
    header.extend([0; 10]);
    for number in [0x0001_0000_u32, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] {
        header.extend(number.to_be_bytes()); // the identity matrix
    }
    header.extend([0; 24]);
    header.extend(2_u32.to_be_bytes()); // the next track's number

    let mut file = part(*b"ftyp", b"isom\0\0\x02\0isommp41");
    file.extend(part(*b"moov", &part(*b"mvhd", &header)));
    let room = size.saturating_sub(file.len() + 8).max(8);
    file.extend(u32::try_from(room + 8).expect("under 4 GiB").to_be_bytes());
    file.extend(b"mdat");
    let start = file.len();
    file.resize(start + room, 0);
    random.fill(&mut file[start..]);
    file
}

/// One box.
fn part(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).expect("a small box");
    let mut part = length.to_be_bytes().to_vec();
    part.extend(kind);
    part.extend(content);
    part
}
