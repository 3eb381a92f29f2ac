//! Nextcloud's own desktop client, which keeps a folder and the server alike.

use std::{fs, path::Path, process::Command};

use safelight_testkit::{Photos, tools, tree};

use crate::{house::House, judges::run};

/// One run of the client. Returns the files that it sent, and what it moved on the server.
fn sync(program: &Path, house: &House, folder: &Path) -> (Vec<String>, Vec<String>) {
    let output = run(Command::new(program)
        .args(["--non-interactive", "-u", &house.phone.user])
        .args(["-p", &house.phone.password])
        .arg(folder)
        .arg(format!("http://{}", house.server.address()))
        .env("HOME", house.path(""))
        .env("QT_QPA_PLATFORM", "offscreen"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}\n{said}", output.status);
    let done = |verb: &str| {
        let lines = said.lines().filter_map(|line| line.split_once(verb));
        let mut done: Vec<String> = lines
            .filter_map(|(_, rest)| rest.split('"').next().map(str::to_owned))
            .collect();
        done.sort();
        done
    };
    (done("PUT of \""), done("MOVE of QUrl(\""))
}

#[test]
fn a_folder_is_kept_alike_and_what_is_alike_is_not_sent_again() {
    let Some(program) = tools::require("nextcloudcmd") else {
        return;
    };
    let house = House::new();
    let folder = house.path("synced");
    let camera = folder.join("Café & 猫/100%");
    fs::create_dir_all(&camera).unwrap();
    let pictures = Photos::new(21).take(200, 500, 60_000);
    for picture in &pictures {
        picture.write(&camera).unwrap();
    }
    let (sent, _) = sync(&program, &house, &folder);
    assert_eq!(sent.len(), pictures.len());
    assert_eq!(house.count("photos"), 200);
    assert_eq!(sync(&program, &house, &folder), (Vec::new(), Vec::new()));

    // One is edited, one gets another name; what was there before stays in the library.
    let edited = Photos::new(22).next(70_000);
    fs::write(camera.join(&pictures[0].name), &edited.bytes).unwrap();
    fs::rename(camera.join(&pictures[1].name), folder.join("renamed.jpg")).unwrap();
    let (sent, moved) = sync(&program, &house, &folder);
    assert_eq!((sent.len(), moved.len()), (1, 1), "{sent:?} {moved:?}");
    assert_eq!(sync(&program, &house, &folder), (Vec::new(), Vec::new()));
    let stored: Vec<_> = tree::hashes(house.library())
        .unwrap()
        .into_values()
        .collect();
    for picture in pictures.iter().chain([&edited]) {
        assert!(
            stored.contains(&tree::hash(&picture.bytes)),
            "{}",
            picture.name
        );
    }
    assert_eq!(stored.len(), 201);

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
