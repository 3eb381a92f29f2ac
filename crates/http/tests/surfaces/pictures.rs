//! Thumbnails and previews, for the page and for the Nextcloud apps.

use safelight_core::AssetId;
use safelight_engine::{Asker, Command};
use safelight_testkit::{Client, Photos};

use crate::house::{House, Phone};

fn photo() -> Vec<u8> {
    Photos::new(5).take(1, 3_000, 4_000).remove(0).bytes
}

/// The number of a file that a phone sent, as the app learns it; and what it is told of its preview.
fn listed(phone: &mut Phone, name: &str) -> (String, String) {
    let body = br#"<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"
      xmlns:nc="http://nextcloud.org/ns"><d:prop><oc:fileid/><nc:has-preview/><nc:metadata-photos-size/></d:prop></d:propfind>"#;
    let target = format!("/remote.php/dav/files/{}/{name}", phone.user);
    let text = phone
        .send("PROPFIND", &target, &[("Depth", "0")], body)
        .text();
    let part = |begin: &str, end: &str| {
        let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("{text}"));
        rest.split_once(end).unwrap().0.to_owned()
    };
    (
        part("<oc:fileid>", "</oc:fileid>"),
        part("<nc:has-preview>", "</nc:has-preview>"),
    )
}

fn preview(file: &str) -> String {
    format!("/index.php/core/preview?fileId={file}&x=512&y=512&a=1&mode=cover&forceIcon=0")
}

#[test]
fn a_photo_can_be_looked_at_by_who_may_see_it() {
    let Some(house) = House::with_pictures() else {
        return;
    };
    let mut browser = house.browser();
    let mut phone = house.phone();
    assert_eq!(phone.put("/dav/a.jpg", &photo()).status, 201);
    let receipt = house.engine.receipt(Asker::Owner, AssetId(1)).unwrap();
    let of = receipt.unwrap().hash[..16].to_owned();
    for what in ["thumbnail", "preview"] {
        let target = format!("/photo/1/{what}");
        let seen = browser.get(&target);
        assert_eq!(seen.status, 200, "{}", seen.text());
        assert_eq!(seen.header("content-type"), Some("image/jpeg"));
        assert_eq!(seen.header("cache-control"), Some("private, no-cache"));
        assert!(seen.body.starts_with(&[0xff, 0xd8, 0xff]));
        let tag = seen.header("etag").unwrap().to_owned();
        let again = browser.send("GET", &target, &[("If-None-Match", &tag)], b"");
        assert_eq!((again.status, again.body.len()), (304, 0));

        let always = browser.get(&format!("{target}?of={of}"));
        let kept = always.header("cache-control").unwrap();
        assert!(kept.contains("immutable"), "{kept}");
        for wrong in ["", "0", "0000000000000000", &of[..15]] {
            let asked = browser.get(&format!("{target}?of={wrong}"));
            assert_eq!(
                (asked.status, asked.header("cache-control")),
                (200, Some("private, no-cache")),
                "{wrong}"
            );
        }
        let stranger = house.stranger().send("GET", &target, &[], b"").unwrap();
        assert_eq!(stranger.header("location"), Some("/sign-in"));
        assert_eq!(browser.get(&format!("/photo/2/{what}")).status, 404);
    }
    let page = browser.get("/photo/1").text();
    assert!(page.contains("<img src=\"/photo/1/preview?of="), "{page}");
}

#[test]
fn what_cannot_be_shown_says_why() {
    let Some(house) = House::with_pictures() else {
        return;
    };
    let mut browser = house.browser();
    let mut phone = house.phone();
    let mut broken = photo();
    broken.truncate(broken.len() - 30);
    phone.put("/dav/broken.jpg", &broken);
    let seen = browser.get("/photo/1/preview");
    assert_eq!(seen.status, 404);
    let why = seen.text().trim().to_owned();
    assert!(why.starts_with("No picture can be made"), "{why}");
    let page = browser.get("/photo/1").text();
    assert!(page.contains("There is no picture of it"), "{page}");
    assert!(!page.contains("/preview"), "{page}");
    let day = browser
        .get("/timeline")
        .header("location")
        .unwrap()
        .to_owned();
    let tiles = browser.get(&format!("{day}/tiles")).text();
    assert!(
        tiles.contains("\"src\":null") && tiles.contains("\"why\":\"It is damaged"),
        "{tiles}"
    );
    let (file, has_preview) = listed(&mut phone, "broken.jpg");
    assert_eq!(has_preview, "false");
    assert_eq!(phone.get(&preview(&file)).status, 404);
}

#[test]
fn while_nothing_can_be_drawn_one_may_ask_again() {
    // Without the worker.
    let house = House::new();
    let mut browser = house.browser();
    house.phone().put("/dav/a.jpg", &photo());
    let seen = browser.get("/photo/1/thumbnail");
    assert_eq!(seen.status, 503);
    assert!(seen.header("retry-after").is_some());
}

#[test]
fn the_apps_see_their_own_photos() {
    let Some(house) = House::with_pictures() else {
        return;
    };
    let mut phone = house.phone();
    phone.ask("MKCOL", "/dav/DCIM");
    phone.put("/dav/DCIM/a.jpg", &photo());
    phone.put("/dav/notes.txt", b"milk");
    let (file, has_preview) = listed(&mut phone, "DCIM/a.jpg");
    assert_eq!(has_preview, "true");
    let seen = phone.get(&preview(&file));
    assert_eq!(
        (seen.status, seen.header("content-type")),
        (200, Some("image/jpeg"))
    );
    assert!(seen.body.starts_with(&[0xff, 0xd8, 0xff]));
    let tag = seen.header("etag").unwrap().to_owned();
    let again = phone.send("GET", &preview(&file), &[("If-None-Match", &tag)], b"");
    assert_eq!(again.status, 304);
    for target in [
        format!("/core/preview?fileId={file}&x=64&y=64"),
        "/index.php/core/preview.png?file=%2FDCIM%2Fa.jpg&x=64&y=64".to_owned(),
    ] {
        assert_eq!(phone.get(&target).status, 200, "{target}");
    }
    let (notes, has_preview) = listed(&mut phone, "notes.txt");
    assert_eq!(has_preview, "false");
    for target in [
        preview(&notes),
        preview("999"),
        "/index.php/core/preview?x=1&y=1".to_owned(),
        "/index.php/core/preview.png?file=%2F..%2Fa.jpg&x=64&y=64".to_owned(),
    ] {
        assert_eq!(phone.get(&target).status, 404, "{target}");
    }

    // Another device's photo is none of this one's, nor is anybody's without the password.
    let other = house.device("other");
    let mut other = Client::new(house.address).basic(&other.user, &other.password);
    let asked = other.send("GET", &preview(&file), &[], b"").unwrap();
    assert_eq!(asked.status, 404);
    let stranger = house.stranger().send("GET", &preview(&file), &[], b"");
    assert_eq!(stranger.unwrap().status, 401);

    // What was removed with its folder is gone.
    assert_eq!(phone.ask("DELETE", "/dav/DCIM"), 204);
    assert_eq!(phone.get(&preview(&file)).status, 404);
}

#[test]
fn members_see_what_is_theirs() {
    let Some(house) = House::with_pictures() else {
        return;
    };
    house.phone().put("/dav/a.jpg", &photo());
    let safelight_engine::Answer::Person(anna) = house.run(Command::PersonAdd {
        name: "Anna".to_owned(),
        folder: None,
    }) else {
        panic!("no person")
    };
    let mut browser = crate::house::Browser::new(house.address);
    let fields = [("name", &*anna.name), ("password", &*anna.password)];
    assert_eq!(browser.post("/sign-in", &fields).status, 303);
    for target in ["/photo/1/thumbnail", "/photo/1/preview", "/photo/1"] {
        assert_eq!(browser.get(target).status, 404, "{target}");
    }
    let empty = browser.get("/timeline/undated").text();
    assert!(empty.contains("There are no photos yet"), "{empty}");
}
