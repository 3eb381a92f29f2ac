//! Time zones of places: the grid that the program has is the one that the boundaries make, and it never says more than
//! they do.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its own data fails"
)]

mod grid;

use std::{io::Cursor, path::Path};

use jiff::{
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};
use safelight_media::{Facts, Hints, OffsetSource, describe};
use tzf_rs::DefaultFinder;

/// With `SAFELIGHT_WRITE_ZONES` set the grid is written: after a new version of `tzf-rs`, whose boundaries are newer.
#[test]
fn the_grid_is_what_the_boundaries_make() {
    let (grid, names) = grid::make(&DefaultFinder::new());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/zone");
    if std::env::var_os("SAFELIGHT_WRITE_ZONES").is_some() {
        std::fs::write(folder.join("grid.bin"), &grid).unwrap();
        std::fs::write(folder.join("names.txt"), &names).unwrap();
    }
    let is_same = std::fs::read(folder.join("grid.bin")).unwrap() == grid;
    assert!(
        is_same && std::fs::read_to_string(folder.join("names.txt")).unwrap() == names,
        "The boundaries have changed: write the grid again with SAFELIGHT_WRITE_ZONES=1"
    );
}

/// Places all over the world, and close to borders many more: where the file is believed about its offset, it is what the
/// exact boundaries say.
#[test]
fn no_place_gets_another_zones_offset() {
    let finder = DefaultFinder::new();
    let database = TimeZoneDatabase::from_env();
    let mut chance = Chance(1);
    let (mut answered, mut asked, mut wrong) = (0, 0, Vec::new());
    for number in 0..60_000 {
        let (latitude, longitude) = chance.place();
        let near = |by: f64| finder.get_tz_name(longitude + by, latitude);
        // Two thirds of the places have a border within a quarter of a degree.
        if number % 3 > 0 && near(-0.25) == near(0.25) {
            continue;
        }
        let names = finder.get_tz_names(longitude, latitude);
        if names.iter().all(|name| name.starts_with("Etc/")) {
            continue;
        }
        for taken in ["2019-01-20T12:00:00", "2024-07-20T12:00:00"] {
            let local: DateTime = taken.parse().unwrap();
            asked += 1;
            let facts = taken_at(latitude, longitude, taken);
            if facts.offset_source.is_none() {
                continue;
            }
            assert_eq!(facts.offset_source, Some(OffsetSource::Position));
            answered += 1;
            let found = facts.captured.unwrap().offset.unwrap();
            for name in &names {
                let zone = database.get(name).unwrap();
                let exact = zone.to_ambiguous_timestamp(local).offset();
                if exact != (AmbiguousOffset::Unambiguous { offset: found }) {
                    wrong.push(format!(
                        "{latitude} {longitude} {taken}: {found}, but {name}"
                    ));
                }
            }
        }
    }
    println!("{answered} of {asked} have an offset");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(answered * 2 > asked, "Only {answered} of {asked}");
}

/// The facts of a photo that says where and when it was taken, and nothing of its zone.
fn taken_at(latitude: f64, longitude: f64, taken: &str) -> Facts {
    let packet = format!(
        "http://ns.adobe.com/xap/1.0/\0<x exif:DateTimeOriginal='{taken}' exif:GPSLatitude='{latitude:.6}' exif:GPSLongitude='{longitude:.6}'/>"
    );
    let length = u16::try_from(packet.len() + 2).unwrap().to_be_bytes();
    let bytes = [
        b"\xFF\xD8\xFF\xE1",
        &length[..],
        packet.as_bytes(),
        b"\xFF\xD9",
    ]
    .concat();
    let hints = Hints {
        name: "",
        client_created: None,
        modified: None,
        zone: &TimeZone::UTC,
        now: "2026-11-22T12:00:00Z".parse().unwrap(),
    };
    describe(&mut Cursor::new(bytes), &hints)
}

/// Numbers that look random and are the same every time (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
    }

    /// Where people live.
    fn place(&mut self) -> (f64, f64) {
        (self.next() * 135.0 - 60.0, self.next() * 360.0 - 180.0)
    }
}
