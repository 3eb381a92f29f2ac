//! Nextcloud's own desktop client, which keeps a folder and the server alike.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use safelight_testkit::{Photos, tools, tree};

use crate::{crash::from_environment, house::House, judges::run};

/// One run of the client. Returns the files that it sent, large ones by their uploads, and what it moved on the server.
fn sync(program: &Path, house: &House, folder: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let output = run(Command::new(program)
        .args(["--non-interactive", "-u", &house.phone.user])
        .args(["-p", &house.phone.password])
        .arg(folder)
        .arg(format!("http://{}", house.server.address()))
        .env("HOME", house.path(""))
        .env("QT_QPA_PLATFORM", "offscreen"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}\n{said}", output.status);
    let done = |verb: &str| -> BTreeSet<String> {
        let lines = said.lines().filter_map(|line| line.split_once(verb));
        lines
            .filter_map(|(_, rest)| rest.split('"').next())
            .map(whole)
            .collect()
    };
    let mut moved = done("MOVE of QUrl(\"");
    moved.retain(|address| !address.contains(UPLOADS));
    (done("PUT of \""), moved)
}

/// What is in the address of every piece.
const UPLOADS: &str = "/remote.php/dav/uploads/";

/// The address of a file, or of the upload that a piece belongs to.
fn whole(address: &str) -> String {
    let is_piece = address.contains(UPLOADS);
    let upload = address.rsplit_once('/').filter(|_| is_piece);
    upload.map_or(address, |(upload, _)| upload).to_owned()
}

/// Photos, and videos that the client sends in pieces: all those over 10 MB. A short run in the ordinary tests;
/// `cargo xtask sync` for 2,000 files and videos of 200 MB.
#[test]
fn a_folder_is_kept_alike_and_what_is_alike_is_not_sent_again() {
    let Some(program) = tools::require("nextcloudcmd") else {
        return;
    };
    let files = usize::try_from(from_environment("SAFELIGHT_SYNC_FILES", 200)).unwrap();
    let large = usize::try_from(from_environment("SAFELIGHT_SYNC_LARGE", 2)).unwrap();
    let megabytes = usize::try_from(from_environment("SAFELIGHT_SYNC_MEGABYTES", 25)).unwrap();
    println!("{files} files and {large} of {megabytes} MB");
    let house = House::new();
    let folder = house.path("synced");
    let camera = folder.join("Café & 猫/100%");
    fs::create_dir_all(&camera).unwrap();
    let mut roll = Photos::new(21);
    let mut names = Vec::new();
    let mut hashes = BTreeSet::new();
    for number in 0..files + large {
        // Each of another length, most of them no multiple of anything.
        let size = if number < files {
            500 + number * 60_000 / files
        } else {
            megabytes * 1_000_000 + number
        };
        let picture = roll.next(size);
        picture.write(&camera).unwrap();
        hashes.insert(tree::hash(&picture.bytes));
        names.push(picture.name);
    }
    let nothing = (BTreeSet::new(), BTreeSet::new());
    let (sent, _) = sync(&program, &house, &folder);
    assert_eq!(sent.len(), names.len(), "{sent:?}");
    assert_eq!(house.count("photos"), names.len() as u64);
    assert_eq!(sync(&program, &house, &folder), nothing);

    // Some are edited, some get another name, of each kind; what was there before stays in the library.
    let step = files / 10;
    for name in names[..files]
        .iter()
        .step_by(step)
        .chain(&names[files..=files])
    {
        let size = camera.join(name).metadata().unwrap().len() + 10_000;
        let edited = roll.next(usize::try_from(size).unwrap());
        fs::write(camera.join(name), &edited.bytes).unwrap();
        hashes.insert(tree::hash(&edited.bytes));
    }
    let renamed = names[1..files]
        .iter()
        .step_by(step)
        .chain(&names[files + 1..files + 2]);
    for name in renamed.clone() {
        fs::rename(camera.join(name), folder.join(format!("renamed {name}"))).unwrap();
    }
    let (sent, moved) = sync(&program, &house, &folder);
    assert_eq!(
        (sent.len(), moved.len()),
        (11, renamed.count()),
        "{sent:?} {moved:?}"
    );
    assert_eq!(sync(&program, &house, &folder), nothing);
    let stored: Vec<_> = tree::hashes(house.library())
        .unwrap()
        .into_values()
        .collect();
    assert_eq!(stored.len(), hashes.len());
    assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), hashes);

    // Another computer gets what this one has.
    let other = house.path("other");
    fs::create_dir(&other).unwrap();
    sync(&program, &house, &other);
    assert_eq!(photos_of(&other), photos_of(&folder));
}

/// The files of a synced folder, without the client's own.
fn photos_of(folder: &Path) -> Vec<(String, String)> {
    let all = tree::hashes(folder).unwrap().into_iter();
    all.filter(|(path, _)| !path.starts_with('.'))
        .map(|(path, hash)| (path, hash.to_string()))
        .collect()
}
