//! Real WebDAV clients, and what they leave in the library.

use std::{collections::BTreeMap, fs, path::Path};

use safelight_testkit::{Photos, Picture, tree};

use crate::{
    house::House,
    judges::{Rclone, check_manifests, must, run},
};

/// A camera's folder as phones have it: two folders with the same names, a copy under another name, a video, a name in
/// another script, an empty file, something that is no photo.
fn camera_roll(folder: &Path) -> Vec<Picture> {
    let mut pictures = Photos::new(11).take(30, 1_000, 400_000);
    let (first, second) = (folder.join("DCIM/100APPLE"), folder.join("DCIM/101APPLE"));
    fs::create_dir_all(&first).unwrap();
    fs::create_dir_all(&second).unwrap();
    for picture in &pictures {
        picture.write(&first).unwrap();
    }
    // The camera was wiped and counts from the start again.
    let others = Photos::new(12).take(5, 1_000, 50_000);
    for picture in &others {
        picture.write(&second).unwrap();
    }
    pictures.extend(others);
    let mut named = Photos::new(13).next(20_000);
    "Café – 猫 & 100%.jpg".clone_into(&mut named.name);
    named.write(&second).unwrap();
    fs::write(second.join("the same again.jpg"), &pictures[0].bytes).unwrap();
    pictures.push(named);
    pictures
}

fn check_library(house: &House, pictures: &[Picture]) {
    let stored = tree::hashes(house.library()).unwrap();
    let mut by_hash = BTreeMap::new();
    for (path, hash) in &stored {
        assert_eq!(by_hash.insert(*hash, path), None, "{path} is stored twice");
    }
    for picture in pictures {
        let path = by_hash
            .remove(&tree::hash(&picture.bytes))
            .unwrap_or_else(|| panic!("{} is not in the library", picture.name));
        assert!(
            path.starts_with(&format!("{}/", picture.folder())),
            "{} of {} lies in {path}",
            picture.name,
            picture.taken
        );
        let modified = fs::metadata(house.library().join(path))
            .unwrap()
            .modified()
            .unwrap();
        let modified = jiff::Timestamp::try_from(modified).unwrap();
        assert_eq!(
            modified.as_second(),
            picture.instant().as_second(),
            "the mtime of {path}"
        );
    }
    assert!(by_hash.is_empty(), "unexpected: {by_hash:?}");
    assert_eq!(house.count("photos"), stored.len() as u64);
}

fn upload_and_check(vendor: fn(&crate::house::Phone) -> Option<Rclone>) {
    let mut house = House::new();
    let Some(rclone) = vendor(&house.phone) else {
        return;
    };
    let roll = house.path("phone");
    let pictures = camera_roll(&roll);

    rclone.upload(&roll);
    check_library(&house, &pictures);
    rclone.compare(&roll);

    rclone.upload(&roll);
    check_library(&house, &pictures);

    assert!(house.server.stop().success(), "{}", house.server.printed());
    check_manifests(house.library());
}

#[test]
fn a_plain_client_finds_everything_filed_by_date_and_adds_nothing_twice() {
    upload_and_check(Rclone::plain);
}

#[test]
fn a_nextcloud_client_finds_everything_filed_by_date_and_adds_nothing_twice() {
    upload_and_check(Rclone::nextcloud);
}

/// The files of the roll are up to 400 kB: most of them come in pieces.
#[test]
fn a_nextcloud_client_sends_in_pieces() {
    fn in_pieces(phone: &crate::house::Phone) -> Option<Rclone> {
        Rclone::nextcloud(phone).map(|rclone| rclone.with("NEXTCLOUD_CHUNK_SIZE", "50Ki"))
    }
    upload_and_check(in_pieces);
}

#[test]
fn a_client_that_moves_leaves_nothing_behind_and_loses_nothing() {
    let house = House::new();
    let Some(rclone) = Rclone::plain(&house.phone) else {
        return;
    };
    let roll = house.path("phone");
    let pictures = camera_roll(&roll);
    must(rclone.command().arg("move").arg(&roll).arg("phone:backup"));
    assert_eq!(tree::files(&roll).unwrap(), [""; 0]);
    check_library(&house, &pictures);
}

#[test]
fn a_file_without_any_date_goes_to_unknown_or_by_the_clients_word() {
    let house = House::new();
    house.put_as("notes.txt", b"milk, eggs");
    house.put_as("empty.jpg", b"");
    let dated = house
        .client()
        .send(
            "PUT",
            "/dav/letter.txt",
            &[("X-OC-Mtime", "1262347200")],
            b"dear all",
        )
        .unwrap();
    assert_eq!(dated.status, 201);
    assert_eq!(
        tree::files(house.library()).unwrap(),
        [
            "2010/01/letter.txt",
            "unknown/empty.jpg",
            "unknown/notes.txt"
        ]
    );
    assert_eq!(house.count("photos"), 3);
}

#[test]
fn rclone_deletes_from_the_phones_tree_and_never_from_the_library() {
    let house = House::new();
    let Some(rclone) = Rclone::plain(&house.phone) else {
        return;
    };
    let picture = Photos::new(14).next(5_000);
    house.put(&picture);
    must(rclone.command().args(["delete", "phone:"]));
    assert_eq!(must(rclone.command().args(["lsf", "-R", "phone:"])), "");
    check_library(&house, &[picture]);
}

#[test]
fn a_wrong_password_is_refused_and_said() {
    let mut house = House::new();
    house.phone.password.push('x');
    let Some(rclone) = Rclone::plain(&house.phone) else {
        return;
    };
    let refused = run(rclone.command().args(["lsf", "phone:"]));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("401"), "{said}");
}
