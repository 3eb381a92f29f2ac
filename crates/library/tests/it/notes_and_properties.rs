//! What a device's programs keep with a name, and files that are nobody's photos.

use safelight_core::{DeviceId, Timestamp};
use safelight_library::{
    EntryChange, IntakeError, Library, NewNote, Precondition, Property, TreeError,
};

use crate::support::{Home, check_tallies, device, dp, filing, put};

fn note(device: DeviceId, path: &str, bytes: &[u8]) -> NewNote {
    NewNote {
        device,
        path: dp(path),
        bytes: bytes.to_owned(),
        modified: None,
        precondition: Precondition::None,
        create_parents: false,
    }
}

fn property(name: &str, value: &str) -> Property {
    Property {
        namespace: "urn:test".to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn id(library: &Library, device: DeviceId, path: &str) -> i64 {
    library.entry(device, &dp(path)).unwrap().unwrap().id
}

fn properties(library: &Library, device: DeviceId, path: &str) -> Vec<Property> {
    let id = id(library, device, path);
    let mut found = library.properties(&[id], None).unwrap();
    found.remove(&id).unwrap_or_default()
}

#[test]
fn a_note_is_a_file_of_the_tree_and_not_of_the_library() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let root = library.entry(phone, &dp("")).unwrap().unwrap().etag;
    let first = library.put_note(&note(phone, "._a.jpg", b"one")).unwrap();
    assert!(!first.replaced && !first.entry.is_folder);
    assert_eq!((first.entry.asset, first.entry.size), (None, 3));
    assert_ne!(library.entry(phone, &dp("")).unwrap().unwrap().etag, root);
    let second = library.put_note(&note(phone, "._a.jpg", b"other")).unwrap();
    assert!(second.replaced);
    assert_eq!(second.entry.id, first.entry.id);
    assert_ne!(second.entry.etag, first.entry.etag);
    assert_eq!(
        library.note(second.entry.id).unwrap().as_deref(),
        Some(&b"other"[..])
    );
    assert!(matches!(
        library.list(phone, &dp("._a.jpg")),
        Err(TreeError::NotAFolder(_))
    ));
    assert!(matches!(
        library.put_note(&note(phone, "no/where", b"")),
        Err(IntakeError::ParentMissing(_))
    ));
    let unless_there = NewNote {
        precondition: Precondition::IfNoneMatchAny,
        ..note(phone, "._a.jpg", b"")
    };
    assert!(matches!(
        library.put_note(&unless_there),
        Err(IntakeError::PreconditionFailed)
    ));
    assert_eq!(home.photos().len(), 0);
    check_tallies(&library);
    // Nothing of it is kept.
    library.remove_entry(phone, &dp("._a.jpg")).unwrap();
    assert_eq!(library.entry(phone, &dp("._a.jpg")).unwrap(), None);
    assert_eq!(library.note(second.entry.id).unwrap(), None);
}

#[test]
fn a_note_and_a_photo_can_take_each_others_name() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    library.put_note(&note(phone, "a.jpg", b"")).unwrap();
    let photo = put(&library, b"photo", filing(phone, "a.jpg"))
        .unwrap()
        .entry
        .unwrap();
    assert_eq!((photo.asset.is_some(), photo.size), (true, 5));
    assert_eq!(library.note(photo.id).unwrap(), None);
    let again = library.put_note(&note(phone, "a.jpg", b"x")).unwrap();
    assert_eq!((again.entry.asset, again.replaced), (None, true));
    assert_eq!(home.photos().len(), 1);
}

#[test]
fn a_note_never_gets_a_photos_name() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let (from, to) = (dp("desktop.ini"), dp("letter.txt"));
    library
        .put_note(&note(phone, "desktop.ini", b"[x]"))
        .unwrap();
    assert!(matches!(
        library.move_entry(phone, &from, &to, false),
        Err(TreeError::NoPhoto(_))
    ));
    assert!(matches!(
        library.copy_entry(phone, &from, &to, false, false),
        Err(TreeError::NoPhoto(_))
    ));
    library.make_folder(phone, &dp("f"), &[]).unwrap();
    library
        .copy_entry(phone, &from, &dp("f/desktop.ini"), false, false)
        .unwrap();
    // Also below a folder that is copied.
    library
        .copy_entry(phone, &dp("f"), &dp("g"), false, false)
        .unwrap();
    let copied = id(&library, phone, "g/desktop.ini");
    assert_eq!(library.note(copied).unwrap().as_deref(), Some(&b"[x]"[..]));
    // What is empty can be called anything: nobody's bytes are in it.
    library.put_note(&note(phone, "lock", b"")).unwrap();
    library.move_entry(phone, &dp("lock"), &to, false).unwrap();
    // A note in the way of a move goes.
    put(&library, b"p", filing(phone, "p.jpg")).unwrap();
    let moved = library.move_entry(phone, &dp("p.jpg"), &to, true).unwrap();
    assert!(moved.replaced && moved.entry.asset.is_some());
}

#[test]
fn properties_go_with_the_name() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let (a, b, c) = (dp("a.jpg"), dp("b.jpg"), dp("c.jpg"));
    put(&library, b"1", filing(phone, "a.jpg")).unwrap();
    let time = Timestamp::from_second(1_500_000_000).unwrap();
    let changed = library
        .change_entry(
            phone,
            &a,
            &[
                EntryChange::Set(property("x", "1")),
                EntryChange::Set(property("x", "2")),
                EntryChange::Set(property("y", "<z xmlns=\"\"></z>")),
                EntryChange::Remove {
                    namespace: "urn:test".to_owned(),
                    name: "x".to_owned(),
                },
                EntryChange::Modified(time),
                EntryChange::Created(time),
            ],
        )
        .unwrap();
    assert_eq!(
        (changed.modified, changed.client_created),
        (time, Some(time))
    );
    let kept = [property("y", "<z xmlns=\"\"></z>")];
    library.move_entry(phone, &a, &b, false).unwrap();
    library.copy_entry(phone, &b, &c, false, false).unwrap();
    for path in ["b.jpg", "c.jpg"] {
        assert_eq!(properties(&library, phone, path), kept, "{path}");
    }
    let both = ["b.jpg", "c.jpg"].map(|path| id(&library, phone, path));
    let named = |name: &str| {
        let name = ("urn:test".to_owned(), name.to_owned());
        library.properties(&both, Some(&[name])).unwrap().len()
    };
    assert_eq!((named("y"), named("x")), (2, 0));
    // The name's new photo keeps them; a new name has none.
    put(&library, b"2", filing(phone, "b.jpg")).unwrap();
    assert_eq!(properties(&library, phone, "b.jpg"), kept);
    library.remove_entry(phone, &b).unwrap();
    put(&library, b"3", filing(phone, "b.jpg")).unwrap();
    assert_eq!(properties(&library, phone, "b.jpg"), []);
}

#[test]
fn properties_are_bounded_and_set_together_or_not_at_all() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    put(&library, b"1", filing(phone, "a.jpg")).unwrap();
    let many: Vec<_> = (0..300)
        .map(|number| EntryChange::Set(property(&number.to_string(), "")))
        .collect();
    let large = [
        EntryChange::Set(property("a", &"x".repeat(5_000))),
        EntryChange::Set(property("b", &"y".repeat(5_000))),
    ];
    for changes in [&many[..], &large] {
        assert!(matches!(
            library.change_entry(phone, &dp("a.jpg"), changes),
            Err(TreeError::TooManyProperties(_))
        ));
    }
    assert_eq!(properties(&library, phone, "a.jpg"), []);
    assert!(matches!(
        library.change_entry(phone, &dp("none"), &many[..1]),
        Err(TreeError::NotFound(_))
    ));
    // A folder that cannot have them is not made.
    assert!(matches!(
        library.make_folder(phone, &dp("new"), &large),
        Err(TreeError::TooManyProperties(_))
    ));
    assert_eq!(library.entry(phone, &dp("new")).unwrap(), None);
    library.make_folder(phone, &dp("new"), &many[..2]).unwrap();
    assert_eq!(properties(&library, phone, "new").len(), 2);
}

#[test]
fn what_one_device_keeps_beside_its_photos_is_bounded() {
    const MIB: usize = 1 << 20;
    let home = Home::new();
    let library = home.ready();
    let (mac, phone) = (device(&library, "mac"), device(&library, "phone"));
    library.make_folder(mac, &dp("d"), &[]).unwrap();
    library.make_folder(mac, &dp("d/e"), &[]).unwrap();
    let megabyte = vec![0; MIB];
    let number = |number: usize| format!("d/e/._{number}");
    for at in 0..63 {
        library
            .put_note(&note(mac, &number(at), &megabyte))
            .unwrap();
    }
    // Again is no more.
    library.put_note(&note(mac, &number(0), &megabyte)).unwrap();
    let large = [EntryChange::Set(property("a", &"x".repeat(5_000)))];
    library.change_entry(mac, &dp("d"), &large).unwrap();
    let refused = library.put_note(&note(mac, &number(63), &megabyte));
    assert!(matches!(refused, Err(IntakeError::KeepsTooMuch(path)) if path == dp("d/e/._63")));
    assert_eq!(library.entry(mac, &dp("d/e/._63")).unwrap(), None);
    let rest = vec![0; MIB - 5_000 - "urn:test".len() - "a".len()];
    library.put_note(&note(mac, &number(63), &rest)).unwrap();
    assert!(matches!(
        library.change_entry(mac, &dp("d/e"), &large),
        Err(TreeError::KeepsTooMuch(_))
    ));
    assert!(matches!(
        library.copy_entry(mac, &dp("d"), &dp("f"), false, false),
        Err(TreeError::KeepsTooMuch(_))
    ));
    assert_eq!(library.entry(mac, &dp("f")).unwrap(), None);
    // Photos, other devices and what takes away are not stopped.
    put(&library, b"photo", filing(mac, "a.jpg")).unwrap();
    library.put_note(&note(phone, "._a", &megabyte)).unwrap();
    let forget = [EntryChange::Remove {
        namespace: "urn:test".to_owned(),
        name: "a".to_owned(),
    }];
    library.change_entry(mac, &dp("d"), &forget).unwrap();
    library.change_entry(mac, &dp("d/e"), &large).unwrap();
    // A folder takes its notes with it.
    library.remove_entry(mac, &dp("d")).unwrap();
    library.put_note(&note(mac, "._again", &megabyte)).unwrap();
}

#[test]
fn notes_and_properties_leave_the_reserve_free() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    library.put_note(&note(phone, "._a", b"1")).unwrap();
    library.set_reserve(u64::MAX / 2).unwrap();
    let refused = library.put_note(&note(phone, "._b", b"1")).unwrap_err();
    assert!(matches!(refused, IntakeError::NoSpace { .. }) && refused.is_transient());
    let property = [EntryChange::Set(property("a", "1"))];
    assert!(matches!(
        library.change_entry(phone, &dp("._a"), &property),
        Err(TreeError::NoSpace { .. })
    ));
}

#[test]
fn a_name_shows_the_devices_creation_time() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let time = Timestamp::from_second(1_500_000_000).unwrap();
    let mut wish = filing(phone, "a.jpg");
    wish.client_created = Some(time);
    let created = |entry: Option<safelight_library::Entry>| entry.unwrap().client_created;
    assert_eq!(
        created(put(&library, b"1", wish).unwrap().entry),
        Some(time)
    );
    // Who says nothing changes nothing.
    let again = put(&library, b"2", filing(phone, "a.jpg")).unwrap();
    assert_eq!(created(again.entry), Some(time));
}
