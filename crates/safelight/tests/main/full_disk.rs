//! Full disks. A small file system in memory plays the disk; mounting it needs root.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use safelight_testkit::{Photos, tools, tree};

use crate::{
    house::{House, number},
    judges::{must, run},
    offsite::fill,
};

/// A mounted file system of a given size, unmounted on drop.
pub(crate) struct SmallDisk {
    // Unmounted before its folder goes.
    mounted: Mounted,
    _folder: tempfile::TempDir,
}

struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: a failed test may still have a program with its files open.
        run(Command::new("umount").arg("--lazy").arg(&self.0));
    }
}

impl SmallDisk {
    pub(crate) fn new(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder.path()));
        if !mounted.status.success() {
            tools::skipped("needs leave to mount a file system (root)");
            return None;
        }
        Some(Self {
            mounted: Mounted(folder.path().to_owned()),
            _folder: folder,
        })
    }

    /// One whose files can be clones of each other: Btrfs, in a file. Where the system has no loop device for it or cannot read
    /// it, one plain line says so; nobody can install that, so that it is no failure anywhere.
    pub(crate) fn with_clones() -> Option<Self> {
        let format = tools::require("mkfs.btrfs")?;
        let folder = tempfile::tempdir().unwrap();
        let (file, place) = (folder.path().join("disk"), folder.path().join("mounted"));
        fs::File::create(&file).unwrap().set_len(2 << 30).unwrap();
        fs::create_dir(&place).unwrap();
        must(Command::new(format).arg("--quiet").arg(&file));
        let mounted = run(Command::new("mount")
            .args(["-o", "loop"])
            .args([&file, &place]));
        if !mounted.status.success() {
            tools::say(&format!(
                "NO CLONES: Btrfs could not be mounted: {}",
                String::from_utf8_lossy(&mounted.stderr).trim()
            ));
            return None;
        }
        Some(Self {
            mounted: Mounted(place),
            _folder: folder,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.mounted.0
    }

    pub(crate) fn resize(&self, megabytes: u32) {
        must(
            Command::new("mount")
                .args(["-o", &format!("remount,size={megabytes}m")])
                .arg(self.path()),
        );
    }
}

#[test]
fn a_full_library_disk_acknowledges_nothing_and_loses_nothing() {
    let Some(disk) = SmallDisk::new(1_024) else {
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
    let Some(disk) = SmallDisk::new(4) else {
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
