//! Adding, losing and taking over destinations.

use safelight_engine::{Answer, Command, EngineError, Quiet};

use crate::house::House;

fn add(name: &str, url: String, password: Option<String>) -> Command {
    Command::DestinationAdd {
        name: name.into(),
        url,
        keys: None,
        password,
    }
}

#[test]
fn a_destination_in_the_library_or_around_it_is_refused() {
    let house = House::new();
    for place in [house.library().join("offsite"), house.dir.path().to_owned()] {
        let error = house
            .engine
            .run(
                add("disk", format!("file://{}", place.display()), None),
                &Quiet,
            )
            .unwrap_err();
        assert!(matches!(error, EngineError::Invalid(_)), "{error}");
    }
    assert!(house.status().destinations.is_empty());
}

#[test]
fn names_and_places_are_taken_once() {
    let house = House::new();
    let place = house.add_folder_destination("disk");
    let other = format!("file://{}", house.dir.path().join("other").display());
    for (name, url) in [
        ("disk", other),
        ("again", format!("file://{}", place.display())),
    ] {
        assert!(matches!(
            house.engine.run(add(name, url, None), &Quiet),
            Err(EngineError::Invalid(_))
        ));
    }
}

#[tokio::test]
async fn after_the_catalogue_is_lost_the_destinations_are_found_again() {
    let house = House::new();
    let phone = house.add_device("phone");
    house.upload(phone.id, "a.jpg", b"a photo").await.unwrap();
    house.add_folder_destination("disk");
    house.back_up();
    let house = house.reopen_after(|dir| {
        for file in safelight_testkit::tree::files(&dir.join("data")).unwrap() {
            if file.starts_with("catalogue") {
                std::fs::remove_file(dir.join("data").join(file)).unwrap();
            }
        }
    });
    house.run(Command::Rebuild);
    let status = house.status();
    assert_eq!(
        (status.photos, status.safe, status.destinations.len()),
        (1, 0, 1)
    );
    house.back_up();
    assert_eq!(house.status().safe, 1);
}

#[test]
fn a_repository_that_exists_wants_its_password() {
    let house = House::new();
    let place = house.add_folder_destination("disk");
    let Answer::Kit { kits } = house.run(Command::Kit { destination: None }) else {
        panic!("a kit was asked for");
    };
    assert_eq!(kits[0].repository, place.display().to_string());
    house.run(Command::DestinationRemove {
        name: "disk".into(),
    });

    let url = format!("file://{}", place.display());
    for file in safelight_testkit::tree::files(&house.data().join("secrets")).unwrap() {
        std::fs::remove_file(house.data().join("secrets").join(file)).unwrap();
    }
    for password in [None, Some("wrong".to_owned())] {
        let error = house
            .engine
            .run(add("disk", url.clone(), password), &Quiet)
            .unwrap_err();
        assert!(error.to_string().contains("password"), "{error}");
    }
    house.run(add("disk", url, Some(kits[0].password.clone())));
    assert_eq!(house.status().destinations.len(), 1);
}

#[tokio::test]
async fn a_destination_that_is_gone_is_a_problem_until_it_is_back() {
    let house = House::new();
    let phone = house.add_device("phone");
    let place = house.add_folder_destination("disk");
    house.back_up();
    house.upload(phone.id, "a.jpg", b"a photo").await.unwrap();
    let away = house.dir.path().join("away");
    std::fs::rename(&place, &away).unwrap();
    let outcome = &house.back_up()[0];
    assert!(outcome.error.is_some());
    let status = house.status();
    assert_eq!(status.safe, 0);
    assert!(
        status
            .problems
            .iter()
            .any(|problem| problem.kind == "destination" && problem.path == "disk"),
        "{:?}",
        status.problems
    );
    assert!(
        !place.exists(),
        "a new repository must not be made in the place of the lost one"
    );
    std::fs::rename(&away, &place).unwrap();
    house.back_up();
    let status = house.status();
    assert_eq!((status.safe, status.problems.len()), (1, 0));
}

#[tokio::test]
async fn a_destination_that_was_removed_can_be_added_again_without_its_password() {
    let house = House::new();
    let phone = house.add_device("phone");
    house.upload(phone.id, "a.jpg", b"a photo").await.unwrap();
    house.add_folder_destination("disk");
    house.back_up();
    house.run(Command::DestinationRemove {
        name: "disk".into(),
    });
    assert_eq!(house.status().safe, 0);
    let house = house.reopen_after(|_| {});
    assert!(house.status().destinations.is_empty(), "removed is removed");
    house.add_folder_destination("disk");
    house.back_up();
    assert_eq!(house.status().safe, 1);
}

#[tokio::test]
async fn a_repository_whose_newest_snapshot_is_gone_is_filled_again() {
    let house = House::new();
    let phone = house.add_device("phone");
    let place = house.add_folder_destination("disk");
    house.upload(phone.id, "a.jpg", b"the first").await.unwrap();
    house.back_up();
    let snapshots = place.join("snapshots");
    let first = safelight_testkit::tree::files(&snapshots).unwrap();
    house
        .upload(phone.id, "b.jpg", b"the second")
        .await
        .unwrap();
    house.back_up();
    for file in safelight_testkit::tree::files(&snapshots).unwrap() {
        if !first.contains(&file) {
            std::fs::remove_file(snapshots.join(file)).unwrap();
        }
    }
    house.upload(phone.id, "c.jpg", b"the third").await.unwrap();
    house.back_up();
    assert_eq!(house.status().safe, 3);
    let to = house.dir.path().join("back");
    let restored = house.restore_all(&to);
    assert_eq!(restored.failed, []);
    for (name, bytes) in [("a", "the first"), ("b", "the second"), ("c", "the third")] {
        let file = to.join(format!("2026/03/{name}.jpg"));
        assert_eq!(std::fs::read_to_string(file).unwrap(), bytes);
    }
}

#[tokio::test]
async fn a_repository_that_lost_all_its_packs_is_filled_again() {
    let house = House::new();
    let phone = house.add_device("phone");
    let place = house.add_folder_destination("disk");
    house.upload(phone.id, "a.jpg", b"the first").await.unwrap();
    house.back_up();
    for file in safelight_testkit::tree::files(&place.join("data")).unwrap() {
        std::fs::remove_file(place.join("data").join(file)).unwrap();
    }
    house
        .upload(phone.id, "b.jpg", b"the second")
        .await
        .unwrap();
    house.back_up();
    assert_eq!(house.status().safe, 2);
    let to = house.dir.path().join("back");
    let restored = house.restore_all(&to);
    assert_eq!(restored.failed, []);
    assert_eq!(
        std::fs::read(to.join("2026/03/a.jpg")).unwrap(),
        b"the first"
    );
}
