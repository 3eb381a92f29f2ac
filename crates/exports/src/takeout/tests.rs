//! The rules of naming, with the names that real exports have.

use jiff::{Timestamp, tz::TimeZone};
use safelight_core::{AlbumName, Remarks, TimeSource};

use super::{Fate, Json, Judged, Sidecar, Takeout};
use crate::label::Label;

fn label(path: &str) -> Label {
    Label::new(path).unwrap()
}

/// A Takeout of photos and of JSON files, each with its photo's title and its own number as the second when it was taken.
fn takeout(photos: &[&str], jsons: &[(&str, &str)]) -> Judged {
    let mut takeout = Takeout::default();
    for path in photos {
        takeout.file(&label(path));
    }
    for (number, (path, title)) in (1..).zip(jsons) {
        let sidecar = Sidecar {
            title: (*title).to_owned(),
            taken: Timestamp::from_second(1_600_000_000 + number).ok(),
            ..Sidecar::default()
        };
        takeout.json(&label(path), Json::Sidecar(sidecar));
    }
    takeout.judge()
}

fn remarks(judged: &Judged, file: usize) -> Remarks {
    match judged.fate(file, &TimeZone::UTC) {
        Fate::Brought(remarks) => remarks,
        other => panic!("{file}: {other:?}"),
    }
}

/// The number of the JSON that a photo got, counted from 1; 0 for none.
fn paired(judged: &Judged, file: usize) -> i64 {
    remarks(judged, file).captured.map_or(0, |taken| {
        taken.instant(&TimeZone::UTC).unwrap().as_second() - 1_600_000_000
    })
}

#[test]
fn a_photo_finds_the_json_that_is_named_after_it() {
    let long = "Backyard_ceremony_wedding_photography_xxxxxxx_";
    let faces = "😀😃😄😁😆😅😂🤣🥲☺️😊😇🙂🙃😉😌😍🥰😘😗😙😚😋";
    for (photo, json, title) in [
        (
            "IMG_1.jpg",
            "IMG_1.jpg.supplemental-metadata.json",
            "IMG_1.jpg",
        ),
        ("IMG_1.jpg", "IMG_1.jpg.json", "IMG_1.jpg"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-me.json", "IMG_1.jpg"),
        ("IMG_1.jpg", "IMG_1.jpg.s.json", "IMG_1.jpg"),
        ("IMG_1.jpg", "IMG_1.jpg..json", "IMG_1.jpg"),
        (
            "IMG_1(1).jpg",
            "IMG_1.jpg.supplemental-metadata(1).json",
            "IMG_1.jpg",
        ),
        ("DSC_0101(1).JPG", "DSC_0101.JPG(1).json", "DSC_0101.JPG"),
        // The number is the photo's own.
        (
            "IMG_1(1).jpg",
            "IMG_1(1).jpg.supplemental-metadata.json",
            "IMG_1(1).jpg",
        ),
        (
            "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGINA.jpg",
            "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGIN.json",
            "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGINAL.jpg",
        ),
        (
            "05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jpg",
            "05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jp.json",
            "05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jpg",
        ),
        (
            "13039_327707840323_537645323_9470255_27214_n(1).jpg",
            "13039_327707840323_537645323_9470255_27214_n.j(1).json",
            "13039_327707840323_537645323_9470255_27214_n.jpg",
        ),
        (
            "Screenshot_20231027_123303_Facebook.jpg",
            "Screenshot_20231027_123303_Facebook.jpg.supple.json",
            "Screenshot_20231027_123303_Facebook.jpg",
        ),
        (
            &format!("{long}m(494).jpg"),
            &format!("{long}(494).json"),
            &format!("{long}magnoliastudios-371.jpg"),
        ),
        // Cut by UTF-16 units.
        (
            &format!("{faces}😛.jpg"),
            &format!("{faces}.json"),
            &format!("{faces}😛😝.jpg"),
        ),
        // Uploaded without an extension.
        ("scan 7.jpg", "scan 7.supplemental-metadata.json", "scan 7"),
        // Spelled with another Unicode form.
        ("Cafe\u{301}.jpg", "Caf\u{e9}.jpg.json", "Caf\u{e9}.jpg"),
        // Characters that a file's name cannot have.
        (
            "What_s this_ A very long name of a photograph_ .jpg",
            "What_s this_ A very long name of a photograph_.json",
            "What's this? A very long name of a photograph? Yes.jpg",
        ),
        // Edited, in some languages, also if the edited one is of another format.
        (
            "IMG_1-edited.jpg",
            "IMG_1.jpg.supplemental-metadata.json",
            "IMG_1.jpg",
        ),
        (
            "IMG_1-bearbeitet.jpg",
            "IMG_1.HEIC.supplemental-metadata.json",
            "IMG_1.HEIC",
        ),
        ("IMG_1-modifie\u{301}.jpg", "IMG_1.jpg.json", "IMG_1.jpg"),
        ("IMG_1-ha editado.jpg", "IMG_1.jpg.json", "IMG_1.jpg"),
        ("IMG_1-edited(2).jpg", "IMG_1.jpg(2).json", "IMG_1.jpg"),
        (
            "IMG_1(2)-edited.jpg",
            "IMG_1.jpg.supplemental-metadata(2).json",
            "IMG_1.jpg",
        ),
        (
            "Screenshot_20231027_123303_abcdefghi.klmnop-edi.jpg",
            "Screenshot_20231027_123303_abcdefghi.klmnop.jp.json",
            "Screenshot_20231027_123303_abcdefghi.klmnop.jpg",
        ),
        // Live and Motion Photos.
        (
            "IMG_2.MP4",
            "IMG_2.HEIC.supplemental-metadata.json",
            "IMG_2.HEIC",
        ),
        ("IMG_2(1).MOV", "IMG_2.HEIC(1).json", "IMG_2.HEIC"),
        (
            "PXL_2.MP",
            "PXL_2.MP.jpg.supplemental-metadata.json",
            "PXL_2.MP.jpg",
        ),
        ("PXL_2.MP~2", "PXL_2.MP~2.jpg.json", "PXL_2.MP~2.jpg"),
    ] {
        let judged = takeout(&[photo], &[("other.jpg.json", "other.jpg"), (json, title)]);
        assert_eq!(paired(&judged, 0), 2, "{photo} and {json}");
        assert_eq!(judged.without_photo(), ["other.jpg.json"]);
    }
}

#[test]
fn a_wrong_date_is_worse_than_none() {
    let long = "A very long name of a photograph of the summer of";
    for (photo, json, title) in [
        ("IMG_1(1).jpg", "IMG_1.jpg.json", "IMG_1.jpg"),
        ("IMG_1.jpg", "IMG_1.jpg(1).json", "IMG_1.jpg"),
        ("IMG_1(1).jpg", "IMG_1.jpg(2).json", "IMG_1.jpg"),
        ("IMG_1-edited(1).jpg", "IMG_1.jpg.json", "IMG_1.jpg"),
        ("IMG_1.jpg", "IMG_10.jpg.json", "IMG_10.jpg"),
        ("IMG_10.jpg", "IMG_1.jpg.json", "IMG_1.jpg"),
        ("IMG_1.png", "IMG_1.jpg.json", "IMG_1.jpg"),
        // A word of no language of ours.
        ("party-beach.jpg", "party.jpg.json", "party.jpg"),
        // A word that begins like one, of a name that was not cut.
        ("party-ed.jpg", "party.jpg.json", "party.jpg"),
        // A video is no still's video because its name is cut like the still's.
        ("IMG_2.MP4", "IMG_3.HEIC.json", "IMG_3.HEIC"),
        ("IMG_2.MP4", "IMG_2.MOV.json", "IMG_2.MOV"),
        // The same beginning, and another title.
        (
            &format!("{} 2019.jpg", &long[..42]),
            &format!("{}.json", &long[..46]),
            "another.jpg",
        ),
        // A title is not the photo's because it begins like it.
        ("scan.jpg", "scan.json", "scan 7"),
        ("-edited.jpg", ".jpg.json", ".jpg"),
    ] {
        let judged = takeout(&[photo], &[(json, title)]);
        assert_eq!(paired(&judged, 0), 0, "{photo} and {json}");
        assert_eq!(judged.without_photo(), [json]);
    }
}

#[test]
fn two_that_fit_equally_well_are_none_unless_they_say_the_same() {
    let judged = takeout(
        &["IMG_2.MP4"],
        &[
            ("IMG_2.HEIC.json", "IMG_2.HEIC"),
            ("IMG_2.JPG.json", "IMG_2.JPG"),
        ],
    );
    assert_eq!(paired(&judged, 0), 0);
    let mut takeout = Takeout::default();
    takeout.file(&label("a.jpg"));
    let sidecar = Sidecar {
        taken: Timestamp::from_second(1_600_000_001).ok(),
        ..Sidecar::default()
    };
    // The same file in two parts.
    for _ in 0..2 {
        takeout.json(&label("a.jpg.json"), Json::Sidecar(sidecar.clone()));
    }
    let judged = takeout.judge();
    assert_eq!(paired(&judged, 0), 1);
    assert!(judged.without_photo().is_empty());
}

#[test]
fn only_the_own_folder_counts() {
    let judged = takeout(
        &["Photos from 2023/IMG_1.jpg", "Summer/IMG_1.jpg"],
        &[("Summer/IMG_1.jpg.json", "IMG_1.jpg")],
    );
    assert_eq!((paired(&judged, 0), paired(&judged, 1)), (0, 1));
    // The one with the date comes first.
    assert_eq!(judged.order(), [1, 0]);
}

#[test]
fn albums_are_the_folders_that_say_so() {
    let mut takeout = Takeout::default();
    for (folder, title) in [
        ("Photos from 2023", Some("Photos from 2023")),
        ("Fotos von 2023", Some("Fotos von 2023")),
        ("Sommer(1)", Some("Sommer ☀")),
        ("Untitled", Some("")),
        ("2015-05-04", Some("2015-05-04")),
        ("Archive", None),
    ] {
        let folder = format!("Takeout/Google Photos/{folder}");
        takeout.file(&label(&format!("{folder}/a.jpg")));
        if let Some(title) = title {
            let json = Json::Album(AlbumName::new(title));
            takeout.json(&label(&format!("{folder}/métadonnées.json")), json);
        }
    }
    let judged = takeout.judge();
    let albums: Vec<_> = (0..6)
        .map(|file| {
            let remarks = remarks(&judged, file);
            remarks
                .albums
                .iter()
                .map(|album| album.as_str().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(albums[2], ["Sommer ☀"]);
    assert_eq!(albums.iter().flatten().count(), 1, "{albums:?}");
}

#[test]
fn what_was_thrown_away_or_is_another_services_is_told_apart() {
    let mut takeout = Takeout::default();
    for path in [
        "Takeout/Google Photos/Photos from 2023/a.jpg",
        "Takeout/Google Photos/Trash/b.jpg",
        "Takeout/Google Photos/Photos from 2023/c.jpg",
        "Takeout/Drive/d.jpg",
        "Photos of Anna/Bin/e.jpg",
    ] {
        takeout.file(&label(path));
    }
    let trashed = Sidecar {
        trashed: true,
        ..Sidecar::default()
    };
    takeout.json(
        &label("Takeout/Google Photos/Photos from 2023/c.jpg.json"),
        Json::Sidecar(trashed),
    );
    assert!(takeout.has_photos());
    let judged = takeout.judge();
    let fates: Vec<_> = (0..5)
        .map(|file| judged.fate(file, &TimeZone::UTC))
        .collect();
    assert_eq!(
        fates,
        [
            Fate::Brought(Remarks::default()),
            Fate::ThrownAway,
            Fate::ThrownAway,
            Fate::OfService("Drive".to_owned()),
            Fate::Brought(Remarks::default()),
        ]
    );
}

#[test]
fn a_time_becomes_local_where_the_household_is() {
    let judged = takeout(&["a.jpg"], &[("a.jpg.json", "a.jpg")]);
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    let Fate::Brought(remarks) = judged.fate(0, &zone) else {
        panic!("it is brought in");
    };
    let captured = remarks.captured.unwrap();
    assert_eq!(captured.local.to_string(), "2020-09-13T14:26:41");
    assert_eq!(captured.source, TimeSource::Sidecar);
}

#[test]
fn more_of_one_name_than_anybody_has_are_not_told_apart() {
    let judged = takeout(&["a.jpg"; 20_000], &[("a.jpg.json", "a.jpg"); 20_000]);
    assert_eq!(paired(&judged, 19_999), 0);
}

#[test]
fn an_album_that_has_only_the_json_is_found_again_by_title_and_time() {
    let sidecar = |second: i64| Sidecar {
        title: "IMG_1.jpg".to_owned(),
        taken: Timestamp::from_second(second).ok(),
        ..Sidecar::default()
    };
    let mut takeout = Takeout::default();
    takeout.file(&label("Photos from 2020/IMG_1.jpg"));
    takeout.file(&label("Photos from 2020/IMG_1-edited.jpg"));
    for (path, second) in [
        ("Photos from 2020/IMG_1.jpg.json", 1_600_000_000),
        ("Summer/IMG_1.jpg.json", 1_600_000_000),
        ("Winter/IMG_1.jpg.json", 1_600_000_009),
    ] {
        takeout.json(&label(path), Json::Sidecar(sidecar(second)));
    }
    for album in ["Summer", "Winter"] {
        let json = Json::Album(AlbumName::new(album));
        takeout.json(&label(&format!("{album}/metadata.json")), json);
    }
    let judged = takeout.judge();
    for file in 0..2 {
        let remarks = remarks(&judged, file);
        let albums: Vec<_> = remarks.albums.iter().map(AlbumName::as_str).collect();
        assert_eq!(albums, ["Summer"]);
    }
    assert_eq!(judged.without_photo(), ["Winter/IMG_1.jpg.json"]);
}
