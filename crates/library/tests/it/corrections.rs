//! Dates put right: beside the file, never in it; the file's time follows without being taken for an edit or for rot.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::Arc,
};

use jiff::tz::TimeZone;
use proptest::prelude::*;
use safelight_core::{AssetId, CaptureTime, CopyState, PersonId, Place, TimeSource, Timestamp};
use safelight_library::{
    Corrected, CorrectionId, HomeCheck, Library, NewDate, NewDestination, RowError, StoredPhoto,
};

use crate::support::{
    disks::{Fault, FaultyDisk},
    *,
};

/// A day that a person says.
fn said(year: i16, day: i8) -> CaptureTime {
    CaptureTime {
        source: TimeSource::Person,
        ..taken(year, 7, day)
    }
}

fn instant(taken: CaptureTime) -> Timestamp {
    taken.instant(&TimeZone::UTC).unwrap()
}

fn date(library: &Library, asset: AssetId, after: Option<CaptureTime>) -> NewDate {
    NewDate {
        asset,
        before: counts(library, asset),
        after,
    }
}

fn correct(library: &Library, dates: &[NewDate]) -> Corrected {
    library.correct(PersonId::OWNER, "a test", dates).unwrap()
}

fn counts(library: &Library, asset: AssetId) -> Option<CaptureTime> {
    library.asset(asset).unwrap().unwrap().captured
}

fn file_time(home: &Home, path: &str) -> Timestamp {
    let modified = fs::metadata(home.root().join(path))
        .unwrap()
        .modified()
        .unwrap();
    Timestamp::try_from(modified).unwrap()
}

#[test]
fn a_date_is_put_right_and_taken_back() {
    let home = Home::new();
    let library = home.ready();
    let photos =
        ["a.jpg", "b.jpg"].map(|name| put(&library, name.as_bytes(), found(name)).unwrap().asset);
    let own = counts(&library, photos[0]);
    let first = photos.map(|photo| date(&library, photo, Some(said(2019, 1))));
    let made = correct(&library, &first);
    assert_eq!((made.photos, made.outdated.len()), (2, 0));
    assert_eq!(counts(&library, photos[0]), Some(said(2019, 1)));
    let again = correct(&library, &first);
    assert_eq!((again.id, again.photos), (None, 0), "it is said already");
    // Once more, of one of them.
    let second = correct(&library, &[date(&library, photos[1], Some(said(2018, 2)))]);
    let undone = library.undo_correction(made.id.unwrap()).unwrap();
    assert_eq!((undone.photos, undone.kept), (1, vec![photos[1]]));
    assert_eq!(counts(&library, photos[0]), own);
    assert_eq!(counts(&library, photos[1]), Some(said(2018, 2)));
    library.undo_correction(second.id.unwrap()).unwrap();
    assert_eq!(
        counts(&library, photos[1]),
        Some(said(2019, 1)),
        "what was said before"
    );
    assert_eq!(library.undo_correction(made.id.unwrap()).unwrap().photos, 0);
    correct(&library, &[date(&library, photos[1], None)]);
    assert_eq!(counts(&library, photos[1]), own);
    let history = library.corrections(Some(PersonId::OWNER), 10).unwrap();
    assert_eq!(
        history.iter().map(|row| row.photos).collect::<Vec<_>>(),
        [1, 1, 2]
    );
    assert!(history[1].undone_at.is_some() && history[0].undone_at.is_none());
    assert_eq!(
        home.photos().into_keys().collect::<Vec<_>>(),
        ["2024/05/a.jpg", "2024/05/b.jpg"]
    );
}

#[test]
fn what_changed_meanwhile_is_left_alone_and_what_is_not_there_refused() {
    let home = Home::new();
    let library = home.ready();
    let photo = put(&library, b"a", found("a.jpg")).unwrap().asset;
    let stale = date(&library, photo, Some(said(2019, 1)));
    correct(&library, &[date(&library, photo, Some(said(2018, 1)))]);
    let made = correct(&library, std::slice::from_ref(&stale));
    assert_eq!((made.id, made.outdated), (None, vec![photo]));
    let unknown = NewDate {
        asset: AssetId(99),
        ..stale.clone()
    };
    let known = NewDate {
        before: Some(said(2018, 1)),
        ..stale
    };
    let refused = library.correct(PersonId::OWNER, "", &[known.clone(), unknown]);
    assert!(
        matches!(refused, Err(RowError::NoAsset(AssetId(99)))),
        "{refused:?}"
    );
    assert_eq!(
        counts(&library, photo),
        Some(said(2018, 1)),
        "all or nothing"
    );
    let nobody = library.correct(PersonId(7), "", &[known]);
    assert!(matches!(nobody, Err(RowError::NoPerson(PersonId(7)))));
    let none = library.undo_correction(CorrectionId(99));
    assert!(matches!(
        none,
        Err(RowError::NoCorrection(CorrectionId(99)))
    ));
}

#[test]
fn the_files_time_follows_and_goes_back() {
    let home = Home::new();
    let library = home.ready();
    let photo = put(&library, b"a", found("a.jpg")).unwrap().asset;
    let own = file_time(&home, "2024/05/a.jpg");
    let made = correct(&library, &[date(&library, photo, Some(said(2019, 1)))]);
    assert_eq!(library.follow_capture_times().unwrap(), 1);
    assert_eq!(file_time(&home, "2024/05/a.jpg"), instant(said(2019, 1)));
    assert!(matches!(
        library.verify_home(photo).unwrap(),
        HomeCheck::Good
    ));
    library.undo_correction(made.id.unwrap()).unwrap();
    library.shut_down().unwrap();
    assert_eq!(file_time(&home, "2024/05/a.jpg"), own);
    let text = fs::read_to_string(home.root().join(crate::manifests::MAY)).unwrap();
    assert!(text.trim_end().ends_with("  2024/05/a.jpg"));
    let facts = text.lines().rev().nth(1).unwrap();
    assert!(
        facts.contains(&format!("\"modified\":\"{own}\"")) && !facts.contains("said"),
        "{facts}"
    );
}

/// Whatever the moment at which the power goes, rot is not taken for an edit, and the file gets its time in the end.
#[test]
fn a_cut_anywhere_leaves_a_file_whose_rot_is_seen_as_rot() {
    for rotten in [false, true] {
        for operation in 1..8 {
            let home = Home::new();
            let disk = Arc::new(FaultyDisk::default());
            let library = home.open(disk.clone());
            library.set_root(&home.root()).unwrap();
            let photo = put(&library, b"bytes", found("a.jpg")).unwrap().asset;
            library.flush_manifests().unwrap();
            correct(&library, &[date(&library, photo, Some(said(2019, 1)))]);
            disk.fail_at(operation, Fault::Cut);
            let followed = library.follow_capture_times();
            assert_eq!(followed.is_err(), disk.has_failed(), "{followed:?}");
            drop(library);
            let library = home.ready();
            if rotten {
                rot(&home, "2024/05/a.jpg", "bytEs");
                let check = library.verify_home(photo).unwrap();
                assert!(
                    matches!(check, HomeCheck::Damaged { .. }),
                    "{operation}: {check:?}"
                );
            }
            library.follow_capture_times().unwrap();
            assert_eq!(file_time(&home, "2024/05/a.jpg"), instant(said(2019, 1)));
            let check = library.verify_home(photo).unwrap();
            match check {
                HomeCheck::Good => assert!(!rotten),
                HomeCheck::Damaged { .. } => assert!(rotten),
                other => panic!("{operation}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_file_that_is_not_only_ours_keeps_its_time() {
    let home = Home::new();
    let library = home.ready();
    let names = ["edited.jpg", "linked.jpg", "symbolic.jpg", "gone.jpg"];
    let photos = names.map(|name| put(&library, name.as_bytes(), found(name)).unwrap().asset);
    let folder = home.root().join("2024/05");
    fs::write(folder.join("edited.jpg"), "somebody's edit").unwrap();
    fs::hard_link(
        folder.join("linked.jpg"),
        home.folder.path().join("original.jpg"),
    )
    .unwrap();
    let elsewhere = home.folder.path().join("elsewhere.jpg");
    fs::rename(folder.join("symbolic.jpg"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.join("symbolic.jpg")).unwrap();
    fs::remove_file(folder.join("gone.jpg")).unwrap();
    let times = || {
        ["edited.jpg", "linked.jpg", "symbolic.jpg"]
            .map(|name| file_time(&home, &format!("2024/05/{name}")))
    };
    let before = times();
    correct(
        &library,
        &photos.map(|photo| date(&library, photo, Some(said(2019, 1)))),
    );
    assert_eq!(library.follow_capture_times().unwrap(), 0);
    assert_eq!(times(), before);
    assert_eq!(library.follow_capture_times().unwrap(), 0);
    // The lost one gets its time when it comes again.
    put(&library, b"gone.jpg", found("gone.jpg")).unwrap();
    assert_eq!(file_time(&home, "2024/05/gone.jpg"), instant(said(2019, 1)));
}

#[test]
fn a_corrected_photo_stays_safe_and_goes_into_the_next_snapshot_with_its_new_time() {
    let home = Home::new();
    let library = home.ready();
    let photo = put(&library, b"a", found("a.jpg")).unwrap().asset;
    let destination = library
        .add_destination(NewDestination {
            name: "cloud",
            url: "file:///cloud",
            repository_id: "id",
        })
        .unwrap()
        .id;
    let back_up = |snapshot: &str| {
        let pending = library
            .pending_offsite(destination, AssetId(0), 10)
            .unwrap();
        let stored: Vec<_> = pending
            .iter()
            .map(|photo| StoredPhoto {
                asset: photo.asset,
                home_read_back: true,
            })
            .collect();
        library
            .finish_snapshot(
                destination,
                snapshot,
                Timestamp::from_second(1_700_000_100).unwrap(),
                &stored,
                &[],
            )
            .unwrap();
        pending
    };
    back_up("one");
    assert!(library.asset(photo).unwrap().unwrap().safe);
    correct(&library, &[date(&library, photo, Some(said(2019, 1)))]);
    library.follow_capture_times().unwrap();
    assert!(library.asset(photo).unwrap().unwrap().safe);
    assert_eq!(back_up("two")[0].modified, instant(said(2019, 1)));
    assert!(back_up("three").is_empty());
    check_tallies(&library);
}

#[test]
fn a_rebuild_brings_corrections_back_and_they_can_still_be_taken_back() {
    let home = Home::new();
    let (own, own_time) = {
        let library = home.ready();
        let photo = put(&library, b"a", found("a.jpg")).unwrap().asset;
        let own = (counts(&library, photo), file_time(&home, "2024/05/a.jpg"));
        correct(&library, &[date(&library, photo, Some(said(2019, 1)))]);
        library.shut_down().unwrap();
        own
    };
    Library::set_aside_catalogue(&home.data()).unwrap().unwrap();
    let library = home.ready();
    let report = library.rebuild(&mut |_| {}, &described).unwrap();
    assert_eq!((report.photos, report.problems), (1, vec![]));
    let photo = library
        .asset_by_path(&lp("2024/05/a.jpg"))
        .unwrap()
        .unwrap();
    assert_eq!(photo.captured, Some(said(2019, 1)));
    assert_eq!(library.said_of(photo.id).unwrap().own, own);
    correct(&library, &[date(&library, photo.id, None)]);
    library.follow_capture_times().unwrap();
    assert_eq!(counts(&library, photo.id), own);
    assert_eq!(file_time(&home, "2024/05/a.jpg"), own_time);
}

#[test]
fn a_file_whose_time_was_due_when_the_catalogue_was_lost_still_gets_it() {
    let home = Home::new();
    {
        let library = home.ready();
        let photo = put(&library, b"a", found("a.jpg")).unwrap().asset;
        correct(&library, &[date(&library, photo, Some(said(2019, 1)))]);
        library.flush_manifests().unwrap();
    }
    Library::set_aside_catalogue(&home.data()).unwrap().unwrap();
    let library = home.ready();
    library.rebuild(&mut |_| {}, &described).unwrap();
    assert_eq!(library.follow_capture_times().unwrap(), 1);
    assert_eq!(file_time(&home, "2024/05/a.jpg"), instant(said(2019, 1)));
}

#[derive(Clone, Debug)]
enum Step {
    Say(BTreeSet<usize>, Option<i8>),
    TakeBack(usize),
    Follow,
    Flush,
    Crash,
    Restart,
    Rebuild,
    LoseCatalogue,
}

fn step() -> impl Strategy<Value = Step> {
    let some = proptest::collection::btree_set(0..PHOTOS, 1..=PHOTOS);
    prop_oneof![
        6 => (some, proptest::option::of(1..28_i8)).prop_map(|(photos, day)| Step::Say(photos, day)),
        3 => (0..6_usize).prop_map(Step::TakeBack),
        2 => Just(Step::Follow),
        1 => Just(Step::Flush),
        1 => Just(Step::Crash),
        1 => Just(Step::Restart),
        1 => Just(Step::Rebuild),
        1 => Just(Step::LoseCatalogue),
    ]
}

const PHOTOS: usize = 3;

/// A photo, what was said of it before, and what then.
type Change = (usize, Option<CaptureTime>, Option<CaptureTime>);

/// What people have said of each photo, and the corrections that can be taken back: what each said of which photo, and what
/// was said before.
#[derive(Default)]
struct Model {
    said: BTreeMap<usize, CaptureTime>,
    made: Vec<(CorrectionId, Vec<Change>)>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Whatever is corrected, taken back, lost and rebuilt: the bytes and places stay, and what people said last counts.
    #[test]
    fn any_order_of_corrections_ends_as_a_model_says(steps in proptest::collection::vec(step(), 1..25)) {
        let home = Home::new();
        let mut open = Some(home.ready());
        let library = open.as_ref().unwrap();
        for photo in 0..PHOTOS {
            put(library, &[photo as u8; 9], found(&format!("{photo}.jpg"))).unwrap();
        }
        library.flush_manifests().unwrap();
        let files = home.photos();
        let mut model = Model::default();
        for step in steps {
            run(&home, &mut open, &mut model, step);
            let library = open.as_ref().unwrap();
            prop_assert_eq!(&home.photos(), &files);
            for photo in 0..PHOTOS {
                let row = library.asset_by_path(&lp(&format!("2024/05/{photo}.jpg"))).unwrap().unwrap();
                let expected = model.said.get(&photo).copied().unwrap_or(taken(2024, 5, 3));
                prop_assert_eq!(row.captured, Some(expected));
                prop_assert!(matches!(library.verify_home(row.id).unwrap(), HomeCheck::Good));
                let home_copy = library.copies(row.id).unwrap().into_iter().find(|copy| copy.place == Place::Home).unwrap();
                prop_assert_eq!(home_copy.state, CopyState::Good);
            }
        }
        let library = open.as_ref().unwrap();
        library.follow_capture_times().unwrap();
        for photo in 0..PHOTOS {
            let expected = model.said.get(&photo).copied().unwrap_or(taken(2024, 5, 3));
            prop_assert_eq!(file_time(&home, &format!("2024/05/{photo}.jpg")), instant(expected));
        }
        check_tallies(library);
    }
}

/// Closes the library, as a crash does, and opens it again.
fn open_again(home: &Home, library: &mut Option<Library>) {
    drop(library.take());
    *library = Some(home.ready());
}

fn run(home: &Home, open: &mut Option<Library>, model: &mut Model, step: Step) {
    let library = open.as_ref().unwrap();
    let id = |library: &Library, photo: usize| {
        let path = lp(&format!("2024/05/{photo}.jpg"));
        library.asset_by_path(&path).unwrap().unwrap().id
    };
    match step {
        Step::Say(photos, day) => {
            let after = day.map(|day| said(2019, day));
            let dates: Vec<_> = photos
                .iter()
                .map(|photo| date(library, id(library, *photo), after))
                .collect();
            let made = correct(library, &dates);
            assert_eq!(made.outdated, []);
            let changed: Vec<_> = photos
                .into_iter()
                .map(|photo| (photo, model.said.get(&photo).copied(), after))
                .filter(|(_, before, after)| before != after)
                .collect();
            assert_eq!(made.photos, changed.len() as u64);
            for (photo, ..) in &changed {
                match after {
                    Some(after) => model.said.insert(*photo, after),
                    None => model.said.remove(photo),
                };
            }
            if let Some(id) = made.id {
                model.made.push((id, changed));
            }
        }
        Step::TakeBack(number) => {
            if number < model.made.len() {
                let (id, changed) = model.made.remove(number);
                library.undo_correction(id).unwrap();
                for (photo, before, after) in changed {
                    if model.said.get(&photo).copied() == after {
                        match before {
                            Some(before) => model.said.insert(photo, before),
                            None => model.said.remove(&photo),
                        };
                    }
                }
            }
        }
        Step::Follow => drop(library.follow_capture_times().unwrap()),
        Step::Flush => library.flush_manifests().unwrap(),
        Step::Crash => {
            open_again(home, open);
            let library = open.as_ref().unwrap();
            library.reconcile(&described, &mut |_| {}).unwrap();
        }
        Step::Restart => {
            library.shut_down().unwrap();
            open_again(home, open);
        }
        Step::Rebuild => drop(library.rebuild(&mut |_| {}, &described).unwrap()),
        Step::LoseCatalogue => {
            library.follow_capture_times().unwrap();
            library.flush_manifests().unwrap();
            drop(open.take());
            Library::set_aside_catalogue(&home.data()).unwrap().unwrap();
            let library = open.insert(home.ready());
            library.rebuild(&mut |_| {}, &described).unwrap();
            model.made.clear();
        }
    }
}
