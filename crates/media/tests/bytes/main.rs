//! Files built by the tests, byte by byte: every container with every source of a capture time, and hostile ones.

#![expect(
    clippy::unwrap_used,
    reason = "a test whose own files cannot be built fails"
)]

mod build;
mod hostile;
mod looks;
mod movies;
mod offsets;
mod photos;
mod raws;
mod streams;
mod wholeness;

use std::io::Cursor;

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use safelight_core::{CaptureTime, TimeSource};
use safelight_media::{Facts, Hints, describe};

/// What is known of `bytes` alone, at a server two hours ahead of UTC.
fn facts(bytes: &[u8]) -> Facts {
    facts_named(bytes, "")
}

/// What is known of `bytes` with a name.
fn facts_named(bytes: &[u8], name: &str) -> Facts {
    describe(&mut Cursor::new(bytes), &hints(name, &zone()))
}

fn zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(2))
}

fn hints<'a>(name: &'a str, zone: &'a TimeZone) -> Hints<'a> {
    Hints {
        name,
        client_created: None,
        modified: None,
        zone,
        now: now(),
    }
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// A capture time in a line: local time, offset, source.
fn shown(captured: Option<CaptureTime>) -> String {
    captured.map_or_else(
        || "nobody knows".to_owned(),
        |CaptureTime {
             local,
             offset,
             source,
             ..
         }| {
            let offset = offset.map_or_else(|| "?".to_owned(), |offset| offset.to_string());
            format!("{local} {offset} {}", source.as_str())
        },
    )
}

#[test]
fn the_client_is_asked_before_the_modification_time_and_both_after_the_name() {
    let zone = zone();
    let client = Some("2024-05-31T22:30:00Z".parse().unwrap());
    let modified = Some("2025-01-01T00:00:00Z".parse().unwrap());
    let captured =
        |hints: &Hints<'_>| shown(describe(&mut Cursor::new(b"no photo"), hints).captured);

    let mut all = hints("20230102_030405.jpg", &zone);
    (all.client_created, all.modified) = (client, modified);
    assert_eq!(captured(&all), "2023-01-02T03:04:05 ? file-name");
    all.name = "IMG_0001.JPG";
    assert_eq!(captured(&all), "2024-06-01T00:30:00 +02 client");
    all.client_created = Some(Timestamp::UNIX_EPOCH);
    assert_eq!(captured(&all), "2025-01-01T02:00:00 +02 file-modified");
    all.modified = Some(Timestamp::UNIX_EPOCH);
    assert_eq!(captured(&all), "nobody knows");
}

#[test]
fn names_in_utc_are_placed_in_the_zone() {
    let name = "PXL_20240531_223000123.jpg";
    assert_eq!(
        shown(facts_named(b"", name).captured),
        "2024-06-01T00:30:00.123 +02 file-name"
    );
}

#[test]
fn a_name_is_believed_before_the_date_of_the_last_change_and_after_all_others() {
    let name = "IMG_20230102_030405.jpg";
    let modified = build::jpeg(&[build::exif_segment(&build::Exif {
        modified: Some("2024:01:01 00:00:00"),
        ..build::Exif::default()
    })]);
    assert_eq!(
        facts_named(&modified, name).captured.unwrap().source,
        TimeSource::FileName
    );
    assert_eq!(
        facts_named(&modified, "IMG_0001.JPG")
            .captured
            .unwrap()
            .source,
        TimeSource::ExifModified
    );
    assert_eq!(
        facts_named(&modified, "IMG-20230102-WA0001.jpg")
            .captured
            .unwrap()
            .source,
        TimeSource::ExifModified
    );
    let original = build::jpeg(&[build::exif_segment(&build::Exif::taken(
        "2024:01:01 00:00:00",
    ))]);
    assert_eq!(
        facts_named(&original, name).captured.unwrap().source,
        TimeSource::ExifOriginal
    );
}
