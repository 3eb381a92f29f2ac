//! What the fuzz targets have in common: a file is described, and whatever its bytes are, that must end well.

use std::io::Cursor;

use jiff::{Timestamp, tz::TimeZone};
use safelight_media::{Hints, describe};

/// Describes a file that begins with the bytes by which its format is told, followed by `data`.
pub fn describe_file(beginning: &[u8], data: &[u8]) {
    describe_named(&[beginning, data].concat(), "");
}

/// Describes a file with a name.
pub fn describe_named(bytes: &[u8], name: &str) {
    let hints = Hints {
        name,
        client_created: None,
        modified: None,
        zone: &TimeZone::UTC,
        now: Timestamp::MAX,
    };
    let facts = describe(&mut Cursor::new(bytes), &hints);
    let len = bytes.len() as u64;
    assert!(facts.motion_video.is_none_or(|place| place < len));
    assert!(facts.preview.is_none_or(|preview| preview.offset + preview.len <= len));
    assert!(facts.size.is_none_or(|size| size.width > 0 && size.height > 0));
}

/// Describes a JPEG with an application segment that begins with `name`, followed by `data`.
pub fn describe_segment(name: &[u8], data: &[u8]) {
    let data = &data[..data.len().min(65_000)];
    let length = (2 + name.len() + data.len()) as u16;
    let bytes = [b"\xFF\xD8\xFF\xE1", &length.to_be_bytes()[..], name, data, b"\xFF\xD9"].concat();
    describe_named(&bytes, "");
}
