//! LOCK, UNLOCK and the `If` header.

use safelight_testkit::Response;

use crate::house::{House, Phone};

const FINDER: (&str, &str) = ("User-Agent", "WebDAVFS/3.0.0 (03008000) Darwin/23.0.0");
const ANDROID: (&str, &str) = (
    "User-Agent",
    "Mozilla/5.0 (Android) Nextcloud-android/3.34.1",
);

const EXCLUSIVE: &[u8] = br#"<?xml version="1.0"?><d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope>
    <d:locktype><d:write/></d:locktype><d:owner><d:href>http://www.apple.com/webdav_fs/</d:href></d:owner></d:lockinfo>"#;
const SHARED: &[u8] = br#"<lockinfo xmlns="DAV:"><lockscope><shared/></lockscope><locktype><write/></locktype></lockinfo>"#;

/// Method, target and headers of a write.
type Write = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

fn lock(phone: &mut Phone, target: &str, depth: &str, body: &[u8]) -> Response {
    let headers = [FINDER, ("Depth", depth), ("Timeout", "Second-600")];
    phone.send("LOCK", target, &headers, body)
}

fn token(answer: &Response) -> String {
    let token = answer.header("lock-token").unwrap();
    token.trim_matches(['<', '>']).to_owned()
}

/// A write of the Finder, with these tokens.
fn finder(phone: &mut Phone, method: &str, target: &str, more: &[(&str, &str)]) -> u16 {
    let mut headers = vec![FINDER];
    headers.extend_from_slice(more);
    phone.send(method, target, &headers, b"").status
}

#[test]
fn a_lock_is_answered_as_the_finder_wants_it() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"1");
    let answer = lock(&mut phone, "/dav/a.jpg", "0", EXCLUSIVE);
    assert_eq!(answer.status, 200);
    let token = token(&answer);
    assert!(token.starts_with("urn:uuid:"), "{token}");
    let text = answer.text();
    for expected in [
        "<d:lockscope><d:exclusive/></d:lockscope>",
        "<d:depth>0</d:depth>",
        "<d:owner><d:href>http://www.apple.com/webdav_fs/</d:href></d:owner>",
        "<d:timeout>Second-600</d:timeout>",
        &format!("<d:locktoken><d:href>{token}</d:href></d:locktoken>"),
        "<d:lockroot><d:href>/dav/a.jpg</d:href></d:lockroot>",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    let ask = br#"<propfind xmlns="DAV:"><prop><lockdiscovery/><supportedlock/></prop></propfind>"#;
    let found = phone
        .send("PROPFIND", "/dav/", &[("Depth", "1")], ask)
        .text();
    assert_eq!(found.matches("<d:activelock>").count(), 1, "{found}");
    assert!(found.contains(&token) && found.contains("<d:lockentry>"));

    let refresh = [
        FINDER,
        ("If", &*format!("(<{token}>)")),
        ("Timeout", "Infinite"),
    ];
    let answer = phone.send("LOCK", "/dav/a.jpg", &refresh, b"");
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("Second-3600"), "{}", answer.text());

    for (name, expected) in [
        ("urn:uuid:other".to_owned(), 409),
        (token.clone(), 204),
        (token, 409),
    ] {
        let header = format!("<{name}>");
        let unlocked = finder(
            &mut phone,
            "UNLOCK",
            "/dav/a.jpg",
            &[("Lock-Token", &header)],
        );
        assert_eq!(unlocked, expected);
    }
}

#[test]
fn a_lock_stops_other_programs_that_lock_and_no_phone() {
    let house = House::new();
    let mut phone = house.phone();
    phone.ask("MKCOL", "/dav/d");
    phone.put("/dav/d/a.jpg", b"1");
    phone.put("/dav/b.jpg", b"2");
    let token = token(&lock(&mut phone, "/dav/d/", "infinity", EXCLUSIVE));
    let to_locked = &[("Destination", "/dav/d/c.jpg")];
    let to_free = &[("Destination", "/dav/c.jpg")];
    let writes: [Write; 8] = [
        ("PUT", "/dav/d/a.jpg", &[]),
        ("PUT", "/dav/d/new.jpg", &[]),
        ("MKCOL", "/dav/d/new", &[]),
        ("DELETE", "/dav/d/a.jpg", &[]),
        ("DELETE", "/dav/d", &[]),
        ("MOVE", "/dav/d/a.jpg", to_free),
        ("MOVE", "/dav/b.jpg", to_locked),
        ("COPY", "/dav/b.jpg", to_locked),
    ];
    for (method, target, headers) in writes {
        let status = finder(&mut phone, method, target, headers);
        assert_eq!(status, 423, "{method} {target}");
    }
    let patch = b"<propertyupdate xmlns=\"DAV:\"><set><prop><x xmlns=\"urn:x\"/></prop></set></propertyupdate>";
    let answer = phone.send("PROPPATCH", "/dav/d/a.jpg", &[FINDER], patch);
    assert_eq!(answer.status, 423);
    assert!(
        answer
            .text()
            .contains("<d:lock-token-submitted><d:href>/dav/d/</d:href></d:lock-token-submitted>"),
        "{}",
        answer.text()
    );
    // What is beside is free, and reading is.
    assert_eq!(finder(&mut phone, "COPY", "/dav/d/a.jpg", to_free), 201);
    assert_eq!(finder(&mut phone, "GET", "/dav/d/a.jpg", &[]), 200);
    // Whoever locks too is told so when it locks; a phone's app does not even notice.
    for body in [EXCLUSIVE, SHARED] {
        let other = [
            ("User-Agent", "Microsoft-WebDAV-MiniRedir/10.0"),
            ("Depth", "0"),
        ];
        let answer = phone.send("LOCK", "/dav/d/a.jpg", &other, body);
        assert_eq!(answer.status, 423);
        assert!(answer.text().contains("<d:no-conflicting-lock>"));
    }
    let answer = phone.send("PUT", "/dav/d/a.jpg", &[ANDROID], b"3");
    assert_eq!(answer.status, 201);
    // With the token all of it goes.
    let owned = format!("</dav/d/> (<{token}>)");
    for (method, target, headers) in writes {
        let mut headers = headers.to_vec();
        headers.push(("If", &owned));
        let status = finder(&mut phone, method, target, &headers);
        assert!(
            (201..=204).contains(&status) || status == 404,
            "{method} {target}: {status}"
        );
        // What is deleted is not locked any more.
        if target == "/dav/d" {
            break;
        }
    }
    assert_eq!(finder(&mut phone, "MKCOL", "/dav/d", &[]), 201);
}

#[test]
fn shared_locks_are_shared_and_one_of_them_is_enough() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"1");
    let first = lock(&mut phone, "/dav/a.jpg", "0", SHARED);
    let second = lock(&mut phone, "/dav/a.jpg", "0", SHARED);
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(lock(&mut phone, "/dav/a.jpg", "0", EXCLUSIVE).status, 423);
    assert_eq!(finder(&mut phone, "PUT", "/dav/a.jpg", &[]), 423);
    let one = format!("(<{}>)", token(&second));
    assert_eq!(
        finder(&mut phone, "PUT", "/dav/a.jpg", &[("If", &one)]),
        201
    );
}

#[test]
fn a_lock_on_a_new_name_makes_an_empty_file_that_is_no_photo() {
    let house = House::new();
    let mut phone = house.phone();
    assert_eq!(
        lock(&mut phone, "/dav/no/where.jpg", "0", EXCLUSIVE).status,
        409
    );
    let answer = lock(&mut phone, "/dav/new.jpg", "0", EXCLUSIVE);
    assert_eq!(answer.status, 201);
    assert_eq!(house.files(), 0);
    assert_eq!(
        phone.get("/dav/new.jpg").header("content-length"),
        Some("0")
    );
    let own = format!("(<{}>)", token(&answer));
    let put = phone.send("PUT", "/dav/new.jpg", &[FINDER, ("If", &own)], b"photo");
    assert_eq!(put.status, 201);
    assert_eq!(
        (phone.get("/dav/new.jpg").text().as_str(), house.files()),
        ("photo", 1)
    );
}

#[test]
fn an_empty_file_of_a_mounted_drive_leaves_its_name_to_the_photo() {
    const EXPLORER: (&str, &str) = ("User-Agent", "Microsoft-WebDAV-MiniRedir/10.0.19045");
    for (drive, name) in [(FINDER, "a.jpg"), (EXPLORER, "b.jpg")] {
        let house = House::new();
        let mut phone = house.phone();
        let target = format!("/dav/{name}");
        // As both do it: the name first, then the lock, then what is in it.
        let made = phone.send("PUT", &target, &[drive], b"");
        assert_eq!((made.status, house.files()), (201, 0));
        assert!(made.header("oc-fileid").is_some());
        let read = phone.get(&target);
        assert_eq!((read.status, read.text().as_str()), (200, ""));
        let locked = phone.send("LOCK", &target, &[drive, ("Depth", "0")], EXCLUSIVE);
        assert_eq!(locked.status, 200);
        let own = format!("(<{}>)", token(&locked));
        let put = phone.send("PUT", &target, &[drive, ("If", &own)], b"photo");
        assert_eq!(put.status, 201);
        assert_eq!(house.names(), [name]);
        assert_eq!(phone.get(&target).text(), "photo");
        // A photo whose name an empty file takes stays.
        assert_eq!(
            phone
                .send("PUT", &target, &[drive, ("If", &own)], b"")
                .status,
            201
        );
        assert_eq!(phone.get(&target).text(), "");
        assert_eq!(house.names(), [name]);
    }
    // Any other program's empty file is the owner's.
    let house = House::new();
    let mut phone = house.phone();
    let put = phone.send("PUT", "/dav/empty.jpg", &[ANDROID], b"");
    assert_eq!((put.status, house.names()), (201, vec!["empty.jpg".into()]));
}

#[test]
fn what_locks_say_is_bounded() {
    let house = House::new();
    let mut phone = house.phone();
    phone.ask("MKCOL", "/dav/d");
    let owned = |bytes: usize| {
        let owner = "x".repeat(bytes);
        format!(
            "<lockinfo xmlns=\"DAV:\"><lockscope><shared/></lockscope><locktype><write/></locktype>\
             <owner>{owner}</owner></lockinfo>"
        )
    };
    let refused = lock(&mut phone, "/dav/d/", "infinity", owned(1025).as_bytes());
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("1024 bytes"), "{}", refused.text());
    let long = "x".repeat(8_000);
    let headers = [("User-Agent", &*long), ("Depth", "infinity")];
    for _ in 0..32 {
        let answer = phone.send("LOCK", "/dav/d/", &headers, owned(1024).as_bytes());
        assert_eq!(answer.status, 200);
    }
    let answer = phone.send("LOCK", "/dav/d/", &headers, owned(1).as_bytes());
    assert_eq!(answer.status, 503);
    // A list in pieces is the same list.
    for number in 0..20 {
        phone.put(&format!("/dav/d/{number}"), b"1");
    }
    let ask = br#"<propfind xmlns="DAV:"><prop><lockdiscovery/></prop></propfind>"#;
    let list = phone.send("PROPFIND", "/dav/d/", &[("Depth", "1")], ask);
    let text = list.text();
    assert_eq!(text.matches("<d:response>").count(), 21);
    assert_eq!(text.matches("<d:activelock>").count(), 21 * 32);
    assert!(text.ends_with("</d:multistatus>\n"));
    assert!(text.len() < 21 * 32 * 1500, "{}", text.len());
}

#[test]
fn locks_that_cannot_be() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"1");
    for (depth, body, expected) in [
        ("1", EXCLUSIVE, 400),
        ("0", &b"<lockinfo xmlns=\"DAV:\"/>"[..], 400),
        ("0", b"x", 400),
        ("0", b"", 400),
    ] {
        assert_eq!(lock(&mut phone, "/dav/a.jpg", depth, body).status, expected);
    }
    let refresh = [FINDER, ("If", "(<urn:uuid:none>) (Not <DAV:no-lock>)")];
    assert_eq!(phone.send("LOCK", "/dav/a.jpg", &refresh, b"").status, 412);
    assert_eq!(finder(&mut phone, "UNLOCK", "/dav/a.jpg", &[]), 400);
}

#[test]
fn conditions_of_the_if_header() {
    let house = House::new();
    let mut phone = house.phone();
    let etag = phone
        .put("/dav/a.jpg", b"1")
        .header("etag")
        .unwrap()
        .to_owned();
    let user = phone.user.clone();
    for (header, expected) in [
        (format!("([{etag}])"), 201),
        (
            format!("</remote.php/dav/files/{user}/a.jpg> ([{etag}])"),
            201,
        ),
        (
            format!("<http://{}/dav/a.jpg> ([{etag}])", house.address),
            201,
        ),
        (format!("(Not [{etag}])"), 412),
        (format!("(<urn:uuid:none> [{etag}])"), 412),
        ("([\"other\"]) (Not <DAV:no-lock>)".to_owned(), 201),
        ("(<DAV:no-lock>)".to_owned(), 412),
        (format!("([W/{etag}])"), 412),
        (format!("</dav/none.jpg> ([{etag}])"), 412),
        ("</elsewhere> (<DAV:no-lock>)".to_owned(), 412),
        ("</elsewhere> (Not <DAV:no-lock>)".to_owned(), 201),
        ("nonsense".to_owned(), 400),
    ] {
        // The same bytes: the etag stays.
        let answer = phone.send("PUT", "/dav/a.jpg", &[("If", &header)], b"1");
        assert_eq!(answer.status, expected, "{header}");
    }
}
