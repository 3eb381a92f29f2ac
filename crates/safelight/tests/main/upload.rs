//! `PUT|POST /upload/{name}` with a token, as a phone's shortcut or a script does.

use safelight_testkit::{Client, Photos, tree};
use serde_json::Value;

use crate::house::{House, number};

fn client(house: &House) -> Client {
    house.server.client().bearer(&house.phone.token)
}

#[test]
fn the_answer_says_what_was_stored_so_that_the_phone_may_forget() {
    let house = House::new();
    let picture = Photos::new(21).next(30_000);
    let hash = tree::hash(&picture.bytes).to_string();
    for (method, name, status) in [
        ("PUT", "a.jpg", "stored"),
        ("POST", "a.jpg", "duplicate"),
        ("POST", "other.jpg", "duplicate"),
    ] {
        let answer = client(&house)
            .send(method, &format!("/upload/{name}"), &[], &picture.bytes)
            .unwrap();
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(told["sha256"], hash.as_str(), "{told}");
        assert_eq!(told["status"], status, "{method} {name}: {told}");
    }
    let stored = tree::hashes(house.library()).unwrap();
    assert_eq!(stored.len(), 1, "{stored:?}");
    assert!(
        stored.contains_key(&format!("{}/a.jpg", picture.folder())),
        "{stored:?}"
    );
    assert_eq!(number(&house.status(), "bytes"), picture.bytes.len() as u64);
}

#[test]
fn the_address_that_device_add_gives_is_the_one_that_works() {
    let house = House::new();
    let (_, target) = house.phone.upload_url.split_once("//").unwrap();
    let (host, path) = target.split_once('/').unwrap();
    assert_eq!(host, house.server.address().to_string());
    let target = format!(
        "/{}/a.jpg",
        path.trim_end_matches('/').trim_end_matches("/{name}")
    );
    let answer = client(&house).send("PUT", &target, &[], b"x").unwrap();
    assert_eq!(answer.status, 201, "{target}: {answer:?}");
}

#[test]
fn without_the_token_nothing_is_stored() {
    let house = House::new();
    let wrong = format!("{}x", house.phone.token);
    for mut stranger in [house.server.client(), house.server.client().bearer(&wrong)] {
        let answer = stranger.send("PUT", "/upload/a.jpg", &[], b"x").unwrap();
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    assert_eq!(house.count("photos"), 0);
}
