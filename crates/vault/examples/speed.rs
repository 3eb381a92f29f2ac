//! How fast the vault is, beside restic: `speed FOLDER COUNT BYTES [FOLDERS]`.
//!
//! Makes a library of COUNT incompressible files of BYTES each in FOLDER (once), backs it up into a new repository,
//! then once more with 20 new photos, restores it, and lets `restic` (or what `SAFELIGHT_RESTIC` names) do the same.
//! `AT=s3://…` chooses another destination than a folder; `ONLY=ours` leaves restic out.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a tool for developers"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

use safelight_core::{AssetId, Clock, ContentHash, Entropy, LibraryPath, Timestamp};
use safelight_vault::{Backup, NewFile, RepositoryPassword, Restore, S3Keys, StoreConfig, Vault};
use sha2::{Digest, Sha256};

const PASSWORD: &str = "speed";

struct Now;

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

struct System;

impl Entropy for System {
    #[expect(clippy::disallowed_methods, reason = "this is where chance comes from")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

/// Incompressible bytes: a counter's hashes would take as long as the backup, so splitmix64.
fn fill(seed: u64, bytes: &mut [u8]) {
    let mut state = seed.wrapping_mul(0xd134_2543_de82_ef95);
    for word in bytes.chunks_mut(8) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..word.len()]);
    }
}

fn file(library: &Path, number: usize, size: usize, folders: usize) -> NewFile {
    let folder = number % folders;
    let path = format!(
        "{:04}/{:02}/IMG_{number:07}.JPG",
        2000 + folder / 12,
        1 + folder % 12
    );
    let mut bytes = vec![0; size];
    fill(number as u64, &mut bytes);
    let place = library.join(&path);
    if !place.exists() {
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, &bytes).unwrap();
    }
    NewFile {
        asset: AssetId(number as i64 + 1),
        path: LibraryPath::parse(&path).unwrap(),
        hash: ContentHash::from_bytes(Sha256::digest(&bytes).into()),
        size: size as u64,
        modified: Timestamp::from_second(1_600_000_000 + number as i64).unwrap(),
    }
}

fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.unwrap_or("unknown").trim().to_owned()
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = work();
    println!(
        "{what:<24} {:>8.2} s   peak so far {}",
        began.elapsed().as_secs_f64(),
        memory()
    );
    result
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let [_, folder, count, size, rest @ ..] = &arguments[..] else {
        println!("speed FOLDER COUNT BYTES [FOLDERS]");
        return;
    };
    let (folder, count, size) = (
        PathBuf::from(folder),
        count.parse().unwrap(),
        size.parse().unwrap(),
    );
    let folders = rest.first().map_or(240, |text| text.parse().unwrap());
    let library = folder.join("library");
    let files: Vec<NewFile> = (0..count)
        .map(|number| file(&library, number, size, folders))
        .collect();

    for gone in ["ours", "state", "back", "restics", "restics-back"] {
        drop(fs::remove_dir_all(folder.join(gone)));
    }
    let url = env::var("AT").unwrap_or_else(|_| format!("file://{}/ours", folder.display()));
    let keys = env::var("AWS_ACCESS_KEY_ID")
        .ok()
        .map(|access_key_id| S3Keys {
            access_key_id,
            secret_access_key: env::var("AWS_SECRET_ACCESS_KEY").unwrap(),
        });
    let config = StoreConfig {
        url: url.parse().unwrap(),
        keys,
    };
    let password = RepositoryPassword::new(PASSWORD);
    let vault = timed("create", || {
        Vault::create(
            &config,
            &password,
            &folder.join("state"),
            Arc::new(Now),
            Arc::new(System),
        )
        .unwrap()
    });
    let backup = |what: &str, files: &mut dyn Iterator<Item = NewFile>| {
        let report = timed(what, || {
            let request = Backup {
                library: &library,
                files,
                continues: None,
                plain_files: &[],
                removed: &[],
                cancel: &|| false,
                enough: &|| false,
            };
            vault.backup(request, &()).unwrap()
        });
        assert!(report.failed.is_empty());
        println!(
            "    {} photos, {} packs, {} bytes",
            report.stored.len(),
            report.packs,
            report.bytes_added
        );
    };
    backup("ours: first", &mut files.iter().cloned());
    for round in 0..3 {
        let new: Vec<NewFile> = (0..20)
            .map(|n| file(&library, count + (round * 20 + n) * folders, size, folders))
            .collect();
        backup("ours: 20 new in a folder", &mut new.into_iter());
    }
    let spread: Vec<NewFile> = (0..20)
        .map(|n| file(&library, count + 60 * folders + n, size, folders))
        .collect();
    backup("ours: 20 new in many", &mut spread.into_iter());
    timed("ours: restore", || {
        let to = folder.join("back");
        let request = Restore {
            snapshot: None,
            paths: &[],
            also: &[],
            to: &to,
        };
        let report = vault.restore(&request, &()).unwrap();
        assert!(report.failures.is_empty());
        println!("    {} files", report.files);
    });
    if env::var("ONLY").is_ok() {
        return;
    }
    let restic = env::var("SAFELIGHT_RESTIC").unwrap_or_else(|_| "restic".to_owned());
    let run = |what: &str, arguments: &[&str]| {
        timed(what, || {
            let repository = env::var("RESTIC_AT")
                .unwrap_or_else(|_| folder.join("restics").display().to_string());
            let ended = Command::new(&restic)
                .args(["--no-cache", "-q", "-r", &repository])
                .args(arguments)
                .current_dir(&library)
                .env("RESTIC_PASSWORD", PASSWORD)
                .stdout(Stdio::null())
                .status();
            assert!(ended.unwrap().success());
        });
    };
    run("restic: create", &["init"]);
    run("restic: first", &["backup", "."]);
    run(
        "restic: restore",
        &[
            "restore",
            "latest",
            "--target",
            folder.join("restics-back").to_str().unwrap(),
        ],
    );
}
