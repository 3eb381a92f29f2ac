//! Names that some file system would refuse, or take for another.

use std::collections::BTreeSet;

use crate::support::{Home, check_tallies, found, lp, put, read};

#[test]
fn names_that_differ_only_for_some_file_systems_are_kept_apart() {
    let home = Home::new();
    let library = home.ready();
    let wishes = [
        "IMG.JPG",
        "img.jpg",
        "Img.Jpg",
        "Caf\u{e9}.jpg",
        "Cafe\u{301}.jpg",
        "CAF\u{c9}.JPG",
        "Straße.jpg",
        "STRASSE.jpg",
    ];
    let mut keys = BTreeSet::new();
    for (number, wish) in wishes.into_iter().enumerate() {
        let receipt = put(&library, &[number as u8], found(wish)).unwrap();
        assert_eq!(read(&library, &receipt), [number as u8]);
        assert!(
            keys.insert(receipt.path.collision_key()),
            "{}",
            receipt.path
        );
        assert_eq!(
            library.asset(receipt.asset).unwrap().unwrap().original_name,
            wish
        );
    }
    assert_eq!(home.photos().len(), wishes.len());
}

#[test]
fn reserved_and_odd_names_become_ordinary_ones() {
    let home = Home::new();
    let library = home.ready();
    for (wish, name) in [
        ("CON.jpg", "_CON.jpg"),
        ("a:b?.jpg", "a_b_.jpg"),
        ("dots...", "dots"),
        ("..", "unnamed"),
        ("", "unnamed-2"),
        ("../../etc/passwd", ".._.._etc_passwd"),
    ] {
        let mut filing = found("x");
        filing.wish = wish.to_owned();
        let receipt = put(&library, format!("{wish}!").as_bytes(), filing).unwrap();
        assert_eq!(receipt.path.name(), name, "{wish:?}");
    }
}

#[test]
fn names_of_255_bytes_leave_room_for_their_numbers() {
    let home = Home::new();
    let library = home.ready();
    let wish = format!("{}.jpg", "é".repeat(125) + "x");
    assert_eq!(wish.len(), 255);
    let mut paths = BTreeSet::new();
    for number in 0..12_u8 {
        let receipt = put(&library, &[number], found(&wish)).unwrap();
        assert!(receipt.path.name().len() <= 255);
        assert!(receipt.path.name().ends_with(".jpg"));
        assert!(paths.insert(receipt.path));
    }
}

#[test]
fn the_first_free_number_is_taken_also_in_a_crowd() {
    let home = Home::new();
    let library = home.ready();
    for number in 1..=40_u8 {
        let receipt = put(&library, &[number], found("image.jpg")).unwrap();
        let expected = if number == 1 {
            "2024/05/image.jpg".to_owned()
        } else {
            format!("2024/05/image-{number}.jpg")
        };
        assert_eq!(receipt.path, lp(&expected));
    }
    check_tallies(&library);
}
