//! OPTIONS, PROPFIND, PROPPATCH.

use crate::house::House;

fn depth(depth: &str) -> [(&'static str, &str); 1] {
    [("Depth", depth)]
}

#[test]
fn options_say_what_is_possible_to_anybody() {
    let house = House::new();
    let answer = house.stranger().send("OPTIONS", "/dav/", &[], b"").unwrap();
    assert_eq!((answer.status, answer.header("dav")), (200, Some("1, 3")));
    assert!(answer.header("allow").unwrap().contains("PROPFIND"));
}

#[test]
fn a_folders_list() {
    let house = House::new();
    let mut phone = house.phone();
    phone.ask("MKCOL", "/dav/DCIM");
    phone.put("/dav/DCIM/100%25%20%23.jpg", b"12345");
    phone.ask("MKCOL", "/dav/DCIM/Camera");
    let answer = phone.send("PROPFIND", "/dav/DCIM", &depth("1"), b"");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (207, Some("application/xml; charset=utf-8"))
    );
    let text = answer.text();
    for expected in [
        "<d:href>/dav/DCIM/</d:href>",
        "<d:href>/dav/DCIM/100%25%20%23.jpg</d:href>",
        "<d:href>/dav/DCIM/Camera/</d:href>",
        "<d:displayname>100% #.jpg</d:displayname>",
        "<d:getcontentlength>5</d:getcontentlength>",
        "<d:getcontenttype>image/jpeg</d:getcontenttype>",
        "<d:resourcetype><d:collection/></d:resourcetype>",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    assert_eq!(
        phone
            .send("PROPFIND", "/dav/DCIM", &depth("0"), b"")
            .text()
            .matches("<d:response>")
            .count(),
        1
    );
    // Addresses are those that the client uses.
    let other = format!("/remote.php/dav/files/{}", phone.user);
    let text = phone.send("PROPFIND", &other, &depth("1"), b"").text();
    assert!(
        text.contains(&format!("<d:href>{other}/DCIM/</d:href>")),
        "{text}"
    );
}

#[test]
fn a_long_list_is_whole() {
    let house = House::new();
    let mut phone = house.phone();
    for number in 0..450 {
        assert_eq!(phone.ask("MKCOL", &format!("/dav/f{number}")), 201);
    }
    let text = phone.send("PROPFIND", "/dav/", &depth("1"), b"").text();
    assert_eq!(text.matches("<d:response>").count(), 451);
    assert!(text.ends_with("</d:multistatus>\n"), "{text}");
}

#[test]
fn what_is_asked_for_comes_in_two_parts() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"12345");
    let body = br#"<?xml version="1.0"?><a:propfind xmlns:a="DAV:" xmlns:o="http://owncloud.org/ns"
        xmlns:n="http://nextcloud.org/ns"><a:prop><a:quota-used-bytes/><o:id/><o:checksums/><o:permissions/>
        <n:has-preview/></a:prop></a:propfind>"#;
    let text = phone
        .send("PROPFIND", "/dav/a.jpg", &depth("0"), body)
        .text();
    let found = text.find("HTTP/1.1 200 OK").unwrap();
    let missing = text.find("HTTP/1.1 404 Not Found").unwrap();
    assert!(found < missing, "{text}");
    assert!(
        text.find("<d:quota-used-bytes/>").unwrap() > found,
        "{text}"
    );
    for expected in [
        "<oc:checksum>SHA256:5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5</oc:checksum>",
        "<oc:permissions>RGDNVW</oc:permissions>",
        "<nc:has-preview>false</nc:has-preview>",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
}

#[test]
fn endless_depth_is_refused_with_its_reason() {
    let house = House::new();
    let mut phone = house.phone();
    for headers in [&depth("infinity")[..], &[]] {
        let answer = phone.send("PROPFIND", "/dav/", headers, b"");
        assert_eq!(answer.status, 403);
        assert!(
            answer.text().contains("<d:propfind-finite-depth/>"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(
        phone.send("PROPFIND", "/dav/", &depth("2"), b"").status,
        400
    );
    assert_eq!(
        phone.send("PROPFIND", "/dav/none", &depth("0"), b"").status,
        404
    );
}

#[test]
fn hostile_bodies_are_refused() {
    let house = House::new();
    let mut phone = house.phone();
    let large = vec![b' '; 1_000_000];
    let deep = format!("<propfind xmlns=\"DAV:\">{}", "<prop>".repeat(2000));
    for (body, expected) in [
        (
            &b"<!DOCTYPE x [<!ENTITY a \"b\">]><propfind xmlns=\"DAV:\"><allprop/></propfind>"[..],
            400,
        ),
        (b"<propfind xmlns=\"DAV:\"><prop>", 400),
        (b"hello", 400),
        (deep.as_bytes(), 400),
        (&large, 413),
    ] {
        for method in ["PROPFIND", "PROPPATCH"] {
            let answer = phone.send(method, "/dav/", &depth("0"), body);
            assert_eq!(answer.status, expected, "{method}");
        }
    }
    // And it goes on.
    assert_eq!(
        phone.send("PROPFIND", "/dav/", &depth("0"), b"").status,
        207
    );
}

#[test]
fn times_can_be_set_and_other_properties_not() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"1");
    let set = |properties: &str| {
        format!(
            "<d:propertyupdate xmlns:d=\"DAV:\" xmlns:n=\"http://nextcloud.org/ns\"><d:set><d:prop>{properties}</d:prop></d:set></d:propertyupdate>"
        )
    };
    for time in ["1600000000", "Sun, 13 Sep 2020 12:26:40 GMT"] {
        let body = set(&format!(
            "<d:getlastmodified>{time}</d:getlastmodified><n:metadata-files-live-photo>x</n:metadata-files-live-photo>"
        ));
        let answer = phone.send("PROPPATCH", "/dav/a.jpg", &[], body.as_bytes());
        assert_eq!(answer.status, 207);
        assert!(
            answer.text().contains("HTTP/1.1 200 OK") && !answer.text().contains("403"),
            "{}",
            answer.text()
        );
    }
    let modified = phone.send("HEAD", "/dav/a.jpg", &[], b"");
    assert_eq!(
        modified.header("last-modified"),
        Some("Sun, 13 Sep 2020 12:26:40 GMT")
    );
    // All or nothing.
    let body = set("<d:getlastmodified>1500000000</d:getlastmodified><d:getetag>x</d:getetag>");
    let text = phone
        .send("PROPPATCH", "/dav/a.jpg", &[], body.as_bytes())
        .text();
    assert!(
        text.contains("HTTP/1.1 424 ") && text.contains("HTTP/1.1 403 "),
        "{text}"
    );
    let modified = phone.send("HEAD", "/dav/a.jpg", &[], b"");
    assert_eq!(
        modified.header("last-modified"),
        Some("Sun, 13 Sep 2020 12:26:40 GMT")
    );
}

#[test]
fn what_is_not_there_says_so() {
    let house = House::new();
    let mut phone = house.phone();
    for (method, expected) in [
        ("LOCK", 405),
        ("UNLOCK", 405),
        ("POST", 405),
        ("REPORT", 501),
        ("SEARCH", 501),
        ("BREW", 501),
    ] {
        assert_eq!(phone.ask(method, "/dav/"), expected, "{method}");
    }
}
