//! Real photos and videos: what we say about them is compared with what exiftool and their makers say.
//!
//! The corpus lies beside the project, or where `SAFELIGHT_CORPUS` says. Without it these tests say so, in a line
//! that begins with `NO CORPUS`, and test nothing; that is no failure anywhere.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its corpus fails"
)]

mod agreement;
mod oracle;

use std::{fs::File, path::Path};

use jiff::{
    Timestamp, Zoned,
    tz::{Offset, TimeZone},
};
use safelight_core::{MediaKind, Precision, TimeSource};
use safelight_media::{Facts, Hints, Problem, describe};
use safelight_testkit::corpus;
use serde_json::Value;

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Describes a file with nothing to go by but its bytes and its name, with UTC as the zone.
fn described(path: &Path) -> Facts {
    let hints = Hints {
        name: path.file_name().unwrap().to_str().unwrap(),
        client_created: None,
        modified: None,
        zone: &TimeZone::UTC,
        now: "2026-11-22T12:00:00Z".parse().unwrap(),
    };
    describe(&mut File::open(path).unwrap(), &hints)
}

#[test]
fn every_truth_about_the_synthetic_files_holds() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("synthetic");
    let truths = json(&folder.join("expected.json"));
    let (mut checked, mut wrong) = (0, Vec::new());
    for (name, truth) in truths.as_object().unwrap() {
        let local = truth.get("capture");
        let utc = truth.get("capture_utc").and_then(Value::as_str);
        if local.is_none() && utc.is_none() {
            continue;
        }
        checked += 1;
        let captured = described(&folder.join(name)).captured;
        let holds = match (local.and_then(Value::as_str), utc, captured) {
            (None, None, captured) => captured.is_none(),
            (_, Some(utc), Some(captured)) => {
                let instant: Timestamp = format!("{utc}Z").parse().unwrap();
                captured
                    .instant(&TimeZone::UTC)
                    .is_some_and(|found| found.as_second() == instant.as_second())
            }
            (Some(local), None, Some(captured)) => {
                let offset = truth.get("offset").and_then(Value::as_str);
                let to_the_day = local.len() == 10;
                captured.local.to_string().starts_with(local)
                    && to_the_day == (captured.precision == Precision::Day)
                    && offset.is_none_or(|offset| captured.offset == Some(self::offset(offset)))
            }
            (_, _, None) => false,
        };
        let from_name = truth.get("source").and_then(Value::as_str) == Some("filename");
        let source_holds =
            !from_name || captured.is_none_or(|captured| captured.source == TimeSource::FileName);
        if !holds || !source_holds {
            wrong.push(format!("{name}: {truth} but found {captured:?}"));
        }
    }
    assert!(checked >= 50, "Only {checked} truths were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Reads `+01:00`.
fn offset(text: &str) -> Offset {
    let zoned: Zoned = format!("2024-01-01T00:00{text}[{text}]").parse().unwrap();
    zoned.offset()
}

fn text<'a>(entry: &'a Value, tag: &str) -> &'a str {
    entry.get(tag).and_then(Value::as_str).unwrap_or_default()
}

/// Where exiftool 12.57 is mistaken: it knows neither AVIF sequences nor HEIF by its compatible brands.
const EXIFTOOL_IS_MISTAKEN: [&str; 3] = [
    "libavif/tests__data__colors-animated-8bpc-alpha-exif-xmp.avif",
    "libavif/tests__data__colors-animated-8bpc-depth-exif-xmp.avif",
    "nom-exif/testdata__compatible-brands.heic",
];

/// Files whose last part is missing, besides those that a fuzzer made.
const BROKEN_OFF: [&str; 3] = [
    "pillow_heif/tests__images__heif_corrupted__corrupted.hif",
    "pillow_heif/tests__images__heif_truncated__truncated.heic",
    "synthetic/broken/truncated_scan.jpg",
];

#[test]
fn every_other_truth_about_the_synthetic_files_holds() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("synthetic");
    let truths = json(&folder.join("expected.json"));
    let (mut checked, mut wrong) = (0, Vec::new());
    for (name, truth) in truths.as_object().unwrap() {
        let mut compare =
            |what: &str, expected: Option<String>, found: &dyn Fn(&Facts) -> String| {
                if let Some(expected) = expected {
                    checked += 1;
                    let found = found(&described(&folder.join(name)));
                    if found != expected {
                        wrong.push(format!("{name}: {what} is {expected} but found {found}"));
                    }
                }
            };
        let number = |what: &str| truth.get(what).and_then(Value::as_u64);
        let degrees = |orientation: u64| match orientation {
            3 => 180,
            6 => 90,
            8 => 270,
            _ => 0,
        };
        let rotation = number("rotation").or(number("orientation").map(degrees));
        compare(
            "rotation",
            rotation.map(|degrees| degrees.to_string()),
            &|facts| facts.orientation.degrees().to_string(),
        );
        let id = truth.get("content_id").and_then(Value::as_str);
        compare("the content id", id.map(str::to_owned), &|facts| {
            facts.content_id.clone().unwrap_or_default()
        });
        let place = |latitude: f64, longitude: f64| format!("{latitude:.3} {longitude:.3}");
        let gps = truth
            .get("gps")
            .map(|gps| place(gps[0].as_f64().unwrap(), gps[1].as_f64().unwrap()));
        compare("the place", gps, &|facts| {
            facts
                .place
                .map_or_else(String::new, |found| place(found.latitude, found.longitude))
        });
        let video = truth
            .get("video_offset")
            .map(|place| format!("{:?}", place.as_u64()));
        compare("the video's place", video, &|facts| {
            format!("{:?}", facts.motion_video)
        });
        let preview = truth.get("preview").map(|preview| {
            format!(
                "{:?} {:?}",
                preview["offset"].as_u64(),
                preview["len"].as_u64()
            )
        });
        compare("the preview", preview, &|facts| {
            format!(
                "{:?} {:?}",
                facts.preview.map(|preview| preview.offset),
                facts.preview.map(|preview| preview.len)
            )
        });
        let sides = truth.get("raw_dims").map(|sides| {
            let mut sides = [sides[0].as_u64().unwrap(), sides[1].as_u64().unwrap()];
            if rotation.unwrap_or(0) % 180 != 0 {
                sides.reverse();
            }
            format!("{}x{}", sides[0], sides[1])
        });
        compare("the size", sides, &|facts| {
            facts.size.map_or_else(String::new, |size| {
                format!("{}x{}", size.width, size.height)
            })
        });
        let suspicious = truth
            .get("note")
            .and_then(Value::as_str)
            .filter(|note| note.contains("suspicious"));
        compare(
            "the clock",
            suspicious.map(|_| "never set".to_owned()),
            &|facts| {
                if facts.problems.contains(&Problem::ClockNeverSet) {
                    "never set".to_owned()
                } else {
                    format!("{:?}", facts.problems)
                }
            },
        );
    }
    assert!(checked >= 20, "Only {checked} truths were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn agrees_with_exiftool_about_kinds() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    for entry in json(&corpus.join("oracle.json")).as_array().unwrap() {
        let name = text(entry, "SourceFile");
        if EXIFTOOL_IS_MISTAKEN.contains(&name) {
            continue;
        }
        let theirs = match text(entry, "File:MIMEType").split_once('/') {
            Some(("image", _)) => MediaKind::Photo,
            // An MP4 without pictures is not told from others by its first bytes.
            Some(("video", _) | ("audio", "mp4")) => MediaKind::Video,
            _ => MediaKind::Other,
        };
        let facts = described(&corpus.join(name));
        if facts.kind != theirs {
            wrong.push(format!(
                "{name}: {} but we {:?}",
                text(entry, "File:MIMEType"),
                facts.format
            ));
        }
    }
    println!("{}", wrong.join("\n"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_that_were_broken_off_say_so_and_no_others() {
    let Some(corpus) = corpus() else { return };
    let list = json(&corpus.join("oracle.json"));
    let names = list.as_array().unwrap().iter();
    let cut: Vec<&str> = names
        .map(|entry| text(entry, "SourceFile"))
        .filter(|name| !name.ends_with(".fuzzed"))
        .filter(|name| {
            let problems = described(&corpus.join(name)).problems;
            problems.contains(&Problem::Damaged {
                what: "its end is missing",
            })
        })
        .collect();
    assert_eq!(cut, BROKEN_OFF);
}
