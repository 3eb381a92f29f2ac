//! The settings of how the house is reached.

use safelight_engine::reach::{FixedReach, PlainHttp};

use crate::house::House;

const NOTHING: [(&str, &str); 5] = [
    ("plain_http", "everything"),
    ("public_url", ""),
    ("trusted_proxies", ""),
    ("certificate", ""),
    ("key", ""),
];

/// The form with one field filled in otherwise.
fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let others = NOTHING.into_iter().filter(|(field, _)| *field != name);
    others.chain([(name, value)]).collect()
}

#[test]
fn the_page_tells_addresses_and_fingerprint() {
    let house = House::new();
    let shown = house.tls.shown().unwrap();
    let mut browser = house.browser();
    let page = browser.get("/settings/reach").text().replace("<wbr>", "");
    for expected in [
        shown.fingerprint(),
        shown.key_pin(),
        &format!("https://{}/", house.address),
        &format!("http://{}/", house.address),
    ] {
        assert!(page.contains(expected), "{expected}");
    }
}

#[test]
fn a_page_on_this_machine_tells_where_others_find_it() {
    let house = House::new();
    house.engine.set_address("http://192.168.1.5:8420").unwrap();
    let page = house.browser().get("/settings/reach").text();
    assert!(page.contains("https://192.168.1.5:8420/"), "{page}");
}

#[test]
fn what_is_set_stands_at_once_and_is_kept() {
    let house = House::new();
    let mut browser = house.browser();
    let fields = [
        ("plain_http", "home-network"),
        ("public_url", "https://Photos.example.org/"),
        ("trusted_proxies", "192.168.1.2\r\n172.18.0.0/16"),
        ("certificate", ""),
        ("key", ""),
    ];
    let answer = browser.fill("/settings/reach", "/settings/reach", &fields);
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/settings/reach"))
    );
    let reach = house.engine.reach();
    assert_eq!(reach.plain_http, PlainHttp::HomeNetwork);
    assert!(reach.trusts("172.18.9.9".parse().unwrap()));
    assert!(!reach.announced, "a box that is not ticked is not sent");
    let page = browser.get("/settings/reach").text();
    assert!(
        page.contains("value=\"https://photos.example.org\""),
        "{page}"
    );
    assert!(
        page.contains("192.168.1.2\n172.18.0.0/16</textarea>"),
        "{page}"
    );
    let empty = browser.fill("/settings/reach", "/settings/reach", &NOTHING);
    assert_eq!(empty.status, 303);
    assert_eq!(house.engine.reach().public_url, None);
}

#[test]
fn what_cannot_be_meant_is_refused_and_changes_nothing() {
    let house = House::new();
    let mut browser = house.browser();
    let before = house.engine.reach();
    for (name, value, reason) in [
        ("plain_http", "perhaps", "Choose what may be asked"),
        (
            "public_url",
            "photos.example.org",
            "must begin with https://",
        ),
        (
            "public_url",
            "https://example.org/photos",
            "folder of another site",
        ),
        ("trusted_proxies", "127.0.0.1, nginx", "neither an address"),
        ("certificate", "/etc/cert.pem", "needs both files"),
    ] {
        let answer = browser.fill("/settings/reach", "/settings/reach", &with(name, value));
        let page = answer.text();
        assert!(page.contains(reason), "{name} {value}: {page}");
        assert!(
            !page.contains("From everywhere"),
            "nothing is shown as if it stood"
        );
        assert_eq!(house.engine.reach(), before, "{name}");
    }
}

#[test]
fn a_certificate_that_could_not_be_used_is_not_taken() {
    let house = House::new();
    let mut browser = house.browser();
    let (certificate, key) = (house.beside("cert.pem"), house.beside("key.pem"));
    let mut set = || {
        let mut fields = NOTHING;
        fields[3].1 = &certificate;
        fields[4].1 = &key;
        browser.fill("/settings/reach", "/settings/reach", &fields)
    };
    assert!(set().text().contains("cert.pem"));
    std::fs::write(&certificate, &house.certificate).unwrap();
    std::fs::write(&key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(set().text().contains("cannot be used together"));
    assert_eq!(house.engine.reach().certificate, None);
    let own_key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["photos.example".to_owned()]).unwrap();
    std::fs::write(&certificate, params.self_signed(&own_key).unwrap().pem()).unwrap();
    std::fs::write(&key, own_key.serialize_pem()).unwrap();
    assert_eq!(set().status, 303);
    assert!(house.engine.reach().certificate.is_some());
}

#[test]
fn an_authority_is_asked_for_who_agrees_and_has_a_name() {
    let house = House::new();
    let mut browser = house.browser();
    let page = browser.get("/settings/reach").text();
    assert!(page.contains("letsencrypt.org/directory"), "{page}");
    let public = ("public_url", "https://photos.example.org");
    let agreed = ("acme", "agreed");
    for (fields, reason) in [
        (&[agreed][..], "Set the address from everywhere"),
        (
            &[agreed, ("public_url", "https://nas")],
            "Set the address from everywhere",
        ),
        (
            &[agreed, public, ("acme_email", "anna")],
            "must be one address",
        ),
        (
            &[agreed, public, ("acme_directory", "http://ca.example/")],
            "must be a whole address",
        ),
        (&[agreed, public, ("acme_trust", "root.pem")], "whole path"),
        (
            &[agreed, public, ("certificate", "/c.pem"), ("key", "/k.pem")],
            "Choose one",
        ),
    ] {
        let fields = [&[("plain_http", "everything")], fields].concat();
        let page = browser
            .fill("/settings/reach", "/settings/reach", &fields)
            .text();
        assert!(page.contains(reason), "{fields:?}: {page}");
        assert_eq!(house.engine.reach().acme, None);
    }
    // Whoever does not agree gets none, whatever else they typed.
    let typed = ("acme_email", "anna@example.org");
    let fields = [("plain_http", "everything"), public, typed];
    assert_eq!(
        browser
            .fill("/settings/reach", "/settings/reach", &fields)
            .status,
        303
    );
    assert_eq!(house.engine.reach().acme, None);
    let fields = [("plain_http", "everything"), public, typed, agreed];
    assert_eq!(
        browser
            .fill("/settings/reach", "/settings/reach", &fields)
            .status,
        303
    );
    let acme = house.engine.reach().acme.clone().unwrap();
    assert_eq!(acme.email.unwrap().to_string(), "anna@example.org");
    let page = browser.get("/settings/reach").text();
    assert!(page.contains("is being asked"), "{page}");
    house
        .engine
        .set_certificate_trouble(Some("No certificate could be got"))
        .unwrap();
    let page = browser.get("/settings/reach").text();
    assert!(page.contains("No certificate could be got"), "{page}");
}

#[test]
fn what_was_said_at_the_start_is_not_to_be_changed_here() {
    let house = House::new();
    let mut browser = house.browser();
    let fixed = FixedReach {
        public_url: Some("https://home.example".parse().unwrap()),
        ..FixedReach::default()
    };
    house.engine.fix_reach(fixed).unwrap();
    let page = browser.get("/settings/reach").text();
    assert!(
        page.contains("Fixed with <code>--public-url</code>"),
        "{page}"
    );
    // A browser sends nothing for a field that is disabled; somebody else may.
    let answer = browser.fill(
        "/settings/reach",
        "/settings/reach",
        &with("public_url", "https://other.example"),
    );
    assert_eq!(answer.status, 303);
    let now = house.engine.reach().public_url.clone().unwrap();
    assert_eq!(now.to_string(), "https://home.example");
    assert_eq!(house.engine.stored_reach().public_url, None);
}

#[test]
fn who_adds_a_phone_sees_the_fingerprint() {
    let house = House::new();
    let shown = house.tls.shown().unwrap();
    house.engine.set_fingerprint(shown.fingerprint()).unwrap();
    let mut browser = house.browser();
    let fields = [
        ("name", "Anna's phone"),
        ("platform", "android"),
        ("program", "nextcloud"),
    ];
    let answer = browser.fill("/devices/add/android", "/devices", &fields);
    let steps = answer.header("location").unwrap().to_owned();
    let page = browser.get(&steps).text().replace("<wbr>", "");
    assert!(page.contains(shown.fingerprint()), "{page}");
}
