//! JPEGs in raw files that are found only by the maker's own ways.

use safelight_media::{Format, Preview};

use crate::{
    build::{ftyp, node, versioned},
    facts,
};

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0\0\x04\0\0\xFF\xD9";
/// Where the JPEG is in the files of these tests.
const PLACE: u32 = 400;

/// A tag, a type, and a value that stands in its entry.
type Entry = (u16, u16, u32);

fn directory(entries: &[Entry], count_of_bytes: u32) -> Vec<u8> {
    let mut bytes = u16::try_from(entries.len()).unwrap().to_le_bytes().to_vec();
    for (tag, kind, value) in entries {
        bytes.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        let count = if *kind == 7 { count_of_bytes } else { 1 };
        bytes.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    bytes.extend([0; 4]);
    bytes
}

/// A raw file with a maker's note at 100, and the JPEG.
fn raw(header: [u8; 4], maker: &str, note: &[u8]) -> Vec<u8> {
    let exif_at = 8 + 2 + 4 * 12 + 4;
    let mut bytes = [&header[..], &8_u32.to_le_bytes()].concat();
    let mut main = directory(
        &[
            (0x0100, 4, 6000),
            (0x010F, 2, 90),
            (0x014A, 4, 380),
            (0x8769, 4, exif_at),
        ],
        0,
    );
    // The maker's name has as many bytes as it has.
    main[2 + 12 + 4] = u8::try_from(maker.len()).unwrap();
    bytes.extend(main);
    let length = u32::try_from(note.len()).unwrap();
    bytes.extend(directory(&[(0x927C, 7, 100)], length));
    bytes.resize(90, 0);
    bytes.extend(maker.as_bytes());
    bytes.resize(100, 0);
    bytes.extend(note);
    bytes.resize(PLACE as usize, 0);
    bytes.extend(JPEG);
    bytes
}

fn preview(bytes: &[u8]) -> (Format, Option<u64>) {
    let found = facts(bytes);
    if let Some(Preview { len, .. }) = found.preview {
        assert_eq!(len, JPEG.len() as u64);
    }
    (found.format, found.preview.map(|preview| preview.offset))
}

fn nikon(offset: u32, length: u32) -> Vec<u8> {
    let inside = [
        b"II*\0\x08\0\0\0".to_vec(),
        directory(&[(0x0011, 4, 40)], 0),
        vec![0; 40 - 8 - 18],
        directory(&[(0x0201, 4, offset), (0x0202, 4, length)], 0),
    ]
    .concat();
    let note = [&b"Nikon\0\x02\x10\0\0"[..], &inside].concat();
    raw(*b"II*\0", "NIKON\0", &note)
}

#[test]
fn nikons_note_has_a_structure_of_its_own() {
    let length = JPEG.len() as u32;
    assert_eq!(
        preview(&nikon(PLACE - 110, length)),
        (Format::Nef, Some(400))
    );
    for (offset, length) in [(PLACE, length), (u32::MAX, length), (PLACE - 110, u32::MAX)] {
        assert_eq!(preview(&nikon(offset, length)), (Format::Nef, None));
    }
}

#[test]
fn olympus_counts_from_the_notes_beginning_or_the_files() {
    let length = JPEG.len() as u32;
    let entries = |start| [(0x0101, 4, start), (0x0102, 4, length)];
    let olympus = |note: &[u8]| raw(*b"IIRO", "OLYMPUS\0", note);
    for (name, head) in [
        (&b"OLYMPUS\0II\x03\0"[..], 12),
        (b"OM SYSTEM\0\0\0II\x04\0", 16),
    ] {
        let within = [
            name,
            &directory(&[(0x2020, 13, head + 18)], 0),
            &directory(&entries(PLACE - 100), 0),
        ]
        .concat();
        assert_eq!(preview(&olympus(&within)), (Format::Orf, Some(400)));
        // The directory itself as a value.
        let whole = [
            name,
            &directory(&[(0x2020, 7, head + 18)], 30),
            &directory(&entries(PLACE - 100), 0),
        ]
        .concat();
        assert_eq!(preview(&olympus(&whole)), (Format::Orf, Some(400)));
        let plain = [
            name,
            &directory(&[(0x1036, 4, PLACE - 100), (0x1037, 4, length)], 0),
        ]
        .concat();
        assert_eq!(preview(&olympus(&plain)), (Format::Orf, Some(400)));
    }
    let oldest = [
        &b"OLYMP\0\x01\0"[..],
        &directory(&[(0x2020, 13, 100 + 8 + 18)], 0),
        &directory(&entries(PLACE), 0),
    ]
    .concat();
    assert_eq!(preview(&olympus(&oldest)), (Format::Orf, Some(400)));
    let itself = [
        &b"OLYMPUS\0II\x03\0"[..],
        &directory(&[(0x2020, 13, 12)], 0),
    ]
    .concat();
    assert_eq!(preview(&olympus(&itself)), (Format::Orf, None));
    assert_eq!(preview(&olympus(b"OLYMPUS\0II")), (Format::Orf, None));
}

/// A track with one sample.
fn track(place: u64, length: u32) -> Vec<u8> {
    let table = [
        versioned(
            b"stsz",
            0,
            &[length.to_be_bytes(), 1_u32.to_be_bytes()].concat(),
        ),
        versioned(b"stsc", 0, &[1_u32, 1, 1, 1].map(u32::to_be_bytes).concat()),
        versioned(
            b"co64",
            0,
            &[&1_u32.to_be_bytes()[..], &place.to_be_bytes()].concat(),
        ),
    ];
    let minf = node(b"minf", &node(b"stbl", &table.concat()));
    node(b"trak", &node(b"mdia", &minf))
}

#[test]
fn canons_full_size_jpeg_is_a_tracks_sample() {
    let length = JPEG.len() as u32;
    let file = |tracks: &dyn Fn(u64) -> Vec<u8>| {
        let build = |place| [ftyp(b"crx "), node(b"moov", &tracks(place))].concat();
        let place = build(0).len() as u64 + 8;
        ([build(place), node(b"mdat", JPEG)].concat(), place)
    };
    // The sensor's data are no JPEG, wherever their track stands.
    let (bytes, place) = file(&|place| [track(place + 1, length), track(place, length)].concat());
    assert_eq!(preview(&bytes), (Format::Cr3, Some(place)));
    let (bytes, _) = file(&|place| track(place, u32::MAX));
    assert_eq!(preview(&bytes), (Format::Cr3, None));
    let (bytes, _) = file(&|_| track(u64::MAX, length));
    assert_eq!(preview(&bytes), (Format::Cr3, None));
    let (bytes, _) = file(&|place| vec![track(place + 1, 1); 100].concat());
    assert_eq!(preview(&bytes), (Format::Cr3, None));
}
