//! The backups after the first.

use std::{cell::Cell, fs};

use safelight_core::LibraryPath;
use safelight_testkit::{tools, tree};
use safelight_vault::{Backup, VaultError};

use crate::world::World;

#[test]
fn additions_removals_renames_and_replacements_arrive() {
    let mut world = World::local();
    world.put_many(1, 40, 100_000);
    world.put("2024/01/stays.jpg", b"stays");
    world.put("2024/01/goes.jpg", b"goes");
    world.put("2024/13/alone.jpg", b"the only one in its folder");
    let vault = world.create();
    let first = world.backup_all(&vault);

    for gone in ["2024/01/goes.jpg", "2024/13/alone.jpg"] {
        world.photos.remove(gone);
    }
    let files = vec![
        world.put("2024/01/stays.jpg", b"replaced by the owner"),
        world.put("2025/new/folder/deep.jpg", b"new"),
        world.put("moved.jpg", b"the only one in its folder"),
    ];
    let removed = [
        "2024/01/goes.jpg",
        "2024/13/alone.jpg",
        "never/was/there.jpg",
    ];
    let report = world.backup_removing(&vault, files, &[], &removed).unwrap();
    assert_eq!(report.stored.len(), 3);
    assert_ne!(report.snapshot, first.snapshot);
    assert_eq!(
        fs::read_dir(world.repository().join("locks"))
            .unwrap()
            .count(),
        0,
        "locks are removed"
    );
    world.assert_restic_agrees();
    world.assert_restores(&vault);
    let snapshots = vault.snapshots().unwrap();
    assert_eq!(snapshots.len(), 2);
    assert_eq!(snapshots[1].files as usize, world.photos.len());
    let bytes: usize = world.photos.values().map(|(bytes, _)| bytes.len()).sum();
    assert_eq!(snapshots[1].bytes, bytes as u64);
}

#[test]
fn nothing_new_makes_no_snapshot() {
    let mut world = World::local();
    let vault = world.create();
    assert_eq!(world.backup(&vault, vec![]).unwrap().snapshot, None);
    world.put("a.jpg", b"a");
    world.backup_all(&vault);
    let report = world.backup(&vault, vec![]).unwrap();
    assert_eq!((report.snapshot, report.packs), (None, 0));
    assert_eq!(vault.snapshots().unwrap().len(), 1);
}

#[test]
fn what_the_last_snapshot_has_is_not_sent_again() {
    let mut world = World::local();
    world.put_many(2, 30, 200_000);
    let mut large = vec![0; 18 << 20];
    safelight_testkit::Random::new(4).fill(&mut large);
    world.put("2024/01/large.mov", &large);
    let vault = world.create();
    let first = world.backup_all(&vault);
    // A rebuilt catalogue asks for everything anew, and what was remembered here may be lost, too.
    for lost in [false, true] {
        if lost {
            fs::remove_dir_all(world.state()).unwrap();
            fs::create_dir(world.state()).unwrap();
        }
        let again = world.backup_all(&vault);
        assert_eq!((again.bytes_added, &again.snapshot), (0, &first.snapshot));
    }
    // A move costs lists only.
    let moved = world.photos.remove("2024/01/large.mov").unwrap();
    world.photos.insert("2025/large.mov".to_owned(), moved);
    fs::create_dir_all(world.library().join("2025")).unwrap();
    fs::rename(
        world.library().join("2024/01/large.mov"),
        world.library().join("2025/large.mov"),
    )
    .unwrap();
    let file = world.file("2025/large.mov");
    let report = world
        .backup_removing(&vault, vec![file], &[], &["2024/01/large.mov"])
        .unwrap();
    assert_eq!(report.stored.len(), 1);
    assert!(report.bytes_added < 20_000, "{}", report.bytes_added);
    world.assert_restic_agrees();
}

#[test]
fn a_photo_that_the_last_snapshot_has_is_still_read_at_home() {
    let mut world = World::local();
    let file = world.put("a.jpg", b"as it was");
    let vault = world.create();
    world.backup_all(&vault);
    fs::write(world.library().join("a.jpg"), b"as it is!").unwrap();
    let report = world.backup(&vault, vec![file]).unwrap();
    assert_eq!((report.stored.len(), report.failed.len()), (0, 1));
    world.assert_restores(&vault);
}

#[test]
fn plain_files_are_stored_as_they_are_now() {
    let mut world = World::local();
    world.put("2024/05/a.jpg", b"a");
    let vault = world.create();
    let plain = [
        ".safelight/library.json".to_owned(),
        ".safelight/manifests/2024/05.sha256".to_owned(),
    ];
    let write = |world: &World, text: &str| {
        for path in &plain {
            let place = world.library().join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, format!("{text} {path}")).unwrap();
        }
    };
    for text in ["first", "second, and longer"] {
        write(&world, text);
        let report = world
            .backup_removing(&vault, world.all(), &plain, &[])
            .unwrap();
        assert!(
            report.plain_failed.is_empty() && report.stored.len() == 1,
            "{report:?}"
        );
        let to = tempfile::tempdir().unwrap();
        assert_eq!(world.restore(&vault, to.path(), &[]).failures, []);
        for path in &plain {
            assert_eq!(
                fs::read_to_string(to.path().join(path)).unwrap(),
                format!("{text} {path}")
            );
        }
    }
    let missing = ["no/such.json".to_owned(), "../outside".to_owned()];
    let report = world
        .backup_removing(&vault, vec![], &missing, &[])
        .unwrap();
    let named: Vec<&str> = report
        .plain_failed
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(named, ["../outside", "no/such.json"]);
    world.assert_restic_agrees();
}

#[test]
fn of_a_manifest_that_grew_only_the_end_is_sent() {
    let mut world = World::local();
    world.put("2024/05/a.jpg", b"a");
    let vault = world.create();
    let manifest = "manifests/2024/05.sha256".to_owned();
    let place = world.library().join(&manifest);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    let mut bytes = vec![0; 3 << 20];
    safelight_testkit::Random::new(5).fill(&mut bytes);
    let mut sent = Vec::new();
    for length in [2_000_000, 2_090_000, 2_100_000, 3 << 20] {
        fs::write(&place, &bytes[..length]).unwrap();
        let plain = [manifest.clone()];
        let report = world.backup_removing(&vault, world.all(), &plain, &[]);
        sent.push(report.unwrap().bytes_added);
        let to = tempfile::tempdir().unwrap();
        assert_eq!(world.restore(&vault, to.path(), &[]).failures, []);
        assert_eq!(
            fs::read(to.path().join(&manifest)).unwrap(),
            bytes[..length]
        );
    }
    assert!(sent[0] > 2_000_000, "{sent:?}");
    assert!(sent[1..3].iter().all(|sent| *sent < 600_000), "{sent:?}");
    world.photos.insert(manifest, (bytes, 0));
    world.assert_restic_agrees();
}

#[test]
fn enough_finishes_a_snapshot_of_what_was_done() {
    let mut world = World::local();
    let files = world.put_many(3, 50, 1000);
    let vault = world.create();
    let pulled = Cell::new(0);
    let mut counted = files.into_iter().inspect(|_| pulled.set(pulled.get() + 1));
    let calls = std::sync::atomic::AtomicU32::new(0);
    let enough = || calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 20;
    let request = Backup {
        library: &world.library(),
        files: &mut counted,
        continues: None,
        plain_files: &[],
        removed: &[],
        cancel: &|| false,
        enough: &enough,
    };
    let report = vault.backup(request, &()).unwrap();
    assert_eq!((report.stored.len(), report.failed.len()), (20, 0));
    assert_eq!(pulled.get(), 20, "a photo that is pulled is told of");
    assert_eq!(vault.snapshots().unwrap()[0].files, 20);
    world.backup_all(&vault);
    world.assert_restic_agrees();
}

#[test]
fn others_snapshots_in_the_same_repository_are_left_alone() {
    let mut world = World::local();
    if tools::require("restic").is_none() {
        return;
    }
    world.put("2024/a.jpg", b"a");
    let vault = world.create();
    world.backup_all(&vault);
    let foreign = world.folder.path().join("documents");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("letter.txt"), b"dear").unwrap();
    // The clock of this test stands in 2024: restic's snapshot is newer than any of ours.
    world.restic_ok("restic", &["backup", foreign.to_str().unwrap()]);
    world.put("2024/b.jpg", b"b");
    world.backup_all(&vault);
    assert_eq!(vault.snapshots().unwrap().len(), 2);
    world.assert_restores(&vault);
    let checked = world.restic_ok("restic", &["check", "--read-data"]);
    assert!(checked.contains("no errors were found"), "{checked}");
    assert_eq!(
        world
            .restic_ok("restic", &["ls", "latest"])
            .matches("letter.txt")
            .count(),
        1
    );
}

#[test]
fn a_snapshot_of_ours_from_another_computer_is_continued() {
    let mut world = World::local();
    world.put("2024/a.jpg", b"a");
    let vault = world.create();
    world.backup_all(&vault);
    let here = fs::read(world.state().join("folders")).unwrap();
    world.clock.advance(jiff::SignedDuration::from_hours(1));
    world.put("2024/b.jpg", b"b");
    world.backup_all(&vault);
    // As if the second had been made elsewhere.
    fs::write(world.state().join("folders"), here).unwrap();
    world.clock.advance(jiff::SignedDuration::from_hours(1));
    let file = world.put("2024/c.jpg", b"c");
    world.backup(&vault, vec![file]).unwrap();
    world.assert_restores(&vault);
}

#[test]
fn the_owners_prune_between_two_backups_does_no_harm() {
    let mut world = World::local();
    if tools::require("restic").is_none() {
        return;
    }
    let vault = world.create();
    for round in 0..4 {
        world.put_many(10 + round, 10, 50_000);
        world.clock.advance(jiff::SignedDuration::from_hours(1));
        world.backup_all(&vault);
    }
    world.restic_ok(
        "restic",
        &["forget", "--keep-last", "1", "--prune", "--max-unused", "0"],
    );
    let file = world.put("2024/01/after.jpg", b"after");
    let report = world.backup(&vault, vec![file]).unwrap();
    assert_eq!(report.stored.len(), 1);
    world.assert_restic_agrees();
    world.assert_restores(&vault);
}

#[test]
fn who_works_on_the_repository_alone_is_not_disturbed() {
    let mut world = World::local();
    let files = world.put_many(1, 20, 100_000);
    let vault = world.create();
    world.backup_all(&vault);
    let Some(restic) = tools::require("restic") else {
        return;
    };
    // A check holds an exclusive lock, as a prune does, and takes minutes at 1 KiB a second.
    let mut alone = std::process::Command::new(restic)
        .args(["--no-cache", "-r", world.repository().to_str().unwrap()])
        .args(["--limit-download", "1", "check", "--read-data"])
        .env("RESTIC_PASSWORD", crate::world::PASSWORD)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let lock = loop {
        assert_eq!(
            alone.try_wait().unwrap(),
            None,
            "restic ended before its lock was seen"
        );
        let whole = fs::read_dir(world.repository().join("locks"))
            .unwrap()
            .flatten()
            .find(|lock| {
                let bytes = fs::read(lock.path()).unwrap_or_default();
                tree::hash(&bytes).to_string() == lock.file_name().to_string_lossy()
            });
        match whole {
            Some(lock) => break lock.path(),
            None => std::thread::yield_now(),
        }
    };
    // The lock's time is the real one.
    let written = fs::metadata(lock).unwrap().modified().unwrap();
    world
        .clock
        .set(safelight_core::Timestamp::try_from(written).unwrap());
    let refused = world.backup(&vault, files.clone());
    // Killed, it leaves its lock behind, which is worth nothing after half an hour.
    alone.kill().unwrap();
    alone.wait().unwrap();
    assert!(
        matches!(&refused, Err(error @ VaultError::Locked { .. }) if error.is_transient()),
        "{refused:?}"
    );
    world.clock.advance(jiff::SignedDuration::from_mins(31));
    assert_eq!(world.backup(&vault, files).unwrap().stored.len(), 20);
}

#[test]
fn a_lock_that_a_crash_left_is_removed() {
    let mut world = World::local();
    world.put("a.jpg", b"a");
    let vault = world.create();
    let held = |world: &World| {
        fs::read_dir(world.repository().join("locks"))
            .unwrap()
            .count()
    };
    let state = world.state().join("lock-in-repository");
    let (left, during) = (
        std::sync::Mutex::new(None),
        std::sync::atomic::AtomicUsize::new(0),
    );
    let files = world.all();
    let mut watched = files.into_iter().inspect(|_| {
        let name = fs::read_to_string(&state).unwrap();
        let bytes = fs::read(world.repository().join("locks").join(&name)).unwrap();
        *left.lock().unwrap() = Some((name, bytes));
        during.store(held(&world), std::sync::atomic::Ordering::Relaxed);
    });
    let removed: Vec<LibraryPath> = vec![];
    let request = Backup {
        library: &world.library(),
        files: &mut watched,
        continues: None,
        plain_files: &[],
        removed: &removed,
        cancel: &|| false,
        enough: &|| false,
    };
    vault.backup(request, &()).unwrap();
    assert_eq!(during.into_inner(), 1, "a backup holds a lock");
    let (name, bytes) = left.into_inner().unwrap().unwrap();
    fs::write(world.repository().join("locks").join(&name), bytes).unwrap();
    fs::write(&state, &name).unwrap();
    world.backup(&vault, vec![]).unwrap();
    assert_eq!(held(&world), 0);
}
