//! GET and HEAD.

use crate::house::{House, Phone};

#[test]
fn parts_and_conditions() {
    let house = House::new();
    let mut phone = house.phone();
    let etag = phone
        .put("/dav/a.jpg", b"0123456789")
        .header("etag")
        .unwrap()
        .to_owned();
    for (name, value, status, body, range) in [
        ("Range", "bytes=2-4", 206, "234", Some("bytes 2-4/10")),
        ("Range", "bytes=8-", 206, "89", Some("bytes 8-9/10")),
        ("Range", "bytes=-3", 206, "789", Some("bytes 7-9/10")),
        ("Range", "bytes=10-", 416, "", Some("bytes */10")),
        ("Range", "bytes=0-1,3-4", 200, "0123456789", None),
        ("If-None-Match", etag.as_str(), 304, "", None),
        ("If-None-Match", "\"x\"", 200, "0123456789", None),
    ] {
        let answer = phone.send("GET", "/dav/a.jpg", &[(name, value)], b"");
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (status, body),
            "{name}: {value}"
        );
        assert_eq!(answer.header("content-range"), range, "{name}: {value}");
        assert_eq!(answer.header("etag"), Some(etag.as_str()));
    }
    let answer = phone.send("GET", "/dav/a.jpg", &[("If-Match", "\"x\"")], b"");
    assert_eq!(answer.status, 412);
}

#[test]
fn large_files_come_back_byte_for_byte() {
    let house = House::new();
    let mut phone = house.phone();
    let body: Vec<u8> = (0..3_000_001_u32).map(|n| (n % 251) as u8).collect();
    phone.put("/dav/video.mp4", &body);
    let answer = phone.get("/dav/video.mp4");
    assert_eq!(answer.header("content-type"), Some("video/mp4"));
    assert!(answer.body == body, "the bytes differ");
    let part = phone.send(
        "GET",
        "/dav/video.mp4",
        &[("Range", "bytes=262100-1000000")],
        b"",
    );
    assert!(
        part.body == body[262_100..=1_000_000],
        "the part's bytes differ"
    );
}

#[test]
fn head_says_what_get_would() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"0123456789");
    let head = phone.send("HEAD", "/dav/a.jpg", &[], b"");
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("10"))
    );
    assert_eq!(head.header("x-content-type-options"), Some("nosniff"));
    for folder in [
        "/dav",
        "/dav/",
        &format!("/remote.php/dav/files/{}/", phone.user),
    ] {
        assert_eq!(phone.ask("HEAD", folder), 200, "{folder}");
        assert_eq!(phone.ask("GET", folder), 405, "{folder}");
    }
    assert_eq!(phone.ask("HEAD", "/dav/none"), 404);
}

#[test]
fn checksums_are_computed_from_what_is_stored() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/dav/a.bin", b"abc");
    phone.ask("MKCOL", "/dav/folder");
    let recalculate = |phone: &mut Phone, target: &str, name: &str| {
        phone.send("PATCH", target, &[("X-Recalculate-Hash", name)], b"")
    };
    for (name, checksum) in [
        ("sha1", "SHA1:a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("MD5", "MD5:900150983cd24fb0d6963f7d28e17f72"),
        ("adler32", "ADLER32:024d0127"),
        (
            "sha256",
            "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
    ] {
        let answer = recalculate(&mut phone, "/dav/a.bin", name);
        assert_eq!(
            (answer.status, answer.header("oc-checksum")),
            (204, Some(checksum)),
            "{name}"
        );
    }
    for (target, name, expected) in [
        ("/dav/a.bin", "crc7", 400),
        ("/dav/none.bin", "sha1", 404),
        ("/dav/folder", "sha1", 405),
    ] {
        let answer = recalculate(&mut phone, target, name);
        assert_eq!(answer.status, expected, "{target} {name}");
        assert_eq!(answer.header("oc-checksum"), None);
    }
    assert_eq!(phone.ask("PATCH", "/dav/a.bin"), 415);
    let with_a_body = phone.send(
        "PATCH",
        "/dav/a.bin",
        &[("X-Recalculate-Hash", "sha1")],
        b"x",
    );
    assert_eq!(with_a_body.status, 415);

    // Whoever changes the file behind our back is found out: nothing is answered from memory.
    let stored = safelight_testkit::tree::files(&house.library()).unwrap();
    let stored = stored.iter().find(|file| file.ends_with("a.bin")).unwrap();
    std::fs::write(house.library().join(stored), b"abd").unwrap();
    let answer = recalculate(&mut phone, "/dav/a.bin", "sha1");
    assert_eq!(
        answer.header("oc-checksum"),
        Some("SHA1:cb4cc28df0fdbe0ecf9d9662e294b118092a5735")
    );
}

#[test]
fn empty_files_are_files() {
    let house = House::new();
    let mut phone = house.phone();
    assert_eq!(phone.put("/dav/empty", b"").status, 201);
    let answer = phone.get("/dav/empty");
    assert_eq!(
        (answer.status, answer.header("content-length")),
        (200, Some("0"))
    );
}

#[test]
fn an_unmounted_library_asks_for_patience() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"1");
    std::fs::rename(house.library(), house.beside("elsewhere")).unwrap();
    for (method, body) in [("GET", ""), ("PUT", "2"), ("PATCH", "")] {
        let sha1 = [("X-Recalculate-Hash", "sha1")];
        let answer = phone.send(method, "/dav/a.jpg", &sha1, body.as_bytes());
        assert_eq!(answer.status, 503, "{method}");
        assert!(answer.header("retry-after").is_some());
    }
    std::fs::rename(house.beside("elsewhere"), house.library()).unwrap();
    assert_eq!(phone.get("/dav/a.jpg").text(), "1");
}
