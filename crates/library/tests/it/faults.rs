//! A disk that fails at each operation in turn: nothing half-written is visible, nothing acknowledged is lost, and the
//! same upload succeeds later.

use std::sync::Arc;

use safelight_library::{IntakeError, Outcome};

use crate::support::{
    Home, check_tallies, described, device,
    disks::{Fault, FaultyDisk},
    filing, put, read,
};

/// Uploads with a fault at every operation until there are no more operations. Returns how many there were.
fn at_every_operation(fault: Fault) -> u64 {
    for number in 1.. {
        let home = Home::new();
        let disk = Arc::new(FaultyDisk::default());
        let library = home.open(disk.clone());
        library.set_root(&home.root()).unwrap();
        let phone = device(&library, "phone");
        let first = put(&library, b"the first", filing(phone, "a.jpg")).unwrap();

        disk.fail_at(number, fault);
        // Same name, other bytes, more than one write, in a folder that is not there yet.
        let second = vec![7; 2500];
        let mut wish = filing(phone, "a.jpg");
        wish.captured = Some(crate::support::taken(2023, 1, 1));
        let result = put(&library, &second, wish.clone());
        let reached = disk.has_failed();
        disk.mend();
        if let Err(error) = &result {
            assert!(error.is_transient(), "{error}");
            assert_eq!(
                home.photos().len(),
                1,
                "operation {number}: a refused upload is visible"
            );
            if fault == Fault::Full {
                assert!(matches!(error, IntakeError::NoSpace { .. }), "{error}");
            }
        }
        for (path, bytes) in home.photos() {
            assert!(
                bytes == b"the first" || bytes == second,
                "operation {number}: {path} is half"
            );
        }
        assert_eq!(read(&library, &first), b"the first");

        let again = put(&library, &second, wish).unwrap();
        assert_eq!(read(&library, &again), second);
        assert_eq!(again.outcome == Outcome::Duplicate, result.is_ok());
        assert_eq!(
            home.photos().len(),
            2,
            "operation {number}: {:?}",
            home.photos().keys()
        );
        library.flush_manifests().unwrap();
        library.shut_down().unwrap();
        drop(library);

        let library = home.ready();
        let report = library.reconcile(&described, &mut |_| {}).unwrap();
        assert_eq!((report.adopted, report.missing), (0, 0));
        assert!(home.staged().is_empty());
        assert_eq!(library.totals().unwrap().photos, 2);
        check_tallies(&library);
        if !reached {
            return number - 1;
        }
    }
    unreachable!()
}

#[test]
fn a_full_disk_loses_nothing() {
    assert!(at_every_operation(Fault::Full) > 8);
}

#[test]
fn a_broken_disk_loses_nothing() {
    assert!(at_every_operation(Fault::Broken) > 8);
}

#[test]
fn a_panic_while_committing_refuses_the_upload_and_does_not_stop_the_next() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    put(&library, b"warm", filing(phone, "warm.jpg")).unwrap();
    // An upload asks for the time when it looks what is there, and then only while its rows are written.
    home.clock.break_down_after(1);
    let error = put(&library, b"", filing(phone, "a.jpg")).unwrap_err();
    assert!(matches!(error, IntakeError::WriterStopped), "{error}");
    home.clock.mend();
    let receipt = put(&library, b"", filing(phone, "a.jpg")).unwrap();
    // What the panic left in place was the same photo.
    assert_eq!(receipt.path.as_str(), "2024/05/a.jpg");
    assert_eq!(home.photos().len(), 2);
    // The next start looks all the same.
    library.shut_down().unwrap();
    drop(library);
    assert!(!home.ready().clean_start());
}

#[test]
fn a_full_disk_is_told_before_an_upload_begins() {
    let home = Home::new();
    let library = home.ready();
    library.set_reserve(u64::MAX).unwrap();
    let error = library.begin_upload().err().unwrap();
    assert!(
        matches!(
            error,
            IntakeError::NoSpace {
                reserve: u64::MAX,
                ..
            }
        ),
        "{error}"
    );
    assert!(home.staged().is_empty());
    library.set_reserve(0).unwrap();
    put(&library, b"x", crate::support::found("a.jpg")).unwrap();
}

#[test]
fn manifests_survive_a_fault_at_every_operation() {
    for number in 1.. {
        let home = Home::new();
        let disk = Arc::new(FaultyDisk::default());
        let library = home.open(disk.clone());
        library.set_root(&home.root()).unwrap();
        let phone = device(&library, "phone");
        put(&library, b"one", filing(phone, "one.jpg")).unwrap();
        library.flush_manifests().unwrap();
        put(&library, b"two", filing(phone, "two.tmp")).unwrap();
        put(&library, b"three", filing(phone, "three.jpg")).unwrap();
        disk.fail_at(number, Fault::Full);
        let appended = library.flush_manifests();
        disk.mend();
        let from = crate::support::dp("two.tmp");
        library
            .move_entry(phone, &from, &crate::support::dp("two.jpg"), false)
            .unwrap();
        disk.fail_at(number, Fault::Full);
        let rewritten = library.flush_manifests();
        let reached = disk.has_failed();
        disk.mend();
        library.flush_manifests().unwrap();
        let text = std::fs::read_to_string(home.root().join(".safelight/manifests/2024/05.sha256"))
            .unwrap();
        for name in ["one.jpg", "two.jpg", "three.jpg"] {
            let lines = text
                .lines()
                .filter(|line| line.ends_with(&format!("  2024/05/{name}")))
                .count();
            assert_eq!(
                lines, 1,
                "operation {number} ({appended:?}, {rewritten:?}):\n{text}"
            );
        }
        assert!(!text.contains("two.tmp\n"), "{text}");
        if !reached {
            assert!(number > 3);
            return;
        }
    }
}
