//! Who may see and manage what.

use safelight_core::{AssetId, PersonId};
use safelight_engine::{
    AccessError, Answer, Asker, Command, EngineError, Quiet, command::NewPassword,
};

use crate::house::{HERE, House};

fn add(house: &House, name: &str) -> NewPassword {
    match house.run(Command::PersonAdd {
        name: name.into(),
        folder: None,
    }) {
        Answer::Person(person) => person,
        other => panic!("{other:?}"),
    }
}

fn asker(person: &NewPassword) -> Asker {
    Asker::Member(PersonId(person.id))
}

fn add_device(house: &House, asker: Asker, name: &str) -> i64 {
    let command = Command::DeviceAdd {
        name: name.into(),
        // A member who names another adds a device of their own.
        person: Some("Owner".into()),
        acknowledge: None,
    };
    match house.engine.run_for(asker, command, &Quiet).unwrap() {
        Answer::Device(device) => device.id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_sees_their_own_and_the_owner_everything() {
    let house = House::new();
    let (anna, bert) = (add(&house, "Anna"), add(&house, "Bert"));
    let (anna, bert) = (asker(&anna), asker(&bert));
    let (hers, his) = (
        add_device(&house, anna, "Anna's phone"),
        add_device(&house, bert, "Bert's phone"),
    );
    let one = house.upload(hers, "one.jpg", b"one").await.unwrap();
    let two = house.upload(his, "two.jpg", b"two").await.unwrap();
    let both = house.upload(his, "secret.jpg", b"both").await.unwrap();
    house.upload(hers, "mine.jpg", b"both").await.unwrap();
    assert!(one.path.as_str().starts_with("Anna/"), "{}", one.path);
    assert!(both.path.as_str().starts_with("Bert/"), "{}", both.path);

    let engine = &house.engine;
    let names = |asker, device| -> Vec<String> {
        let rows = engine.recent(asker, device, None, 10).unwrap();
        rows.into_iter().map(|row| row.name).collect()
    };
    assert_eq!(names(anna, None), ["mine.jpg", "one.jpg"]);
    assert_eq!(names(anna, Some(hers)), ["mine.jpg", "one.jpg"]);
    assert_eq!(names(Asker::Owner, None).len(), 4);
    assert_eq!(engine.not_yet_safe(anna, None, None, 10).unwrap().len(), 2);
    for refused in [
        engine.recent(anna, Some(his), None, 10).map(drop),
        engine.not_yet_safe(anna, Some(his), None, 10).map(drop),
        engine.device_status_of(anna, his).map(drop),
    ] {
        assert!(matches!(refused, Err(EngineError::NotFound(_))));
    }

    assert!(engine.receipt(anna, two.asset).unwrap().is_none());
    assert!(engine.receipt(anna, AssetId(99)).unwrap().is_none());
    let shared = engine.receipt(anna, both.asset).unwrap().unwrap();
    assert_eq!(
        (shared.name.as_str(), shared.arrivals.len()),
        ("mine.jpg", 1)
    );
    assert_eq!(shared.arrivals[0].device.as_deref(), Some("Anna's phone"));
    let all = engine.receipt(Asker::Owner, both.asset).unwrap().unwrap();
    assert_eq!(all.arrivals.len(), 2);
    assert!(engine.open_photo_for(anna, two.asset).await.is_err());
    assert!(engine.open_photo_for(anna, both.asset).await.is_ok());

    let devices = engine.devices_of(anna).unwrap();
    assert_eq!(
        devices.iter().map(|device| device.id).collect::<Vec<_>>(),
        [hers]
    );
    let status = engine.status_of(anna).unwrap();
    assert_eq!(
        (status.photos, status.bytes, status.devices.len()),
        (2, 7, 1)
    );
    assert_eq!(house.status().photos, 3);
}

#[tokio::test]
async fn a_member_manages_nothing_but_their_own() {
    let house = House::new();
    house.add_folder_destination("offsite");
    let anna = add(&house, "Anna");
    let owners = house.add_device("the owner's phone");
    let member = asker(&anna);
    let hers = add_device(&house, member, "hers");
    house.upload(hers, "hers.jpg", b"hers").await.unwrap();
    let theirs = house.upload(owners.id, "owners.jpg", b"o").await.unwrap();
    house.back_up();
    let run = |command| house.engine.run_for(member, command, &Quiet);
    for command in [
        Command::People,
        Command::PersonRemove {
            name: "Owner".into(),
        },
        Command::PersonReset {
            name: "Owner".into(),
        },
        Command::Kit { destination: None },
        Command::Rebuild,
        Command::Backup { destination: None },
        Command::DestinationRemove {
            name: "offsite".into(),
        },
        Command::SetLibrary {
            path: "/tmp".into(),
        },
    ] {
        assert!(
            matches!(run(command.clone()), Err(EngineError::NotAllowed)),
            "{command:?}"
        );
    }
    assert!(run(Command::DeviceRevoke { id: owners.id }).is_err());
    let set = |device: &str| Command::DeviceSet {
        device: device.into(),
        acknowledge: None,
        tell_silence: Some(false),
    };
    assert!(run(set(&owners.user)).is_err());
    run(set("hers")).unwrap();

    let to = house.dir.path().join("back");
    let restore = |paths: &[&str]| Command::Restore {
        to: to.clone(),
        destination: None,
        snapshot: None,
        paths: paths.iter().map(|&path| path.to_owned()).collect(),
    };
    for refused in [
        &[][..],
        &["2026"],
        &["Ann"],
        &["Anna/../2026"],
        &[theirs.path.as_str()],
        &["Anna", theirs.path.as_str()],
    ] {
        assert!(run(restore(refused)).is_err(), "{refused:?}");
    }
    assert!(!to.exists());
    run(restore(&["Anna"])).unwrap();
    assert!(run(restore(&["Anna"])).is_err(), "the folder is not empty");
    run(Command::DeviceRevoke { id: hers }).unwrap();
}

#[tokio::test]
async fn a_person_comes_and_goes() {
    let house = House::new();
    let anna = add(&house, "Anna");
    let device = add_device(&house, asker(&anna), "hers");
    let sign_in =
        |name: &'static str, password: &str| house.engine.sign_in(name, password.to_owned(), HERE);
    let cookie = sign_in(" anna ", &anna.password).await.unwrap().0;
    let session = house.engine.session(&cookie, HERE).unwrap().unwrap();
    assert_eq!(session.asker, asker(&anna));
    assert!(matches!(
        sign_in("", &anna.password).await,
        Err(AccessError::Wrong)
    ));

    let Answer::Person(reset) = house.run(Command::PersonReset {
        name: "ANNA".into(),
    }) else {
        panic!("no password");
    };
    assert!(house.engine.session(&cookie, HERE).unwrap().is_none());
    assert!(sign_in("Anna", &anna.password).await.is_err());
    let cookie = sign_in("Anna", &reset.password).await.unwrap().0;

    house.run(Command::PersonRename {
        name: "Anna".into(),
        to: "Anne".into(),
    });
    assert!(house.engine.session(&cookie, HERE).unwrap().is_some());
    house.run(Command::PersonRemove {
        name: "Anne".into(),
    });
    assert!(house.engine.session(&cookie, HERE).unwrap().is_none());
    assert!(sign_in("Anne", &reset.password).await.is_err());
    assert!(house.upload(device, "a.jpg", b"a").await.is_err());
    assert!(house.engine.devices().unwrap()[0].revoked);
    for name in ["Anne", "Owner", "nobody"] {
        let again = Command::PersonRemove { name: name.into() };
        assert!(house.engine.run(again, &Quiet).is_err(), "{name}");
    }
}

#[test]
fn a_persons_folder_is_none_of_the_owners() {
    let house = House::new();
    for folder in ["2024", "Unknown", "...", ""] {
        let command = Command::PersonAdd {
            name: "Anna".into(),
            folder: Some(folder.into()),
        };
        let added = house.engine.run(command, &Quiet);
        match folder {
            "2024" | "Unknown" => {
                assert!(matches!(added, Err(EngineError::Invalid(_))), "{folder:?}");
            }
            _ => {
                house.run(Command::PersonRemove {
                    name: "Anna".into(),
                });
            }
        }
    }
    house.engine.set_folder_template("Photos/{YYYY}").unwrap();
    let command = Command::PersonAdd {
        name: "photos".into(),
        folder: None,
    };
    assert!(house.engine.run(command, &Quiet).is_err());
    let Answer::Person(dotted) = house.run(Command::PersonAdd {
        name: ".Bert/..".into(),
        folder: None,
    }) else {
        panic!("nobody");
    };
    assert_eq!(dotted.folder, "Bert_");
    assert!(house.engine.set_folder_template("bert_/{YYYY}").is_err());
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let house = House::new();
    let engine = &house.engine;
    engine
        .set_owner_password("correct horse".into())
        .await
        .unwrap();
    let elsewhere = "192.0.2.7".parse().unwrap();
    let (here, there) = (
        engine
            .sign_in("", "correct horse".into(), HERE)
            .await
            .unwrap()
            .0,
        engine
            .sign_in("owner", "correct horse".into(), elsewhere)
            .await
            .unwrap()
            .0,
    );
    let sessions = engine.sessions(Asker::Owner, &here).unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(
        (sessions[0].here, sessions[0].last_seen_from.as_str()),
        (false, "192.0.2.7")
    );
    engine
        .change_password(Asker::Owner, "battery staple".into(), &here)
        .await
        .unwrap();
    assert!(engine.session(&here, HERE).unwrap().is_some());
    assert!(engine.session(&there, elsewhere).unwrap().is_none());
    engine.sign_out_everywhere(Asker::Owner).unwrap();
    assert!(engine.session(&here, HERE).unwrap().is_none());
}
