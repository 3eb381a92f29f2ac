//! How each device stands, and what is overdue.

use jiff::SignedDuration;
use safelight_core::{ContentHash, DeviceId};
use safelight_engine::{Answer, Asker, Command, Quiet, releasable::MOST_HASHES};

use crate::house::{HERE, House};

fn kinds(house: &House) -> Vec<String> {
    let problems = house.status().problems;
    problems.into_iter().map(|problem| problem.kind).collect()
}

#[tokio::test]
async fn a_device_stands_as_the_evidence_says() {
    let house = House::new();
    house.add_folder_destination("offsite");
    let phone = house.add_device("phone");
    let first = house.upload(phone.id, "1.jpg", b"first").await.unwrap();
    house.back_up();
    house.clock.advance(SignedDuration::from_hours(1));
    let second = house.upload(phone.id, "2.jpg", b"second").await.unwrap();
    let [standing] = &house.status().devices[..] else {
        panic!("one device");
    };
    assert_eq!(
        (
            standing.person.as_str(),
            standing.photos,
            standing.not_yet_safe,
            standing.releasable,
            standing.oldest_not_yet_safe_at.as_deref()
        ),
        ("Owner", 2, 1, 1, Some("2026-03-01T13:00:00Z"))
    );

    let nobodys = ContentHash::from_bytes([9; 32]);
    let asked = vec![second.hash, first.hash, nobodys];
    let answer = house
        .engine
        .releasable(DeviceId(phone.id), asked)
        .await
        .unwrap();
    assert_eq!(answer.releasable, [first.hash]);
    assert_eq!(answer.not_yet[0].0, second.hash);
    assert_eq!(answer.unknown, [nobodys]);
    let too_many = vec![nobodys; MOST_HASHES + 1];
    assert!(
        house
            .engine
            .releasable(DeviceId(phone.id), too_many)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_silent_device_is_a_problem_until_it_comes() {
    let house = House::new();
    let phone = house.add_device("phone");
    let day = SignedDuration::from_hours(24);
    house.clock.advance(day * 7);
    assert!(kinds(&house).is_empty());
    house.clock.advance(day);
    assert_eq!(kinds(&house), ["silent-device"]);
    assert!(house.status().problems[0].message.contains("never come"));
    house
        .engine
        .device_by_token(&phone.token, HERE)
        .await
        .unwrap();
    assert!(kinds(&house).is_empty());

    house.engine.set_silent_days(1).unwrap();
    house.clock.advance(day * 2);
    assert_eq!(kinds(&house), ["silent-device"]);
    house.run(Command::DeviceSet {
        device: "phone".into(),
        acknowledge: None,
        tell_silence: Some(false),
    });
    assert!(kinds(&house).is_empty());
    for days in [0, 366] {
        assert!(house.engine.set_silent_days(days).is_err());
    }
}

#[tokio::test]
async fn settings_are_told_and_set_by_command() {
    let house = House::new();
    let set = |silent_days, folders: Option<&str>| {
        let folders = folders.map(str::to_owned);
        let command = Command::Settings {
            silent_days,
            folders,
        };
        house.engine.run(command, &Quiet)
    };
    let told = |answer| match answer {
        Answer::Settings(settings) => (settings.silent_days, settings.folders),
        other => panic!("{other:?}"),
    };
    let usual = (7, "{YYYY}/{MM}".to_owned());
    assert_eq!(told(set(None, None).unwrap()), usual);
    assert!(set(Some(0), None).is_err() && set(Some(3), Some("{minute}")).is_err());
    assert_eq!(told(set(None, None).unwrap()), usual);
    let both = (3, "{YYYY}".to_owned());
    assert_eq!(told(set(Some(3), Some("{YYYY}")).unwrap()), both);
    let member = Asker::Member(safelight_core::PersonId(2));
    let command = Command::Settings {
        silent_days: Some(9),
        folders: None,
    };
    assert!(house.engine.run_for(member, command, &Quiet).is_err());
}

#[tokio::test]
async fn a_backup_that_is_late_is_a_problem_until_it_is_made() {
    let house = House::new();
    let phone = house.add_device("phone");
    house.engine.set_silent_days(365).unwrap();
    house.add_folder_destination("offsite");
    house.clock.advance(SignedDuration::from_hours(100));
    assert!(kinds(&house).is_empty(), "nothing is waiting");
    house.upload(phone.id, "1.jpg", b"first").await.unwrap();
    assert!(kinds(&house).is_empty(), "it came just now");
    house.clock.advance(SignedDuration::from_hours(49));
    assert_eq!(kinds(&house), ["stale-backup"]);
    house.back_up();
    assert!(kinds(&house).is_empty());
}
