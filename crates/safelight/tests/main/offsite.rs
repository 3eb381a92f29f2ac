//! Offsite and back: what `backup` says is safe, `restic` finds whole and brings back byte for byte.

use std::{collections::BTreeMap, fs, path::Path};

use safelight_core::ContentHash;
use safelight_testkit::{Photos, Picture, S3Server, tree};

use crate::{
    house::{House, number},
    judges::{Kit, must, restics},
};

/// Some photos, one of them larger than any pack or chunk, one empty, two of the same name.
pub(crate) fn fill(house: &House, seed: u64) -> Vec<Picture> {
    let mut roll = Photos::new(seed);
    let mut pictures = roll.take(40, 500, 300_000);
    pictures.push(roll.next(21_000_000));
    let mut twin = roll.next(40_000);
    twin.name.clone_from(&pictures[0].name);
    for picture in pictures.iter().chain([&twin]) {
        house.put(picture);
    }
    house.put_as("empty.jpg", b"");
    pictures.push(twin);
    pictures
}

/// Compares what was brought back with the library: the same paths below some folder, the same bytes.
pub(crate) fn assert_same_files(library: &BTreeMap<String, ContentHash>, brought_back: &Path) {
    let back = tree::hashes(brought_back).unwrap();
    for (path, hash) in library {
        let found: Vec<_> = back
            .iter()
            .filter(|(candidate, _)| *candidate == path || candidate.ends_with(&format!("/{path}")))
            .collect();
        assert_eq!(found.len(), 1, "{path} came back as {found:?}");
        assert_eq!(found[0].1, hash, "the bytes of {path}");
    }
}

fn destination(house: &House, name: &str, s3: Option<&S3Server>) {
    match s3 {
        None => {
            let url = format!("file://{}", house.path(name).display());
            house
                .cli()
                .json(&["destination", "add", name, &url, "--json"]);
        }
        Some(s3) => {
            let cli = s3
                .environment()
                .iter()
                .fold(house.cli(), |cli, (name, value)| cli.env(name, value));
            cli.json(&[
                "destination",
                "add",
                name,
                &s3.destination("safelight"),
                "--json",
            ]);
        }
    }
}

fn all_safe(house: &House) -> u64 {
    let status = house.status();
    let photos = number(&status, "photos");
    assert_eq!(number(&status, "safe"), photos, "{status}");
    assert_eq!(number(&status, "home_verified"), photos, "{status}");
    assert_eq!(number(&status, "not_yet_safe"), 0, "{status}");
    assert_eq!(status["problems"], serde_json::json!([]));
    photos
}

/// Uploads, backs up, and lets everybody judge what is offsite.
fn there_and_back(seed: u64, s3: Option<&S3Server>) {
    let house = House::new();
    fill(&house, seed);
    destination(&house, "away", s3);
    assert_eq!(
        number(&house.status(), "safe"),
        0,
        "nothing is safe before it was proved"
    );

    house.cli().json(&["backup", "--json"]);
    let photos = all_safe(&house);
    assert_eq!(photos, 43);
    let status = house.status();
    let away = &status["destinations"][0];
    assert_eq!(away["name"], "away");
    assert_eq!(number(away, "photos"), photos);
    assert!(away["last_snapshot_at"].is_string(), "{away}");

    let library = tree::hashes(house.library()).unwrap();
    let kit = Kit::of(&house, "away");
    for (number, restic) in restics().iter().enumerate() {
        must(kit.restic(restic).args(["check", "--read-data"]));
        let folder = house.path(&format!("heir-{number}"));
        fs::create_dir(&folder).unwrap();
        kit.follow(restic, &folder);
        assert_same_files(&library, &folder);
    }

    let to = house.path("back");
    house
        .cli()
        .json(&["restore", "--to", to.to_str().unwrap(), "--json"]);
    assert_eq!(tree::hashes(&to).unwrap(), library);

    house.cli().json(&["verify", "--json"]);
    all_safe(&house);

    // The second run adds what is new, and the first photos stay.
    let more = Photos::new(seed + 1).take(3, 500, 50_000);
    for picture in &more {
        house.put_as(&format!("more {}", picture.name), &picture.bytes);
    }
    assert_eq!(number(&house.status(), "not_yet_safe"), 3);
    house.cli().json(&["backup", "--json"]);
    assert_eq!(all_safe(&house), photos + 3);
    let library = tree::hashes(house.library()).unwrap();
    for (number, restic) in restics().iter().enumerate() {
        must(kit.restic(restic).arg("check"));
        let folder = house.path(&format!("heir-again-{number}"));
        fs::create_dir(&folder).unwrap();
        kit.follow(restic, &folder);
        assert_same_files(&library, &folder);
    }
}

#[test]
fn to_a_folder_and_back() {
    there_and_back(61, None);
}

#[test]
fn to_s3_and_back() {
    let Some(s3) = S3Server::start() else { return };
    there_and_back(63, Some(&s3));
}

#[test]
fn two_destinations_each_have_everything() {
    let Some(s3) = S3Server::start() else { return };
    let house = House::new();
    fill(&house, 65);
    destination(&house, "disk", None);
    destination(&house, "cloud", Some(&s3));
    house.cli().json(&["backup", "--json"]);
    let photos = all_safe(&house);
    let status = house.status();
    let destinations = status["destinations"].as_array().unwrap();
    assert_eq!(destinations.len(), 2);
    assert!(
        destinations
            .iter()
            .all(|destination| number(destination, "photos") == photos),
        "{status}"
    );

    let library = tree::hashes(house.library()).unwrap();
    for name in ["disk", "cloud"] {
        let to = house.path(&format!("from-{name}"));
        house.cli().json(&[
            "restore",
            "--to",
            to.to_str().unwrap(),
            "--destination",
            name,
            "--json",
        ]);
        assert_eq!(tree::hashes(&to).unwrap(), library, "{name}");
    }
    assert_eq!(house.cli().run(&["kit", "--json"]).code, Some(0));
}

#[test]
fn one_photo_or_one_folder_comes_back_alone() {
    let house = House::new();
    let pictures = fill(&house, 67);
    destination(&house, "disk", None);
    house.cli().json(&["backup", "--json"]);
    let library = tree::hashes(house.library()).unwrap();

    let one = library
        .keys()
        .find(|path| path.ends_with(&pictures[2].name))
        .unwrap();
    let to = house.path("one");
    house
        .cli()
        .json(&["restore", "--to", to.to_str().unwrap(), one, "--json"]);
    assert_eq!(
        tree::hashes(&to).unwrap(),
        BTreeMap::from([(one.clone(), library[one])])
    );

    let year = &one[..4];
    let to = house.path("year");
    house
        .cli()
        .json(&["restore", "--to", to.to_str().unwrap(), year, "--json"]);
    let expected: BTreeMap<_, _> = library
        .iter()
        .filter(|(path, _)| path.starts_with(&format!("{year}/")))
        .map(|(path, hash)| (path.clone(), *hash))
        .collect();
    assert_eq!(tree::hashes(&to).unwrap(), expected);

    let nothing = house
        .cli()
        .run(&["restore", "--to", to.to_str().unwrap(), "2099/13/never.jpg"]);
    assert!(matches!(nothing.code, Some(1 | 3)), "{nothing:?}");
    let said = format!("{}{}", nothing.stdout, nothing.stderr);
    assert!(said.contains("never.jpg"), "{nothing:?}");
}

#[test]
fn a_restore_never_overwrites_what_is_there() {
    let house = House::new();
    let picture = Photos::new(69).next(10_000);
    house.put(&picture);
    destination(&house, "disk", None);
    house.cli().json(&["backup", "--json"]);
    let to = house.path("back");
    let mine = to.join(picture.folder()).join(&picture.name);
    fs::create_dir_all(mine.parent().unwrap()).unwrap();
    fs::write(&mine, b"my own file").unwrap();
    house
        .cli()
        .run(&["restore", "--to", to.to_str().unwrap(), "--json"]);
    assert_eq!(fs::read(&mine).unwrap(), b"my own file");
}

#[test]
fn a_restored_photo_has_its_capture_time() {
    let house = House::new();
    let picture = Photos::new(70).next(10_000);
    house.put(&picture);
    destination(&house, "disk", None);
    house.cli().json(&["backup", "--json"]);
    let to = house.path("back");
    house
        .cli()
        .json(&["restore", "--to", to.to_str().unwrap(), "--json"]);
    let modified = fs::metadata(to.join(picture.folder()).join(&picture.name))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(
        jiff::Timestamp::try_from(modified).unwrap().as_second(),
        picture.instant().as_second()
    );
}
