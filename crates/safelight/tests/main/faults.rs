//! Things that break: disks, clouds, bytes. Each is named, and nothing is called safe that is not.

use std::{
    fs::{self, FileTimes},
    os::unix::fs::FileExt,
    path::Path,
    process::Command,
};

use safelight_testkit::{Photos, S3Server, tree};

use crate::{
    house::{House, number},
    judges::{Kit, must, restics},
    offsite::fill,
};

/// Changes one byte of a file and leaves its size and time as they were.
pub(crate) fn rot(path: &Path) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let file = fs::File::options()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let at = file.metadata().unwrap().len() / 2;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[!byte[0]], at).unwrap();
    file.set_times(FileTimes::new().set_modified(modified))
        .unwrap();
}

fn add_disk(house: &House) -> std::path::PathBuf {
    let disk = house.path("disk");
    let url = format!("file://{}", disk.display());
    house
        .cli()
        .json(&["destination", "add", "disk", &url, "--json"]);
    disk
}

fn problems(house: &House) -> String {
    house.status()["problems"].to_string()
}

#[test]
fn rot_at_home_is_named_never_backed_up_and_not_called_safe() {
    let house = House::new();
    fill(&house, 81);
    add_disk(&house);
    let library = tree::hashes(house.library()).unwrap();
    let (victim, hash) = library.iter().next().unwrap();
    rot(&house.library().join(victim));

    let backup = house.cli().run(&["backup", "--json"]);
    assert_eq!(backup.code, Some(3), "{backup:?}");
    assert!(backup.stdout.contains(victim.as_str()), "{backup:?}");
    let status = house.status();
    assert_eq!(number(&status, "safe"), number(&status, "photos") - 1);
    assert!(
        problems(&house).contains(victim.as_str()),
        "{}",
        problems(&house)
    );

    let to = house.path("back");
    house
        .cli()
        .run(&["restore", "--to", to.to_str().unwrap(), "--json"]);
    let back = tree::hashes(&to).unwrap();
    assert_eq!(back.len(), library.len() - 1);
    assert!(
        back.get(victim).is_none_or(|found| found == hash),
        "never the rotten bytes"
    );
}

#[test]
fn rot_after_the_backup_is_found_by_verify_and_the_offsite_copy_brings_it_back() {
    let house = House::new();
    fill(&house, 82);
    add_disk(&house);
    house.cli().json(&["backup", "--json"]);
    let library = tree::hashes(house.library()).unwrap();
    let victim = library.keys().next().unwrap();
    rot(&house.library().join(victim));

    let verify = house.cli().run(&["verify", "--json"]);
    assert_eq!(verify.code, Some(3), "{verify:?}");
    let status = house.status();
    assert_eq!(number(&status, "safe"), number(&status, "photos") - 1);
    assert!(
        problems(&house).contains(victim.as_str()),
        "{}",
        problems(&house)
    );

    let to = house.path("back");
    house
        .cli()
        .json(&["restore", "--to", to.to_str().unwrap(), victim, "--json"]);
    assert_eq!(tree::hash_file(&to.join(victim)).unwrap(), library[victim]);
}

#[test]
fn a_file_gone_from_home_is_named_and_the_others_are_backed_up() {
    let house = House::new();
    fill(&house, 83);
    add_disk(&house);
    let victim = tree::files(house.library()).unwrap().remove(0);
    fs::remove_file(house.library().join(&victim)).unwrap();
    let backup = house.cli().run(&["backup", "--json"]);
    assert_eq!(backup.code, Some(3), "{backup:?}");
    assert!(backup.stdout.contains(&victim), "{backup:?}");
    let status = house.status();
    assert_eq!(number(&status, "safe"), number(&status, "photos") - 1);
    assert!(problems(&house).contains(&victim), "{}", problems(&house));
}

#[test]
fn a_damaged_repository_is_found_and_its_photos_are_no_longer_safe() {
    let house = House::new();
    fill(&house, 84);
    let disk = add_disk(&house);
    house.cli().json(&["backup", "--json"]);
    let packs: Vec<_> = tree::files(&disk)
        .unwrap()
        .into_iter()
        .filter(|path| path.starts_with("data/"))
        .collect();
    // The largest pack is one of photos, not of trees.
    let largest = packs
        .iter()
        .max_by_key(|path| fs::metadata(disk.join(path)).unwrap().len())
        .unwrap();
    fs::remove_file(disk.join(largest)).unwrap();

    let verify = house.cli().run(&["verify", "--json"]);
    assert_eq!(verify.code, Some(3), "{verify:?}");
    let status = house.status();
    assert!(
        number(&status, "safe") < number(&status, "photos"),
        "{status}"
    );
    assert!(problems(&house).contains("disk"), "{}", problems(&house));

    let to = house.path("back");
    let restore = house
        .cli()
        .run(&["restore", "--to", to.to_str().unwrap(), "--json"]);
    assert_eq!(restore.code, Some(3), "{restore:?}");
    let library = tree::hashes(house.library()).unwrap();
    for (path, hash) in tree::hashes(&to).unwrap() {
        assert_eq!(library.get(&path), Some(&hash), "what comes back is whole");
    }

    // Home still has everything: the next backup mends what the disk lost.
    house.cli().ok(&["backup", "--json"]);
    let status = house.status();
    assert_eq!(
        number(&status, "safe"),
        number(&status, "photos"),
        "{status}"
    );
    let kit = Kit::of(&house, "disk");
    for restic in restics() {
        let folder = house.path(&format!(
            "heir-{}",
            restic.file_name().unwrap().to_string_lossy()
        ));
        fs::create_dir(&folder).unwrap();
        // The index does not name the pack that is gone any more: nothing is left for restic to mend.
        must(kit.restic(&restic).args(["check", "--read-data"]));
        must(
            kit.restic(&restic)
                .args(["restore", "latest", "--target"])
                .arg(&folder),
        );
        crate::offsite::assert_same_files(&library, &folder);
    }
}

#[test]
fn an_unreachable_destination_is_told_when_it_is_added() {
    let house = House::new();
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("s3://photos/x?endpoint=http://{gone}&region=here");
    let cli = house
        .cli()
        .env("AWS_ACCESS_KEY_ID", "id")
        .env("AWS_SECRET_ACCESS_KEY", "very-secret");
    let refused = cli.run(&["destination", "add", "cloud", &url, "--json"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains(&gone.to_string()), "{refused:?}");
    assert!(
        !refused.stderr.contains("very-secret"),
        "no key in a message"
    );
    assert_eq!(house.status()["destinations"], serde_json::json!([]));
}

#[test]
fn a_cloud_that_goes_away_is_told_and_nothing_counts_as_safe() {
    let Some(mut s3) = S3Server::start() else {
        return;
    };
    let house = House::new();
    let cli = s3
        .environment()
        .iter()
        .fold(house.cli(), |cli, (name, value)| cli.env(name, value));
    cli.json(&[
        "destination",
        "add",
        "cloud",
        &s3.destination("x"),
        "--json",
    ]);
    fill(&house, 85);
    s3.kill();
    let backup = house.cli().run(&["backup", "--json"]);
    assert_eq!(backup.code, Some(1), "{backup:?}");
    assert!(backup.stderr.contains("cloud"), "{backup:?}");
    let status = house.status();
    assert_eq!(number(&status, "safe"), 0);
    assert!(problems(&house).contains("cloud"), "{}", problems(&house));
    house.put(&Photos::new(86).next(1_000));
}

#[test]
fn a_repository_with_another_password_is_left_alone() {
    let house = House::new();
    let Some(restic) = restics().into_iter().next() else {
        return;
    };
    let theirs = house.path("theirs");
    let as_them = |arguments: &[&str]| {
        let mut command = Command::new(&restic);
        command
            .args(arguments)
            .arg("--repo")
            .arg(&theirs)
            .env("RESTIC_PASSWORD", "theirs");
        command
    };
    must(&mut as_them(&["init"]));
    let before = tree::hashes(&theirs).unwrap();
    let url = format!("file://{}", theirs.display());
    let refused = house
        .cli()
        .run(&["destination", "add", "disk", &url, "--json"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains(&theirs.display().to_string()),
        "{refused:?}"
    );
    assert_eq!(tree::hashes(&theirs).unwrap(), before);
    must(&mut as_them(&["check"]));
}

#[test]
fn an_unmounted_library_acknowledges_nothing_says_so_and_comes_back() {
    let house = House::new();
    let pictures = fill(&house, 87);
    let elsewhere = house.path("unplugged");
    fs::rename(house.library(), &elsewhere).unwrap();
    for mount_point_stays in [false, true] {
        if mount_point_stays {
            fs::create_dir(house.library()).unwrap();
        }
        let answer = house.try_put("new.jpg", b"new");
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        let status = house.status();
        assert!(
            status
                .to_string()
                .contains(&house.library().display().to_string()),
            "it names the folder: {status}"
        );
        assert!(!problems(&house).is_empty());
        if mount_point_stays {
            assert_eq!(
                tree::files(house.library()).unwrap(),
                [""; 0],
                "nothing is written beside the mount"
            );
            fs::remove_dir_all(house.library()).unwrap();
        }
    }
    let backup = house.cli().run(&["backup", "--json"]);
    assert_ne!(
        backup.code,
        Some(0),
        "without destinations or library: {backup:?}"
    );

    fs::rename(&elsewhere, house.library()).unwrap();
    house.put_as("new.jpg", b"new");
    assert_eq!(house.get(&pictures[3].name), pictures[3].bytes);
    assert_eq!(house.status()["problems"], serde_json::json!([]));
}

#[test]
fn an_unmounted_library_at_the_start_is_no_empty_library() {
    let mut house = House::new();
    fill(&house, 88);
    let photos = house.count("photos");
    assert!(house.server.stop().success());
    let elsewhere = house.path("unplugged");
    fs::rename(house.library(), &elsewhere).unwrap();
    fs::create_dir(house.library()).unwrap();
    // Serving without the library is as good as refusing to start; taking the empty folder for the library is not.
    if house.server.restart().is_ok() {
        assert_eq!(house.try_put("new.jpg", b"new").status, 503);
        assert_eq!(house.count("photos"), photos);
        house.server.kill();
    }
    assert!(!house.library().join(".safelight/library.json").exists());
    fs::remove_dir_all(house.library()).unwrap();
    fs::rename(&elsewhere, house.library()).unwrap();
    house.server.restart().unwrap();
    assert_eq!(house.count("photos"), photos);
    house.put_as("new.jpg", b"new");
}

#[test]
fn a_symbolic_link_in_the_library_leads_nobody_out() {
    let house = House::new();
    fs::create_dir_all(house.path("outside")).unwrap();
    std::os::unix::fs::symlink(house.path("outside"), house.library().join("2010")).unwrap();
    for picture in Photos::new(89).take(30, 500, 600) {
        house.try_put(&picture.name, &picture.bytes);
    }
    assert_eq!(house.count("photos"), 30);
}
