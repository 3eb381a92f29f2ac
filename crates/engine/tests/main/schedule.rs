//! What runs by itself from the start.

use std::{fs, path::Path, sync::Arc, time::Duration};

use jiff::tz::TimeZone;
use safelight_core::{DevicePath, MediaKind, Remarks};
use safelight_engine::{Asker, Precondition};
use safelight_library::{Filing, Library, Options, RealDisk};
use safelight_testkit::{FakeClock, SeededEntropy, corpus};

use crate::house::{House, start_time};

#[tokio::test]
async fn a_library_that_was_taken_over_is_read_by_itself() {
    let house = House::new();
    let phone = house.add_device("phone");
    for name in ["one.jpg", "two.jpg"] {
        house.upload(phone.id, name, name.as_bytes()).await.unwrap();
    }
    let house = house.reopen_after(|dir| fs::remove_dir_all(dir.join("data")).unwrap());
    assert_eq!(house.status().photos, 0);
    let mut state = house.engine.watch();
    house.engine.start().unwrap();
    // The limit only ends a test that fails.
    let read = state.wait_for(|state| state.status.photos == 2);
    tokio::time::timeout(Duration::from_secs(120), read)
        .await
        .unwrap()
        .unwrap();
    drop(state);
    house.engine.shut_down().unwrap();
}

/// Takes in a file as versions did that read nothing but the capture time from it.
fn take_in_unread(library: &Library, phone: i64, file: &Path, kind: MediaKind) {
    let path = DevicePath::parse(file.file_name().unwrap().to_str().unwrap()).unwrap();
    let mut upload = library.begin_upload().unwrap();
    upload.write(&fs::read(file).unwrap()).unwrap();
    let filing = Filing {
        device: Some(safelight_core::DeviceId(phone)),
        person: None,
        wish: path.name().to_owned(),
        device_path: Some(path),
        kind,
        captured: None,
        remarks: Remarks::default(),
        details: None,
        client_modified: None,
        client_created: None,
        precondition: Precondition::None,
        create_parents: true,
        source: None,
    };
    library.commit(upload.finish().unwrap(), filing).unwrap();
}

#[tokio::test]
async fn photos_of_an_older_catalogue_are_read_and_joined_by_themselves() {
    let Some(corpus) = corpus() else { return };
    let house = House::new();
    let phone = house.add_device("phone").id;
    let house = house.reopen_after(|dir| {
        let library = Library::open(Options {
            data_dir: dir.join("data"),
            clock: Arc::new(FakeClock::at(start_time())),
            entropy: Arc::new(SeededEntropy::new(8)),
            disk: Arc::new(RealDisk),
            zone: TimeZone::UTC,
        })
        .unwrap();
        let folder = corpus.join("synthetic/livephoto");
        take_in_unread(
            &library,
            phone,
            &folder.join("IMG_5717.JPG"),
            MediaKind::Photo,
        );
        take_in_unread(
            &library,
            phone,
            &folder.join("IMG_5717.MOV"),
            MediaKind::Video,
        );
        library.shut_down().unwrap();
    });
    let photo = house.engine.recent(Asker::Owner, None, None, 1).unwrap()[0].asset;
    let is_joined = || {
        let id = safelight_core::AssetId(photo);
        let receipt = house.engine.receipt(Asker::Owner, id).unwrap();
        receipt.is_some_and(|receipt| receipt.group.len() == 2)
    };
    assert!(!is_joined());
    let mut state = house.engine.watch();
    house.engine.start().unwrap();
    // The limit only ends a test that fails.
    let joined = state.wait_for(|_| is_joined());
    tokio::time::timeout(Duration::from_secs(120), joined)
        .await
        .unwrap()
        .unwrap();
    drop(state);
    house.engine.shut_down().unwrap();
}
