//! The first backup, and everything back again.

use std::fs;

use safelight_testkit::tools;
use safelight_vault::{Failure, VaultError};

use crate::world::World;

/// Empty, one byte, small text that compresses, exactly one piece, one byte more, two pieces and a half.
fn mixed(world: &mut World) {
    world.put_many(1, 60, 400_000);
    world.put("2024/01/empty.jpg", b"");
    world.put("2024/01/one.jpg", b"x");
    world.put(
        "2024/01/notes.txt",
        "the same again and again, ".repeat(9000).as_bytes(),
    );
    let mut large = vec![0; 20 << 20];
    safelight_testkit::Random::new(9).fill(&mut large);
    world.put("2024/02/piece.mp4", &large[..8 << 20]);
    world.put("2024/02/piece and one byte.mp4", &large[..(8 << 20) + 1]);
    world.put("2024/02/large.mov", &large);
    world.put("top.jpg", b"in the library folder itself");
}

#[test]
fn restic_old_and_new_restore_every_byte() {
    let mut world = World::local();
    mixed(&mut world);
    let vault = world.create();
    world.backup_all(&vault);
    world.assert_restic_agrees();
    world.assert_restores(&vault);
    assert_eq!(
        vault.snapshots().unwrap()[0].files as usize,
        world.photos.len()
    );
    let bytes: usize = world.photos.values().map(|(bytes, _)| bytes.len()).sum();
    assert_eq!(vault.snapshots().unwrap()[0].bytes, bytes as u64);
}

#[test]
fn names_of_every_kind_come_back() {
    let mut world = World::local();
    for name in [
        "quote\"d.jpg",
        "日本 – ça va.heic",
        "e\u{301}.jpg",
        "-n.jpg",
        "a'b`c.jpg",
        "\u{1f600}\u{200b}.jpg",
        ".x",
    ] {
        world.put(&format!("2024/\"q\" ü/{name}"), name.as_bytes());
    }
    let vault = world.create();
    world.backup_all(&vault);
    world.assert_restic_agrees();
    world.assert_restores(&vault);
}

#[test]
fn many_small_files_take_few_packs() {
    let mut world = World::local();
    for number in 0..10_500_u32 {
        world.put(
            &format!("2024/{:02}/{number}.jpg", number % 3),
            &number.to_le_bytes(),
        );
    }
    let vault = world.create();
    let report = world.backup_all(&vault);
    assert!((2..10).contains(&report.packs), "{}", report.packs);
    world.assert_restic_agrees();
    world.assert_restores(&vault);
}

#[test]
fn a_restore_of_some_brings_only_those() {
    let mut world = World::local();
    for path in [
        "2024/01/a.jpg",
        "2024/01/b.jpg",
        "2024/02/c.jpg",
        "2024/1/d.jpg",
    ] {
        world.put(path, path.as_bytes());
    }
    let vault = world.create();
    world.backup_all(&vault);
    let to = tempfile::tempdir().unwrap();
    let report = world.restore(
        &vault,
        to.path(),
        &["2024/01/a.jpg", "2024/02", "2024/03", "2024/01/a.jpg/x"],
    );
    assert_eq!(
        safelight_testkit::tree::files(to.path()).unwrap(),
        ["2024/01/a.jpg", "2024/02/c.jpg"]
    );
    let missed: Vec<&str> = report
        .failures
        .iter()
        .map(|failure| failure.path.as_str())
        .collect();
    assert_eq!(missed, ["2024/03", "2024/01/a.jpg/x"]);
    let time = fs::metadata(to.path().join("2024/01/a.jpg"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(
        safelight_core::Timestamp::try_from(time).unwrap(),
        world.file("2024/01/a.jpg").modified
    );
}

#[test]
fn a_restore_never_overwrites_and_counts_what_is_there() {
    let mut world = World::local();
    let large = vec![7; (8 << 20) + 5];
    world.put("a/same.mov", &large);
    world.put("a/other.jpg", b"ours");
    world.put("a/folder.jpg", b"ours");
    world.put("b/new.jpg", b"new");
    let vault = world.create();
    world.backup_all(&vault);
    let to = tempfile::tempdir().unwrap();
    fs::create_dir_all(to.path().join("a/folder.jpg")).unwrap();
    fs::write(to.path().join("a/same.mov"), &large).unwrap();
    fs::write(to.path().join("a/other.jpg"), b"mine").unwrap();
    let report = world.restore(&vault, to.path(), &[]);
    assert_eq!(report.files, 2);
    let mut failed: Vec<&str> = report
        .failures
        .iter()
        .map(|failure| failure.path.as_str())
        .collect();
    failed.sort_unstable();
    assert_eq!(failed, ["a/folder.jpg", "a/other.jpg"]);
    assert_eq!(fs::read(to.path().join("a/other.jpg")).unwrap(), b"mine");
}

#[test]
fn a_photo_that_is_not_what_it_was_is_named_and_left_out() {
    let mut world = World::local();
    let mut large = vec![3; 17 << 20];
    safelight_testkit::Random::new(4).fill(&mut large);
    let files = vec![
        world.put("2024/01/good.jpg", b"good"),
        world.put("2024/01/rotten.jpg", b"as it was"),
        world.put("2024/01/rotten.mov", &large),
        world.put("2024/01/gone.jpg", b"gone"),
        world.put("2024/01/shorter.jpg", b"longer before"),
    ];
    let library = world.library();
    fs::write(library.join("2024/01/rotten.jpg"), b"as it is!").unwrap();
    large[12 << 20] ^= 1;
    fs::write(library.join("2024/01/rotten.mov"), &large).unwrap();
    fs::remove_file(library.join("2024/01/gone.jpg")).unwrap();
    fs::write(library.join("2024/01/shorter.jpg"), b"longer").unwrap();
    let vault = world.create();
    let report = world.backup(&vault, files.clone()).unwrap();
    assert_eq!(report.stored, [files[0].asset]);
    let mut failed: Vec<(&str, &Failure)> = report
        .failed
        .iter()
        .map(|failed| (failed.path.name(), &failed.why))
        .collect();
    failed.sort_by_key(|(name, _)| *name);
    assert!(
        matches!(
            failed[..],
            [
                ("gone.jpg", Failure::Missing),
                ("rotten.jpg", Failure::NotThePhoto { .. }),
                ("rotten.mov", Failure::NotThePhoto { .. }),
                ("shorter.jpg", Failure::NotThePhoto { .. }),
            ]
        ),
        "{failed:?}"
    );
    world.photos.retain(|path, _| path.ends_with("good.jpg"));
    world.assert_restic_agrees();
}

#[test]
#[cfg(unix)]
fn a_photo_that_cannot_be_read_is_named() {
    let mut world = World::local();
    let file = world.put("2024/01/a.jpg", b"a");
    // A folder instead of a file cannot be read by anybody, not even by root.
    fs::remove_file(world.library().join("2024/01/a.jpg")).unwrap();
    fs::create_dir(world.library().join("2024/01/a.jpg")).unwrap();
    let vault = world.create();
    let report = world.backup(&vault, vec![file]).unwrap();
    assert!(
        matches!(report.failed[0].why, Failure::Unreadable(_)),
        "{report:?}"
    );
    assert_eq!(report.snapshot, None);
}

#[test]
fn restic_shows_a_library_and_not_an_archive() {
    let mut world = World::local();
    world.put("2024/01/a.jpg", b"a");
    let vault = world.create();
    world.backup_all(&vault);
    if tools::require("restic").is_none() {
        return;
    }
    let listed = world.restic_ok("restic", &["ls", "latest"]);
    assert!(listed.contains("\n/2024/01/a.jpg"), "{listed}");
    let shown = world.restic_ok("restic", &["snapshots", "--tag", "safelight"]);
    assert!(
        shown.contains("safelight") && shown.contains("1 snapshots"),
        "{shown}"
    );
}

#[test]
fn what_is_wrong_with_a_destination_is_said() {
    let mut world = World::local();
    assert!(matches!(world.open(), Err(VaultError::Unreachable { .. })));
    fs::create_dir(world.repository()).unwrap();
    assert!(matches!(
        world.open(),
        Err(VaultError::NotARepository { .. })
    ));
    let vault = world.create();
    let again = safelight_vault::Vault::create(
        &world.config,
        &safelight_vault::RepositoryPassword::new("x"),
        &world.state(),
        world.clock.clone(),
        std::sync::Arc::new(safelight_testkit::SeededEntropy::new(1)),
    );
    assert!(matches!(again, Err(VaultError::AlreadyThere { .. })));
    // With and without the kept key.
    assert!(matches!(
        world.open_with("wrong"),
        Err(VaultError::WrongPassword { .. })
    ));
    assert_eq!(world.open().unwrap().repository_id(), vault.repository_id());
    fs::remove_dir_all(world.state()).unwrap();
    assert!(matches!(
        world.open_with("wrong"),
        Err(VaultError::WrongPassword { .. })
    ));
    assert_eq!(world.open().unwrap().repository_id(), vault.repository_id());
    // A library on a drive that is gone is not a library without photos.
    let file = world.put("a.jpg", b"a");
    fs::rename(world.library(), world.folder.path().join("elsewhere")).unwrap();
    assert!(matches!(
        world.backup(&vault, vec![file]),
        Err(VaultError::LibraryGone { .. })
    ));
    assert_eq!(vault.snapshots().unwrap(), []);
}

#[test]
fn a_library_of_restics_own_making_is_opened() {
    let mut world = World::local();
    if tools::require("restic").is_none() {
        return;
    }
    world.restic_ok("restic", &["init", "--repository-version", "2"]);
    world.put("2024/01/a.jpg", b"a");
    let vault = world.open().unwrap();
    world.backup_all(&vault);
    world.assert_restic_agrees();
}
