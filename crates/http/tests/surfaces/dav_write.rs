//! PUT, MKCOL, DELETE.

use crate::house::House;

#[test]
fn a_put_is_201_whether_new_again_or_changed() {
    let house = House::new();
    let mut phone = house.phone();
    for body in ["one", "one", "two"] {
        let answer = phone.put("/dav/IMG_0001.JPG", body.as_bytes());
        assert_eq!(answer.status, 201, "{}", answer.text());
        let id = answer.header("oc-fileid").unwrap();
        assert!(
            id.ends_with("ocsafelight") && id.as_bytes()[0].is_ascii_digit(),
            "{id}"
        );
        let etag = answer.header("etag").unwrap();
        assert!(etag.starts_with('"') && etag.len() > 2, "{etag}");
        assert_eq!(answer.header("oc-etag"), Some(etag));
        assert!(answer.header("date").is_some());
        assert_eq!(phone.get("/dav/IMG_0001.JPG").text(), body);
    }
    // Promise 2: the version before is kept.
    assert_eq!(house.files(), 2);
}

#[test]
fn the_clients_times_are_accepted_whole_or_with_a_fraction() {
    let house = House::new();
    let mut phone = house.phone();
    for (name, mtime) in [("a", "1600000000"), ("b", "1600000000.0")] {
        let target = format!("/dav/{name}.jpg");
        let answer = phone.send(
            "PUT",
            &target,
            &[("X-OC-MTime", mtime), ("X-OC-CTime", "1500000000")],
            name.as_bytes(),
        );
        assert_eq!(answer.header("x-oc-mtime"), Some("accepted"));
        assert_eq!(answer.header("x-oc-ctime"), Some("accepted"));
        let modified = phone.send("HEAD", &target, &[], b"");
        assert_eq!(
            modified.header("last-modified"),
            Some("Sun, 13 Sep 2020 12:26:40 GMT")
        );
    }
    let answer = phone.send("PUT", "/dav/c.jpg", &[("X-OC-MTime", "never")], b"c");
    assert_eq!((answer.status, answer.header("x-oc-mtime")), (201, None));
}

#[test]
fn puts_that_cannot_be() {
    let house = House::new();
    let mut phone = house.phone();
    assert_eq!(phone.ask("MKCOL", "/dav/folder"), 201);
    let long = format!("/dav/{}", "x".repeat(5000));
    for (target, headers, expected) in [
        ("/dav/nowhere/a.jpg", &[][..], 409),
        ("/dav/folder", &[], 405),
        ("/dav/", &[], 405),
        ("/dav/a.jpg", &[("Content-Range", "bytes 0-1/5")], 400),
        ("/dav/a-chunking-1-2-0", &[("OC-Chunked", "1")], 400),
        ("/dav/a.jpg", &[("OC-Total-Length", "many")], 400),
        ("/dav/a.jpg", &[("OC-Total-Length", "7")], 503),
        ("/dav/a.jpg", &[("OC-Checksum", "SHA1:12")], 400),
        ("/dav/a.jpg", &[("OC-Checksum", "ADLER32:1")], 503),
        ("/dav/a.jpg", &[("If-Match", "\"x\"")], 412),
        ("/dav/../a.jpg", &[], 400),
        ("/dav/%2e%2e/a.jpg", &[], 400),
        ("/dav/%ff.jpg", &[], 400),
        ("/dav/a%00b.jpg", &[], 400),
        ("/dav/a%0Ab.jpg", &[], 400),
        (&long, &[], 400),
    ] {
        let answer = phone.send("PUT", target, headers, b"12345");
        assert_eq!(
            answer.status,
            expected,
            "{target} {headers:?}: {}",
            answer.text()
        );
        assert!(
            answer.text().contains("<s:message>"),
            "{target}: {}",
            answer.text()
        );
        assert_eq!(answer.header("retry-after").is_some(), expected == 503);
    }
    assert_eq!(house.files(), 0);
}

#[test]
fn conditions_protect_what_is_there() {
    let house = House::new();
    let mut phone = house.phone();
    let etag = phone
        .put("/dav/a.jpg", b"1")
        .header("etag")
        .unwrap()
        .to_owned();
    for (name, value, expected) in [
        ("If-None-Match", "*", 412),
        ("If-None-Match", etag.as_str(), 412),
        ("If-Match", "\"other\"", 412),
        ("If-Match", "\"other\", \"another\"", 412),
        ("If-Match", "*", 201),
    ] {
        let answer = phone.send("PUT", "/dav/a.jpg", &[(name, value)], b"1");
        assert_eq!(answer.status, expected, "{name}: {value}");
    }
    let etag = phone
        .send("HEAD", "/dav/a.jpg", &[], b"")
        .header("etag")
        .unwrap()
        .to_owned();
    assert_eq!(
        phone
            .send("PUT", "/dav/a.jpg", &[("If-Match", &etag)], b"2")
            .status,
        201
    );
    assert_eq!(
        phone
            .send("PUT", "/dav/b.jpg", &[("If-None-Match", "*")], b"3")
            .status,
        201
    );
}

#[test]
fn folders_are_made_when_the_client_asks_for_it() {
    let house = House::new();
    let mut phone = house.phone();
    let auto = [("X-NC-WebDAV-Auto-Mkcol", "1")];
    assert_eq!(
        phone.send("PUT", "/dav/2024/05/a.jpg", &auto, b"1").status,
        201
    );
    assert_eq!(phone.get("/dav/2024/05/a.jpg").text(), "1");
}

#[test]
fn a_broken_upload_stores_nothing() {
    let house = House::new();
    let mut phone = house.phone();
    let answer = phone
        .client
        .break_off("PUT", "/dav/a.jpg", 1000, &[7; 500])
        .unwrap();
    assert!(answer.is_none_or(|answer| answer.status == 503));
    assert_eq!(phone.ask("GET", "/dav/a.jpg"), 404);
    assert_eq!(house.files(), 0);
}

#[test]
fn a_checksum_of_the_client_holds_or_nothing_is_stored() {
    let house = House::new();
    let mut phone = house.phone();
    for wrong in [
        "SHA1:a9993e364706816aba3e25717850c26c9cd0d89e",
        "MD5:900150983cd24fb0d6963f7d28e17f73",
        "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ae",
        "ADLER32:24d0128",
    ] {
        let answer = phone.send("PUT", "/dav/a.jpg", &[("OC-Checksum", wrong)], b"abc");
        assert_eq!(answer.status, 503, "{wrong}");
        assert!(answer.header("retry-after").is_some());
        assert_eq!(phone.ask("GET", "/dav/a.jpg"), 404);
    }
    assert_eq!(house.files(), 0);
    for right in [
        "SHA1:a9993e364706816aba3e25717850c26c9cd0d89d",
        "MD5:900150983cd24fb0d6963f7d28e17f72",
        "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "ADLER32:24d0127",
        "CRC7:12",
    ] {
        let answer = phone.send("PUT", "/dav/a.jpg", &[("OC-Checksum", right)], b"abc");
        assert_eq!(answer.status, 201, "{right}");
    }
    assert_eq!(
        phone
            .send("HEAD", "/dav/a.jpg", &[], b"")
            .header("oc-checksum"),
        Some("SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    );
}

#[test]
fn bodies_without_a_length_are_taken() {
    let house = House::new();
    let phone = house.phone();
    let mut reader = phone.client.again();
    let device = house.device("chunky");
    let token = base64(&format!("{}:{}", device.user, device.password));
    let request = format!(
        "PUT /dav/a.jpg HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {token}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        house.address
    );
    assert_eq!(reader.raw(request.as_bytes()).unwrap().status, 201);
    let mut other = house.stranger().basic(&device.user, &device.password);
    assert_eq!(
        other.send("GET", "/dav/a.jpg", &[], b"").unwrap().text(),
        "abcde"
    );
    // Each device has a tree of its own.
    assert_eq!(
        reader.send("GET", "/dav/a.jpg", &[], b"").unwrap().status,
        404
    );
}

#[test]
fn mkcol() {
    let house = House::new();
    let mut phone = house.phone();
    let made = phone.send("MKCOL", "/dav/DCIM", &[], b"");
    assert_eq!(made.status, 201);
    assert!(made.header("oc-fileid").is_some());
    assert_eq!(phone.ask("MKCOL", "/dav/DCIM/"), 405);
    assert_eq!(phone.ask("MKCOL", "/dav/a/b"), 409);
    assert_eq!(phone.ask("MKCOL", "/dav/"), 405);
    assert_eq!(phone.send("MKCOL", "/dav/x", &[], b"<a/>").status, 415);
    let xml = [("Content-Type", "application/xml")];
    let extended = |kind: &str| {
        format!(
            "<d:mkcol xmlns:d=\"DAV:\"><d:set><d:prop><d:resourcetype>{kind}</d:resourcetype>\
             <mark xmlns=\"urn:m\">1</mark></d:prop></d:set></d:mkcol>"
        )
    };
    for (body, expected) in [
        ("<a/>".to_owned(), 400),
        (extended("<d:collection/><c xmlns=\"urn:calendar\"/>"), 403),
        (extended("<d:collection/>"), 201),
    ] {
        let answer = phone.send("MKCOL", "/dav/x", &xml, body.as_bytes());
        assert_eq!(answer.status, expected, "{body}");
    }
    let large = "<d:mkcol xmlns:d=\"DAV:\"><d:set><d:prop><mark xmlns=\"urn:m\">".to_owned()
        + &"1".repeat(9_000)
        + "</mark></d:prop></d:set></d:mkcol>";
    let answer = phone.send("MKCOL", "/dav/large", &xml, large.as_bytes());
    assert_eq!(answer.status, 507, "{}", answer.text());
    assert_eq!(phone.ask("GET", "/dav/large"), 404);
    let all = phone.send("PROPFIND", "/dav/x", &[("Depth", "0")], b"");
    assert!(all.text().contains("<mark xmlns=\"urn:m\">1</mark>"));
    phone.put("/dav/file", b"1");
    assert_eq!(phone.ask("MKCOL", "/dav/file"), 405);
    assert_eq!(phone.ask("MKCOL", "/dav/file/x"), 409);
}

#[test]
fn delete_hides_the_name_and_keeps_the_photo() {
    let house = House::new();
    let mut phone = house.phone();
    assert_eq!(phone.ask("MKCOL", "/dav/d"), 201);
    phone.put("/dav/d/a.jpg", b"1");
    assert_eq!(phone.ask("DELETE", "/dav/"), 403);
    assert_eq!(phone.ask("DELETE", "/dav/none"), 404);
    assert_eq!(
        phone
            .send("DELETE", "/dav/d", &[("Depth", "0")], b"")
            .status,
        400
    );
    assert_eq!(phone.ask("DELETE", "/dav/d"), 204);
    assert_eq!(phone.ask("GET", "/dav/d/a.jpg"), 404);
    assert_eq!(phone.ask("MKCOL", "/dav/d"), 201);
    assert_eq!(house.files(), 1);
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(text)
}
