//! The command line's contract: one JSON document, exit codes, with a server beside it and without one.

use std::{fs, process::Command};

use safelight_testkit::{Cli, Photos, Server, tree};

use crate::house::{House, binary, number};

#[test]
fn a_first_run_needs_no_wizard() {
    let house = House::new();
    let status = house.status();
    for name in ["photos", "bytes", "home_verified", "safe", "not_yet_safe"] {
        assert_eq!(number(&status, name), 0, "{name}");
    }
    assert_eq!(status["destinations"], serde_json::json!([]));
    assert_eq!(status["problems"], serde_json::json!([]));
    assert!(house.library().join(".safelight/library.json").is_file());
}

#[test]
fn every_command_works_without_a_server_too() {
    let mut house = House::new();
    let picture = Photos::new(51).next(20_000);
    house.put(&picture);
    assert!(house.server.stop().success(), "{}", house.server.printed());
    let cli = house.cli();

    let device = cli.json(&["device", "add", "Tablet", "--json"]);
    assert!(
        device["webdav_url"].as_str().unwrap().contains("/dav"),
        "{device}"
    );
    assert_eq!(number(&house.status(), "photos"), 1);
    let url = format!("file://{}", house.path("offsite").display());
    cli.json(&["destination", "add", "disk", &url, "--json"]);
    cli.json(&["backup", "--json"]);
    assert_eq!(number(&house.status(), "safe"), 1);
    cli.json(&["verify", "--json"]);
    let to = house.path("back");
    cli.json(&["restore", "--to", to.to_str().unwrap(), "--json"]);
    let back = tree::hashes(&to).unwrap();
    assert_eq!(
        back.into_values().collect::<Vec<_>>(),
        [tree::hash(&picture.bytes)]
    );
    assert_eq!(
        cli.json(&["kit", "--json"])["password"]
            .as_str()
            .map(str::is_empty),
        Some(false)
    );
    let settings = ["settings", "--silent-days", "3", "--json"];
    assert_eq!(
        cli.json(&settings),
        serde_json::json!({ "silent_days": 3, "folders": "{YYYY}/{MM}" })
    );
    cli.ok(&["rebuild"]);
    assert_eq!(number(&house.status(), "photos"), 1);

    house.server.restart().unwrap();
    assert_eq!(
        house.get(&picture.name),
        picture.bytes,
        "the phone's own tree outlives a rebuild"
    );
}

#[test]
fn words_for_people_go_to_standard_error_when_json_is_asked_for() {
    let house = House::new();
    house.put(&Photos::new(52).next(20_000));
    let url = format!("file://{}", house.path("offsite").display());
    house
        .cli()
        .json(&["destination", "add", "disk", &url, "--json"]);
    // Anything beside the one document would be refused here.
    let backup = house.cli().json(&["backup", "--json"]);
    assert!(backup.is_object(), "{backup}");
    let status = house.cli().ok(&["status"]);
    assert!(
        status.stdout.contains("safe") || status.stderr.contains("safe"),
        "{status:?}"
    );
}

#[test]
fn mistakes_on_the_command_line_are_told_and_end_badly() {
    let house = House::new();
    for arguments in [
        &["backup", "--destination", "nowhere"][..],
        &["restore", "--to", "/dev/null/impossible"],
        &["kit", "--destination", "nowhere"],
        &["destination", "add", "odd", "gopher://example.invalid/x"],
        &["destination", "add", "odd", "not a url"],
        &["device", "add", ""],
    ] {
        let ended = house.cli().run(arguments);
        assert!(
            matches!(ended.code, Some(1 | 2)),
            "{arguments:?}: {ended:?}"
        );
        assert!(!ended.stderr.trim().is_empty(), "{arguments:?} says why");
        assert!(
            !ended.stderr.contains("panicked"),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
    let named = house.cli().run(&["backup", "--destination", "nowhere"]);
    assert!(named.stderr.contains("nowhere"), "{named:?}");
    assert_eq!(house.status()["destinations"], serde_json::json!([]));
}

#[test]
fn the_same_name_for_two_destinations_is_refused() {
    let house = House::new();
    let url = |name: &str| format!("file://{}", house.path(name).display());
    house
        .cli()
        .json(&["destination", "add", "disk", &url("one"), "--json"]);
    let again = house
        .cli()
        .run(&["destination", "add", "disk", &url("two"), "--json"]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("disk"), "{again:?}");
}

#[test]
fn a_data_folder_has_one_master() {
    let house = House::new();
    let second = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(house.server.data())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8_lossy(&second.stderr);
    let data = house.server.data().display().to_string();
    assert!(said.contains(&data), "it names the folder: {said}");
    house.put(&Photos::new(53).next(1_000));
}

#[test]
fn the_library_cannot_lie_in_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let refused = Server::start(binary(), &data, &data.join("photos"));
    assert!(refused.is_err());
    assert!(
        refused.unwrap_err().contains("photos"),
        "it names the folder"
    );
}

#[test]
fn a_restart_forgets_nothing() {
    let mut house = House::new();
    let pictures = Photos::new(54).take(5, 1_000, 50_000);
    for picture in &pictures {
        house.put(picture);
    }
    assert!(house.server.stop().success());
    assert!(
        !house.server.data().join("control.json").exists(),
        "a stopped server leaves no address behind"
    );
    house.server.restart().unwrap();
    for picture in &pictures {
        assert_eq!(house.get(&picture.name), picture.bytes);
    }
}

#[test]
fn secrets_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    let mode = |path: &str| {
        let path = house.server.data().join(path);
        fs::metadata(&path)
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(""), 0o700);
    assert_eq!(mode("control.json"), 0o600);
}

#[test]
fn help_and_version_are_there() {
    let folder = tempfile::tempdir().unwrap();
    for word in ["--help", "--version"] {
        let output = Command::new(binary()).arg(word).output().unwrap();
        assert!(
            output.status.success() && !output.stdout.is_empty(),
            "{word}"
        );
    }
    let unknown = Cli::new(binary(), folder.path()).run(&["no-such-command"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
}

#[test]
fn the_household_is_managed_with_a_server_and_without_one() {
    let mut house = House::new();
    let anna = house.cli().json(&["person", "add", "Anna", "--json"]);
    assert_eq!(anna["folder"], "Anna");
    assert!(!anna["password"].as_str().unwrap().is_empty());
    let words = ["device", "add", "hers", "--person", "anna", "--json"];
    let device = house.cli().json(&words);
    let mut script = house
        .server
        .client()
        .bearer(device["token"].as_str().unwrap());
    let answer = script.send(
        "PUT",
        "/upload/x.jpg",
        &[("X-OC-Mtime", "1700000000")],
        b"x",
    );
    assert_eq!(answer.unwrap().status, 201);
    assert!(house.library().join("Anna/2023/11/x.jpg").is_file());
    let status = house.status();
    let hers = status["devices"]
        .as_array()
        .unwrap()
        .iter()
        .find(|device| device["name"] == "hers")
        .unwrap();
    assert_eq!(hers["person"], "Anna");
    for (name, expected) in [("photos", 1), ("not_yet_safe", 1), ("releasable", 0)] {
        assert_eq!(number(hers, name), expected, "{name}");
    }
    assert!(hers["last_seen_at"].is_string() && hers["oldest_not_yet_safe_at"].is_string());

    assert!(house.server.stop().success(), "{}", house.server.printed());
    let cli = house.cli();
    cli.ok(&[
        "device",
        "set",
        "hers",
        "--acknowledge",
        "offsite",
        "--tell-silence",
        "off",
    ]);
    let problems = house.status()["problems"].clone();
    assert_eq!(problems[0]["kind"], "no-destination", "{problems}");
    cli.ok(&["person", "rename", "Anna", "Anne"]);
    cli.ok(&["person", "reset", "anne"]);
    let people = cli.json(&["person", "list", "--json"]);
    assert_eq!(people["people"][1]["name"], "Anne");
    cli.ok(&["rebuild"]);
    let people = cli.json(&["person", "list", "--json"]);
    assert_eq!(number(&people["people"][1], "photos"), 1);
    cli.ok(&["device", "remove", "hers"]);
    cli.ok(&["person", "remove", "Anne"]);
    assert_eq!(cli.run(&["person", "remove", "Anne"]).code, Some(1));
}

#[test]
fn dates_are_put_right_with_a_server_and_without_one() {
    let mut house = House::new();
    let picture = Photos::new(57).next(20_000);
    house.put(&picture);
    let place = format!("{}/{}", picture.folder(), picture.name);
    let file = house.library().join(&place);
    let right = ["correct", &place, "--set", "2011-02-03 04:05:06Z", "--json"];
    let preview = house.cli().json(&[&right[..], &["--dry-run"]].concat());
    assert_eq!(preview["id"], serde_json::Value::Null);
    assert_eq!(preview["changes"][0]["after"], "2011-02-03T04:05:06+00:00");
    let done = house.cli().json(&right);
    assert_eq!((number(&done, "photos"), number(&done, "id")), (1, 1));
    assert!(house.server.stop().success(), "{}", house.server.printed());
    let modified = || jiff::Timestamp::try_from(fs::metadata(&file).unwrap().modified().unwrap());
    assert_eq!(modified().unwrap().to_string(), "2011-02-03T04:05:06Z");
    assert_eq!(fs::read(&file).unwrap(), picture.bytes);

    let cli = house.cli();
    let later = cli.ok(&["correct", &place, "--shift", "-1h 5m"]);
    assert!(later.stdout.contains("2011-02-03T03:00:06"), "{later:?}");
    assert_eq!(modified().unwrap().to_string(), "2011-02-03T03:00:06Z");
    // The catalogue is lost; the folder has it all.
    fs::remove_file(house.path("data/catalogue.sqlite")).unwrap();
    cli.ok(&["rebuild", "--library", house.library().to_str().unwrap()]);
    let back = cli.json(&["correct", &place, "--reset", "--json"]);
    assert_eq!(back["changes"][0]["before"], "2011-02-03T03:00:06+00:00");
    assert_eq!(modified().unwrap(), picture.instant());
    cli.ok(&["correct", "--undo", "1"]);
    let list = cli.json(&["correct", "--list", "--json"]);
    assert!(list["corrections"][0]["undone_at"].is_string(), "{list}");
    for wrong in [
        &["correct", &place][..],
        &["correct", "--shift", "+1h"],
        &["correct", &place, "--shift", "soon"],
        &["correct", &place, "--set", "2011-02-03", "--reset"],
        &["correct", &place, "--camera-zone", "Europe/Rome", "--reset"],
        &["correct", "2011/13/nothing.jpg", "--reset"],
        &["correct", "--undo", "99"],
    ] {
        let ended = cli.run(wrong);
        assert!(matches!(ended.code, Some(1 | 2)), "{wrong:?}: {ended:?}");
        assert!(!ended.stderr.contains("panicked"), "{wrong:?}: {ended:?}");
    }
}
