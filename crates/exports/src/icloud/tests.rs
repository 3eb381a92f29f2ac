//! Which row is a photo's, with names that repeat.

use jiff::{Timestamp, tz::TimeZone};
use safelight_core::{AlbumName, Remarks};

use super::{Detail, Fate, ICloud, Judged, Table, fingerprint};
use crate::label::Label;

const PART: &str = "iCloud Photos Part 1 of 2/Photos";
const OTHER: &str = "iCloud Photos Part 2 of 2/Photos";
const DELETED: &str = "iCloud Photos Part 2 of 2/Recently Deleted";
const ALBUMS: &str = "iCloud Photos Part 1 of 2/Albums";

fn label(folder: &str, name: &str) -> Label {
    Label::new(&format!("{folder}/{name}")).unwrap()
}

/// A row of a photo that was taken in the second of this number.
fn row(name: &str, second: i64) -> Detail {
    Detail {
        name: name.to_owned(),
        checksum: "".into(),
        favourite: false,
        deleted: false,
        created: Timestamp::from_second(second).ok(),
    }
}

fn export(
    files: &[(&str, &str)],
    tables: &[(&str, &[Detail])],
    lists: &[(&str, &[&str])],
) -> Judged {
    let mut export = ICloud::default();
    for (folder, name) in files {
        export.file(label(folder, name));
    }
    for (folder, rows) in tables {
        export.table(
            &label(folder, "Photo Details.csv"),
            Table::Details(rows.to_vec()),
        );
    }
    for (list, names) in lists {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        export.table(&label(ALBUMS, list), Table::Names(names));
    }
    export.judge()
}

fn remarks(judged: &Judged, file: usize) -> Remarks {
    match judged.fate(file, None, &TimeZone::UTC) {
        Fate::Brought(remarks) => remarks,
        Fate::ThrownAway => panic!("{file} was thrown away"),
    }
}

/// The second when the photo was taken; 0 if nobody says.
fn second(judged: &Judged, file: usize) -> i64 {
    remarks(judged, file).captured.map_or(0, |taken| {
        taken.instant(&TimeZone::UTC).unwrap().as_second()
    })
}

#[test]
fn the_own_folders_table_comes_first() {
    let judged = export(
        &[
            (PART, "IMG_1.JPG"),
            (OTHER, "IMG_1.JPG"),
            (OTHER, "IMG_2.JPG"),
        ],
        &[
            (PART, &[row("IMG_1.JPG", 1), row("IMG_2.JPG", 2)]),
            (OTHER, &[row("IMG_1.JPG", 3)]),
        ],
        &[],
    );
    assert_eq!((second(&judged, 0), second(&judged, 1)), (1, 3));
    // The only one of its name, and the only row.
    assert_eq!(second(&judged, 2), 2);
}

#[test]
fn of_several_rows_the_checksum_decides_and_without_one_none_is_taken() {
    let with = |bytes: &[u8], second| Detail {
        checksum: fingerprint(bytes).unwrap().into(),
        ..row("IMG_1.JPG", second)
    };
    let judged = export(
        &[
            (PART, "IMG_1.JPG"),
            (PART, "IMG_2.JPG"),
            (PART, "IMG_3.JPG"),
        ],
        &[(
            PART,
            &[
                with(b"one", 1),
                with(b"two", 2),
                row("IMG_2.JPG", 5),
                row("IMG_2.JPG", 5),
                row("IMG_3.JPG", 7),
            ],
        )],
        &[],
    );
    assert!(judged.needs_fingerprint(0) && !judged.needs_fingerprint(1));
    assert_eq!(second(&judged, 0), 0);
    let two = fingerprint(&b"two"[..]).unwrap();
    let Fate::Brought(found) = judged.fate(0, Some(&two), &TimeZone::UTC) else {
        panic!("it is brought in");
    };
    assert_eq!(
        found.captured.unwrap().local.to_string(),
        "1970-01-01T00:00:02"
    );
    let other = fingerprint(&b"three"[..]).unwrap();
    assert_eq!(
        judged.fate(0, Some(&other), &TimeZone::UTC),
        Fate::Brought(Remarks::default())
    );
    // Two rows that say the same.
    assert_eq!((second(&judged, 1), second(&judged, 2)), (5, 7));
}

#[test]
fn rows_of_other_folders_are_not_guessed_at() {
    // Two files could have the one row, or two rows be the one file's.
    let judged = export(
        &[
            (PART, "IMG_1.JPG"),
            (OTHER, "IMG_1.JPG"),
            (OTHER, "IMG_2.JPG"),
        ],
        &[(
            "elsewhere",
            &[
                row("IMG_1.JPG", 1),
                row("IMG_2.JPG", 2),
                row("IMG_2.JPG", 3),
            ],
        )],
        &[],
    );
    for file in 0..3 {
        assert_eq!(second(&judged, file), 0);
        assert!(judged.needs_fingerprint(file));
    }
}

#[test]
fn what_was_deleted_is_known_by_its_folder_and_by_its_row() {
    let deleted = Detail {
        deleted: true,
        ..row("IMG_1.JPG", 2)
    };
    let alone = Detail {
        name: "IMG_9.JPG".to_owned(),
        ..deleted.clone()
    };
    let judged = export(
        &[
            (PART, "IMG_1.JPG"),
            (DELETED, "IMG_1.JPG"),
            (PART, "IMG_9.JPG"),
        ],
        &[(PART, &[row("IMG_1.JPG", 1), deleted, alone])],
        &[],
    );
    assert_eq!(second(&judged, 0), 1);
    for file in [1, 2] {
        assert_eq!(judged.fate(file, None, &TimeZone::UTC), Fate::ThrownAway);
    }
}

#[test]
fn a_live_photos_video_goes_with_its_picture() {
    let judged = export(
        &[
            (PART, "IMG_1.HEIC"),
            (PART, "IMG_1.MOV"),
            (PART, "IMG_2.MOV"),
            (OTHER, "IMG_1.MP4"),
        ],
        &[(PART, &[row("IMG_1.HEIC", 1)])],
        &[("Summer.csv", &["IMG_1.HEIC", "IMG_2.MOV"])],
    );
    assert_eq!(
        (0..4).map(|file| second(&judged, file)).collect::<Vec<_>>(),
        [1, 1, 0, 0]
    );
    let albums: Vec<_> = (0..4)
        .map(|file| remarks(&judged, file).albums.iter().len())
        .collect();
    assert_eq!(albums, [1, 1, 1, 0]);
}

#[test]
fn albums_have_names_only_and_favourites_are_none() {
    let judged = export(
        &[
            (PART, "IMG_1.JPG"),
            (OTHER, "IMG_1.JPG"),
            (PART, "Caf\u{e9}.JPG"),
            (DELETED, "Caf\u{e9}.JPG"),
        ],
        &[],
        &[
            (
                "Été 2019.csv",
                &["IMG_1.JPG", "Cafe\u{301}.JPG", "not there.jpg"],
            ),
            ("Favorites.csv", &["Café.JPG"]),
            ("Hidden.csv", &["Café.JPG"]),
        ],
    );
    let café = remarks(&judged, 2);
    assert!(café.favourite);
    assert_eq!(
        café
            .albums
            .iter()
            .map(AlbumName::as_str)
            .collect::<Vec<_>>(),
        ["Été 2019"]
    );
    assert_eq!(remarks(&judged, 0), Remarks::default());
    assert_eq!(judged.unclear_albums(), [("Été 2019".to_owned(), 1)]);
}

#[test]
fn more_of_one_name_than_anybody_has_are_not_told_apart() {
    let files = [(PART, "a.jpg"); 20_000];
    let rows: Vec<Detail> = (0..20_000).map(|second| row("a.jpg", second)).collect();
    let judged = export(
        &files,
        &[(PART, &rows)],
        &[("Album.csv", &["a.jpg"; 20_000])],
    );
    assert_eq!(remarks(&judged, 19_999), Remarks::default());
    assert!(!judged.needs_fingerprint(0));
}
