//! Nextcloud's chunked upload, version 2, as its three clients send it.

use crate::house::{House, Phone};

const ANDROID: &str = "0123456789abcdef0123456789abcdef";
const PROPFIND: &str = "<?xml version=\"1.0\"?><d:propfind xmlns:d=\"DAV:\"><d:prop><d:resourcetype/>\
     <d:getcontenttype/><d:getcontentlength/></d:prop></d:propfind>";

impl Phone {
    fn upload(&self, name: &str, piece: &str) -> String {
        format!("/remote.php/dav/uploads/{}/{name}{piece}", self.user)
    }

    fn files(&self, path: &str) -> String {
        format!("/remote.php/dav/files/{}/{path}", self.user)
    }

    fn piece(&mut self, name: &str, piece: &str, body: &[u8]) -> u16 {
        let target = self.upload(name, &format!("/{piece}"));
        self.put(&target, body).status
    }

    /// The answer of the MOVE that makes the whole.
    fn assemble(
        &mut self,
        name: &str,
        to: &str,
        headers: &[(&str, &str)],
    ) -> safelight_testkit::Response {
        let mut all = vec![("Destination", to)];
        all.extend_from_slice(headers);
        let from = self.upload(name, "/.file");
        self.send("MOVE", &from, &all, b"")
    }
}

#[test]
fn the_android_app_uploads_and_resumes() {
    let house = House::new();
    let mut phone = house.phone();
    let upload = phone.upload(ANDROID, "");
    let to = format!("http://10.0.2.2:8420{}", phone.files("VID_0001.mp4"));
    assert_eq!(
        phone
            .send("PROPFIND", &upload, &[("Depth", "1")], PROPFIND.as_bytes())
            .status,
        404
    );
    let answer = phone.send("MKCOL", &upload, &[("Destination", &to)], b"");
    assert_eq!(answer.status, 201, "{}", answer.text());
    for (piece, body) in [("000001", "first "), ("000002", "second ")] {
        assert_eq!(phone.piece(ANDROID, piece, body.as_bytes()), 201);
    }
    // The app was killed, and begins as it always does.
    assert_eq!(phone.ask("MKCOL", &upload), 405);
    let answer = phone.send("PROPFIND", &upload, &[("Depth", "1")], PROPFIND.as_bytes());
    let text = answer.text();
    assert_eq!(answer.status, 207);
    assert_eq!(text.matches("<d:response>").count(), 3, "{text}");
    for part in [
        format!("<d:href>{upload}/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/>"),
        format!("<d:href>{upload}/000001</d:href>"),
        format!("<d:href>{upload}/000002</d:href>"),
        "<d:getcontentlength>6</d:getcontentlength>".to_owned(),
        "<d:getcontentlength>7</d:getcontentlength>".to_owned(),
    ] {
        assert!(text.contains(&part), "{part}: {text}");
    }
    assert!(!text.contains("displayname"), "{text}");
    let answer = phone.send("PROPFIND", &upload, &[("Depth", "0")], b"");
    assert_eq!(answer.text().matches("<d:response>").count(), 1);

    assert_eq!(phone.piece(ANDROID, "000003", b"third"), 201);
    let times = [
        ("Overwrite", "T"),
        ("X-OC-Mtime", "1600000000"),
        ("X-OC-CTime", "1500000000.0"),
    ];
    let answer = phone.assemble(ANDROID, &to, &times);
    assert_eq!(answer.status, 201, "{}", answer.text());
    for header in [
        "oc-fileid",
        "etag",
        "oc-etag",
        "date",
        "x-nc-permissions",
        "x-nc-ownerid",
    ] {
        assert!(answer.header(header).is_some(), "{header}");
    }
    for header in ["x-oc-mtime", "x-oc-ctime"] {
        assert_eq!(answer.header(header), Some("accepted"));
    }
    let file = phone.files("VID_0001.mp4");
    assert_eq!(phone.get(&file).text(), "first second third");
    assert_eq!(phone.ask("PROPFIND", &upload), 404);

    // The answer was lost: asked again it is the same, and nothing is stored twice.
    let again = phone.assemble(ANDROID, &to, &times);
    assert_eq!(again.status, 201);
    for header in ["oc-fileid", "etag"] {
        assert_eq!(again.header(header), answer.header(header));
    }
    let elsewhere = phone.files("other.mp4");
    assert_eq!(phone.assemble(ANDROID, &elsewhere, &[]).status, 404);
    assert_eq!(house.files(), 1);
}

#[test]
fn the_desktop_client_and_the_ios_app_upload() {
    let house = House::new();
    let mut phone = house.phone();
    // 16 digits from 0, a Destination that is only a path, a checksum, and the etag of what is replaced.
    let file = phone.files("b.bin");
    phone.put(&file, b"before");
    let etag = phone
        .send("HEAD", &file, &[], b"")
        .header("etag")
        .unwrap()
        .to_owned();
    let begin = |phone: &mut Phone| {
        let upload = phone.upload("4711", "");
        assert_eq!(
            phone
                .send("MKCOL", &upload, &[("OC-Total-Length", "3")], b"")
                .status,
            201
        );
        for (piece, body) in [("0000000000000000", "a"), ("0000000000000001", "bc")] {
            assert_eq!(phone.piece("4711", piece, body.as_bytes()), 201);
        }
    };
    begin(&mut phone);
    let condition = |etag: &str| format!("<{file}> ([{etag}])");
    let right = "SHA1:a9993e364706816aba3e25717850c26c9cd0d89d";
    for (headers, expected) in [
        (&[("OC-Total-Length", "4")][..], 400),
        (&[("OC-Total-Length", "x")], 400),
        (&[("OC-Checksum", "SHA1:12")], 400),
        (
            &[(
                "OC-Checksum",
                "SHA1:0000000000000000000000000000000000000000",
            )],
            503,
        ),
        (
            &[(
                "OC-Checksum",
                "SHA256:0000000000000000000000000000000000000000000000000000000000000000",
            )],
            503,
        ),
        (&[("If", condition("\"other\"").as_str())], 412),
        (&[("If-Match", "\"other\"")], 412),
        (&[("Overwrite", "F")], 412),
        (&[("Overwrite", "maybe")], 400),
        (
            &[
                ("OC-Total-Length", "3"),
                ("OC-Checksum", right),
                ("If", condition(&etag).as_str()),
            ],
            201,
        ),
    ] {
        let answer = phone.assemble("4711", &file, headers);
        assert_eq!(answer.status, expected, "{headers:?}: {}", answer.text());
        assert_eq!(answer.header("retry-after").is_some(), expected == 503);
    }
    assert_eq!(phone.get(&file).text(), "abc");
    assert_eq!(house.files(), 2, "the version before is kept");

    // The same name again is a new upload. Numbers without zeros are in the order of numbers.
    let upload = phone.upload("4711", "");
    assert_eq!(phone.ask("MKCOL", &upload), 201);
    for number in [10, 9, 1, 2] {
        let body = format!("{number},");
        assert_eq!(
            phone.piece("4711", &number.to_string(), body.as_bytes()),
            201
        );
    }
    assert_eq!(phone.piece("4711", "9", b"nine,"), 201);
    let deep = phone.files("2026/11/c.heic");
    // The iOS app counts on missing folders to come with the file, and does not say so here.
    assert_eq!(phone.assemble("4711", &deep, &[]).status, 201);
    assert_eq!(phone.get(&deep).text(), "1,2,nine,10,");
}

#[test]
fn a_short_piece_leaves_nothing() {
    let house = House::new();
    let mut phone = house.phone();
    let upload = phone.upload("u", "");
    phone.ask("MKCOL", &upload);
    assert_eq!(phone.piece("u", "1", b"whole"), 201);
    // The connection breaks in the middle of the second piece.
    let second = phone.upload("u", "/2");
    phone
        .client
        .break_off("PUT", &second, 100, b"half")
        .unwrap();
    let text = phone
        .send("PROPFIND", &upload, &[("Depth", "1")], b"")
        .text();
    assert_eq!(text.matches("<d:response>").count(), 2, "{text}");
    assert_eq!(phone.assemble("u", "/dav/a.jpg", &[]).status, 201);
    assert_eq!(phone.get("/dav/a.jpg").text(), "whole");
}

#[test]
fn uploads_are_their_devices_alone_and_names_are_no_paths() {
    let house = House::new();
    let (mut phone, mut other) = (house.phone(), house.phone());
    let upload = phone.upload("u", "");
    assert_eq!(
        house
            .stranger()
            .send("MKCOL", &upload, &[], b"")
            .unwrap()
            .status,
        401
    );
    assert_eq!(phone.ask("MKCOL", &upload), 201);
    for method in ["MKCOL", "PROPFIND", "DELETE"] {
        assert_eq!(other.ask(method, &upload), 403);
    }
    assert_eq!(
        other.piece("u", "1", b"x"),
        404,
        "the other's own upload of that name"
    );
    let elsewhere = other.files("a.jpg");
    assert_eq!(phone.assemble("u", &elsewhere, &[]).status, 403);
    for (piece, expected) in [
        ("1a", 400),
        ("..%2f1", 400),
        (".file", 405),
        ("00000000000000001", 400),
    ] {
        assert_eq!(phone.piece("u", piece, b"x"), expected, "{piece}");
    }
    assert_eq!(phone.assemble("u", "/dav/", &[]).status, 403);
    assert_eq!(phone.assemble("u", "/dav/../x", &[]).status, 400);
    let odd = phone.upload("..%2f..%2fx", "");
    assert_eq!(phone.ask("MKCOL", &odd), 201);
    assert_eq!(phone.ask("DELETE", &odd), 204);
    assert_eq!(phone.ask("DELETE", &odd), 404);
    let all = phone.upload("", "");
    assert_eq!(phone.ask("PROPFIND", &all), 207);
    for method in ["GET", "PUT", "COPY", "MOVE", "PROPPATCH"] {
        assert_eq!(phone.ask(method, &upload), 405, "{method}");
    }
    assert_eq!(house.files(), 0);
}

#[test]
fn a_file_whose_last_byte_the_app_left_out_is_refused() {
    const PIECE: usize = 10_240_000;
    let house = House::new();
    let mut phone = house.phone();
    // As long as the app believes it is: one byte is missing.
    let mut photo = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xFF\xDA".to_vec();
    photo.resize(PIECE - 1, 0x55);
    photo.push(0xFF);
    let upload = phone.upload("u", "");
    for (end, expected) in [(0xFF, 503), (0xD9, 201)] {
        phone.ask("MKCOL", &upload);
        photo[PIECE - 1] = end;
        if end == 0xD9 {
            photo[PIECE - 2] = 0xFF;
        }
        assert_eq!(phone.piece("u", "000001", &photo), 201);
        let answer = phone.assemble("u", "/dav/a.jpg", &[]);
        assert_eq!(answer.status, expected, "{}", answer.text());
        let problems = house.engine.status().unwrap().problems;
        let told = problems.iter().any(|problem| problem.kind == "cut-upload");
        assert_eq!(told, expected == 503, "{problems:?}");
    }
    assert_eq!(house.files(), 1);
}

#[test]
fn the_whole_respects_locks_as_a_put_does() {
    const EXPLORER: (&str, &str) = ("User-Agent", "Microsoft-WebDAV-MiniRedir/10.0");
    const LOCK: &[u8] = br#"<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>"#;
    let house = House::new();
    let mut phone = house.phone();
    let file = phone.files("locked.bin");
    phone.put(&file, b"before");
    let locked = phone.send("LOCK", &file, &[EXPLORER, ("Depth", "0")], LOCK);
    assert_eq!(locked.status, 200, "{}", locked.text());
    let token = locked.header("lock-token").unwrap().to_owned();
    let begin = |phone: &mut Phone| {
        let upload = phone.upload("l", "");
        assert_eq!(phone.ask("MKCOL", &upload), 201);
        assert_eq!(phone.piece("l", "1", b"after"), 201);
    };
    begin(&mut phone);
    let refused = phone.assemble("l", &file, &[EXPLORER]);
    assert_eq!(refused.status, 423, "{}", refused.text());
    let reason = format!("<d:lock-token-submitted><d:href>{file}</d:href>");
    assert!(refused.text().contains(&reason), "{}", refused.text());
    let other = ("If", "(<urn:uuid:other>)");
    assert_eq!(
        phone.assemble("l", &file, &[EXPLORER, other]).status,
        412,
        "a token that is none"
    );
    assert_eq!(phone.get(&file).text(), "before");
    let own = format!("({token})");
    let answer = phone.assemble("l", &file, &[EXPLORER, ("If", &own)]);
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(phone.get(&file).text(), "after");
    // Asked again after a lost answer nothing is written, so no lock is in the way.
    assert_eq!(phone.assemble("l", &file, &[EXPLORER]).status, 201);
    // A phone's app, which does not lock, is not bound.
    begin(&mut phone);
    let app = ("User-Agent", "Nextcloud-android/35.0.0");
    assert_eq!(phone.assemble("l", &file, &[app]).status, 201);
}

#[test]
fn a_system_file_in_pieces_is_no_photo_either() {
    let house = House::new();
    let mut phone = house.phone();
    for (name, pieces, photos) in [
        (".DS_Store", [&b"\0\0\0\x01"[..], b"Bud1"], 0),
        ("._a", [b"\0\x05\x16", b"\x07\0\x02\0\0"], 0),
        ("Thumbs.db", [b"no ", b"thumbnails"], 1),
    ] {
        let (upload, target) = (phone.upload("s", ""), phone.files(name));
        assert_eq!(phone.ask("MKCOL", &upload), 201);
        // Not in order: the whole is a copy then.
        assert_eq!(phone.piece("s", "2", pieces[1]), 201);
        assert_eq!(phone.piece("s", "1", pieces[0]), 201);
        let wrong = [("OC-Checksum", "MD5:900150983cd24fb0d6963f7d28e17f72")];
        assert_eq!(phone.assemble("s", &target, &wrong).status, 503, "{name}");
        let times = [("X-OC-Mtime", "1600000000")];
        let answer = phone.assemble("s", &target, &times);
        assert_eq!(answer.status, 201, "{name}: {}", answer.text());
        for header in ["oc-fileid", "oc-etag", "x-oc-mtime"] {
            assert!(answer.header(header).is_some(), "{name}: {header}");
        }
        assert_eq!(phone.get(&target).body, pieces.concat(), "{name}");
        assert_eq!(house.files(), photos, "{name}");
        assert_eq!(phone.ask("PROPFIND", &upload), 404, "{name}: it is done");
    }
}
