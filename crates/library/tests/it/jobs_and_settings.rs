//! What survives a restart beside the photos: jobs, problems, settings, sessions, devices.

use std::sync::Arc;

use jiff::Timestamp;
use safelight_core::PersonId;
use safelight_library::{NewDevice, NewJob, NewSession, RealDisk, RowError};

use crate::support::{Home, device};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn job<'a>(kind: &'a str, key: &'a str, run_at: i64) -> NewJob<'a> {
    NewJob {
        kind,
        key,
        payload: "p",
        run_at: at(run_at),
    }
}

#[test]
fn a_job_is_done_when_it_is_due_and_only_once() {
    let home = Home::new();
    let library = home.open(Arc::new(RealDisk));
    library.enqueue(job("backup", "cloud", 100)).unwrap();
    library.enqueue(job("backup", "cloud", 50)).unwrap();
    library.enqueue(job("describe", "1", 60)).unwrap();
    assert_eq!(library.jobs().unwrap().len(), 2);
    assert_eq!(library.claim_due(at(49)).unwrap(), None);
    let first = library.claim_due(at(60)).unwrap().unwrap();
    assert_eq!(
        (first.kind.as_str(), first.run_at, first.attempts),
        ("backup", at(50), 1)
    );
    // While it is being done, the next one may wait already.
    library.enqueue(job("backup", "cloud", 200)).unwrap();
    assert_eq!(library.claim_due(at(60)).unwrap().unwrap().kind, "describe");
    assert_eq!(library.claim_due(at(60)).unwrap(), None);
    library.finish_job(first.id).unwrap();
    assert_eq!(library.claim_due(at(200)).unwrap().unwrap().key, "cloud");
}

#[test]
fn a_job_that_failed_waits_with_its_reason() {
    let home = Home::new();
    let library = home.open(Arc::new(RealDisk));
    library.enqueue(job("backup", "cloud", 0)).unwrap();
    let claimed = library.claim_due(at(1)).unwrap().unwrap();
    library
        .retry_job(claimed.id, at(10), "unreachable")
        .unwrap();
    assert_eq!(library.claim_due(at(9)).unwrap(), None);
    let again = library.claim_due(at(10)).unwrap().unwrap();
    assert_eq!(
        (again.attempts, again.last_error.as_deref()),
        (2, Some("unreachable"))
    );
    // One that was stored meanwhile takes its place.
    library.enqueue(job("backup", "cloud", 5)).unwrap();
    library.retry_job(again.id, at(20), "unreachable").unwrap();
    assert_eq!(library.jobs().unwrap().len(), 1);
}

#[test]
fn what_was_being_done_at_the_end_is_done_again() {
    let home = Home::new();
    let library = home.open(Arc::new(RealDisk));
    library.enqueue(job("backup", "cloud", 0)).unwrap();
    library.enqueue(job("describe", "1", 0)).unwrap();
    library.claim_due(at(1)).unwrap().unwrap();
    library.claim_due(at(1)).unwrap().unwrap();
    library.enqueue(job("backup", "cloud", 0)).unwrap();
    drop(library);
    let library = home.open(Arc::new(RealDisk));
    library.release_claims().unwrap();
    let mut kinds = Vec::new();
    while let Some(job) = library.claim_due(at(1)).unwrap() {
        kinds.push(job.kind);
    }
    kinds.sort();
    assert_eq!(kinds, ["backup", "describe"]);
}

#[test]
fn a_problem_is_one_however_often_it_is_seen() {
    let home = Home::new();
    let library = home.open(Arc::new(RealDisk));
    library.raise_problem("stale", "cloud", "once").unwrap();
    home.clock.advance(60);
    library.raise_problem("stale", "cloud", "twice").unwrap();
    library.raise_problem("full", "", "full").unwrap();
    let problems = library.problems().unwrap();
    assert_eq!(problems.len(), 2);
    assert_eq!(problems[1].message, "twice");
    assert_eq!(
        problems[1].last_seen.as_second() - problems[1].first_seen.as_second(),
        60
    );
    library.clear_problem("stale", "cloud").unwrap();
    library.clear_problems("full").unwrap();
    assert!(library.problems().unwrap().is_empty());
}

#[test]
fn sessions_end() {
    let home = Home::new();
    let library = home.open(Arc::new(RealDisk));
    let now = safelight_core::Clock::now(home.clock.as_ref()).as_second();
    let anna = library.add_person("Anna", "Anna", "x").unwrap().id;
    library
        .set_person_secret(PersonId::OWNER, "x", None)
        .unwrap();
    let begin_with = |secret_hash, token_hash, person, seconds| {
        let new = NewSession {
            token_hash,
            person,
            secret_hash,
            from: "10.0.0.1",
            expires: at(now + seconds),
        };
        library.add_session(new).unwrap()
    };
    let begin = |token_hash, person, seconds| {
        assert!(begin_with("x", token_hash, person, seconds));
    };
    let is_good = |token: &str| library.session(token).unwrap().is_some();
    begin("a", PersonId::OWNER, 10);
    begin("b", PersonId::OWNER, 1000);
    begin("hers", anna, 1000);
    assert_eq!(library.session("a").unwrap().unwrap().expires, at(now + 10));
    home.clock.advance(10);
    assert!(!is_good("a") && is_good("b"));

    home.clock.advance(60);
    let row = library.session("b").unwrap().unwrap();
    library.touch_session(&row, "10.0.0.2").unwrap();
    let [only] = &library.sessions_of(PersonId::OWNER).unwrap()[..] else {
        panic!("the other one ended");
    };
    assert_eq!(
        (only.last_seen_at, only.last_seen_from.as_str()),
        (at(now + 70), "10.0.0.2")
    );
    library.end_session(anna, only.id).unwrap();
    assert!(is_good("b"), "another person's session");
    library.end_session(PersonId::OWNER, only.id).unwrap();
    assert!(!is_good("b"));

    begin("c", PersonId::OWNER, 1000);
    begin("d", PersonId::OWNER, 1000);
    library.end_sessions(PersonId::OWNER, Some("c")).unwrap();
    assert!(is_good("c") && !is_good("d") && is_good("hers"));
    library.set_person_secret(anna, "new", None).unwrap();
    assert!(!is_good("hers"));
    // Her old password was being looked at while she chose a new one.
    assert!(!begin_with("x", "late", anna, 1000) && !is_good("late"));
    assert!(begin_with("new", "hers", anna, 1000));
    library.remove_person(anna).unwrap();
    assert!(!begin_with("new", "late", anna, 1000) && !is_good("late"));
    library.remove_session("c").unwrap();
    assert!(!is_good("c"));
}

#[test]
fn settings_are_kept() {
    let home = Home::new();
    let library = home.open(Arc::new(RealDisk));
    assert_eq!(library.setting("x").unwrap(), None);
    library.set_setting("x", "1").unwrap();
    library.set_setting("x", "2").unwrap();
    drop(library);
    assert_eq!(
        home.open(Arc::new(RealDisk))
            .setting("x")
            .unwrap()
            .as_deref(),
        Some("2")
    );
}

#[test]
fn devices_are_known_by_user_and_token() {
    let home = Home::new();
    let library = home.open(Arc::new(RealDisk));
    let phone = device(&library, "phone");
    let twice = NewDevice {
        name: "Phone",
        user: "phone",
        secret_hash: "",
        token_hash: "other",
        person: PersonId::OWNER,
    };
    assert!(matches!(
        library.add_device(twice),
        Err(RowError::NameTaken(_))
    ));
    assert_eq!(library.device_by_user("phone").unwrap().unwrap().id, phone);
    assert_eq!(
        library.device_by_token_hash("phone").unwrap().unwrap().id,
        phone
    );
    assert_eq!(library.device_by_user("nobody").unwrap(), None);
    let seen_from = |address: &str| {
        let row = library.device(phone).unwrap().unwrap();
        library.touch_device(&row, address).unwrap()
    };
    let next = seen_from("10.0.0.1");
    home.clock.advance(30);
    assert_eq!(seen_from("10.0.0.2"), next);
    assert_eq!(
        library.devices().unwrap()[0].last_seen_from.as_deref(),
        Some("10.0.0.1")
    );
    home.clock.advance(31);
    assert!(seen_from("10.0.0.3") > next);
    assert_eq!(
        library.devices().unwrap()[0].last_seen_from.as_deref(),
        Some("10.0.0.3")
    );
    library.revoke_device(phone).unwrap();
    let revoked = library.device(phone).unwrap().unwrap().revoked_at;
    assert!(revoked.is_some());
    home.clock.advance(5);
    library.revoke_device(phone).unwrap();
    assert_eq!(library.device(phone).unwrap().unwrap().revoked_at, revoked);
    assert!(matches!(
        library.revoke_device(safelight_core::DeviceId(9)),
        Err(RowError::NoDevice(_))
    ));
}
