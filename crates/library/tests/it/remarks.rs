//! What is said of photos beside their bytes: brought with them, added later, listed beside them, and brought back.

use std::fs;

use safelight_core::{
    AlbumName, CaptureTime, Description, Position, Remarks, TimeSource, Timestamp,
};
use safelight_library::{Filing, Library, Outcome, Said};

use crate::support::*;

fn album(name: &str) -> AlbumName {
    AlbumName::new(name).unwrap()
}

/// What a collection says of a photo of July 2015.
fn remarks() -> Remarks {
    let mut remarks = Remarks {
        captured: Some(sidecar()),
        position: Position::new(41.9, 12.5),
        description: Description::new("On the steps"),
        favourite: true,
        ..Remarks::default()
    };
    remarks.albums.add(album("Rome"));
    remarks
}

fn sidecar() -> CaptureTime {
    CaptureTime {
        source: TimeSource::Sidecar,
        ..taken(2015, 7, 9)
    }
}

/// Noon UTC of a day, where the tests' wall clocks are read.
fn noon(day: CaptureTime) -> Timestamp {
    day.local
        .to_zoned(jiff::tz::TimeZone::UTC)
        .unwrap()
        .timestamp()
}

#[test]
fn a_photo_is_filed_by_what_its_collection_says() {
    let home = Home::new();
    let library = home.ready();
    let undated = Filing {
        captured: None,
        remarks: remarks(),
        ..found("a.jpg")
    };
    let receipt = put(&library, b"undated", undated).unwrap();
    assert_eq!(receipt.path, lp("2015/07/a.jpg"));
    let photo = library.asset(receipt.asset).unwrap().unwrap();
    assert_eq!(photo.captured, Some(sidecar()));
    assert_eq!(photo.modified, noon(sidecar()));
    // The camera's own clock, which agrees within a day, knows better.
    let own = CaptureTime {
        local: taken(2015, 7, 9).local.with().hour(20).build().unwrap(),
        ..taken(2015, 7, 9)
    };
    let dated = Filing {
        captured: Some(own),
        remarks: remarks(),
        ..found("b.jpg")
    };
    let receipt = put(&library, b"dated", dated).unwrap();
    let photo = library.asset(receipt.asset).unwrap().unwrap();
    assert_eq!(photo.captured, Some(own));
    assert_eq!(library.said_of(photo.id).unwrap().collection, remarks());
}

#[test]
fn the_same_photo_again_adds_what_is_new_and_moves_nothing() {
    let home = Home::new();
    let library = home.ready();
    let first = put(&library, b"photo", found("a.jpg")).unwrap();
    assert_eq!(
        library.said_of(first.asset).unwrap(),
        Said {
            own: Some(taken(2024, 5, 3)),
            ..Said::default()
        }
    );
    let again = Filing {
        remarks: remarks(),
        ..found("a.jpg")
    };
    let second = put(&library, b"photo", again).unwrap();
    assert_eq!(
        (second.outcome, &second.path),
        (Outcome::Duplicate, &first.path)
    );
    let photo = library.asset(first.asset).unwrap().unwrap();
    assert_eq!(
        photo.captured,
        Some(sidecar()),
        "nine years off: somebody put it right there"
    );
    // The file's time follows, once, and the catalogue knows it.
    assert_eq!(library.follow_capture_times().unwrap(), 1);
    assert_eq!(library.follow_capture_times().unwrap(), 0);
    let modified = fs::metadata(home.root().join("2024/05/a.jpg"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(Timestamp::try_from(modified).unwrap(), noon(sidecar()));
    let mut other = Remarks {
        description: Description::new("Another text"),
        ..Remarks::default()
    };
    other.albums.add(album("Italy"));
    library.add_remarks(&[(first.asset, other)]).unwrap();
    let said = library.said_of(first.asset).unwrap().collection;
    assert_eq!(said.description, remarks().description);
    assert_eq!(
        said.albums
            .iter()
            .map(AlbumName::as_str)
            .collect::<Vec<_>>(),
        ["Italy", "Rome"]
    );
    check_tallies(&library);
}

#[test]
fn albums_are_listed_beside_the_photos_under_names_that_every_disk_takes() {
    let home = Home::new();
    let library = home.ready();
    for (name, album_name) in [
        ("a.jpg", "Rome"),
        ("b.jpg", "ROME"),
        ("c.jpg", "it's ../here"),
    ] {
        let mut remarks = Remarks::default();
        remarks.albums.add(album(album_name));
        put(
            &library,
            name.as_bytes(),
            Filing {
                remarks,
                ..found(name)
            },
        )
        .unwrap();
    }
    library.flush_manifests().unwrap();
    let mut lists: Vec<_> = fs::read_dir(home.root().join(".safelight/albums"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    lists.sort();
    assert_eq!(lists.len(), 2);
    assert_eq!(lists[0], "Rome.sha256");
    assert!(lists[1].starts_with("it's .._here-"));
    let text = fs::read_to_string(home.root().join(".safelight/albums/Rome.sha256")).unwrap();
    let photos: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(photos.len(), 2);
    assert!(photos[0].ends_with("  2024/05/a.jpg") && photos[1].ends_with("  2024/05/b.jpg"));
    check_with_sha256sum(&home, "Rome.sha256");
    assert_eq!(library.albums().unwrap().len(), 2);
}

#[test]
fn a_list_follows_its_photos() {
    let home = Home::new();
    let library = home.ready();
    let filed = Filing {
        remarks: remarks(),
        ..found("a.jpg")
    };
    put(&library, b"photo", filed).unwrap();
    library.flush_manifests().unwrap();
    fs::create_dir(home.root().join("elsewhere")).unwrap();
    let old = home.root().join("2015/07/a.jpg");
    fs::rename(old, home.root().join("elsewhere/a.jpg")).unwrap();
    library.rebuild(&mut |_| {}, &described).unwrap();
    check_with_sha256sum(&home, "Rome.sha256");
}

#[cfg(unix)]
fn check_with_sha256sum(home: &Home, list: &str) {
    let list = format!(".safelight/albums/{list}");
    let (good, told) = crate::manifests::sha256sum(&home.root(), &list);
    assert!(good, "{told}");
}

#[cfg(not(unix))]
fn check_with_sha256sum(_home: &Home, _list: &str) {}

#[test]
fn a_rebuild_brings_everything_back_from_the_manifests() {
    let home = Home::new();
    let said = {
        let library = home.ready();
        let filed = Filing {
            remarks: remarks(),
            ..found("a.jpg")
        };
        let receipt = put(&library, b"photo", filed).unwrap();
        let moved = Filing {
            remarks: remarks(),
            captured: None,
            ..found("b.jpg")
        };
        put(&library, b"moved", moved).unwrap();
        library.shut_down().unwrap();
        library.said_of(receipt.asset).unwrap()
    };
    Library::set_aside_catalogue(&home.data()).unwrap().unwrap();
    fs::create_dir(home.root().join("2001")).unwrap();
    fs::rename(
        home.root().join("2015/07/b.jpg"),
        home.root().join("2001/b.jpg"),
    )
    .unwrap();
    let library = home.ready();
    library.rebuild(&mut |_| {}, &described).unwrap();
    let photo = library
        .asset_by_path(&lp("2015/07/a.jpg"))
        .unwrap()
        .unwrap();
    assert_eq!(library.said_of(photo.id).unwrap(), said);
    assert_eq!(photo.captured, Some(sidecar()));
    let moved = library.asset_by_path(&lp("2001/b.jpg")).unwrap().unwrap();
    assert_eq!(moved.captured, Some(sidecar()), "its line stayed behind");
    assert_eq!(library.said_of(moved.id).unwrap().collection, remarks());
    assert_eq!(library.albums().unwrap(), [("Rome".to_owned(), 2)]);
    check_with_sha256sum(&home, "Rome.sha256");
}
