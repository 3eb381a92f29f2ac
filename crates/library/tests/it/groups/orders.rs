//! The groups are the same in whatever order the files arrive, at once, and after a rebuild.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use safelight_core::AssetId;
use safelight_library::{Described, Filing, Library, RealDisk};

use super::{Shot, at, groups, live, shown, sidecar, still, video};
use crate::support::{Home, check_tallies, device, lp, put};

/// Everything that there is to group, in the names of one phone.
fn roll() -> Vec<Shot> {
    vec![
        still("IMG_1234.HEIC", at(5, 3, 12, 0)).id("A"),
        video("IMG_1234.MOV", at(5, 3, 12, 1)).id("A"),
        still("IMG_E1234.JPG", at(5, 3, 12, 0)),
        sidecar("IMG_1234.AAE"),
        sidecar("IMG_O1234.AAE"),
        Shot {
            mime: "image/x-nikon-nef",
            ..still("DSC_0001.NEF", at(5, 3, 13, 0))
        },
        still("DSC_0001.JPG", at(5, 3, 13, 0)),
        sidecar("DSC_0001.xmp"),
        still("IMG_1235.HEIC", at(5, 3, 12, 0)).id("B"),
        video("IMG_1236.MOV", at(5, 3, 12, 0)),
        still("x_BURST001.jpg", at(5, 3, 14, 0)),
        still("x_BURST002_COVER.jpg", at(5, 3, 14, 1)),
        sidecar("IMG_9.xmp"),
        still("IMG_1(1).jpg", at(5, 3, 15, 0)),
        still("IMG_1-edited(1).jpg", at(5, 3, 15, 0)),
        still("IMG_7(2).jpg", at(5, 3, 16, 0)),
        video("img_7(2).mov", at(5, 3, 16, 1)),
    ]
}

#[test]
fn any_order_of_arrival_makes_the_same_groups_in_one_folder() {
    let expected = BTreeMap::from([
        (
            "2024/05/DSC_0001.JPG",
            vec!["raw 2024/05/DSC_0001.NEF", "sidecar 2024/05/DSC_0001.xmp"],
        ),
        ("2024/05/IMG_1235.HEIC", vec![]),
        ("2024/05/IMG_1236.MOV", vec![]),
        (
            "2024/05/IMG_E1234.JPG",
            vec![
                "motion 2024/05/IMG_1234.MOV",
                "original 2024/05/IMG_1234.HEIC",
                "sidecar 2024/05/IMG_1234.AAE",
                "sidecar 2024/05/IMG_O1234.AAE",
            ],
        ),
        (
            "2024/05/x_BURST002_COVER.jpg",
            vec!["burst 2024/05/x_BURST001.jpg"],
        ),
        (
            "2024/05/IMG_1-edited(1).jpg",
            vec!["original 2024/05/IMG_1(1).jpg"],
        ),
        ("2024/05/IMG_7(2).jpg", vec!["motion 2024/05/img_7(2).mov"]),
        ("unknown/IMG_9.xmp", vec![]),
    ]);
    for seed in 0..12_usize {
        let home = Home::new();
        let library = home.ready();
        let phone = device(&library, "phone");
        let mut files = roll();
        // A different order for each seed: the seven is prime to the seventeen files. Of any two of them, each comes first
        // once, for every second order is that before it, turned round.
        let count = files.len();
        for step in 0..count {
            let other = (step * 7 + seed / 2 * (step + 3)) % count;
            files.swap(step, other);
        }
        if seed % 2 == 1 {
            files.reverse();
        }
        for file in &files {
            file.put(&library, phone);
        }
        let found = groups(&library);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (lead, parts) in &expected {
            let mut group = found[*lead].clone();
            assert_eq!(group.remove(0), *lead);
            assert_eq!(&group, parts, "{seed}: {files:?}");
        }
        check_tallies(&library);
    }
}

/// Another phone's photo of the same name and moment.
fn stranger() -> Shot {
    still("IMG_1234.HEIC", at(5, 3, 12, 0)).id("C")
}

fn described(path: &Path, _name: &str) -> Described {
    let text = fs::read_to_string(path).unwrap();
    let shot = roll()
        .into_iter()
        .chain([stranger()])
        .find(|shot| text.starts_with(&format!("{shot:?}")))
        .unwrap();
    Described {
        kind: shot.kind,
        captured: shot.at,
        details: Some(shot.details()),
    }
}

#[test]
fn a_rebuild_and_a_look_at_the_folder_end_with_the_same_groups() {
    for with_manifests in [true, false] {
        let home = Home::new();
        let before = {
            let library = home.ready();
            let phone = device(&library, "phone");
            // Somebody else's photo has the name, so that the group has a number.
            let other = device(&library, "other");
            stranger().put(&library, other);
            for file in roll().into_iter().rev() {
                file.put(&library, phone);
            }
            library.shut_down().unwrap();
            groups(&library)
        };
        assert!(before.contains_key("2024/05/IMG_E1234-2.JPG"), "{before:?}");
        Library::set_aside_catalogue(&home.data()).unwrap();
        if !with_manifests {
            fs::remove_dir_all(home.root().join(".safelight/manifests")).unwrap();
        }
        let library = home.open(Arc::new(RealDisk));
        library.set_root(&home.root()).unwrap();
        library.rebuild(&mut |_| {}, &described).unwrap();
        assert_eq!(groups(&library), before, "manifests: {with_manifests}");
        check_tallies(&library);
        // Once more, with the catalogue as it is.
        library.rebuild(&mut |_| {}, &described).unwrap();
        assert_eq!(groups(&library), before);
    }
}

#[test]
fn older_catalogues_photos_are_grouped_when_they_are_read() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let receipts = live().map(|file| {
        let filing = Filing {
            details: None,
            ..file.filing(phone)
        };
        (put(&library, &file.bytes(""), filing).unwrap(), file)
    });
    assert_eq!(groups(&library).len(), 2);
    let read = library.not_described(AssetId(0), 9).unwrap();
    assert_eq!(read.len(), 2);
    for (receipt, file) in &receipts {
        library
            .keep_details(&[(receipt.asset, file.details())])
            .unwrap();
    }
    let found = shown(&library, receipts[0].0.asset);
    assert_eq!(found[0], "2024/05/IMG_1234.HEIC");
    assert_eq!(found.len(), 2);
    check_tallies(&library);
}

#[test]
fn parts_that_arrive_at_once_find_each_other() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    for round in 0..8 {
        let month = i8::try_from(round + 1).unwrap();
        home.clock.advance(3 * 86_400);
        let files = [
            still("IMG_1234.HEIC", at(month, 3, 12, 0)),
            video("IMG_1234.MOV", at(month, 3, 12, 1)),
            sidecar("IMG_1234.AAE"),
        ];
        std::thread::scope(|scope| {
            for file in &files {
                let library = library.clone();
                scope.spawn(move || {
                    put(
                        &library,
                        &file.bytes(&round.to_string()),
                        file.filing(phone),
                    )
                    .unwrap()
                });
            }
        });
        let folder = format!("2024/{month:02}");
        let photo = library
            .asset_by_path(&lp(&format!("{folder}/IMG_1234.HEIC")))
            .unwrap()
            .unwrap();
        let mut parts = shown(&library, photo.id);
        parts.sort();
        assert_eq!(
            parts,
            [
                format!("{folder}/IMG_1234.HEIC"),
                format!("motion {folder}/IMG_1234.MOV"),
                format!("sidecar {folder}/IMG_1234.AAE")
            ]
        );
    }
    check_tallies(&library);
}
