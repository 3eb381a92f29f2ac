//! A backup that is broken off is not paid for twice.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use safelight_vault::{Backup, VaultError};

use crate::world::World;

const FOLDER: &str = "SAFELIGHT_TEST_VICTIM";

fn packs(world: &World) -> usize {
    let folders = fs::read_dir(world.repository().join("data")).unwrap();
    folders
        .map(|folder| fs::read_dir(folder.unwrap().path()).unwrap().count())
        .sum()
}

/// Photos for about twelve packs.
fn photos(world: &mut World) {
    world.put_many(5, 130, 3_000_000);
}

#[test]
fn a_killed_backup_is_taken_up() {
    let mut world = World::local();
    photos(&mut world);
    drop(world.create());
    let mut victim = Command::new(env::current_exe().unwrap())
        .args(["--exact", "resume::victim", "--ignored", "--nocapture"])
        .env(FOLDER, world.folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(victim.stdout.take().unwrap());
    assert!(
        output
            .lines()
            .map_while(Result::ok)
            .any(|line| line.contains("kill me now"))
    );
    victim.kill().unwrap();
    victim.wait().unwrap();

    let before = packs(&world);
    assert!(before >= 3, "{before}");
    let vault = world.open().unwrap();
    assert_eq!(vault.snapshots().unwrap(), []);
    let report = world.backup_all(&vault);
    let bytes: usize = world.photos.values().map(|(bytes, _)| bytes.len()).sum();
    let sent_before = before as u64 * (12 << 20);
    assert!(
        report.bytes_added < bytes as u64 - sent_before,
        "{} of {bytes}, {before} packs",
        report.bytes_added
    );
    world.assert_restic_agrees();
    world.assert_restores(&vault);
}

/// The process that is killed: it stops pulling photos when three packs are in the store.
#[test]
#[ignore = "run by a_killed_backup_is_taken_up"]
fn victim() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let mut world = World::local();
    photos(&mut world);
    let repository = std::path::Path::new(&folder).join("offsite");
    world.config.url = safelight_vault::StoreUrl::File(repository.clone());
    let state = std::path::Path::new(&folder).join("state");
    let password = safelight_vault::RepositoryPassword::new(crate::world::PASSWORD);
    let entropy = std::sync::Arc::new(safelight_testkit::SeededEntropy::new(99));
    let vault = safelight_vault::Vault::open(
        &world.config,
        &password,
        &state,
        world.clock.clone(),
        entropy,
    )
    .unwrap();
    let mut files = world.all().into_iter().enumerate().map(|(number, file)| {
        if number == 100 {
            let noted = || {
                fs::read_to_string(state.join("journal"))
                    .unwrap()
                    .matches("{\"pack\"")
                    .count()
            };
            while noted() < 3 {
                std::thread::yield_now();
            }
            println!("kill me now");
            loop {
                std::thread::park();
            }
        }
        file
    });
    let request = Backup {
        library: &world.library(),
        files: &mut files,
        continues: None,
        plain_files: &[],
        removed: &[],
        cancel: &|| false,
        enough: &|| false,
    };
    drop(vault.backup(request, &()));
}

#[test]
fn a_cancelled_backup_leaves_no_snapshot_and_is_taken_up() {
    let mut world = World::local();
    photos(&mut world);
    let vault = world.create();
    let asked = AtomicU32::new(0);
    let request = Backup {
        library: &world.library(),
        files: &mut world.all().into_iter(),
        continues: None,
        plain_files: &[],
        removed: &[],
        cancel: &|| asked.fetch_add(1, Ordering::Relaxed) > 100,
        enough: &|| false,
    };
    assert!(matches!(
        vault.backup(request, &()),
        Err(VaultError::Cancelled { .. })
    ));
    assert_eq!(vault.snapshots().unwrap(), []);
    let before = packs(&world);
    assert!(before > 0);
    // One of the packs is lost in the meantime, another one is cut: neither is believed.
    let data = world.repository().join("data");
    let mut stored = fs::read_dir(data)
        .unwrap()
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    fs::remove_file(stored.next().unwrap().unwrap().path()).unwrap();
    if let Some(cut) = stored.next() {
        fs::File::options()
            .write(true)
            .open(cut.unwrap().path())
            .unwrap()
            .set_len(1000)
            .unwrap();
    }
    world.backup_all(&vault);
    world.assert_restores(&vault);
}
