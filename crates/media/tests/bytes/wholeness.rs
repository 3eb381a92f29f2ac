//! Files with and without their end.

use std::io::Cursor;

use safelight_media::{Wholeness, wholeness};

fn of(bytes: &[u8]) -> Wholeness {
    wholeness(&mut Cursor::new(bytes))
}

fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap();
    [&size.to_be_bytes()[..], name, content].concat()
}

fn movie() -> Vec<u8> {
    let large = [
        &1_u32.to_be_bytes()[..],
        b"mdat",
        &116_u64.to_be_bytes(),
        &[7; 100],
    ]
    .concat();
    [boxed(b"ftyp", b"isommp42"), large, boxed(b"moov", &[1; 50])].concat()
}

fn picture() -> Vec<u8> {
    let mut bytes = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xFF\xDA".to_vec();
    bytes.extend([0x55; 500]);
    bytes.extend(b"\xFF\xD9");
    bytes
}

#[test]
fn a_file_that_lacks_its_last_byte_is_cut() {
    let mut riff = [b"RIFF", &104_u32.to_le_bytes()[..], b"WEBP"].concat();
    riff.extend([3; 100]);
    let png = [
        &b"\x89PNG\r\n\x1A\n"[..],
        &[9; 64],
        b"\0\0\0\0IEND\xAE\x42\x60\x82",
    ]
    .concat();
    let motion = [picture(), movie()].concat();
    // A video far behind the beginning, with its seam across the border of what is read at a time.
    let far: Vec<Vec<u8>> = (256 * 1024 - 12..256 * 1024 + 2)
        .map(|length| {
            let mut photo = picture();
            photo.splice(30..30, vec![0x55; length - photo.len()]);
            [photo, movie()].concat()
        })
        .collect();
    let samsung = [&picture()[..], b"something SEFT"].concat();
    let files = [picture(), movie(), riff, png, motion, samsung];
    for (number, file) in files.iter().chain(&far).enumerate() {
        assert_eq!(of(file), Wholeness::Whole, "{number}");
        assert_eq!(of(&file[..file.len() - 1]), Wholeness::Cut, "{number}");
    }
}

#[test]
fn what_does_not_tell_is_not_suspected() {
    let mut open_ended = movie();
    open_ended.extend([0, 0, 0, 0]);
    open_ended.extend(b"mdat and so on");
    let unknown_trailer = [&picture()[..], b"whatever"].concat();
    for file in [b"".to_vec(), b"text".to_vec(), open_ended, unknown_trailer] {
        assert_eq!(of(&file), Wholeness::Unknown);
    }
}

#[test]
fn lengths_that_lie_do_no_harm() {
    for size in [1_u32, 2, 7, u32::MAX] {
        let mut file = boxed(b"ftyp", b"isommp42");
        file.extend(size.to_be_bytes());
        file.extend(b"mdat");
        file.extend(u64::MAX.to_be_bytes());
        assert_ne!(of(&file), Wholeness::Whole, "{size}");
    }
}

fn problems(bytes: &[u8]) -> Vec<String> {
    let facts = crate::facts(bytes);
    facts.problems.iter().map(ToString::to_string).collect()
}

/// A JPEG with its size and so many bytes of data, among which 0xFF is as frequent as among random ones.
fn photo(length: usize) -> Vec<u8> {
    let mut bytes = b"\xFF\xD8\xFF\xC0\0\x08\x08\0\x30\0\x40\x03\xFF\xDA".to_vec();
    let data = (0..length).map(|at| {
        if at % 256 == 255 {
            0xFF
        } else {
            (at % 199) as u8
        }
    });
    // No data look like a marker.
    bytes.extend(data.flat_map(|byte| {
        if byte == 0xFF {
            vec![0xFF, 0]
        } else {
            vec![byte]
        }
    }));
    bytes.extend(b"\xFF\xD9");
    bytes
}

const CUT: &str = "The file is damaged or incomplete: its end is missing";

#[test]
fn a_photo_that_was_broken_off_says_so() {
    for length in [10, 4_000, 4_096, 50_000] {
        let whole = photo(length);
        assert_eq!(problems(&whole), [""; 0], "{length}");
        for missing in [1, 2, 7, length / 2] {
            let cut = &whole[..whole.len() - missing];
            assert_eq!(problems(cut), [CUT], "{length} without {missing}");
        }
    }
    // Nothing of the picture is there.
    assert_eq!(problems(&photo(10)[..12]), [CUT]);
    assert_eq!(problems(&photo(10)[..13]), [CUT]);
}

#[test]
fn what_cameras_put_behind_a_photo_is_not_taken_for_damage() {
    let behind: [&[u8]; 5] = [
        &[0; 9_000],
        &[0xFF; 9_000],
        &b"a text of the maker ".repeat(900),
        &(0..90_000_u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes())
            .collect::<Vec<u8>>(),
        &movie(),
    ];
    for (number, behind) in behind.into_iter().enumerate() {
        let bytes = [&photo(50_000)[..], behind].concat();
        assert_eq!(problems(&bytes), [""; 0], "{number}");
    }
    // A second picture, as of a gain map: it may be cut, too.
    let two = [photo(50_000), photo(50_000)].concat();
    assert_eq!(problems(&two), [""; 0]);
    assert_eq!(problems(&two[..two.len() - 9]), [CUT]);
}

#[test]
fn a_picture_or_video_of_boxes_that_was_broken_off_says_so() {
    let heif = crate::looks::heif(&[crate::looks::extent(64, 48)]);
    let with_data = [heif, boxed(b"mdat", &[7; 100])].concat();
    let video = [
        crate::looks::movie(&[crate::looks::header(600, 900), crate::looks::track(1, 640)]),
        boxed(b"mdat", &[7; 100]),
    ]
    .concat();
    for bytes in [with_data, video] {
        assert_eq!(problems(&bytes), [""; 0]);
        assert_eq!(problems(&bytes[..bytes.len() - 1]), [CUT]);
    }
}
