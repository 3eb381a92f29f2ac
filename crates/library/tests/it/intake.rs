//! One photo's way in: nothing is overwritten, the hash is the identity, files come first.

use std::{collections::HashSet, fs, time::SystemTime};

use safelight_core::{AssetId, CopyState, DevicePath, Evidence, Place, Proof};
use safelight_library::{IntakeError, Library, Outcome, Precondition, Whose};

use crate::support::{Home, check_tallies, device, dp, filing, found, lp, put, read, rot, taken};

#[test]
fn an_upload_becomes_an_ordinary_file_of_its_capture_time() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let receipt = put(&library, b"sunset", filing(phone, "IMG_1.jpg")).unwrap();
    assert_eq!(receipt.outcome, Outcome::Stored);
    assert!(!receipt.replaced);
    let file = home.root().join("2024/05/IMG_1.jpg");
    assert_eq!(fs::read(&file).unwrap(), b"sunset");
    let modified = fs::metadata(&file).unwrap().modified().unwrap();
    let noon = taken(2024, 5, 3).instant(&jiff::tz::TimeZone::UTC).unwrap();
    assert_eq!(modified, SystemTime::from(noon));
    let asset = library.asset(receipt.asset).unwrap().unwrap();
    assert_eq!(
        (asset.path, asset.size, asset.safe),
        (lp("2024/05/IMG_1.jpg"), 6, false)
    );
    assert_eq!(asset.captured, Some(taken(2024, 5, 3)));
    let copies = library.copies(receipt.asset).unwrap();
    assert_eq!(copies.len(), 1);
    assert_eq!(
        (copies[0].place, copies[0].state, copies[0].proof),
        (Place::Home, CopyState::Good, Proof::Written)
    );
    let entry = receipt.entry.unwrap();
    assert_eq!(
        (entry.path, entry.size, entry.hash),
        (dp("IMG_1.jpg"), 6, Some(receipt.hash))
    );
    assert!(home.staged().is_empty());
}

#[test]
fn the_same_name_with_other_bytes_is_another_photo() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let first = put(&library, b"one", filing(phone, "IMG_0001.JPG")).unwrap();
    let second = put(&library, b"two", filing(phone, "IMG_0001.JPG")).unwrap();
    assert_eq!(second.path, lp("2024/05/IMG_0001-2.JPG"));
    assert!(second.replaced);
    assert_eq!(read(&library, &first), b"one");
    assert_eq!(read(&library, &second), b"two");
    let (before, after) = (first.entry.unwrap(), second.entry.unwrap());
    assert_eq!(before.id, after.id);
    assert_ne!(before.etag, after.etag);
    assert_eq!(after.asset, Some(second.asset));
    assert_eq!(
        library.list(phone, &DevicePath::root()).unwrap(),
        vec![after]
    );
    check_tallies(&library);
}

#[test]
fn the_same_bytes_are_one_photo_with_two_arrivals() {
    let home = Home::new();
    let library = home.ready();
    let (ann, bob) = (device(&library, "ann"), device(&library, "bob"));
    let first = put(&library, b"shared", filing(ann, "a.jpg")).unwrap();
    let second = put(&library, b"shared", filing(bob, "b.jpg")).unwrap();
    let third = put(&library, b"shared", filing(bob, "c.jpg")).unwrap();
    assert_eq!(
        (second.outcome, second.asset),
        (Outcome::Duplicate, first.asset)
    );
    assert_eq!(third.asset, first.asset);
    assert_eq!(home.photos().len(), 1);
    let arrivals = library.arrivals_of(first.asset).unwrap();
    let names: Vec<_> = arrivals
        .iter()
        .map(|a| a.device.as_ref().unwrap().1.as_str())
        .collect();
    assert_eq!(names, ["ann", "bob", "bob"]);
    // Two names on one device are one photo of that device's.
    assert_eq!(
        library
            .devices()
            .unwrap()
            .iter()
            .map(|d| d.photos)
            .collect::<Vec<_>>(),
        [1, 1]
    );
    let recent = library.recent(Whose::Everybody, None, 2).unwrap();
    assert_eq!(recent[0].device_path.as_deref(), Some("c.jpg"));
    let older = library
        .recent(Whose::Everybody, Some(recent[1].id), 10)
        .unwrap();
    assert_eq!(older.len(), 1);
    assert_eq!(older[0].outcome, Outcome::Stored);
}

#[test]
fn an_empty_file_and_a_large_one_are_kept() {
    let home = Home::new();
    let library = home.ready();
    let empty = put(&library, b"", found("empty.txt")).unwrap();
    assert_eq!(read(&library, &empty), b"");
    let large: Vec<u8> = (0..20_000_000_u32).map(|n| (n % 251) as u8).collect();
    let mut upload = library.begin_upload().unwrap();
    for piece in large.chunks(300_000) {
        upload.write(piece).unwrap();
    }
    assert_eq!(upload.received(), 20_000_000);
    let staged = upload.finish().unwrap();
    assert_eq!(fs::metadata(staged.path()).unwrap().len(), staged.size());
    let receipt = library.commit(staged, found("large.bin")).unwrap();
    assert!(read(&library, &receipt) == large);
}

#[test]
fn what_is_not_committed_leaves_nothing() {
    let home = Home::new();
    let library = home.ready();
    let mut upload = library.begin_upload().unwrap();
    upload.write(b"half").unwrap();
    assert_eq!(home.staged().len(), 1);
    drop(upload);
    drop(library.begin_upload().unwrap().finish().unwrap());
    assert!(home.staged().is_empty());
    assert!(home.photos().is_empty());
}

#[test]
fn an_unknown_capture_time_goes_to_its_own_folder() {
    let home = Home::new();
    let library = home.ready();
    let mut wish = found("who-knows.jpg");
    wish.captured = None;
    wish.client_modified = Some("2001-02-03T04:05:06Z".parse().unwrap());
    let receipt = put(&library, b"?", wish).unwrap();
    assert_eq!(receipt.path, lp("unknown/who-knows.jpg"));
    let asset = library.asset(receipt.asset).unwrap().unwrap();
    assert_eq!(asset.modified.to_string(), "2001-02-03T04:05:06Z");
}

#[test]
fn the_owner_chooses_the_folders() {
    let home = Home::new();
    let library = home.ready();
    library
        .set_template("Photos/{YYYY}/{MM}/{DD}")
        .unwrap()
        .unwrap();
    assert!(library.set_template("../{YYYY}").unwrap().is_err());
    let receipt = put(&library, b"x", found("a.jpg")).unwrap();
    assert_eq!(receipt.path, lp("Photos/2024/05/03/a.jpg"));
}

#[test]
fn preconditions_are_kept() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let with = |precondition| {
        let mut wish = filing(phone, "a.jpg");
        wish.precondition = precondition;
        wish
    };
    let refused =
        |result: Result<_, IntakeError>| matches!(result, Err(IntakeError::PreconditionFailed));
    assert!(refused(put(&library, b"0", with(Precondition::IfMatchAny))));
    assert!(refused(put(
        &library,
        b"0",
        with(Precondition::IfMatch(vec!["x".into()]))
    )));
    let first = put(&library, b"1", with(Precondition::IfNoneMatchAny)).unwrap();
    let etag = first.entry.unwrap().etag;
    assert!(refused(put(
        &library,
        b"2",
        with(Precondition::IfNoneMatchAny)
    )));
    assert!(refused(put(
        &library,
        b"2",
        with(Precondition::IfNoneMatch(vec![etag.clone()]))
    )));
    assert!(refused(put(
        &library,
        b"2",
        with(Precondition::IfMatch(vec!["x".into()]))
    )));
    assert_eq!(home.photos().len(), 1);
    put(
        &library,
        b"2",
        with(Precondition::IfMatch(vec!["x".into(), etag.clone()])),
    )
    .unwrap();
    // The etag is not true any more.
    assert!(refused(put(
        &library,
        b"3",
        with(Precondition::IfMatch(vec![etag]))
    )));
    assert_eq!(library.totals().unwrap().photos, 2);
}

#[test]
fn parents_are_made_only_when_asked_for() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let error = put(&library, b"1", filing(phone, "DCIM/Camera/a.jpg")).unwrap_err();
    assert!(
        matches!(&error, IntakeError::ParentMissing(path) if *path == dp("DCIM/Camera")),
        "{error}"
    );
    assert!(home.photos().is_empty());
    let mut wish = filing(phone, "DCIM/Camera/a.jpg");
    wish.create_parents = true;
    put(&library, b"1", wish).unwrap();
    let error = put(&library, b"2", filing(phone, "DCIM/Camera")).unwrap_err();
    assert!(matches!(error, IntakeError::IsFolder(_)));
    let mut below_a_file = filing(phone, "DCIM/Camera/a.jpg/b.jpg");
    below_a_file.create_parents = true;
    let error = put(&library, b"2", below_a_file).unwrap_err();
    assert!(matches!(error, IntakeError::ParentMissing(_)), "{error}");
    assert_eq!(home.photos().len(), 1);
}

#[test]
fn one_name_at_once_from_many_makes_many_photos() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let receipts: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u8)
            .map(|n| {
                let library = &library;
                // Pairs of threads send the same bytes.
                scope.spawn(move || put(library, &[n / 2; 10], filing(phone, "IMG.jpg")).unwrap())
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let assets: HashSet<AssetId> = receipts.iter().map(|receipt| receipt.asset).collect();
    assert_eq!(assets.len(), 4);
    assert_eq!(home.photos().len(), 4);
    let stored = receipts
        .iter()
        .filter(|r| r.outcome == Outcome::Stored)
        .count();
    assert_eq!(stored, 4);
    assert_eq!(library.list(phone, &DevicePath::root()).unwrap().len(), 1);
    check_tallies(&library);
}

#[test]
fn a_lost_home_file_is_put_back_by_the_next_upload() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let receipt = put(&library, b"precious", filing(phone, "a.jpg")).unwrap();
    let read_back = Evidence {
        place: Place::Home,
        state: CopyState::Good,
        proof: Proof::ReadBack,
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    library
        .record_evidence(&[(receipt.asset, read_back)])
        .unwrap();
    fs::remove_file(home.root().join("2024/05/a.jpg")).unwrap();
    let again = put(&library, b"precious", filing(phone, "b.jpg")).unwrap();
    assert_eq!(
        (again.outcome, &again.path),
        (Outcome::Duplicate, &receipt.path)
    );
    assert_eq!(read(&library, &again), b"precious");
    // It is a new file: that the old one was read proves nothing of it.
    assert_eq!(
        library.copies(receipt.asset).unwrap()[0].proof,
        Proof::Written
    );
    check_tallies(&library);
}

#[test]
fn somebody_elses_file_in_a_lost_ones_place_is_left_alone() {
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"precious", found("a.jpg")).unwrap();
    fs::write(home.root().join("2024/05/a.jpg"), "an edit").unwrap();
    let again = put(&library, b"precious", found("a.jpg")).unwrap();
    assert_eq!(
        (again.asset, &again.path),
        (receipt.asset, &lp("2024/05/a-2.jpg"))
    );
    assert_eq!(home.photos()["2024/05/a.jpg"], b"an edit");
    assert_eq!(home.photos()["2024/05/a-2.jpg"], b"precious");
}

/// What verification notes of a photo's home copy.
fn found_at_home(library: &Library, asset: AssetId, state: CopyState) {
    let evidence = Evidence {
        place: Place::Home,
        state,
        proof: Proof::ReadBack,
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    library.record_evidence(&[(asset, evidence)]).unwrap();
}

#[test]
fn bytes_that_an_edit_of_the_same_size_replaced_are_kept_when_they_come_again() {
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"precious", found("a.jpg")).unwrap();
    fs::write(home.root().join("2024/05/a.jpg"), "5 stars!").unwrap();
    let again = put(&library, b"precious", found("a.jpg")).unwrap();
    assert_eq!(
        (again.asset, &again.path),
        (receipt.asset, &lp("2024/05/a-2.jpg"))
    );
    assert_eq!(read(&library, &again), b"precious");
    assert_eq!(home.photos()["2024/05/a.jpg"], b"5 stars!");
    // The edit is nobody's photo yet: the next start takes it in.
    library.shut_down().unwrap();
    drop(library);
    let library = home.ready();
    assert!(!library.clean_start());
    library
        .reconcile(&crate::support::described, &mut |_| {})
        .unwrap();
    assert_eq!(library.totals().unwrap().photos, 2);
}

#[test]
fn rot_goes_into_quarantine_when_the_bytes_come_again() {
    for noticed in [false, true] {
        let home = Home::new();
        let library = home.ready();
        let receipt = put(&library, b"precious", found("a.jpg")).unwrap();
        rot(&home, "2024/05/a.jpg", "preciouX");
        if noticed {
            found_at_home(&library, receipt.asset, CopyState::Damaged);
        }
        let again = put(&library, b"precious", found("a.jpg")).unwrap();
        assert_eq!((again.asset, &again.path), (receipt.asset, &receipt.path));
        assert_eq!(read(&library, &again), b"precious");
        let aside = home
            .root()
            .join(format!(".safelight/quarantine/{}-1", receipt.hash));
        assert_eq!(fs::read(aside).unwrap(), b"preciouX");
        assert_eq!(
            library.copies(receipt.asset).unwrap()[0].state,
            CopyState::Good
        );
    }
}

#[test]
fn an_edit_that_verification_found_is_never_hidden() {
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"precious", found("a.jpg")).unwrap();
    fs::write(home.root().join("2024/05/a.jpg"), "an edit").unwrap();
    found_at_home(&library, receipt.asset, CopyState::Damaged);
    put(&library, b"precious", found("a.jpg")).unwrap();
    assert_eq!(home.photos()["2024/05/a.jpg"], b"an edit");
    assert_eq!(home.photos()["2024/05/a-2.jpg"], b"precious");
    assert!(!home.root().join(".safelight/quarantine").exists());
}

#[test]
fn a_file_that_was_only_called_damaged_is_the_photos_again() {
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"precious", found("a.jpg")).unwrap();
    found_at_home(&library, receipt.asset, CopyState::Damaged);
    let again = put(&library, b"precious", found("a.jpg")).unwrap();
    assert_eq!((again.asset, &again.path), (receipt.asset, &receipt.path));
    assert_eq!(home.photos().len(), 1);
    assert_eq!(
        library.copies(receipt.asset).unwrap()[0].state,
        CopyState::Good
    );
}

#[test]
fn bytes_in_memory_are_written_only_if_nobody_has_them() {
    let home = Home::new();
    let library = home.ready();
    let first = library.commit_bytes(b"small", found("a.jpg")).unwrap();
    assert_eq!(
        (first.path.clone(), first.outcome),
        (lp("2024/05/a.jpg"), Outcome::Stored)
    );
    let again = library.commit_bytes(b"small", found("b.jpg")).unwrap();
    assert_eq!(
        (again.asset, again.outcome),
        (first.asset, Outcome::Duplicate)
    );
    // A file that was lost, and one that rotted, come back.
    for damage in [None, Some("smell")] {
        let file = home.root().join("2024/05/a.jpg");
        match damage {
            None => fs::remove_file(&file).unwrap(),
            Some(bytes) => {
                let time = fs::metadata(&file).unwrap().modified().unwrap();
                fs::write(&file, bytes).unwrap();
                let file = fs::File::options().write(true).open(&file).unwrap();
                file.set_modified(time).unwrap();
            }
        }
        let back = library.commit_bytes(b"small", found("c.jpg")).unwrap();
        assert_eq!((back.asset, &back.path), (first.asset, &first.path));
        assert_eq!(home.photos()["2024/05/a.jpg"], b"small");
    }
    assert_eq!(home.photos().len(), 1);
    assert!(home.staged().is_empty());
}

#[test]
fn a_file_that_a_crash_left_under_the_wished_name_becomes_the_photo() {
    let home = Home::new();
    let library = home.ready();
    fs::create_dir_all(home.root().join("2024/05")).unwrap();
    fs::write(home.root().join("2024/05/a.jpg"), "same").unwrap();
    fs::write(home.root().join("2024/05/b.jpg"), "othr").unwrap();
    let adopted = put(&library, b"same", found("a.jpg")).unwrap();
    assert_eq!(
        (adopted.path, adopted.outcome),
        (lp("2024/05/a.jpg"), Outcome::Stored)
    );
    let beside = put(&library, b"mine", found("b.jpg")).unwrap();
    assert_eq!(beside.path, lp("2024/05/b-2.jpg"));
    assert_eq!(home.photos()["2024/05/b.jpg"], b"othr");
    assert!(home.staged().is_empty());
}

#[test]
fn a_dated_folder_that_somebody_removed_is_made_again() {
    let home = Home::new();
    let library = home.ready();
    put(&library, b"1", found("a.jpg")).unwrap();
    fs::remove_dir_all(home.root().join("2024")).unwrap();
    let receipt = put(&library, b"2", found("b.jpg")).unwrap();
    assert_eq!(read(&library, &receipt), b"2");
}

#[test]
fn nothing_is_written_where_the_marker_is_gone() {
    let home = Home::new();
    let library = home.ready();
    put(&library, b"1", found("a.jpg")).unwrap();
    let begun = library.begin_upload().unwrap().finish().unwrap();
    // The disk is unmounted: what is left is the empty folder that it was mounted on.
    let away = home.folder.path().join("away");
    fs::rename(home.root(), &away).unwrap();
    fs::create_dir(home.root()).unwrap();
    assert!(!library.root_state().is_ready());
    let error = library.begin_upload().err().unwrap();
    assert!(
        matches!(error, IntakeError::LibraryUnavailable(_)),
        "{error}"
    );
    assert!(error.to_string().contains("mount"), "{error}");
    let error = library.commit(begun, found("b.jpg")).unwrap_err();
    assert!(
        matches!(error, IntakeError::LibraryUnavailable(_)),
        "{error}"
    );
    assert!(library.set_root(&home.root()).is_err());
    assert!(library.flush_manifests().is_err());
    assert!(
        library
            .reconcile(&crate::support::described, &mut |_| {})
            .is_err()
    );
    assert_eq!(fs::read_dir(home.root()).unwrap().count(), 0);
    fs::remove_dir(home.root()).unwrap();
    fs::rename(&away, home.root()).unwrap();
    assert!(library.root_state().is_ready());
    put(&library, b"2", found("b.jpg")).unwrap();
}

#[test]
fn a_shut_down_library_takes_nothing() {
    let home = Home::new();
    let library = home.ready();
    let staged = library.begin_upload().unwrap().finish().unwrap();
    library.shut_down().unwrap();
    assert!(matches!(
        library.begin_upload().err().unwrap(),
        IntakeError::ShuttingDown
    ));
    assert!(matches!(
        library.commit(staged, found("a.jpg")).unwrap_err(),
        IntakeError::ShuttingDown
    ));
}

#[test]
fn an_unknown_device_is_refused() {
    let home = Home::new();
    let library = home.ready();
    let error = put(
        &library,
        b"1",
        filing(safelight_core::DeviceId(99), "a.jpg"),
    )
    .unwrap_err();
    assert!(matches!(error, IntakeError::NoDevice(_)));
    assert!(home.photos().is_empty());
}
