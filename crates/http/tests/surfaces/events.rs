//! `/events`.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use safelight_engine::Invitation;

use crate::house::{Browser, House};

/// A connection on which the head of the request was sent.
fn connect(house: &House, browser: &Browser) -> TcpStream {
    let mut stream = TcpStream::connect(house.address).unwrap();
    let cookie = browser.cookie.as_deref().unwrap();
    let request = format!(
        "GET /events HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\r\n",
        house.address
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// The states that come over such a connection.
fn states(house: &House, browser: &Browser) -> impl Iterator<Item = serde_json::Value> + use<> {
    let lines = BufReader::new(connect(house, browser)).lines();
    lines.map(Result::unwrap).filter_map(|line| {
        let data = line.strip_prefix("data: ")?.to_owned();
        Some(serde_json::from_str(&data).unwrap())
    })
}

#[test]
fn the_first_message_is_the_whole_state_and_arrivals_follow() {
    let house = House::new();
    let browser = house.browser();
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"1");

    let mut states = states(&house, &browser);
    let first = states.next().unwrap();
    assert_eq!(
        (&first["status"]["photos"], &first["arrivals_total"]),
        (&1.into(), &1.into())
    );
    assert_eq!(first["status"]["library"]["state"], "ready");

    phone.put("/dav/b.jpg", b"2");
    let later = states.find(|state| state["arrivals_total"] == 2).unwrap();
    assert_eq!(later["status"]["photos"], 2);
}

#[test]
fn somebody_else_who_looks_is_no_news() {
    let house = House::new();
    let browser = house.browser();
    let mut phone = house.phone();
    let (mut first, mut second) = (states(&house, &browser), states(&house, &browser));
    assert_eq!(first.next().unwrap()["status"]["photos"], 0);
    assert_eq!(second.next().unwrap()["status"]["photos"], 0);
    phone.put("/dav/a.jpg", b"1");
    // What the second watcher made the engine publish again was not sent again: the next message is the photo's.
    assert_eq!(first.next().unwrap()["status"]["photos"], 1);
}

#[test]
fn a_page_that_waits_for_a_phone_is_told_each_step() {
    let house = House::new();
    let browser = house.browser();
    let device = house.device("phone");
    house
        .engine
        .invite(safelight_engine::Asker::Owner, device.id)
        .unwrap();
    let Some(Invitation::Open { code, .. }) = house
        .engine
        .invitation(safelight_engine::Asker::Owner, device.id)
    else {
        panic!("no code")
    };
    let mut states = states(&house, &browser);
    assert_eq!(states.next().unwrap()["pairing_steps"], 0);
    let mut phone = house.stranger().basic(&device.user, &code);
    let target = "/ocs/v2.php/core/getapppassword-onetime?format=json";
    let answer = phone.send("GET", target, &[], b"").unwrap();
    assert!(states.any(|state| state["pairing_steps"] == 1));
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let password = answer["ocs"]["data"]["apppassword"].as_str().unwrap();
    let mut phone = house.stranger().basic(&device.user, password);
    phone.send("HEAD", "/remote.php/dav", &[], b"").unwrap();
    assert!(states.any(|state| state["pairing_steps"] == 2));
}

#[test]
fn a_server_that_closes_ends_it_in_order() {
    let house = House::new();
    let browser = house.browser();
    let mut connection = connect(&house, &browser);
    let mut beginning = [0; 1];
    connection.read_exact(&mut beginning).unwrap();
    drop(house);
    let mut rest = String::new();
    connection.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("\r\n0\r\n\r\n"), "{rest}");
}

#[test]
fn only_the_owner_sees_it() {
    let house = House::new();
    assert_eq!(
        house
            .stranger()
            .send("GET", "/events", &[], b"")
            .unwrap()
            .status,
        401
    );
}
