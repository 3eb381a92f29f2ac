//! Bytes from strangers: nothing may make us panic, hang or allocate without measure.

use proptest::prelude::*;

use crate::{
    build::{
        Exif, exif_segment, ftyp, jpeg, keys, mvhd, node, png, user_text, versioned, webp,
        xmp_segment,
    },
    facts, facts_named, looks, streams,
};

/// One file of every format that is read.
fn seeds() -> Vec<Vec<u8>> {
    let exif = Exif {
        modified: Some("2024:01:01 00:00:00"),
        offset: Some("+01:00"),
        gps: Some(("2024:05:31", [21, 59, 43])),
        ..Exif::taken("2024:05:31 23:59:58")
    };
    let tiff = exif.tiff();
    let item = [&[0, 0, 0, 0][..], &tiff].concat();
    let heif = [
        ftyp(b"heic"),
        versioned(
            b"meta",
            0,
            &[
                versioned(b"pitm", 0, &[0, 1]),
                versioned(
                    b"iinf",
                    0,
                    &[&[0, 1][..], &versioned(b"infe", 2, b"\0\x02\0\0Exif\0")].concat(),
                ),
                versioned(b"iref", 0, &node(b"cdsc", &[0, 2, 0, 1, 0, 1])),
                versioned(
                    b"iloc",
                    1,
                    b"\x44\x00\0\x01\0\x02\0\x01\0\0\0\x01\0\0\0\0\0\0\x04\0",
                ),
                node(b"idat", &item),
            ]
            .concat(),
        ),
    ];
    let moov = [
        mvhd(3_800_000_000),
        keys(&[(
            "com.apple.quicktime.creationdate",
            "2024-06-01T07:30:00+0900",
        )]),
        node(b"udta", &user_text(b"\xA9day", "2024-06-01T07:30:00+0900")),
    ];
    vec![
        jpeg(&[exif_segment(&exif), xmp_segment("<x exif:DateTimeOriginal='2014-01-20T02:14:33'/>")]),
        png(&[(b"eXIf", &tiff), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<exif:DateTimeOriginal>2014")]),
        webp(&[(b"EXIF", &tiff)]),
        heif.concat(),
        [ftyp(b"qt  "), node(b"moov", &moov.concat())].concat(),
        b"\x1A\x45\xDF\xA3\x87\x42\x82\x84webm\x18\x53\x80\x67\xFF\x15\x49\xA9\x66\x8B\x44\x61\x88\0\0\0\0\0\0\0\0".to_vec(),
        tiff,
        [looks::heif(&[looks::extent(64, 48), node(b"irot", &[1])]), node(b"mpvd", &looks::video())].concat(),
        looks::movie(&[looks::header(600, 900), looks::track(1, 640)]),
        looks::gif(),
        streams::packets().concat(),
    ]
}

#[test]
fn the_seeds_are_read() {
    for seed in seeds() {
        let found = facts(&seed);
        assert!(
            found.captured.is_some()
                || found.size.is_some()
                || found.format == safelight_media::Format::WebM,
            "{found:?}"
        );
    }
}

#[test]
fn a_value_of_four_gigabytes_is_not_allocated() {
    // DateTime with a count of 2^32 - 1 at an offset within the file.
    let mut tiff =
        b"II*\0\x08\0\0\0\x01\0\x32\x01\x02\0\xFF\xFF\xFF\xFF\x1A\0\0\0\0\0\0\0".to_vec();
    tiff.extend(b"2020:01:02 03:04:05\0");
    assert_eq!(
        facts(&tiff).captured.unwrap().local.to_string(),
        "2020-01-02T03:04:05"
    );
}

#[test]
fn a_directory_that_points_at_itself_ends() {
    // EXIF's directory and the GPS's are the first directory, and so is the one after it.
    let tiff = b"II*\0\x08\0\0\0\x02\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x25\x88\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0";
    assert_eq!(facts(tiff).captured, None);
}

#[test]
fn extents_without_a_size_do_not_multiply() {
    // 10,000 items in `iloc`, each of 65,535 extents that take no bytes.
    let items: Vec<u8> = (0..10_000_u16)
        .flat_map(|id| [id.to_be_bytes(), [0, 0], [0xFF, 0xFF]].concat())
        .collect();
    let iloc = versioned(
        b"iloc",
        0,
        &[&[0, 0][..], &10_000_u16.to_be_bytes(), &items].concat(),
    );
    let iinf = versioned(
        b"iinf",
        0,
        &[&[0, 1][..], &versioned(b"infe", 2, b"\0\x02\0\0Exif\0")].concat(),
    );
    let file = [ftyp(b"heic"), versioned(b"meta", 0, &[iinf, iloc].concat())].concat();
    assert_eq!(facts(&file).captured, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        facts(&bytes);
    }

    #[test]
    fn any_name_is_survived(name in "\\PC*|.{0,40}|(IMG_|PXL_|Photo |signal-)?[0-9_.\\-é ]{0,30}") {
        facts_named(b"", &name);
    }

    #[test]
    fn damaged_files_are_survived(
        seed in 0..11_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        extremes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec![0_u32, 1, 0x7FFF_FFFF, u32::MAX])), 0..3),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = seeds().swap_remove(seed);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        for (at, value) in extremes {
            let at = at.index(bytes.len() - 4);
            bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        facts(&bytes);
    }
}
