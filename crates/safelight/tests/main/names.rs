//! The same name twice: nothing is ever overwritten.

use std::{collections::BTreeSet, thread};

use safelight_testkit::{Photos, tree};

use crate::house::House;

#[test]
fn the_same_name_with_other_bytes_is_a_second_photo() {
    let house = House::new();
    let mut roll = Photos::new(31);
    let versions: Vec<_> = (0..5).map(|_| roll.next(10_000)).collect();
    for version in &versions {
        house.put_as("IMG_0001.JPG", &version.bytes);
        assert_eq!(
            house.get("IMG_0001.JPG"),
            version.bytes,
            "the phone sees its newest"
        );
    }
    let stored: BTreeSet<_> = tree::hashes(house.library())
        .unwrap()
        .into_values()
        .collect();
    let sent: BTreeSet<_> = versions
        .iter()
        .map(|version| tree::hash(&version.bytes))
        .collect();
    assert_eq!(stored, sent);
    assert_eq!(house.count("photos"), 5);
}

#[test]
fn two_uploads_of_the_same_name_at_once_are_both_kept() {
    let house = House::new();
    let mut roll = Photos::new(32);
    let versions: Vec<_> = (0..8).map(|_| roll.next(200_000)).collect();
    thread::scope(|scope| {
        for version in &versions {
            scope.spawn(|| house.put_as("IMG_0001.JPG", &version.bytes));
        }
    });
    let stored: BTreeSet<_> = tree::hashes(house.library())
        .unwrap()
        .into_values()
        .collect();
    let sent: BTreeSet<_> = versions
        .iter()
        .map(|version| tree::hash(&version.bytes))
        .collect();
    assert_eq!(stored, sent);
    let seen = house.get("IMG_0001.JPG");
    assert!(
        versions.iter().any(|version| version.bytes == seen),
        "the phone sees one of them whole"
    );
}

#[test]
fn the_same_bytes_at_once_under_many_names_are_one_photo() {
    let house = House::new();
    let picture = Photos::new(33).next(200_000);
    thread::scope(|scope| {
        for number in 0..8 {
            let (house, bytes) = (&house, &picture.bytes);
            scope.spawn(move || house.put_as(&format!("copy {number}.jpg"), bytes));
        }
    });
    assert_eq!(house.count("photos"), 1);
    assert_eq!(tree::files(house.library()).unwrap().len(), 1);
    for number in 0..8 {
        assert_eq!(house.get(&format!("copy {number}.jpg")), picture.bytes);
    }
}

#[test]
fn an_upload_under_a_temporary_name_ends_under_its_real_one() {
    let house = House::new();
    let picture = Photos::new(34).next(10_000);
    house.put_as("IMG_0001.JPG.tmp", &picture.bytes);
    let answer = house
        .client()
        .send(
            "MOVE",
            "/dav/IMG_0001.JPG.tmp",
            &[("Destination", "/dav/IMG_0001.JPG")],
            b"",
        )
        .unwrap();
    assert_eq!(answer.status, 201, "{answer:?}");
    let expected = format!("{}/IMG_0001.JPG", picture.folder());
    assert_eq!(tree::files(house.library()).unwrap(), [expected]);
}
