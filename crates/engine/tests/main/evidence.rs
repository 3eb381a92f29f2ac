//! What is called safe, and what is not (promises 5 and 6).

use safelight_engine::command::VerifyScope;
use safelight_testkit::Photos;

use crate::house::House;

#[tokio::test]
async fn a_photo_is_safe_after_a_backup_and_comes_back_byte_for_byte() {
    let house = House::new();
    let phone = house.add_device("phone");
    let pictures = Photos::new(2).take(20, 1_000, 200_000);
    let mut paths = Vec::new();
    for picture in &pictures {
        let receipt = house
            .upload(phone.id, &picture.name, &picture.bytes)
            .await
            .unwrap();
        paths.push((receipt.path, receipt.asset));
    }
    let status = house.status();
    assert_eq!(
        (status.photos, status.safe, status.not_yet_safe),
        (20, 0, 20)
    );
    assert!(status.oldest_not_yet_safe.is_some());
    house.add_folder_destination("disk");
    let outcome = &house.back_up()[0];
    assert_eq!(
        (outcome.stored, outcome.failed.len()),
        (20, 0),
        "{outcome:?}"
    );
    let status = house.status();
    assert_eq!(
        (status.safe, status.home_verified, status.not_yet_safe),
        (20, 20, 0)
    );
    let receipt = house.engine.receipt(paths[0].1).unwrap().unwrap();
    assert_eq!(receipt.copies.len(), 2, "{receipt:?}");
    assert!(receipt.why_not_safe.is_none());

    assert!(house.back_up()[0].snapshot.is_none(), "nothing is new");

    let to = house.dir.path().join("back");
    let restored = house.restore_all(&to);
    assert!(restored.failed.is_empty(), "{restored:?}");
    for (picture, (path, _)) in pictures.iter().zip(&paths) {
        assert_eq!(
            std::fs::read(to.join(path.to_relative())).unwrap(),
            picture.bytes
        );
    }
}

#[tokio::test]
async fn rot_is_found_named_not_safe_and_never_backed_up() {
    let house = House::new();
    let phone = house.add_device("phone");
    let receipt = house.upload(phone.id, "a.jpg", &[7; 10_000]).await.unwrap();
    rot(&house.library().join(receipt.path.to_relative()));
    house.add_folder_destination("disk");
    let outcome = &house.back_up()[0];
    assert_eq!(outcome.stored, 0);
    assert_eq!(outcome.failed[0].path, receipt.path.as_str());
    let status = house.status();
    assert_eq!((status.safe, status.not_yet_safe), (0, 1));
    assert!(
        status
            .problems
            .iter()
            .any(|problem| problem.kind == "damaged"),
        "{:?}",
        status.problems
    );

    // The phone still has it and sends it again: the home copy is whole again, and the next backup takes it.
    house.upload(phone.id, "b.jpg", &[7; 10_000]).await.unwrap();
    house.verify(VerifyScope::Home);
    house.back_up();
    let status = house.status();
    assert_eq!(
        (status.safe, status.problems.len()),
        (1, 0),
        "{:?}",
        status.problems
    );
}

#[tokio::test]
async fn a_safe_photo_that_rots_is_not_called_safe_after_it_was_looked_at() {
    let house = House::new();
    let phone = house.add_device("phone");
    let receipt = house.upload(phone.id, "a.jpg", &[7; 10_000]).await.unwrap();
    house.add_folder_destination("disk");
    house.back_up();
    assert_eq!(house.status().safe, 1);
    rot(&house.library().join(receipt.path.to_relative()));
    let found = house.verify(VerifyScope::Everything);
    assert_eq!((found.home_good, found.failed.len()), (0, 1));
    assert_eq!(found.offsite_good["disk"], 1);
    assert_eq!(house.status().safe, 0);
}

#[tokio::test]
async fn a_damaged_repository_is_found_and_its_photos_sent_again() {
    let house = House::new();
    let phone = house.add_device("phone");
    for (name, bytes) in [("a.jpg", [1_u8; 5_000]), ("b.jpg", [2; 5_000])] {
        house.upload(phone.id, name, &bytes).await.unwrap();
    }
    let place = house.add_folder_destination("disk");
    house.back_up();
    for file in safelight_testkit::tree::files(&place.join("data")).unwrap() {
        let file = place.join("data").join(file);
        let mut bytes = std::fs::read(&file).unwrap();
        // A blob begins at the pack's start: its nonce, then what it holds.
        bytes[20] ^= 1;
        let mut permissions = std::fs::metadata(&file).unwrap().permissions();
        #[expect(clippy::permissions_set_readonly_false, reason = "a temporary folder")]
        permissions.set_readonly(false);
        std::fs::set_permissions(&file, permissions).unwrap();
        std::fs::write(&file, bytes).unwrap();
    }
    let found = house.verify(VerifyScope::Everything);
    assert!(!found.failed.is_empty());
    assert!(house.status().safe < 2);
    assert!(
        house.status().destinations[0].pending > 0,
        "the next backup sends it again"
    );
    let again = &house.back_up()[0];
    assert!(again.stored > 0, "{again:?}");
    assert_eq!(house.verify(VerifyScope::Everything).failed, []);
    assert_eq!(house.status().safe, 2);
}

/// Changes a bit and nothing else: neither size nor time.
fn rot(file: &std::path::Path) {
    let modified = std::fs::metadata(file).unwrap().modified().unwrap();
    let mut bytes = std::fs::read(file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(file, bytes).unwrap();
    std::fs::File::options()
        .write(true)
        .open(file)
        .unwrap()
        .set_modified(modified)
        .unwrap();
}
