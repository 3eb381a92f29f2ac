//! People: who sees what in the page, and whose forms do what.

use safelight_engine::{Answer, Command, command::NewPassword};

use crate::house::{Browser, House, csrf};

pub(crate) fn add(house: &House, name: &str) -> NewPassword {
    match house.run(Command::PersonAdd {
        name: name.to_owned(),
        folder: None,
    }) {
        Answer::Person(person) => person,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn signed_in(house: &House, person: &NewPassword) -> Browser {
    let mut browser = Browser::new(house.address);
    let fields = [("name", &*person.name), ("password", &*person.password)];
    let answer = browser.post("/sign-in", &fields);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    browser
}

/// Uploads as a new device of a person's; answers its number.
pub(crate) fn upload(house: &House, person: &str, name: &str, bytes: &[u8]) -> i64 {
    let Answer::Device(device) = house.run(Command::DeviceAdd {
        name: format!("{person}'s phone"),
        person: Some(person.to_owned()),
        acknowledge: None,
    }) else {
        panic!("no device")
    };
    let mut client = house.stranger().basic(&device.user, &device.password);
    let target = format!("/dav/{name}");
    let answer = client.send("PUT", &target, &[], bytes).unwrap();
    assert_eq!(answer.status, 201);
    device.id
}

#[test]
fn a_member_sees_their_own_and_nothing_else() {
    let house = House::new();
    let mut owner = house.browser();
    let anna = add(&house, "Anna");
    let hers = upload(&house, "Anna", "hers.jpg", b"hers");
    let owners = upload(&house, "Owner", "owners.jpg", b"the owner's");
    let mut browser = signed_in(&house, &anna);
    for (target, sees) in [
        ("/", true),
        ("/photos", true),
        ("/photos/not-yet-safe", true),
        ("/devices", false),
        ("/settings", false),
        ("/restore", false),
    ] {
        let text = browser.get(target).text();
        assert_eq!(text.contains("hers.jpg"), sees, "{target}: {text}");
        assert!(
            !text.contains("owners.jpg") && !text.contains("Owner's phone"),
            "{target}"
        );
        for forbidden in ["\"/people\"", "\"/destinations\"", "/settings/folders"] {
            assert!(!text.contains(forbidden), "{target}: {forbidden}");
        }
        let forms = text.matches("<form method=\"post\"").count();
        assert_eq!(text.matches("name=\"csrf\"").count(), forms, "{target}");
    }
    let status = |browser: &mut Browser, target: String| browser.get(&target).status;
    for (number, expected) in [(1, 200), (2, 404)] {
        assert_eq!(status(&mut browser, format!("/photo/{number}")), expected);
        assert_eq!(
            status(&mut browser, format!("/photo/{number}/file")),
            expected
        );
        assert_eq!(status(&mut owner, format!("/photo/{number}/file")), 200);
    }
    for (device, expected) in [(hers, 200), (owners, 404)] {
        for target in [
            format!("/devices/{device}"),
            format!("/devices/{device}/may-forget"),
            format!("/photos?device={device}"),
            format!("/photos/not-yet-safe?device={device}"),
        ] {
            assert_eq!(status(&mut owner, target.clone()), 200, "{target}");
            assert_eq!(status(&mut browser, target.clone()), expected, "{target}");
        }
    }
    for target in [
        "/people",
        "/destinations",
        "/destinations/folder",
        "/destinations/s3",
        "/destinations/1/kit",
        "/setup/library",
        "/setup/device",
    ] {
        assert_eq!(browser.get(target).status, 403, "{target}");
    }
}

#[test]
fn a_members_forms_reach_only_what_is_theirs() {
    let house = House::new();
    let anna = add(&house, "Anna");
    let owners = upload(&house, "Owner", "owners.jpg", b"the owner's");
    let mut browser = signed_in(&house, &anna);
    for (target, fields) in [
        ("/people", &[("name", "Bert")][..]),
        ("/people/1/reset", &[]),
        ("/people/1/remove", &[]),
        ("/settings/folders", &[("folders", "{YYYY}")]),
        ("/settings/silence", &[("days", "3")]),
        ("/setup/library", &[("path", "/tmp")]),
        ("/verify", &[("scope", "home")]),
        ("/destinations/folder", &[("name", "x"), ("path", "/tmp/x")]),
    ] {
        let answer = browser.fill("/settings", target, fields);
        assert_eq!(answer.status, 403, "{target}: {}", answer.text());
    }
    let revoke = format!("/devices/{owners}/revoke");
    assert_eq!(browser.fill("/settings", &revoke, &[]).status, 404);
    let set = format!("/devices/{owners}");
    let fields = [("acknowledge", "offsite")];
    assert_eq!(browser.fill("/settings", &set, &fields).status, 404);
    assert!(!house.engine.devices().unwrap()[0].revoked);

    let fields = [
        ("name", "my phone"),
        ("person", "Owner"),
        ("platform", "android"),
        ("program", "nextcloud"),
    ];
    let added = browser.fill("/settings", "/devices", &fields);
    let steps = added.header("location").unwrap().to_owned();
    assert!(browser.get(&steps).text().contains("my phone"));
    let device = &house.engine.devices().unwrap()[1];
    assert_eq!(device.person, "Anna");
    let mut bert = signed_in(&house, &add(&house, "Bert"));
    assert_eq!(bert.get(&steps).status, 404, "her code");
    let code = format!("{steps}/code");
    assert_eq!(bert.fill("/settings", &code, &[]).status, 404);
}

#[test]
fn the_owner_manages_people_in_the_page() {
    let house = House::new();
    let mut owner = house.browser();
    let sign_in = owner.get("/sign-in").text();
    assert!(!sign_in.contains("name=\"name\""), "nobody else yet");
    let added = owner.fill("/people", "/people", &[("name", "Anna"), ("folder", "")]);
    let page = added.text();
    let (_, rest) = page.split_once("id=\"password\"").unwrap();
    let password = rest.split(['>', '<']).nth(1).unwrap().to_owned();
    assert!(owner.get("/sign-in").text().contains("name=\"name\""));
    let anna = NewPassword {
        id: 2,
        name: "Anna".into(),
        folder: "Anna".into(),
        password,
        page_url: String::new(),
    };
    let mut hers = signed_in(&house, &anna);
    assert!(!owner.get("/people").text().contains(&anna.password));

    let again = owner.fill("/people", "/people", &[("name", "anna"), ("folder", "")]);
    assert!(again.text().contains("role=\"alert\""));
    owner.fill("/people", "/people/2/rename", &[("name", "Anne")]);
    assert!(owner.get("/people").text().contains("Anne"));
    owner.fill("/people", "/people/2/remove", &[]);
    assert_eq!(hers.get("/").header("location"), Some("/sign-in"));
    assert_eq!(owner.fill("/people", "/people/9/remove", &[]).status, 404);
}

#[test]
fn settings_end_sessions_and_say_when_silence_is_a_problem() {
    let house = House::new();
    let mut here = house.browser();
    let mut there = Browser::new(house.address);
    there.post("/sign-in", &[("password", crate::house::PASSWORD)]);
    let page = here.get("/settings").text();
    assert_eq!(page.matches("Sign out there").count(), 1);
    let (_, rest) = page.split_once("/settings/sessions/").unwrap();
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let target = format!("/settings/sessions/{number}");
    assert_eq!(here.post(&target, &[]).status, 400, "without a token");
    assert_eq!(here.fill("/settings", &target, &[]).status, 303);
    assert_eq!(there.get("/").header("location"), Some("/sign-in"));
    for (days, expected) in [("0", 200), ("x", 200), ("3", 303)] {
        let answer = here.fill("/settings", "/settings/silence", &[("days", days)]);
        assert_eq!(answer.status, expected, "{days}");
    }
    assert_eq!(house.engine.silent_days().unwrap(), 3);
    here.fill("/settings", "/sign-out-everywhere", &[]);
    assert_eq!(here.cookie, None);
}

#[test]
fn a_devices_page_says_how_it_stands_and_sets_it_up() {
    let house = House::new();
    let mut owner = house.browser();
    let phone = upload(&house, "Owner", "a.jpg", b"a");
    let target = format!("/devices/{phone}");
    let page = owner.get(&target).text();
    assert!(page.contains("It must keep 1 photo"), "{page}");
    assert!(!csrf(&page).is_empty());
    let forget = format!("{target}/may-forget");
    let none = owner.get(&forget).text();
    assert!(none.contains("Nothing that it sent is safe yet"), "{none}");
    house.offsite();
    house.run(Command::Backup { destination: None });
    let page = owner.get(&target).text();
    assert!(page.contains("It may forget everything"), "{page}");
    assert!(page.contains(&format!("href=\"{forget}\"")), "{page}");
    let list = owner.get(&forget).text();
    assert!(list.contains("may forget 1 photo<"), "{list}");
    assert!(list.contains("a.jpg"), "{list}");
    let beyond = owner.get(&format!("{forget}?from=1")).text();
    assert!(beyond.contains("There are no older ones"), "{beyond}");
    owner.fill(&target, &target, &[("acknowledge", "offsite")]);
    let device = &house.engine.devices().unwrap()[0];
    assert_eq!(
        (device.acknowledge, device.tell_silence),
        (safelight_engine::command::Meaning::Offsite, false)
    );
}
