//! What a device sees: its own names, and nothing that it does touches a stored photo.

use safelight_core::{DeviceId, DevicePath, Timestamp};
use safelight_library::{Entry, EntryChange, Library, TreeError};

use crate::support::{Home, check_tallies, device, dp, filing, lp, put, read};

fn etag(library: &Library, device: DeviceId, path: &str) -> String {
    library.entry(device, &dp(path)).unwrap().unwrap().etag
}

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.path.name()).collect()
}

#[test]
fn the_root_is_there_from_the_beginning() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let root = library.entry(phone, &DevicePath::root()).unwrap().unwrap();
    assert!(root.is_folder && root.path.is_root());
    assert!(library.list(phone, &DevicePath::root()).unwrap().is_empty());
    assert!(matches!(
        library.entry(DeviceId(9), &DevicePath::root()),
        Err(TreeError::NoDevice(_))
    ));
}

#[test]
fn folders_are_made_where_their_parents_are() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    assert!(
        matches!(library.make_folder(phone, &dp("a/b"), &[]), Err(TreeError::ParentMissing(path)) if path == dp("a"))
    );
    let made = library.make_folder(phone, &dp("a"), &[]).unwrap();
    assert!(made.is_folder);
    assert!(matches!(
        library.make_folder(phone, &dp("a"), &[]),
        Err(TreeError::AlreadyExists(_))
    ));
    assert!(matches!(
        library.make_folder(phone, &DevicePath::root(), &[]),
        Err(TreeError::AlreadyExists(_))
    ));
    library.make_folder(phone, &dp("a/b"), &[]).unwrap();
    put(&library, b"1", filing(phone, "a/x.jpg")).unwrap();
    assert_eq!(
        names(&library.list(phone, &dp("a")).unwrap()),
        ["b", "x.jpg"]
    );
    assert!(matches!(
        library.list(phone, &dp("a/x.jpg")),
        Err(TreeError::NotAFolder(_))
    ));
    assert!(matches!(
        library.list(phone, &dp("zzz")),
        Err(TreeError::NotFound(_))
    ));
    // Another device sees nothing of it.
    let other = device(&library, "other");
    assert!(library.list(other, &DevicePath::root()).unwrap().is_empty());
}

#[test]
fn a_change_anywhere_below_changes_every_folder_above_and_no_other() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    for folder in ["a", "a/b", "a/b/c", "z"] {
        library.make_folder(phone, &dp(folder), &[]).unwrap();
    }
    put(&library, b"0", filing(phone, "a/b/c/0.jpg")).unwrap();
    let above = ["", "a", "a/b", "a/b/c"];
    let seen = || above.map(|path| etag(&library, phone, path));
    let (aside, mut before) = (etag(&library, phone, "z"), seen());
    let (one, two, three) = (dp("a/b/c/1.jpg"), dp("a/b/c/2.jpg"), dp("a/b/c/3.jpg"));
    let upload = |bytes: &[u8]| {
        put(&library, bytes, filing(phone, one.as_str()))
            .map(|_| ())
            .unwrap();
    };
    let changes: [&dyn Fn(); 6] = [
        &|| upload(b"1"),
        &|| upload(b"2"),
        &|| {
            library
                .move_entry(phone, &one, &two, false)
                .map(|_| ())
                .unwrap();
        },
        &|| {
            library
                .copy_entry(phone, &two, &three, false, false)
                .map(|_| ())
                .unwrap();
        },
        &|| library.remove_entry(phone, &three).unwrap(),
        &|| {
            library
                .change_entry(phone, &two, &[EntryChange::Modified(Timestamp::UNIX_EPOCH)])
                .map(|_| ())
                .unwrap();
        },
    ];
    for (number, change) in changes.iter().enumerate() {
        change();
        let after = seen();
        for (before, after) in before.iter().zip(&after) {
            assert_ne!(before, after, "change {number}");
        }
        before = after;
    }
    assert_eq!(etag(&library, phone, "z"), aside);
}

#[test]
fn a_files_etag_changes_with_its_content_only() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let first = put(&library, b"1", filing(phone, "a.jpg"))
        .unwrap()
        .entry
        .unwrap();
    let same = put(&library, b"1", filing(phone, "a.jpg"))
        .unwrap()
        .entry
        .unwrap();
    assert_eq!(first.etag, same.etag);
    let touched = library
        .change_entry(
            phone,
            &dp("a.jpg"),
            &[EntryChange::Modified(Timestamp::UNIX_EPOCH)],
        )
        .unwrap();
    assert_eq!(
        (touched.etag, touched.modified),
        (first.etag.clone(), Timestamp::UNIX_EPOCH)
    );
    let moved = library
        .move_entry(phone, &dp("a.jpg"), &dp("b.jpg"), false)
        .unwrap()
        .entry;
    assert_eq!((moved.etag, moved.id), (first.etag.clone(), first.id));
    let edited = put(&library, b"2", filing(phone, "b.jpg"))
        .unwrap()
        .entry
        .unwrap();
    assert_ne!(edited.etag, first.etag);
    assert!(!edited.etag.contains('"'));
}

#[test]
fn removing_hides_and_keeps_the_photos() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    library.make_folder(phone, &dp("dcim"), &[]).unwrap();
    let receipt = put(&library, b"kept", filing(phone, "dcim/a.jpg")).unwrap();
    library.remove_entry(phone, &dp("dcim")).unwrap();
    assert_eq!(library.entry(phone, &dp("dcim")).unwrap(), None);
    assert_eq!(library.entry(phone, &dp("dcim/a.jpg")).unwrap(), None);
    assert!(matches!(
        library.remove_entry(phone, &dp("dcim")),
        Err(TreeError::NotFound(_))
    ));
    assert!(library.remove_entry(phone, &DevicePath::root()).is_err());
    assert_eq!(read(&library, &receipt), b"kept");
    // The name is free again, and its new file is another one.
    library.make_folder(phone, &dp("dcim"), &[]).unwrap();
    let again = put(&library, b"new", filing(phone, "dcim/a.jpg")).unwrap();
    assert_ne!(again.entry.unwrap().id, receipt.entry.unwrap().id);
    assert_eq!(home.photos().len(), 2);
}

#[test]
fn a_temporary_name_becomes_the_photos_name() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    put(&library, b"taken", filing(phone, "x.jpg")).unwrap();
    let receipt = put(&library, b"photo", filing(phone, ".x.jpg.part")).unwrap();
    let moved = library
        .move_entry(phone, &dp(".x.jpg.part"), &dp("y.jpg"), false)
        .unwrap();
    assert!(!moved.replaced);
    let asset = library.asset(receipt.asset).unwrap().unwrap();
    assert_eq!(
        (asset.path, asset.original_name.as_str()),
        (lp("2024/05/y.jpg"), "y.jpg")
    );
    assert_eq!(read(&library, &receipt), b"photo");
    // Over a name that is taken in the library, the next free one.
    put(&library, b"photo3", filing(phone, "z.tmp")).unwrap();
    let moved = library
        .move_entry(phone, &dp("z.tmp"), &dp("x.jpg"), true)
        .unwrap();
    assert!(moved.replaced);
    assert_eq!(
        home.photos().keys().map(String::as_str).collect::<Vec<_>>(),
        ["2024/05/x-2.jpg", "2024/05/x.jpg", "2024/05/y.jpg"]
    );
    assert_eq!(home.photos()["2024/05/x.jpg"], b"taken");
    // Only upper and lower case: some file systems know no such rename.
    library
        .move_entry(phone, &dp("y.jpg"), &dp("Y.JPG"), false)
        .unwrap();
    assert_eq!(read(&library, &receipt), b"photo");
    check_tallies(&library);
}

#[test]
fn a_photo_that_came_under_a_temporary_name_has_its_lasting_one_at_once() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let mut wish = filing(phone, "IMG_1.JPG.part");
    "IMG_1.JPG".clone_into(&mut wish.wish);
    put(&library, b"1", wish).unwrap();
    assert!(home.photos().contains_key("2024/05/IMG_1.JPG"));
    let rename = |from: &str, to: &str| {
        library
            .move_entry(phone, &dp(from), &dp(to), false)
            .map(|_| ())
            .unwrap();
    };
    rename("IMG_1.JPG.part", "IMG_1.JPG");
    assert!(home.photos().contains_key("2024/05/IMG_1.JPG"));
    // And if the last name is another one, the file still follows.
    rename("IMG_1.JPG", "IMG_1.JPG.tmp");
    rename("IMG_1.JPG.tmp", "IMG_2.JPG");
    assert_eq!(
        home.photos().keys().map(String::as_str).collect::<Vec<_>>(),
        ["2024/05/IMG_2.JPG"]
    );
}

#[test]
fn a_photo_that_others_know_by_name_keeps_its_file() {
    let home = Home::new();
    let library = home.ready();
    let (ann, bob) = (device(&library, "ann"), device(&library, "bob"));
    put(&library, b"shared", filing(ann, "a.jpg")).unwrap();
    put(&library, b"shared", filing(bob, "b.jpg")).unwrap();
    library
        .move_entry(ann, &dp("a.jpg"), &dp("c.jpg"), false)
        .unwrap();
    assert!(home.photos().contains_key("2024/05/a.jpg"));
    // Nor does a move of a name that the file was never called by rename it.
    library.remove_entry(ann, &dp("c.jpg")).unwrap();
    library
        .move_entry(bob, &dp("b.jpg"), &dp("d.jpg"), false)
        .unwrap();
    assert!(home.photos().contains_key("2024/05/a.jpg"));
}

#[test]
fn folders_move_with_all_below_them() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    for folder in ["a", "a/b", "t"] {
        library.make_folder(phone, &dp(folder), &[]).unwrap();
    }
    let receipt = put(&library, b"1", filing(phone, "a/b/1.jpg")).unwrap();
    put(&library, b"2", filing(phone, "t/old.jpg")).unwrap();
    let move_ =
        |from: &str, to: &str, overwrite| library.move_entry(phone, &dp(from), &dp(to), overwrite);
    assert!(matches!(
        move_("a", "a/b/c", false),
        Err(TreeError::IntoItself(_))
    ));
    assert!(matches!(
        move_("a/b", "a", true),
        Err(TreeError::IntoItself(_))
    ));
    assert!(matches!(
        move_("", "x", false),
        Err(TreeError::IntoItself(_))
    ));
    assert!(matches!(
        move_("nothing", "x", false),
        Err(TreeError::NotFound(_))
    ));
    assert!(matches!(
        move_("a", "no/where", false),
        Err(TreeError::ParentMissing(_))
    ));
    assert!(matches!(
        move_("a", "t", false),
        Err(TreeError::AlreadyExists(_))
    ));
    assert!(move_("a", "t", true).unwrap().replaced);
    let moved = library.entry(phone, &dp("t/b/1.jpg")).unwrap().unwrap();
    assert_eq!(
        (moved.id, moved.asset),
        (receipt.entry.unwrap().id, Some(receipt.asset))
    );
    assert_eq!(library.entry(phone, &dp("t/old.jpg")).unwrap(), None);
    assert_eq!(home.photos().len(), 2);
}

#[test]
fn a_copy_is_another_name_for_the_same_photo() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    library.make_folder(phone, &dp("a"), &[]).unwrap();
    let receipt = put(&library, b"1", filing(phone, "a/1.jpg")).unwrap();
    let copy = library
        .copy_entry(phone, &dp("a"), &dp("b"), false, false)
        .unwrap();
    assert!(copy.entry.is_folder);
    let twin = library.entry(phone, &dp("b/1.jpg")).unwrap().unwrap();
    assert_eq!(twin.asset, Some(receipt.asset));
    assert_ne!(twin.id, receipt.entry.unwrap().id);
    library
        .copy_entry(phone, &dp("a"), &dp("c"), false, true)
        .unwrap();
    assert!(library.list(phone, &dp("c")).unwrap().is_empty());
    assert!(matches!(
        library.copy_entry(phone, &dp("a"), &dp("b"), false, false),
        Err(TreeError::AlreadyExists(_))
    ));
    assert!(
        library
            .copy_entry(phone, &dp("a"), &dp("b"), true, false)
            .unwrap()
            .replaced
    );
    assert_eq!(home.photos().len(), 1);
    // The photo has two names now: neither's move renames the file.
    library
        .move_entry(phone, &dp("a/1.jpg"), &dp("a/2.jpg"), false)
        .unwrap();
    assert!(home.photos().contains_key("2024/05/1.jpg"));
}

/// Makes a folder and 15 others in it, each in the one before. Returns the path of the innermost: 2416 bytes.
fn deep(library: &Library, phone: DeviceId, outermost: &str) -> String {
    library.make_folder(phone, &dp(outermost), &[]).unwrap();
    let mut path = outermost.to_owned();
    for _ in 0..15 {
        path += "/";
        path += &"d".repeat(160);
        library.make_folder(phone, &dp(&path), &[]).unwrap();
    }
    assert_eq!(path.len(), 2416);
    path
}

#[test]
fn no_tree_becomes_deeper_than_a_path_can_say() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let tip = deep(&library, phone, "a");
    let whole = deep(&library, phone, "b");
    let under_the_tip = dp(&format!("{tip}/b"));
    for refused in [
        library.move_entry(phone, &dp("b"), &under_the_tip, false),
        library.copy_entry(phone, &dp("b"), &under_the_tip, false, false),
    ] {
        assert!(matches!(refused, Err(TreeError::TooDeep(path)) if path == dp("b")));
    }
    library
        .copy_entry(phone, &dp("b"), &dp("c"), false, false)
        .unwrap();
    let copy = dp(&whole.replace('b', "c"));
    assert!(library.entry(phone, &copy).unwrap().is_some());
    // What fits to the last byte fits.
    let mut folder = String::new();
    for bytes in [
        250,
        250,
        250,
        250,
        250,
        250,
        DevicePath::MAX_PATH - 2416 - 1507,
    ] {
        folder += &"x".repeat(bytes);
        library.make_folder(phone, &dp(&folder), &[]).unwrap();
        folder += "/";
    }
    let (one_more, fits) = (dp(&format!("{folder}bb")), dp(&format!("{folder}b")));
    assert!(matches!(
        library.move_entry(phone, &dp("b"), &one_more, false),
        Err(TreeError::TooDeep(_))
    ));
    library.move_entry(phone, &dp("b"), &fits, false).unwrap();
    let longest = format!("{folder}{whole}");
    assert_eq!(longest.len(), DevicePath::MAX_PATH);
    assert!(library.entry(phone, &dp(&longest)).unwrap().is_some());
}

#[test]
fn a_copy_of_too_much_is_refused_and_leaves_nothing() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    library.make_folder(phone, &dp("all"), &[]).unwrap();
    // Entries enough, without as many requests.
    let catalogue = rusqlite::Connection::open(home.data().join("catalogue.sqlite")).unwrap();
    let fill = |from: u32, to: u32| {
        catalogue
            .execute(
                "WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
                 INSERT INTO entry (device, parent, name, modified, created, version)
                 SELECT device, id, 'f' || n.i, 0, 0, 0 FROM entry, n WHERE name = 'all'",
                [from, to],
            )
            .unwrap();
    };
    fill(1, 99_999);
    library
        .copy_entry(phone, &dp("all"), &dp("most"), false, false)
        .unwrap();
    library.remove_entry(phone, &dp("most")).unwrap();
    fill(100_000, 100_000);
    assert!(matches!(
        library.copy_entry(phone, &dp("all"), &dp("copy"), false, false),
        Err(TreeError::TooMany { most: 100_000, .. })
    ));
    assert!(library.entry(phone, &dp("copy")).unwrap().is_none());
    // Its own name alone may be.
    library
        .copy_entry(phone, &dp("all"), &dp("copy"), false, true)
        .unwrap();
}
