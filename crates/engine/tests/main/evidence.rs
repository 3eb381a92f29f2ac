//! What is called safe, and what is not (promises 5 and 6).

use std::{collections::BTreeSet, path::PathBuf};

use safelight_core::{DeviceId, DevicePath, Entropy};
use safelight_engine::{Asker, Command, command::VerifyScope};
use safelight_testkit::{Photos, SeededEntropy};

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
    let receipt = house
        .engine
        .receipt(Asker::Owner, paths[0].1)
        .unwrap()
        .unwrap();
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
            .any(|problem| problem.kind == "damaged-file"),
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
async fn every_damaged_piece_of_a_large_photo_is_sent_again() {
    for scope in [VerifyScope::Listed, VerifyScope::Everything] {
        let house = House::new();
        let phone = house.add_device("phone");
        let mut film = vec![0; 20 << 20];
        SeededEntropy::new(1).fill(&mut film);
        let receipt = house.upload(phone.id, "film.mp4", &film).await.unwrap();
        let place = house.add_folder_destination("disk");
        house.back_up();
        for file in safelight_testkit::tree::files(&place.join("data")).unwrap() {
            let file = place.join("data").join(file);
            let mut bytes = std::fs::read(&file).unwrap();
            if bytes.len() < 1 << 20 {
                continue; // the folder lists
            }
            std::fs::remove_file(&file).unwrap();
            if scope == VerifyScope::Everything {
                for byte in bytes.iter_mut().step_by(1 << 20) {
                    *byte ^= 1;
                }
                std::fs::write(&file, bytes).unwrap();
            }
        }
        assert_eq!(house.verify(scope).failed.len(), 1, "{scope:?}");
        house.back_up();
        assert_eq!(house.status().safe, 1);
        let to = house.dir.path().join("back");
        let restored = house.restore_all(&to);
        assert!(restored.failed.is_empty(), "{scope:?}: {restored:?}");
        assert!(std::fs::read(to.join(receipt.path.to_relative())).unwrap() == film);
    }
}

#[tokio::test]
async fn an_offsite_copy_is_spoken_of_only_if_there_is_one() {
    let house = House::new();
    let phone = house.add_device("phone");
    let receipt = house.upload(phone.id, "a.jpg", &[7; 10_000]).await.unwrap();
    let file = house.library().join(receipt.path.to_relative());
    let told = || house.verify(VerifyScope::Home).failed.remove(0).message;
    let all_ways = || {
        let photo = std::fs::read(&file).unwrap();
        std::fs::write(&file, b"an edit").unwrap();
        let mut messages = vec![told()];
        std::fs::remove_file(&file).unwrap();
        messages.push(told());
        std::fs::write(&file, photo).unwrap();
        messages
    };
    for message in all_ways() {
        assert!(message.contains("upload it again"), "{message}");
        assert!(!message.contains("kept offsite"), "{message}");
    }
    house.add_folder_destination("disk");
    house.back_up();
    for message in all_ways() {
        assert!(!message.contains("upload it again"), "{message}");
    }
}

#[tokio::test]
async fn whoever_finds_a_photo_missing_a_good_look_settles_it() {
    let house = House::new();
    let phone = house.add_device("phone");
    let receipt = house.upload(phone.id, "a.jpg", &[7; 10_000]).await.unwrap();
    let file = house.library().join(receipt.path.to_relative());
    std::fs::remove_file(&file).unwrap();
    house.run(Command::Rebuild);
    house.verify(VerifyScope::Home);
    let problems = house.status().problems;
    assert_eq!(problems.len(), 1, "one trouble, told once: {problems:?}");
    std::fs::write(&file, [7; 10_000]).unwrap();
    house.verify(VerifyScope::Home);
    assert_eq!(house.status().problems, []);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_photo_that_the_disk_does_not_give_back_is_not_safe() {
    let house = House::new();
    let phone = house.add_device("phone");
    let receipt = house.upload(phone.id, "a.jpg", &[7; 10_000]).await.unwrap();
    house.add_folder_destination("disk");
    house.back_up();
    let file = house.library().join(receipt.path.to_relative());
    std::fs::remove_file(&file).unwrap();

    // That it cannot be read for now says nothing about its bytes.
    std::fs::create_dir(&file).unwrap();
    assert_eq!(house.verify(VerifyScope::Home).failed.len(), 1);
    assert_eq!(house.status().safe, 1);

    // A file whose first page no disk has: reading it is an I/O error.
    std::fs::remove_dir(&file).unwrap();
    std::os::unix::fs::symlink("/proc/self/mem", &file).unwrap();
    assert_eq!(house.verify(VerifyScope::Home).failed.len(), 1);
    let status = house.status();
    assert_eq!((status.safe, status.home_verified), (0, 0));
    assert_eq!(status.problems[0].path, receipt.path.as_str());

    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, [7; 10_000]).unwrap();
    assert_eq!(house.verify(VerifyScope::Home).failed, []);
    let status = house.status();
    assert_eq!((status.safe, status.problems), (1, vec![]));
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
    assert!(!house.status().problems.is_empty());
    assert!(
        house.status().destinations[0].pending > 0,
        "the next backup sends it again"
    );
    let again = &house.back_up()[0];
    assert!(again.stored > 0, "{again:?}");
    let status = house.status();
    assert_eq!((status.safe, status.problems), (2, vec![]));
    assert_eq!(house.verify(VerifyScope::Everything).failed, []);
    assert_eq!(house.status().safe, 2);
}

#[tokio::test]
async fn a_pack_whose_loss_only_a_backup_finds_withdraws_safe() {
    let house = House::new();
    let phone = house.add_device("phone");
    let place = house.add_folder_destination("disk");
    let entropy = SeededEntropy::new(1);
    let photo_packs = || -> BTreeSet<PathBuf> {
        let files = safelight_testkit::tree::files(&place.join("data")).unwrap();
        let paths = files.into_iter().map(|file| place.join("data").join(file));
        // The folder lists are smaller.
        paths
            .filter(|path| std::fs::metadata(path).unwrap().len() > 20_000)
            .collect()
    };
    let mut before = BTreeSet::new();
    let mut packs = Vec::new();
    for name in ["a.jpg", "b.jpg"] {
        let mut bytes = vec![0; 20_000];
        entropy.fill(&mut bytes);
        house.upload(phone.id, name, &bytes).await.unwrap();
        house.back_up();
        let now = photo_packs();
        packs.push(now.difference(&before).next().unwrap().clone());
        before = now;
    }
    assert_eq!(house.status().safe, 2);
    std::fs::remove_file(&packs[0]).unwrap();
    assert_eq!(house.verify(VerifyScope::Listed).failed.len(), 1);
    std::fs::remove_file(&packs[1]).unwrap();

    let found = &house.back_up()[0];
    assert_eq!((found.stored, &found.error), (1, &None));
    let [lost] = &found.failed[..] else {
        panic!("{found:?}")
    };
    assert!(lost.path.ends_with("b.jpg"), "{lost:?}");
    let status = house.status();
    assert_eq!((status.safe, status.destinations[0].pending), (1, 1));
    assert_eq!(status.problems.len(), 1, "{:?}", status.problems);

    assert_eq!(house.back_up()[0].stored, 1);
    let status = house.status();
    assert_eq!((status.safe, status.problems), (2, vec![]));
    assert_eq!(house.verify(VerifyScope::Everything).failed, []);
}

#[tokio::test]
async fn a_finished_backup_counts_although_the_destination_is_not_in_order_afterwards() {
    let house = House::new();
    let phone = house.add_device("phone");
    house.add_folder_destination("disk");
    house.back_up();
    let states = std::fs::read_dir(house.data().join("vault")).unwrap();
    // What a destination was made in is there too, and remembers no snapshot.
    let state = states
        .map(|entry| entry.unwrap().path())
        .find(|state| state.join("folders").exists())
        .unwrap();
    // What is to be mended cannot be read.
    let due = state.join("index-to-mend");
    std::fs::create_dir(&due).unwrap();
    house.upload(phone.id, "a.jpg", b"a photo").await.unwrap();
    let done = &house.back_up()[0];
    assert_eq!((done.stored, &done.error), (1, &None));
    let status = house.status();
    assert_eq!((status.safe, status.problems.len()), (1, 1));
    let problem = &status.problems[0];
    assert_eq!(
        (&*problem.kind, &*problem.path),
        ("untidy-destination", "disk")
    );
    assert!(problem.message.contains("to be mended"), "{problem:?}");

    // With nothing new to store, too.
    std::fs::remove_dir(&due).unwrap();
    std::fs::write(&due, "").unwrap();
    house.back_up();
    assert_eq!(house.status().problems, []);
    assert!(!due.exists());
}

#[tokio::test]
async fn a_photo_is_restored_although_its_name_stands_for_another_one_today() {
    let house = House::new();
    let phone = house.add_device("phone");
    house
        .upload(phone.id, "IMG_1.JPG", b"before")
        .await
        .unwrap();
    house.add_folder_destination("disk");
    house.back_up();
    let path = |name: &str| DevicePath::parse(name).unwrap();
    let device = DeviceId(phone.id);
    house
        .engine
        .move_entry(device, path("IMG_1.JPG"), path("kept.jpg"), false)
        .await
        .unwrap();
    house
        .upload(phone.id, "IMG_1.JPG", b"after the wipe")
        .await
        .unwrap();
    let to = house.dir.path().join("back");
    let restored = house.restore_all(&to);
    assert_eq!(restored.failed, []);
    assert_eq!(
        std::fs::read(to.join("2026/03/IMG_1.JPG")).unwrap(),
        b"before"
    );
}

#[cfg(unix)]
#[test]
fn nothing_is_restored_into_the_library_by_a_roundabout_way() {
    let house = House::new();
    house.add_folder_destination("disk");
    let link = house.dir.path().join("link");
    std::os::unix::fs::symlink(house.library(), &link).unwrap();
    for to in [
        link.join("here"),
        house.dir.path().join("x/../library/y"),
        house.data(),
    ] {
        let command = Command::Restore {
            to,
            destination: None,
            snapshot: None,
            paths: Vec::new(),
        };
        let error = house
            .engine
            .run(command, &safelight_engine::Quiet)
            .unwrap_err();
        assert!(error.to_string().contains("outside"), "{error}");
    }
}

#[tokio::test]
async fn a_renamed_photo_stays_offsite_under_its_old_name_until_it_is_there_under_the_new_one() {
    let house = House::new();
    let phone = house.add_device("phone");
    let mut homes = Vec::new();
    for (name, byte) in [("a.jpg", 1_u8), ("b.jpg", 2)] {
        let receipt = house.upload(phone.id, name, &[byte; 9_000]).await.unwrap();
        homes.push(receipt.path);
    }
    house.add_folder_destination("disk");
    house.back_up();
    let path = |name: &str| DevicePath::parse(name).unwrap();
    for (from, to) in [("a.jpg", "lost.jpg"), ("b.jpg", "moved.jpg")] {
        house
            .engine
            .move_entry(DeviceId(phone.id), path(from), path(to), false)
            .await
            .unwrap();
    }
    let folder = house.library().join(homes[0].to_relative());
    let folder = folder.parent().unwrap();
    std::fs::remove_file(folder.join("lost.jpg")).unwrap();
    house.back_up();
    house.back_up();
    let to = house.dir.path().join("back");
    let restored = house.restore_all(&to);
    assert!(restored.failed.is_empty(), "{restored:?}");
    let there = |name: &str| {
        let file = to.join(homes[0].to_relative()).with_file_name(name);
        std::fs::read(file).ok().map(|bytes| bytes[0])
    };
    assert_eq!(there("a.jpg"), Some(1), "no snapshot has it elsewhere");
    assert_eq!((there("moved.jpg"), there("b.jpg")), (Some(2), None));
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
