//! What a damaged repository leads to: {delete, cut, change a bit} × {config, key, index, snapshot, data pack, tree
//! pack}. Whatever is hurt is named; whatever is not comes back.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use safelight_testkit::tree;
use safelight_vault::{NewFile, Vault, VaultError, VerifyOutcome};

use crate::world::World;

#[derive(Clone, Copy, Debug)]
enum Hurt {
    Delete,
    Cut,
    Flip,
}

const ALL: [Hurt; 3] = [Hurt::Delete, Hurt::Cut, Hurt::Flip];

impl Hurt {
    fn file(self, path: &Path) {
        let mut bytes = fs::read(path).unwrap();
        match self {
            Self::Delete => return fs::remove_file(path).unwrap(),
            Self::Cut => bytes.truncate(bytes.len() / 2),
            Self::Flip => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x10;
            }
        }
        fs::write(path, bytes).unwrap();
    }
}

fn files_of(world: &World, folder: &str) -> Vec<PathBuf> {
    let root = world.repository().join(folder);
    tree::files(&root)
        .unwrap()
        .into_iter()
        .map(|path| root.join(path))
        .collect()
}

/// Two photos in a pack of their own each round.
fn world() -> (World, Vault) {
    let mut world = World::local();
    let vault = world.create();
    for round in 0..2 {
        world.clock.advance(jiff::SignedDuration::from_hours(1));
        let new = world.put_many(round, 2, 50_000);
        world.backup(&vault, new).unwrap();
    }
    (world, vault)
}

/// The repository's data packs and tree packs.
fn packs(world: &World) -> (Vec<PathBuf>, Vec<PathBuf>) {
    // The lists of a few folders have less than 4 KiB, photos' packs more.
    files_of(world, "data")
        .into_iter()
        .partition(|path| fs::metadata(path).unwrap().len() > 4096)
}

#[test]
fn a_hurt_data_pack_is_found_its_photos_are_named_and_the_next_backup_mends_it() {
    for hurt in ALL {
        for read_back in [true, false] {
            let (world, vault) = world();
            let (data, _) = packs(&world);
            assert_eq!(data.len(), 2);
            hurt.file(&data[0]);
            let (report, outcomes) = world.verify(&vault, read_back);
            let damaged: Vec<&String> = outcomes
                .iter()
                .filter(|(_, outcome)| matches!(outcome, VerifyOutcome::Damaged(_)))
                .map(|(path, _)| path)
                .collect();
            if matches!(hurt, Hurt::Flip) && !read_back {
                assert_eq!(report.good, 4, "only reading finds a changed bit");
                continue;
            }
            assert!((1..=2).contains(&damaged.len()), "{hurt:?}: {outcomes:?}");
            assert_eq!(
                (report.good, report.missing),
                (4 - damaged.len() as u64, 0),
                "{hurt:?}"
            );

            let to = tempfile::tempdir().unwrap();
            let restored = world.restore(&vault, to.path(), &[]);
            let named: Vec<&String> = restored
                .failures
                .iter()
                .map(|failure| &failure.path)
                .collect();
            assert_eq!(named.len(), damaged.len(), "{hurt:?}");
            assert!(named.iter().all(|path| damaged.contains(path)));
            let there = tree::files(to.path()).unwrap();
            assert_eq!(
                there.len(),
                4 - damaged.len(),
                "nothing half restored lies around: {there:?}"
            );

            world.backup_all(&vault);
            world.assert_restores(&vault);
            let (report, _) = world.verify(&vault, true);
            assert_eq!(report.good, 4, "{hurt:?}");
            // The index names the hurt pack no more, and what was whole in it lies in another one.
            world.assert_restic_agrees();
        }
    }
}

#[test]
fn the_index_is_mended_only_when_nobody_else_is_at_work() {
    let (world, vault) = world();
    let mut lock = None;
    let files = world.all();
    let mut watched = files.into_iter().inspect(|_| {
        let held = files_of(&world, "locks").remove(0);
        lock = Some((fs::read(&held).unwrap(), held));
    });
    world.backup_from(&vault, &mut watched).unwrap();
    Hurt::Delete.file(&packs(&world).0[0]);
    world.verify(&vault, false);

    // As another computer's backup would hold it.
    let (bytes, theirs) = lock.unwrap();
    fs::write(&theirs, bytes).unwrap();
    let before = files_of(&world, "index");
    world.backup_all(&vault);
    let is_there = |index: &PathBuf| index.exists();
    assert!(before.iter().all(is_there), "somebody may be reading it");
    world.assert_restores(&vault);

    fs::remove_file(theirs).unwrap();
    world.backup(&vault, vec![]).unwrap();
    assert!(!before.iter().all(is_there));
    assert_eq!(files_of(&world, "locks"), [] as [PathBuf; 0]);
    world.assert_restic_agrees();
}

/// A pack is lost and noticed; the next one is lost unnoticed before the backup that mends the index.
#[test]
fn a_pack_whose_loss_only_the_mending_finds_is_told_and_stays_named_until_its_photos_are_stored_anew()
 {
    let (world, vault) = world();
    let (data, _) = packs(&world);
    let photos_of = |outcomes: &BTreeMap<String, VerifyOutcome>| -> Vec<NewFile> {
        let bad = outcomes
            .iter()
            .filter(|(_, outcome)| matches!(outcome, VerifyOutcome::Damaged(_)));
        bad.map(|(path, _)| world.file(path)).collect()
    };
    Hurt::Delete.file(&data[0]);
    let (_, outcomes) = world.verify(&vault, false);
    let first = photos_of(&outcomes);
    assert_eq!(first.len(), 2);
    Hurt::Delete.file(&data[1]);

    let report = world.backup(&vault, first).unwrap();
    assert_eq!((report.stored.len(), report.untidy), (2, None));
    assert_eq!(report.lost, 2, "the second pack's photos are told of");
    let (_, outcomes) = world.verify(&vault, false);
    let second = photos_of(&outcomes);
    assert_eq!(second.len(), 2);
    for file in &second {
        let why = "The pack with its data is missing or too short";
        let outcome = VerifyOutcome::Damaged(why.to_owned());
        assert_eq!(
            outcomes[file.path.as_str()],
            outcome,
            "the index still names it"
        );
    }

    let report = world.backup(&vault, second).unwrap();
    assert_eq!((report.stored.len(), report.lost), (2, 0));
    world.assert_restores(&vault);
    world.assert_restic_agrees();
}

/// Whoever hears of the loss may be killed before it is written down.
#[test]
fn a_loss_that_only_the_mending_finds_is_told_again_by_the_next_backup() {
    let (world, vault) = world();
    let (data, _) = packs(&world);
    Hurt::Delete.file(&data[0]);
    let (_, outcomes) = world.verify(&vault, false);
    let bad = outcomes
        .iter()
        .filter(|(_, outcome)| **outcome != VerifyOutcome::Good);
    let first = bad.map(|(path, _)| world.file(path)).collect();
    Hurt::Delete.file(&data[1]);
    assert_eq!(world.backup(&vault, first).unwrap().lost, 2);
    assert_eq!(world.backup(&vault, vec![]).unwrap().lost, 2);
    assert_eq!(world.backup(&vault, vec![]).unwrap().lost, 0);
}

#[cfg(unix)]
#[test]
fn a_folder_of_packs_that_lies_elsewhere_is_listed_through_its_link() {
    let (world, vault) = world();
    let (data, _) = packs(&world);
    Hurt::Delete.file(&data[0]);
    world.verify(&vault, false);
    let folder = data[1].parent().unwrap();
    let elsewhere = world.folder.path().join("elsewhere");
    fs::rename(folder, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder).unwrap();
    // A link to nothing is nothing.
    std::os::unix::fs::symlink("nowhere", world.repository().join("data/zz")).unwrap();

    let (report, _) = world.verify(&vault, false);
    assert_eq!(report.good, 2, "those in the other pack");
    let report = world.backup_all(&vault);
    assert_eq!((report.lost, report.untidy), (0, None));
    assert_eq!(world.verify(&vault, true).0.good, 4);
    world.assert_restores(&vault);
}

#[test]
fn a_hurt_tree_pack_is_named() {
    for hurt in ALL {
        let (mut world, vault) = world();
        let (_, trees) = packs(&world);
        for pack in &trees {
            hurt.file(pack);
        }
        let (report, outcomes) = world.verify(&vault, false);
        assert!(!report.problems.is_empty(), "{hurt:?}");
        // A changed bit hurts one list of several.
        let bad = outcomes
            .values()
            .filter(|outcome| **outcome != VerifyOutcome::Good)
            .count();
        assert!(
            bad == 4 || (bad > 0 && matches!(hurt, Hurt::Flip)),
            "{hurt:?}"
        );
        let to = tempfile::tempdir().unwrap();
        let restored = world.restore(&vault, to.path(), &[]);
        assert!(
            restored.files as usize == 4 - bad && !restored.failures.is_empty(),
            "{hurt:?}"
        );
        // A backup must not go on as if there had been nothing.
        let all = world
            .all()
            .into_iter()
            .chain([world.put("2024/01/new.jpg", b"new")])
            .collect();
        assert!(
            matches!(world.backup(&vault, all), Err(VaultError::Damaged { .. })),
            "{hurt:?}"
        );
        assert_eq!(vault.snapshots().unwrap().len(), 2);
    }
}

#[test]
fn a_hurt_index_is_named_and_what_another_one_names_comes_back() {
    for hurt in ALL {
        let (world, vault) = world();
        hurt.file(&files_of(&world, "index")[0]);
        let (report, outcomes) = world.verify(&vault, true);
        assert!(
            outcomes
                .values()
                .any(|outcome| *outcome != VerifyOutcome::Good),
            "{hurt:?}"
        );
        assert!(
            matches!(hurt, Hurt::Delete) || !report.problems.is_empty(),
            "{hurt:?}"
        );
        let to = tempfile::tempdir().unwrap();
        let restored = world.restore(&vault, to.path(), &[]);
        assert!(!restored.failures.is_empty(), "{hurt:?}");
        assert_eq!(
            restored.files as usize,
            tree::files(to.path()).unwrap().len()
        );
    }
}

#[test]
fn a_hurt_snapshot_is_named() {
    for hurt in [Hurt::Cut, Hurt::Flip] {
        let (mut world, vault) = world();
        for snapshot in files_of(&world, "snapshots") {
            hurt.file(&snapshot);
        }
        assert!(matches!(vault.snapshots(), Err(VaultError::Damaged { .. })));
        let new = world.put("2024/01/new.jpg", b"new");
        for lost in [false, true] {
            if lost {
                fs::remove_dir_all(world.state()).unwrap();
                fs::create_dir(world.state()).unwrap();
            }
            let error = world.backup(&vault, vec![new.clone()]).unwrap_err();
            assert!(
                matches!(error, VaultError::Damaged { .. }),
                "{hurt:?} {error}"
            );
        }
    }
}

#[test]
fn deleted_snapshots_are_noticed() {
    let (world, vault) = world();
    for snapshot in files_of(&world, "snapshots") {
        Hurt::Delete.file(&snapshot);
    }
    let (report, outcomes) = world.verify(&vault, false);
    assert_eq!(report.snapshot, None);
    assert!(
        outcomes
            .values()
            .all(|outcome| *outcome == VerifyOutcome::Missing)
    );
    // Nothing of what is remembered here is believed.
    world.backup_all(&vault);
    world.assert_restores(&vault);
}

#[test]
fn a_hurt_config_or_key_is_named_and_never_taken_for_a_wrong_password() {
    for hurt in ALL {
        for kept in [true, false] {
            for folder in ["config", "keys"] {
                let (world, _) = world();
                if !kept {
                    fs::remove_dir_all(world.state()).unwrap();
                }
                match folder {
                    "config" => hurt.file(&world.repository().join("config")),
                    _ => hurt.file(&files_of(&world, "keys")[0]),
                }
                let opened = world.open();
                let what = format!("{hurt:?} {folder} {kept}: {:?}", opened.as_ref().err());
                match (folder, hurt) {
                    ("config", Hurt::Delete) => {
                        assert!(
                            matches!(opened, Err(VaultError::NotARepository { .. })),
                            "{what}"
                        );
                    }
                    // The kept key needs no key file.
                    ("keys", _) if kept => assert!(opened.is_ok(), "{what}"),
                    _ => assert!(matches!(opened, Err(VaultError::Damaged { .. })), "{what}"),
                }
            }
        }
    }
}
