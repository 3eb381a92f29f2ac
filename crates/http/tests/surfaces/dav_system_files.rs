//! What operating systems write beside the photos, and programs that upload under a temporary name.

use crate::house::House;

const APPLE_DOUBLE: &[u8] = b"\0\x05\x16\x07\0\x02\0\0Mac OS X        \0\x02";

#[test]
fn a_mounted_drive_works_and_the_library_gets_photos_only() {
    let house = House::new();
    let mut phone = house.phone();
    for (name, bytes) in [
        ("._IMG_0001.JPG", APPLE_DOUBLE),
        ("._IMG_0001.JPG", b""),
        (".DS_Store", b"\0\0\0\x01Bud1"),
        ("Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 thumbnails"),
        ("desktop.ini", b"[.ShellClassInfo]\r\n"),
        (".nomedia", b""),
    ] {
        let target = format!("/dav/{name}");
        let headers = [("X-OC-Mtime", "1600000000")];
        let answer = phone.send("PUT", &target, &headers, bytes);
        assert_eq!(answer.status, 201, "{name}: {}", answer.text());
        for header in ["etag", "oc-etag", "oc-fileid", "x-oc-mtime"] {
            assert!(answer.header(header).is_some(), "{name}: {header}");
        }
        let read = phone.get(&target);
        assert_eq!((read.status, &read.body[..]), (200, bytes), "{name}");
        assert_eq!(
            read.header("last-modified"),
            Some("Sun, 13 Sep 2020 12:26:40 GMT")
        );
    }
    let part = phone.send("GET", "/dav/.DS_Store", &[("Range", "bytes=4-7")], b"");
    assert_eq!((part.status, part.text().as_str()), (206, "Bud1"));
    let hash = [("X-Recalculate-Hash", "md5")];
    let answer = phone.send("PATCH", "/dav/.nomedia", &hash, b"");
    assert_eq!(
        answer.header("oc-checksum"),
        Some("MD5:d41d8cd98f00b204e9800998ecf8427e")
    );
    let list = phone
        .send("PROPFIND", "/dav/", &[("Depth", "1")], b"")
        .text();
    assert!(
        list.contains("<d:href>/dav/.DS_Store</d:href><d:propstat><d:prop><d:resourcetype/>"),
        "{list}"
    );
    assert_eq!(house.files(), 0);
    assert_eq!(phone.ask("DELETE", "/dav/._IMG_0001.JPG"), 204);
    assert_eq!(phone.ask("GET", "/dav/._IMG_0001.JPG"), 404);
}

#[test]
fn whatever_a_photo_is_called_it_is_kept() {
    let house = House::new();
    let mut phone = house.phone();
    let large = vec![7; 3_000_000];
    for (name, bytes) in [
        ("._IMG_0002.JPG", &b"\xff\xd8\xff\xe0 a photo"[..]),
        (".DS_Store", &large),
        ("Thumbs.db", b"no thumbnails"),
    ] {
        let target = format!("/dav/{name}");
        assert_eq!(phone.put(&target, bytes).status, 201, "{name}");
        assert!(phone.get(&target).body == bytes, "{name}");
    }
    assert_eq!(house.files(), 3);
}

#[test]
fn promises_of_the_client_hold_for_system_files_too() {
    let house = House::new();
    let mut phone = house.phone();
    for (headers, expected) in [
        (&[("OC-Total-Length", "7")][..], 503),
        (
            &[("OC-Checksum", "MD5:900150983cd24fb0d6963f7d28e17f72")],
            503,
        ),
        (&[("If-Match", "\"x\"")], 412),
    ] {
        let answer = phone.send("PUT", "/dav/._a", headers, APPLE_DOUBLE);
        assert_eq!(answer.status, expected, "{headers:?}");
    }
    let broken = phone
        .client
        .break_off("PUT", "/dav/._a", 1000, APPLE_DOUBLE)
        .unwrap();
    assert!(broken.is_none_or(|answer| answer.status == 503));
    assert_eq!(phone.ask("GET", "/dav/._a"), 404);
    assert_eq!(phone.put("/dav/none/._a", APPLE_DOUBLE).status, 409);
    phone.put("/dav/desktop.ini", b"[x]");
    assert_eq!(
        phone.relocate("MOVE", "/dav/desktop.ini", "/dav/letter.txt", &[]),
        403
    );
}

#[test]
fn a_photo_under_a_temporary_name_has_its_lasting_one_in_the_library() {
    let house = House::new();
    let mut phone = house.phone();
    for (temporary, last) in [
        ("IMG_0001.JPG.fstmp", "IMG_0001.JPG"),
        (".IMG_0002.JPG.part", "IMG_0002.JPG"),
        ("a81f3c.tmp", "IMG_0003.JPG"),
    ] {
        let (temporary, target) = (format!("/dav/{temporary}"), format!("/dav/{last}"));
        assert_eq!(phone.put(&temporary, last.as_bytes()).status, 201);
        assert_eq!(phone.relocate("MOVE", &temporary, &target, &[]), 201);
        assert_eq!(phone.get(&target).text(), last);
        let lies_there = house.library().join("unknown").join(last);
        assert_eq!(std::fs::read(lies_there).unwrap(), last.as_bytes());
    }
    assert_eq!(house.files(), 3);
}
