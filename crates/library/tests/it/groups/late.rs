//! A part that comes late, to a group whose date a person put right, and to a member who has nothing else of it.

use jiff::civil::{DateTime, date};
use safelight_core::{AssetId, CaptureTime, PersonId, Precision, TimeSource};
use safelight_library::{Library, NewDate, Period};

use super::{at, device, sidecar, still, video};
use crate::support::{Home, check_tallies, phone_of};

fn counts(library: &Library, asset: AssetId) -> Option<DateTime> {
    let asset = library.asset(asset).unwrap().unwrap();
    asset.captured.map(|captured| captured.local)
}

fn correct(library: &Library, asset: AssetId, local: DateTime) -> safelight_library::CorrectionId {
    let date = NewDate {
        asset,
        before: library.asset(asset).unwrap().unwrap().captured,
        after: Some(CaptureTime {
            local,
            offset: None,
            source: TimeSource::Person,
            precision: Precision::Second,
        }),
    };
    let made = library.correct(PersonId::OWNER, "a test", &[date]).unwrap();
    made.id.unwrap()
}

fn parts() -> [super::Shot; 2] {
    [
        still("IMG_1234.HEIC", at(5, 3, 12, 2)).id("A"),
        video("IMG_1234.MOV", at(5, 3, 12, 0)).id("A"),
    ]
}

#[test]
fn a_late_part_has_the_date_that_was_put_right_whichever_it_is() {
    let noon = |second| Some(date(2019, 7, 1).at(12, 0, second, 0));
    for (first, late, own, moved) in [(0, 1, noon(10), noon(8)), (1, 0, noon(10), noon(12))] {
        let home = Home::new();
        let library = home.ready();
        let phone = device(&library, "phone");
        let parts = parts();
        let first = parts[first].put(&library, phone);
        let correction = correct(&library, first.asset, own.unwrap());
        let note = sidecar("IMG_1234.AAE").put(&library, phone);
        let late = parts[late].put(&library, phone);
        assert_eq!(library.group(first.asset).unwrap().len(), 3);
        assert_eq!(counts(&library, first.asset), own);
        assert_eq!(counts(&library, late.asset), moved);
        assert_eq!(counts(&library, note.asset), None);
        assert_eq!(library.tile_count(None, Period::Year(2019)).unwrap(), 1);
        assert_eq!(library.tile_count(None, Period::Year(2024)).unwrap(), 0);
        check_tallies(&library);
        // What it said by itself is not lost, and both are taken back together.
        assert_eq!(library.correction(correction).unwrap().unwrap().photos, 2);
        assert_eq!(library.undo_correction(correction).unwrap().photos, 2);
        assert_eq!(counts(&library, late.asset).unwrap().year(), 2024);
        check_tallies(&library);
    }
}

#[test]
fn who_has_only_a_part_of_somebodys_group_sees_the_part() {
    let home = Home::new();
    let library = home.ready();
    let anna = library.add_person("Anna", "Anna", "hash").unwrap().id;
    let (owners, annas) = (
        device(&library, "owners"),
        phone_of(&library, anna, "annas"),
    );
    let [picture, clip] = parts();
    let send = |shot: &super::Shot, phone| {
        let filing = shot.filing(phone);
        crate::support::put(&library, &shot.bytes("the same"), filing).unwrap()
    };
    let seen = || -> Vec<(AssetId, usize)> {
        let tiles = library.tiles(Some(anna), Period::Year(2024), None, 0, 9);
        let tiles = tiles.unwrap().into_iter();
        tiles.map(|tile| (tile.id, tile.parts.len())).collect()
    };
    // Before the owner's group is one, and after it is.
    let clip_there = send(&clip, annas);
    assert_eq!(seen(), [(clip_there.asset, 0)]);
    let lead = send(&picture, owners);
    send(&clip, owners);
    assert_eq!(library.group(lead.asset).unwrap().len(), 2);
    assert_eq!(seen(), [(clip_there.asset, 0)]);
    check_tallies(&library);
    // With the other part it is one group for her, too.
    send(&picture, annas);
    assert_eq!(seen(), [(lead.asset, 1)]);
    check_tallies(&library);
}
