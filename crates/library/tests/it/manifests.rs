//! Manifests: what `sha256sum` reads, and what destinations must have.

use std::{fs, path::Path, process::Command};

use safelight_core::AssetId;
use safelight_library::{Library, NewDestination};

use crate::support::{Home, device, dp, filing, found, put, taken};

pub(crate) const MAY: &str = ".safelight/manifests/2024/05.sha256";

/// Runs the real `sha256sum -c`. Returns whether all was well, and what it said.
#[cfg(unix)]
pub(crate) fn sha256sum(root: &Path, manifest: &str) -> (bool, String) {
    let output = Command::new("sha256sum")
        .args(["--check", "--strict", manifest])
        .current_dir(root)
        .output()
        .unwrap();
    let said =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.success(), said)
}

fn text(home: &Home, manifest: &str) -> String {
    fs::read_to_string(home.root().join(manifest)).unwrap()
}

#[cfg(unix)]
#[test]
fn sha256sum_accepts_what_is_written() {
    let home = Home::new();
    let library = home.ready();
    for name in ["a.jpg", "b c.jpg", "日本 – ça.heic", "\\odd\n.jpg"] {
        let mut filing = found("x");
        filing.wish = name.to_owned();
        put(&library, name.as_bytes(), filing).unwrap();
    }
    let mut unknown = found("u.jpg");
    unknown.captured = None;
    put(&library, b"u", unknown).unwrap();
    library.flush_manifests().unwrap();
    put(&library, b"later", found("later.jpg")).unwrap();
    library.flush_manifests().unwrap();
    let (well, said) = sha256sum(&home.root(), MAY);
    assert!(well, "{said}");
    assert_eq!(said.matches(": OK").count(), 5, "{said}");
    assert!(sha256sum(&home.root(), ".safelight/manifests/unknown.sha256").0);
    fs::write(home.root().join("2024/05/a.jpg"), "rot").unwrap();
    assert!(!sha256sum(&home.root(), MAY).0);
}

#[test]
fn nothing_new_writes_nothing() {
    let home = Home::new();
    let library = home.ready();
    put(&library, b"a", found("a.jpg")).unwrap();
    library.flush_manifests().unwrap();
    let before = fs::metadata(home.root().join(MAY))
        .unwrap()
        .modified()
        .unwrap();
    put(&library, b"a", found("again.jpg")).unwrap();
    library.flush_manifests().unwrap();
    assert_eq!(
        fs::metadata(home.root().join(MAY))
            .unwrap()
            .modified()
            .unwrap(),
        before
    );
}

#[test]
fn a_torn_or_lost_manifest_is_written_anew() {
    let home = Home::new();
    let library = home.ready();
    put(&library, b"a", found("a.jpg")).unwrap();
    library.flush_manifests().unwrap();
    let whole = text(&home, MAY);
    for broken in [&whole[..whole.len() - 9], ""] {
        fs::write(home.root().join(MAY), broken).unwrap();
        put(&library, broken.as_bytes(), found("b.jpg")).unwrap();
        library.flush_manifests().unwrap();
        assert!(text(&home, MAY).starts_with(&whole), "{}", text(&home, MAY));
    }
    fs::remove_dir_all(home.root().join(".safelight/manifests/2024")).unwrap();
    put(&library, b"c", found("c.jpg")).unwrap();
    library.flush_manifests().unwrap();
    let lines = text(&home, MAY)
        .lines()
        .filter(|line| !line.starts_with('#'))
        .count();
    assert_eq!(lines, 4);
}

#[test]
fn a_rename_shows_in_the_manifest() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    put(&library, b"a", filing(phone, "a.tmp")).unwrap();
    library.flush_manifests().unwrap();
    library
        .move_entry(phone, &dp("a.tmp"), &dp("a.jpg"), false)
        .unwrap();
    library.flush_manifests().unwrap();
    let text = text(&home, MAY);
    assert!(
        text.contains("  2024/05/a.jpg\n") && !text.contains("a.tmp"),
        "{text}"
    );
    assert!(text.contains("\"name\":\"a.jpg\""), "{text}");
}

fn dirty(library: &Library, destination: safelight_core::DestinationId) -> Vec<String> {
    library.dirty_manifests(destination).unwrap()
}

#[test]
fn a_destination_gets_each_manifest_that_has_changed_since_it_was_listed() {
    let home = Home::new();
    let library = home.ready();
    put(&library, b"a", found("a.jpg")).unwrap();
    library.flush_manifests().unwrap();
    let cloud = library
        .add_destination(NewDestination {
            name: "cloud",
            url: "",
            repository_id: "",
        })
        .unwrap()
        .id;
    let marker = ".safelight/library.json".to_owned();
    let first = dirty(&library, cloud);
    assert_eq!(first, [marker, MAY.to_owned()]);
    // Changed after it was listed: what was stored is the version before.
    put(&library, b"b", found("b.jpg")).unwrap();
    library.flush_manifests().unwrap();
    library.manifests_stored(cloud, &first).unwrap();
    assert_eq!(dirty(&library, cloud), [MAY]);
    library.manifests_stored(cloud, &[MAY.to_owned()]).unwrap();
    assert!(dirty(&library, cloud).is_empty());
    let mut other = found("c.jpg");
    other.captured = Some(taken(2023, 1, 1));
    put(&library, b"c", other).unwrap();
    library.flush_manifests().unwrap();
    assert_eq!(
        dirty(&library, cloud),
        [".safelight/manifests/2023/01.sha256"]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn folders_that_differ_only_in_case_have_each_their_lines() {
    let home = Home::new();
    let library = home.ready();
    for (folder, bytes) in [("Holiday", "1"), ("holiday", "2")] {
        fs::create_dir(home.root().join(folder)).unwrap();
        fs::write(home.root().join(format!("{folder}/{bytes}.jpg")), bytes).unwrap();
    }
    let look = || {
        library
            .reconcile(&crate::support::described, &mut |_| {})
            .unwrap();
        library.flush_manifests().unwrap();
    };
    look();
    // One is written anew while the other has a line due.
    fs::rename(
        home.root().join("Holiday/1.jpg"),
        home.root().join("Holiday/3.jpg"),
    )
    .unwrap();
    fs::write(home.root().join("holiday/4.jpg"), "4").unwrap();
    look();
    for (manifest, photo) in [
        (".safelight/manifests/Holiday.sha256", "  Holiday/3.jpg\n"),
        (".safelight/manifests/holiday.sha256", "  holiday/4.jpg\n"),
    ] {
        assert!(text(&home, manifest).ends_with(photo), "{manifest}");
    }
}

#[test]
fn more_lines_than_one_batch_are_all_written() {
    let home = Home::new();
    let library = home.ready();
    // Rows enough for several batches, without as many uploads: what matters here is the listing.
    let catalogue = rusqlite::Connection::open(home.data().join("catalogue.sqlite")).unwrap();
    catalogue
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
             INSERT INTO asset (hash, size, kind, path, folder_key, name_key, original_name, modified, added_at)
             SELECT randomblob(32), 1, 'photo', '2024/05/' || i || '.jpg', '2024/05', i || '.jpg', i || '.jpg', 0, 0 FROM n;
             INSERT INTO manifest_line_due SELECT id FROM asset;",
        )
        .unwrap();
    drop(catalogue);
    library.flush_manifests().unwrap();
    let count = || {
        text(&home, MAY)
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count()
    };
    assert_eq!(count(), 9000);
    put(&library, b"one more", found("more.jpg")).unwrap();
    library.flush_manifests().unwrap();
    assert_eq!(count(), 9001);
    assert_eq!(
        library.assets_after(AssetId(0), 10_000).unwrap().len(),
        9001
    );
}
