//! From the first byte to the acknowledgement.

use safelight_engine::{
    IntakeError,
    checksum::{Algorithm, Checksum},
};
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
async fn notes_share_the_memory_of_small_uploads() {
    let house = House::new();
    let mut rooms: Vec<_> = (0..16)
        .map(|_| house.engine.room_for_note(1 << 20).unwrap())
        .collect();
    assert!(house.engine.room_for_note(1).is_none());
    // A photo goes to the disk instead.
    let phone = house.add_device("phone");
    house.upload(phone.id, "a.jpg", b"photo").await.unwrap();
    rooms.pop();
    assert!(house.engine.room_for_note(1 << 20).is_some());
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_promised_stores_nothing() {
    let house = House::new();
    let phone = house.add_device("phone");
    // Short ones wait in memory, long ones go to the disk as they come.
    for (promise, length) in [
        (100, 9),
        (8, 9),
        (0, 9),
        (3_000_000, 9),
        (3_000_000, 3_000_001),
    ] {
        let body = vec![b'a'; length];
        let error = house
            .upload_promising(phone.id, "short.jpg", &body, Some(promise), None)
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                IntakeError::Short { promised, received, .. }
                    if promised == promise && received == length as u64
            ),
            "{error}"
        );
        assert!(error.is_transient());
        assert_nothing_stored(&house);
    }
}

/// As many small uploads as there is memory for wait in it, and the others all the same arrive.
#[tokio::test]
async fn more_small_uploads_at_once_than_memory_for_them() {
    let house = House::new();
    let phone = house.add_device("phone");
    let bodies: Vec<Vec<u8>> = (0..40).map(|number| vec![number; 1 << 20]).collect();
    let mut begun = Vec::new();
    for (number, body) in bodies.iter().enumerate() {
        let name = format!("{number}.jpg");
        begun.push((house.begin(phone.id, &name, body.len() as u64).await, body));
    }
    for (upload, body) in &mut begun {
        for piece in body.chunks(300_000) {
            upload.write(piece.to_vec().into()).await.unwrap();
        }
    }
    for (upload, body) in begun {
        let receipt = upload.finish().await.unwrap();
        let file = house.library().join(receipt.path.to_relative());
        assert!(std::fs::read(&file).unwrap() == *body, "{}", receipt.path);
    }
    assert_eq!(house.status().photos, 40);
}

#[tokio::test]
async fn a_checksum_that_was_promised_is_kept_or_nothing_is_stored() {
    let house = House::new();
    let phone = house.add_device("phone");
    // Several pieces, so that a checksum of the last one alone would be noticed.
    let bytes = [b'a'; 200_000];
    let upload =
        |checksum, promised| house.upload_promising(phone.id, "a.jpg", &bytes, promised, checksum);
    let all = [
        (
            Algorithm::Sha256,
            "2287d207f24a941ff3b56c04c8a25ad56b63e3023207b3bb5b4ac0c9869d74be",
        ),
        (Algorithm::Sha1, "ec99adda39f462070e2c7ecbc8433e70dc9fb54c"),
        (Algorithm::Md5, "561b1994f6baacd6e5eaf4baaa12849f"),
        (Algorithm::Adler32, "ccee1699"),
    ];
    for (algorithm, right) in all {
        let wrong = "0".repeat(right.len());
        for promised in [None, Some(bytes.len() as u64)] {
            let error = upload(Checksum::from_hex(algorithm, &wrong), promised)
                .await
                .unwrap_err();
            assert!(matches!(error, IntakeError::Damaged { .. }), "{error}");
            assert!(error.is_transient());
            for named in [&wrong, right] {
                let named = format!("{algorithm}:{named} ");
                assert!(error.to_string().contains(&named), "{named}in {error}");
            }
            assert_nothing_stored(&house);
        }
    }
    for (algorithm, right) in all {
        for promised in [None, Some(bytes.len() as u64)] {
            let checksum = Checksum::from_hex(algorithm, right);
            let receipt = upload(checksum, promised).await.unwrap();
            assert_eq!(receipt.size, bytes.len() as u64);
        }
    }
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

fn assert_nothing_stored(house: &House) {
    assert_eq!(house.status().photos, 0);
    let photos = safelight_testkit::tree::files(&house.library()).unwrap();
    assert_eq!(photos, [""; 0]);
    let staging = std::fs::read_dir(house.library().join(".safelight/staging")).unwrap();
    assert_eq!(staging.count(), 0);
}
