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
    library.make_folder(phone, &dp("f")).unwrap();
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
        let id = id(&library, phone, path);
        assert_eq!(library.properties(id).unwrap(), kept, "{path}");
    }
    let all = library.properties_in(id(&library, phone, "")).unwrap();
    assert_eq!(all.len(), 2);
    // The name's new photo keeps them; a new name has none.
    put(&library, b"2", filing(phone, "b.jpg")).unwrap();
    assert_eq!(
        library.properties(id(&library, phone, "b.jpg")).unwrap(),
        kept
    );
    library.remove_entry(phone, &b).unwrap();
    put(&library, b"3", filing(phone, "b.jpg")).unwrap();
    assert_eq!(
        library.properties(id(&library, phone, "b.jpg")).unwrap(),
        []
    );
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
        EntryChange::Set(property("a", &"x".repeat(100_000))),
        EntryChange::Set(property("b", &"y".repeat(100_000))),
    ];
    for changes in [&many[..], &large] {
        assert!(matches!(
            library.change_entry(phone, &dp("a.jpg"), changes),
            Err(TreeError::TooManyProperties(_))
        ));
    }
    let id = id(&library, phone, "a.jpg");
    assert_eq!(library.properties(id).unwrap(), []);
    assert!(matches!(
        library.change_entry(phone, &dp("none"), &many[..1]),
        Err(TreeError::NotFound(_))
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
