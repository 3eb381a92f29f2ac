//! Real photos and videos: what we say about them is compared with what exiftool and their makers say.
//!
//! The corpus lies beside the project, or where `SAFELIGHT_CORPUS` says. Without it these tests say so, in a line
//! that begins with `NO CORPUS`, and test nothing; that is no failure anywhere.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its corpus fails"
)]

use std::{collections::BTreeMap, fs::File, io::Cursor, path::Path};

use jiff::{
    Timestamp, Zoned,
    civil::DateTime,
    tz::{Offset, TimeZone},
};
use safelight_core::{MediaKind, Precision, TimeSource};
use safelight_media::{Facts, Hints, describe};
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

/// What exiftool says about a file's capture time, as a wall clock's time (UTC for a movie's header).
fn exiftool_says(entry: &Value) -> Option<DateTime> {
    let is_movie = ["video/", "audio/"]
        .iter()
        .any(|kind| text(entry, "File:MIMEType").starts_with(kind));
    let tags: &[&str] = if is_movie {
        &[
            "ExifIFD:DateTimeOriginal", // exiftool takes AVIF sequences for MP4
            "Keys:CreationDate",
            "UserData:DateTimeOriginal",
            "QuickTime:CreateDate",
            "Matroska:DateTimeOriginal",
        ]
    } else {
        &["ExifIFD:DateTimeOriginal"]
    };
    let date = tags
        .iter()
        .map(|tag| text(entry, tag))
        .find(|date| !date.is_empty())?;
    let (day, time) = date.get(..19)?.split_once(' ')?;
    let local: DateTime = format!("{}T{time}", day.replace(':', "-")).parse().ok()?;
    // What is no date by our rules is not compared.
    (local.year() >= 1990).then_some(local)
}

fn text<'a>(entry: &'a Value, tag: &str) -> &'a str {
    entry.get(tag).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn agrees_with_exiftool_about_capture_times() {
    let Some(corpus) = corpus() else { return };
    let mut tally: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut disagreements = Vec::new();
    for entry in json(&corpus.join("oracle.json")).as_array().unwrap() {
        let Some(theirs) = exiftool_says(entry) else {
            continue;
        };
        let name = text(entry, "SourceFile");
        let ours = described(&corpus.join(name)).captured;
        let (agreed, all) = tally
            .entry(text(entry, "File:FileType").to_owned())
            .or_default();
        *all += 1;
        let ours_to_the_second =
            ours.map(|ours| ours.local.with().subsec_nanosecond(0).build().unwrap());
        // An offset that exiftool found in EXIF is ours, too.
        let their_offset = text(entry, "ExifIFD:OffsetTimeOriginal");
        let offset_agrees = !their_offset.contains(|c: char| c.is_ascii_digit())
            || ours.and_then(|ours| ours.offset) == Some(offset(their_offset));
        if ours_to_the_second == Some(theirs) && offset_agrees {
            *agreed += 1;
        } else {
            disagreements.push(format!("{name}: exiftool {theirs}, we {ours:?}"));
        }
    }
    println!("format: agreed of all");
    for (format, (agreed, all)) in &tally {
        println!("{format}: {agreed} of {all}");
    }
    println!("{}", disagreements.join("\n"));
    for (format, (agreed, all)) in tally {
        let least = if format == "JPEG" {
            f64::from(all) * 0.995
        } else {
            f64::from(all)
        };
        assert!(
            f64::from(agreed) >= least,
            "{format}: {agreed} of {all}\n{}",
            disagreements.join("\n")
        );
    }
}

/// Where exiftool 12.57 is mistaken: it knows neither AVIF sequences nor HEIF by its compatible brands.
const EXIFTOOL_IS_MISTAKEN: [&str; 3] = [
    "libavif/tests__data__colors-animated-8bpc-alpha-exif-xmp.avif",
    "libavif/tests__data__colors-animated-8bpc-depth-exif-xmp.avif",
    "nom-exif/testdata__compatible-brands.heic",
];

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

/// Flips, overwrites and cuts off bytes of the corpus's files; nothing may panic or hang.
///
/// `SAFELIGHT_MUTANTS` says how many are made (200,000 by default); each is made from its number alone.
#[test]
#[ignore = "takes minutes; run it with `cargo test -p safelight-media --test corpus -- --ignored`"]
fn damaged_files_are_survived() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    for entry in json(&corpus.join("oracle.json")).as_array().unwrap() {
        let bytes = std::fs::read(corpus.join(text(entry, "SourceFile"))).unwrap();
        // Metadata lie at the beginning or at the end; large files would only cost time.
        if (1..=300_000).contains(&bytes.len()) {
            files.push(bytes);
        }
    }
    let mutants =
        std::env::var("SAFELIGHT_MUTANTS").map_or(200_000, |count| count.parse().unwrap());
    let zone = TimeZone::UTC;
    let hints = Hints {
        name: "",
        client_created: None,
        modified: None,
        zone: &zone,
        now: Timestamp::MAX,
    };
    let mut dated = 0_u64;
    for number in 0..mutants {
        let mut chance = Chance(number);
        let mut bytes = files[chance.below(files.len())].clone();
        for _ in 0..=chance.below(16) {
            // Half of the damage hits the first kilobytes, where the structure is.
            let reach = if chance.below(2) == 0 {
                bytes.len().min(4096)
            } else {
                bytes.len()
            };
            let at = chance.below(reach);
            match chance.below(4) {
                0 => bytes[at] ^= 1 << chance.below(8),
                1 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][chance.below(5)],
                2 => bytes[at..].iter_mut().take(4).for_each(|byte| *byte = 0xFF),
                _ => bytes[at] = chance.below(256) as u8,
            }
        }
        if chance.below(4) == 0 {
            bytes.truncate(chance.below(bytes.len()));
        }
        dated += u64::from(describe(&mut Cursor::new(bytes), &hints).captured.is_some());
    }
    // Damage that leaves nothing to read would test nothing.
    assert!(
        dated > mutants / 10,
        "Only {dated} of {mutants} mutants had a date"
    );
}

/// Numbers that look random and are the same every time (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) as usize % limit.max(1)
    }
}
