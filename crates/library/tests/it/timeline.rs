//! The timeline: everybody's and a member's, by the clock of the place, one tile for a group.

use jiff::civil::{Date, date};
use safelight_core::{CaptureTime, DeviceId, MediaKind, PersonId};
use safelight_library::{Filing, Library, Period};

use crate::support::{Home, check_tallies, device, filing, phone_of, put, taken};

fn at(day: Date, hour: i8) -> Option<CaptureTime> {
    let mut time = taken(day.year(), day.month(), day.day());
    time.local = day.at(hour, 0, 0, 0);
    Some(time)
}

fn send(library: &Library, phone: DeviceId, name: &str, captured: Option<CaptureTime>) {
    let filing = Filing {
        captured,
        ..filing(phone, name)
    };
    put(library, name.as_bytes(), filing).unwrap();
}

fn names(library: &Library, of: Option<PersonId>, period: &str) -> Vec<String> {
    let period = Period::parse(period).unwrap();
    let tiles = library.tiles(of, period, None, 0, 100).unwrap();
    assert_eq!(
        library.tile_count(of, period).unwrap(),
        tiles.len() as u64,
        "{period}"
    );
    tiles.into_iter().map(|tile| tile.name).collect()
}

fn days(library: &Library, of: Option<PersonId>, period: &str) -> Vec<String> {
    let days = library.days(of, Period::parse(period).unwrap()).unwrap();
    days.iter()
        .map(|day| format!("{} {}", day.date, day.tiles))
        .collect()
}

#[test]
fn photos_stand_in_the_order_of_their_capture() {
    let home = Home::new();
    let library = home.ready();
    assert_eq!(library.years(None).unwrap(), [] as [i16; 0]);
    let phone = device(&library, "phone");
    send(&library, phone, "noon", at(date(2024, 5, 17), 12));
    send(&library, phone, "eve", at(date(2023, 12, 31), 23));
    send(&library, phone, "morning", at(date(2024, 5, 17), 8));
    send(&library, phone, "march", at(date(2024, 3, 1), 8));
    send(&library, phone, "old", at(date(1999, 1, 1), 0));
    send(&library, phone, "nobody knows", None);
    assert_eq!(library.years(None).unwrap(), [2024, 2023, 1999]);
    assert_eq!(names(&library, None, "2024"), ["noon", "morning", "march"]);
    assert_eq!(names(&library, None, "2024-05"), ["noon", "morning"]);
    assert_eq!(names(&library, None, "2023-12-31"), ["eve"]);
    assert_eq!(names(&library, None, "undated"), ["nobody knows"]);
    assert_eq!(names(&library, None, "2022"), [] as [&str; 0]);
    assert_eq!(
        days(&library, None, "2024"),
        ["2024-05-17 2", "2024-03-01 1"]
    );
    assert_eq!(days(&library, None, "2024-03"), ["2024-03-01 1"]);

    let slice = |day, skipped, limit| {
        let slice = library
            .tiles(None, Period::Year(2024), day, skipped, limit)
            .unwrap();
        let names = slice.into_iter().map(|tile| tile.name);
        names.collect::<Vec<_>>()
    };
    assert_eq!(slice(Some(date(2024, 5, 17)), 1, 2), ["morning", "march"]);
    assert_eq!(slice(Some(date(2024, 4, 1)), 0, 9), ["march"]);
    assert_eq!(slice(Some(date(2030, 1, 1)), 0, 1), ["noon"]);
    assert_eq!(slice(None, 2, 9), ["march"]);
}

#[test]
fn each_photo_has_neighbours() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    for (name, captured) in [
        ("b", at(date(2024, 5, 17), 12)),
        ("a", at(date(2023, 5, 17), 12)),
        ("c", at(date(2024, 5, 17), 12)),
        ("x", None),
        ("y", None),
    ] {
        send(&library, phone, name, captured);
    }
    let all = library.assets_after(safelight_core::AssetId(0), 9).unwrap();
    let name = |id| {
        let found = all.iter().find(|asset| asset.id == id).unwrap();
        found.original_name.as_str()
    };
    let beside = |of: &str| {
        let photo = all.iter().find(|asset| asset.original_name == of).unwrap();
        let (next, before) = library.beside(None, photo).unwrap();
        (next.map_or("-", name), before.map_or("-", name))
    };
    assert_eq!(beside("a"), ("b", "-"));
    assert_eq!(beside("b"), ("c", "a"));
    assert_eq!(beside("c"), ("-", "b"));
    assert_eq!(beside("x"), ("y", "-"));
    assert_eq!(beside("y"), ("-", "x"));
}

#[test]
fn members_see_their_own_photos_once() {
    let home = Home::new();
    let library = home.ready();
    let anna = library.add_person("Anna", "Anna", "hash").unwrap().id;
    let (owners, annas, tablet) = (
        device(&library, "owners"),
        phone_of(&library, anna, "annas"),
        phone_of(&library, anna, "tablet"),
    );
    let day = date(2024, 5, 17);
    send(&library, owners, "owners", at(day, 10));
    send(&library, annas, "annas", at(day, 11));
    send(&library, tablet, "annas", at(day, 11));
    send(&library, owners, "both", at(day, 12));
    send(&library, annas, "both", at(day, 12));
    send(&library, annas, "undated", None);
    let of = Some(anna);
    assert_eq!(library.years(of).unwrap(), [2024]);
    assert_eq!(names(&library, of, "2024"), ["both", "annas"]);
    assert_eq!(days(&library, of, "2024"), ["2024-05-17 2"]);
    assert_eq!(names(&library, of, "undated"), ["undated"]);
    assert_eq!(names(&library, None, "2024"), ["both", "annas", "owners"]);
    assert_eq!(days(&library, None, "2024"), ["2024-05-17 3"]);

    let photos = library.tiles(of, Period::Year(2024), None, 0, 9).unwrap();
    let both = library.asset(photos[0].id).unwrap().unwrap();
    assert_eq!(
        library.beside(of, &both).unwrap(),
        (None, Some(photos[1].id))
    );
}

#[test]
fn a_person_who_comes_back_to_a_folder_sees_its_photos() {
    let home = Home::new();
    let library = home.ready();
    let found = Filing {
        device: None,
        device_path: None,
        ..filing(DeviceId(0), "found")
    };
    put(&library, b"found", found).unwrap();
    assert_eq!(names(&library, None, "2024"), ["found"]);
    // The folder that it lies in becomes Bert's.
    let bert = library.add_person("Bert", "2024", "hash").unwrap().id;
    assert_eq!(names(&library, Some(bert), "2024"), ["found"]);
}

#[test]
fn what_is_neither_photo_nor_video_is_listed_by_itself() {
    let home = Home::new();
    let library = home.ready();
    let anna = library.add_person("Anna", "Anna", "hash").unwrap().id;
    let phone = phone_of(&library, anna, "annas");
    for (name, kind) in [
        ("photo.jpg", MediaKind::Photo),
        // Whoever looks for it, looks among the photos.
        ("damaged.JPG", MediaKind::Other),
        ("invoice.pdf", MediaKind::Other),
        ("notes", MediaKind::Other),
    ] {
        let filing = Filing {
            kind,
            captured: at(date(2024, 5, 17), 12),
            ..filing(phone, name)
        };
        put(&library, name.as_bytes(), filing).unwrap();
    }
    for of in [None, Some(anna)] {
        assert_eq!(names(&library, of, "2024"), ["damaged.JPG", "photo.jpg"]);
        assert_eq!(days(&library, of, "2024"), ["2024-05-17 2"]);
        assert_eq!(names(&library, of, "other"), ["notes", "invoice.pdf"]);
        let other = library.tiles(of, Period::Other, None, 0, 9).unwrap();
        let invoice = library.asset(other[1].id).unwrap().unwrap();
        let beside = library.beside(of, &invoice).unwrap();
        assert_eq!(beside, (Some(other[0].id), None));
    }
    check_tallies(&library);
}
