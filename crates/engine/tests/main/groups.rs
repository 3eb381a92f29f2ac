//! What belongs together, from real files to what comes back from offsite.

use std::{collections::BTreeSet, fs, path::Path};

use safelight_core::AssetId;
use safelight_engine::{
    Answer, Asker, Command,
    command::VerifyScope,
    import::{Counts, Request, Way},
    model::PhotoReceipt,
};
use safelight_testkit::{
    Photos, corpus, tree,
    zip::{Entry, Zip},
};

use crate::house::House;

/// The corpus's Live Photo with its edit, the note about the edit, and a video of its name that is another one's.
const FILES: [&str; 5] = [
    "IMG_5717.AAE",
    "IMG_5717.JPG",
    "IMG_5717(1).MOV",
    "IMG_5717.MOV",
    "IMG_E5717.JPG",
];

fn receipt(house: &House, id: AssetId) -> PhotoReceipt {
    let owner = Asker::Owner;
    house.engine.receipt(owner, id).unwrap().unwrap()
}

/// The group's files by name, each with what it is.
fn group(receipt: &PhotoReceipt) -> BTreeSet<(&str, &str)> {
    receipt
        .group
        .iter()
        .map(|file| (file.name.as_str(), file.role.as_deref().unwrap_or("lead")))
        .collect()
}

#[tokio::test]
async fn a_live_photo_with_its_edit_is_one_and_its_decoy_another() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("synthetic/livephoto");
    // Forwards, backwards, and beginning in the middle.
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [3, 4, 0, 1, 2]] {
        let house = House::new();
        house.add_folder_destination("disk");
        let phone = house.add_device("phone").id;
        let mut stored = Vec::new();
        for file in order {
            let bytes = fs::read(folder.join(FILES[file])).unwrap();
            let path = format!("DCIM/100APPLE/{}", FILES[file]);
            let receipt = house.upload(phone, &path, &bytes).await.unwrap();
            stored.push((FILES[file], receipt.asset));
        }
        for (name, id) in &stored {
            let receipt = receipt(&house, *id);
            if *name == "IMG_5717(1).MOV" {
                assert_eq!(receipt.group, [], "{order:?}");
                continue;
            }
            assert_eq!(
                group(&receipt),
                BTreeSet::from([
                    ("IMG_E5717.JPG", "lead"),
                    ("IMG_5717.JPG", "original"),
                    ("IMG_5717.MOV", "motion"),
                    ("IMG_5717.AAE", "sidecar"),
                ]),
                "{order:?}"
            );
            assert!(receipt.path.starts_with("2014/09/IMG_"), "{receipt:?}");
            assert!(!receipt.safe);
        }
        let outcome = house.back_up();
        assert_eq!(outcome[0].stored, 5, "{outcome:?}");
        house.verify(VerifyScope::Home);
        let (_, photo) = stored
            .iter()
            .find(|(name, _)| *name == "IMG_5717.JPG")
            .unwrap();
        let photo = receipt(&house, *photo);
        assert!(photo.safe, "{photo:?}");
        // One is asked for, and all of it comes back.
        let to = house.dir.path().join("back");
        let answer = house.run(Command::Restore {
            to: to.clone(),
            destination: None,
            snapshot: None,
            paths: vec![photo.path.clone()],
        });
        let Answer::Restore(outcome) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!((outcome.files, outcome.failed.len()), (4, 0));
        for name in [
            "IMG_5717.JPG",
            "IMG_5717.MOV",
            "IMG_E5717.JPG",
            "IMG_5717.AAE",
        ] {
            let back = fs::read(to.join("2014/09").join(name)).unwrap();
            assert_eq!(back, fs::read(folder.join(name)).unwrap(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_part_that_is_not_proved_keeps_the_other_from_being_safe() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("synthetic/livephoto");
    let house = House::new();
    house.add_folder_destination("disk");
    let phone = house.add_device("phone").id;
    let send = async |name: &str| {
        let bytes = fs::read(folder.join(name)).unwrap();
        house.upload(phone, name, &bytes).await.unwrap()
    };
    let photo = send("IMG_5717.JPG").await;
    house.back_up();
    house.verify(VerifyScope::Home);
    assert!(receipt(&house, photo.asset).safe);
    send("IMG_5717.MOV").await;
    let told = receipt(&house, photo.asset);
    assert!(!told.safe);
    assert_eq!(
        told.why_not_safe.as_deref(),
        Some("what belongs to it is not safe yet: IMG_5717.MOV")
    );
    house.back_up();
    house.verify(VerifyScope::Home);
    assert!(receipt(&house, photo.asset).safe);
}

/// A JPEG that says of itself what a raw file does: both are TIFF there.
fn jpeg_of(raw: &[u8], roll: &mut Photos) -> Vec<u8> {
    let length = u16::try_from(raw.len() + 8).unwrap();
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xe1];
    jpeg.extend(length.to_be_bytes());
    jpeg.extend(b"Exif\0\0");
    jpeg.extend(raw);
    jpeg.extend(&roll.next(1_500).bytes[2..]);
    jpeg
}

fn import(house: &House, folder: &Path) -> Counts {
    let answer = house.run(Command::Import {
        request: Request {
            paths: vec![folder.to_owned()],
            way: Way::Copy,
            everything: false,
        },
        person: None,
        preview: false,
    });
    match answer {
        Answer::Import(outcome) => outcome.counts().unwrap().clone(),
        other => panic!("{other:?}"),
    }
}

/// The groups of all photos, each as its files' names with what they are.
fn all_groups(house: &House) -> BTreeSet<BTreeSet<(String, String)>> {
    let owner = Asker::Owner;
    let arrivals = house.engine.recent(owner, None, None, 500).unwrap();
    arrivals
        .iter()
        .map(|arrival| {
            let id = AssetId(arrival.asset);
            let photo = house.engine.receipt(owner, id).unwrap().unwrap();
            let files = photo.group.into_iter().map(|file| {
                let role = file.role.unwrap_or_else(|| "lead".to_owned());
                (role, file.name)
            });
            files.collect()
        })
        .collect()
}

#[test]
fn a_folders_files_end_in_groups_in_whatever_order_they_come() {
    let Some(corpus) = corpus() else { return };
    let mut roll = Photos::new(41);
    let raw = fs::read(corpus.join("exiftool/t__images__Nikon.nef")).unwrap();
    let mut files: Vec<(&str, Vec<u8>)> = vec![
        ("camera/DSC_0001.JPG", jpeg_of(&raw, &mut roll)),
        ("camera/DSC_0001.NEF", raw),
        (
            "camera/DSC_0001.xmp",
            b"<x:xmpmeta>raw</x:xmpmeta>".to_vec(),
        ),
        // Another phone's, of the same name.
        ("other/IMG_5717.JPG", roll.next(1_500).bytes),
        ("other/IMG_5717.AAE", b"another edit".to_vec()),
        ("phone/IMG_5717.JPG.xmp", b"<x:xmpmeta/>".to_vec()),
    ];
    for (place, name) in [
        ("phone/IMG_5717.AAE", "IMG_5717.AAE"),
        ("phone/IMG_5717.JPG", "IMG_5717.JPG"),
        ("phone/IMG_5717.MOV", "IMG_5717.MOV"),
        ("phone/IMG_E5717.JPG", "IMG_E5717.JPG"),
    ] {
        let bytes = fs::read(corpus.join("synthetic/livephoto").join(name)).unwrap();
        files.push((place, bytes));
    }
    let named = |files: &[(&str, &str)]| {
        let files = files.iter();
        files
            .map(|(role, name)| ((*role).to_owned(), (*name).to_owned()))
            .collect::<BTreeSet<_>>()
    };
    let expected = BTreeSet::from([
        named(&[
            ("lead", "DSC_0001.JPG"),
            ("raw", "DSC_0001.NEF"),
            ("sidecar", "DSC_0001.xmp"),
        ]),
        named(&[("lead", "IMG_5717.JPG"), ("sidecar", "IMG_5717.AAE")]),
        named(&[
            ("lead", "IMG_E5717.JPG"),
            ("original", "IMG_5717.JPG"),
            ("motion", "IMG_5717.MOV"),
            ("sidecar", "IMG_5717.AAE"),
            ("sidecar", "IMG_5717.JPG.xmp"),
        ]),
    ]);
    let kinds = ["JPG", "MOV", "NEF", "AAE", "xmp"];
    // At once; and kind by kind, forwards and backwards, each with an import of its own.
    let orders: [Vec<&[&str]>; 3] = [
        vec![&kinds],
        kinds.chunks(1).collect(),
        kinds.chunks(1).rev().collect(),
    ];
    for order in orders {
        let house = House::new();
        let folder = house.dir.path().join("old");
        for kinds in &order {
            for (place, bytes) in &files {
                let path = folder.join(place);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                if kinds.iter().any(|kind| place.ends_with(kind)) {
                    fs::write(path, bytes).unwrap();
                }
            }
            import(&house, &folder);
        }
        assert_eq!(house.status().photos, files.len() as u64);
        assert_eq!(all_groups(&house), expected, "{order:?}");
        let library = tree::hashes(&house.library()).unwrap();
        let again = import(&house, &folder);
        assert_eq!((again.new, again.known), (0, 10));
        assert_eq!(all_groups(&house), expected, "{order:?}");
        assert_eq!(tree::hashes(&house.library()).unwrap(), library);
    }
}

/// Writes an archive.
fn zip(path: &Path, entries: &[(&str, &[u8])]) {
    let mut zip = Zip::default();
    for (name, bytes) in entries {
        zip.add(&Entry::deflated(name, bytes));
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, zip.finish()).unwrap();
}

#[test]
fn sidecars_in_an_exports_archives_find_their_photos() {
    let mut roll = Photos::new(43);
    let [mine, yours, alone] = [(); 3].map(|()| roll.next(1_500).bytes);
    let at = |name: &str| format!("Takeout/Google Photos/{name}");
    let (photo, note) = (
        at("Photos from 2019/IMG_1.JPG"),
        at("Photos from 2019/IMG_1.AAE"),
    );
    let (other, more) = (at("Trip/IMG_1.JPG"), at("Trip/IMG_1.JPG.xmp"));
    let elsewhere = at("Photos from 2020/IMG_1.AAE");
    let single = at("Photos from 2020/IMG_2.JPG");
    let photos: [(&str, &[u8]); 3] = [(&photo, &mine), (&other, &yours), (&single, &alone)];
    let notes: [(&str, &[u8]); 3] = [
        (&note, b"<plist>crop</plist>"),
        (&more, b"<x:xmpmeta/>"),
        (&elsewhere, b"<plist>another</plist>"),
    ];
    let named = |files: &[(&str, &str)]| {
        let files = files.iter();
        files
            .map(|(role, name)| ((*role).to_owned(), (*name).to_owned()))
            .collect::<BTreeSet<_>>()
    };
    let expected = BTreeSet::from([
        BTreeSet::new(),
        named(&[("lead", "IMG_1.JPG"), ("sidecar", "IMG_1.AAE")]),
        named(&[("lead", "IMG_1.JPG"), ("sidecar", "IMG_1.JPG.xmp")]),
    ]);
    for photos_first in [true, false] {
        for at_once in [true, false] {
            let house = House::new();
            let folder = house.dir.path().join("downloads");
            let part = |number: u8| folder.join(format!("takeout-20260201T100000Z-00{number}.zip"));
            let (one, two) = match photos_first {
                true => (&photos, &notes),
                false => (&notes, &photos),
            };
            zip(&part(1), one);
            if !at_once {
                import(&house, &folder);
            }
            zip(&part(2), two);
            assert_eq!(import(&house, &folder).troubles(), 0);
            assert_eq!(house.status().photos, 6);
            assert_eq!(all_groups(&house), expected, "{photos_first} {at_once}");
            // Each lies beside its photo.
            let library = tree::files(&house.library()).unwrap();
            for sidecar in library.iter().filter(|path| path.ends_with(".xmp")) {
                let photo = sidecar.trim_end_matches(".xmp");
                assert!(library.iter().any(|path| path == photo), "{library:?}");
            }
            let again = import(&house, &folder);
            assert_eq!((again.new, again.known), (0, 6));
            assert_eq!(tree::files(&house.library()).unwrap(), library);
        }
    }
}
