//! OPTIONS, PROPFIND, PROPPATCH.

use crate::house::House;

fn depth(depth: &str) -> [(&'static str, &str); 1] {
    [("Depth", depth)]
}

#[test]
fn options_say_what_is_possible_to_anybody() {
    let house = House::new();
    let answer = house.stranger().send("OPTIONS", "/dav/", &[], b"").unwrap();
    assert_eq!(
        (answer.status, answer.header("dav")),
        (200, Some("1, 2, 3, extended-mkcol"))
    );
    let above = house
        .stranger()
        .send("OPTIONS", "/remote.php/dav", &[], b"")
        .unwrap();
    assert_eq!(above.header("dav"), answer.header("dav"));
    let allow = answer.header("allow").unwrap();
    assert!(allow.contains("PROPFIND") && allow.contains("LOCK"));
}

#[test]
fn a_long_list_has_everything_that_is_kept() {
    let house = House::new();
    let mut phone = house.phone();
    let star = |value: &str| {
        format!(
            "<d:propertyupdate xmlns:d=\"DAV:\"><d:set><d:prop><mine xmlns=\"urn:x\">{value}</mine>\
             </d:prop></d:set></d:propertyupdate>"
        )
    };
    let long = "x".repeat(7_000);
    for number in 0..150 {
        let target = format!("/dav/{number}");
        assert_eq!(phone.ask("MKCOL", &target), 201);
        if number % 10 == 0 {
            let body = star(&format!("{number}:{long}"));
            let answer = phone.send("PROPPATCH", &target, &[], body.as_bytes());
            assert_eq!(answer.status, 207);
        }
    }
    let named = br#"<propfind xmlns="DAV:"><prop><x:mine xmlns:x="urn:x"/></prop></propfind>"#;
    for (body, of_each) in [(&b""[..], 0), (named, 1)] {
        let text = phone.send("PROPFIND", "/dav/", &depth("1"), body).text();
        let responses: Vec<&str> = text.split("<d:response>").skip(1).collect();
        assert_eq!(responses.len(), 151);
        assert!(text.ends_with("</d:multistatus>\n"));
        let missing = text.matches("<mine xmlns=\"urn:x\"/>").count();
        assert_eq!(missing, of_each * 136);
        for number in (0..150).step_by(10) {
            let href = format!("<d:href>/dav/{number}/</d:href>");
            let value = format!("<mine xmlns=\"urn:x\">{number}:{long}</mine>");
            let response = responses.iter().find(|text| text.starts_with(&href));
            assert!(response.unwrap().contains(&value), "{number}");
        }
    }
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
    let body = set(
        "<kept xmlns=\"urn:k\">1</kept><d:getlastmodified>1500000000</d:getlastmodified><d:getetag>x</d:getetag>",
    );
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
fn what_programs_keep_comes_back_as_it_was() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"1");
    let patch =
        br#"<?xml version="1.0"?><d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"
        xmlns:nc="http://nextcloud.org/ns" xmlns:w="urn:schemas-microsoft-com:">
        <d:set><d:prop><oc:favorite>1</oc:favorite>
          <nc:metadata-files-live-photo>IMG_1.MOV</nc:metadata-files-live-photo>
          <w:Win32FileAttributes>00000020</w:Win32FileAttributes>
          <w:Win32LastModifiedTime>Sun, 13 Sep 2020 12:26:40 GMT</w:Win32LastModifiedTime>
          <w:Win32CreationTime>Fri, 14 Jul 2017 02:40:00 GMT</w:Win32CreationTime>
          <x xmlns="urn:x"><y a="1">&lt;</y></x></d:prop></d:set>
        <d:remove><d:prop><gone xmlns="urn:x"/></d:prop></d:remove></d:propertyupdate>"#;
    let text = phone.send("PROPPATCH", "/dav/a.jpg", &[], patch).text();
    assert!(
        text.contains("HTTP/1.1 200 OK") && text.matches("<d:propstat>").count() == 1,
        "{text}"
    );
    let ask = br#"<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns">
        <d:prop><oc:favorite/><nc:metadata-files-live-photo/><nc:creation_time/><d:getlastmodified/>
        <Win32FileAttributes xmlns="urn:schemas-microsoft-com:"/><x xmlns="urn:x"/></d:prop></d:propfind>"#;
    for target in ["/dav/a.jpg", "/dav/"] {
        let text = phone.send("PROPFIND", target, &depth("1"), ask).text();
        for expected in [
            "<oc:favorite>1</oc:favorite>",
            "<nc:metadata-files-live-photo>IMG_1.MOV</nc:metadata-files-live-photo>",
            "<nc:creation_time>1500000000</nc:creation_time>",
            "<d:getlastmodified>Sun, 13 Sep 2020 12:26:40 GMT</d:getlastmodified>",
            "<Win32FileAttributes xmlns=\"urn:schemas-microsoft-com:\">00000020</Win32FileAttributes>",
            "<x xmlns=\"urn:x\"><y xmlns=\"urn:x\" a=\"1\">&lt;</y></x>",
        ] {
            assert!(text.contains(expected), "{expected} is not in {text}");
        }
    }
}

#[test]
fn too_many_properties_are_refused() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"1");
    for round in 0..2 {
        let properties: String = (0..200).map(|n| format!("<p{round}-{n}/>")).collect();
        let body = format!(
            "<propertyupdate xmlns=\"DAV:\"><set><prop>{}</prop></set></propertyupdate>",
            properties.replace("/>", " xmlns=\"urn:p\"/>")
        );
        let answer = phone.send("PROPPATCH", "/dav/a.jpg", &[], body.as_bytes());
        assert_eq!(answer.status, [207, 507][round], "{}", answer.text());
    }
}

#[test]
fn creation_times_are_those_that_the_apps_sent() {
    let house = House::new();
    let mut phone = house.phone();
    let headers = [("X-OC-CTime", "1500000000"), ("X-OC-MTime", "1600000000")];
    phone.send("PUT", "/dav/a.jpg", &headers, b"1");
    let ask = br#"<d:propfind xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns">
        <d:prop><nc:creation_time/><nc:upload_time/><d:creationdate/></d:prop></d:propfind>"#;
    let text = phone
        .send("PROPFIND", "/dav/a.jpg", &depth("0"), ask)
        .text();
    for expected in [
        "<nc:creation_time>1500000000</nc:creation_time>",
        "<nc:upload_time>1717243200</nc:upload_time>",
        "<d:creationdate>2017-07-14T02:40:00Z</d:creationdate>",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
}

#[test]
fn a_mounted_drive_sees_how_much_room_there_is() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"12345");
    let ask = br#"<propfind xmlns="DAV:"><prop><quota-available-bytes/><quota-used-bytes/></prop></propfind>"#;
    let text = phone.send("PROPFIND", "/dav/", &depth("0"), ask).text();
    assert!(
        text.contains("<d:quota-used-bytes>5</d:quota-used-bytes>"),
        "{text}"
    );
    let (_, available) = text.split_once("<d:quota-available-bytes>").unwrap();
    let available: u64 = available.split('<').next().unwrap().parse().unwrap();
    assert!(available > 0);
}

#[test]
fn the_older_nextcloud_address_is_the_same_tree() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/remote.php/webdav/a.jpg", b"1");
    let text = phone
        .send("PROPFIND", "/remote.php/webdav", &depth("1"), b"")
        .text();
    assert!(
        text.contains("<d:href>/remote.php/webdav/a.jpg</d:href>"),
        "{text}"
    );
    assert_eq!(phone.get("/dav/a.jpg").text(), "1");
}

#[test]
fn what_is_not_there_says_so() {
    let house = House::new();
    let mut phone = house.phone();
    for (method, expected) in [
        ("POST", 405),
        ("REPORT", 501),
        ("SEARCH", 501),
        ("BREW", 501),
    ] {
        assert_eq!(phone.ask(method, "/dav/"), expected, "{method}");
    }
}
