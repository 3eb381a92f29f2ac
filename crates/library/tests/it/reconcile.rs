//! After an unclean end: what is on disk and what the catalogue says are brought together, and nothing is lost.

use std::{fs, sync::Arc};

use safelight_core::{AssetId, CopyState, Proof};
use safelight_library::{Library, Outcome, ReconcileReport};

use crate::support::{
    Home, check_tallies, described, device,
    disks::{Fault, FaultyDisk},
    dp, filing, found, lp, put, read,
};

fn reconcile(library: &Library) -> ReconcileReport {
    let report = library.reconcile(&described, &mut |_| {}).unwrap();
    check_tallies(library);
    report
}

fn problem_kinds(library: &Library) -> Vec<String> {
    library
        .problems()
        .unwrap()
        .into_iter()
        .map(|problem| problem.kind)
        .collect()
}

#[test]
fn a_sound_library_is_left_as_it_is() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    put(&library, b"a", filing(phone, "a.jpg")).unwrap();
    put(&library, b"b", filing(phone, "a.jpg")).unwrap();
    let before = home.photos();
    assert_eq!(reconcile(&library), ReconcileReport::default());
    assert_eq!(home.photos(), before);
    assert!(problem_kinds(&library).is_empty());
}

/// A crash between the file's name and its row.
fn crashed_between_name_and_row(home: &Home) {
    let disk = Arc::new(FaultyDisk::default());
    let library = home.open(disk.clone());
    library.set_root(&home.root()).unwrap();
    put(&library, b"warm", found("warm.jpg")).unwrap();
    // Write, time, flush, name; then the folder's flush fails, and so does taking the file away again.
    disk.fail_at(6, Fault::Cut);
    put(&library, b"torn", found("torn.jpg")).unwrap_err();
    assert_eq!(home.photos()["2024/05/torn.jpg"], b"torn");
    assert_eq!(library.totals().unwrap().photos, 1);
}

#[test]
fn a_file_that_lost_its_row_is_adopted() {
    let home = Home::new();
    crashed_between_name_and_row(&home);
    fs::write(home.root().join(".safelight/staging/earlier-0"), "half").unwrap();
    let library = home.ready();
    assert!(!library.clean_start());
    let report = reconcile(&library);
    assert_eq!(
        (report.adopted, report.missing, report.staging_removed),
        (1, 0, 1)
    );
    let asset = library
        .asset_by_path(&lp("2024/05/torn.jpg"))
        .unwrap()
        .unwrap();
    assert_eq!(library.copies(asset.id).unwrap()[0].proof, Proof::ReadBack);
    let arrivals = library.arrivals_of(asset.id).unwrap();
    assert_eq!((arrivals.len(), &arrivals[0].device), (1, &None));
    // The phone heard nothing, and sends it again: still one file.
    let again = put(&library, b"torn", found("torn.jpg")).unwrap();
    assert_eq!((again.outcome, again.asset), (Outcome::Duplicate, asset.id));
    assert_eq!(home.photos().len(), 2);
    assert_eq!(reconcile(&library), ReconcileReport::default());
}

#[test]
fn a_retry_before_the_reconciliation_makes_no_second_file_either() {
    let home = Home::new();
    crashed_between_name_and_row(&home);
    let library = home.ready();
    let again = put(&library, b"torn", found("torn.jpg")).unwrap();
    assert_eq!(again.path, lp("2024/05/torn.jpg"));
    assert_eq!(reconcile(&library).adopted, 0);
    assert_eq!(home.photos().len(), 2);
}

#[test]
fn a_missing_file_is_named_and_not_called_good() {
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"a", found("a.jpg")).unwrap();
    let kept = put(&library, b"b", found("b.jpg")).unwrap();
    fs::remove_file(home.root().join("2024/05/a.jpg")).unwrap();
    assert_eq!(reconcile(&library).missing, 1);
    assert_eq!(
        library.copies(receipt.asset).unwrap()[0].state,
        CopyState::Missing
    );
    assert_eq!(
        library.copies(kept.asset).unwrap()[0].state,
        CopyState::Good
    );
    let problems = library.problems().unwrap();
    assert_eq!(
        (problems[0].kind.as_str(), problems[0].path.as_str()),
        ("missing-file", "2024/05/a.jpg")
    );
    // The whole folder too.
    fs::remove_dir_all(home.root().join("2024")).unwrap();
    assert_eq!(reconcile(&library).missing, 2);
    put(&library, b"a", found("a.jpg")).unwrap();
    put(&library, b"b", found("b.jpg")).unwrap();
    assert!(problem_kinds(&library).is_empty());
    assert_eq!(reconcile(&library), ReconcileReport::default());
}

#[test]
fn a_file_that_the_owner_moved_is_the_same_photo_in_another_place() {
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"a", found("a.jpg")).unwrap();
    let stays = put(&library, b"b", found("b.jpg")).unwrap();
    fs::create_dir(home.root().join("Best of")).unwrap();
    fs::rename(
        home.root().join("2024/05/a.jpg"),
        home.root().join("Best of/sunset.jpg"),
    )
    .unwrap();
    let report = reconcile(&library);
    assert_eq!(report.adopted, 1);
    assert_eq!(
        library.asset(receipt.asset).unwrap().unwrap().path,
        lp("Best of/sunset.jpg")
    );
    assert_eq!(
        library.copies(receipt.asset).unwrap()[0].state,
        CopyState::Good
    );
    assert_eq!(read(&library, &receipt), b"a");
    assert_eq!(read(&library, &stays), b"b");
    assert!(problem_kinds(&library).is_empty());
    assert_eq!(reconcile(&library), ReconcileReport::default());
}

#[test]
fn a_second_file_of_a_photo_is_left_alone_and_named() {
    let home = Home::new();
    let library = home.ready();
    put(&library, b"a", found("a.jpg")).unwrap();
    fs::write(home.root().join("2024/05/copy.jpg"), "a").unwrap();
    assert_eq!(reconcile(&library).adopted, 0);
    assert_eq!(problem_kinds(&library), ["duplicate-file"]);
    assert_eq!(home.photos().len(), 2);
    assert_eq!(library.totals().unwrap().photos, 1);
    fs::remove_file(home.root().join("2024/05/copy.jpg")).unwrap();
    reconcile(&library);
    assert!(problem_kinds(&library).is_empty());
}

#[test]
fn a_second_file_is_the_photo_where_the_first_has_other_bytes_now() {
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"precious", found("a.jpg")).unwrap();
    fs::write(home.root().join("2024/05/copy.jpg"), "precious").unwrap();
    fs::write(home.root().join("2024/05/a.jpg"), "5 stars!").unwrap();
    reconcile(&library);
    assert!(problem_kinds(&library).is_empty());
    assert_eq!(read(&library, &receipt), b"precious");
    assert_eq!(home.photos()["2024/05/a.jpg"], b"5 stars!");
}

#[test]
fn the_owners_own_files_are_taken_in_and_systems_litter_is_not() {
    let home = Home::new();
    let library = home.ready();
    let put_there = |path: &str, bytes: &str| {
        let path = home.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    put_there("top.jpg", "1");
    put_there("Scans/1999/old.tif", "2");
    put_there("Scans/1999/twin.tif", "2");
    put_there("Scans/.DS_Store", "x");
    put_there("Scans/._old.tif", "x");
    put_there(".trash/gone.jpg", "x");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc", home.root().join("Scans/etc")).unwrap();
        std::os::unix::fs::symlink("old.tif", home.root().join("Scans/1999/link.tif")).unwrap();
    }
    let report = reconcile(&library);
    assert_eq!(report.adopted, 2);
    assert_eq!(problem_kinds(&library), ["duplicate-file"]);
    let paths: Vec<_> = library.assets_after(AssetId(0), 10).unwrap();
    assert_eq!(paths.len(), 2);
    assert!(library.asset_by_path(&lp("top.jpg")).unwrap().is_some());
    library.flush_manifests().unwrap();
    assert!(
        home.root()
            .join(".safelight/manifests/Scans/1999.sha256")
            .exists()
    );
    assert!(home.root().join(".safelight/manifests/.sha256").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_cannot_be_kept_are_told() {
    use std::os::unix::ffi::OsStrExt;
    let home = Home::new();
    let library = home.ready();
    fs::write(
        home.root()
            .join(std::ffi::OsStr::from_bytes(b"bad\xff.jpg")),
        "1",
    )
    .unwrap();
    fs::write(home.root().join("back\\slash.jpg"), "2").unwrap();
    put(&library, b"one", found("A.jpg")).unwrap();
    // A file system without case would take the two for one: this one gets a number.
    fs::write(home.root().join("2024/05/a.JPG"), "two").unwrap();
    assert_eq!(reconcile(&library).adopted, 1);
    assert_eq!(problem_kinds(&library), ["unusable-name", "unusable-name"]);
    assert_eq!(home.photos()["2024/05/a-2.JPG"], b"two");
    assert_eq!(home.photos()["2024/05/A.jpg"], b"one");
}

#[test]
fn uploads_go_on_beside_it() {
    let home = Home::new();
    let library = home.ready();
    for number in 0..200_u32 {
        fs::create_dir_all(home.root().join("2024/05")).unwrap();
        fs::write(
            home.root().join(format!("2024/05/foreign-{number}.jpg")),
            number.to_le_bytes(),
        )
        .unwrap();
    }
    std::thread::scope(|scope| {
        for thread in 0..3_u32 {
            let library = &library;
            scope.spawn(move || {
                for number in 0..60_u32 {
                    // Among them bytes that are being adopted.
                    let bytes = (thread * 20 + number).to_le_bytes();
                    put(library, &bytes, found(&format!("up-{number}.jpg"))).unwrap();
                }
            });
        }
        let library = &library;
        scope.spawn(move || {
            for _ in 0..3 {
                library.reconcile(&described, &mut |_| {}).unwrap();
            }
        });
    });
    let report = reconcile(&library);
    assert_eq!((report.adopted, report.missing), (0, 0));
    assert_eq!(library.totals().unwrap().photos, 200);
    for asset in library.assets_after(AssetId(0), 1000).unwrap() {
        let file = fs::read(home.root().join(asset.path.to_relative())).unwrap();
        assert_eq!(file.len() as u64, asset.size);
    }
    assert!(home.staged().is_empty());
}

#[test]
fn an_upload_in_progress_keeps_its_staged_file() {
    let home = Home::new();
    let library = home.ready();
    let mut upload = library.begin_upload().unwrap();
    upload.write(b"half ").unwrap();
    assert_eq!(reconcile(&library).staging_removed, 0);
    upload.write(b"whole").unwrap();
    let receipt = library
        .commit(upload.finish().unwrap(), found("a.jpg"))
        .unwrap();
    assert_eq!(read(&library, &receipt), b"half whole");
}

#[test]
fn a_rename_whose_row_was_not_committed_is_understood() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let receipt = put(&library, b"a", filing(phone, "a.tmp")).unwrap();
    drop(library);
    fs::rename(
        home.root().join("2024/05/a.tmp"),
        home.root().join("2024/05/a.jpg"),
    )
    .unwrap();
    let library = home.ready();
    assert_eq!(reconcile(&library).missing, 0);
    assert_eq!(
        library.asset(receipt.asset).unwrap().unwrap().path,
        lp("2024/05/a.jpg")
    );
    assert_eq!(
        library.entry(phone, &dp("a.tmp")).unwrap().unwrap().asset,
        Some(receipt.asset)
    );
}
