//! What runs by itself from the start.

use std::{fs, time::Duration};

use crate::house::House;

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
