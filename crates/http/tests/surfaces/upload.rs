//! `/upload/{name}`.

use crate::house::House;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_photo_is_stored_and_then_known() {
    let house = House::new();
    let device = house.device("shortcut");
    let mut script = house.stranger().bearer(&device.token);
    let dates = [
        ("X-Capture-Time", "2023-08-09T10:11:12+02:00"),
        ("X-OC-Mtime", "1700000000"),
    ];
    let first = script
        .send("PUT", "/upload/holiday/a%20photo.bin", &dates, b"bytes")
        .unwrap();
    assert_eq!(first.status, 201, "{}", first.text());
    let first = json(&first.text());
    assert_eq!(first["status"], "stored");
    assert_eq!(
        first["sha256"],
        "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9"
    );
    assert_eq!(first["path"], "2023/08/a photo.bin");
    let again = json(
        &script
            .send("POST", "/upload/other.bin", &[], b"bytes")
            .unwrap()
            .text(),
    );
    assert_eq!(
        (&again["status"], &again["id"]),
        (&"duplicate".into(), &first["id"])
    );
    assert_eq!(house.files(), 1);
}

#[test]
fn the_same_name_with_other_bytes_is_a_second_photo() {
    let house = House::new();
    let device = house.device("shortcut");
    let mut script = house.stranger().bearer(&device.token);
    let one = json(
        &script
            .send("PUT", "/upload/IMG_0001.JPG", &[], b"one")
            .unwrap()
            .text(),
    );
    let two = json(
        &script
            .send("PUT", "/upload/IMG_0001.JPG", &[], b"two")
            .unwrap()
            .text(),
    );
    assert_eq!(
        (&one["status"], &two["status"]),
        (&"stored".into(), &"stored".into())
    );
    assert_ne!(one["id"], two["id"]);
    assert_eq!(house.files(), 2);
}

#[test]
fn refusals_say_what_to_do() {
    let house = House::new();
    let device = house.device("shortcut");
    let mut script = house.stranger().bearer(&device.token);
    for (target, headers, expected) in [
        ("/upload/%2e%2e/a", &[][..], 400),
        ("/upload/%ff", &[], 400),
        ("/upload/%2F", &[], 400),
        ("/upload/a", &[("X-Capture-Time", "yesterday")], 400),
        ("/upload/a", &[("OC-Checksum", "SHA256:1")], 400),
        ("/upload/a", &[("OC-Checksum", "ADLER32:1")], 503),
        (
            "/upload/a",
            &[("Content-Type", "multipart/form-data; boundary=x")],
            415,
        ),
    ] {
        let answer = script.send("PUT", target, headers, b"1").unwrap();
        assert_eq!(answer.status, expected, "{target} {headers:?}");
        let body = json(&answer.text());
        assert!(!body["error"].as_str().unwrap().is_empty(), "{body}");
    }
    assert_eq!(house.files(), 0);
    for client in [&mut house.stranger(), &mut house.stranger().bearer("wrong")] {
        let answer = client.send("PUT", "/upload/a", &[], b"1").unwrap();
        assert_eq!(answer.status, 401);
        assert!(
            answer
                .header("www-authenticate")
                .unwrap()
                .starts_with("Bearer")
        );
    }
}

#[test]
fn a_broken_upload_stores_nothing() {
    let house = House::new();
    let device = house.device("shortcut");
    let mut script = house.stranger().bearer(&device.token);
    let answer = script.break_off("PUT", "/upload/a", 10, b"12345").unwrap();
    assert!(answer.is_none_or(|answer| answer.status == 503));
    assert_eq!(house.files(), 0);
}
