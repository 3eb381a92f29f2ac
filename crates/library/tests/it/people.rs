//! Whose a photo is, and what each device brought.

use safelight_core::{AssetId, DeviceId, PersonId};
use safelight_library::{Acknowledge, Library, Missing, NewDevice, Release, RowError, Whose};

use crate::copies::{back_up, destination};
use crate::support::{Home, check_tallies, described, device, filing, found, lp, put};

fn device_of(library: &Library, user: &str, person: PersonId) -> DeviceId {
    let new = NewDevice {
        name: user,
        user,
        secret_hash: "hash",
        token_hash: user,
        person,
    };
    library.add_device(new).unwrap().id
}

fn paths(library: &Library, whose: Whose) -> Vec<String> {
    let rows = library.recent(whose, None, 100).unwrap();
    rows.into_iter()
        .map(|row| row.asset.path.to_string())
        .collect()
}

#[test]
fn a_members_photos_lie_in_the_members_folder_and_the_same_bytes_are_both_peoples() {
    let home = Home::new();
    let library = home.ready();
    let anna = library.add_person("Anna", "Anna", "secret").unwrap().id;
    let (ours, hers) = (device(&library, "ours"), device_of(&library, "hers", anna));
    let first = put(&library, b"one", filing(hers, "IMG.jpg")).unwrap();
    assert_eq!(first.path, lp("Anna/2024/05/IMG.jpg"));
    let second = put(&library, b"two", filing(ours, "IMG.jpg")).unwrap();
    assert_eq!(second.path, lp("2024/05/IMG.jpg"));
    assert!(!library.holds(anna, second.asset).unwrap());

    let shared = put(&library, b"two", filing(hers, "from the owner.jpg")).unwrap();
    assert_eq!((shared.asset, &shared.path), (second.asset, &second.path));
    assert!(library.holds(anna, second.asset).unwrap());
    assert_eq!(
        paths(&library, Whose::Member(anna)),
        ["2024/05/IMG.jpg", "Anna/2024/05/IMG.jpg"]
    );
    assert_eq!(paths(&library, Whose::Device(ours)), ["2024/05/IMG.jpg"]);
    assert_eq!(paths(&library, Whose::Everybody).len(), 3);
    let row = library.person(anna).unwrap().unwrap();
    assert_eq!((row.photos, row.bytes, row.not_yet_safe), (2, 6, 2));
    check_tallies(&library);
}

#[test]
fn counts_follow_the_evidence() {
    let home = Home::new();
    let library = home.ready();
    let anna = library.add_person("Anna", "Anna", "secret").unwrap().id;
    let (phone, tablet) = (
        device_of(&library, "phone", anna),
        device_of(&library, "tablet", anna),
    );
    let first = put(&library, b"one", filing(phone, "1.jpg")).unwrap();
    put(&library, b"one", filing(phone, "again.jpg")).unwrap();
    put(&library, b"one", filing(tablet, "1.jpg")).unwrap();
    let cloud = destination(&library, "cloud").id;
    back_up(&library, cloud, "s1");
    home.clock.advance(60);
    let later = put(&library, b"later", filing(phone, "2.jpg")).unwrap();
    let row = library.device(phone).unwrap().unwrap();
    assert_eq!((row.photos, row.bytes, row.not_yet_safe), (2, 8, 1));
    assert_eq!(
        row.last_arrival_at,
        library.oldest_not_safe_of(phone).unwrap()
    );
    assert_eq!(library.oldest_not_safe_of(tablet).unwrap(), None);
    let waiting = |whose| {
        let rows = library.not_safe(whose, AssetId(0), 10).unwrap();
        rows.iter().map(|asset| asset.id).collect::<Vec<_>>()
    };
    assert_eq!(waiting(Whose::Device(phone)), [later.asset]);
    assert_eq!(waiting(Whose::Member(anna)), [later.asset]);
    assert_eq!(waiting(Whose::Device(tablet)), []);
    // A photo that came twice is one that may be forgotten.
    let safe = |device, before| -> Vec<_> {
        let rows = library.safe_of(device, before, 10).unwrap();
        let names = rows
            .iter()
            .map(|row| (row.id, row.device_path.clone().unwrap()));
        names.collect()
    };
    let [(number, name)] = &safe(phone, None)[..] else {
        panic!("one photo of the phone's is safe")
    };
    assert_eq!(name, "again.jpg");
    assert_eq!(safe(phone, Some(*number)), []);
    assert_eq!(safe(tablet, None).len(), 1);
    check_tallies(&library);

    library
        .snapshot_lost(cloud, safelight_core::Timestamp::UNIX_EPOCH)
        .unwrap();
    assert_eq!(waiting(Whose::Member(anna)), [first.asset, later.asset]);
    assert_eq!(waiting(Whose::Device(tablet)), [first.asset]);
    check_tallies(&library);
}

#[test]
fn only_evidence_releases_and_only_ones_own() {
    let home = Home::new();
    let library = home.ready();
    let anna = library.add_person("Anna", "Anna", "secret").unwrap().id;
    let hers = device_of(&library, "hers", anna);
    let safe = put(&library, b"safe", filing(hers, "1.jpg")).unwrap();
    let owners = put(&library, b"the owner's", found("2.jpg")).unwrap();
    let cloud = destination(&library, "cloud").id;
    back_up(&library, cloud, "s1");
    let new = put(&library, b"new", filing(hers, "3.jpg")).unwrap();
    let nobodys = safelight_core::ContentHash::from_bytes([7; 32]);
    let asked = [new.hash, nobodys, owners.hash, safe.hash, new.hash];
    let not_yet = Release::NotYet(Missing::HomeUnread);
    assert_eq!(
        library.releasable(anna, &asked).unwrap(),
        [
            not_yet,
            Release::Unknown,
            Release::Unknown,
            Release::Safe,
            not_yet
        ]
    );
    assert_eq!(library.releasable(anna, &[]).unwrap(), []);
}

#[test]
fn after_a_lost_catalogue_a_persons_folder_is_the_persons_again() {
    let home = Home::new();
    let library = home.ready();
    let anna = library.add_person("Anna", "Anna", "secret").unwrap().id;
    let hers = device_of(&library, "hers", anna);
    put(&library, b"hers", filing(hers, "1.jpg")).unwrap();
    put(&library, b"the owner's", found("2.jpg")).unwrap();
    library.shut_down().unwrap();
    drop(library);
    Library::set_aside_catalogue(&home.data()).unwrap().unwrap();

    let library = home.ready();
    library.rebuild(&mut |_| {}, &described).unwrap();
    let bert = library.add_person("Bert", "Bert", "secret").unwrap();
    assert_eq!(bert.photos, 0);
    let anna = library.add_person("Anna", "anna", "secret").unwrap();
    assert_eq!(anna.photos, 1);
    assert_eq!(
        paths(&library, Whose::Member(anna.id)),
        ["Anna/2024/05/1.jpg"]
    );
    // And so is what is laid there by hand later.
    std::fs::write(home.root().join("Anna/new.jpg"), "new").unwrap();
    library.rebuild(&mut |_| {}, &described).unwrap();
    assert_eq!(library.person(anna.id).unwrap().unwrap().photos, 2);
    check_tallies(&library);
}

#[test]
fn who_is_removed_is_out_and_may_come_back_to_the_same_photos() {
    let home = Home::new();
    let library = home.ready();
    let anna = library.add_person("Anna", "Anna", "secret").unwrap();
    assert!(matches!(
        library.add_person("ANNA", "Other", "secret"),
        Err(RowError::NameTaken(_))
    ));
    assert!(matches!(
        library.add_person("Other", "anna", "secret"),
        Err(RowError::NameTaken(_))
    ));
    let phone = device_of(&library, "phone", anna.id);
    put(&library, b"one", filing(phone, "1.jpg")).unwrap();
    assert!(library.remove_person(PersonId::OWNER).is_err());
    library.remove_person(anna.id).unwrap();
    assert!(library.device(phone).unwrap().unwrap().revoked_at.is_some());
    let gone = library.person_by_name("anna").unwrap().unwrap();
    assert_eq!((gone.secret_hash, gone.photos), (None, 1));
    assert!(library.set_person_secret(anna.id, "x", None).is_err());

    let back = library.add_person("anna", "ignored", "new").unwrap();
    assert_eq!(
        (back.id, back.folder.as_str(), back.photos),
        (anna.id, "Anna", 1)
    );
    library.rename_person(anna.id, "Anne").unwrap();
    let renamed = library.person_by_name("Anne").unwrap().unwrap();
    assert_eq!((renamed.id, renamed.folder.as_str()), (anna.id, "Anna"));
}

#[test]
fn devices_are_set_up() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let row = library.device(phone).unwrap().unwrap();
    assert_eq!(
        (row.acknowledge, row.tell_silence, row.person),
        (Acknowledge::Home, true, PersonId::OWNER)
    );
    library
        .set_acknowledge(phone, Acknowledge::Offsite)
        .unwrap();
    library.set_tell_silence(phone, false).unwrap();
    let row = library.device(phone).unwrap().unwrap();
    assert_eq!(
        (row.acknowledge, row.tell_silence),
        (Acknowledge::Offsite, false)
    );
    assert!(library.set_tell_silence(DeviceId(9), true).is_err());
}

#[test]
fn whoever_remembers_devices_learns_that_a_credential_is_not_good_any_more() {
    let home = Home::new();
    let library = home.ready();
    let anna = library.add_person("Anna", "Anna", "secret").unwrap();
    let phone = device(&library, "phone");
    device_of(&library, "annas", anna.id);
    let is_news = |change: &dyn Fn()| {
        let before = library.credentials_version();
        change();
        library.credentials_version() != before
    };
    assert!(is_news(&|| {
        library.renew_device(phone, "new", "new").unwrap();
    }));
    assert!(is_news(&|| library.revoke_device(phone).unwrap()));
    assert!(is_news(&|| library.remove_person(anna.id).unwrap()));
    assert!(!is_news(&|| {
        device(&library, "other");
    }));
}
