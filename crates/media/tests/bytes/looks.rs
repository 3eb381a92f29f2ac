//! What is found besides the time: size, turn, place, camera, duration, Live and Motion Photos.

use safelight_media::{Facts, Preview, Problem};

use crate::{
    build::{
        Exif, exif_segment, ftyp, jpeg, keys, node, png, segment, user_text, versioned, webp,
        xmp_segment,
    },
    facts, facts_named,
};

/// Size as shown and the turn: `40x30 90`.
fn look(facts: &Facts) -> String {
    let size = facts.size.map_or_else(
        || "nothing".to_owned(),
        |size| format!("{}x{}", size.width, size.height),
    );
    format!("{size} {}", facts.orientation.degrees())
}

/// A frame header of a JPEG 64 wide and 48 high.
fn frame() -> Vec<u8> {
    segment(0xC2, &[8, 0, 48, 0, 64, 3])
}

/// A TIFF structure in Intel's order with one directory of entries whose values stand in them.
fn tiff(entries: &[(u16, u16, u32)]) -> Vec<u8> {
    let count = u16::try_from(entries.len()).unwrap();
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend(count.to_le_bytes());
    for (tag, kind, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes
}

fn exif_of(tiff: &[u8]) -> Vec<u8> {
    segment(0xE1, &[b"Exif\0\0", tiff].concat())
}

#[test]
fn a_jpeg_is_shown_as_exif_says() {
    for (orientation, shown) in [
        (1, "64x48 0"),
        (3, "64x48 180"),
        (6, "48x64 90"),
        (9, "64x48 0"),
    ] {
        let bytes = jpeg(&[exif_of(&tiff(&[(0x0112, 3, orientation)])), frame()]);
        assert_eq!(look(&facts(&bytes)), shown, "{orientation}");
    }
    let without = facts(&jpeg(&[]));
    assert_eq!(look(&without), "nothing 0");
    assert!(matches!(without.problems[..], [Problem::Damaged { .. }]));
}

/// HEIF with one item and properties, all of them its own.
pub(crate) fn heif(properties: &[Vec<u8>]) -> Vec<u8> {
    let numbers: Vec<u8> = (1..=u8::try_from(properties.len()).unwrap()).collect();
    let associations = [
        &[0, 0, 0, 1, 0, 7, u8::try_from(numbers.len()).unwrap()][..],
        &numbers,
    ]
    .concat();
    let meta = [
        versioned(b"pitm", 0, &[0, 7]),
        node(
            b"iprp",
            &[
                node(b"ipco", &properties.concat()),
                versioned(b"ipma", 0, &associations),
            ]
            .concat(),
        ),
    ];
    [ftyp(b"heic"), versioned(b"meta", 0, &meta.concat())].concat()
}

pub(crate) fn extent(width: u32, height: u32) -> Vec<u8> {
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    versioned(b"ispe", 0, &sides)
}

#[test]
fn heif_is_cropped_and_turned_by_its_properties() {
    let crop: Vec<u8> = [60_u32, 1, 40, 1, 0, 1, 0, 1]
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect();
    let crop = node(b"clap", &crop);
    let turn = |angle| node(b"irot", &[angle]);
    assert_eq!(look(&facts(&heif(&[extent(64, 48)]))), "64x48 0");
    assert_eq!(look(&facts(&heif(&[extent(64, 48), turn(3)]))), "48x64 90");
    assert_eq!(
        look(&facts(&heif(&[extent(64, 48), crop, turn(1)]))),
        "40x60 270"
    );
    let mirrored = facts(&heif(&[extent(64, 48), node(b"imir", &[0])]));
    assert_eq!(look(&mirrored), "64x48 180");
    assert!(mirrored.orientation.mirrored);
}

pub(crate) fn header(scale: u32, units: u32) -> Vec<u8> {
    let fields = [[0; 4], [0; 4], scale.to_be_bytes(), units.to_be_bytes()].concat();
    versioned(b"mvhd", 0, &[fields, vec![0; 80]].concat())
}

/// A track with pictures that is turned by a quarter clockwise.
pub(crate) fn track(flags: u8, width: u32) -> Vec<u8> {
    let one = 1_u32 << 16;
    let matrix = [0, one, 0, one.wrapping_neg(), 0, 0, 0, 0, 1 << 30];
    let numbers = [&[0; 9][..], &matrix, &[width << 16, 480 << 16]].concat();
    let content: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect();
    let header = node(b"tkhd", &[&[0, 0, 0, flags][..], &content].concat());
    let handler = versioned(b"hdlr", 0, b"\0\0\0\0vide");
    node(b"trak", &[header, node(b"mdia", &handler)].concat())
}

pub(crate) fn movie(boxes: &[Vec<u8>]) -> Vec<u8> {
    [ftyp(b"qt  "), node(b"moov", &boxes.concat())].concat()
}

#[test]
fn a_video_lasts_and_is_turned() {
    let found = facts(&movie(&[header(600, 900), track(0, 320), track(1, 640)]));
    assert_eq!(
        look(&found),
        "480x640 90",
        "a track that is not played has no say"
    );
    assert_eq!(found.duration.unwrap().as_secs_f64(), 1.5);
    let not_played = facts(&movie(&[header(600, 900), track(0, 320)]));
    assert_eq!(look(&not_played), "480x320 90", "unless there is no other");
    assert_eq!(facts(&movie(&[header(0, 900)])).duration, None);
    assert_eq!(facts(&movie(&[header(600, u32::MAX)])).duration, None);
    let cut = facts(&[ftyp(b"qt  "), node(b"mdat", &[0; 50])].concat());
    assert!(
        matches!(cut.problems[..], [Problem::Damaged { .. }]),
        "{:?}",
        cut.problems
    );
}

#[test]
fn a_videos_texts_name_camera_place_and_live_photo() {
    let apple = facts(&movie(&[
        header(1, 1),
        keys(&[
            ("com.apple.quicktime.content.identifier", "ABCD-1"),
            (
                "com.apple.quicktime.location.ISO6709",
                "+48.8584+002.2945+035.0/",
            ),
            ("com.apple.quicktime.make", "Apple"),
            ("com.apple.quicktime.model", "iPhone 15"),
        ]),
    ]));
    assert_eq!(apple.content_id.as_deref(), Some("ABCD-1"));
    assert_eq!(apple.make.as_deref(), Some("Apple"));
    assert_eq!(apple.model.as_deref(), Some("iPhone 15"));
    assert_eq!(apple.place.unwrap().latitude, 48.8584);

    let android = facts(&movie(&[node(
        b"udta",
        &user_text(b"\xA9xyz", "-33.8568+151.2153/"),
    )]));
    assert_eq!(android.place.unwrap().latitude, -33.8568);

    let degrees = |number: i32| (number << 16).to_be_bytes();
    let loci = [
        &b"\x15\xC7Home\0\0"[..],
        &degrees(-70),
        &degrees(-33),
        &[0; 4],
    ];
    let third = facts(&movie(&[node(
        b"udta",
        &versioned(b"loci", 0, &loci.concat()),
    )]));
    let place = third.place.unwrap();
    assert_eq!((place.latitude, place.longitude), (-33.0, -70.0));
}

#[test]
fn apples_note_names_the_live_photo_and_the_burst() {
    let mut note = b"Apple iOS\0\0\x01MM\0\x02".to_vec();
    note.extend(b"\0\x0B\0\x02\0\0\0\x07\0\0\0\x2C");
    note.extend(b"\0\x11\0\x02\0\0\0\x07\0\0\0\x33\0\0\0\0");
    note.extend(b"BRST-1\0ABCD-2\0");
    // The picture's directory points to EXIF's, which has the note behind it.
    let mut bytes = tiff(&[(0x8769, 4, 26)]);
    let length = u32::try_from(note.len()).unwrap();
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(0x927C_u16.to_le_bytes());
    bytes.extend(7_u16.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(44_u32.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(note);
    let found = facts(&jpeg(&[exif_of(&bytes), frame()]));
    assert_eq!(found.content_id.as_deref(), Some("ABCD-2"));
    assert_eq!(found.burst_id.as_deref(), Some("BRST-1"));
}

/// A small file of the ISO base media file format.
pub(crate) fn video() -> Vec<u8> {
    [ftyp(b"mp42"), node(b"mdat", &[7; 100])].concat()
}

#[test]
fn a_motion_photo_is_believed_when_its_video_was_seen() {
    let video = video();
    let packet = format!(
        "<x GCamera:MotionPhoto='1'><rdf:li Item:Semantic='MotionPhoto' Item:Length='{}'/>",
        video.len()
    );
    let photo = jpeg(&[xmp_segment(&packet), frame()]);
    let whole = facts(&[&photo[..], &video].concat());
    assert_eq!(whole.motion_video, Some(photo.len() as u64));
    assert_eq!(whole.problems, []);
    let stripped = facts(&[&photo[..], &vec![0; video.len()]].concat());
    assert_eq!(stripped.motion_video, None);
    assert_eq!(stripped.problems, [Problem::MotionVideoMissing]);
}

#[test]
fn samsungs_trailer_has_the_video_too() {
    let photo = jpeg(&[frame()]);
    let data = [
        &[0, 0, 0x30, 0x0A][..],
        &16_u32.to_le_bytes(),
        b"MotionPhoto_Data",
        &video(),
    ]
    .concat();
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    let directory = [
        &b"SEFH"[..],
        &[0; 4],
        &1_u32.to_le_bytes(),
        &[0, 0, 0x30, 0x0A],
        &length,
        &length,
    ]
    .concat();
    let end = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let bytes = [&photo[..], &data, &directory, &end, b"SEFT"].concat();
    assert_eq!(facts(&bytes).motion_video, Some(photo.len() as u64 + 24));
    // A directory that points before the file's beginning.
    let mut lying = directory;
    lying[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
    let bytes = [&photo[..], &data, &lying, &end, b"SEFT"].concat();
    assert_eq!(facts(&bytes).motion_video, None);
}

#[test]
fn heifs_video_has_a_box_of_its_own() {
    let photo = heif(&[extent(64, 48)]);
    let bytes = [&photo[..], &node(b"mpvd", &video())].concat();
    assert_eq!(facts(&bytes).motion_video, Some(photo.len() as u64 + 8));
}

#[test]
fn png_and_webp_state_their_size() {
    let header = [
        &64_u32.to_be_bytes()[..],
        &48_u32.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    assert_eq!(look(&facts(&png(&[(b"IHDR", &header)]))), "64x48 0");
    for (name, chunk) in [
        (b"VP8X", &b"\0\0\0\0\x3F\0\0\x2F\0\0"[..]),
        (b"VP8 ", b"\0\0\0\x9D\x01\x2A\x40\0\x30\x40"),
        // 63 and 47 in 14 bits each.
        (b"VP8L", b"\x2F\x3F\xC0\x0B\0"),
    ] {
        assert_eq!(look(&facts(&webp(&[(name, chunk)]))), "64x48 0", "{name:?}");
    }
}

/// A GIF of two pictures, shown for 0.2 s and 0.3 s, each with a control before it.
pub(crate) fn gif() -> Vec<u8> {
    let picture = |hundredths: u8| {
        [
            &[0x21, 0xF9, 4, 0, hundredths, 0, 0, 0][..],
            &[0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 1, 0x44, 0],
        ]
        .concat()
    };
    let head = b"GIF89a\x40\0\x30\0\0\0\0";
    [&head[..], &picture(20), &picture(30), &[0x3B]].concat()
}

#[test]
fn animations_last_as_long_as_their_pictures_are_shown() {
    let frame = |milliseconds: u8| {
        let mut chunk = vec![0; 16];
        chunk[12] = milliseconds;
        chunk
    };
    let webp = webp(&[(b"ANMF", &frame(100)), (b"ANMF", &frame(150))]);
    assert_eq!(facts(&webp).duration.unwrap().as_millis(), 250);

    let gif = gif();
    assert_eq!(look(&facts(&gif)), "64x48 0");
    assert_eq!(facts(&gif).duration.unwrap().as_millis(), 500);
    assert_eq!(facts(&gif[..gif.len() - 1]).duration, None);
}

#[test]
fn compressed_profiles_in_png_are_read() {
    let tiff = Exif::taken("2024:05:31 23:59:58").tiff();
    let digits: String = tiff.iter().map(|byte| format!("{byte:02x}")).collect();
    let profile = format!("\nexif\n{:8}\n{digits}\n", tiff.len());
    let inflated = |text: &[u8]| miniz_oxide::deflate::compress_to_vec_zlib(text, 6);
    let text = [
        &b"Raw profile type exif\0\0"[..],
        &inflated(profile.as_bytes()),
    ]
    .concat();
    let captured = facts(&png(&[(b"zTXt", &text)])).captured.unwrap();
    assert_eq!(captured.local.to_string(), "2024-05-31T23:59:58");
    // What inflates to megabytes is inflated to a limit, and says nothing.
    let bomb = [
        &b"Raw profile type exif\0\0"[..],
        &inflated(&vec![0; 8 << 20]),
    ]
    .concat();
    assert_eq!(facts(&png(&[(b"zTXt", &bomb)])).captured, None);
    // Nor is that done again and again: behind many, even an honest one is not read.
    let many: Vec<(&[u8; 4], &[u8])> = vec![(b"zTXt", &bomb); 500];
    let with_honest = [many, vec![(b"zTXt", text.as_slice())]].concat();
    assert_eq!(facts(&png(&with_honest)).captured, None);
}

#[test]
fn a_raw_files_size_is_the_sensors_and_its_preview_the_largest_jpeg() {
    // A small picture first, whose directory is followed by that of the sensor's.
    let jpeg = b"\xFF\xD8\xFF\xE0\0\x04\0\0\xFF\xD9";
    let mut bytes = tiff(&[
        (0x00FE, 4, 1),
        (0x0100, 3, 8),
        (0x0101, 3, 6),
        (0x0112, 3, 8),
        (0x0201, 4, 200),
        (0x0202, 4, 10),
        (0xC612, 1, 1),
    ]);
    let next = u32::try_from(bytes.len()).unwrap();
    bytes.truncate(bytes.len() - 4);
    bytes.extend(next.to_le_bytes());
    bytes.extend(&tiff(&[(0x00FE, 4, 0), (0x0100, 4, 6000), (0x0101, 4, 4000)])[8..]);
    bytes.resize(200, 0);
    bytes.extend(jpeg);
    let found = facts(&bytes);
    assert_eq!(look(&found), "4000x6000 270");
    assert_eq!(
        found.preview,
        Some(Preview {
            offset: 200,
            len: 10
        })
    );
    assert_eq!(facts(&bytes[..205]).preview, None);
}

#[test]
fn an_extension_that_lies_is_named() {
    let photo = jpeg(&[frame()]);
    assert_eq!(facts_named(&photo, "a.JPEG").problems, []);
    assert_eq!(facts_named(&photo, "a.unknown").problems, []);
    let lying = facts_named(&photo, "IMG_0001.HEIC");
    assert_eq!(
        lying.problems[0].to_string(),
        "It is called .heic, but is image/jpeg"
    );
    assert_eq!(facts_named(b"", "a.jpg").problems, [Problem::Empty]);
}

#[test]
fn a_clock_that_was_never_set_is_flagged_and_kept() {
    let bytes = jpeg(&[exif_segment(&Exif::taken("2002:12:08 12:00:00")), frame()]);
    let found = facts(&bytes);
    assert!(found.captured.is_some());
    assert_eq!(found.problems, [Problem::ClockNeverSet]);
}
