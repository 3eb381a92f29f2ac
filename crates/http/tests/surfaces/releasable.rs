//! `POST /api/v1/releasable`, and answers that are held until a photo is offsite.

use safelight_engine::{Command, command::Meaning};
use serde_json::{Value, json};

use crate::house::House;

#[test]
fn hashes_are_sorted_by_what_is_proved() {
    let house = House::new();
    let device = house.device("script");
    let mut script = house.stranger().bearer(&device.token);
    let mut put = |name: &str, bytes: &[u8]| -> Value {
        let answer = script.send("PUT", &format!("/upload/{name}"), &[], bytes);
        let answer: Value = serde_json::from_str(&answer.unwrap().text()).unwrap();
        answer["sha256"].clone()
    };
    let safe = put("a.jpg", b"a");
    house.offsite();
    house.run(Command::Backup { destination: None });
    let new = put("b.jpg", b"b");
    let unknown = Value::from("00".repeat(32));
    let upper = Value::from(safe.as_str().unwrap().to_uppercase());
    let mut ask = |body: &str| {
        let answer = script.send("POST", "/api/v1/releasable", &[], body.as_bytes());
        let answer = answer.unwrap();
        let text = answer.text();
        (answer.status, serde_json::from_str::<Value>(&text).unwrap())
    };
    let (status, answer) = ask(&json!([new, unknown, safe, upper]).to_string());
    assert_eq!(status, 200);
    assert_eq!(answer["releasable"], json!([safe, safe]));
    assert_eq!(answer["unknown"], json!([unknown]));
    assert_eq!(answer["not_yet"][0]["sha256"], new);
    assert!(!answer["not_yet"][0]["why"].as_str().unwrap().is_empty());
    let empty = json!({"releasable": [], "not_yet": [], "unknown": []});
    assert_eq!(ask("[]"), (200, empty));

    for bad in ["", "{}", "[1]", "[\"abc\"]", "[", "[\"\\u0000\"]"] {
        let (status, answer) = ask(bad);
        assert_eq!(status, 400, "{bad}");
        assert!(!answer["error"].as_str().unwrap().is_empty());
    }
    let many = vec![unknown.as_str().unwrap(); 100_001];
    assert_eq!(ask(&json!(many).to_string()).0, 413);
    let (status, answer) = ask(&json!(many[1..]).to_string());
    assert_eq!(status, 200);
    assert_eq!(answer["unknown"].as_array().unwrap().len(), 100_000);
    assert_eq!(ask(&" ".repeat(9_000_000)).0, 413);
}

#[test]
fn only_a_device_may_ask() {
    let house = House::new();
    let device = house.device("script");
    for mut client in [
        house.stranger(),
        house.stranger().bearer("wrong"),
        house.stranger().basic(&device.user, &device.password),
    ] {
        let answer = client
            .send("POST", "/api/v1/releasable", &[], b"[]")
            .unwrap();
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").is_some());
    }
    house.run(Command::DeviceRevoke { id: device.id });
    let mut revoked = house.stranger().bearer(&device.token);
    let answer = revoked
        .send("POST", "/api/v1/releasable", &[], b"[]")
        .unwrap();
    assert_eq!(answer.status, 401);
}

#[test]
fn stored_is_said_only_when_it_is_offsite_where_that_is_wanted() {
    let house = House::new();
    let device = house.device("phone");
    house.run(Command::DeviceSet {
        device: device.user.clone(),
        acknowledge: Some(Meaning::Offsite),
        tell_silence: None,
    });
    let mut phone = house.stranger().basic(&device.user, &device.password);
    let mut script = house.stranger().bearer(&device.token);
    // Nowhere to go: never a lie, never an error that makes a phone give the photo up.
    let answer = phone.send("PUT", "/dav/a.jpg", &[], b"a").unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
    let answer = script.send("PUT", "/upload/b.jpg", &[], b"b").unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("no offsite destination"));

    let pieces = format!("/remote.php/dav/uploads/{}/one", device.user);
    let whole = format!("{pieces}/.file");
    let to = format!("/remote.php/dav/files/{}/d.jpg", device.user);
    let to = [("Destination", to.as_str())];
    for (method, target) in [("MKCOL", pieces.clone()), ("PUT", format!("{pieces}/1"))] {
        let body = if method == "PUT" { b"d" } else { &b""[..] };
        let answer = phone.send(method, &target, &to, body).unwrap();
        assert_eq!(answer.status, 201, "{method}: {}", answer.text());
    }
    let answer = phone.send("MOVE", &whole, &to, b"").unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());

    house.offsite();
    for (answer, number) in [
        (phone.send("PUT", "/dav/a.jpg", &[], b"a"), 1),
        (script.send("PUT", "/upload/b.jpg", &[], b"b"), 2),
        (phone.send("MOVE", &whole, &to, b""), 3),
        (phone.send("PUT", "/dav/c.jpg", &[], b"c"), 4),
    ] {
        let answer = answer.unwrap();
        assert_eq!(answer.status, 201, "{}", answer.text());
        let photo = safelight_core::AssetId(number);
        let owner = safelight_engine::Asker::Owner;
        let receipt = house.engine.receipt(owner, photo).unwrap().unwrap();
        assert!(receipt.safe, "photo {number} is {:?}", receipt.copies);
    }
}
