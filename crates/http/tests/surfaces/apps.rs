//! What the Nextcloud apps send when they look at files and upload whole ones, header by header and property by property:
//! `UploadFileRemoteOperation.java` and `WebdavUtils.java` of nextcloud/android's library, `NextcloudKit+Upload.swift` and
//! `NKProperties.swift` of iOS. How they read the answers is in `WebdavEntry.kt` and `NKDataFileXML.swift`.

use crate::house::{House, Phone};

const OC: &str = "http://owncloud.org/ns";
const NC: &str = "http://nextcloud.org/ns";

/// `getAllPropSet` of the app for Android, by namespace.
const ANDROID: [(&str, &str); 3] = [
    (
        "DAV:",
        "displayname getcontenttype resourcetype getcontentlength getlastmodified creationdate getetag",
    ),
    (
        OC,
        "permissions fileid id size favorite owner-id owner-display-name comments-unread",
    ),
    (
        NC,
        "is-encrypted mount-type has-preview note sharees rich-workspace creation_time upload_time lock lock-owner-type \
         lock-owner lock-owner-displayname lock-owner-editor lock-time lock-timeout lock-token system-tags \
         file-metadata-size file-metadata-gps metadata-photos-size metadata-photos-gps metadata-files-live-photo hidden \
         share-download-limits",
    ),
];

/// `NKProperties` of the app for iOS, the same way.
const IOS: [(&str, &str); 5] = [
    (
        "DAV:",
        "displayname getlastmodified getetag getcontenttype resourcetype quota-available-bytes quota-used-bytes \
         getcontentlength",
    ),
    (
        OC,
        "permissions id fileid size favorite share-types owner-id owner-display-name comments-unread checksums \
         downloadURL data-fingerprint",
    ),
    (
        NC,
        "creation_time upload_time is-encrypted has-preview mount-type rich-workspace note lock lock-owner \
         lock-owner-editor lock-owner-displayname lock-owner-type lock-time lock-timeout system-tags file-metadata-size \
         file-metadata-gps metadata-photos-exif metadata-photos-gps metadata-photos-original_date_time \
         metadata-photos-place metadata-photos-size metadata-files-live-photo hidden share-download-limits",
    ),
    (
        "http://open-collaboration-services.org/ns",
        "share-permissions",
    ),
    ("http://open-cloud-mesh.org/ns", "share-permissions"),
];

/// The question for these properties; each says its own namespace, as iOS writes them.
fn question(properties: &[(&str, &str)]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
        <d:propfind xmlns:d=\"DAV:\" xmlns:oc=\"http://owncloud.org/ns\" xmlns:nc=\"http://nextcloud.org/ns\"><d:prop>"
        .to_owned();
    for (space, names) in properties {
        for name in names.split_whitespace() {
            match *space {
                "DAV:" => text.push_str(&format!("<d:{name} />")),
                space => text.push_str(&format!("<{name} xmlns=\"{space}\"/>")),
            }
        }
    }
    text + "</d:prop></d:propfind>"
}

/// What both apps read of an entry: its address, and the properties of the first `propstat`, by the very prefixes.
struct Read {
    href: String,
    first: String,
}

impl Read {
    fn all(text: &str) -> Vec<Self> {
        let responses = text.split("<d:response>").skip(1);
        responses
            .map(|response| {
                let (_, rest) = response.split_once("<d:href>").unwrap();
                let (href, rest) = rest.split_once("</d:href><d:propstat><d:prop>").unwrap();
                let (first, rest) = rest.split_once("</d:prop>").unwrap();
                assert!(
                    rest.starts_with("<d:status>HTTP/1.1 200 OK</d:status>"),
                    "{rest}"
                );
                let (href, first) = (href.to_owned(), first.to_owned());
                Self { href, first }
            })
            .collect()
    }

    fn text(&self, name: &str) -> &str {
        let (_, rest) = self
            .first
            .split_once(&format!("<{name}>"))
            .unwrap_or_else(|| panic!("no {name} in {}", self.first));
        rest.split_once(&format!("</{name}>")).unwrap().0
    }

    fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap()
    }

    fn is_folder(&self) -> bool {
        let folder = "<d:resourcetype><d:collection/></d:resourcetype>";
        self.first.contains(folder)
    }
}

fn files(phone: &Phone, path: &str) -> String {
    format!("/remote.php/dav/files/{}/{path}", phone.user)
}

#[test]
fn both_apps_read_a_folder() {
    let house = House::new();
    let mut phone = house.phone();
    phone.ask("MKCOL", &files(&phone, "InstantUpload"));
    let photo = files(&phone, "InstantUpload/Caf%C3%A9%20%231.JPG");
    let times = [("X-OC-Mtime", "1600000000"), ("X-OC-Ctime", "1500000000")];
    assert_eq!(phone.send("PUT", &photo, &times, b"12345").status, 201);
    for properties in [&ANDROID[..], &IOS] {
        let root = files(&phone, "");
        let body = question(properties);
        let mut ask = |target: &str| {
            let answer = phone.send("PROPFIND", target, &[("Depth", "1")], body.as_bytes());
            assert_eq!(answer.status, 207, "{}", answer.text());
            assert_eq!(
                answer.header("content-type"),
                Some("application/xml; charset=utf-8")
            );
            Read::all(&answer.text())
        };
        let above = ask(&root);
        assert_eq!(above[0].href, root, "iOS knows the root by it");
        let folder = ask(&format!("{root}InstantUpload"));
        let [folder, photo] = &folder[..] else {
            panic!("a folder and a photo")
        };
        assert_eq!(folder.href, format!("{root}InstantUpload/"));
        assert_eq!(
            photo.href,
            format!("{root}InstantUpload/Caf%C3%A9%20%231.JPG")
        );
        for entry in [folder, photo, &above[0]] {
            assert!(entry.number("oc:fileid") > 0);
            let length = if entry.is_folder() { 0 } else { 5 };
            assert_eq!(entry.number("oc:size"), length, "a number, of a folder too");
            // iOS takes what stands before "oc" for the number.
            let (number, rest) = entry.text("oc:id").split_once("oc").unwrap();
            assert!(number.len() >= 8 && !rest.is_empty() && !rest.contains("oc"));
            assert_eq!(number.parse::<u64>().unwrap(), entry.number("oc:fileid"));
            let etag = entry.text("d:getetag");
            assert!(
                etag.starts_with("&quot;") && etag.ends_with("&quot;"),
                "{etag}"
            );
            assert!(entry.text("d:getlastmodified").ends_with(" GMT"));
            assert!(!entry.text("oc:owner-id").is_empty());
            assert!(!entry.text("oc:owner-display-name").is_empty());
            assert_eq!(entry.text("oc:favorite"), "0");
            assert_eq!(entry.text("nc:is-encrypted"), "0");
            let permissions = if entry.is_folder() {
                "RGDNVCK"
            } else {
                "RGDNVW"
            };
            assert_eq!(entry.text("oc:permissions"), permissions);
        }
        assert!(folder.is_folder() && !photo.is_folder());
        assert_eq!(photo.number("d:getcontentlength"), 5);
        assert_eq!(photo.text("d:displayname"), "Caf\u{e9} #1.JPG");
        assert_eq!(photo.text("d:getcontenttype"), "image/jpeg");
        assert_eq!(photo.number("nc:creation_time"), 1_500_000_000);
    }
}

#[test]
fn the_android_app_looks_uploads_and_looks_again() {
    let house = House::new();
    let mut phone = house.phone();
    let folder = files(&phone, "InstantUpload");
    assert_eq!(phone.ask("HEAD", &folder), 404);
    assert_eq!(
        phone.ask("MKCOL", &files(&phone, "InstantUpload/Camera")),
        409
    );
    let made = phone.send("MKCOL", &folder, &[], b"");
    assert_eq!(made.status, 201);
    assert!(made.header("oc-fileid").is_some());
    assert_eq!(phone.ask("MKCOL", &folder), 405);
    assert_eq!(phone.ask("HEAD", &folder), 200);
    let photo = files(&phone, "InstantUpload/IMG_0001.JPG");
    assert_eq!(phone.ask("HEAD", &photo), 404);
    let sent = [
        ("OC-Total-Length", "3"),
        ("X-OC-Mtime", "1600000000"),
        ("X-OC-Ctime", "1500000000"),
        ("Content-Type", "image/jpeg"),
    ];
    let stored = phone.send("PUT", &photo, &sent, b"one");
    assert_eq!(stored.status, 201, "{}", stored.text());
    let etag = stored.header("oc-etag").unwrap().to_owned();
    assert_eq!(stored.header("etag"), Some(&*etag));
    let seen = phone.send("HEAD", &photo, &[], b"");
    assert_eq!(seen.status, 200);
    for (header, value) in [
        ("etag", &*etag),
        ("oc-etag", &etag),
        ("content-length", "3"),
        ("last-modified", "Sun, 13 Sep 2020 12:26:40 GMT"),
    ] {
        assert_eq!(seen.header(header), Some(value), "{header}");
    }
    // It overwrites what it knows, with the etag in quotes.
    let mut again = sent.to_vec();
    again.push(("If-Match", &etag));
    assert_eq!(phone.send("PUT", &photo, &again, b"two").status, 201);
    assert_eq!(
        phone.send("PUT", &photo, &again, b"three").status,
        503,
        "not 3 bytes"
    );
    again[0].1 = "5";
    assert_eq!(phone.send("PUT", &photo, &again, b"three").status, 412);
    assert_eq!(phone.get(&photo).text(), "two");
    assert_eq!(house.files(), 2, "the version before is kept");
}

#[test]
fn the_ios_app_uploads_marks_and_moves() {
    let house = House::new();
    let mut phone = house.phone();
    let photo = files(&phone, "Photos/2026/11/IMG_0001.HEIC");
    let exists = question(&[("DAV:", "getetag"), (OC, "fileid id")]);
    let asked = phone.send("PROPFIND", &photo, &[("Depth", "0")], exists.as_bytes());
    assert_eq!(asked.status, 404);
    let sent = [
        ("Content-Type", "application/octet-stream"),
        ("X-OC-CTime", "1795334905.0"),
        ("X-OC-MTime", "1795334905.25"),
        ("Overwrite", "true"),
        ("X-NC-WebDAV-Auto-Mkcol", "1"),
    ];
    let mut ids = Vec::new();
    for body in ["one", "two"] {
        let stored = phone.send("PUT", &photo, &sent, body.as_bytes());
        // Also of what was there before: 204 is a failure to the system that sends in the background.
        assert_eq!(stored.status, 201, "{}", stored.text());
        let id = stored.header("oc-fileid").expect("the proof of commit");
        let (number, rest) = id.split_once("oc").unwrap();
        assert!(number.len() == 8 && number.parse::<u64>().is_ok() && !rest.contains("oc"));
        ids.push(id.to_owned());
        for header in ["etag", "oc-etag", "date"] {
            assert!(stored.header(header).is_some(), "{header}");
        }
        for (header, value) in [
            ("x-nc-ownerid", phone.user.as_str()),
            ("x-nc-permissions", "RGDNVW"),
            ("x-oc-mtime", "accepted"),
            ("x-oc-ctime", "accepted"),
        ] {
            assert_eq!(stored.header(header), Some(value), "{header}");
        }
    }
    assert_eq!(ids[0], ids[1], "the name is the same");
    let asked = phone.send("PROPFIND", &photo, &[("Depth", "0")], exists.as_bytes());
    assert_eq!(Read::all(&asked.text())[0].text("oc:id"), ids[0]);

    let change = |what: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><d:propertyupdate xmlns:d=\"DAV:\" xmlns:oc=\"{OC}\" \
             xmlns:nc=\"{NC}\"><d:set><d:prop>{what}</d:prop></d:set></d:propertyupdate>"
        )
    };
    for (what, question, value) in [
        (
            "<nc:metadata-files-live-photo>IMG_0001.MOV</nc:metadata-files-live-photo>",
            (NC, "metadata-files-live-photo"),
            "<nc:metadata-files-live-photo>IMG_0001.MOV<",
        ),
        (
            "<oc:favorite>1</oc:favorite>",
            (OC, "favorite"),
            "<oc:favorite>1<",
        ),
        (
            "<nc:creation_time>1500000000</nc:creation_time>",
            (NC, "creation_time"),
            "<nc:creation_time>1500000000<",
        ),
        (
            "<d:lastmodified>1600000000</d:lastmodified>",
            ("DAV:", "getlastmodified"),
            "<d:getlastmodified>Sun, 13 Sep 2020 12:26:40 GMT<",
        ),
    ] {
        let xml = [("Content-Type", "application/xml")];
        let done = phone.send("PROPPATCH", &photo, &xml, change(what).as_bytes());
        assert_eq!(done.status, 207, "{what}");
        // The app reads the first propstat's status.
        Read::all(&done.text());
        let body = self::question(&[question]);
        let text = phone.send("PROPFIND", &photo, &[("Depth", "0")], body.as_bytes());
        assert!(text.text().contains(value), "{what}: {}", text.text());
    }

    // The address of the server as the app knows it, which behind a proxy is not ours.
    let to = format!(
        "https://photos.example{}",
        files(&phone, "Photos/2026/renamed.HEIC")
    );
    assert_eq!(
        phone.relocate("COPY", &photo, &to, &[("Overwrite", "F")]),
        201
    );
    assert_eq!(
        phone.relocate("MOVE", &photo, &to, &[("Overwrite", "F")]),
        412
    );
    assert_eq!(
        phone.relocate("MOVE", &photo, &to, &[("Overwrite", "T")]),
        204
    );
    assert_eq!(
        phone.get(&files(&phone, "Photos/2026/renamed.HEIC")).text(),
        "two"
    );
    assert_eq!(
        phone.ask("DELETE", &files(&phone, "Photos/2026/renamed.HEIC")),
        204
    );
    assert_eq!(house.files(), 2, "the phone's deleting takes no photo");
}
