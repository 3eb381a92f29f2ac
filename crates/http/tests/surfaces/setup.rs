//! The way in, as a browser without scripts walks it.

use crate::house::{Browser, House, PASSWORD};

fn location(answer: &safelight_testkit::Response) -> (u16, &str) {
    (answer.status, answer.header("location").unwrap_or_default())
}

#[test]
fn from_nothing_to_the_first_page() {
    let house = House::empty();
    let mut browser = Browser::new(house.address);
    assert_eq!(location(&browser.get("/")), (303, "/setup"));
    assert_eq!(location(&browser.get("/setup")), (303, "/setup/password"));
    let page = browser.get("/setup/password").text();
    assert!(
        !page.contains("name=\"code\""),
        "this machine needs no code"
    );

    let short = browser.post(
        "/setup/password",
        &[("password", "short"), ("again", "short")],
    );
    assert!(short.text().contains("8 characters"), "{}", short.text());
    let unequal = browser.post(
        "/setup/password",
        &[("password", PASSWORD), ("again", "something else")],
    );
    assert!(
        unequal.text().contains("not the same"),
        "{}",
        unequal.text()
    );
    let set = browser.post(
        "/setup/password",
        &[("password", PASSWORD), ("again", PASSWORD)],
    );
    assert_eq!(location(&set), (303, "/setup"));
    let cookie = set.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );

    assert_eq!(location(&browser.get("/setup")), (303, "/setup/library"));
    assert!(
        browser
            .get("/setup/library")
            .text()
            .contains("value=\"/srv/photos\"")
    );
    let relative = browser.fill("/setup/library", "/setup/library", &[("path", "photos")]);
    assert!(
        relative.text().contains("whole path"),
        "{}",
        relative.text()
    );
    let library = house.library().display().to_string();
    assert_eq!(
        location(&browser.fill("/setup/library", "/setup/library", &[("path", &library)])),
        (303, "/setup")
    );

    assert_eq!(location(&browser.get("/setup")), (303, "/setup/device"));
    let phones = browser.get("/setup/device").text();
    assert!(phones.contains("href=\"/devices/add/iphone\""), "{phones}");
    let fields = [
        ("name", "Anna\u{2019}s phone"),
        ("platform", "iphone"),
        ("program", "nextcloud"),
    ];
    let added = browser.fill("/devices/add/iphone", "/devices", &fields);
    assert_eq!(
        location(&added),
        (303, "/devices/1/connect/iphone/nextcloud")
    );

    assert_eq!(
        location(&browser.get("/setup")),
        (303, "/setup/destination")
    );
    let offsite = house.beside("off site");
    let added = browser.fill(
        "/destinations/folder",
        "/destinations/folder",
        &[("name", "disk"), ("path", &offsite)],
    );
    assert_eq!(location(&added), (303, "/destinations"), "{}", added.text());
    assert_eq!(location(&browser.get("/setup")), (303, "/"));
    assert!(
        browser
            .get("/")
            .text()
            .contains("Ready for the first photo")
    );
}

#[test]
fn another_machine_needs_the_code_of_the_terminal() {
    let house = House::empty();
    let mut browser = Browser::new(house.address);
    let form = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Forwarded-For", "192.168.1.9"),
    ];
    let page = browser.send("GET", "/setup/password", &form[1..], b"");
    assert!(page.text().contains("name=\"code\""), "{}", page.text());
    let fields = |code: &str| format!("password=12345678&again=12345678&code={code}");
    for code in ["", "abcde-fghij"] {
        let refused = browser.send("POST", "/setup/password", &form, fields(code).as_bytes());
        assert!(refused.text().contains("not the one"), "{}", refused.text());
        assert!(!house.engine.owner_is_set().unwrap());
    }
    let right = fields(house.engine.setup_code());
    assert_eq!(
        browser
            .send("POST", "/setup/password", &form, right.as_bytes())
            .status,
        303
    );
    assert!(house.engine.owner_is_set().unwrap());
}

#[test]
fn a_password_that_is_set_stays() {
    let house = House::new();
    house.browser();
    let mut stranger = Browser::new(house.address);
    let answer = stranger.post(
        "/setup/password",
        &[("password", "another one"), ("again", "another one")],
    );
    assert_eq!(location(&answer), (303, "/setup"));
    assert_eq!(stranger.cookie, None);
    assert_eq!(
        stranger
            .post("/sign-in", &[("password", "another one")])
            .status,
        403
    );
    assert_eq!(
        stranger.post("/sign-in", &[("password", PASSWORD)]).status,
        303
    );
}
