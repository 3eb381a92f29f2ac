//! `/up/files`: uploads that go on where they broke off.

use std::{io::Write, net::TcpStream};

use safelight_engine::{
    Command,
    command::{Meaning, NewDevice},
};
use safelight_testkit::{Client, Response};

use crate::house::House;

const PIECE: (&str, &str) = ("Content-Type", "application/partial-upload");
const MORE: (&str, &str) = ("Upload-Complete", "?0");
const END: (&str, &str) = ("Upload-Complete", "?1");

fn json(answer: &Response) -> serde_json::Value {
    serde_json::from_str(&answer.text()).unwrap()
}

struct Sender(Client);

impl Sender {
    fn new(house: &House, device: &NewDevice) -> Self {
        Self(house.stranger().bearer(&device.token))
    }

    fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        self.0.send(method, target, headers, body).unwrap()
    }

    /// Begins an upload of so many bytes and returns its address.
    fn begin(&mut self, target: &str, total: u64) -> String {
        let total = total.to_string();
        let answer = self.send("POST", target, &[MORE, ("Upload-Length", &total)], b"");
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.header("upload-complete"), Some("?0"));
        answer.header("location").unwrap().to_owned()
    }

    fn append(&mut self, address: &str, at: u64, end: (&str, &str), body: &[u8]) -> Response {
        let at = at.to_string();
        self.send(
            "PATCH",
            address,
            &[PIECE, end, ("Upload-Offset", &at)],
            body,
        )
    }

    /// The status of a HEAD, the offset, and whether it is complete.
    fn look(&mut self, address: &str) -> (u16, Option<String>, Option<String>) {
        let answer = self.send("HEAD", address, &[], b"");
        let header = |name| answer.header(name).map(str::to_owned);
        (
            answer.status,
            header("upload-offset"),
            header("upload-complete"),
        )
    }
}

fn here(offset: &str, complete: &str) -> (u16, Option<String>, Option<String>) {
    (204, Some(offset.to_owned()), Some(complete.to_owned()))
}

#[test]
fn a_file_in_one_request_is_stored_at_once() {
    let house = House::new();
    let mut phone = Sender::new(&house, &house.device("phone"));
    let target = "/up/files?name=DCIM%2FIMG_1.JPG&modified=1700000000123";
    let stored = phone.send("POST", target, &[END], b"bytes");
    assert_eq!(stored.status, 201, "{}", stored.text());
    assert_eq!(stored.header("upload-complete"), Some("?1"));
    let stored = json(&stored);
    assert_eq!(stored["status"], "stored");
    assert_eq!(
        stored["path"], "2023/11/IMG_1.JPG",
        "folders of a client's are no part of the name"
    );
    let again = json(&phone.send("POST", target, &[END], b"bytes"));
    assert_eq!(
        (&again["status"], &again["id"]),
        (&"duplicate".into(), &stored["id"])
    );
    assert_eq!(house.files(), 1);
}

#[test]
fn an_upload_goes_on_where_the_connection_broke() {
    let house = House::new();
    let device = house.device("phone");
    let mut phone = Sender::new(&house, &device);
    let address = phone.begin("/up/files?name=film.mp4&modified=1700000000123", 10);
    assert_eq!(phone.look(&address), here("0", "?0"));
    let half = phone.append(&address, 0, MORE, b"0123");
    assert_eq!(
        (half.status, half.header("upload-offset")),
        (204, Some("4"))
    );

    // Three of the six bytes that are left come, then the line is cut.
    let (host, token) = (house.address, &device.token);
    let head = format!(
        "PATCH {address} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/partial-upload\r\n\
         Upload-Complete: ?1\r\nUpload-Offset: 4\r\nContent-Length: 6\r\n\r\n456"
    );
    safelight_testkit::process::until("the three bytes that came are kept", || {
        // A line that is cut before its request is looked at leaves nothing.
        if phone.look(&address) == here("4", "?0") {
            let mut line = TcpStream::connect(house.address).unwrap();
            line.write_all(head.as_bytes()).unwrap();
        }
        (phone.look(&address) == here("7", "?0")).then_some(())
    });
    assert_eq!(house.files(), 0, "nothing of it is a photo yet");

    let wrong = phone.append(&address, 4, END, b"456789");
    assert_eq!(
        (wrong.status, wrong.header("upload-offset")),
        (409, Some("7")),
        "{}",
        wrong.text()
    );
    assert_eq!(
        json(&wrong)["type"],
        "https://iana.org/assignments/http-problem-types#mismatching-upload-offset"
    );
    let stored = phone.append(&address, 7, END, b"789");
    assert_eq!(stored.status, 201, "{}", stored.text());
    let file = house.library().join("2023/11/film.mp4");
    assert_eq!(std::fs::read(file).unwrap(), b"0123456789");

    // Whoever did not hear that asks again.
    assert_eq!(phone.look(&address), here("10", "?1"));
    let told = phone.append(&address, 10, END, b"");
    assert_eq!(told.status, 201);
    assert_eq!(json(&told)["sha256"], json(&stored)["sha256"]);
    assert_eq!(phone.append(&address, 10, END, b"more").status, 400);
    assert_eq!(house.files(), 1);
}

#[test]
fn the_same_creation_again_finds_what_is_here() {
    let house = House::new();
    let mut phone = Sender::new(&house, &house.device("phone"));
    let target = "/up/files?name=film.mp4&modified=1700000000123";
    let address = phone.begin(target, 10);
    phone.append(&address, 0, MORE, b"0123");
    let again = phone.send("POST", target, &[MORE, ("Upload-Length", "10")], b"");
    assert_eq!(again.header("location"), Some(address.as_str()));
    assert_eq!(again.header("upload-offset"), Some("4"));
    for (other, total) in [
        ("/up/files?name=film.mp4&modified=1700000000124", 10),
        ("/up/files?name=film.mp4&modified=1700000000123", 11),
        ("/up/files?name=other.mp4&modified=1700000000123", 10),
        ("/up/files?name=film.mp4", 10),
    ] {
        assert_ne!(phone.begin(other, total), address, "{other}");
    }
    let mut another = Sender::new(&house, &house.device("another"));
    assert_eq!(another.look(&address).0, 404, "not another device's");
    assert_eq!(another.begin(target, 10), address, "a name of its own");
    assert_eq!(another.look(&address), here("0", "?0"));
}

#[test]
fn what_is_at_home_is_not_sent_again_while_stored_means_offsite() {
    let house = House::new();
    let device = house.device("phone");
    house.run(Command::DeviceSet {
        device: device.user.clone(),
        acknowledge: Some(Meaning::Offsite),
        tell_silence: None,
    });
    let mut phone = Sender::new(&house, &device);
    let target = "/up/files?name=film.mp4&modified=1700000000123";
    let address = phone.begin(target, 10);
    assert_eq!(phone.append(&address, 0, END, b"0123456789").status, 503);
    for _ in 0..2 {
        let again = phone.send("POST", target, &[MORE, ("Upload-Length", "10")], b"");
        assert_eq!(again.status, 201, "{}", again.text());
        assert_eq!(again.header("location"), Some(address.as_str()));
        assert_eq!(again.header("upload-offset"), Some("10"));
        assert_eq!(again.header("upload-complete"), Some("?0"), "not called so");
        assert_eq!(phone.append(&address, 10, END, b"").status, 503);
    }
    house.offsite();
    assert_eq!(phone.append(&address, 10, END, b"").status, 201);
    assert_eq!(house.files(), 1);
    // Another length is another file.
    assert_ne!(phone.begin(target, 11), address);
}

#[test]
fn a_creation_may_bring_the_first_bytes_and_tell_no_length() {
    let house = House::new();
    let mut phone = Sender::new(&house, &house.device("phone"));
    let begun = phone.send("POST", "/up/files?name=a.bin", &[MORE], b"abc");
    assert_eq!(
        (begun.status, begun.header("upload-offset")),
        (201, Some("3"))
    );
    let address = begun.header("location").unwrap().to_owned();
    assert_eq!(phone.append(&address, 3, END, b"def").status, 201);
    assert_eq!(house.files(), 1);
}

#[test]
fn what_is_taken_back_is_gone() {
    let house = House::new();
    let mut phone = Sender::new(&house, &house.device("phone"));
    let address = phone.begin("/up/files?name=a.bin", 10);
    assert_eq!(phone.send("DELETE", &address, &[], b"").status, 204);
    assert_eq!(phone.look(&address).0, 404);
    assert_eq!(phone.append(&address, 0, END, b"0123456789").status, 404);
    assert_eq!(phone.send("DELETE", &address, &[], b"").status, 404);
}

#[test]
fn lengths_that_do_not_agree_store_nothing() {
    let house = House::new();
    let mut phone = Sender::new(&house, &house.device("phone"));
    let address = phone.begin("/up/files?name=a.bin", 10);
    let short = phone.append(&address, 0, END, b"0123");
    assert_eq!(short.status, 400);
    assert_eq!(
        json(&short)["type"],
        "https://iana.org/assignments/http-problem-types#inconsistent-upload-length"
    );
    assert_eq!(phone.append(&address, 0, MORE, b"0123456789a").status, 400);
    assert_eq!(phone.look(&address), here("0", "?0"));
    let both = [END, ("Upload-Length", "4")];
    let told = phone.send("POST", "/up/files?name=b.bin", &both, b"12345");
    assert_eq!(told.status, 400);
    assert_eq!(house.files(), 0);
}

#[test]
fn what_cannot_be_understood_is_refused() {
    let house = House::new();
    let mut phone = Sender::new(&house, &house.device("phone"));
    for (target, headers) in [
        ("/up/files", &[END][..]),
        ("/up/files?name=", &[END]),
        ("/up/files?name=..", &[END]),
        ("/up/files?name=a%00b", &[END]),
        ("/up/files?name=a.jpg", &[]),
        ("/up/files?name=a.jpg", &[("Upload-Complete", "yes")]),
        ("/up/files?name=a.jpg", &[MORE, ("Upload-Length", "-1")]),
        (
            "/up/files?name=a.jpg",
            &[MORE, ("Upload-Length", "1000000000000000")],
        ),
        ("/up/files?name=a.jpg&modified=soon", &[END]),
    ] {
        let answer = phone.send("POST", target, headers, b"x");
        assert_eq!(answer.status, 400, "{target} {headers:?}");
        assert!(!json(&answer)["error"].as_str().unwrap().is_empty());
    }
    let address = phone.begin("/up/files?name=a.bin", 1);
    let no_piece = [END, ("Upload-Offset", "0")];
    assert_eq!(phone.send("PATCH", &address, &no_piece, b"x").status, 415);
    assert_eq!(
        phone.send("PATCH", &address, &[PIECE, END], b"x").status,
        400
    );
    assert_eq!(phone.append("/up/files/nothing", 0, END, b"x").status, 404);
    assert_eq!(house.files(), 0);
}

#[test]
fn nobody_else_may_send() {
    let house = House::new();
    let device = house.device("phone");
    let target = "/up/files?name=a.bin";
    let send = |mut client: Client| client.send("POST", target, &[END], b"x").unwrap().status;
    assert_eq!(send(house.stranger()), 401);
    assert_eq!(send(house.stranger().bearer("wrong")), 401);
    let mut phone = Sender::new(&house, &device);
    let address = phone.begin(target, 4);
    house.run(Command::DeviceRevoke { id: device.id });
    assert_eq!(phone.append(&address, 0, END, b"0123").status, 401);
    assert_eq!(house.files(), 0);
}
