//! From the first byte to the acknowledgement.

use safelight_engine::IntakeError;
use safelight_testkit::Photos;

use crate::house::House;

#[tokio::test]
async fn a_photo_lies_in_its_month_with_its_bytes_and_time() {
    let house = House::new();
    let phone = house.add_device("Anna's phone");
    let picture = Photos::new(1).next(300_000);
    let receipt = house
        .upload(phone.id, &picture.name, &picture.bytes)
        .await
        .unwrap();
    assert_eq!(receipt.path.folder(), picture.folder());
    assert!(!receipt.duplicate && !receipt.replaced);
    let file = house.library().join(receipt.path.to_relative());
    assert_eq!(std::fs::read(&file).unwrap(), picture.bytes);
    let modified = std::fs::metadata(&file).unwrap().modified().unwrap();
    assert_eq!(
        jiff::Timestamp::try_from(modified).unwrap().as_second(),
        picture.instant().as_second()
    );
}

#[tokio::test]
async fn a_body_that_is_shorter_than_promised_or_abandoned_stores_nothing() {
    let house = House::new();
    let phone = house.add_device("phone");
    let error = house
        .upload_promising(phone.id, "short.jpg", b"only this", Some(100))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            IntakeError::Short {
                promised: 100,
                received: 9,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.is_transient());
    assert_eq!(house.status().photos, 0);
    let visible = safelight_testkit::tree::files(&house.library()).unwrap();
    assert!(
        visible
            .iter()
            .all(|file| file.starts_with(".safelight/") && !file.contains("staging/")),
        "{visible:?}"
    );
}

#[tokio::test]
async fn the_same_bytes_again_are_one_photo_and_other_bytes_another() {
    let house = House::new();
    let (a, b) = (house.add_device("a"), house.add_device("b"));
    let first = house.upload(a.id, "IMG_1.JPG", b"first").await.unwrap();
    let again = house
        .upload(b.id, "DCIM/IMG_9.JPG", b"first")
        .await
        .unwrap();
    assert!(again.duplicate);
    assert_eq!(again.asset, first.asset);
    let other = house.upload(a.id, "IMG_1.JPG", b"other").await.unwrap();
    assert!(other.replaced && !other.duplicate);
    assert_ne!(other.path, first.path);
    assert_eq!(house.status().photos, 2);
}

#[tokio::test]
async fn without_its_library_folder_nothing_is_acknowledged() {
    let house = House::new();
    let phone = house.add_device("phone");
    let away = house.dir.path().join("away");
    std::fs::rename(house.library(), &away).unwrap();
    let error = house.upload(phone.id, "a.jpg", b"a").await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    let status = house.status();
    assert_eq!(status.problems[0].kind, "library");
    std::fs::rename(&away, house.library()).unwrap();
    house.upload(phone.id, "a.jpg", b"a").await.unwrap();
}
