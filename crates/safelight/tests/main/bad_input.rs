//! What no decent client sends. Each gets a clear answer, and nothing is lost or stored by it.

use safelight_testkit::{Photos, Picture, tree};

use crate::house::House;

/// A house with one photo, which must still be there, alone, at the end.
fn with_a_photo() -> (House, Picture) {
    let house = House::new();
    let picture = Photos::new(41).next(10_000);
    house.put(&picture);
    (house, picture)
}

fn nothing_changed(house: &House, picture: &Picture) {
    let stored = tree::hashes(house.library()).unwrap();
    let hashes: Vec<_> = stored.values().copied().collect();
    assert_eq!(hashes, [tree::hash(&picture.bytes)], "{stored:?}");
    assert_eq!(house.count("photos"), 1);
    let staging = house.library().join(".safelight/staging");
    assert_eq!(
        tree::files(&staging).unwrap(),
        [""; 0],
        "nothing half-received is left"
    );
    assert_eq!(house.get(&picture.name), picture.bytes);
}

#[test]
fn names_that_lead_elsewhere_or_cannot_be_names() {
    let (house, picture) = with_a_photo();
    let long = "x".repeat(5_000);
    for target in [
        "/dav/../escaped.jpg",
        "/dav/%2e%2e/escaped.jpg",
        "/dav/a/%2e%2e/%2e%2e/escaped.jpg",
        "/dav/..%2fescaped.jpg",
        "/dav/..%5cescaped.jpg",
        "/dav/a%00b.jpg",
        "/dav/a%0ab.jpg",
        "/dav/a%7fb.jpg",
        "/dav/%ff%fe.jpg",
        &format!("/dav/{long}.jpg"),
        &format!("/dav/{}a.jpg", "d/".repeat(3_000)),
    ] {
        let answer = house.client().send("PUT", target, &[], b"bad").unwrap();
        let shown: String = target.chars().take(60).collect();
        assert!(
            (400..500).contains(&answer.status),
            "PUT {shown}: {answer:?}"
        );
        assert!(!answer.text().trim().is_empty(), "PUT {shown}: says why");
    }
    let parent = house.library().parent().unwrap();
    assert!(!parent.join("escaped.jpg").exists());
    nothing_changed(&house, &picture);
}

#[test]
fn a_long_name_is_refused_as_a_bad_name() {
    let (house, picture) = with_a_photo();
    let answer = house.try_put(&format!("{}.jpg", "n".repeat(5_000)), b"x");
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(
        answer.text().contains("bytes"),
        "it says how long is too long: {}",
        answer.text()
    );
    nothing_changed(&house, &picture);
}

#[test]
fn a_move_out_of_the_tree() {
    let (house, picture) = with_a_photo();
    let from = format!("/dav/{}", picture.name);
    for destination in [
        "/dav/../escaped.jpg",
        "/dav/%2e%2e/%2e%2e/escaped.jpg",
        "/etc/escaped.jpg",
        "http://elsewhere.invalid/dav/a%00.jpg",
        "",
    ] {
        let answer = house
            .client()
            .send("MOVE", &from, &[("Destination", destination)], b"")
            .unwrap();
        assert!(
            (400..600).contains(&answer.status),
            "to {destination:?}: {answer:?}"
        );
    }
    nothing_changed(&house, &picture);
}

#[test]
fn a_body_shorter_than_promised_stores_nothing_and_can_be_begun_again() {
    let (house, picture) = with_a_photo();
    let mut second = Photos::new(42).next(300_000);
    second.name.insert_str(0, "second-");
    let target = format!("/dav/{}", second.name);
    for sent in [0, 1, 100_000, second.bytes.len() - 1] {
        let answer = house
            .client()
            .break_off(
                "PUT",
                &target,
                second.bytes.len() as u64,
                &second.bytes[..sent],
            )
            .unwrap();
        // Either no answer at all, or one that makes every client try again.
        assert!(
            answer
                .as_ref()
                .is_none_or(|answer| answer.status >= 500 || answer.status == 400),
            "{answer:?}"
        );
        let seen = house.client().send("HEAD", &target, &[], b"").unwrap();
        assert_eq!(seen.status, 404);
    }
    nothing_changed(&house, &picture);
    house.put(&second);
    assert_eq!(house.get(&second.name), second.bytes);
    assert_eq!(house.count("photos"), 2);
}

#[test]
fn a_short_body_over_an_existing_name_leaves_that_as_it_was() {
    let (house, picture) = with_a_photo();
    let target = format!("/dav/{}", picture.name);
    house
        .client()
        .break_off("PUT", &target, 1_000_000, b"half")
        .unwrap();
    nothing_changed(&house, &picture);
}

#[test]
fn strangers_learn_nothing() {
    let (house, picture) = with_a_photo();
    let target = format!("/dav/{}", picture.name);
    let wrong_password = house.server.client().basic(&house.phone.user, "wrong");
    let wrong_user = house.server.client().basic("nobody", &house.phone.password);
    for mut stranger in [house.server.client(), wrong_password, wrong_user] {
        for method in ["GET", "HEAD", "PUT", "DELETE", "PROPFIND", "MKCOL"] {
            let answer = stranger.send(method, &target, &[], b"").unwrap();
            // 429 after too many wrong tries says no more than 401 does.
            assert!(
                matches!(answer.status, 401 | 429 | 503),
                "{method}: {answer:?}"
            );
            if answer.status == 401 {
                let asks = answer.header("www-authenticate").unwrap_or_default();
                assert!(asks.starts_with("Basic "), "{method}: {asks:?}");
            }
        }
    }
    nothing_changed(&house, &picture);
}

#[test]
fn one_phone_does_not_see_another_ones_tree() {
    let (house, picture) = with_a_photo();
    let other =
        crate::house::Phone::read(
            &house
                .cli()
                .json(&["device", "add", "Ben's phone", "--json"]),
        );
    let mut ben = house.server.client().basic(&other.user, &other.password);
    let own = ben
        .send("GET", &format!("/dav/{}", picture.name), &[], b"")
        .unwrap();
    assert_eq!(own.status, 404);
    let target = format!(
        "/remote.php/dav/files/{}/{}",
        house.phone.user, picture.name
    );
    let annas = ben.send("GET", &target, &[], b"").unwrap();
    assert!(matches!(annas.status, 403 | 404), "{annas:?}");
    let delete = ben.send("DELETE", &target, &[], b"").unwrap();
    assert!(matches!(delete.status, 403 | 404), "{delete:?}");
    nothing_changed(&house, &picture);
}

#[test]
fn unknown_paths_and_nonsense_are_answered() {
    let (house, picture) = with_a_photo();
    let missing = house
        .client()
        .send("GET", "/dav/never/was.jpg", &[], b"")
        .unwrap();
    assert_eq!(missing.status, 404);
    let orphan = house
        .client()
        .send("PUT", "/dav/no/such/folder/a.jpg", &[], b"x")
        .unwrap();
    assert_eq!(
        orphan.status, 409,
        "a parent is missing (RFC 4918, 9.7.1): {orphan:?}"
    );
    let propfind = house
        .client()
        .send("PROPFIND", "/dav/", &[("Depth", "1")], b"<this is not XML")
        .unwrap();
    assert_eq!(propfind.status, 400, "{propfind:?}");
    let garbage = house.server.client().raw(b"\x16\x03 nonsense\r\n\r\n");
    assert!(garbage.is_err() || garbage.is_ok_and(|answer| answer.status == 400));
    nothing_changed(&house, &picture);
}
