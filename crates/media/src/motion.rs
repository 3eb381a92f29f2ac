//! Videos within photos: Google's Motion Photos (Motion Photo format 1.0, and the Micro Video before it) and Samsung's.
//!
//! What says that there is a video survives programs that take the video away, so nothing is believed before the
//! beginning of a video was seen.

use crate::{
    facts::Problem,
    found::Found,
    reader::{Reader, Span},
};

/// What Samsung's trailer ends with, and what its directory begins with.
const TRAILER_END: [u8; 4] = *b"SEFT";
const TRAILER_DIRECTORY: [u8; 4] = *b"SEFH";
/// The trailer's entry with a video.
const MOTION_PHOTO_DATA: u16 = 0x0A30;
/// The most entries of the trailer that are looked at, and the longest name of one, in bytes.
const MAX_ENTRIES: u32 = 64;
const MAX_NAME: u32 = 256;

/// Where the video in a photo begins.
pub(crate) fn find_video(reader: &mut Reader<'_>, found: &mut Found) -> Option<u64> {
    let whole = reader.whole();
    let stated: Vec<u64> = found
        .motion
        .before_end
        .iter()
        .filter_map(|length| whole.len.checked_sub(*length))
        .chain(found.motion.places.iter().copied())
        .collect();
    let seen = stated
        .into_iter()
        .find(|place| is_video(reader, *place))
        .or_else(|| samsung_video(reader).filter(|place| is_video(reader, *place)));
    if seen.is_none() && found.motion.is_promised {
        found.problems.push(Problem::MotionVideoMissing);
    }
    seen
}

/// Whether a file of the ISO base media file format begins there.
fn is_video(reader: &mut Reader<'_>, place: u64) -> bool {
    place > 0
        && reader.array::<8>(place).is_some_and(|head| {
            let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
            (8..=4096).contains(&size) && head[4..] == *b"ftyp"
        })
}

/// Where Samsung's trailer says that the video is. Its places count backwards from its directory.
fn samsung_video(reader: &mut Reader<'_>) -> Option<u64> {
    let end = reader.whole().len;
    let [l0, l1, l2, l3, mark @ ..] = reader.array::<8>(end.checked_sub(8)?)?;
    if mark != TRAILER_END {
        return None;
    }
    let length = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
    let directory = end.checked_sub(8)?.checked_sub(length)?;
    if reader.array(directory)? != TRAILER_DIRECTORY {
        return None;
    }
    let count = u32::from_le_bytes(reader.array(directory + 8)?).min(MAX_ENTRIES);
    let entries = Span {
        start: directory + 12,
        len: u64::from(count) * 12,
    };
    for entry in reader.bytes(entries)?.chunks_exact(12) {
        let &[_, _, t0, t1, o0, o1, o2, o3, ..] = entry else {
            continue;
        };
        if u16::from_le_bytes([t0, t1]) == MOTION_PHOTO_DATA {
            let back = u64::from(u32::from_le_bytes([o0, o1, o2, o3]));
            let data = directory.checked_sub(back)?;
            // Two zeros and the type again, the name's length, the name, the video.
            let name = u32::from_le_bytes(reader.array(data + 4)?);
            return (name <= MAX_NAME).then_some(data + 8 + u64::from(name));
        }
    }
    None
}
