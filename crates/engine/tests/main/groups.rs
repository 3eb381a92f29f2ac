//! What belongs together, from real files to what comes back from offsite.

use std::{collections::BTreeSet, fs};

use safelight_core::AssetId;
use safelight_engine::{Answer, Asker, Command, command::VerifyScope, model::PhotoReceipt};
use safelight_testkit::corpus;

use crate::house::House;

/// The corpus's Live Photo with its edit, the note about the edit, and a video of its name that is another one's.
const FILES: [&str; 5] = [
    "IMG_5717.AAE",
    "IMG_5717.JPG",
    "IMG_5717(1).MOV",
    "IMG_5717.MOV",
    "IMG_E5717.JPG",
];

fn receipt(house: &House, id: AssetId) -> PhotoReceipt {
    let owner = Asker::Owner;
    house.engine.receipt(owner, id).unwrap().unwrap()
}

/// The group's files by name, each with what it is.
fn group(receipt: &PhotoReceipt) -> BTreeSet<(&str, &str)> {
    receipt
        .group
        .iter()
        .map(|file| (file.name.as_str(), file.role.as_deref().unwrap_or("lead")))
        .collect()
}

#[tokio::test]
async fn a_live_photo_with_its_edit_is_one_and_its_decoy_another() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("synthetic/livephoto");
    // Forwards, backwards, and beginning in the middle.
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [3, 4, 0, 1, 2]] {
        let house = House::new();
        house.add_folder_destination("disk");
        let phone = house.add_device("phone").id;
        let mut stored = Vec::new();
        for file in order {
            let bytes = fs::read(folder.join(FILES[file])).unwrap();
            let path = format!("DCIM/100APPLE/{}", FILES[file]);
            let receipt = house.upload(phone, &path, &bytes).await.unwrap();
            stored.push((FILES[file], receipt.asset));
        }
        for (name, id) in &stored {
            let receipt = receipt(&house, *id);
            if *name == "IMG_5717(1).MOV" {
                assert_eq!(receipt.group, [], "{order:?}");
                continue;
            }
            assert_eq!(
                group(&receipt),
                BTreeSet::from([
                    ("IMG_E5717.JPG", "lead"),
                    ("IMG_5717.JPG", "original"),
                    ("IMG_5717.MOV", "motion"),
                    ("IMG_5717.AAE", "sidecar"),
                ]),
                "{order:?}"
            );
            assert!(receipt.path.starts_with("2014/09/IMG_"), "{receipt:?}");
            assert!(!receipt.safe);
        }
        let outcome = house.back_up();
        assert_eq!(outcome[0].stored, 5, "{outcome:?}");
        house.verify(VerifyScope::Home);
        let (_, photo) = stored
            .iter()
            .find(|(name, _)| *name == "IMG_5717.JPG")
            .unwrap();
        let photo = receipt(&house, *photo);
        assert!(photo.safe, "{photo:?}");
        // One is asked for, and all of it comes back.
        let to = house.dir.path().join("back");
        let answer = house.run(Command::Restore {
            to: to.clone(),
            destination: None,
            snapshot: None,
            paths: vec![photo.path.clone()],
        });
        let Answer::Restore(outcome) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!((outcome.files, outcome.failed.len()), (4, 0));
        for name in [
            "IMG_5717.JPG",
            "IMG_5717.MOV",
            "IMG_E5717.JPG",
            "IMG_5717.AAE",
        ] {
            let back = fs::read(to.join("2014/09").join(name)).unwrap();
            assert_eq!(back, fs::read(folder.join(name)).unwrap(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_part_that_is_not_proved_keeps_the_other_from_being_safe() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("synthetic/livephoto");
    let house = House::new();
    house.add_folder_destination("disk");
    let phone = house.add_device("phone").id;
    let send = async |name: &str| {
        let bytes = fs::read(folder.join(name)).unwrap();
        house.upload(phone, name, &bytes).await.unwrap()
    };
    let photo = send("IMG_5717.JPG").await;
    house.back_up();
    house.verify(VerifyScope::Home);
    assert!(receipt(&house, photo.asset).safe);
    send("IMG_5717.MOV").await;
    let told = receipt(&house, photo.asset);
    assert!(!told.safe);
    assert_eq!(
        told.why_not_safe.as_deref(),
        Some("what belongs to it is not safe yet: IMG_5717.MOV")
    );
    house.back_up();
    house.verify(VerifyScope::Home);
    assert!(receipt(&house, photo.asset).safe);
}
