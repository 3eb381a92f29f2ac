//! Full disks.

use safelight_testkit::{Photos, tree};

use crate::{
    disk::MountedDisk,
    house::{House, number},
    offsite::fill,
};

#[test]
fn a_full_library_disk_acknowledges_nothing_and_loses_nothing() {
    let Some(disk) = MountedDisk::small(1_024) else {
        return;
    };
    let house = House::with_library(tempfile::tempdir().unwrap(), &disk.path().join("photos"));
    let pictures = Photos::new(91).take(10, 10_000, 500_000);
    let (before, after) = pictures.split_at(5);
    for picture in before {
        house.put(picture);
    }
    // Far below any reserve that the library keeps free.
    let upload = format!("/remote.php/dav/uploads/{}/u", house.phone.user);
    let mut client = house.client();
    let mut send = |method: &str, piece: &str, body: &[u8]| {
        let to = [("Destination", "/dav/pieces.jpg")];
        let target = format!("{upload}{piece}");
        client.send(method, &target, &to, body).unwrap()
    };
    assert_eq!(send("MKCOL", "", b"").status, 201);
    assert_eq!(send("PUT", "/1", b"one").status, 201);
    disk.resize(8);
    let refused = send("PUT", "/2", b"two");
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    for picture in after {
        let answer = house.try_put(&picture.name, &picture.bytes);
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
    }
    assert!(
        !house.status()["problems"].as_array().unwrap().is_empty(),
        "it is said: {}",
        house.status()
    );
    assert_eq!(house.count("photos"), 5);
    for picture in before {
        assert_eq!(house.get(&picture.name), picture.bytes);
    }
    disk.resize(1_024);
    for picture in after {
        house.put(picture);
    }
    assert_eq!(send("PUT", "/2", b"two").status, 201);
    assert_eq!(send("MOVE", "/.file", b"").status, 201);
    assert_eq!(house.get("pieces.jpg"), b"onetwo");
    assert_eq!(house.count("photos"), 11);
    assert_eq!(tree::files(house.library()).unwrap().len(), 11);
    assert_eq!(house.status()["problems"], serde_json::json!([]));
}

#[test]
fn a_full_destination_is_told_and_nothing_counts_as_safe_until_there_is_room() {
    let Some(disk) = MountedDisk::small(4) else {
        return;
    };
    let house = House::new();
    fill(&house, 92);
    let url = format!("file://{}", disk.path().join("repository").display());
    house
        .cli()
        .json(&["destination", "add", "stick", &url, "--json"]);
    let backup = house.cli().run(&["backup", "--json"]);
    assert_eq!(backup.code, Some(1), "{backup:?}");
    assert!(
        backup.stderr.contains("stick") || backup.stderr.contains("repository"),
        "{backup:?}"
    );
    let status = house.status();
    assert_eq!(number(&status, "safe"), 0, "{status}");
    assert!(status["problems"].to_string().contains("stick"), "{status}");

    disk.resize(200);
    house.cli().json(&["backup", "--json"]);
    let status = house.status();
    assert_eq!(
        number(&status, "safe"),
        number(&status, "photos"),
        "{status}"
    );
    assert_eq!(status["problems"], serde_json::json!([]));
}
