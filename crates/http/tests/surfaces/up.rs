//! `/up`: the page that sends photos from a browser, without scripts; and what its script asks.

use safelight_engine::{
    Command,
    command::{Meaning, VerifyScope},
    model::DeviceStatus,
};
use safelight_testkit::Response;
use serde_json::{Value, json};

use crate::house::{Browser, House};

/// A browser that is connected by the code of "Add a phone".
fn paired(house: &House, owner: &mut Browser) -> Browser {
    let fields = [
        ("name", "Browser of Anna\u{2019}s iPhone"),
        ("platform", "iphone"),
        ("program", "browser"),
    ];
    let added = owner.fill("/devices/add/iphone", "/devices", &fields);
    assert_eq!(added.status, 303, "{}", added.text());
    let steps = owner.get(added.header("location").unwrap()).text();
    let (_, link) = steps.split_once("/connect/browser/").expect("a code");
    let link = format!("/connect/browser/{}", link.split('"').next().unwrap());
    let mut browser = Browser::new(house.address);
    let asked = browser.get(&link).text();
    assert!(asked.contains("Connect this browser"), "{asked}");
    let answer = browser.post(&link, &[]);
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/up"))
    );
    assert_eq!(
        browser.post(&link, &[]).status,
        404,
        "the code is good once"
    );
    browser
}

fn token(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"token\" value=\"").expect(page);
    rest.split('"').next().unwrap().to_owned()
}

fn sends(browser: &mut Browser, token: &str, files: &[(&str, &[u8])]) -> Response {
    let mut body = Vec::new();
    let mut part = |disposition: &str, content: &[u8]| {
        body.extend_from_slice(b"--edge\r\nContent-Disposition: form-data; ");
        body.extend_from_slice(disposition.as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    part("name=\"token\"", token.as_bytes());
    for (name, content) in files {
        part(&format!("name=\"files\"; filename=\"{name}\""), content);
    }
    body.extend_from_slice(b"--edge--\r\n");
    let kind = [("Content-Type", "multipart/form-data; boundary=edge")];
    browser.send("POST", "/up", &kind, &body)
}

fn devices(house: &House) -> Vec<DeviceStatus> {
    house.engine.devices().unwrap()
}

#[test]
fn a_scanned_code_makes_the_browser_a_device_that_sends_a_plain_form() {
    let house = House::new();
    let mut owner = house.browser();
    let mut browser = paired(&house, &mut owner);
    let page = browser.get("/up");
    let kept = page.header("set-cookie").unwrap().to_owned();
    assert!(kept.starts_with("safelight-browser="), "{kept}");
    assert!(kept.ends_with("HttpOnly; SameSite=Strict"), "{kept}");
    let token = token(&page.text());
    assert_eq!(
        browser.get("/").header("location"),
        Some("/sign-in"),
        "it opens no page of the household's"
    );

    let large = vec![7; 3 << 20];
    let files: [(&str, &[u8]); 3] = [
        ("IMG_1.JPG", b"one"),
        ("C:\\fake\\IMG_2.JPG", &large),
        ("..", b"bad"),
    ];
    let done = sends(&mut browser, &token, &files);
    assert_eq!(done.status, 200, "{}", done.text());
    let text = done.text();
    assert!(text.contains("2 files should stay"), "{text}");
    assert!(text.contains("1 file must stay on the phone"), "{text}");
    assert!(
        !text.contains("may be deleted"),
        "nothing is offsite: {text}"
    );
    assert_eq!(house.files(), 2);
    assert_eq!(devices(&house)[0].photos, 2);

    house.offsite();
    house.run(Command::Backup { destination: None });
    house.run(Command::Verify {
        scope: VerifyScope::Home,
    });
    let again = sends(&mut browser, &token, &files[..2]).text();
    assert!(
        again.contains("2 files may be deleted from the phone"),
        "{again}"
    );
    assert_eq!(house.files(), 2, "the same photos are stored once");
}

#[test]
fn a_form_is_no_success_before_its_photos_may_be_called_stored() {
    let house = House::new();
    let mut owner = house.browser();
    let mut browser = paired(&house, &mut owner);
    let device = &devices(&house)[0];
    assert!(!device.tell_silence, "it sends when a person does");
    house.run(Command::DeviceSet {
        device: device.user.clone(),
        acknowledge: Some(Meaning::Offsite),
        tell_silence: None,
    });
    let token = token(&browser.get("/up").text());
    let files: [(&str, &[u8]); 2] = [("1.jpg", b"one"), ("2.jpg", b"two")];
    let waiting = sends(&mut browser, &token, &files);
    assert_eq!(waiting.status, 503);
    assert!(waiting.header("retry-after").is_some());
    let text = waiting.text();
    assert!(text.contains("2 files should stay on the phone"), "{text}");
    house.offsite();
    let done = sends(&mut browser, &token, &files);
    assert_eq!(done.status, 200);
    let text = done.text();
    assert!(text.contains("2 files may be deleted"), "{text}");
    assert_eq!(house.files(), 2);
}

#[test]
fn forms_of_others_store_nothing() {
    let house = House::new();
    let mut owner = house.browser();
    let mut browser = paired(&house, &mut owner);
    let good = token(&browser.get("/up").text());
    let files: [(&str, &[u8]); 1] = [("a.jpg", b"a")];
    assert_eq!(sends(&mut browser, "", &files).status, 400);
    assert_eq!(sends(&mut browser, &"0".repeat(64), &files).status, 400);
    assert_eq!(sends(&mut browser, &"0".repeat(1000), &files).status, 400);
    assert_eq!(
        sends(&mut Browser::new(house.address), &good, &files).status,
        400
    );
    let foreign = [
        ("Content-Type", "multipart/form-data; boundary=edge"),
        ("Sec-Fetch-Site", "cross-site"),
    ];
    assert_eq!(browser.send("POST", "/up", &foreign, b"").status, 403);
    let script = [("Upload-Complete", "?1"), ("Origin", "http://evil.example")];
    let target = "/up/files?name=a.jpg";
    assert_eq!(browser.send("POST", target, &script, b"a").status, 403);
    assert_eq!(house.files(), 0);
}

#[test]
fn somebody_signed_in_connects_the_browser_once_and_takes_it_back() {
    let house = House::new();
    assert!(
        Browser::new(house.address)
            .get("/up")
            .text()
            .contains("href=\"/sign-in\"")
    );
    let mut owner = house.browser();
    let session = owner.cookie.clone().unwrap();
    let answer = {
        let csrf = crate::house::csrf(&owner.get("/settings").text());
        let name = ("name", "Laptop");
        owner.post("/up/browser", &[("csrf", &csrf), name])
    };
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/up"))
    );
    let mut browser = Browser::new(house.address);
    browser.cookie = owner.cookie.clone();
    assert_ne!(browser.cookie, Some(session));
    let page = browser.get("/up").text();
    assert!(page.contains("They go to your home as Laptop"), "{page}");
    let token = token(&page);
    assert_eq!(
        browser.post("/up/forget", &[("token", "wrong")]).status,
        400
    );
    let cookie = browser.cookie.clone();
    assert_eq!(browser.post("/up/forget", &[("token", &token)]).status, 303);
    assert_eq!(browser.cookie, None);
    browser.cookie = cookie;
    assert!(browser.get("/up").text().contains("may not add photos yet"));
    let device = &devices(&house)[0];
    assert!(device.revoked && !device.tell_silence);
}

#[test]
fn the_script_learns_what_was_sent_before_and_what_is_safe() {
    let house = House::new();
    let mut owner = house.browser();
    let mut browser = paired(&house, &mut owner);
    let target = "/up/files?name=IMG_1.JPG&modified=1700000000123";
    let stored = browser.send("POST", target, &[("Upload-Complete", "?1")], b"one");
    assert_eq!(stored.status, 201, "{}", stored.text());
    let stored: Value = serde_json::from_str(&stored.text()).unwrap();
    let mut ask = |target: &str, question: Value| {
        let answer = browser.send("POST", target, &[], question.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_str::<Value>(&answer.text()).unwrap()
    };
    let file = |name: &str, size: u64, modified: i64| json!({"name": name, "size": size, "modified": modified});
    let question = json!([
        file("IMG_1.JPG", 3, 1_700_000_000_123),
        file("IMG_1.JPG", 4, 1_700_000_000_123),
        file("IMG_1.JPG", 3, 1_700_000_000_124),
        file("IMG_2.JPG", 3, 1_700_000_000_123),
        file("..", 3, 1_700_000_000_123),
        file("IMG_1.JPG", 3, 0),
    ]);
    let sent = json!([stored["sha256"], null, null, null, null, null]);
    assert_eq!(ask("/up/before", question.clone()), sent);
    let found = ask("/api/v1/releasable", json!([stored["sha256"]]));
    assert_eq!(found["not_yet"][0]["sha256"], stored["sha256"]);

    // A photo whose file is lost is to be sent again.
    std::fs::remove_file(house.library().join("2023/11/IMG_1.JPG")).unwrap();
    house.run(Command::Verify {
        scope: VerifyScope::Home,
    });
    assert_eq!(ask("/up/before", question)[0], Value::Null);
    let too_many = json!(vec![file("a", 1, 1); 5001]).to_string();
    assert_eq!(
        browser
            .send("POST", "/up/before", &[], too_many.as_bytes())
            .status,
        413
    );
    assert_eq!(browser.send("POST", "/up/before", &[], b"{}").status, 400);
    let mut nobody = Browser::new(house.address);
    assert_eq!(nobody.send("POST", "/up/before", &[], b"[]").status, 401);
}
