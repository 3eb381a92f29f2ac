//! The catalogue is disposable: it is made anew from the folder and the manifests.

use std::{collections::BTreeMap, fs};

use safelight_core::{AssetId, CopyState};
use safelight_library::{Asset, Library, NewDestination, RebuildReport};

use crate::copies::back_up;
use crate::support::{
    Home, check_tallies, described, device, dp, filing, found, lp, put, rot, taken,
};

fn rebuild(library: &Library) -> RebuildReport {
    let report = library.rebuild(&mut |_| {}, &described).unwrap();
    check_tallies(library);
    report
}

/// What a rebuilt catalogue must know of each photo, by path.
fn photos(library: &Library) -> BTreeMap<String, Asset> {
    let assets = library.assets_after(AssetId(0), usize::MAX).unwrap();
    assets
        .into_iter()
        .map(|asset| {
            let path = asset.path.to_string();
            (
                path,
                Asset {
                    id: AssetId(0),
                    safe: false,
                    ..asset
                },
            )
        })
        .collect()
}

/// A library with photos, their manifests written, closed.
fn full(home: &Home) -> BTreeMap<String, Asset> {
    let library = home.ready();
    let phone = device(&library, "phone");
    put(&library, b"one", filing(phone, "IMG.jpg")).unwrap();
    put(&library, b"two", filing(phone, "IMG.jpg")).unwrap();
    let mut old = found("odd \"name\".tif");
    old.captured = Some(taken(1987, 6, 5));
    old.kind = safelight_core::MediaKind::Other;
    put(&library, b"three", old).unwrap();
    let mut unknown = found("u.jpg");
    unknown.captured = None;
    put(&library, b"four", unknown).unwrap();
    library.shut_down().unwrap();
    photos(&library)
}

fn lose_catalogue(home: &Home) {
    Library::set_aside_catalogue(&home.data()).unwrap().unwrap();
}

#[test]
fn a_lost_catalogue_comes_back_whole() {
    let home = Home::new();
    let before = full(&home);
    lose_catalogue(&home);
    let library = home.ready();
    assert_eq!(library.totals().unwrap().photos, 0);
    let report = rebuild(&library);
    assert_eq!((report.photos, report.bytes), (4, 15));
    assert_eq!(report.problems, []);
    assert_eq!(photos(&library), before);
    assert_eq!(library.totals().unwrap().home_verified, 4);
    // The manifests say the same again, each photo once.
    let manifest =
        fs::read_to_string(home.root().join(".safelight/manifests/2024/05.sha256")).unwrap();
    assert_eq!(
        manifest
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count(),
        2
    );
    assert_eq!(rebuild(&library).problems, []);
    assert_eq!(photos(&library), before);
}

#[test]
fn also_without_manifests_as_far_as_the_files_tell() {
    let home = Home::new();
    let before = full(&home);
    lose_catalogue(&home);
    fs::remove_dir_all(home.root().join(".safelight/manifests")).unwrap();
    let library = home.ready();
    assert_eq!(rebuild(&library).problems, []);
    let after = photos(&library);
    assert_eq!(
        after.keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
    for (path, asset) in after {
        assert_eq!(
            (asset.hash, asset.modified),
            (before[&path].hash, before[&path].modified)
        );
        assert_eq!(
            asset.captured,
            Some(taken(2020, 6, 1)),
            "as it was described"
        );
    }
}

#[test]
fn devices_trees_and_destinations_stay_where_the_catalogue_could_be_read() {
    let home = Home::new();
    full(&home);
    let library = home.ready();
    let cloud = library
        .add_destination(NewDestination {
            name: "cloud",
            url: "",
            repository_id: "",
        })
        .unwrap();
    let phone = library.devices().unwrap()[0].id;
    let entry = library.entry(phone, &dp("IMG.jpg")).unwrap();
    fs::write(home.root().join("2024/05/new.jpg"), "new").unwrap();
    assert_eq!(rebuild(&library).photos, 5);
    assert_eq!(library.entry(phone, &dp("IMG.jpg")).unwrap(), entry);
    assert_eq!(
        library.destinations().unwrap()[0].pending,
        cloud.pending + 1
    );
}

fn kinds(report: &RebuildReport) -> Vec<(&str, &str)> {
    report
        .problems
        .iter()
        .map(|p| (p.kind.as_str(), p.path.as_str()))
        .collect()
}

#[test]
fn rot_is_reported_and_the_photo_stays_known() {
    for lose in [false, true] {
        let home = Home::new();
        let before = full(&home);
        rot(&home, "2024/05/IMG.jpg", "0ne");
        if lose {
            lose_catalogue(&home);
        }
        let library = home.ready();
        let report = rebuild(&library);
        assert_eq!(kinds(&report), [("damaged-file", "2024/05/IMG.jpg")]);
        assert_eq!(photos(&library), before);
        let asset = library
            .asset_by_path(&lp("2024/05/IMG.jpg"))
            .unwrap()
            .unwrap();
        assert_eq!(
            library.copies(asset.id).unwrap()[0].state,
            CopyState::Damaged
        );
        assert_eq!(library.totals().unwrap().home_verified, 3);
    }
}

#[test]
fn a_missing_file_stays_known() {
    for lose in [false, true] {
        let home = Home::new();
        let before = full(&home);
        fs::remove_file(home.root().join("2024/05/IMG.jpg")).unwrap();
        fs::remove_dir_all(home.root().join("1987")).unwrap();
        if lose {
            lose_catalogue(&home);
        }
        let library = home.ready();
        let report = rebuild(&library);
        let mut found = kinds(&report);
        found.sort();
        assert_eq!(
            found,
            [
                ("missing-file", "1987/06/odd _name_.tif"),
                ("missing-file", "2024/05/IMG.jpg")
            ]
        );
        assert_eq!(photos(&library), before);
        for path in ["1987/06/odd _name_.tif", "2024/05/IMG.jpg"] {
            let asset = library.asset_by_path(&lp(path)).unwrap().unwrap();
            assert_eq!(
                library.copies(asset.id).unwrap()[0].state,
                CopyState::Missing
            );
        }
        // It comes back by being uploaded again.
        put(&library, b"one", found_one()).unwrap();
        assert_eq!(
            kinds(&rebuild(&library)),
            [("missing-file", "1987/06/odd _name_.tif")]
        );
    }
}

fn found_one() -> safelight_library::Filing {
    found("whatever.jpg")
}

#[test]
fn an_edit_is_a_photo_of_its_own_and_the_version_before_keeps_its_place() {
    for lose in [false, true] {
        let home = Home::new();
        let before = full(&home);
        fs::write(home.root().join("2024/05/IMG.jpg"), "edited").unwrap();
        if lose {
            lose_catalogue(&home);
        }
        let library = home.ready();
        let report = rebuild(&library);
        assert!(kinds(&report).contains(&("changed-file", "2024/05/IMG.jpg")));
        assert_eq!(library.totals().unwrap().photos, 5);
        // Its number is the first that nobody has, and nothing is overwritten.
        assert_eq!(home.photos()["2024/05/IMG-2.jpg"], b"two");
        assert_eq!(home.photos()["2024/05/IMG-3.jpg"], b"edited");
        let edited = library.asset_by_path(&lp("2024/05/IMG-3.jpg")).unwrap();
        assert_eq!(edited.unwrap().size, 6);
        let original = library
            .asset_by_hash(&before["2024/05/IMG.jpg"].hash)
            .unwrap()
            .unwrap();
        assert_eq!(original.path, lp("2024/05/IMG.jpg"));
        assert_eq!(
            library.copies(original.id).unwrap()[0].state,
            CopyState::Missing
        );
        // Its next upload has its place again.
        let again = put(&library, b"one", found_one()).unwrap();
        assert_eq!(again.path, lp("2024/05/IMG.jpg"));
    }
}

#[test]
fn an_edits_offsite_version_before_stays_in_the_next_snapshot() {
    let home = Home::new();
    full(&home);
    let library = home.ready();
    let cloud = library
        .add_destination(NewDestination {
            name: "cloud",
            url: "",
            repository_id: "",
        })
        .unwrap()
        .id;
    let original = library.asset_by_path(&lp("2024/05/IMG.jpg")).unwrap();
    let original = original.unwrap().id;
    back_up(&library, cloud, "s1");
    let offsite = library.copies(original).unwrap()[1];
    assert_eq!(offsite.state, CopyState::Good);
    fs::write(home.root().join("2024/05/IMG.jpg"), "edited").unwrap();
    rebuild(&library);
    assert_eq!(library.copies(original).unwrap()[1], offsite);
    let pending = library.pending_offsite(cloud, AssetId(0), 10).unwrap();
    assert_eq!(pending.len(), 1, "only the edit");
    assert_eq!(pending[0].path, lp("2024/05/IMG-3.jpg"));
    assert!(library.pending_removals(cloud, 10).unwrap().is_empty());
}

#[test]
fn a_file_that_another_photo_was_copied_over_is_left_alone() {
    let home = Home::new();
    full(&home);
    fs::write(home.root().join("2024/05/IMG.jpg"), "two").unwrap();
    let library = home.ready();
    let before = home.photos();
    let report = rebuild(&library);
    assert_eq!(kinds(&report), [("changed-file", "2024/05/IMG.jpg")]);
    assert_eq!(home.photos(), before);
    assert_eq!(library.totals().unwrap().photos, 4);
}

#[test]
fn a_library_that_was_taken_over_keeps_its_manifests_lines_until_it_is_rebuilt() {
    let home = Home::new();
    assert!(!home.ready().needs_rebuild().unwrap());
    let before = full(&home);
    lose_catalogue(&home);
    fs::remove_file(home.root().join("2024/05/IMG.jpg")).unwrap();
    let library = home.ready();
    assert!(library.needs_rebuild().unwrap());
    // A rename has the manifest written anew, from a catalogue that knows one photo.
    let phone = device(&library, "phone");
    put(&library, b"new", filing(phone, "new.tmp")).unwrap();
    library
        .move_entry(phone, &dp("new.tmp"), &dp("new.jpg"), false)
        .unwrap();
    library.shut_down().unwrap();
    drop(library);
    let library = home.ready();
    assert!(library.needs_rebuild().unwrap(), "also by the next run");
    assert_eq!(
        kinds(&rebuild(&library)),
        [("missing-file", "2024/05/IMG.jpg")]
    );
    assert!(!library.needs_rebuild().unwrap());
    let mut after = photos(&library);
    assert!(after.remove("2024/05/new.jpg").is_some());
    assert_eq!(after, before);
}

#[test]
fn moved_files_are_found_where_they_are() {
    let home = Home::new();
    full(&home);
    fs::create_dir(home.root().join("Album")).unwrap();
    fs::rename(
        home.root().join("2024/05/IMG.jpg"),
        home.root().join("Album/IMG.jpg"),
    )
    .unwrap();
    lose_catalogue(&home);
    let library = home.ready();
    let report = rebuild(&library);
    assert_eq!(report.photos, 4);
    assert_eq!(report.problems, []);
    assert!(
        library
            .asset_by_path(&lp("Album/IMG.jpg"))
            .unwrap()
            .is_some()
    );
}

#[test]
fn a_manifest_that_cannot_be_understood_is_told() {
    let home = Home::new();
    full(&home);
    let manifest = home.root().join(".safelight/manifests/2024/05.sha256");
    fs::write(&manifest, "what is this\n").unwrap();
    lose_catalogue(&home);
    let library = home.ready();
    assert_eq!(
        kinds(&rebuild(&library)),
        [("damaged-manifest", ".safelight/manifests/2024/05.sha256")]
    );
    assert_eq!(library.totals().unwrap().photos, 4);
}
