//! MOVE and COPY.

use crate::house::{House, Phone};

fn with_photo(house: &House) -> Phone {
    let mut phone = house.phone();
    phone.put("/dav/a.jpg", b"a");
    phone.ask("MKCOL", "/dav/d");
    phone.put("/dav/d/b.jpg", b"b");
    phone
}

#[test]
fn new_names_and_replaced_ones() {
    let house = House::new();
    for method in ["MOVE", "COPY"] {
        let mut phone = with_photo(&house);
        let absolute = format!("http://{}/dav/c%20c.jpg", house.address);
        assert_eq!(
            phone.relocate(method, "/dav/a.jpg", &absolute, &[]),
            201,
            "{method}"
        );
        assert_eq!(phone.get("/dav/c%20c.jpg").text(), "a");
        assert_eq!(
            phone.ask("GET", "/dav/a.jpg"),
            if method == "MOVE" { 404 } else { 200 }
        );
        let no = [("Overwrite", "F")];
        assert_eq!(
            phone.relocate(method, "/dav/d/b.jpg", "/dav/c%20c.jpg", &no),
            412,
            "{method}"
        );
        assert_eq!(phone.get("/dav/c%20c.jpg").text(), "a");
        assert_eq!(
            phone.relocate(method, "/dav/d/b.jpg", "/dav/c%20c.jpg", &[]),
            204,
            "{method}"
        );
        assert_eq!(phone.get("/dav/c%20c.jpg").text(), "b");
    }
}

#[test]
fn the_other_tree_is_the_same_tree() {
    let house = House::new();
    let mut phone = with_photo(&house);
    let to = format!("/remote.php/dav/files/{}/c.jpg", phone.user);
    assert_eq!(phone.relocate("MOVE", "/dav/a.jpg", &to, &[]), 201);
    assert_eq!(phone.get("/dav/c.jpg").text(), "a");
}

#[test]
fn moves_that_cannot_be() {
    let house = House::new();
    for method in ["MOVE", "COPY"] {
        let mut phone = with_photo(&house);
        for (from, to, headers, expected) in [
            ("/dav/a.jpg", "/dav/a.jpg", &[][..], 403),
            ("/dav/a.jpg", "/dav/none/a.jpg", &[], 409),
            ("/dav/none", "/dav/x", &[], 404),
            ("/dav/d", "/dav/d/e", &[], 403),
            ("/dav/", "/dav/x", &[], 403),
            ("/dav/a.jpg", "/dav/", &[], 403),
            ("/dav/a.jpg", "/elsewhere/a.jpg", &[], 400),
            ("/dav/a.jpg", "/dav/../a.jpg", &[], 400),
            (
                "/dav/a.jpg",
                "/remote.php/dav/files/somebody/a.jpg",
                &[],
                403,
            ),
            ("/dav/a.jpg", "/dav/x", &[("Overwrite", "perhaps")], 400),
            ("/dav/d", "/dav/x", &[("Depth", "1")], 400),
        ] {
            assert_eq!(
                phone.relocate(method, from, to, headers),
                expected,
                "{method} {from} {to} {headers:?}"
            );
        }
        assert_eq!(
            phone.ask(method, "/dav/a.jpg"),
            400,
            "{method} without a Destination"
        );
    }
}

#[test]
fn folders_with_all_or_nothing_in_them() {
    let house = House::new();
    let mut phone = with_photo(&house);
    assert_eq!(phone.relocate("COPY", "/dav/d", "/dav/deep/", &[]), 201);
    assert_eq!(phone.get("/dav/deep/b.jpg").text(), "b");
    assert_eq!(
        phone.relocate("COPY", "/dav/d", "/dav/shallow/", &[("Depth", "0")]),
        201
    );
    assert_eq!(phone.ask("GET", "/dav/shallow/b.jpg"), 404);
    assert_eq!(phone.relocate("MOVE", "/dav/d", "/dav/moved", &[]), 201);
    assert_eq!(phone.get("/dav/moved/b.jpg").text(), "b");
    assert_eq!(phone.ask("HEAD", "/dav/d"), 404);
}
