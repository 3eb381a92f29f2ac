//! Pictures: what is kept, what goes, and which photos are still to be drawn.

use std::fs;

use jiff::Timestamp;
use safelight_core::ContentHash;
use safelight_library::{Library, PictureState, Sound, Thumbnail};

use crate::support::{Home, device, filing, put, rot};

/// Has photos of these names in the library, each with its name as its bytes.
fn photos(library: &Library, names: &[&str]) -> Vec<ContentHash> {
    let phone = library.device_by_user("phone").unwrap();
    let phone = phone.map_or_else(|| device(library, "phone"), |phone| phone.id);
    let store = |name: &&str| put(library, name.as_bytes(), filing(phone, name)).unwrap();
    names
        .iter()
        .map(store)
        .map(|receipt| receipt.hash)
        .collect()
}

fn thumbnail(of: &str) -> Thumbnail {
    Thumbnail {
        jpeg: format!("jpeg of {of}").into_bytes(),
        placeholder: vec![1, 2, 3],
    }
}

/// The names of what is to be drawn next.
fn next(library: &Library, limit: usize) -> Vec<String> {
    let next = library.undrawn(limit).unwrap();
    let photos = next.into_iter().flat_map(|undrawn| undrawn.photos);
    photos.map(|photo| photo.original_name).collect()
}

/// Draws the next photos, as far as it is kept what was done.
fn draw(library: &Library, limit: usize) -> Vec<String> {
    let undrawn = library.undrawn(limit).unwrap().unwrap();
    for photo in &undrawn.photos {
        library
            .keep_thumbnail(&photo.hash, &thumbnail(&photo.original_name))
            .unwrap();
    }
    library.drawn(&undrawn).unwrap();
    undrawn
        .photos
        .into_iter()
        .map(|photo| photo.original_name)
        .collect()
}

fn later(library: &Home, seconds: i64) -> Timestamp {
    library.clock.advance(seconds);
    safelight_core::Clock::now(library.clock.as_ref())
}

#[test]
fn the_newest_photos_are_drawn_first_and_none_twice() {
    let home = Home::new();
    let library = home.ready();
    assert!(library.undrawn(2).unwrap().is_none());
    photos(&library, &["a", "b", "c"]);
    assert_eq!(draw(&library, 2), ["c", "b"]);
    // What comes meanwhile goes first, and the rest is not forgotten.
    photos(&library, &["d", "e"]);
    assert_eq!(library.undrawn(1).unwrap().unwrap().left, 3);
    assert_eq!(draw(&library, 1), ["e"]);
    assert_eq!(draw(&library, 5), ["d"]);
    assert_eq!(draw(&library, 5), ["a"]);
    assert!(library.undrawn(5).unwrap().is_none());
    // The same bytes again are no new photo.
    photos(&library, &["a"]);
    assert!(library.undrawn(5).unwrap().is_none());
}

#[test]
fn a_stop_in_the_middle_costs_only_what_was_not_noted() {
    let home = Home::new();
    let library = home.ready();
    photos(&library, &["a", "b", "c", "d"]);
    draw(&library, 2);
    let undrawn = library.undrawn(2).unwrap().unwrap();
    library
        .keep_thumbnail(&undrawn.photos[0].hash, &thumbnail("b"))
        .unwrap();
    drop(library);
    let library = home.ready();
    assert_eq!(next(&library, 5), ["a"]);
}

#[test]
fn another_catalogue_of_the_same_photos_finds_their_pictures() {
    let home = Home::new();
    let library = home.ready();
    let hashes = photos(&library, &["a", "b"]);
    draw(&library, 5);
    drop(library);
    Library::set_aside_catalogue(&home.data()).unwrap().unwrap();
    let library = home.ready();
    library
        .rebuild(&mut |_| {}, &crate::support::described)
        .unwrap();
    photos(&library, &["c"]);
    assert_eq!(next(&library, 9), ["c"]);
    assert!(library.thumbnail(&hashes[0]).unwrap().is_some());
}

#[test]
fn what_is_known_of_a_picture() {
    let home = Home::new();
    let library = home.ready();
    let hashes = photos(&library, &["drawn", "no", "later", "new"]);
    library
        .keep_thumbnail(&hashes[0], &thumbnail("drawn"))
        .unwrap();
    library
        .refuse_picture(&hashes[1], "undecodable", "It is cut off")
        .unwrap();
    let due = later(&home, 60);
    library.draw_later(&hashes[2], due, "No room").unwrap();
    assert_eq!(
        library.picture_states(&hashes).unwrap(),
        [
            PictureState::Drawn {
                placeholder: vec![1, 2, 3]
            },
            PictureState::Refused {
                reason: "It is cut off".into()
            },
            PictureState::Later {
                reason: "No room".into()
            },
            PictureState::Undrawn,
        ]
    );
    assert_eq!(library.without_picture(&hashes).unwrap(), [hashes[1]]);
    assert_eq!(
        library.thumbnail(&hashes[0]).unwrap().unwrap(),
        b"jpeg of drawn"
    );
    for hash in &hashes[1..] {
        assert_eq!(library.thumbnail(hash).unwrap(), None);
    }
    // A thumbnail that there is stays.
    library
        .refuse_picture(&hashes[0], "over-limit", "Too large")
        .unwrap();
    assert!(library.thumbnail(&hashes[0]).unwrap().is_some());
    assert_eq!(next(&library, 9), ["new"]);
}

#[test]
fn what_was_put_off_comes_again_when_it_is_due() {
    let home = Home::new();
    let library = home.ready();
    let hash = photos(&library, &["a"])[0];
    let due = later(&home, 0).checked_add(jiff::SignedDuration::from_secs(60));
    library.draw_later(&hash, due.unwrap(), "trouble").unwrap();
    assert!(library.is_put_off(&hash, later(&home, 0)).unwrap());
    assert!(next(&library, 9).is_empty());
    assert!(library.due_again(later(&home, 59), 9).unwrap().is_empty());
    let due = library.due_again(later(&home, 1), 9).unwrap();
    assert!(!library.is_put_off(&hash, later(&home, 0)).unwrap());
    assert_eq!(due[0].hash, hash);
    library
        .draw_later(&hash, later(&home, 0), "trouble again")
        .unwrap();
    assert_eq!(library.times_put_off(&hash).unwrap(), 2);
    library.keep_thumbnail(&hash, &thumbnail("a")).unwrap();
    assert_eq!(library.times_put_off(&hash).unwrap(), 0);
    assert!(library.due_again(later(&home, 999), 9).unwrap().is_empty());
    // A preview that is put off is nobody's to draw until somebody looks.
    library
        .draw_later(&hash, later(&home, 0), "too long")
        .unwrap();
    assert!(library.due_again(later(&home, 999), 9).unwrap().is_empty());
    library
        .keep_preview(&hash, b"jpeg", 1_000, later(&home, 0))
        .unwrap();
    assert_eq!(library.times_put_off(&hash).unwrap(), 0);
}

#[test]
fn refusals_of_one_kind_are_reconsidered() {
    let home = Home::new();
    let library = home.ready();
    let hashes = photos(&library, &["a", "b"]);
    library
        .refuse_picture(&hashes[0], "needs-ffmpeg", "Install ffmpeg")
        .unwrap();
    library
        .refuse_picture(&hashes[1], "undecodable", "It is cut off")
        .unwrap();
    let now = later(&home, 0);
    library.reconsider("needs-ffmpeg", now).unwrap();
    let due = library.due_again(now, 9).unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].hash, hashes[0]);
    assert_eq!(library.without_picture(&hashes).unwrap(), [hashes[1]]);
}

#[test]
fn previews_that_nobody_looks_at_make_room() {
    let home = Home::new();
    let library = home.ready();
    let hashes = photos(&library, &["a", "b", "c"]);
    let jpeg = vec![7; 1000];
    let keep = |hash| {
        library
            .keep_preview(hash, &jpeg, 2500, later(&home, 4000))
            .unwrap();
    };
    keep(&hashes[0]);
    keep(&hashes[1]);
    assert_eq!(
        library.preview(&hashes[0], later(&home, 4000)).unwrap(),
        Some(jpeg.clone())
    );
    keep(&hashes[2]);
    let now = later(&home, 1);
    assert_eq!(library.preview(&hashes[1], now).unwrap(), None);
    assert!(library.preview(&hashes[0], now).unwrap().is_some());
    assert!(library.preview(&hashes[2], now).unwrap().is_some());
    // The same one again takes no more room.
    keep(&hashes[2]);
    assert!(library.preview(&hashes[0], now).unwrap().is_some());
}

#[test]
fn a_damaged_file_of_pictures_is_begun_anew() {
    let home = Home::new();
    let library = home.ready();
    let hash = photos(&library, &["a"])[0];
    draw(&library, 5);
    drop(library);
    fs::write(home.data().join("pictures.sqlite"), [b'x'; 9000]).unwrap();
    let library = home.ready();
    assert_eq!(library.thumbnail(&hash).unwrap(), None);
    assert_eq!(draw(&library, 5), ["a"]);
    assert!(library.thumbnail(&hash).unwrap().is_some());
}

#[test]
fn a_lost_file_of_pictures_costs_nothing_but_time() {
    let home = Home::new();
    let library = home.ready();
    let hash = photos(&library, &["a"])[0];
    draw(&library, 5);
    library.shut_down().unwrap();
    drop(library);
    for suffix in ["", "-wal", "-shm"] {
        let path = home.data().join(format!("pictures.sqlite{suffix}"));
        if path.exists() {
            fs::remove_file(path).unwrap();
        }
    }
    let library = home.ready();
    assert_eq!(draw(&library, 5), ["a"]);
    assert!(library.thumbnail(&hash).unwrap().is_some());
}

#[cfg(unix)]
#[test]
fn others_cannot_read_the_pictures() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let library = home.ready();
    photos(&library, &["a"]);
    draw(&library, 5);
    for suffix in ["", "-wal", "-shm"] {
        let path = home.data().join(format!("pictures.sqlite{suffix}"));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn wrong_bytes_are_not_drawn() {
    let home = Home::new();
    let library = home.ready();
    let hash = photos(&library, &["some photo"])[0];
    let photo = library.asset_by_hash(&hash).unwrap().unwrap();
    for hashed_up_to in [u64::MAX, 0] {
        let found = library.open_sound(&photo, hashed_up_to).unwrap();
        let Sound::Yes(file) = found else {
            panic!("{found:?}")
        };
        assert_eq!(std::io::read_to_string(file).unwrap(), "some photo");
    }
    rot(&home, photo.path.as_str(), "sore photo");
    let rotten = library.open_sound(&photo, u64::MAX).unwrap();
    assert!(matches!(rotten, Sound::OtherBytes), "{rotten:?}");
    let path = home.root().join(photo.path.as_str());
    fs::write(&path, "another photo").unwrap();
    let edited = library.open_sound(&photo, 0).unwrap();
    assert!(matches!(edited, Sound::OtherBytes), "{edited:?}");
    fs::remove_file(path).unwrap();
    let gone = library.open_sound(&photo, u64::MAX).unwrap();
    assert!(matches!(gone, Sound::Missing), "{gone:?}");
}
