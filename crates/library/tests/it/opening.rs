//! Opening, closing, and choosing the library folder.

use std::{fs, sync::Arc};

use safelight_library::{Library, OpenError, RealDisk, RootError, RootState};

use crate::support::{Home, device, found, put};

#[test]
fn a_data_folder_is_worked_with_by_one_at_a_time() {
    let home = Home::new();
    let library = home.ready();
    let error = Library::open(home.options(Arc::new(RealDisk))).unwrap_err();
    let OpenError::DataFolderInUse { pid, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*pid, Some(std::process::id()));
    assert!(Library::set_aside_catalogue(&home.data()).is_err());
    drop(library);
    home.ready();
}

#[test]
fn the_next_start_knows_whether_the_last_run_ended_in_order() {
    let home = Home::new();
    let library = home.ready();
    assert!(library.clean_start());
    drop(library);
    // A run that looks for nothing, like a command line's, does not make it so.
    let library = home.ready();
    assert!(!library.clean_start());
    library.shut_down().unwrap();
    drop(library);
    let library = home.ready();
    assert!(!library.clean_start());
    library
        .reconcile(&crate::support::described, &mut |_| {})
        .unwrap();
    library.shut_down().unwrap();
    drop(library);
    let library = home.ready();
    assert!(library.clean_start());
    drop(library);
    let library = home.ready();
    library
        .rebuild(&mut |_| {}, &crate::support::described)
        .unwrap();
    library.shut_down().unwrap();
    drop(library);
    assert!(home.ready().clean_start());
}

#[test]
fn a_look_that_was_broken_off_is_none() {
    let home = Home::new();
    drop(home.ready());
    let library = home.ready();
    fs::rename(home.root(), home.folder.path().join("away")).unwrap();
    library
        .reconcile(&crate::support::described, &mut |_| {})
        .unwrap_err();
    fs::rename(home.folder.path().join("away"), home.root()).unwrap();
    library.shut_down().unwrap();
    drop(library);
    assert!(!home.ready().clean_start());
}

#[cfg(unix)]
#[test]
fn the_data_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let _library = home.ready();
    assert_eq!(
        fs::metadata(home.data()).unwrap().permissions().mode() & 0o777,
        0o700
    );
}

#[cfg(unix)]
#[test]
fn also_a_data_folder_that_was_made_for_all_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let make = |path: &std::path::Path, mode| {
        fs::create_dir(path).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let mode = |name: &str| {
        let path = home.data().join(name);
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    make(&home.data(), 0o755);
    let library = home.ready();
    put(&library, b"x", found("a.jpg")).unwrap();
    assert_eq!(mode(""), 0o700);
    let files = ["catalogue.sqlite", "catalogue.sqlite-wal", "lock"];
    assert_eq!(files.map(mode), [0o600; 3]);
    drop(library);
    // As an earlier version left them.
    for name in ["secrets", "vault"] {
        make(&home.data().join(name), 0o755);
    }
    for name in files.into_iter().chain([""]) {
        let path = home.data().join(name);
        if path.exists() {
            let open = if path.is_dir() { 0o755 } else { 0o644 };
            fs::set_permissions(path, fs::Permissions::from_mode(open)).unwrap();
        }
    }
    let library = home.ready();
    put(&library, b"y", found("b.jpg")).unwrap();
    assert_eq!(files.map(mode), [0o600; 3]);
    assert_eq!(["", "secrets", "vault"].map(mode), [0o700; 3]);
}

#[cfg(unix)]
#[test]
fn a_folder_with_other_things_in_it_stays_open_for_them() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    fs::create_dir(home.data()).unwrap();
    fs::write(home.data().join("theirs"), "").unwrap();
    fs::set_permissions(home.data(), fs::Permissions::from_mode(0o755)).unwrap();
    let _library = home.ready();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(home.data()), 0o755);
    assert_eq!(mode(home.data().join("catalogue.sqlite")), 0o600);
}

#[test]
fn what_was_stored_is_there_after_a_restart() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let receipt = put(&library, b"x", crate::support::filing(phone, "a.jpg")).unwrap();
    let entry = receipt.entry.clone().unwrap();
    library.shut_down().unwrap();
    drop(library);
    let library = home.open(Arc::new(RealDisk));
    assert_eq!(
        library.root_state(),
        RootState::Ready(fs::canonicalize(home.root()).unwrap())
    );
    assert_eq!(library.entry(phone, &entry.path).unwrap(), Some(entry));
    assert_eq!(crate::support::read(&library, &receipt), b"x");
}

#[test]
fn a_catalogue_of_a_newer_version_is_left_alone() {
    let home = Home::new();
    drop(home.ready());
    let catalogue = rusqlite::Connection::open(home.data().join("catalogue.sqlite")).unwrap();
    catalogue.pragma_update(None, "user_version", 999).unwrap();
    drop(catalogue);
    let error = Library::open(home.options(Arc::new(RealDisk))).unwrap_err();
    assert!(
        matches!(error, OpenError::TooNew { found: 999, .. }),
        "{error}"
    );
}

#[test]
fn a_damaged_catalogue_is_named_and_can_be_set_aside() {
    let home = Home::new();
    let library = home.ready();
    put(&library, b"x", found("a.jpg")).unwrap();
    library.shut_down().unwrap();
    drop(library);
    fs::write(home.data().join("catalogue.sqlite"), vec![7; 8192]).unwrap();
    let error = Library::open(home.options(Arc::new(RealDisk))).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("safelight rebuild"), "{error}");
    let aside = Library::set_aside_catalogue(&home.data()).unwrap().unwrap();
    assert_eq!(fs::read(aside).unwrap(), vec![7; 8192]);
    assert_eq!(Library::set_aside_catalogue(&home.data()).unwrap(), None);
    let library = home.ready();
    let report = library
        .rebuild(&mut |_| {}, &crate::support::described)
        .unwrap();
    assert_eq!((report.photos, report.problems.len()), (1, 0));
}

#[test]
fn the_library_folder_and_the_data_folder_lie_apart() {
    let home = Home::new();
    let library = home.open(Arc::new(RealDisk));
    assert_eq!(library.root_state(), RootState::NotChosen);
    for bad in [
        home.data(),
        home.data().join("photos"),
        home.folder.path().to_owned(),
    ] {
        let error = library.set_root(&bad).unwrap_err();
        assert!(matches!(error, RootError::Overlaps { .. }), "{error}");
    }
    assert!(!home.data().join("photos").exists());
    assert_eq!(library.root(), None);
}

#[cfg(unix)]
#[test]
fn also_when_a_link_leads_from_one_to_the_other() {
    let home = Home::new();
    let library = home.open(Arc::new(RealDisk));
    fs::create_dir(home.data().join("inside")).unwrap();
    let link = home.folder.path().join("link");
    std::os::unix::fs::symlink(home.data().join("inside"), &link).unwrap();
    assert!(matches!(
        library.set_root(&link).unwrap_err(),
        RootError::Overlaps { .. }
    ));
}

#[test]
fn another_librarys_folder_is_refused_once_there_are_photos() {
    let home = Home::new();
    let library = home.ready();
    let neighbour = Home::new();
    let theirs = neighbour.ready();
    put(&theirs, b"theirs", found("a.jpg")).unwrap();
    put(&library, b"ours", found("a.jpg")).unwrap();
    assert!(matches!(
        library.set_root(&neighbour.root()).unwrap_err(),
        RootError::OtherLibrary { .. }
    ));
    let empty = home.folder.path().join("empty");
    assert!(matches!(
        library.set_root(&empty).unwrap_err(),
        RootError::OtherLibrary { .. }
    ));
    assert!(!empty.exists());
    // The same folder under another name is welcome.
    let moved = home.folder.path().join("moved");
    fs::rename(home.root(), &moved).unwrap();
    library.set_root(&moved).unwrap();
    assert_eq!(library.root(), Some(fs::canonicalize(moved).unwrap()));
}
