//! Files first: the catalogue is made anew from the folder.

use std::fs;

use safelight_testkit::{Photos, tree};

use crate::{
    house::{House, number},
    judges::check_manifests,
    offsite::fill,
};

#[test]
fn a_lost_catalogue_is_made_anew_from_the_folder() {
    let mut house = House::new();
    fill(&house, 71);
    let before = house.status();
    let files = tree::hashes(house.library()).unwrap();
    assert!(house.server.stop().success());
    for entry in fs::read_dir(house.server.data()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("catalogue")
        {
            fs::remove_file(path).unwrap();
        }
    }
    house.server.restart().unwrap();
    house.cli().ok(&["rebuild"]);
    let after = house.status();
    for name in ["photos", "bytes"] {
        assert_eq!(number(&after, name), number(&before, name), "{name}");
    }
    assert_eq!(after["problems"], serde_json::json!([]));
    assert_eq!(
        tree::hashes(house.library()).unwrap(),
        files,
        "no file was touched"
    );

    // What was uploaded before is still known by its bytes.
    let picture = Photos::new(71).next(500);
    let device =
        crate::house::Phone::read(&house.cli().json(&["device", "add", "new phone", "--json"]));
    let mut client = house.server.client().basic(&device.user, &device.password);
    let known = fs::read(house.library().join(files.keys().next().unwrap())).unwrap();
    for (name, bytes, photos) in [("known.jpg", &known, 43), ("new.jpg", &picture.bytes, 44)] {
        let answer = client
            .send("PUT", &format!("/dav/{name}"), &[], bytes)
            .unwrap();
        assert_eq!(answer.status, 201);
        assert_eq!(house.count("photos"), photos, "{name}");
    }
}

#[test]
fn a_rebuild_beside_a_server_changes_no_count_and_no_proof_is_invented() {
    let house = House::new();
    fill(&house, 72);
    let before = house.status();
    house.cli().ok(&["rebuild"]);
    let after = house.status();
    for name in ["photos", "bytes"] {
        assert_eq!(number(&after, name), number(&before, name), "{name}");
    }
    assert_eq!(number(&after, "safe"), 0);
}

#[test]
fn files_that_somebody_put_into_the_folder_become_photos() {
    let house = House::new();
    fill(&house, 73);
    let added = Photos::new(74).next(5_000);
    let folder = house.library().join("2001/from an old disk");
    fs::create_dir_all(&folder).unwrap();
    added.write(&folder).unwrap();
    house.cli().ok(&["rebuild"]);
    assert_eq!(house.count("photos"), 44);
    assert!(
        folder.join(&added.name).is_file(),
        "where somebody put it, it stays"
    );
}

#[test]
fn a_file_that_rotted_is_named_by_a_rebuild_and_stays_known_by_its_true_hash() {
    let mut house = House::new();
    let picture = Photos::new(75).next(50_000);
    house.put(&picture);
    assert!(house.server.stop().success());
    check_manifests(house.library());
    let path = format!("{}/{}", picture.folder(), picture.name);
    crate::faults::rot(&house.library().join(&path));
    let ended = house.cli().run(&["rebuild"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended.stderr.contains(&picture.name) || ended.stdout.contains(&picture.name),
        "{ended:?}"
    );
    let problems = house.status()["problems"].to_string();
    assert!(problems.contains(&picture.name), "{problems}");
}
