//! Nextcloud's chunked upload over kills, lost answers and a real client of it.

use safelight_testkit::{Photos, tree};

use crate::house::House;

/// What the server should call an upload, below the uploads of the phone.
fn address(house: &House, name: &str) -> String {
    format!("/remote.php/dav/uploads/{}/{name}", house.phone.user)
}

fn destination(house: &House, name: &str) -> String {
    format!(
        "http://{}/remote.php/dav/files/{}/{name}",
        house.server.address(),
        house.phone.user
    )
}

fn assemble(house: &House, upload: &str, name: &str) -> u16 {
    let to = destination(house, name);
    let answer = house
        .client()
        .send(
            "MOVE",
            &format!("{upload}/.file"),
            &[("Destination", &to), ("Overwrite", "T")],
            b"",
        )
        .unwrap();
    answer.status
}

#[test]
fn a_kill_between_pieces_loses_none_of_them() {
    let mut house = House::new();
    let picture = Photos::new(61).next(3_000_000);
    let upload = address(&house, "0123456789abcdef");
    let mut client = house.client();
    assert_eq!(client.send("MKCOL", &upload, &[], b"").unwrap().status, 201);
    for (number, piece) in (1..).zip(picture.bytes.chunks(500_000)) {
        let target = format!("{upload}/{number:06}");
        let answer = house.client().send("PUT", &target, &[], piece).unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
        house.server.kill();
        assert!(
            tree::files(house.library()).unwrap().is_empty(),
            "what is not whole is not in the library"
        );
        house.server.restart().unwrap();
        let listed = house
            .client()
            .send("PROPFIND", &upload, &[("Depth", "1")], b"")
            .unwrap();
        assert_eq!(listed.status, 207, "{listed:?}");
        let responses = listed.text().matches("<d:response>").count();
        assert_eq!(responses, 1 + number, "{}", listed.text());
    }
    // The answer is lost with the server; asked again it is the same, without a second photo.
    for _ in 0..2 {
        assert_eq!(assemble(&house, &upload, &picture.name), 201);
        assert_eq!(house.get(&picture.name), picture.bytes);
        house.server.kill();
        house.server.restart().unwrap();
    }
    assert_eq!(house.count("photos"), 1);
}

/// Kills the server while it makes the whole, at whatever moment the machine happens to be, and asks again as the app
/// does: from the beginning if nothing is known of the upload any more.
#[test]
fn a_kill_while_the_whole_is_made_ends_with_the_photo() {
    let mut house = House::new();
    let mut photos = Photos::new(62);
    for round in 0_u32..8 {
        let picture = photos.next(2_000_000);
        let upload = address(&house, &format!("round-{round}"));
        send(&house, &upload, &picture.bytes);
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| {
                let to = destination(&house, &picture.name);
                let headers = [("Destination", to.as_str())];
                let target = format!("{upload}/.file");
                // Whatever comes of it, an error included: the answer is lost.
                drop(house.client().send("MOVE", &target, &headers, b""));
            });
            for _ in 0..round * 40 {
                std::thread::yield_now();
            }
            house.server.shoot();
            asked.join().unwrap();
        });
        house.server.restart().unwrap();
        if assemble(&house, &upload, &picture.name) != 201 {
            send(&house, &upload, &picture.bytes);
            assert_eq!(assemble(&house, &upload, &picture.name), 201, "{round}");
        }
        assert_eq!(house.get(&picture.name), picture.bytes, "{round}");
    }
    assert_eq!(house.count("photos"), 8);
}

fn send(house: &House, upload: &str, bytes: &[u8]) {
    let mut client = house.client();
    let begun = client.send("MKCOL", upload, &[], b"").unwrap().status;
    assert!(matches!(begun, 201 | 405), "{begun}");
    let listed = client.send("PROPFIND", upload, &[("Depth", "1")], b"");
    assert_eq!(listed.unwrap().status, 207);
    for (number, piece) in (1..).zip(bytes.chunks(700_000)) {
        let target = format!("{upload}/{number}");
        let answer = client.send("PUT", &target, &[], piece).unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
    }
}
