//! Through a reverse proxy: believed if it is trusted, and nobody else is.

use crate::house::{Browser, House, PASSWORD};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// A house that trusts a proxy on this machine and has a public name.
fn house() -> House {
    let house = House::new();
    house.reach(|reach| {
        reach.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        reach.public_url = Some("https://home.example".parse().unwrap());
    });
    house
}

#[test]
fn the_owner_is_warned_of_an_app_that_asks_from_outside() {
    let house = house();
    let mut browser = house.browser();
    for (from, warned) in [("203.0.113.9", true), ("192.168.1.7", false)] {
        let headers = [("X-Forwarded-For", from)];
        let mut app = house.stranger();
        let begun = app.send("POST", "/login/v2", &headers, b"").unwrap();
        let begun: serde_json::Value = serde_json::from_slice(&begun.body).unwrap();
        let (_, token) = begun["login"].as_str().unwrap().rsplit_once('/').unwrap();
        let page = browser.get(&format!("/login/v2/flow/{token}")).text();
        assert!(page.contains(from), "{page}");
        let warning = "not begun in your home network";
        assert_eq!(page.contains(warning), warned, "{from}");
    }
}

fn last_seen_from(house: &House) -> Option<String> {
    house.engine.devices().unwrap()[0].last_seen_from.clone()
}

#[test]
fn a_device_was_last_seen_where_it_was() {
    let house = house();
    let mut phone = house.phone();
    let forwarded = [("X-Forwarded-For", "10.0.0.9, 203.0.113.9")];
    assert_eq!(
        phone.send("PUT", "/dav/a.jpg", &forwarded, b"1").status,
        201
    );
    assert_eq!(last_seen_from(&house).as_deref(), Some("203.0.113.9"));
}

#[test]
fn what_somebody_else_writes_into_the_headers_is_nothing() {
    let house = House::new();
    let mut phone = house.phone();
    for name in ["X-Forwarded-For", "Forwarded", "X-Real-IP"] {
        let value = if name == "Forwarded" {
            "for=203.0.113.9"
        } else {
            "203.0.113.9"
        };
        assert_eq!(
            phone
                .send("PUT", "/dav/a.jpg", &[(name, value)], name.as_bytes())
                .status,
            201
        );
        assert_eq!(
            last_seen_from(&house).as_deref(),
            Some("127.0.0.1"),
            "{name}"
        );
    }
    // Nor is a cookie made `Secure`, or another name ours, because somebody says so.
    let says = [
        FORM,
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "photos.example"),
    ];
    drop(house.browser());
    let body = format!("password={}", PASSWORD.replace(' ', "+"));
    let answer = house
        .stranger()
        .send("POST", "/sign-in", &says, body.as_bytes())
        .unwrap();
    assert!(
        answer
            .header("set-cookie")
            .unwrap()
            .starts_with("safelight=")
    );
}

#[test]
fn wrong_passwords_are_counted_for_who_sent_them() {
    let house = house();
    let device = house.device("phone");
    let knock = |from: &str, password: &str| {
        let mut client = house.stranger().basic(&device.user, password);
        let headers = [("X-Forwarded-For", from), ("Depth", "0")];
        client
            .send("PROPFIND", "/dav/", &headers, b"")
            .unwrap()
            .status
    };
    let mut last = 0;
    for _ in 0..8 {
        last = knock("203.0.113.9", "wrong");
    }
    assert_eq!(last, 503, "slowed down");
    // The same proxy, another client.
    assert_eq!(knock("198.51.100.7", "wrong"), 401);
    assert_eq!(knock("198.51.100.7", &device.password), 207);
}

#[test]
fn the_page_is_shown_under_the_public_name() {
    let house = house();
    let through = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "home.example"),
    ];
    let answer = house
        .stranger()
        .send("GET", "/sign-in", &through, b"")
        .unwrap();
    assert_eq!(answer.status, 303);
    let elsewhere = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Host", "evil.example"),
    ];
    let answer = house
        .stranger()
        .send("GET", "/sign-in", &elsewhere, b"")
        .unwrap();
    assert_eq!(answer.status, 421);
}

#[test]
fn the_browser_at_the_other_end_is_encrypted() {
    let house = house();
    drop(house.browser());
    let through = [
        FORM,
        ("Forwarded", "for=203.0.113.9;proto=https;host=home.example"),
        ("Origin", "https://home.example"),
    ];
    let body = format!("password={}", PASSWORD.replace(' ', "+"));
    let answer = house
        .stranger()
        .send("POST", "/sign-in", &through, body.as_bytes())
        .unwrap();
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-safelight=") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap().to_owned();
    let mut browser = Browser::new(house.address);
    let through = [through[1], ("Cookie", pair.as_str())];
    assert_eq!(browser.send("GET", "/", &through, b"").status, 200);
}

#[test]
fn a_proxy_on_this_machine_is_not_this_machine() {
    let house = house();
    let token = house.engine.make_control_token().to_owned();
    let knock = |headers: &[(&str, &str)]| {
        let mut client = house.stranger().bearer(&token);
        client
            .send("POST", "/control", headers, b"{\"do\":\"status\"}")
            .unwrap()
            .status
    };
    assert_eq!(knock(&[]), 200);
    assert_eq!(knock(&[("X-Forwarded-For", "127.0.0.1")]), 403);
    assert_eq!(knock(&[("X-Forwarded-Proto", "https")]), 403);
}
