//! Promise 1 with the power cut at every operation: what was not flushed is gone, and every acknowledged photo is there.

use std::sync::Arc;

use safelight_library::{Library, Receipt};

use crate::support::{
    Home, check_tallies, described, device,
    disks::{Fault, FaultyDisk},
    dp, filing, found, put, read, taken,
};

/// What a household does on an evening. Returns what was promised.
fn evening(library: &Library, phone: safelight_core::DeviceId) -> Vec<(Vec<u8>, Receipt)> {
    let mut promised = Vec::new();
    let mut send = |bytes: &[u8], filing| {
        if let Ok(receipt) = put(library, bytes, filing) {
            promised.push((bytes.to_owned(), receipt));
        }
    };
    let large = vec![3; 4000];
    send(b"first", filing(phone, "a.jpg"));
    send(&large, filing(phone, "a.jpg"));
    send(b"first", filing(phone, "b.jpg"));
    let mut elsewhere = filing(phone, "c.jpg.part");
    elsewhere.captured = Some(taken(1999, 12, 31));
    send(b"third", elsewhere);
    // A failed move or manifest promises nothing; whether they fail is the power's choice.
    let moved = library.move_entry(phone, &dp("c.jpg.part"), &dp("c.jpg"), false);
    let flushed = library.flush_manifests();
    let mut last = filing(phone, "d.jpg");
    last.captured = None;
    send(b"", last);
    drop((moved, flushed));
    // As an import brings small files: a new one, one that is here.
    for bytes in [&b"fourth"[..], b"first"] {
        if let Ok(receipt) = library.commit_bytes(bytes, found("e.jpg")) {
            promised.push((bytes.to_owned(), receipt));
        }
    }
    promised
}

fn cut_at(number: u64, names_arrive: bool) -> bool {
    let home = Home::new();
    let disk = Arc::new(FaultyDisk::default());
    let library = home.open(disk.clone());
    library.set_root(&home.root()).unwrap();
    let phone = device(&library, "phone");
    disk.flush_all(&home.root());
    disk.fail_at(number, Fault::Cut);
    let promised = evening(&library, phone);
    let reached = disk.has_failed();
    drop(library);
    disk.cut_power(&home.root(), names_arrive);

    // Nothing half is visible, even before anybody has looked.
    let whole: [&[u8]; 5] = [b"first", &[3; 4000], b"third", b"", b"fourth"];
    for (path, bytes) in home.photos() {
        assert!(
            whole.contains(&&bytes[..]),
            "cut at {number}: {path} is half"
        );
        let empty_is_the_last = !bytes.is_empty() || path == "unknown/d.jpg";
        assert!(empty_is_the_last, "cut at {number}: {path} is empty");
    }
    let library = home.ready();
    assert!(!library.clean_start());
    // A committed row's file, name and folders were flushed before: nothing is missing without any repair.
    for (bytes, receipt) in &promised {
        assert_eq!(&read_now(&library, receipt), bytes, "cut at {number}");
    }
    let report = library.reconcile(&described, &mut |_| {}).unwrap();
    assert_eq!(report.missing, 0, "cut at {number}");
    for (bytes, receipt) in &promised {
        assert_eq!(&read(&library, receipt), bytes, "cut at {number}");
    }
    assert!(home.staged().is_empty());
    library.flush_manifests().unwrap();
    check_tallies(&library);
    reached
}

/// As [`read`], where a rename that was not committed may still hide the file.
fn read_now(library: &Library, receipt: &Receipt) -> Vec<u8> {
    let asset = library.asset_by_hash(&receipt.hash).unwrap().unwrap();
    if library.open_asset(asset.id).is_err() && asset.path.name() == "c.jpg.part" {
        library.reconcile(&described, &mut |_| {}).unwrap();
    }
    read(library, receipt)
}

#[test]
fn what_was_promised_survives_a_power_cut_at_every_operation() {
    for names_arrive in [false, true] {
        let mut number = 1;
        while cut_at(number, names_arrive) {
            number += 1;
        }
        assert!(number > 30, "only {number} operations");
    }
}

#[test]
fn what_was_promised_to_four_at_once_survives() {
    for number in [5, 17, 29, 41] {
        let home = Home::new();
        let disk = Arc::new(FaultyDisk::default());
        let library = home.open(disk.clone());
        library.set_root(&home.root()).unwrap();
        let phones: Vec<_> = (0..4)
            .map(|n| device(&library, &format!("phone{n}")))
            .collect();
        disk.flush_all(&home.root());
        disk.fail_at(number, Fault::Cut);
        let promised: Vec<(Vec<u8>, Receipt)> = std::thread::scope(|scope| {
            let threads: Vec<_> = phones
                .iter()
                .map(|phone| {
                    let library = &library;
                    scope.spawn(move || {
                        let mut promised = Vec::new();
                        for n in 0..6_u8 {
                            let bytes = vec![n; 100 + usize::try_from(phone.0).unwrap()];
                            if let Ok(receipt) =
                                put(library, &bytes, filing(*phone, "IMG_0001.JPG"))
                            {
                                promised.push((bytes, receipt));
                            }
                        }
                        promised
                    })
                })
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        drop(library);
        disk.cut_power(&home.root(), false);
        let library = home.ready();
        for (bytes, receipt) in &promised {
            assert_eq!(&read(&library, receipt), bytes, "cut at {number}");
        }
        assert_eq!(
            library.reconcile(&described, &mut |_| {}).unwrap().missing,
            0
        );
        check_tallies(&library);
    }
}

#[test]
fn a_file_that_was_taken_in_is_on_the_disk() {
    let home = Home::new();
    let disk = Arc::new(FaultyDisk::default());
    let library = home.open(disk.clone());
    library.set_root(&home.root()).unwrap();
    disk.flush_all(&home.root());
    // The owner's copy is still in the system's memory only.
    std::fs::create_dir_all(home.root().join("2024/05")).unwrap();
    std::fs::write(home.root().join("2024/05/a.jpg"), "theirs").unwrap();
    assert_eq!(
        library.reconcile(&described, &mut |_| {}).unwrap().adopted,
        1
    );
    // It is promised to whoever sends the same.
    let receipt = put(&library, b"theirs", found("b.jpg")).unwrap();
    drop(library);
    disk.cut_power(&home.root(), true);
    assert_eq!(read(&home.ready(), &receipt), b"theirs");
}

#[test]
fn a_file_that_cannot_be_flushed_is_not_taken_in() {
    let home = Home::new();
    let disk = Arc::new(FaultyDisk::default());
    let library = home.open(disk.clone());
    library.set_root(&home.root()).unwrap();
    std::fs::write(home.root().join("a.jpg"), "theirs").unwrap();
    disk.fail_at(1, Fault::Broken);
    assert_eq!(
        library.reconcile(&described, &mut |_| {}).unwrap().adopted,
        0
    );
    assert_eq!(library.problems().unwrap()[0].path, "a.jpg");
    disk.mend();
    assert_eq!(
        library.reconcile(&described, &mut |_| {}).unwrap().adopted,
        1
    );
    assert!(library.problems().unwrap().is_empty());
}
