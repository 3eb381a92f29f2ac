//! TLS and plain HTTP on one port, and what plain HTTP may do.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use safelight_engine::reach::PlainHttp;
use safelight_http::tls::{Identity, Issuer};
use safelight_testkit::Client;

use crate::house::{House, PASSWORD};

#[test]
fn both_are_spoken_on_one_port() {
    let house = House::new();
    let device = house.device("phone");
    let photo = vec![7; 3_000_000];
    let mut encrypted = house.encrypted().basic(&device.user, &device.password);
    let mut plain = house.stranger().basic(&device.user, &device.password);
    for (client, name) in [(&mut encrypted, "/dav/a.jpg"), (&mut plain, "/dav/b.jpg")] {
        let put = client.send("PUT", name, &[], &photo).unwrap();
        assert_eq!(put.status, 201, "{name}");
    }
    // Each reads what the other sent; whole answers of several records, too.
    for (client, name) in [(&mut encrypted, "/dav/b.jpg"), (&mut plain, "/dav/a.jpg")] {
        assert!(
            client.send("GET", name, &[], b"").unwrap().body == photo,
            "{name}"
        );
    }
    assert_eq!(house.files(), 1);
}

#[test]
fn who_trusts_another_certificate_gets_nowhere() {
    let (house, other) = (House::new(), House::new());
    let mut client = house.stranger().encrypted(&other.certificate);
    assert!(client.send("GET", "/", &[], b"").is_err());
    assert_eq!(
        house
            .encrypted()
            .send("GET", "/sign-in", &[], b"")
            .unwrap()
            .status,
        303
    );
}

#[test]
fn a_new_certificate_is_shown_from_the_next_connection_on() {
    let house = House::new();
    let mut open = house.encrypted();
    assert_eq!(open.send("GET", "/sign-in", &[], b"").unwrap().status, 303);
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let renewed = params.self_signed(&key).unwrap().pem();
    house.tls.show(
        Identity::from_pem(
            Issuer::Owner,
            renewed.as_bytes(),
            key.serialize_pem().as_bytes(),
        )
        .unwrap(),
    );
    assert_eq!(open.send("GET", "/sign-in", &[], b"").unwrap().status, 303);
    assert!(house.encrypted().send("GET", "/sign-in", &[], b"").is_err());
    let mut new = house.stranger().encrypted(&renewed);
    let answer = new.send("GET", "/sign-in", &[], b"").unwrap();
    // It binds every port of the name, and this is not the port that the name is known by.
    assert_eq!(answer.header("strict-transport-security"), None);
    // Others vouch for this certificate, so that browsers may insist on it under the public address; not where nothing is
    // encrypted.
    house.reach(|reach| reach.public_url = Some("https://photos.example".parse().unwrap()));
    let insists = |client: Client, host: &str| {
        let request = format!("GET /sign-in HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let answer = client.raw(request.as_bytes()).unwrap();
        assert_eq!(answer.status, 303);
        answer.header("strict-transport-security").is_some()
    };
    assert!(insists(new, "photos.example"));
    let new = || house.stranger().encrypted(&renewed);
    assert!(!insists(new(), "photos.example:8420"));
    assert!(!insists(new(), "nas"));
    assert!(!insists(house.stranger(), "photos.example"));
}

#[test]
fn our_own_certificate_binds_no_browser() {
    let house = House::new();
    house.reach(|reach| reach.public_url = Some("https://photos.example".parse().unwrap()));
    let request = "GET /sign-in HTTP/1.1\r\nHost: photos.example\r\n\r\n";
    let answer = house.encrypted().raw(request.as_bytes()).unwrap();
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("strict-transport-security"), None);
}

#[test]
fn what_is_neither_ends_only_itself() {
    let house = House::new();
    for begins in [
        &[0x16, 3, 1, 0xFF, 0xFF][..],
        &[0x16, b'G', b'E', b'T', b' ', b'/'],
        &[0x80, 0x2E, 1, 0, 2],
        &[0],
        b"\r\n\r\nSSH-2.0-x\r\n",
    ] {
        let mut stream = TcpStream::connect(house.address).unwrap();
        stream.write_all(begins).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        // It may be reset rather than closed; neither is an answer of ours to a request.
        drop(stream.read_to_end(&mut answer));
        let text = String::from_utf8_lossy(&answer);
        assert!(!text.starts_with("HTTP/1.1 2"), "{begins:?}: {text}");
    }
    assert_eq!(
        house
            .stranger()
            .send("GET", "/sign-in", &[], b"")
            .unwrap()
            .status,
        303
    );
}

#[test]
fn a_handshake_that_never_ends_keeps_nobody_waiting() {
    let house = House::new();
    let mut slow = TcpStream::connect(house.address).unwrap();
    slow.write_all(&[0x16, 3, 1, 2, 0, 1]).unwrap();
    let silent = TcpStream::connect(house.address).unwrap();
    assert_eq!(
        house
            .encrypted()
            .send("GET", "/sign-in", &[], b"")
            .unwrap()
            .status,
        303
    );
    // Closing the house waits for requests that have begun; these have not, and it ends at once.
    drop(house);
    let mut end = Vec::new();
    for mut stream in [slow, silent] {
        stream.read_to_end(&mut end).unwrap_or_default();
    }
    assert!(end.is_empty());
}

#[test]
fn cookies_of_the_two_are_different_ones() {
    let house = House::new();
    let mut secure = house.signed_in(house.encrypted());
    let cookie = secure.cookie.clone().unwrap();
    assert!(cookie.starts_with("__Host-safelight="), "{cookie}");
    assert_eq!(secure.get("/").status, 200);
    let answer = secure.fill("/settings", "/sign-out", &[]);
    assert!(answer.header("set-cookie").unwrap().contains("; Secure"));
    assert_eq!(secure.cookie, None);

    let mut plain = house.browser();
    let cookie = plain.cookie.clone().unwrap();
    assert!(cookie.starts_with("safelight="), "{cookie}");
    // What anybody on the way may have set is nothing over HTTPS.
    let mut encrypted = house.encrypted();
    let answer = encrypted
        .send("GET", "/", &[("Cookie", &cookie)], b"")
        .unwrap();
    assert_eq!(answer.header("location"), Some("/sign-in"));
    assert_eq!(plain.get("/").status, 200);
}

#[test]
fn plain_http_may_be_for_this_machine_only() {
    let house = House::new();
    house.reach(|reach| reach.plain_http = PlainHttp::RedirectOnly);
    let status = |headers: &[(&str, &str)]| {
        let answer = house
            .stranger()
            .send("GET", "/sign-in?x=1", headers, b"")
            .unwrap();
        (answer.status, answer.header("location").map(str::to_owned))
    };
    assert_eq!(status(&[]).0, 303);
    // A proxy that nobody named may pass on anybody.
    let (redirected, to) = status(&[("X-Forwarded-For", "203.0.113.9")]);
    assert_eq!(redirected, 307);
    assert_eq!(to, Some(format!("https://{}/sign-in?x=1", house.address)));
}

#[test]
fn a_photo_on_the_wrong_way_is_sent_to_the_right_one() {
    let house = House::new();
    let device = house.device("phone");
    let from_far = |house: &House| {
        house
            .stranger()
            .basic(&device.user, &device.password)
            .send(
                "PUT",
                "/dav/a.jpg",
                &[("X-Forwarded-For", "203.0.113.9")],
                &vec![1; 2_000_000],
            )
            .unwrap()
    };
    house.reach(|reach| {
        reach.plain_http = PlainHttp::HomeNetwork;
        reach.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    });
    let answer = from_far(&house);
    assert_eq!(answer.status, 307);
    assert_eq!(
        answer.header("location"),
        Some(format!("https://{}/dav/a.jpg", house.address).as_str())
    );
    assert_eq!(house.files(), 0);
    house.reach(|reach| reach.plain_http = PlainHttp::Everything);
    assert_eq!(from_far(&house).status, 201);
}

#[test]
fn signing_in_is_not_possible_where_it_could_be_read() {
    let house = House::new();
    drop(house.browser());
    house.reach(|reach| {
        reach.plain_http = PlainHttp::RedirectOnly;
        reach.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    });
    let form = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Forwarded-For", "192.168.1.77"),
    ];
    let body = format!("password={}", PASSWORD.replace(' ', "+"));
    let answer = house
        .stranger()
        .send("POST", "/sign-in", &form, body.as_bytes())
        .unwrap();
    assert_eq!((answer.status, answer.header("set-cookie")), (307, None));
}
