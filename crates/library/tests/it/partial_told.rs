//! Answers of uploads in pieces that are told again, and what must not be told.

use std::{fs, sync::Arc};

use safelight_library::{About, Outcome, PartialError, RealDisk, Slot};

use crate::{
    partial::{DAY, begin, copy_home, finish, id, send, waiting},
    support::{Home, device, filing, put, read},
};

#[test]
fn the_answer_is_told_again_for_a_day() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let upload = id(phone, "u");
    begin(&library, &upload);
    send(&library, &upload, Slot::Numbered(1), b"one").unwrap();
    assert!(library.finished_partial(&upload).unwrap().is_none());
    let receipt = finish(&library, &upload, filing(phone, "a.jpg")).unwrap();
    let again = finish(&library, &upload, filing(phone, "a.jpg"));
    assert!(matches!(again, Err(PartialError::NotFound(_))));
    library.shut_down().unwrap();
    drop(library);
    let library = home.ready();
    let told = library.finished_partial(&upload).unwrap().unwrap();
    assert_eq!((told.asset, &told.entry), (receipt.asset, &receipt.entry));
    assert!(library.finished_partial(&id(phone, "v")).unwrap().is_none());
    let other = device(&library, "other");
    assert!(library.finished_partial(&id(other, "u")).unwrap().is_none());
    // The name stands for something else now: the old answer would be a lie.
    put(&library, b"two", filing(phone, "a.jpg")).unwrap();
    assert!(library.finished_partial(&upload).unwrap().is_none());
    put(&library, b"one", filing(phone, "a.jpg")).unwrap();
    assert!(library.finished_partial(&upload).unwrap().is_some());
    home.clock.advance(DAY + 1);
    assert!(library.finished_partial(&upload).unwrap().is_none());
    library.expire_partials().unwrap();
}

#[test]
fn a_photo_that_is_not_at_home_any_more_is_not_told_of() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let upload = id(phone, "u");
    begin(&library, &upload);
    send(&library, &upload, Slot::Numbered(1), b"one").unwrap();
    let receipt = finish(&library, &upload, filing(phone, "a.jpg")).unwrap();
    let file = home.root().join(receipt.path.to_relative());
    for damage in [None, Some("rot")] {
        match damage {
            None => fs::remove_file(&file).unwrap(),
            Some(bytes) => fs::write(&file, bytes).unwrap(),
        }
        assert!(library.finished_partial(&upload).unwrap().is_none());
        // Sent again, it is at home again.
        begin(&library, &upload);
        send(&library, &upload, Slot::Numbered(1), b"one").unwrap();
        let again = finish(&library, &upload, filing(phone, "a.jpg")).unwrap();
        assert_eq!(again.outcome, Outcome::Duplicate);
        assert_eq!(read(&library, &again), b"one");
        assert!(library.finished_partial(&upload).unwrap().is_some());
    }
}

#[test]
fn an_upload_that_begins_again_takes_the_old_answer_back() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    // The app for Android makes the name of name, time and length: an edit may have all three.
    let upload = id(phone, "u");
    begin(&library, &upload);
    send(&library, &upload, Slot::Numbered(1), b"one").unwrap();
    finish(&library, &upload, filing(phone, "a.jpg")).unwrap();
    begin(&library, &upload);
    send(&library, &upload, Slot::Numbered(1), b"two").unwrap();
    drop(library);
    // A power cut takes what was not flushed; only the MOVE is left to come.
    let partial = home.root().join(".safelight/partial");
    for entry in fs::read_dir(partial).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let library = home.ready();
    let moved = finish(&library, &upload, filing(phone, "a.jpg"));
    assert!(matches!(moved, Err(PartialError::NotFound(_))));
    assert!(library.finished_partial(&upload).unwrap().is_none());
}

#[test]
fn a_crash_before_the_pieces_are_removed_leaves_no_upload() {
    for order in [[1, 2], [2, 1]] {
        let home = Home::new();
        let library = home.ready();
        let phone = device(&library, "phone");
        let upload = id(phone, "u");
        begin(&library, &upload);
        for number in order {
            send(&library, &upload, Slot::Numbered(number), b"piece").unwrap();
        }
        let partial = home.root().join(".safelight/partial");
        let index = fs::read_dir(&partial)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.extension().is_some_and(|end| end == "index"))
            .unwrap();
        let text = fs::read(&index).unwrap();
        let receipt = finish(&library, &upload, filing(phone, "a.jpg")).unwrap();
        fs::write(&index, text).unwrap();
        std::mem::forget(library);

        let other = Home::new();
        copy_home(&home, &other);
        let library = other.open(Arc::new(RealDisk));
        library.set_root(&other.root()).unwrap();
        let again = finish(&library, &upload, filing(phone, "a.jpg"));
        assert!(matches!(again, Err(PartialError::NotFound(_))), "{again:?}");
        let told = library.finished_partial(&upload).unwrap().unwrap();
        assert_eq!(told.asset, receipt.asset);
        assert_eq!(waiting(&other), 0);
        // The name is free for another upload.
        assert!(library.begin_partial(&upload, About::default()).unwrap());
    }
}
