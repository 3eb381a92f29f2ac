//! `safelight inspect`: one object a file, without a data folder and without a server.

use std::{fs, path::Path, process::Command};

use safelight_testkit::Photos;
use serde_json::Value;

use crate::house::binary;

/// Runs it in a folder; answers the exit code and what it printed.
fn inspect(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let ended = Command::new(binary())
        .arg("inspect")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    (
        ended.status.code(),
        String::from_utf8(ended.stdout).unwrap(),
    )
}

fn json(printed: &str) -> Value {
    serde_json::from_str(printed).unwrap()
}

#[test]
fn a_file_is_an_object_and_a_folder_is_an_array() {
    let folder = tempfile::tempdir().unwrap();
    let picture = Photos::new(71).next(20_000);
    fs::write(folder.path().join("a.jpg"), &picture.bytes).unwrap();
    fs::create_dir_all(folder.path().join("deep/er")).unwrap();
    fs::write(
        folder.path().join("deep/er/IMG-20240531-WA0001.heic"),
        b"<html>",
    )
    .unwrap();
    fs::create_dir(folder.path().join(".safelight")).unwrap();
    fs::write(folder.path().join(".safelight/library.json"), b"{}").unwrap();

    let (code, printed) = inspect(folder.path(), &["a.jpg", "--json"]);
    assert_eq!(code, Some(0));
    let one = json(&printed);
    assert_eq!(one["path"], "a.jpg");
    assert_eq!(one["kind"], "photo");
    assert_eq!(one["mime"], "image/jpeg");
    assert_eq!(one["problems"], serde_json::json!([]));
    assert_eq!(one["rotation"], 0);
    assert!(
        one["width"].as_u64().is_some_and(|width| width > 0),
        "{one}"
    );
    assert!(one["content_id"].is_null());

    let (code, printed) = inspect(folder.path(), &[".", "--json"]);
    assert_eq!(code, Some(0));
    let all = json(&printed);
    let all = all.as_array().unwrap();
    assert_eq!(
        all.len(),
        2,
        "the library's own files are no photos: {all:?}"
    );
    let lying = &all[1];
    assert_eq!(lying["kind"], "other");
    assert_eq!(lying["capture_time"], "2024-05-31");
    assert_eq!(lying["time_source"], "file-name");
    assert_eq!(lying["time_confidence"], "low");
    assert!(lying["utc_offset"].is_null());
    assert!(lying["problems"][0].as_str().unwrap().contains(".heic"));

    let (_, words) = inspect(folder.path(), &["a.jpg"]);
    assert!(words.starts_with("a.jpg\n  photo, image/jpeg, "), "{words}");
}

#[test]
fn what_an_offset_follows_from_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let packet = b"http://ns.adobe.com/xap/1.0/\0<x exif:DateTimeOriginal='2024-07-20T12:00:00' exif:GPSLatitude='52.52' exif:GPSLongitude='13.40'/>";
    let length = u16::try_from(packet.len() + 2).unwrap().to_be_bytes();
    let photo = [b"\xFF\xD8\xFF\xE1", &length[..], packet, b"\xFF\xD9"].concat();
    fs::write(folder.path().join("berlin.jpg"), photo).unwrap();
    let berlin = json(&inspect(folder.path(), &["berlin.jpg", "--json"]).1);
    assert_eq!(berlin["capture_time"], "2024-07-20T12:00:00");
    assert_eq!(berlin["utc_offset"], "+02:00");
    assert_eq!(berlin["utc_offset_source"], "position");
    let (_, words) = inspect(folder.path(), &["berlin.jpg"]);
    assert!(words.contains(" +02:00 by the place (by xmp"), "{words}");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let picture = Photos::new(72).next(20_000);
    fs::write(folder.path().join("a.jpg"), &picture.bytes).unwrap();
    let (code, printed) = inspect(folder.path(), &["gone.jpg", "a.jpg", "--json"]);
    assert_eq!(code, Some(3));
    let all = json(&printed);
    assert_eq!(all[0]["path"], "gone.jpg");
    assert!(all[0]["problems"][0].as_str().unwrap().contains("found"));
    assert_eq!(all[1]["kind"], "photo");
}
