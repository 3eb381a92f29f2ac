//! Pictures of photos: drawn by themselves, or at once when somebody looks.

use std::{fs, sync::Arc};

use jiff::{SignedDuration, tz::TimeZone};
use safelight_core::{AssetId, Clock, PersonId};
use safelight_engine::{Answer, Asker, Command, Look, Period, Size, model::TileRow};
use safelight_library::{Library, Options as LibraryOptions, RealDisk};
use safelight_testkit::{Photos, SeededEntropy, process::until};

use crate::house::House;

/// Photos of a camera roll, without its videos.
fn photos(count: usize) -> Vec<Vec<u8>> {
    let roll = Photos::new(11).take(2 * count, 2_000, 30_000);
    let photos = roll
        .into_iter()
        .filter(|picture| !picture.name.contains("MOV"));
    photos.take(count).map(|picture| picture.bytes).collect()
}

async fn send(house: &House, name: &str, bytes: &[u8]) -> AssetId {
    let phone = match house.engine.devices().unwrap().first() {
        Some(phone) => phone.id,
        None => house.add_device("phone").id,
    };
    house.upload(phone, name, bytes).await.unwrap().asset
}

fn tiles(house: &House) -> Vec<TileRow> {
    let years = house.engine.years(Asker::Owner).unwrap();
    let tiles = years.into_iter().flat_map(|year| {
        let period = Period::Year(year);
        house
            .engine
            .tiles(Asker::Owner, period, None, 0, 500)
            .unwrap()
    });
    tiles.collect()
}

async fn look(house: &House, photo: AssetId, size: Size) -> Look {
    house
        .engine
        .picture(Asker::Owner, photo, size)
        .await
        .unwrap()
}

fn is_jpeg(look: &Look) -> bool {
    matches!(look, Look::Picture { jpeg, .. } if jpeg.starts_with(&[0xff, 0xd8, 0xff]))
}

#[tokio::test]
async fn photos_that_came_before_are_drawn_after_the_start() {
    let Some(house) = House::with_pictures() else {
        return;
    };
    for (number, bytes) in photos(5).iter().enumerate() {
        send(&house, &format!("{number}.jpg"), bytes).await;
    }
    assert!(tiles(&house).iter().all(|tile| tile.placeholder.is_none()));
    let house = house.reopen_with_pictures();
    house.engine.start().unwrap();
    until("pictures", || {
        let tiles = tiles(&house);
        assert_eq!(tiles.len(), 5);
        tiles
            .iter()
            .all(|tile| tile.placeholder.is_some())
            .then_some(())
    });
    house.engine.shut_down().unwrap();
}

#[tokio::test]
async fn photos_that_come_are_drawn_without_being_looked_at() {
    let Some(house) = House::with_pictures() else {
        return;
    };
    house.engine.start().unwrap();
    send(&house, "1.jpg", &photos(1)[0]).await;
    until("a picture", || {
        tiles(&house)[0].placeholder.is_some().then_some(())
    });
    house.engine.shut_down().unwrap();
}

#[tokio::test]
async fn who_looks_does_not_wait_for_the_background() {
    let Some(house) = House::with_pictures() else {
        return;
    };
    let photo = send(&house, "1.jpg", &photos(1)[0]).await;
    let preview = look(&house, photo, Size::Preview).await;
    assert!(is_jpeg(&preview), "{preview:?}");
    // Made with the preview.
    assert!(tiles(&house)[0].placeholder.is_some());
    let thumbnail = look(&house, photo, Size::Thumbnail).await;
    assert!(is_jpeg(&thumbnail), "{thumbnail:?}");
    assert_eq!(look(&house, photo, Size::Preview).await, preview);
    assert_eq!(
        look(&house, AssetId(99), Size::Preview).await,
        Look::NoPhoto
    );
}

#[tokio::test]
async fn a_preview_that_took_too_long_is_not_tried_by_each_who_looks() {
    let Some(house) = House::with_pictures() else {
        return;
    };
    let photo = send(&house, "1.jpg", &photos(1)[0]).await;
    let small = look(&house, photo, Size::Thumbnail).await;
    let (clock, due) = (house.clock.clone(), SignedDuration::from_mins(2));
    let house = house
        .reopen_after(|dir| {
            let library = Library::open(LibraryOptions {
                data_dir: dir.join("data"),
                clock: clock.clone(),
                entropy: Arc::new(SeededEntropy::new(9)),
                disk: Arc::new(RealDisk),
                zone: TimeZone::UTC,
            });
            let library = library.unwrap();
            let Look::Picture { of, .. } = &small else {
                panic!("{small:?}")
            };
            let due = clock.now().checked_add(due).unwrap();
            library.draw_later(of, due, "It takes too long").unwrap();
            library.shut_down().unwrap();
        })
        .reopen_with_pictures();
    let Look::Picture { of, jpeg, .. } = small else {
        panic!("no picture")
    };
    for _ in 0..2 {
        let found = look(&house, photo, Size::Preview).await;
        let instead = Look::Picture {
            of,
            jpeg: jpeg.clone(),
            is_final: false,
        };
        assert_eq!(found, instead);
    }
    // The one that is put off does not look undrawn, or as if there could be none.
    assert!(tiles(&house)[0].placeholder.is_some());
    house.clock.advance(due);
    let found = look(&house, photo, Size::Preview).await;
    assert!(
        matches!(found, Look::Picture { is_final: true, .. }),
        "{found:?}"
    );
}

#[tokio::test]
async fn others_photos_are_none() {
    let Some(house) = House::with_pictures() else {
        return;
    };
    let photo = send(&house, "1.jpg", &photos(1)[0]).await;
    let Answer::Person(anna) = house.run(Command::PersonAdd {
        name: "Anna".into(),
        folder: None,
    }) else {
        panic!("no person")
    };
    let anna = Asker::Member(PersonId(anna.id));
    for size in [Size::Thumbnail, Size::Preview] {
        let seen = house.engine.picture(anna, photo, size).await.unwrap();
        assert_eq!(seen, Look::NoPhoto);
    }
    assert!(house.engine.years(anna).unwrap().is_empty());
}

#[tokio::test]
async fn what_is_no_picture_is_kept_and_says_so() {
    let Some(house) = House::with_pictures() else {
        return;
    };
    let mut broken = photos(1).remove(0);
    broken.truncate(broken.len() - 30);
    let broken = send(&house, "broken.jpg", &broken).await;
    let text = send(&house, "notes.txt", b"milk, bread").await;
    for photo in [broken, text] {
        let found = look(&house, photo, Size::Thumbnail).await;
        let Look::Never { reason } = found else {
            panic!("{photo}: {found:?}")
        };
        let receipt = house.engine.receipt(Asker::Owner, photo).unwrap().unwrap();
        assert_eq!(receipt.no_picture, Some(reason));
    }
}

#[tokio::test]
async fn nothing_is_drawn_of_wrong_bytes_until_they_are_right_again() {
    let Some(house) = House::with_pictures() else {
        return;
    };
    let (right, wrong) = {
        let mut photos = photos(2);
        (photos.remove(0), photos.remove(0))
    };
    let photo = send(&house, "1.jpg", &right).await;
    let path = house.engine.receipt(Asker::Owner, photo).unwrap().unwrap();
    let path = house.library().join(path.path);
    fs::write(&path, wrong).unwrap();
    let found = look(&house, photo, Size::Thumbnail).await;
    let Look::Later { reason } = found else {
        panic!("{found:?}")
    };
    assert!(reason.contains("not what was taken in"), "{reason}");
    assert_eq!(tiles(&house)[0].no_picture, Some(reason));

    fs::write(&path, right).unwrap();
    house.clock.advance(SignedDuration::from_mins(2));
    let house = house.reopen_with_pictures();
    house.engine.start().unwrap();
    until("a picture", || {
        tiles(&house)[0].placeholder.is_some().then_some(())
    });
    house.engine.shut_down().unwrap();
}
