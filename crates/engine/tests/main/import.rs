//! Collections become photos of the library: each once, in its place, and a second run changes nothing.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use safelight_core::{ContentHash, PersonId};
use safelight_engine::{
    Activity, Answer, Command, EngineError, ProgressSink, Quiet,
    command::ImportOutcome,
    import::{Counts, ImportStatus, Request, Stage, Way, item::Reason},
    people::Asker,
};
use safelight_testkit::{Collection, Photos, tree};

use crate::house::House;

fn request(path: &Path) -> Request {
    Request {
        paths: vec![path.to_owned()],
        way: Way::Copy,
        everything: false,
    }
}

fn import_with(house: &House, request: Request, progress: &dyn ProgressSink) -> ImportOutcome {
    let command = Command::Import {
        request,
        person: None,
        preview: false,
    };
    match house.engine.run(command, progress).unwrap() {
        Answer::Import(outcome) => *outcome,
        other => panic!("{other:?}"),
    }
}

fn import(house: &House, path: &Path) -> ImportOutcome {
    import_with(house, request(path), &Quiet)
}

fn counts(outcome: &ImportOutcome) -> &Counts {
    outcome.counts().unwrap()
}

fn collection(house: &House, count: usize) -> Collection {
    Collection::make(&house.dir.path().join("old photos"), 11, count).unwrap()
}

fn lying(folder: &Path) -> BTreeMap<String, ContentHash> {
    tree::hashes(folder).unwrap()
}

fn arrivals(house: &House) -> usize {
    house
        .engine
        .recent(Asker::Owner, None, None, 500)
        .unwrap()
        .len()
}

#[test]
fn every_file_ends_in_its_place_and_a_second_run_changes_nothing() {
    let house = House::new();
    let made = collection(&house, 120);
    let originals = lying(&made.root);

    let looked = house
        .engine
        .new_import(PersonId::OWNER, &request(&made.root))
        .and_then(|id| house.engine.look_at_import(id, &Quiet))
        .unwrap();
    assert_eq!(looked.standing.stage, Stage::Looked);
    let before = looked.standing.looked.unwrap();
    assert_eq!(before.files, made.files);
    assert_eq!(before.new, made.different());
    assert_eq!(before.known, made.files - made.different());
    assert_eq!(before.undated, made.undated);
    assert_eq!(before.left_for(Reason::NotAPhoto), made.others.len() as u64);
    assert_eq!(before.passed_over, made.systems);
    assert_eq!(before.troubles(), 0);
    assert!(lying(&house.library()).is_empty(), "a look writes nothing");
    assert_eq!(house.status().photos, 0);

    let first = import(&house, &made.root);
    assert_eq!(first.import.id, looked.id, "the look goes on as the import");
    assert_eq!(first.import.standing.stage, Stage::Done);
    let done = counts(&first);
    assert_eq!(
        (done.files, done.new, done.known),
        (before.files, before.new, before.known),
        "what was announced is what happened"
    );
    assert_eq!((done.undated, &done.left), (made.undated, &before.left));
    made.judge(&house.library(), "").unwrap();
    let named: Vec<_> = first
        .files
        .iter()
        .filter(|note| note.what == "not-a-photo")
        .map(|note| note.path.trim_start_matches("old photos/").to_owned())
        .collect();
    assert_eq!(named, made.others.iter().cloned().collect::<Vec<_>>());

    let (library, told) = (lying(&house.library()), arrivals(&house));
    let second = import(&house, &made.root);
    assert_ne!(second.import.id, first.import.id);
    assert_eq!(
        (counts(&second).new, counts(&second).known),
        (0, made.files)
    );
    assert_eq!(lying(&house.library()), library);
    assert_eq!(arrivals(&house), told, "nothing arrived a second time");
    assert_eq!(lying(&made.root), originals, "the originals are untouched");
}

/// Has the imports stop once so many files are done.
struct StopAfter<'a> {
    house: &'a House,
    files: u64,
    seen: AtomicU64,
}

impl ProgressSink for StopAfter<'_> {
    fn progress(&self, activity: &Activity) {
        self.seen.fetch_max(activity.done_files, Ordering::Relaxed);
        if activity.kind == "import" && activity.done_files >= self.files {
            self.house.engine.stop_imports();
        }
    }
}

#[test]
fn a_stopped_import_goes_on_where_it_was() {
    let house = House::new();
    let made = collection(&house, 120);
    let stop = StopAfter {
        house: &house,
        files: 40,
        seen: AtomicU64::new(0),
    };
    let stopped = import_with(&house, request(&made.root), &stop);
    assert_eq!(stopped.import.standing.stage, Stage::Stopped);
    assert!(house.status().photos < made.different(), "it did stop");
    let house = house.reopen_after(|_| {});
    let done = import(&house, &made.root);
    assert_eq!(done.import.id, stopped.import.id, "the same import");
    assert_eq!(done.import.standing.stage, Stage::Done);
    assert_eq!(counts(&done).new, made.different());
    assert_eq!(counts(&done).known, made.files - made.different());
    made.judge(&house.library(), "").unwrap();
    let brought = house
        .engine
        .import_files(done.import.id, true, "", 10_000)
        .unwrap();
    assert_eq!(brought.len() as u64, made.different(), "each is named");
    for file in brought {
        assert!(house.library().join(&file.library_path).is_file());
    }
}

/// Waits until an import is not at work any more.
async fn ended(house: &House, id: i64) -> ImportStatus {
    let mut state = house.engine.watch();
    loop {
        let import = house.engine.import(id).unwrap();
        if !import.at_work && !matches!(import.standing.stage, Stage::Looking | Stage::Bringing) {
            return import;
        }
        state.changed().await.unwrap();
    }
}

#[tokio::test]
async fn an_import_that_the_end_of_the_program_broke_off_goes_on_by_itself() {
    let house = House::new();
    let made = collection(&house, 120);
    let id = house
        .engine
        .new_import(PersonId::OWNER, &request(&made.root))
        .unwrap();
    house.engine.begin_import(id, Stage::Bringing).unwrap();
    let house = house.reopen_after(|_| {});
    house.engine.start().unwrap();
    let done = ended(&house, id).await;
    assert_eq!(done.standing.stage, Stage::Done);
    assert_eq!(done.standing.brought.unwrap().new, made.different());
    house.engine.shut_down().unwrap();
    made.judge(&house.library(), "").unwrap();
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_brought() {
    let house = House::new();
    let made = collection(&house, 12);
    // A regular file whose reading fails, for root too.
    let broken = PathBuf::from("/proc/self/mem");
    if !broken.exists() {
        return;
    }
    let request = Request {
        paths: vec![made.root.clone(), broken],
        ..request(&made.root)
    };
    let outcome = import_with(&house, request, &Quiet);
    assert_eq!(counts(&outcome).left_for(Reason::Unreadable), 1);
    assert_eq!(Answer::Import(Box::new(outcome.clone())).exit_code(), 3);
    let note = outcome
        .files
        .iter()
        .find(|note| note.what == "unreadable")
        .unwrap();
    assert_eq!(note.path, "mem");
    assert!(note.message.contains("Make it readable"), "{note:?}");
    made.judge(&house.library(), "").unwrap();
}

#[test]
fn what_is_longer_than_it_was_said_to_be_is_not_stored() {
    let house = House::new();
    // Whatever its length is said to be, it has more when it is read.
    let growing = PathBuf::from("/proc/self/status");
    if !growing.exists() {
        return;
    }
    let outcome = import_with(
        &house,
        Request {
            everything: true,
            ..request(&growing)
        },
        &Quiet,
    );
    assert_eq!(counts(&outcome).left_for(Reason::Changing), 1);
    assert_eq!(counts(&outcome).files, 0);
    assert_eq!(house.status().photos, 0);
    assert!(lying(&house.library()).is_empty());
}

#[test]
fn a_file_that_changed_since_is_a_photo_of_its_own() {
    let house = House::new();
    let folder = house.dir.path().join("edited");
    fs::create_dir(&folder).unwrap();
    let mut roll = Photos::new(8);
    let (one, mut two) = (roll.next(3_000), roll.next(3_000));
    one.write(&folder).unwrap();
    import(&house, &folder);
    two.name.clone_from(&one.name);
    two.write(&folder).unwrap();
    let second = import(&house, &folder);
    assert_eq!((counts(&second).new, counts(&second).known), (1, 0));
    assert_eq!(house.status().photos, 2);
}

#[cfg(unix)]
#[test]
fn links_are_told_and_not_followed() {
    let house = House::new();
    let folder = house.dir.path().join("linked");
    fs::create_dir(&folder).unwrap();
    Photos::new(5).next(2_000).write(&folder).unwrap();
    std::os::unix::fs::symlink(&folder, folder.join("around")).unwrap();
    std::os::unix::fs::symlink("/nowhere", folder.join("nowhere.jpg")).unwrap();
    let outcome = import(&house, &folder);
    assert_eq!(counts(&outcome).new, 1);
    assert_eq!(counts(&outcome).left_for(Reason::Link), 2);
}

#[cfg(unix)]
#[test]
fn linked_bytes_take_no_room_and_leave_the_original_alone() {
    use std::os::unix::fs::MetadataExt;
    let house = House::new();
    let folder = house.dir.path().join("shared");
    fs::create_dir(&folder).unwrap();
    let picture = Photos::new(5).next(2_000);
    picture.write(&folder).unwrap();
    let original = folder.join(&picture.name);
    let before = fs::metadata(&original).unwrap();
    let outcome = import_with(
        &house,
        Request {
            way: Way::Link,
            ..request(&folder)
        },
        &Quiet,
    );
    assert_eq!((counts(&outcome).new, counts(&outcome).shared), (1, 1));
    let after = fs::metadata(&original).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
    let path = house.library().join(picture.folder()).join(&picture.name);
    let ours = fs::metadata(&path).unwrap();
    // A clone has an inode of its own, a hard link the original's.
    assert!(ours.ino() == after.ino() || ours.nlink() == 1);
    assert_eq!(tree::hash_file(&path).unwrap(), tree::hash(&picture.bytes));
    let found = house.verify(safelight_engine::command::VerifyScope::Home);
    assert_eq!((found.home_good, found.failed.len()), (1, 0));
}

#[test]
fn files_become_photos_where_they_lie() {
    let house = House::new();
    let mut roll = Photos::new(21);
    import(&house, &{
        let folder = house.dir.path().join("first");
        fs::create_dir(&folder).unwrap();
        roll.next(2_000).write(&folder).unwrap();
        folder
    });
    let inside = house.library().join("Scans/1987");
    fs::create_dir_all(&inside).unwrap();
    for picture in roll.take(5, 1_000, 3_000) {
        picture.write(&inside).unwrap();
    }
    fs::create_dir(inside.join(".hidden")).unwrap();
    let before = lying(&house.library());
    let in_place = Request {
        way: Way::InPlace,
        ..request(&inside)
    };
    let id = house.engine.new_import(PersonId::OWNER, &in_place).unwrap();
    let looked = house.engine.look_at_import(id, &Quiet).unwrap();
    let looked = looked.standing.looked.unwrap();
    assert_eq!((looked.new, looked.known, looked.passed_over), (5, 0, 1));
    assert_eq!(house.status().photos, 1);
    let outcome = import_with(&house, in_place.clone(), &Quiet);
    assert_eq!((counts(&outcome).new, counts(&outcome).known), (5, 0));
    assert_eq!(house.status().photos, 6);
    let again = import_with(&house, in_place, &Quiet);
    assert_eq!((counts(&again).new, counts(&again).known), (0, 5));
    assert_eq!(lying(&house.library()), before, "not a byte was moved");
}

#[test]
fn a_folder_outside_the_library_cannot_stay_where_it_is_once_there_are_photos() {
    let house = House::new();
    let made = collection(&house, 12);
    import(&house, &made.root);
    let refused = house.engine.new_import(
        PersonId::OWNER,
        &Request {
            way: Way::InPlace,
            ..request(&made.root)
        },
    );
    assert!(
        matches!(refused, Err(EngineError::Invalid(_))),
        "{refused:?}"
    );
}

#[test]
fn a_folder_becomes_the_library_of_a_house_without_photos() {
    let house = House::new();
    let made = collection(&house, 24);
    let before = lying(&made.root);
    let outcome = import_with(
        &house,
        Request {
            way: Way::InPlace,
            ..request(&made.root)
        },
        &Quiet,
    );
    assert_eq!(house.engine.library_dir().unwrap(), made.root);
    // What has the same bytes is one photo, and told; so is a name that cannot be kept as it is (with a line's end in
    // it). Documents in a library folder are kept as everything is.
    assert_eq!(
        counts(&outcome).new,
        made.different() + made.others.len() as u64 - 1,
        "{:?}",
        outcome.files
    );
    assert_eq!(
        counts(&outcome).left_for(Reason::Refused),
        made.files - made.different() + 1
    );
    assert_eq!(lying(&made.root), before, "not a byte was moved");
}

#[test]
fn the_library_itself_is_nothing_to_import() {
    let house = House::new();
    let refused = house
        .engine
        .new_import(PersonId::OWNER, &request(&house.library()));
    assert!(
        matches!(refused, Err(EngineError::Invalid(_))),
        "{refused:?}"
    );
    let around = import(&house, house.dir.path());
    assert_eq!(counts(&around).files, 0);
    assert_eq!(counts(&around).left_for(Reason::NotLookedInto), 2);
    let nowhere = house
        .engine
        .new_import(PersonId::OWNER, &request(Path::new("/not/there")));
    assert!(
        matches!(nowhere, Err(EngineError::NotFound(_))),
        "{nowhere:?}"
    );
}

#[test]
fn a_members_photos_lie_in_the_members_folder_and_are_the_members() {
    let house = House::new();
    let made = collection(&house, 12);
    house.run(Command::PersonAdd {
        name: "Anna".into(),
        folder: None,
    });
    let import = |person: Option<&str>| match house.run(Command::Import {
        request: request(&made.root),
        person: person.map(ToOwned::to_owned),
        preview: false,
    }) {
        Answer::Import(outcome) => *outcome,
        other => panic!("{other:?}"),
    };
    assert_eq!(counts(&import(Some("Anna"))).new, made.different());
    made.judge(&house.library(), "Anna").unwrap();
    let photos = |name: &str| {
        let people = house.engine.people().unwrap();
        people.iter().find(|who| who.name == name).unwrap().photos
    };
    assert_eq!(photos("Anna"), made.different());
    let owner = house.engine.people().unwrap()[0].clone();
    assert_eq!(owner.photos, 0);
    let second = import(None);
    assert_eq!(
        (counts(&second).new, counts(&second).known),
        (0, made.files)
    );
    assert_eq!(house.engine.people().unwrap()[0].photos, made.different());
    made.judge(&house.library(), "Anna").unwrap();
}

#[test]
fn of_a_cards_folders_those_with_photos_are_looked_into() {
    let house = House::new();
    let card = house.dir.path().join("CARD");
    let mut roll = Photos::new(31);
    for folder in [
        "DCIM/100CANON",
        "PRIVATE/M4ROOT/CLIP",
        "MISC",
        "Android/data",
    ] {
        let folder = card.join(folder);
        fs::create_dir_all(&folder).unwrap();
        roll.next(1_500).write(&folder).unwrap();
    }
    fs::write(card.join("DCIM/100CANON/MVI_0001.THM"), "thumbnail").unwrap();
    let outcome = import(&house, &card);
    assert_eq!(counts(&outcome).new, 2);
    assert_eq!(counts(&outcome).passed_over, 2, "MISC and the thumbnail");
    assert_eq!(counts(&outcome).left_for(Reason::NotLookedInto), 1);
    assert_eq!(outcome.files[0].path, "CARD/Android");
}

#[test]
fn everything_comes_along_where_that_is_wanted() {
    let house = House::new();
    let made = collection(&house, 12);
    let outcome = import_with(
        &house,
        Request {
            everything: true,
            ..request(&made.root)
        },
        &Quiet,
    );
    assert_eq!(counts(&outcome).left, BTreeMap::new());
    assert_eq!(
        house.status().photos,
        made.different() + made.others.len() as u64
    );
}

#[test]
fn a_lost_photo_comes_back_with_the_next_import() {
    let house = House::new();
    let made = collection(&house, 12);
    import(&house, &made.root);
    let (lost, _) = lying(&house.library()).into_iter().next().unwrap();
    fs::remove_file(house.library().join(&lost)).unwrap();
    import(&house, &made.root);
    assert!(house.library().join(&lost).is_file());
    made.judge(&house.library(), "").unwrap();
}

#[test]
fn folders_are_shown_to_choose_from() {
    let house = House::new();
    for name in ["b", "A", ".hidden"] {
        fs::create_dir(house.dir.path().join(name)).unwrap();
    }
    let chosen = house.engine.choose_folder(Some(house.dir.path())).unwrap();
    let names: Vec<_> = chosen.folders.iter().map(|folder| &*folder.name).collect();
    assert_eq!(names, ["A", "b", "data", "library"]);
    assert!(house.engine.choose_folder(None).is_ok());
    assert!(
        house
            .engine
            .choose_folder(Some(Path::new("relative")))
            .is_err()
    );
}
