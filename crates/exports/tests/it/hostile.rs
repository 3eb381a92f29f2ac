//! Archives that somebody made to do harm.

use std::io::{self, Read};

use safelight_exports::archive::{Damage, Trouble};
use safelight_testkit::zip::{Entry, Zip};

use crate::archive::{archive, contents, names};

/// The only trouble that an archive has.
fn trouble(bytes: Vec<u8>) -> Trouble {
    let listing = archive(bytes).list().unwrap();
    let [(_, trouble)] = &listing.troubles[..] else {
        panic!("{listing:?}");
    };
    trouble.clone()
}

/// The error of reading the first entry.
fn error(bytes: Vec<u8>) -> io::Error {
    let archive = archive(bytes);
    let listing = archive.list().unwrap();
    let mut content = match archive.read(listing.entries[0].packed) {
        Ok(content) => content,
        Err(error) => return error,
    };
    io::copy(&mut content, &mut io::sink()).unwrap_err()
}

fn of_one(entry: &Entry<'_>) -> Vec<u8> {
    let mut zip = Zip::default();
    zip.add(entry);
    zip.finish()
}

#[test]
fn a_gibibyte_of_zeros_is_refused_unread() {
    let Trouble::Bomb { len, packed } = trouble(of_one(&Entry::bomb("a.jpg", 1024))) else {
        panic!("it is a bomb");
    };
    assert_eq!(len, 1 << 30);
    assert!(packed < 2 << 20);
}

#[test]
fn a_bomb_that_says_it_is_small_ends_where_it_says() {
    let bomb = Entry {
        len: 1 << 20,
        ..Entry::bomb("a.jpg", 1024)
    };
    let archive = archive(of_one(&bomb));
    let listing = archive.list().unwrap();
    let mut content = archive.read(listing.entries[0].packed).unwrap();
    let mut read = Vec::new();
    let error = content.read_to_end(&mut read).unwrap_err();
    assert_eq!(read.len(), 1 << 20);
    assert!(error.to_string().contains("more bytes"), "{error}");
}

#[test]
fn entries_over_each_other_are_unpacked_once() {
    let kernel = Entry::stored("kernel.jpg", &[7; 1000]);
    let mut zip = Zip::default();
    let offset = zip.add(&kernel);
    for name in ["again.jpg", "and again.jpg"] {
        let again = Entry {
            name: name.as_bytes(),
            ..kernel.clone()
        };
        zip.list(&again, offset);
    }
    let listing = archive(zip.finish()).list().unwrap();
    assert_eq!(listing.entries.len(), 1);
    assert_eq!(
        listing
            .troubles
            .iter()
            .map(|(_, trouble)| trouble.clone())
            .collect::<Vec<_>>(),
        [Trouble::Overlaps, Trouble::Overlaps]
    );
}

#[test]
fn a_length_that_is_too_large_costs_only_the_entry_that_has_it() {
    let reaching = Entry {
        packed: vec![1; 5100],
        ..Entry::stored("long.jpg", b"")
    };
    let mut zip = Zip::default();
    zip.add(&Entry::stored("first.jpg", &[1; 20]));
    let offset = zip.add(&Entry::stored("next.jpg", &[2; 6000]));
    zip.list(&reaching, offset - 10);
    let listing = archive(zip.finish()).list().unwrap();
    assert_eq!(names(&listing), ["first.jpg", "next.jpg"]);
    assert_eq!(listing.troubles, [("long.jpg".into(), Trouble::Overlaps)]);
}

/// An archive of one entry, whose list has another one in its place.
fn listed_as(entry: &Entry<'_>, listed: &Entry<'_>) -> Vec<u8> {
    let mut bytes = of_one(entry);
    let directory = bytes
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    bytes.truncate(directory);
    let mut list = Zip::default();
    list.list(listed, 0);
    let mut list = list.finish();
    // Where the list begins, as its end says.
    let place = list.len() - 6;
    let offset = u32::try_from(directory).unwrap();
    list[place..place + 4].copy_from_slice(&offset.to_le_bytes());
    bytes.extend(list);
    bytes
}

#[test]
fn a_list_that_lies_is_not_believed() {
    let photo = Entry::stored("photo.jpg", b"a photo");
    let renamed = Entry {
        name: b"other.jpg",
        ..photo.clone()
    };
    assert!(
        error(listed_as(&photo, &renamed))
            .to_string()
            .contains("different")
    );
    let packed = Entry {
        method: 8,
        ..photo.clone()
    };
    assert!(
        error(listed_as(&photo, &packed))
            .to_string()
            .contains("different")
    );
    let wrong = Entry {
        crc: 7,
        ..photo.clone()
    };
    assert!(
        error(listed_as(&photo, &wrong))
            .to_string()
            .contains("checksum")
    );
    let longer = Entry {
        len: 8,
        ..photo.clone()
    };
    assert!(
        error(listed_as(&photo, &longer))
            .to_string()
            .contains("fewer")
    );
    let shorter = Entry {
        len: 3,
        ..photo.clone()
    };
    assert!(
        error(listed_as(&photo, &shorter))
            .to_string()
            .contains("more")
    );
    let beyond = Entry {
        packed: vec![0; 1 << 20],
        ..photo.clone()
    };
    assert_eq!(trouble(listed_as(&photo, &beyond)), Trouble::CutOff);
    let huge = Entry {
        len: 1 << 50,
        wide: true,
        ..photo.clone()
    };
    assert_eq!(
        trouble(listed_as(&photo, &huge)),
        Trouble::TooLarge { len: 1 << 50 }
    );
}

#[test]
fn what_is_not_read_says_why() {
    let photo = Entry::deflated("photo.jpg", b"a photo");
    let encrypted = Entry {
        flags: 1,
        ..photo.clone()
    };
    assert_eq!(trouble(of_one(&encrypted)), Trouble::Encrypted);
    let other = Entry {
        method: 14,
        ..photo.clone()
    };
    assert_eq!(trouble(of_one(&other)), Trouble::Method(14));
    let link = Entry {
        mode: 0o120_777,
        ..photo.clone()
    };
    assert_eq!(trouble(of_one(&link)), Trouble::Link);
    let name = b"n".repeat(60_000);
    let named = Entry {
        name: &name,
        ..photo.clone()
    };
    assert_eq!(trouble(of_one(&named)), Trouble::NameTooLong);
    let not_deflated = Entry {
        packed: vec![0xff; 100],
        ..photo
    };
    assert!(error(of_one(&not_deflated)).to_string().contains("damaged"));
}

#[test]
fn a_name_says_nothing_about_itself_that_it_is_not() {
    let mut zip = Zip::default();
    zip.add(&Entry::stored("a\u{1b}[2Jb\u{202e}gpj.exe", b"1"));
    zip.add(&Entry {
        name: b"caf\xe9.jpg",
        ..Entry::stored("", b"2")
    });
    let archive = archive(zip.finish());
    let listing = archive.list().unwrap();
    assert_eq!(names(&listing), ["a_[2Jb_gpj.exe", "caf\u{fffd}.jpg"]);
    assert_eq!(contents(&archive, &listing), [b"1", b"2"]);
}

#[test]
fn a_count_that_is_too_high_is_told() {
    let mut bytes = of_one(&Entry::stored("a.jpg", b"a"));
    let end = bytes.len() - 14;
    bytes[end..end + 4].copy_from_slice(&[9, 0, 9, 0]);
    let listing = archive(bytes).list().unwrap();
    assert_eq!(
        listing.damage,
        Some(Damage::FewerEntries { said: 9, listed: 1 })
    );
}
