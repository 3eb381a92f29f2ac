//! Wrong dates put right: who may, what is refused, what is done, and that it can be taken back.

use safelight_core::PersonId;
use safelight_engine::{
    Answer, Asker, Command, EngineError, Quiet,
    command::{CorrectionOutcome, PhotoChoice, Wish},
};

use crate::house::House;

/// Photos of one day in July 2019, as a camera without a zone names them.
async fn july(house: &House, device: i64) -> Vec<i64> {
    let mut photos = Vec::new();
    for hour in ["08", "12", "23"] {
        let name = format!("20190701_{hour}0000.jpg");
        let receipt = house.upload(device, &name, name.as_bytes()).await.unwrap();
        photos.push(receipt.asset.0);
    }
    photos
}

fn of(assets: &[i64]) -> PhotoChoice {
    PhotoChoice {
        assets: assets.to_vec(),
        ..PhotoChoice::default()
    }
}

fn shift(by: &str) -> Wish {
    Wish::Shift { by: by.into() }
}

fn taken(house: &House, photo: i64) -> String {
    let receipt = house
        .engine
        .receipt(Asker::Owner, safelight_core::AssetId(photo))
        .unwrap()
        .unwrap();
    receipt.taken.unwrap()
}

fn dates(outcome: &CorrectionOutcome) -> Vec<(&str, &str)> {
    outcome
        .changes
        .iter()
        .map(|change| {
            (
                change.before.as_deref().unwrap_or_default(),
                change.after.as_deref().unwrap_or_default(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_preview_changes_nothing_and_says_what_would_be_done() {
    let house = House::new();
    let device = house.add_device("camera");
    let photos = july(&house, device.id).await;
    let choice = PhotoChoice {
        device: Some("camera".into()),
        from: Some("2019-07-01 12:00".into()),
        until: Some("2019-07-01".into()),
        ..PhotoChoice::default()
    };
    let engine = &house.engine;
    let preview = engine
        .preview_correction(Asker::Owner, &choice, &shift("+2h"))
        .unwrap();
    assert_eq!(
        dates(&preview),
        [
            ("2019-07-01T12:00:00", "2019-07-01T14:00:00"),
            ("2019-07-01T23:00:00", "2019-07-02T01:00:00")
        ]
    );
    assert_eq!((preview.what.as_str(), preview.id), ("2h later", None));
    assert_eq!(taken(&house, photos[1]), "2019-07-01T12:00:00");
    // A photo that comes meanwhile would be changed too: nothing is, until somebody has looked again.
    house
        .upload(device.id, "20190701_130000.jpg", b"late")
        .await
        .unwrap();
    let refused = engine.correct(
        Asker::Owner,
        &choice,
        &shift("+2h"),
        Some(&preview.fingerprint),
    );
    assert!(
        matches!(refused, Err(EngineError::Invalid(_))),
        "{refused:?}"
    );
    assert_eq!(taken(&house, photos[1]), "2019-07-01T12:00:00");
    let preview = engine
        .preview_correction(Asker::Owner, &choice, &shift("+2h"))
        .unwrap();
    let done = engine
        .correct(
            Asker::Owner,
            &choice,
            &shift("+2h"),
            Some(&preview.fingerprint),
        )
        .unwrap();
    assert_eq!((done.photos, done.changes.len()), (3, 3));
    assert_eq!(taken(&house, photos[1]), "2019-07-01T14:00:00");
    let undone = engine
        .undo_correction(Asker::Owner, done.id.unwrap())
        .unwrap();
    assert_eq!((undone.photos, undone.kept.len()), (3, 0));
    assert_eq!(taken(&house, photos[1]), "2019-07-01T12:00:00");
}

#[tokio::test]
async fn a_camera_that_ran_at_home_gets_the_clock_and_the_offset_of_the_place() {
    let house = House::new();
    let device = house.add_device("camera");
    let photos = july(&house, device.id).await;
    let wish = Wish::Zone {
        place: "America/New_York".into(),
        camera: Some("Europe/Rome".into()),
    };
    let done = house
        .engine
        .correct(Asker::Owner, &of(&photos[..1]), &wish, None)
        .unwrap();
    assert_eq!(
        dates(&done),
        [("2019-07-01T08:00:00", "2019-07-01T02:00:00-04:00")]
    );
    let receipt = house
        .engine
        .receipt(Asker::Owner, safelight_core::AssetId(photos[0]))
        .unwrap()
        .unwrap();
    assert!(receipt.corrected);
    assert_eq!(receipt.taken_from.as_deref(), Some("person"));
    assert_eq!(
        receipt.taken_by_itself.as_deref(),
        Some("2019-07-01T08:00:00")
    );
    assert_eq!(
        receipt.path, "2019/07/20190701_080000.jpg",
        "it stays where it is"
    );
    let reset = house
        .engine
        .correct(Asker::Owner, &of(&photos), &Wish::Reset, None)
        .unwrap();
    assert_eq!((reset.photos, reset.unchanged), (1, 2));
    assert_eq!(taken(&house, photos[0]), "2019-07-01T08:00:00");
}

#[tokio::test]
async fn each_photo_that_cannot_be_put_right_is_named_and_the_others_are() {
    let house = House::new();
    let device = house.add_device("camera");
    let photos = july(&house, device.id).await;
    // Of a messenger's photo only the day is known.
    let day_only = house
        .upload(device.id, "IMG-20190702-WA0001.jpg", b"scan")
        .await
        .unwrap();
    let both = of(&[photos[0], day_only.asset.0]);
    let done = house
        .engine
        .correct(Asker::Owner, &both, &shift("-1h"), None)
        .unwrap();
    assert_eq!((done.photos, done.failed.len()), (1, 1));
    assert_eq!(done.failed[0].path, day_only.path.as_str());
    assert_eq!(Answer::Corrected(done).exit_code(), 3);
    // The clock stands at March 2026.
    let future = Wish::Set {
        date: "2026-04-01 12:00".into(),
    };
    let refused = house
        .engine
        .correct(Asker::Owner, &both, &future, None)
        .unwrap();
    assert_eq!(
        (refused.photos, refused.failed.len(), refused.id),
        (0, 2, None)
    );
    let day = Wish::Set {
        date: "1987-05-03".into(),
    };
    let done = house
        .engine
        .correct(Asker::Owner, &of(&[day_only.asset.0]), &day, None)
        .unwrap();
    assert_eq!(dates(&done), [("2019-07-02", "1987-05-03")]);
}

#[tokio::test]
async fn photos_are_named_by_place_folder_or_hash_and_nothing_is_chosen_by_accident() {
    let house = House::new();
    let device = house.add_device("camera");
    let photos = july(&house, device.id).await;
    let engine = &house.engine;
    let count = |choice: &PhotoChoice| {
        engine
            .preview_correction(Asker::Owner, choice, &shift("1h"))
            .map(|found| found.photos)
    };
    let named = |name: &str| PhotoChoice {
        photos: vec![name.into()],
        ..PhotoChoice::default()
    };
    let receipt = engine
        .receipt(Asker::Owner, safelight_core::AssetId(photos[0]))
        .unwrap()
        .unwrap();
    assert_eq!(count(&named("2019/07")).unwrap(), 3);
    assert_eq!(count(&named(&receipt.path)).unwrap(), 1);
    assert_eq!(count(&named(&receipt.hash)).unwrap(), 1);
    for wrong in [
        "",
        "/",
        "2018",
        "..",
        "2019/07/nothing.jpg",
        &"0".repeat(64),
    ] {
        let found = count(&named(wrong));
        assert!(
            matches!(found, Err(EngineError::NotFound(_))),
            "{wrong:?} {found:?}"
        );
    }
    let nothing = count(&PhotoChoice::default());
    assert!(matches!(nothing, Err(EngineError::Invalid(_))));
    let both = PhotoChoice {
        from: Some("2019-01-01".into()),
        ..named("2019/07")
    };
    assert!(matches!(count(&both), Err(EngineError::Invalid(_))));
    let no_camera = PhotoChoice {
        camera: Some("No such camera".into()),
        ..PhotoChoice::default()
    };
    assert_eq!(count(&no_camera).unwrap(), 0);
    let no_device = PhotoChoice {
        device: Some("No such device".into()),
        ..PhotoChoice::default()
    };
    assert!(matches!(count(&no_device), Err(EngineError::NotFound(_))));
}

#[tokio::test]
async fn a_member_puts_right_their_own_dates_only() {
    let house = House::new();
    let owners = house.add_device("camera");
    let photos = july(&house, owners.id).await;
    let anna = match house.run(Command::PersonAdd {
        name: "Anna".into(),
        folder: None,
    }) {
        Answer::Person(person) => Asker::Member(PersonId(person.id)),
        other => panic!("{other:?}"),
    };
    let add = Command::DeviceAdd {
        name: "hers".into(),
        person: None,
        acknowledge: None,
    };
    let hers = match house.engine.run_for(anna, add, &Quiet).unwrap() {
        Answer::Device(device) => device.id,
        other => panic!("{other:?}"),
    };
    let own = house
        .upload(hers, "20190701_120000.jpg", b"hers")
        .await
        .unwrap()
        .asset
        .0;
    let run = |asker, choice: PhotoChoice| {
        let command = Command::Correct {
            choice,
            wish: shift("1h"),
            preview: false,
            expect: None,
        };
        house.engine.run_for(asker, command, &Quiet)
    };
    let foreign = [
        of(&photos[..1]),
        of(&[99]),
        PhotoChoice {
            photos: vec!["2019/07".into()],
            ..PhotoChoice::default()
        },
        PhotoChoice {
            device: Some("camera".into()),
            ..PhotoChoice::default()
        },
    ];
    for choice in foreign {
        let refused = run(anna, choice);
        assert!(
            matches!(refused, Err(EngineError::NotFound(_))),
            "{refused:?}"
        );
    }
    let all = PhotoChoice {
        from: Some("2019-01-01".into()),
        ..PhotoChoice::default()
    };
    let id = match run(anna, all.clone()).unwrap() {
        Answer::Corrected(done) => {
            assert_eq!(
                done.changes
                    .iter()
                    .map(|change| change.asset)
                    .collect::<Vec<_>>(),
                [own]
            );
            done.id.unwrap()
        }
        other => panic!("{other:?}"),
    };
    let owners = match run(Asker::Owner, all).unwrap() {
        Answer::Corrected(done) => {
            assert_eq!(done.photos, 4);
            done.id.unwrap()
        }
        other => panic!("{other:?}"),
    };
    let engine = &house.engine;
    assert!(matches!(
        engine.undo_correction(anna, owners),
        Err(EngineError::NotFound(_))
    ));
    assert_eq!(engine.corrections(anna).unwrap().len(), 1);
    assert_eq!(engine.corrections(Asker::Owner).unwrap().len(), 2);
    let undone = engine.undo_correction(anna, id).unwrap();
    assert_eq!(
        undone.kept,
        ["Anna/2019/07/20190701_120000.jpg"],
        "the owner has corrected it since"
    );
}

#[tokio::test]
async fn a_corrected_photo_is_backed_up_again_and_comes_back_with_its_time() {
    let house = House::new();
    house.add_folder_destination("cloud");
    let device = house.add_device("camera");
    let photos = july(&house, device.id).await;
    house.run(Command::Backup { destination: None });
    house
        .engine
        .correct(
            Asker::Owner,
            &of(&photos[..1]),
            &Wish::Set {
                date: "2018-03-04 05:06Z".into(),
            },
            None,
        )
        .unwrap();
    let house = house.reopen_after(|_| {});
    house.run(Command::Backup { destination: None });
    match house.run(Command::Verify {
        scope: safelight_engine::command::VerifyScope::Everything,
    }) {
        Answer::Verify(found) => assert_eq!((found.home_good, found.failed), (3, vec![])),
        other => panic!("{other:?}"),
    }
    let to = house.dir.path().join("back");
    house.run(Command::Restore {
        to: to.clone(),
        destination: None,
        snapshot: None,
        paths: vec![],
    });
    let modified = |folder: &std::path::Path| {
        let file = folder.join("2019/07/20190701_080000.jpg");
        jiff::Timestamp::try_from(std::fs::metadata(file).unwrap().modified().unwrap()).unwrap()
    };
    assert_eq!(
        modified(&house.library()).to_string(),
        "2018-03-04T05:06:00Z"
    );
    assert_eq!(modified(&to), modified(&house.library()));
    let manifest = std::fs::read_to_string(to.join(".safelight/manifests/2019/07.sha256")).unwrap();
    assert!(manifest.contains("\"source\":\"person\""), "{manifest}");
}
