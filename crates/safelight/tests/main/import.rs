//! `safelight import`: beside a server and without one, ended at any moment, and on a disk that is too small.

use std::{fs, path::Path, process::Command};

use safelight_testkit::{
    Cli, Collection, Photos, Server, process::Process, process::until, tools, tree,
};
use serde_json::Value;

use crate::{
    disk::MountedDisk,
    house::{House, binary, number},
    judges::must,
};

/// A data folder that knows its library, whose server does not run.
struct Rested {
    folder: tempfile::TempDir,
}

impl Rested {
    fn new(library: &str) -> Self {
        Self::within(tempfile::tempdir().unwrap(), library)
    }

    fn within(folder: tempfile::TempDir, library: &str) -> Self {
        let rested = Self { folder };
        let mut server = Server::start(binary(), &rested.data(), &rested.path(library)).unwrap();
        server.stop();
        rested
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn data(&self) -> std::path::PathBuf {
        self.path("data")
    }

    fn cli(&self) -> Cli {
        Cli::new(binary(), &self.data())
    }

    /// An import that runs by itself.
    fn begin(&self, collection: &Path) -> Process {
        let mut command = Command::new(binary());
        command
            .arg("--data")
            .arg(self.data())
            .arg("import")
            .arg(collection)
            .env("TZ", "UTC");
        Process::start("import", &mut command, &self.path("import.log")).unwrap()
    }
}

fn brought(outcome: &Value) -> &Value {
    &outcome["import"]["standing"]["brought"]
}

fn files(library: &Path) -> usize {
    tree::files(library).unwrap().len()
}

#[test]
fn a_killed_import_goes_on_and_brings_everything_once() {
    let rested = Rested::new("library");
    let library = rested.path("library");
    let made = Collection::make(&rested.path("old"), 5, 400).unwrap();
    for at_least in [1, 120, 240] {
        let mut import = rested.begin(&made.root);
        until("some files are in the library", || {
            (files(&library) >= at_least || import.ended().is_some()).then_some(())
        });
        import.kill();
    }
    let outcome = rested
        .cli()
        .json(&["import", made.root.to_str().unwrap(), "--json"]);
    assert_eq!(
        number(brought(&outcome), "new") + number(brought(&outcome), "known"),
        made.files
    );
    made.judge(&library, "").unwrap();
    let again = rested
        .cli()
        .json(&["import", made.root.to_str().unwrap(), "--json"]);
    assert_eq!(number(brought(&again), "new"), 0);
    made.judge(&library, "").unwrap();
}

#[test]
fn an_import_that_is_told_to_end_can_go_on() {
    let rested = Rested::new("library");
    let library = rested.path("library");
    let made = Collection::make(&rested.path("old"), 6, 400).unwrap();
    let mut import = rested.begin(&made.root);
    until("some files are in the library", || {
        (files(&library) >= 20 || import.ended().is_some()).then_some(())
    });
    let ended = import.terminate();
    let printed = import.printed();
    if files(&library) < made.photos.len() {
        assert_eq!(ended.code(), Some(1), "{printed}");
        assert!(printed.contains("The same command goes on"), "{printed}");
    }
    let outcome = rested
        .cli()
        .json(&["import", made.root.to_str().unwrap(), "--json"]);
    assert_eq!(number(brought(&outcome), "new"), made.different());
    made.judge(&library, "").unwrap();
}

#[test]
fn a_running_server_imports_for_the_command_line() {
    let house = House::new();
    let made = Collection::make(&house.path("old"), 7, 40).unwrap();
    let old = made.root.to_str().unwrap();
    let beside = house.path("beside");
    fs::create_dir(&beside).unwrap();
    let picture = Photos::new(8).next(900);
    picture.write(&beside).unwrap();
    fs::write(beside.join(format!("{}.xmp", picture.name)), "<x:xmpmeta/>").unwrap();
    let beside = beside.to_str().unwrap();
    let told = house.cli().ok(&["import", beside, "--preview"]).stdout;
    assert!(
        told.contains("2 of the new ones would share a tile"),
        "{told}"
    );
    let looked = house.cli().json(&["import", old, "--preview", "--json"]);
    let looked = &looked["import"]["standing"]["looked"];
    assert_eq!(number(looked, "new"), made.different());
    assert_eq!(number(looked, "paired"), 0);
    assert_eq!(house.count("photos"), 0);
    let told = house.cli().ok(&["import", old]).stdout;
    assert!(told.contains("are new"), "{told}");
    assert!(told.contains("letter.txt"), "what is left is named: {told}");
    assert_eq!(house.count("photos"), made.different());
    made.judge(house.library(), "").unwrap();
    let verified = house.cli().json(&["verify", "--home", "--json"]);
    assert_eq!(number(&verified, "home_good"), made.different());
}

#[test]
fn an_import_onto_a_full_disk_stops_and_goes_on_when_there_is_room() {
    let Some(disk) = MountedDisk::small(1_024) else {
        return;
    };
    let library = disk.path().join("photos");
    let rested = Rested::new(library.to_str().unwrap());
    let made = Collection::make(&rested.path("old"), 8, 60).unwrap();
    let old = made.root.to_str().unwrap();
    // Far below any reserve that the library keeps free.
    disk.resize(8);
    let full = rested.cli().run(&["import", old]);
    assert_eq!(full.code, Some(1), "{full:?}");
    assert!(full.stderr.contains("no room"), "{full:?}");
    assert!(tree::files(&library).unwrap().is_empty());
    disk.resize(1_024);
    let outcome = rested.cli().json(&["import", old, "--json"]);
    assert_eq!(number(brought(&outcome), "new"), made.different());
    made.judge(&library, "").unwrap();
}

#[test]
fn what_cannot_be_imported_is_said_at_once() {
    let house = House::new();
    let library = house.library().to_str().unwrap().to_owned();
    for (arguments, words) in [
        (vec!["import", "/not/there"], "There is nothing at"),
        (vec!["import", &*library], "--in-place"),
        (
            vec!["import", "/tmp", "--person", "Nobody"],
            "nobody called",
        ),
    ] {
        let refused = house.cli().run(&arguments);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
}

#[test]
fn linked_photos_are_clones_where_the_file_system_has_them() {
    let Some(disk) = MountedDisk::with_clones() else {
        return;
    };
    if tools::require("filefrag").is_none() {
        return;
    }
    let rested = Rested::within(tempfile::tempdir_in(disk.path()).unwrap(), "library");
    let old = rested.path("old");
    fs::create_dir(&old).unwrap();
    let pictures = Photos::new(93).take(4, 100_000, 400_000);
    for picture in &pictures {
        picture.write(&old).unwrap();
    }
    let outcome = rested
        .cli()
        .json(&["import", old.to_str().unwrap(), "--link", "--json"]);
    assert_eq!(number(brought(&outcome), "new"), 4);
    for picture in &pictures {
        let ours = rested
            .path("library")
            .join(picture.folder())
            .join(&picture.name);
        assert_eq!(fs::read(&ours).unwrap(), picture.bytes);
        let extents = must(Command::new("filefrag").arg("-v").arg(&ours));
        assert!(extents.contains("shared"), "{extents}");
        // Whoever writes to the original writes to a file of his own.
        fs::write(old.join(&picture.name), "edited").unwrap();
        assert_eq!(fs::read(&ours).unwrap(), picture.bytes);
    }
}
