//! `/events`.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
};

use crate::house::House;

#[test]
fn the_first_message_is_the_whole_state_and_arrivals_follow() {
    let house = House::new();
    let browser = house.browser();
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"1");

    let mut stream = TcpStream::connect(house.address).unwrap();
    let request = format!(
        "GET /events HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n",
        house.address,
        browser.cookie.as_deref().unwrap()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut states = BufReader::new(stream)
        .lines()
        .map(Result::unwrap)
        .filter_map(|line| {
            let data = line.strip_prefix("data: ")?.to_owned();
            Some(serde_json::from_str::<serde_json::Value>(&data).unwrap())
        });
    let first = states.next().unwrap();
    assert_eq!(
        (&first["status"]["photos"], &first["arrivals_total"]),
        (&1.into(), &1.into())
    );
    assert_eq!(first["status"]["library"]["state"], "ready");

    phone.put("/dav/b.jpg", b"2");
    let later = states.find(|state| state["status"]["photos"] == 2).unwrap();
    assert_eq!(later["arrivals_total"], 2);
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
