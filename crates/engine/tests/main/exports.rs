//! Exports of other services become photos of the library: each once, under its right date, with what was said of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use safelight_engine::{
    Answer, Command, Quiet,
    command::ImportOutcome,
    import::{Counts, Request, Stage, Way, item::Reason},
};
use safelight_testkit::{
    exports::{Export, icloud, takeout},
    tree,
    zip::{Entry, Zip},
};

use crate::house::House;

fn import(house: &House, paths: &[PathBuf]) -> ImportOutcome {
    let command = Command::Import {
        request: Request {
            paths: paths.to_vec(),
            way: Way::Copy,
            everything: false,
        },
        person: None,
        preview: false,
    };
    match house.engine.run(command, &Quiet).unwrap() {
        Answer::Import(outcome) => *outcome,
        other => panic!("{other:?}"),
    }
}

fn counts(outcome: &ImportOutcome) -> &Counts {
    assert_eq!(outcome.import.standing.stage, Stage::Done);
    outcome.counts().unwrap()
}

/// The messages about files that are left for a reason.
fn told(outcome: &ImportOutcome, reason: Reason) -> Vec<(&str, &str)> {
    outcome
        .files
        .iter()
        .filter(|note| note.what == reason.as_str())
        .map(|note| (note.path.as_str(), note.message.as_str()))
        .collect()
}

/// Imports an export twice, and judges the library by what is true of the export.
fn twice(house: House, export: &Export, paths: &[PathBuf]) {
    let first = import(&house, paths);
    let done = counts(&first);
    assert_eq!(
        (done.troubles(), done.passed_over),
        (0, 0),
        "{:?}",
        first.files
    );
    assert_eq!(
        (done.files, done.new),
        (export.files, export.photos.len() as u64)
    );
    assert_eq!(done.left_for(Reason::ThrownAway), export.thrown_away);
    let library = tree::hashes(&house.library()).unwrap();
    let second = import(&house, paths);
    let again = counts(&second);
    assert_eq!((again.files, again.new), (export.files, 0));
    assert_eq!(tree::hashes(&house.library()).unwrap(), library);
    // What the manifests say is written when the engine ends, at the latest.
    let house = house.reopen_after(|_| {});
    export.judge(&house.library()).unwrap();
    for path in paths {
        assert!(path.exists());
    }
}

#[test]
fn a_takeout_in_parts_ends_in_its_place_and_a_second_run_changes_nothing() {
    let house = House::new();
    let folder = house.dir.path().join("downloads");
    let export = takeout::make(&folder, 3, 80, 4).unwrap();
    twice(house, &export, &export.parts);
}

#[test]
fn a_folder_with_the_parts_of_a_takeout_in_it_is_one() {
    let house = House::new();
    let folder = house.dir.path().join("downloads");
    let export = takeout::make(&folder, 4, 24, 3).unwrap();
    twice(house, &export, &[folder]);
}

#[test]
fn an_icloud_export_ends_in_its_place_and_a_second_run_changes_nothing() {
    let house = House::new();
    let folder = house.dir.path().join("downloads");
    let export = icloud::make(&folder, 5, 40).unwrap();
    twice(house, &export, &export.parts);
}

/// Unpacks a part as programs do.
fn unpack(part: &Path, to: &Path) {
    let archive = safelight_exports::archive::Archive::open(part).unwrap();
    for entry in archive.list().unwrap().entries {
        let path = to.join(&*entry.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut content = archive.read(entry.packed).unwrap();
        std::io::copy(&mut content, &mut fs::File::create(path).unwrap()).unwrap();
    }
}

#[test]
fn exports_that_were_unpacked_part_by_part_are_understood_too() {
    for of_apple in [false, true] {
        let house = House::new();
        let downloads = house.dir.path().join("downloads");
        let export = if of_apple {
            icloud::make(&downloads, 6, 20).unwrap()
        } else {
            takeout::make(&downloads, 6, 24, 3).unwrap()
        };
        let unpacked: Vec<PathBuf> = export
            .parts
            .iter()
            .map(|part| {
                let folder = house.dir.path().join(part.file_stem().unwrap());
                unpack(part, &folder);
                folder
            })
            .collect();
        // Files that were unpacked have a time of their own, which counts where nothing else is known.
        let outcome = import(&house, &unpacked);
        let done = counts(&outcome);
        assert_eq!(done.troubles(), 0, "{:?}", outcome.files);
        assert_eq!(
            (done.files, done.new),
            (export.files, export.photos.len() as u64)
        );
        assert_eq!(done.left_for(Reason::ThrownAway), export.thrown_away);
        let library = tree::hashes(&house.library()).unwrap();
        let displaced = library
            .iter()
            .filter(|(path, hash)| {
                let truth = &export.photos[*hash];
                let folder = path.rsplit_once('/').map(|(folder, _)| folder);
                truth.folder != "unknown" && folder != Some(truth.folder.as_str())
            })
            .count();
        assert_eq!(displaced, 0);
    }
}

#[test]
fn a_missing_part_is_named_and_the_others_are_used() {
    let house = House::new();
    let folder = house.dir.path().join("downloads");
    let export = takeout::make(&folder, 7, 60, 4).unwrap();
    let mut parts = export.parts.clone();
    let missing = parts.remove(1);
    // The last one is a download that broke off.
    let bytes = fs::read(&parts[2]).unwrap();
    fs::write(&parts[2], &bytes[..bytes.len() * 3 / 4]).unwrap();
    let outcome = import(&house, &parts);
    let left = told(&outcome, Reason::MissingPart);
    let about = |name: &str| left.iter().find(|(shown, _)| *shown == name);
    let (_, message) = about("takeout-20260201T100000Z-#.zip").unwrap();
    assert!(message.starts_with("Part 2 is missing"), "{message}");
    assert!(
        about("takeout-20260201T100000Z-004.zip").is_some(),
        "{left:?}"
    );
    let done = counts(&outcome);
    assert!(done.new > 40 && done.new < export.photos.len() as u64);
    // With all of them, all is there, and what is there is not brought in again.
    fs::write(&parts[2], &bytes).unwrap();
    parts.insert(1, missing);
    let whole = import(&house, &parts);
    assert_eq!(counts(&whole).troubles(), 0);
    let there = tree::hashes(&house.library()).unwrap();
    let found: std::collections::BTreeSet<_> = there.values().collect();
    assert_eq!(
        (found.len(), there.len()),
        (export.photos.len(), export.photos.len())
    );
}

#[test]
fn parts_that_cannot_be_read_are_told_as_such() {
    let house = House::new();
    let folder = house.dir.path().join("downloads");
    let export = takeout::make(&folder, 8, 12, 1).unwrap();
    // A kind of archive that is not read, and a page that was downloaded instead of the part.
    for (name, bytes) in [
        ("takeout-20260101T100000Z-001.tgz", &b"\x1f\x8b\x08"[..]),
        ("takeout-20260201T100000Z-002.zip", b"<html>Sign in</html>"),
        ("holiday.zip", b"PK\x05\x06 of somebody"),
    ] {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let outcome = import(&house, &[folder]);
    assert_eq!(counts(&outcome).new, export.photos.len() as u64);
    let left: Vec<&str> = told(&outcome, Reason::MissingPart)
        .into_iter()
        .map(|(shown, _)| shown)
        .collect();
    assert_eq!(
        left,
        [
            "takeout-20260101T100000Z-001.tgz",
            "takeout-20260201T100000Z-002.zip"
        ]
    );
    let others = told(&outcome, Reason::NotAPhoto);
    assert_eq!(others[0].0, "downloads/holiday.zip", "{others:?}");
}

#[test]
fn hostile_entries_are_told_and_harm_nobody() {
    let house = House::new();
    let folder = house.dir.path().join("downloads");
    fs::create_dir_all(&folder).unwrap();
    let mut zip = Zip::default();
    let at = |name: &str| format!("Takeout/Google Photos/Photos from 2020/{name}");
    let photo = Entry::deflated("", b"\xff\xd8\xff\xd9");
    for name in [
        "../../../../evil.jpg",
        "/tmp/evil.jpg",
        "C:\\evil.jpg",
        "..\\evil.jpg",
    ] {
        zip.add(&Entry {
            name: name.as_bytes(),
            ..photo.clone()
        });
    }
    let (good, bomb, secret, nested, deep) = (
        at("good.jpg"),
        at("bomb.jpg"),
        at("secret.jpg"),
        at("more.zip"),
        at("deep.json"),
    );
    zip.add(&Entry::deflated(&good, b"\xff\xd8\xff\xfe\0\x04ab\xff\xd9"));
    zip.add(&Entry::bomb(&bomb, 1024));
    zip.add(&Entry {
        flags: 1,
        ..Entry::deflated(&secret, b"\xff\xd8\xff\xd9")
    });
    zip.add(&Entry::deflated(&nested, b"PK"));
    zip.add(&Entry::deflated(&deep, "[".repeat(100_000).as_bytes()));
    zip.add(&Entry {
        crc: 1,
        ..Entry::stored(
            "Takeout/Google Photos/Photos from 2020/rotten.jpg",
            b"\xff\xd8\xff\xd9 rotten",
        )
    });
    zip.add(&Entry::deflated(
        "Takeout/Drive/letter scan.jpg",
        b"\xff\xd8\xff\xd9 drive",
    ));
    zip.add(&Entry::deflated(
        "__MACOSX/Takeout/._good.jpg",
        b"\0\x05\x16\x07",
    ));
    let part = folder.join("takeout-20260201T100000Z-001.zip");
    fs::write(&part, zip.finish()).unwrap();
    let outcome = import(&house, &[part]);
    let done = counts(&outcome);
    assert_eq!(done.new, 1, "{:?}", outcome.files);
    assert_eq!(done.left_for(Reason::UnsafeName), 4);
    // The bomb, the encrypted, the rotten one, and the JSON.
    assert_eq!(done.left_for(Reason::Unreadable), 4, "{:?}", outcome.files);
    assert_eq!(done.left_for(Reason::NotLookedInto), 1);
    let [(shown, message)] = told(&outcome, Reason::NotAPhoto)[..] else {
        panic!("{:?}", outcome.files);
    };
    assert!(shown.ends_with("letter scan.jpg") && message.contains("Drive"));
    let library = tree::files(&house.library()).unwrap();
    assert_eq!(library, ["unknown/good.jpg"]);
    let everything = tree::files(house.dir.path()).unwrap();
    assert!(
        !everything.iter().any(|path| path.contains("evil")),
        "{everything:?}"
    );
}

/// A JPEG that says nothing of its time; of its place what is told.
fn jpeg(place: Option<(f64, f64)>, salt: &str) -> Vec<u8> {
    let place = place.map_or_else(String::new, |(latitude, longitude)| {
        format!("exif:GPSLatitude='{latitude:.6}' exif:GPSLongitude='{longitude:.6}'")
    });
    let packet = format!("http://ns.adobe.com/xap/1.0/\0<x {place} salt='{salt}'/>");
    let length = u16::try_from(packet.len() + 2).unwrap().to_be_bytes();
    [
        b"\xff\xd8\xff\xe1",
        &length[..],
        packet.as_bytes(),
        b"\xff\xd9",
    ]
    .concat()
}

const NEW_YORK: (f64, f64) = (40.71, -74.0);
const TOKYO: (f64, f64) = (35.68, 139.77);

/// Imports one archive into a house whose zone is UTC; where the photos lie, in the order of their paths.
fn lie(name: &str, zip: Zip) -> Vec<String> {
    let house = House::new();
    let folder = house.dir.path().join("downloads");
    fs::create_dir_all(&folder).unwrap();
    let part = folder.join(name);
    fs::write(&part, zip.finish()).unwrap();
    let outcome = import(&house, &[part]);
    assert_eq!(counts(&outcome).troubles(), 0, "{:?}", outcome.files);
    tree::files(&house.library()).unwrap()
}

#[test]
fn googles_time_is_that_of_the_place_where_it_is_known() {
    let mut zip = Zip::default();
    for (name, own, said, seconds) in [
        // 2020-01-01T02:30:00Z: the evening before in New York, whoever knows the place.
        ("said", None, Some(NEW_YORK), 1_577_845_800),
        ("own", Some(NEW_YORK), None, 1_577_845_800),
        ("nobody", None, None, 1_577_845_800),
        // 2020-01-31T20:00:00Z: the next morning in Tokyo; but they do not agree.
        ("agreed", Some(TOKYO), Some(TOKYO), 1_580_500_800),
        ("doubt", Some(TOKYO), Some(NEW_YORK), 1_580_500_800),
    ] {
        let photo = format!("Takeout/Google Photos/Photos from 2020/{name}.jpg");
        let (latitude, longitude) = said.unwrap_or_default();
        let json = format!(
            r#"{{"title": "{name}.jpg", "photoTakenTime": {{"timestamp": "{seconds}"}},
                "geoData": {{"latitude": {latitude}, "longitude": {longitude}}}}}"#
        );
        zip.add(&Entry::deflated(&photo, &jpeg(own, name)));
        zip.add(&Entry::deflated(&format!("{photo}.json"), json.as_bytes()));
    }
    assert_eq!(
        lie("takeout-20260201T100000Z-001.zip", zip),
        [
            "2019/12/own.jpg",
            "2019/12/said.jpg",
            "2020/01/doubt.jpg",
            "2020/01/nobody.jpg",
            "2020/02/agreed.jpg",
        ]
    );
}

#[test]
fn apples_time_is_that_of_the_place_that_the_photo_knows() {
    let mut zip = Zip::default();
    let mut table =
        "imgName,fileChecksum,favorite,hidden,deleted,originalCreationDate,viewCount,importDate\n"
            .to_owned();
    for (name, own) in [("own", Some(TOKYO)), ("nobody", None)] {
        let bytes = jpeg(own, name);
        let checksum = safelight_exports::icloud::fingerprint(&bytes[..]).unwrap();
        table.push_str(&format!(
            "{name}.jpg,{checksum},no,no,no,\"Friday January 31,2020 8:00 PM GMT\",0,\"Friday January 31,2020 8:00 PM GMT\"\n"
        ));
        zip.add(&Entry::deflated(&format!("Photos/{name}.jpg"), &bytes));
    }
    zip.add(&Entry::deflated(
        "Photos/Photo Details.csv",
        table.as_bytes(),
    ));
    assert_eq!(
        lie("iCloud Photos Part 1 of 1.zip", zip),
        ["2020/01/nobody.jpg", "2020/02/own.jpg"]
    );
}

#[test]
fn a_long_entry_that_is_no_photo_is_left_and_named() {
    let house = House::new();
    let folder = house.dir.path().join("downloads");
    fs::create_dir_all(&folder).unwrap();
    let mut zip = Zip::default();
    let at = |name: &str| format!("Takeout/Google Photos/Photos from 2020/{name}");
    // Longer than what is read into memory to be looked at, so it is looked at where it is staged.
    let mut text = vec![b'x'; 3 << 19];
    zip.add(&Entry::deflated(&at("notes.txt"), &text));
    text[..4].copy_from_slice(b"\xff\xd8\xff\xd9");
    zip.add(&Entry::deflated(&at("photo.dat"), &text));
    let part = folder.join("takeout-20260201T100000Z-001.zip");
    fs::write(&part, zip.finish()).unwrap();
    for _again in 0..2 {
        let outcome = import(&house, std::slice::from_ref(&part));
        let [(shown, message)] = told(&outcome, Reason::NotAPhoto)[..] else {
            panic!("{:?}", outcome.files);
        };
        assert!(shown.ends_with("Photos from 2020/notes.txt"), "{shown}");
        assert!(message.contains("neither a photo nor a video"), "{message}");
        assert_eq!(counts(&outcome).files, 1);
        assert_eq!(house.status().photos, 1);
        let staging = house.library().join(".safelight/staging");
        assert_eq!(fs::read_dir(staging).unwrap().count(), 0);
    }
    let [stored] = &tree::files(&house.library()).unwrap()[..] else {
        panic!("one file");
    };
    assert!(stored.ends_with("photo.dat"), "{stored}");
}
