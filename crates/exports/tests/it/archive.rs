//! Archives as services write them, and downloads that broke off.

use std::{io::Read, sync::Arc};

use safelight_exports::archive::{Archive, Damage, Limits, Listing, Trouble};
use safelight_testkit::{
    Random,
    zip::{Entry, Zip},
};

pub(crate) fn archive(bytes: Vec<u8>) -> Archive<Arc<Vec<u8>>> {
    let len = bytes.len() as u64;
    Archive::new(Arc::new(bytes), len, Limits::default())
}

pub(crate) fn names(listing: &Listing) -> Vec<&str> {
    listing.entries.iter().map(|entry| &*entry.name).collect()
}

/// The content of each entry, in the order of the list.
pub(crate) fn contents(archive: &Archive<Arc<Vec<u8>>>, listing: &Listing) -> Vec<Vec<u8>> {
    listing
        .entries
        .iter()
        .map(|entry| {
            let mut content = Vec::new();
            archive
                .read(entry.packed)
                .unwrap()
                .read_to_end(&mut content)
                .unwrap();
            content
        })
        .collect()
}

/// A few files of all kinds of packing, and the archive that holds them.
fn files() -> (Vec<(&'static str, Vec<u8>)>, Vec<u8>) {
    let mut noise = vec![0; 300_000];
    Random::new(1).fill(&mut noise);
    let files = vec![
        ("Takeout/a.jpg", noise),
        ("Takeout/empty.jpg", Vec::new()),
        ("Takeout/é.json", b"{}".repeat(50_000)),
        ("Takeout/stored.mp4", b"PK\x07\x08 is in it".repeat(1000)),
        ("Takeout/wide.jpg", b"wide".to_vec()),
        ("Takeout/sizes first.jpg", b"first".to_vec()),
    ];
    let mut zip = Zip::default();
    for (name, content) in &files {
        let entry = if name.contains("stored") {
            Entry::stored(name, content)
        } else {
            Entry::deflated(name, content)
        };
        zip.add(&Entry {
            wide: name.contains("wide"),
            sizes_follow: !name.contains("sizes"),
            ..entry
        });
    }
    (files, zip.finish())
}

#[test]
fn every_file_is_listed_and_comes_out_as_it_was() {
    let (files, bytes) = files();
    let archive = archive(bytes);
    let listing = archive.list().unwrap();
    assert_eq!((&listing.damage, &listing.troubles[..]), (&None, &[][..]));
    let expected: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    assert_eq!(names(&listing), expected);
    let expected: Vec<&Vec<u8>> = files.iter().map(|(_, content)| content).collect();
    assert_eq!(
        contents(&archive, &listing).iter().collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn a_large_archives_end_and_folders_and_twins_are_understood() {
    let mut zip = Zip::default();
    zip.wide_end = true;
    zip.add(&Entry::stored("Takeout/", b""));
    zip.add(&Entry::stored("twin.jpg", b"one"));
    zip.add(&Entry::stored("twin.jpg", b"two"));
    let archive = archive(zip.finish());
    let listing = archive.list().unwrap();
    assert_eq!(names(&listing), ["twin.jpg", "twin.jpg"]);
    assert_eq!(contents(&archive, &listing), [b"one", b"two"]);
}

#[test]
fn a_download_that_broke_off_gives_what_is_whole() {
    let (files, bytes) = files();
    // In the directory, in the middle of the last file but one, and in the first.
    for (end, whole) in [(bytes.len() - 100, 6), (301_000, 3), (1000, 0)] {
        let archive = archive(bytes[..end].to_vec());
        let listing = archive.list().unwrap();
        assert_eq!(listing.damage, Some(Damage::NoDirectory), "{end}");
        assert_eq!(listing.entries.len(), whole, "{end}");
        for ((_, content), read) in files.iter().zip(contents(&archive, &listing)) {
            assert_eq!(*content, read);
        }
        let cut: Vec<_> = listing.troubles.iter().collect();
        if whole == files.len() {
            assert!(cut.is_empty());
        } else {
            let [(name, Trouble::CutOff)] = cut[..] else {
                panic!("{cut:?}");
            };
            assert_eq!(**name, *files[whole].0);
        }
    }
}

#[test]
fn a_damaged_file_costs_only_itself() {
    let (files, mut bytes) = files();
    bytes[1000] ^= 1;
    let archive = archive(bytes);
    let listing = archive.list().unwrap();
    assert_eq!(listing.entries.len(), files.len());
    let mut sink = Vec::new();
    let error = archive
        .read(listing.entries[0].packed)
        .unwrap()
        .read_to_end(&mut sink)
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{error}");
    archive
        .read(listing.entries[2].packed)
        .unwrap()
        .read_to_end(&mut sink)
        .unwrap();
}

#[test]
fn what_is_no_archive_is_told() {
    for bytes in [
        &b""[..],
        b"PK",
        b"<html>Sign in to download</html>",
        b"\x1f\x8b\x08 a tgz",
    ] {
        let error = archive(bytes.to_vec()).list().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{bytes:?}");
    }
    let empty = archive(Zip::default().finish()).list().unwrap();
    assert!(empty.entries.is_empty() && empty.damage.is_none());
}
