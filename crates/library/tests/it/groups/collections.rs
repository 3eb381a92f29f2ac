//! Files of collections that are imported: what lies beside each other there belongs together.

use safelight_core::{DeviceId, PersonId, Timestamp};
use safelight_library::{Filing, Library, Receipt, SourceFile};

use super::{Shot, at, check_tallies, groups, shown, sidecar, still, video};
use crate::support::{Home, put};

/// Two photos of one name, each with its sidecar.
const BOTH: [[&str; 2]; 2] = [
    ["2024/05/IMG_1234.HEIC", "sidecar 2024/05/IMG_1234.AAE"],
    ["2024/05/IMG_1234.HEIC", "sidecar 2024/05/IMG_1234.HEIC.xmp"],
];

/// The groups, without the numbers that tell names apart.
fn pairs(library: &Library) -> Vec<Vec<String>> {
    let mut pairs: Vec<Vec<String>> = groups(library)
        .into_values()
        .filter(|group| group.len() > 1)
        .map(|group| group.iter().map(|file| file.replace("-2", "")).collect())
        .collect();
    pairs.sort();
    pairs
}

/// Brings a file from a place on this computer.
fn bring(library: &Library, place: &str, shot: &Shot) -> Receipt {
    bring_shown(library, place, shot.name, shot)
}

/// Brings a file or an archive's entry that has a place of its own in its collection.
fn bring_shown(library: &Library, place: &str, shown: &str, shot: &Shot) -> Receipt {
    let import = library
        .new_import(PersonId::OWNER, "{}", "running")
        .unwrap();
    let bytes = shot.bytes(place);
    let filing = Filing {
        device: None,
        device_path: None,
        person: Some(PersonId::OWNER),
        source: Some(SourceFile {
            place: place.to_owned(),
            size: bytes.len() as u64,
            modified: Timestamp::UNIX_EPOCH,
            shown: shown.to_owned(),
            import,
        }),
        ..shot.filing(DeviceId(0))
    };
    put(library, &bytes, filing).unwrap()
}

#[test]
fn an_imported_folders_sidecars_find_their_photos() {
    let [mine, yours] = [3, 9].map(|day| still("IMG_1234.HEIC", at(5, day, 12, 0)));
    let note = sidecar("IMG_1234.AAE");
    let more = sidecar("IMG_1234.HEIC.xmp");
    for order in [[0, 1, 2, 3], [1, 0, 3, 2], [0, 3, 1, 2], [2, 1, 3, 0]] {
        let home = Home::new();
        let library = home.ready();
        let files = [
            ("/card/mine/IMG_1234.AAE", &note),
            ("/card/mine/IMG_1234.HEIC", &mine),
            ("/card/yours/IMG_1234.HEIC", &yours),
            ("/card/yours/IMG_1234.HEIC.xmp", &more),
        ];
        for file in order {
            let (place, shot) = files[file];
            bring(&library, place, shot);
        }
        // In a folder below, and in an archive of the folder's name: these are other folders.
        bring(&library, "/card/mine/IMG_1234.d/aae", &note);
        bring(&library, "/card/mine//IMG_1234.AAE", &note);
        assert_eq!(pairs(&library), BOTH, "{order:?}");
        check_tallies(&library);
    }
}

#[test]
fn an_exports_sidecars_find_their_photos_whatever_part_they_are_in() {
    let [mine, yours] = [3, 9].map(|day| still("IMG_1234.HEIC", at(5, day, 12, 0)));
    let note = sidecar("IMG_1234.AAE");
    let more = sidecar("IMG_1234.HEIC.xmp");
    for order in [[0, 1, 2, 3], [1, 0, 3, 2], [0, 3, 1, 2], [2, 1, 3, 0]] {
        let home = Home::new();
        let library = home.ready();
        let files = [
            ("/down/t-002.zip//0", "2019/IMG_1234.AAE", &note),
            ("/down/t-001.zip//0", "2019/IMG_1234.HEIC", &mine),
            ("/down/t-001.zip//1", "Trip/IMG_1234.HEIC", &yours),
            ("/down/t-003.zip//0", "Trip/IMG_1234.HEIC.xmp", &more),
        ];
        for file in order {
            let (place, inside, shot) = files[file];
            bring_shown(&library, place, inside, shot);
        }
        // Of another folder of the export, of another export, of an unpacked one: these are about other photos.
        for (place, inside) in [
            ("/down/t-002.zip//1", "2020/IMG_1234.AAE"),
            ("/old/t-002.zip//0", "2019/IMG_1234.AAE"),
            ("/down/2019/IMG_1234.AAE", "2019/IMG_1234.AAE"),
        ] {
            let alone = bring_shown(&library, place, inside, &note);
            assert_eq!(shown(&library, alone.asset).len(), 1, "{place}");
        }
        assert_eq!(pairs(&library), BOTH, "{order:?}");
        check_tallies(&library);
    }
}

/// The photo `IMG_1.JPG` and another file come in both orders from one folder, after so many others that begin as it.
fn both_orders_join(part: &Shot, in_archives: bool, others: usize) {
    let photo = still("IMG_1.JPG", at(5, 3, 12, 0));
    let place = |name: &str| match in_archives {
        true => (format!("/card/t.zip//{name}"), format!("DCIM/{name}")),
        false => (format!("/card/DCIM/{name}"), name.to_owned()),
    };
    for order in [[&photo, part], [part, &photo]] {
        let home = Home::new();
        let library = home.ready();
        let other = still("other.jpg", at(6, 3, 12, 0));
        for number in 0..others {
            let (place, shown) = place(&format!("IMG_1{number:03}.JPG"));
            bring_shown(&library, &place, &shown, &other);
        }
        let [_, receipt] = order.map(|shot| {
            let (place, shown) = place(shot.name);
            bring_shown(&library, &place, &shown, shot)
        });
        let group = shown(&library, receipt.asset);
        assert_eq!(group.len(), 2, "{order:?}: {group:?}");
        check_tallies(&library);
    }
}

#[test]
fn a_name_is_found_however_it_is_spelled() {
    for in_archives in [false, true] {
        for name in ["img_1.mov", "Img_1.Mov", "img_1_HEVC.mov"] {
            both_orders_join(&video(name, at(5, 3, 12, 0)), in_archives, 0);
        }
        both_orders_join(&still("img_1-edited.jpg", at(5, 3, 12, 0)), in_archives, 0);
    }
}

#[test]
fn a_name_is_found_among_many_that_begin_like_it() {
    both_orders_join(&still("IMG_1-edited.JPG", at(5, 3, 12, 0)), false, 260);
    both_orders_join(&video("img_1_HEVC.mov", at(5, 3, 12, 0)), true, 260);
}

#[test]
fn a_cards_name_that_is_used_again_stands_for_the_new_photo() {
    let home = Home::new();
    let library = home.ready();
    let (note, photo) = ("/card/IMG_0001.AAE", "/card/IMG_0001.HEIC");
    let first = bring(&library, photo, &still("IMG_0001.HEIC", at(5, 3, 12, 0)));
    home.clock.advance(40 * 24 * 3600);
    let note = bring(&library, note, &sidecar("IMG_0001.AAE"));
    let second = bring(&library, photo, &still("IMG_0001.HEIC", at(6, 9, 12, 0)));
    assert_eq!(shown(&library, first.asset).len(), 1);
    assert_eq!(
        shown(&library, note.asset),
        ["2024/06/IMG_0001.HEIC", "sidecar 2024/06/IMG_0001.AAE"]
    );
    assert_eq!(shown(&library, second.asset).len(), 2);
}
