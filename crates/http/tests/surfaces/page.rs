//! The owner's pages.

use safelight_engine::{Answer, Command};

use crate::house::{Browser, House, csrf};

#[test]
fn strangers_are_sent_to_the_door() {
    let house = House::new();
    house.browser();
    let mut stranger = Browser::new(house.address);
    for target in [
        "/",
        "/photos",
        "/correct",
        "/corrections",
        "/photo/1",
        "/photo/1/file",
        "/devices",
        "/destinations",
        "/restore",
        "/settings",
        "/task/1",
    ] {
        let answer = stranger.get(target);
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some("/sign-in")),
            "{target}"
        );
    }
    assert_eq!(
        stranger
            .post("/devices", &[("name", "x")])
            .header("location"),
        Some("/sign-in")
    );
    assert!(house.engine.devices().unwrap().is_empty());
}

#[test]
fn every_page_opens_and_is_guarded() {
    let house = House::new();
    let mut browser = house.browser();
    let mut phone = house.phone();
    phone.put("/dav/%3Cscript%3Ealert(1).jpg", b"1");
    house.run(Command::DestinationAdd {
        name: "disk".into(),
        url: format!("file://{}", house.beside("offsite")),
        keys: None,
        password: None,
    });
    for target in [
        "/",
        "/photos",
        "/photos?choose=1",
        "/photos/not-yet-safe",
        "/correct",
        "/correct?photo=1",
        "/corrections",
        "/photo/1",
        "/photos?device=1",
        "/photos/not-yet-safe?device=1",
        "/devices",
        "/devices/add",
        "/devices/add/android",
        "/devices/add/computer",
        "/devices/1/connect",
        "/devices/1/connect/iphone/shortcut",
        "/devices/1",
        "/people",
        "/destinations",
        "/destinations/folder",
        "/destinations/s3",
        "/destinations/1/kit",
        "/restore",
        "/settings",
        "/setup/library",
        "/setup/device",
        "/setup/destination",
    ] {
        let answer = browser.get(target);
        let text = answer.text();
        assert_eq!(answer.status, 200, "{target}: {text}");
        assert!(
            answer
                .header("content-security-policy")
                .unwrap()
                .starts_with("default-src 'none'"),
            "{target}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{target}");
        assert!(!text.contains("<script>"), "{target}: {text}");
        assert!(
            !text.contains("/assets/missing") && !text.contains(" style="),
            "{target}: {text}"
        );
        assert!(
            text.contains("<html lang=\"en\">") && text.contains("<h1"),
            "{target}: {text}"
        );
        let forms = text.matches("<form method=\"post\"").count();
        assert_eq!(
            text.matches("name=\"csrf\"").count(),
            forms,
            "{target}: a form without a token"
        );
    }
    for missing in [
        "/photo/99",
        "/photo/x",
        "/destinations/99/kit",
        "/task/99",
        "/nowhere",
    ] {
        let answer = browser.get(missing);
        assert!(
            [400, 404].contains(&answer.status),
            "{missing}: {}",
            answer.status
        );
    }
}

#[test]
fn assets_are_kept_for_ever() {
    let house = House::new();
    let mut browser = house.browser();
    let page = browser.get("/").text();
    let mut seen = 0;
    for part in page.split('"').filter(|part| part.starts_with("/assets/")) {
        let answer = browser.get(part);
        assert_eq!(answer.status, 200, "{part}");
        assert_eq!(
            answer.header("cache-control"),
            Some("public, max-age=31536000, immutable")
        );
        seen += 1;
    }
    assert_eq!(seen, 4);
    assert_eq!(browser.get("/assets/style.css").status, 404);
}

#[test]
fn forms_of_others_are_refused() {
    let house = House::new();
    let mut browser = house.browser();
    let fields = [
        ("name", "x"),
        ("platform", "android"),
        ("program", "nextcloud"),
    ];
    assert_eq!(browser.post("/devices", &fields).status, 400);
    let foreign = [&fields[..], &[("csrf", "0123")]].concat();
    assert_eq!(browser.post("/devices", &foreign).status, 400);
    let token = csrf(&browser.get("/devices/add/android").text());
    let body = format!("csrf={token}&name=x&platform=android&program=nextcloud");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for (name, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Origin", "http://evil.example"),
    ] {
        assert_eq!(
            browser
                .send("POST", "/devices", &[form, (name, value)], body.as_bytes())
                .status,
            403,
            "{name}"
        );
    }
    assert!(house.engine.devices().unwrap().is_empty());
    let own = format!("http://{}", house.address);
    assert_eq!(
        browser
            .send(
                "POST",
                "/devices",
                &[form, ("Origin", &own)],
                body.as_bytes()
            )
            .status,
        303
    );
}

#[test]
fn names_that_are_not_ours_get_nothing() {
    let house = House::new();
    let client = house.stranger();
    let status = |host: &str| {
        client
            .raw(format!("GET /sign-in HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
            .unwrap()
            .status
    };
    assert_eq!(status("evil.example"), 421);
    assert_eq!(status("photos.example"), 303);
    assert_eq!(status("nas.local:8787"), 303);
}

#[test]
fn a_photo_from_arrival_to_restore() {
    let house = House::new();
    let mut browser = house.browser();
    let mut phone = house.phone();
    let mtime = [("X-OC-Mtime", "1600000000")];
    phone.send("PUT", "/dav/a%22%C3%A4.jpg", &mtime, b"photo");
    assert!(
        browser
            .get("/")
            .text()
            .contains("1 photo is at home, and nowhere else.")
    );

    let file = browser.get("/photo/1/file");
    assert_eq!((file.status, file.text().as_str()), (200, "photo"));
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename*=UTF-8''a%22%C3%A4%2Ejpg")
    );
    assert!(
        file.header("content-security-policy")
            .unwrap()
            .contains("sandbox")
    );

    house.run(Command::DestinationAdd {
        name: "disk".into(),
        url: format!("file://{}", house.beside("offsite")),
        keys: None,
        password: None,
    });
    house.run(Command::Backup { destination: None });
    assert!(browser.get("/").text().contains("Your photo is safe."));
    let receipt = browser.get("/photo/1").text();
    for expected in [
        "Arrived from phone",
        "At home",
        "Offsite: disk",
        "2020/09/a_ä.jpg",
    ] {
        assert!(receipt.contains(expected), "{expected} is not in {receipt}");
    }
    assert!(
        browser
            .get("/photos/not-yet-safe")
            .text()
            .contains("Every photo is safe")
    );
    let kit = browser.get("/destinations/1/kit").text();
    assert!(kit.contains("restic"), "{kit}");

    let to = house.beside("back");
    let begun = browser.fill(
        "/restore",
        "/restore",
        &[("what", "all"), ("to", &to), ("destination", "disk")],
    );
    let task = begun.header("location").unwrap().to_owned();
    let mut page = browser.get(&task).text();
    while page.contains("You can leave this page") {
        page = browser.get(&task).text();
    }
    assert!(page.contains("are back"), "{page}");
    assert_eq!(
        std::fs::read(format!("{to}/2020/09/a_ä.jpg")).unwrap(),
        b"photo"
    );
}

#[test]
fn settings() {
    let house = House::new();
    let mut browser = house.browser();
    let bad = browser.fill("/settings", "/settings/folders", &[("folders", "{YEAR}")]);
    assert!(bad.text().contains("role=\"alert\""), "{}", bad.text());
    assert_eq!(
        browser
            .fill("/settings", "/settings/folders", &[("folders", "{YYYY}")])
            .status,
        303
    );
    assert!(browser.get("/settings").text().contains("value=\"{YYYY}\""));

    let changed = browser.fill(
        "/settings",
        "/settings/password",
        &[("password", "a new password"), ("again", "a new password")],
    );
    assert!(
        changed.text().contains("The new password is set"),
        "{}",
        changed.text()
    );
    let old = browser.cookie.clone();
    browser.fill("/settings", "/sign-out", &[]);
    assert_eq!(browser.cookie, None);
    browser.cookie = old;
    assert_eq!(browser.get("/").header("location"), Some("/sign-in"));
}

#[test]
fn devices_come_and_go() {
    let house = House::new();
    let mut browser = house.browser();
    let Answer::Device(device) = house.run(Command::DeviceAdd {
        name: "old phone".into(),
        person: None,
        acknowledge: None,
    }) else {
        panic!("no device")
    };
    assert!(browser.get("/devices").text().contains("old phone"));
    let revoke = format!("/devices/{}/revoke", device.id);
    assert_eq!(browser.fill("/devices", &revoke, &[]).status, 303);
    assert!(house.engine.devices().unwrap()[0].revoked);
}

#[test]
fn an_address_that_makes_no_sense_is_answered_by_a_page() {
    let house = House::new();
    let mut browser = house.browser();
    for (address, status) in [
        ("/import/1/files", 400),
        ("/timeline/2024-05-17?skip=x", 400),
        ("/photo/x", 404),
        ("/import/99999999999999999999", 404),
    ] {
        let answer = browser.get(address);
        assert_eq!(answer.status, status, "{address}");
        assert!(answer.text().contains("To the first page"), "{address}");
    }
}
