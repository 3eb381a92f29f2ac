//! Real photos from real cameras, through a real client, into the right folders.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use safelight_core::ContentHash;
use safelight_testkit::{S3Server, corpus, tree};
use serde_json::Value;

use crate::{
    house::{House, number},
    judges::{Kit, Rclone, must, restics},
    offsite::assert_same_files,
};

#[test]
fn the_whole_corpus_is_filed_by_date_and_safe_in_two_places() {
    let Some(folder) = corpus() else { return };
    let Some(s3) = S3Server::start() else { return };
    let house = House::new();
    let Some(rclone) = Rclone::plain(&house.phone) else {
        return;
    };
    rclone.upload(&folder);
    rclone.compare(&folder);
    let sent = tree::hashes(&folder).unwrap();
    check(&house, &folder, &sent);

    rclone.upload(&folder);
    check(&house, &folder, &sent);

    let url = format!("file://{}", house.path("disk").display());
    house
        .cli()
        .json(&["destination", "add", "disk", &url, "--json"]);
    let with_keys = s3
        .environment()
        .iter()
        .fold(house.cli(), |cli, (name, value)| cli.env(name, value));
    with_keys.json(&[
        "destination",
        "add",
        "cloud",
        &s3.destination("family"),
        "--json",
    ]);
    house.cli().json(&["backup", "--json"]);
    let status = house.status();
    assert_eq!(
        number(&status, "safe"),
        number(&status, "photos"),
        "{status}"
    );

    let library = tree::hashes(house.library()).unwrap();
    for name in ["disk", "cloud"] {
        let kit = Kit::of(&house, name);
        for (number, restic) in restics().iter().enumerate() {
            must(kit.restic(restic).args(["check", "--read-data"]));
            let heir = house.path(&format!("heir-{name}-{number}"));
            fs::create_dir(&heir).unwrap();
            kit.follow(restic, &heir);
            assert_same_files(&library, &heir);
        }
        let to = house.path(&format!("back-{name}"));
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
}

/// Dates in file names, each on bytes of its own (in the corpus they share the same bytes and so are one photo).
#[test]
fn dates_in_file_names_decide_where_nothing_better_does() {
    let Some(folder) = corpus() else { return };
    let house = House::new();
    let Some(rclone) = Rclone::plain(&house.phone) else {
        return;
    };
    let copy = house.path("phone");
    let names = "synthetic/filenames";
    fs::create_dir_all(copy.join(names)).unwrap();
    for (number, name) in tree::files(&folder.join(names)).unwrap().iter().enumerate() {
        let mut bytes = fs::read(folder.join(names).join(name)).unwrap();
        bytes.extend(format!("\n{number}").as_bytes());
        fs::write(copy.join(names).join(name), bytes).unwrap();
    }
    rclone.upload(&copy);
    check(&house, &folder, &tree::hashes(&copy).unwrap());
}

/// Checks that the library has exactly the bytes that were sent, each once, in the folder of their date.
fn check(house: &House, corpus: &Path, sent: &BTreeMap<String, ContentHash>) {
    let stored = tree::hashes(house.library()).unwrap();
    let distinct: BTreeSet<_> = sent.values().collect();
    assert_eq!(stored.values().collect::<BTreeSet<_>>(), distinct);
    assert_eq!(stored.len(), distinct.len(), "nothing is stored twice");
    assert_eq!(house.count("photos"), distinct.len() as u64);

    let place: BTreeMap<_, _> = stored.iter().map(|(path, hash)| (hash, path)).collect();
    let truth = truth(corpus);
    let mut checked = 0;
    let mut wrong = Vec::new();
    for (path, hash) in sent {
        let alone = sent.values().filter(|other| *other == hash).count() == 1;
        let Some(folder) = truth.get(path).filter(|_| alone) else {
            continue;
        };
        checked += 1;
        let found = place[hash];
        if !found.starts_with(&format!("{folder}/")) {
            wrong.push(format!("{path} belongs in {folder} and lies in {found}"));
        }
    }
    assert!(checked > 15, "only {checked} files have a known date");
    assert!(
        wrong.is_empty(),
        "{} of {checked}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The folder of each corpus file whose date is beyond doubt: from `expected.json` for the synthetic ones, else from
/// what exiftool read, in the order that capture times are taken in.
fn truth(corpus: &Path) -> BTreeMap<String, String> {
    let read = |name: &str| -> Value {
        let text = fs::read(corpus.join(name)).unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    let mut truth = BTreeMap::new();
    for file in read("oracle.json").as_array().unwrap() {
        let path = file["SourceFile"].as_str().unwrap().to_owned();
        // exiftool 12 takes a picture sequence (AVIF) for a video.
        let video = !path.ends_with(".avif")
            && file["File:MIMEType"]
                .as_str()
                .is_some_and(|kind| kind.starts_with("video/"));
        let order: &[&str] = if video {
            &["Keys:CreationDate", "QuickTime:CreateDate"]
        } else {
            &["ExifIFD:DateTimeOriginal", "ExifIFD:CreateDate"]
        };
        let date = order.iter().find_map(|tag| folder(file[*tag].as_str()?));
        if let Some(date) = date.filter(|_| !path.starts_with("synthetic/")) {
            truth.insert(path, date);
        }
    }
    for (path, file) in read("synthetic/expected.json").as_object().unwrap() {
        let date = file["capture"].as_str().or(file["capture_utc"].as_str());
        if let Some(date) = date.and_then(folder) {
            truth.insert(format!("synthetic/{path}"), date);
        }
    }
    truth
}

/// `YYYY/MM` of a date such as `2024:05:06 …` or `2024-05-06T…`; `None` for what no camera can mean.
fn folder(date: &str) -> Option<String> {
    let (year, month) = (date.get(..4)?, date.get(5..7)?);
    let plausible = (1990..2027).contains(&year.parse::<u32>().ok()?)
        && (1..=12).contains(&month.parse::<u32>().ok()?);
    plausible.then(|| format!("{year}/{month}"))
}
