//! Uploads that come in pieces.

use std::{fs, sync::Arc};

use safelight_core::DeviceId;
use safelight_library::{
    About, Filing, IntakeError, Library, Outcome, Partial, PartialError, PartialId, RealDisk,
    Receipt, Slot,
};

use crate::support::{
    Home, check_tallies, described, device,
    disks::{Fault, FaultyDisk},
    dp, filing, read,
};

pub(crate) const DAY: i64 = 24 * 60 * 60;

pub(crate) fn id(device: DeviceId, name: &str) -> PartialId {
    PartialId {
        device,
        name: name.to_owned(),
    }
}

pub(crate) fn begin(library: &Library, id: &PartialId) -> bool {
    library.begin_partial(id, About::default()).unwrap()
}

/// Begins an upload that grows at its end.
fn begin_appended(library: &Library, id: &PartialId, path: &str) {
    let about = About {
        path: Some(dp(path)),
        ..About::default()
    };
    assert!(library.begin_partial(id, about).unwrap());
}

pub(crate) fn send(
    library: &Library,
    id: &PartialId,
    slot: Slot,
    bytes: &[u8],
) -> Result<(), PartialError> {
    let mut piece = library.begin_piece(id, slot)?;
    for part in bytes.chunks(1000) {
        piece.write(part)?;
    }
    piece.finish()
}

pub(crate) fn finish(
    library: &Library,
    id: &PartialId,
    filing: Filing,
) -> Result<Receipt, PartialError> {
    library.finish_partial::<PartialError>(id, None, |_| Ok(filing))
}

/// Numbers and lengths.
fn pieces(partial: &Partial) -> Vec<(u64, u64)> {
    partial
        .pieces
        .iter()
        .map(|piece| (piece.number, piece.length))
        .collect()
}

pub(crate) fn waiting(home: &Home) -> usize {
    fs::read_dir(home.root().join(".safelight/partial"))
        .unwrap()
        .count()
}

#[test]
fn pieces_in_any_order_become_the_photo() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let orders: [&[u64]; 6] = [
        &[1, 2, 3],
        &[0, 1, 2, 10],
        &[3, 1, 2],
        &[2, 3, 1],
        &[9, 10, 5, 100],
        &[7],
    ];
    for (case, order) in orders.into_iter().enumerate() {
        let upload = id(phone, &format!("u{case}"));
        assert!(begin(&library, &upload));
        for number in order {
            let bytes = format!("case {case} piece {number};").repeat(700);
            send(&library, &upload, Slot::Numbered(*number), bytes.as_bytes()).unwrap();
        }
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        let whole: String = sorted
            .iter()
            .map(|number| format!("case {case} piece {number};").repeat(700))
            .collect();
        assert!(
            home.photos().len() == case,
            "nothing is visible before the end"
        );
        let receipt = finish(&library, &upload, filing(phone, &format!("{case}.jpg"))).unwrap();
        assert_eq!(receipt.outcome, Outcome::Stored);
        assert_eq!(read(&library, &receipt), whole.as_bytes());
    }
    assert_eq!((waiting(&home), home.staged().len()), (0, 0));
    check_tallies(&library);
}

#[test]
fn a_piece_that_is_sent_again_takes_the_old_ones_place() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let upload = id(phone, "u");
    begin(&library, &upload);
    assert!(!begin(&library, &upload));
    for (number, bytes) in [
        (1, "a"),
        (2, "b"),
        (3, "c"),
        (2, "BB"),
        (1, "A"),
        (2, "bbb"),
    ] {
        send(&library, &upload, Slot::Numbered(number), bytes.as_bytes()).unwrap();
    }
    let state = library.partial(&upload).unwrap();
    assert_eq!(pieces(&state), [(1, 1), (2, 3), (3, 1)]);
    assert_eq!(state.received, 5);
    let receipt = finish(&library, &upload, filing(phone, "a.jpg")).unwrap();
    assert_eq!(read(&library, &receipt), b"Abbbc");
}

#[test]
fn a_piece_that_breaks_off_leaves_nothing_and_the_one_before_stays() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let upload = id(phone, "u");
    begin(&library, &upload);
    send(&library, &upload, Slot::Numbered(1), b"one").unwrap();
    for number in [1, 2, 5] {
        let mut piece = library
            .begin_piece(&upload, Slot::Numbered(number))
            .unwrap();
        piece.write(b"half").unwrap();
        drop(piece);
    }
    assert_eq!(pieces(&library.partial(&upload).unwrap()), [(1, 3)]);
    // Sent again while the broken connection still seems to send: the new one counts.
    let mut stalled = library.begin_piece(&upload, Slot::Numbered(2)).unwrap();
    stalled.write(b"t").unwrap();
    send(&library, &upload, Slot::Numbered(2), b"two").unwrap();
    assert!(matches!(stalled.write(b"wo"), Err(PartialError::Busy(_))));
    drop(stalled);
    let receipt = finish(&library, &upload, filing(phone, "a.jpg")).unwrap();
    assert_eq!(read(&library, &receipt), b"onetwo");
}

#[test]
fn what_is_appended_stays_as_far_as_it_came() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let upload = id(phone, "u");
    begin_appended(&library, &upload, "a.jpg");
    let mut piece = library.begin_piece(&upload, Slot::At(0)).unwrap();
    piece.write(b"abc").unwrap();
    drop(piece);
    let wrong = send(&library, &upload, Slot::At(2), b"x").unwrap_err();
    assert!(matches!(wrong, PartialError::WrongOffset { have: 3, .. }));
    // Numbered pieces are another protocol's.
    assert!(send(&library, &upload, Slot::Numbered(1), b"x").is_err());
    // The connection is lost, and nobody here knows it yet: asking for the offset ends it.
    let mut lost = library.begin_piece(&upload, Slot::At(3)).unwrap();
    lost.write(b"def").unwrap();
    assert_eq!(library.partial(&upload).unwrap().received, 6);
    assert!(matches!(lost.write(b"ghi"), Err(PartialError::Busy(_))));
    drop(lost);
    send(&library, &upload, Slot::At(6), b"ghi").unwrap();
    let receipt = finish(&library, &upload, filing(phone, "a.jpg")).unwrap();
    assert_eq!(read(&library, &receipt), b"abcdefghi");
}

#[test]
fn an_empty_file_is_one() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let upload = id(phone, "u");
    begin_appended(&library, &upload, "a.jpg");
    send(&library, &upload, Slot::At(0), b"").unwrap();
    let receipt = finish(&library, &upload, filing(phone, "a.jpg")).unwrap();
    assert_eq!(read(&library, &receipt), b"");
}

#[test]
fn a_restart_loses_nothing_that_was_received() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let (numbered, appended) = (id(phone, "n"), id(phone, "a"));
    begin(&library, &numbered);
    begin_appended(&library, &appended, "a.jpg");
    for number in [1, 2, 4, 2] {
        send(
            &library,
            &numbered,
            Slot::Numbered(number),
            &[number as u8; 3000],
        )
        .unwrap();
    }
    send(&library, &appended, Slot::At(0), &[9; 5000]).unwrap();
    // Killed in the middle of the next pieces: no destructor runs.
    let mut third = library.begin_piece(&numbered, Slot::Numbered(3)).unwrap();
    third.write(b"half").unwrap();
    std::mem::forget(third);
    let mut more = library.begin_piece(&appended, Slot::At(5000)).unwrap();
    more.write(b"half").unwrap();
    std::mem::forget(more);
    drop(library);

    // The lock of the data folder is the forgotten piece's; a process that ends gives it up.
    let other = Home::new();
    copy_home(&home, &other);
    let library = other.open(Arc::new(RealDisk));
    library.set_root(&other.root()).unwrap();
    library.reconcile(&described, &mut |_| {}).unwrap();
    let state = library.partial(&numbered).unwrap();
    assert_eq!(pieces(&state), [(1, 3000), (2, 3000), (4, 3000)]);
    assert_eq!(library.partial(&appended).unwrap().received, 5000);
    send(&library, &numbered, Slot::Numbered(3), &[3; 10]).unwrap();
    let receipt = finish(&library, &numbered, filing(phone, "n.jpg")).unwrap();
    let whole = [&[1; 3000][..], &[2; 3000], &[3; 10], &[4; 3000]].concat();
    assert_eq!(read(&library, &receipt), whole);
    send(&library, &appended, Slot::At(5000), b"end").unwrap();
    let receipt = finish(&library, &appended, filing(phone, "a.jpg")).unwrap();
    assert_eq!(receipt.size, 5003);
    assert_eq!(waiting(&other), 0);
}

/// Another home with the same folders.
pub(crate) fn copy_home(from: &Home, to: &Home) {
    fn copy(from: &std::path::Path, to: &std::path::Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    copy(from.folder.path(), to.folder.path());
}

#[test]
fn what_a_power_cut_took_is_not_listed() {
    for damaged in ["body", "piece-1", "index"] {
        let home = Home::new();
        let library = home.ready();
        let phone = device(&library, "phone");
        let upload = id(phone, "u");
        begin(&library, &upload);
        for number in [1, 4, 2] {
            send(
                &library,
                &upload,
                Slot::Numbered(number),
                &[number as u8; 3000],
            )
            .unwrap();
        }
        drop(library);
        // The names and lengths arrived on the disk, the bytes did not.
        for entry in fs::read_dir(home.root().join(".safelight/partial")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == damaged) {
                let mut bytes = fs::read(&path).unwrap();
                let from = if damaged == "body" {
                    4000
                } else {
                    bytes.len() - 9
                };
                bytes[from..].fill(0);
                fs::write(&path, bytes).unwrap();
            }
        }
        let library = home.ready();
        // The client believes that all of them are here.
        let blind = finish(&library, &upload, filing(phone, "a.jpg")).unwrap_err();
        assert!(matches!(blind, PartialError::Interrupted(_)) && blind.is_transient());
        let short = library.finish_partial::<PartialError>(&upload, Some(9000), |_| unreachable!());
        assert!(matches!(short, Err(PartialError::WrongTotal { .. })));
        let state = library.partial(&upload).unwrap();
        let expected: &[(u64, u64)] = match damaged {
            "body" => &[(1, 3000), (2, 3000)],
            _ => &[(1, 3000), (4, 3000)],
        };
        assert_eq!(pieces(&state), expected, "{damaged}");
        for number in [2, 4] {
            send(
                &library,
                &upload,
                Slot::Numbered(number),
                &[number as u8; 3000],
            )
            .unwrap();
        }
        let receipt = finish(&library, &upload, filing(phone, "a.jpg")).unwrap();
        let whole = [[1; 3000], [2; 3000], [4; 3000]].concat();
        assert_eq!(read(&library, &receipt), whole, "{damaged}");
    }
}

#[test]
fn what_nobody_goes_on_with_expires() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let (old, new) = (id(phone, "old"), id(phone, "new"));
    for upload in [&old, &new] {
        begin(&library, upload);
        send(&library, upload, Slot::Numbered(1), b"one").unwrap();
    }
    home.clock.advance(6 * DAY);
    send(&library, &new, Slot::Numbered(2), b"two").unwrap();
    home.clock.advance(DAY + 1);
    // What fills the disk goes before anybody hears that it is full.
    library.set_reserve(u64::MAX / 2).unwrap();
    let full = library.begin_partial(&id(phone, "more"), About::default());
    assert!(matches!(
        full,
        Err(PartialError::Intake(IntakeError::NoSpace { .. }))
    ));
    library.set_reserve(0).unwrap();
    assert_eq!(library.expire_partials().unwrap(), 0);
    assert!(matches!(
        library.partial(&old),
        Err(PartialError::NotFound(_))
    ));
    assert_eq!(library.partial(&new).unwrap().received, 6);
    library.remove_partial(&new).unwrap();
    assert!(matches!(
        library.remove_partial(&new),
        Err(PartialError::NotFound(_))
    ));
    assert_eq!(waiting(&home), 0);
}

#[test]
fn a_device_cannot_begin_without_end() {
    let home = Home::new();
    let library = home.ready();
    let (phone, other) = (device(&library, "phone"), device(&library, "other"));
    for number in 0..256 {
        begin(&library, &id(phone, &number.to_string()));
    }
    let more = library.begin_partial(&id(phone, "more"), About::default());
    assert!(matches!(more, Err(PartialError::TooManyUploads)));
    assert!(begin(&library, &id(other, "more")));
    home.clock.advance(1);
    library.remove_partial(&id(phone, "7")).unwrap();
    assert!(begin(&library, &id(phone, "more")));
    // An hour later those count as left; the longest ago is the one that goes, and never one that is coming.
    home.clock.advance(60 * 60);
    for number in (0..256).filter(|number| ![3, 7, 9].contains(number)) {
        let upload = id(phone, &number.to_string());
        send(&library, &upload, Slot::Numbered(1), b"x").unwrap();
    }
    home.clock.advance(1);
    let mut coming = library
        .begin_piece(&id(phone, "3"), Slot::Numbered(1))
        .unwrap();
    assert!(begin(&library, &id(phone, "and another")));
    assert!(!library.has_partial(&id(phone, "9")).unwrap());
    assert!(library.has_partial(&id(phone, "more")).unwrap());
    assert!(begin(&library, &id(phone, "and one more")));
    assert!(!library.has_partial(&id(phone, "more")).unwrap());
    let last = library.begin_partial(&id(phone, "last"), About::default());
    assert!(matches!(last, Err(PartialError::TooManyUploads)));
    coming.write(b"x").unwrap();
    coming.finish().unwrap();
    // Names are the client's, paths are not.
    for name in ["../../etc/x", "", "a/b", "\0", &"n".repeat(5000)] {
        let upload = id(other, name);
        begin(&library, &upload);
        send(&library, &upload, Slot::Numbered(u64::MAX), b"x").unwrap();
        send(&library, &upload, Slot::Numbered(0), b"y").unwrap();
        let receipt = finish(&library, &upload, filing(other, "x.jpg")).unwrap();
        assert_eq!(read(&library, &receipt), b"yx");
    }
}

#[test]
fn an_upload_of_another_catalogue_is_nobodys() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let upload = id(phone, "u");
    begin(&library, &upload);
    send(&library, &upload, Slot::Numbered(1), b"mine").unwrap();
    drop(library);
    Library::set_aside_catalogue(&home.data()).unwrap();
    let library = home.ready();
    assert_eq!(device(&library, "stranger"), phone);
    assert!(matches!(
        library.partial(&upload),
        Err(PartialError::NotFound(_))
    ));
    assert_eq!(waiting(&home), 0);
}

/// All of an upload, up to the first refusal; the promise if it came so far.
fn attempt(library: &Library, upload: &PartialId) -> Result<Receipt, PartialError> {
    library.begin_partial(upload, About::default())?;
    for number in [1, 2, 4, 3] {
        send(
            library,
            upload,
            Slot::Numbered(number),
            &[number as u8; 2500],
        )?;
    }
    finish(library, upload, filing(upload.device, "a.jpg"))
}

#[test]
fn a_fault_at_any_moment_is_mended_by_trying_again() {
    let whole = [[1; 2500], [2; 2500], [3; 2500], [4; 2500]].concat();
    for fault in [Fault::Full, Fault::Broken] {
        for number in 1.. {
            let home = Home::new();
            let disk = Arc::new(FaultyDisk::default());
            let library = home.open(disk.clone());
            library.set_root(&home.root()).unwrap();
            let phone = device(&library, "phone");
            let upload = id(phone, "u");
            disk.fail_at(number, fault);
            let first = attempt(&library, &upload);
            let reached = disk.has_failed();
            disk.mend();
            if let Err(error) = &first {
                assert!(error.is_transient(), "{number}: {error}");
                if fault == Fault::Full {
                    let full = PartialError::Intake(IntakeError::NoSpace {
                        path: home.root(),
                        free: 0,
                        reserve: 0,
                    });
                    assert_eq!(
                        std::mem::discriminant(error),
                        std::mem::discriminant(&full),
                        "{number}"
                    );
                }
            }
            let receipt = match first {
                Ok(receipt) => receipt,
                Err(_) => attempt(&library, &upload).unwrap(),
            };
            assert_eq!(read(&library, &receipt), whole, "{number}");
            assert_eq!(home.photos().len(), 1, "{number}");
            drop(library);
            let library = home.ready();
            library.reconcile(&described, &mut |_| {}).unwrap();
            assert_eq!(read(&library, &receipt), whole, "{number}");
            // What could not be removed at the end is, sooner or later.
            home.clock.advance(8 * DAY);
            library.expire_partials().unwrap();
            assert_eq!(waiting(&home), 0, "{number}");
            if !reached {
                break;
            }
        }
    }
}

#[test]
fn a_refusal_keeps_the_pieces() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let upload = id(phone, "u");
    begin(&library, &upload);
    send(&library, &upload, Slot::Numbered(1), b"one").unwrap();
    // The end of an earlier upload of that name may come late, when the next has begun.
    let none = id(phone, "none");
    begin(&library, &none);
    let late = finish(&library, &none, filing(phone, "a.jpg")).unwrap_err();
    assert!(matches!(late, PartialError::Interrupted(_)) && late.is_transient());
    let total = library.finish_partial::<PartialError>(&upload, Some(4), |_| unreachable!());
    assert!(matches!(
        total,
        Err(PartialError::WrongTotal {
            promised: 4,
            have: 3,
            ..
        })
    ));
    let missing = finish(&library, &upload, filing(phone, "nowhere/a.jpg"));
    assert!(matches!(
        missing,
        Err(PartialError::Intake(IntakeError::ParentMissing(_)))
    ));
    let arriving = library.begin_piece(&upload, Slot::Numbered(2)).unwrap();
    let busy = finish(&library, &upload, filing(phone, "a.jpg"));
    assert!(matches!(busy, Err(PartialError::Busy(_))));
    drop(arriving);
    let receipt = finish(&library, &upload, filing(phone, "a.jpg")).unwrap();
    assert_eq!(read(&library, &receipt), b"one");
}

#[test]
fn two_at_once_make_one_photo() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let upload = id(phone, "u");
    begin(&library, &upload);
    send(&library, &upload, Slot::Numbered(1), &[5; 100_000]).unwrap();
    let answers: Vec<bool> = std::thread::scope(|scope| {
        let both = [0, 1].map(|_| {
            scope.spawn(|| match finish(&library, &upload, filing(phone, "a.jpg")) {
                Ok(_) => true,
                Err(PartialError::NotFound(_)) => {
                    assert!(library.finished_partial(&upload).unwrap().is_some());
                    false
                }
                Err(error) => panic!("{error}"),
            })
        });
        both.map(|one| one.join().unwrap()).into()
    });
    assert_eq!(answers.iter().filter(|first| **first).count(), 1);
    assert_eq!(library.totals().unwrap().photos, 1);
}
