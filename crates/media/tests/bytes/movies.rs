//! Capture times in videos.

use std::io::{Cursor, Read, Seek, SeekFrom};

use safelight_core::MediaKind;
use safelight_media::{Format, describe};

use crate::{
    build::{ftyp, keys, mvhd, node, since_1904, user_text, versioned},
    facts, hints, shown, zone,
};

/// A video with boxes in its `moov`, which stands behind the pictures.
fn movie(brand: &[u8; 4], boxes: &[Vec<u8>]) -> Vec<u8> {
    [
        ftyp(brand),
        node(b"mdat", &[0; 5000]),
        node(b"moov", &boxes.concat()),
    ]
    .concat()
}

fn captured(boxes: &[Vec<u8>]) -> String {
    shown(facts(&movie(b"qt  ", boxes)).captured)
}

fn header() -> Vec<u8> {
    mvhd(since_1904("2024-05-31T22:30:00Z"))
}

#[test]
fn the_movie_header_is_utc() {
    let video = facts(&movie(b"isom", &[header()]));
    assert_eq!((video.kind, video.format), (MediaKind::Video, Format::Mp4));
    // Midnight lies between the two.
    assert_eq!(
        shown(video.captured),
        "2024-06-01T00:30:00 +02 movie-header"
    );
    let wide = versioned(
        b"mvhd",
        1,
        &u64::from(since_1904("2024-05-31T22:30:00Z")).to_be_bytes(),
    );
    assert_eq!(captured(&[wide]), "2024-06-01T00:30:00 +02 movie-header");
}

#[test]
fn some_cameras_write_the_wall_clock_into_the_movie_header() {
    let local = "2024-05-31T22:30:00 ? movie-header";
    assert_eq!(
        captured(&[
            header(),
            node(b"udta", &user_text(b"\xA9mak", "NIKON CORPORATION"))
        ]),
        local
    );
    assert_eq!(
        captured(&[header(), keys(&[("com.apple.quicktime.make", "Canon")])]),
        local
    );
    assert_eq!(
        captured(&[header(), node(b"udta", &node(b"CNTH", &[0; 20]))]),
        local
    );
    let apple = captured(&[header(), keys(&[("com.apple.quicktime.make", "Apple")])]);
    assert_eq!(apple, "2024-06-01T00:30:00 +02 movie-header");
}

#[test]
fn a_header_that_was_never_set_is_no_date() {
    for unset in [
        0,
        since_1904("1970-01-01T00:00:00Z"),
        since_1904("1989-12-31T00:00:00Z"),
        u32::MAX,
    ] {
        assert_eq!(captured(&[mvhd(unset)]), "nobody knows", "{unset}");
    }
}

#[test]
fn a_date_with_its_offset_is_believed_before_the_header() {
    let keyed = keys(&[
        ("com.apple.quicktime.make", "Apple"),
        (
            "com.apple.quicktime.creationdate",
            "2024-06-01T07:30:00+0900",
        ),
    ]);
    assert_eq!(
        captured(&[header(), keyed.clone()]),
        "2024-06-01T07:30:00 +09 quicktime-creationdate"
    );
    let day = node(b"udta", &user_text(b"\xA9day", "2024-06-01T06:30:00+0800"));
    assert_eq!(
        captured(&[header(), day.clone()]),
        "2024-06-01T06:30:00 +08 quicktime-creationdate"
    );
    assert_eq!(
        captured(&[header(), day, keyed]),
        "2024-06-01T07:30:00 +09 quicktime-creationdate"
    );
    let android = node(b"udta", &node(b"date", b"2024-06-01T06:30:00+0800"));
    assert_eq!(
        captured(&[header(), android]),
        "2024-06-01T06:30:00 +08 quicktime-creationdate"
    );
    let utc = keys(&[("com.apple.quicktime.creationdate", "2024-05-31T22:30:00Z")]);
    assert_eq!(
        captured(&[utc]),
        "2024-06-01T00:30:00 +02 quicktime-creationdate"
    );
}

#[test]
fn a_date_without_an_offset_is_not() {
    for text in ["2024-06-01T06:30:00", "2024-06-01", "2024", ""] {
        let day = node(b"udta", &user_text(b"\xA9day", text));
        assert_eq!(
            captured(&[header(), day]),
            "2024-06-01T00:30:00 +02 movie-header",
            "{text}"
        );
    }
}

#[test]
fn itunes_metadata_have_a_version_before_their_boxes() {
    let data = node(b"data", b"\0\0\0\x01\0\0\0\x002024-06-01T06:30:00+08:00");
    let inside = [
        versioned(b"hdlr", 0, &[0; 20]),
        node(b"ilst", &node(b"\xA9day", &data)),
    ]
    .concat();
    let udta = node(b"udta", &versioned(b"meta", 0, &inside));
    assert_eq!(
        captured(&[header(), udta]),
        "2024-06-01T06:30:00 +08 quicktime-creationdate"
    );
}

#[test]
fn matroska_says_it_in_nanoseconds_since_2001() {
    let nanoseconds = 738_887_400_i64 * 1_000_000_000 + 250_000_000;
    let date = [&[0x44, 0x61, 0x88][..], &nanoseconds.to_be_bytes()].concat();
    // A void element before the date.
    let info = [
        &[0x15, 0x49, 0xA9, 0x66, 0x80 | 15][..],
        &[0xEC, 0x82, 0, 0],
        &date,
    ]
    .concat();
    // The segment's size is unknown, or stated.
    for size in [
        &[0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF][..],
        &[0xA0],
    ] {
        let header = b"\x1A\x45\xDF\xA3\x87\x42\x82\x84webm";
        let bytes = [
            header,
            &[0x18, 0x53, 0x80, 0x67][..],
            size,
            &[0xEC, 0x81, 9],
            &info,
        ]
        .concat();
        let video = facts(&bytes);
        assert_eq!(
            (video.format, shown(video.captured).as_str()),
            (Format::WebM, "2024-06-01T00:30:00.25 +02 movie-header")
        );
    }
}

/// A file with zeros between its beginning and its end, that counts what is read of it.
struct Sparse {
    head: Vec<u8>,
    zeros: u64,
    tail: Vec<u8>,
    at: u64,
    read: u64,
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let tail_at = self.head.len() as u64 + self.zeros;
        let end = tail_at + self.tail.len() as u64;
        let count = (buffer.len() as u64).min(end.saturating_sub(self.at)) as usize;
        for (byte, at) in buffer[..count].iter_mut().zip(self.at..) {
            *byte = match usize::try_from(at) {
                Ok(at) if at < self.head.len() => self.head[at],
                _ if at >= tail_at => self.tail[(at - tail_at) as usize],
                _ => 0,
            };
        }
        self.at += count as u64;
        self.read += count as u64;
        Ok(count)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let end = self.head.len() as u64 + self.zeros + self.tail.len() as u64;
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => end.checked_add_signed(by).unwrap(),
            SeekFrom::Current(by) => self.at.checked_add_signed(by).unwrap(),
        };
        Ok(self.at)
    }
}

#[test]
fn the_pictures_of_a_huge_video_are_not_read() {
    let zeros = 8 << 30;
    let mdat = [
        &1_u32.to_be_bytes()[..],
        b"mdat",
        &(zeros + 16_u64).to_be_bytes(),
    ]
    .concat();
    let mut file = Sparse {
        head: [ftyp(b"isom"), mdat].concat(),
        zeros,
        tail: node(b"moov", &header()),
        at: 0,
        read: 0,
    };
    let zone = zone();
    let video = describe(&mut file, &hints("", &zone));
    assert_eq!(
        shown(video.captured),
        "2024-06-01T00:30:00 +02 movie-header"
    );
    assert!(file.read <= 32 << 10, "{} bytes were read", file.read);
}

#[test]
fn whatever_a_file_says_only_so_much_of_it_is_read() {
    // 2,048 boxes, each on a page of its own.
    let page = [&4096_u32.to_be_bytes()[..], b"free"].concat();
    let mut bytes = ftyp(b"isom");
    for _ in 0..2048 {
        bytes.extend(&page);
        bytes.resize(bytes.len() + 4088, 0);
    }
    let mut file = Sparse {
        head: bytes,
        zeros: 0,
        tail: node(b"moov", &header()),
        at: 0,
        read: 0,
    };
    let zone = zone();
    assert_eq!(
        shown(describe(&mut file, &hints("", &zone)).captured),
        "nobody knows"
    );
    assert!(file.read <= 4 << 20, "{} bytes were read", file.read);
}

/// A file that cannot be read.
struct Broken(Cursor<Vec<u8>>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the disk is gone"))
    }
}

impl Seek for Broken {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn what_cannot_be_read_is_not_known() {
    let zone = zone();
    let mut file = Broken(Cursor::new(movie(b"isom", &[header()])));
    let found = describe(&mut file, &hints("VID_20240531_223000.mp4", &zone));
    assert_eq!(found.format, Format::Other);
    assert_eq!(shown(found.captured), "2024-05-31T22:30:00 ? file-name");
}
