//! Capture times in photos.

use safelight_core::MediaKind;
use safelight_media::Format;

use crate::{
    build::{Exif, exif_segment, ftyp, jpeg, node, png, segment, versioned, webp, xmp_segment},
    facts, shown,
};

fn captured(bytes: &[u8]) -> String {
    shown(facts(bytes).captured)
}

const TAKEN: &str = "2024:05:31 23:59:58";

#[test]
fn exif_in_either_byte_order() {
    for big_endian in [false, true] {
        let exif = Exif {
            big_endian,
            ..Exif::taken(TAKEN)
        };
        let photo = facts(&jpeg(&[exif_segment(&exif)]));
        assert_eq!(photo.kind, MediaKind::Photo);
        assert_eq!(photo.format, Format::Jpeg);
        assert_eq!(shown(photo.captured), "2024-05-31T23:59:58 ? exif-original");
    }
}

#[test]
fn what_belongs_to_a_date_comes_with_it() {
    let exif = Exif {
        offset_original: Some("+05:30"),
        offset: Some("+01:00"),
        subsec_original: Some("87"),
        ..Exif::taken(TAKEN)
    };
    let show = |exif: &Exif<'_>| captured(&jpeg(&[exif_segment(exif)]));
    assert_eq!(show(&exif), "2024-05-31T23:59:58.87 +05:30 exif-original");
    let general = Exif {
        offset_original: None,
        ..exif
    };
    assert_eq!(show(&general), "2024-05-31T23:59:58.87 +01 exif-original");
    let blank = Exif {
        offset_original: Some("   :  "),
        offset: None,
        subsec_original: Some(" "),
        ..exif
    };
    assert_eq!(show(&blank), "2024-05-31T23:59:58 ? exif-original");
}

#[test]
fn the_gps_knows_the_offset_that_no_tag_states() {
    let show = |local, date, time| {
        captured(&jpeg(&[exif_segment(&Exif {
            gps: Some((date, time)),
            ..Exif::taken(local)
        })]))
    };
    let expected = [
        // 2 hours and 15 seconds.
        (
            "2024:05:31 23:59:58",
            "2024:05:31",
            [21, 59, 43],
            "2024-05-31T23:59:58 +02 exif-original",
        ),
        // Over midnight, in the west, and with a zone of quarters.
        (
            "2024:05:31 23:00:00",
            "2024:06:01",
            [5, 1, 0],
            "2024-05-31T23:00:00 -06 exif-original",
        ),
        (
            "2024:05:31 10:45:00",
            "2024:05:31",
            [5, 0, 3],
            "2024-05-31T10:45:00 +05:45 exif-original",
        ),
        // No zone is that far away: the GPS had not been asked for a day.
        (
            "2024:05:31 10:45:00",
            "2024:05:29",
            [5, 0, 3],
            "2024-05-31T10:45:00 ? exif-original",
        ),
        (
            "2024:05:31 10:45:00",
            "",
            [5, 0, 3],
            "2024-05-31T10:45:00 ? exif-original",
        ),
        (
            "2024:05:31 10:45:00",
            "2024:05:31",
            [99, 0, 3],
            "2024-05-31T10:45:00 ? exif-original",
        ),
    ];
    for (local, date, time, expected) in expected {
        assert_eq!(show(local, date, time), expected);
    }
}

#[test]
fn a_worse_date_serves_where_a_better_one_cannot_be_true() {
    let show = |exif: &Exif<'_>| captured(&jpeg(&[exif_segment(exif)]));
    for unset in [
        "0000:00:00 00:00:00",
        "1970:01:01 00:00:00",
        "1904:01:01 00:00:00",
        "2027:01:01 00:00:00",
        "    :  :     :  :  ",
    ] {
        let exif = Exif {
            digitized: Some("2020:01:02 03:04:05"),
            ..Exif::taken(unset)
        };
        assert_eq!(
            show(&exif),
            "2020-01-02T03:04:05 ? exif-digitized",
            "{unset}"
        );
        let exif = Exif {
            modified: Some("2020:01:02 03:04:05"),
            ..Exif::taken(unset)
        };
        assert_eq!(
            show(&exif),
            "2020-01-02T03:04:05 ? exif-modified",
            "{unset}"
        );
        assert_eq!(show(&Exif::taken(unset)), "nobody knows", "{unset}");
    }
}

#[test]
fn xmp_serves_where_exif_says_nothing() {
    let xmp = xmp_segment("<x exif:DateTimeOriginal=\"2014-01-20T02:14:33+01:00\"/>");
    assert_eq!(
        captured(&jpeg(std::slice::from_ref(&xmp))),
        "2014-01-20T02:14:33 +01 xmp"
    );
    let both = [xmp.clone(), exif_segment(&Exif::taken(TAKEN))];
    assert_eq!(
        captured(&jpeg(&both)),
        "2024-05-31T23:59:58 ? exif-original"
    );
    let modified = Exif {
        modified: Some(TAKEN),
        ..Exif::default()
    };
    assert_eq!(
        captured(&jpeg(&[exif_segment(&modified), xmp])),
        "2014-01-20T02:14:33 +01 xmp"
    );
}

#[test]
fn segments_before_exif_and_padding_do_not_matter() {
    let segments = [
        segment(0xE0, b"JFIF\0"),
        vec![0xFF, 0xFF, 0],
        segment(0xE2, &[0; 60_000]),
        exif_segment(&Exif::taken(TAKEN)),
    ];
    assert_eq!(
        captured(&jpeg(&segments)),
        "2024-05-31T23:59:58 ? exif-original"
    );
}

#[test]
fn exif_behind_the_picture_is_not_a_photos() {
    let mut bytes = jpeg(&[]);
    bytes.extend(exif_segment(&Exif::taken(TAKEN)));
    assert_eq!(captured(&bytes), "nobody knows");
}

#[test]
fn exif_in_png_and_webp() {
    let tiff = Exif::taken(TAKEN).tiff();
    let expected = "2024-05-31T23:59:58 ? exif-original";
    assert_eq!(
        captured(&png(&[
            (b"IHDR", &[0; 13]),
            (b"IDAT", &[0; 99]),
            (b"eXIf", &tiff),
            (b"IEND", &[])
        ])),
        expected
    );
    let prefixed = [b"Exif\0\0", tiff.as_slice()].concat();
    assert_eq!(
        captured(&webp(&[
            (b"VP8X", &[0; 10]),
            (b"VP8 ", &[0; 33]),
            (b"EXIF", &tiff)
        ])),
        expected
    );
    assert_eq!(
        captured(&webp(&[(b"VP8X", &[0; 10]), (b"EXIF", &prefixed)])),
        expected
    );
    let hex: String = prefixed.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!(
        "Raw profile type APP1\0\ngeneric profile\n    {}\n{hex}\n",
        prefixed.len()
    );
    assert_eq!(captured(&png(&[(b"tEXt", text.as_bytes())])), expected);
}

#[test]
fn xmp_in_png_and_webp() {
    let packet = "<x photoshop:DateCreated='2014-01-20T02:14:33+01:00'/>";
    let text = format!("XML:com.adobe.xmp\0\0\0\0\0{packet}");
    assert_eq!(
        captured(&png(&[(b"iTXt", text.as_bytes())])),
        "2014-01-20T02:14:33 +01 xmp"
    );
    assert_eq!(
        captured(&webp(&[(b"XMP ", packet.as_bytes())])),
        "2014-01-20T02:14:33 +01 xmp"
    );
}

#[test]
fn tiff_is_read_as_it_is() {
    let photo = facts(
        &Exif {
            big_endian: true,
            ..Exif::taken(TAKEN)
        }
        .tiff(),
    );
    assert_eq!(
        (photo.format, shown(photo.captured).as_str()),
        (Format::Tiff, "2024-05-31T23:59:58 ? exif-original")
    );
}

#[test]
fn fujifilms_raw_has_a_jpeg_in_it() {
    let preview = jpeg(&[exif_segment(&Exif::taken(TAKEN))]);
    let mut bytes = b"FUJIFILMCCD-RAW 0201".to_vec();
    bytes.resize(84, 0);
    bytes.extend(160_u32.to_be_bytes());
    bytes.extend(u32::try_from(preview.len()).unwrap().to_be_bytes());
    bytes.resize(160, 0);
    bytes.extend(preview);
    let photo = facts(&bytes);
    assert_eq!(
        (photo.format, shown(photo.captured).as_str()),
        (Format::Raf, "2024-05-31T23:59:58 ? exif-original")
    );
}

#[test]
fn jpeg_xls_container_has_exif_in_a_box() {
    let exif = node(
        b"Exif",
        &[&[0; 4], Exif::taken(TAKEN).tiff().as_slice()].concat(),
    );
    let bytes = [
        b"\0\0\0\x0CJXL \r\n\x87\n".as_slice(),
        &ftyp(b"jxl "),
        &exif,
    ]
    .concat();
    let photo = facts(&bytes);
    assert_eq!(
        (photo.format, shown(photo.captured).as_str()),
        (Format::Jxl, "2024-05-31T23:59:58 ? exif-original")
    );
}

#[test]
fn canons_raw_has_directories_of_its_own() {
    let canon = [
        &[
            0x85, 0xC0, 0xB6, 0x87, 0x82, 0x0F, 0x11, 0xE0, 0x81, 0x11, 0xF4, 0xCE, 0x46, 0x2B,
            0x6A, 0x48,
        ][..],
        &node(
            b"CMT1",
            &Exif {
                modified: Some("2025:01:01 00:00:00"),
                ..Exif::default()
            }
            .tiff(),
        ),
        &node(b"CMT2", &Exif::taken(TAKEN).tiff_of_exif_alone()),
    ]
    .concat();
    let bytes = |boxes: &[u8]| [ftyp(b"crx "), node(b"moov", &node(b"uuid", boxes))].concat();
    let photo = facts(&bytes(&canon));
    assert_eq!(photo.format, Format::Cr3);
    assert_eq!(shown(photo.captured), "2024-05-31T23:59:58 ? exif-original");
    let mut foreign = canon;
    foreign[0] = 0;
    assert_eq!(captured(&bytes(&foreign)), "nobody knows");
}

/// Where a HEIF item's bytes are.
#[derive(Clone, Copy)]
enum Method {
    File,
    Idat,
    TwoParts,
}

/// A HEIF whose primary picture is item 7, with EXIF items: identity, described picture, date.
fn heif(items: &[(u16, Option<u16>, &str)], method: Method) -> Vec<u8> {
    let payloads: Vec<Vec<u8>> = items
        .iter()
        .map(|(_, _, date)| [&[0, 0, 0, 6][..], b"Exif\0\0", &Exif::taken(date).tiff()].concat())
        .collect();
    let infos = items.iter().flat_map(|(id, _, _)| {
        versioned(
            b"infe",
            2,
            &[&id.to_be_bytes()[..], &[0, 0], b"Exif\0"].concat(),
        )
    });
    let picture = versioned(
        b"infe",
        2,
        &[&7_u16.to_be_bytes()[..], &[0, 0], b"hvc1\0"].concat(),
    );
    let infos: Vec<u8> = picture.into_iter().chain(infos).collect();
    let count = u16::try_from(items.len() + 1).unwrap().to_be_bytes();
    let references = items.iter().filter_map(|(id, described, _)| {
        Some(node(
            b"cdsc",
            &[
                id.to_be_bytes(),
                1_u16.to_be_bytes(),
                (*described)?.to_be_bytes(),
            ]
            .concat(),
        ))
    });
    let references: Vec<u8> = references.flatten().collect();
    let build = |first: usize| {
        let mut locations = [
            &[0x44, 0x00],
            &u16::try_from(items.len()).unwrap().to_be_bytes()[..],
        ]
        .concat();
        let mut at = first;
        for ((id, _, _), payload) in items.iter().zip(&payloads) {
            let in_idat = u16::from(matches!(method, Method::Idat));
            let parts = if matches!(method, Method::TwoParts) {
                vec![5, payload.len() - 5]
            } else {
                vec![payload.len()]
            };
            let numbers = [*id, in_idat, 0, u16::try_from(parts.len()).unwrap()];
            locations.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
            for part in parts {
                locations.extend(u32::try_from(at).unwrap().to_be_bytes());
                locations.extend(u32::try_from(part).unwrap().to_be_bytes());
                at += part;
            }
        }
        let data = payloads.concat();
        let idat = if matches!(method, Method::Idat) {
            node(b"idat", &data)
        } else {
            Vec::new()
        };
        let inside = [
            versioned(b"hdlr", 0, &[0; 20]),
            versioned(b"pitm", 0, &7_u16.to_be_bytes()),
            versioned(b"iloc", 1, &locations),
            versioned(b"iinf", 0, &[&count[..], &infos].concat()),
            versioned(b"iref", 0, &references),
            idat,
        ];
        [ftyp(b"heic"), versioned(b"meta", 0, &inside.concat())].concat()
    };
    if matches!(method, Method::Idat) {
        return build(0);
    }
    let head = build(0).len() + 8;
    [build(head), node(b"mdat", &payloads.concat())].concat()
}

#[test]
fn heif_has_exif_in_an_item() {
    for method in [Method::File, Method::Idat, Method::TwoParts] {
        let photo = facts(&heif(&[(9, Some(7), TAKEN)], method));
        assert_eq!(
            (photo.format, shown(photo.captured).as_str()),
            (Format::Heic, "2024-05-31T23:59:58 ? exif-original")
        );
    }
}

#[test]
fn of_two_exif_items_the_primary_pictures_speaks() {
    let other = (8, Some(3), "2001:01:01 00:00:00");
    let ours = (9, Some(7), TAKEN);
    let undescribed = (10, None, "2002:02:02 00:00:00");
    for items in [
        &[other, ours, undescribed][..],
        &[ours, other],
        &[undescribed, other, ours],
    ] {
        assert_eq!(
            captured(&heif(items, Method::File)),
            "2024-05-31T23:59:58 ? exif-original"
        );
    }
    assert_eq!(
        captured(&heif(&[other, undescribed], Method::File)),
        "2002-02-02T00:00:00 ? exif-original"
    );
}
