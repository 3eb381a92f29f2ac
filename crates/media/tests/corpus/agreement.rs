//! The table of agreement: `cargo xtask agreement` prints it, `cargo test` holds it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use jiff::tz::Offset;
use safelight_core::{CaptureTime, TimeSource};
use safelight_media::{Facts, Format, OffsetSource};
use safelight_testkit::corpus;
use serde_json::Value;

use crate::{described, json, offset, oracle::Oracle};

/// What is compared, in the table's order.
const FIELDS: [&str; 10] = [
    "date",
    "offset",
    "size",
    "rotation",
    "duration",
    "place",
    "make",
    "model",
    "content id",
    "motion video",
];

/// Disagreements in which we think that we are right: the file, the field, the reason.
const EXIFTOOL_IS_MISTAKEN: &[(&str, &str, &str)] = &[
    (
        "libavif/tests__data__colors-animated-8bpc-alpha-exif-xmp.avif",
        "duration",
        "all ones mean unknown; the track lasts 25/30 s",
    ),
    (
        "libavif/tests__data__colors-animated-8bpc-depth-exif-xmp.avif",
        "duration",
        "all ones mean unknown; the track lasts 25/30 s",
    ),
    (
        "libheif-rs/data__test.heic",
        "size",
        "the crop (clap) belongs to what is shown",
    ),
    (
        "pillow_heif/tests__images__heif_truncated__truncated.heic",
        "size",
        "the crop (clap) belongs to what is shown",
    ),
    (
        "mp4parse-rust/mp4parse__tests__video_colr_nclx_and_icc.mp4",
        "size",
        "131072 is 2 in fixed point",
    ),
    (
        "mp4parse-rust/mp4parse__tests__video_colr_nclx_two_colr.mp4",
        "size",
        "131072 is 2 in fixed point",
    ),
    (
        "mp4parse-rust/mp4parse_capi__tests__video_colr_nclx_rgb.mp4",
        "size",
        "131072 is 2 in fixed point",
    ),
    (
        "nom-exif/testdata__canon-r6.cr3",
        "duration",
        "a still picture in a movie's container lasts no time",
    ),
];

/// How many of a field must agree, of those files of a format that have it.
fn least(format: Format, field: &str) -> f64 {
    match (format, field) {
        (Format::Jpeg, "date") | (_, "size") => 0.995,
        _ => 1.0,
    }
}

/// One comparison: what exiftool (or the synthetic files' maker) says, and what we say. `None` if there is nothing to
/// compare.
fn compared(
    field: &str,
    theirs: Oracle<'_>,
    truth: &Value,
    ours: &Facts,
) -> Option<(String, String)> {
    let shown = |captured: CaptureTime| {
        // exiftool leaves UTC as it is; we make the wall clock of the place of it.
        let is_videos = captured.source == TimeSource::QuickTimeCreationDate
            || captured.source == TimeSource::MovieHeader;
        let is_utc = is_videos && ours.offset_source == Some(OffsetSource::Position);
        let offset = captured.offset.filter(|_| is_utc).unwrap_or(Offset::UTC);
        let shown = Offset::UTC.to_datetime(offset.to_timestamp(captured.local).ok()?);
        shown.with().subsec_nanosecond(0).build().ok()
    };
    let pair = |theirs: Option<String>, ours: Option<String>| {
        Some((theirs?, ours.unwrap_or_else(|| "nothing".to_owned())))
    };
    // Both must be silent, or say the same.
    let both = |theirs: Option<String>, ours: Option<String>| match (theirs, ours) {
        (None, None) => None,
        (theirs, ours) => {
            let or_nothing = |word: Option<String>| word.unwrap_or_else(|| "nothing".to_owned());
            Some((or_nothing(theirs), or_nothing(ours)))
        }
    };
    match field {
        "date" => pair(
            theirs.date().map(|date| date.to_string()),
            ours.captured.and_then(shown).map(|date| date.to_string()),
        ),
        "offset" => pair(
            theirs.offset().map(|text| offset(text).to_string()),
            ours.captured
                .and_then(|captured| captured.offset)
                .map(|offset| offset.to_string()),
        ),
        "size" => pair(
            theirs
                .size()
                .map(|(width, height)| format!("{width}x{height}")),
            ours.size
                .map(|size| format!("{}x{}", size.width, size.height)),
        ),
        "rotation" => {
            let theirs = theirs.rotation().to_string();
            let ours = ours.orientation.degrees().to_string();
            (theirs != "0" || ours != "0").then_some((theirs, ours))
        }
        "duration" => pair(
            theirs.duration().map(|seconds| format!("{seconds:.2}")),
            ours.duration
                .map(|duration| format!("{:.2}", duration.as_secs_f64())),
        ),
        // exiftool rounds to four places in some formats.
        "place" => {
            let shown = |(latitude, longitude): (f64, f64)| format!("{latitude:.3} {longitude:.3}");
            pair(
                theirs.place().map(shown),
                ours.place
                    .map(|place| shown((place.latitude, place.longitude))),
            )
        }
        "make" => pair(theirs.make().map(str::to_owned), ours.make.clone()),
        "model" => pair(theirs.model().map(str::to_owned), ours.model.clone()),
        "content id" => both(
            theirs.content_id().map(str::to_owned),
            ours.content_id.clone(),
        ),
        _ => truth.get("video_offset").and_then(|place| {
            both(
                place.as_u64().map(|place| place.to_string()),
                ours.motion_video.map(|place| place.to_string()),
            )
        }),
    }
}

#[derive(Default)]
struct Tally {
    agreed: u32,
    compared: u32,
    mistaken: u32,
}

#[test]
fn agreement_with_exiftool() {
    let Some(corpus) = corpus() else { return };
    let truths = json(&corpus.join("synthetic/expected.json"));
    let mut table: BTreeMap<String, (Format, [Tally; FIELDS.len()])> = BTreeMap::new();
    let (mut disagreements, mut mistakes) = (String::new(), String::new());
    let mut unused: BTreeSet<_> = EXIFTOOL_IS_MISTAKEN
        .iter()
        .map(|(name, field, _)| (*name, *field))
        .collect();
    let entries = json(&corpus.join("oracle.json"));
    for entry in entries.as_array().unwrap() {
        let oracle = Oracle(entry);
        if oracle.is_sidecar() {
            continue;
        }
        let name = oracle.name();
        let truth = name
            .strip_prefix("synthetic/")
            .and_then(|name| truths.get(name))
            .unwrap_or(&Value::Null);
        let facts = described(&corpus.join(name));
        let (_, row) = table
            .entry(format!("{:?}", facts.format))
            .or_insert_with(|| (facts.format, Default::default()));
        for (field, tally) in FIELDS.iter().zip(row) {
            let Some((theirs, ours)) = compared(field, oracle, truth, &facts) else {
                continue;
            };
            let known = EXIFTOOL_IS_MISTAKEN
                .iter()
                .find(|(file, what, _)| *file == name && what == field);
            if theirs == ours {
                tally.agreed += 1;
                tally.compared += 1;
            } else if let Some((_, _, reason)) = known {
                tally.mistaken += 1;
                unused.remove(&(name, *field));
                writeln!(
                    mistakes,
                    "| {name} | {field} | {theirs} | {ours} | {reason} |"
                )
                .unwrap();
            } else {
                tally.compared += 1;
                writeln!(disagreements, "| {name} | {field} | {theirs} | {ours} | |").unwrap();
            }
        }
    }
    let mut failures = String::new();
    println!("\n| format | {} |", FIELDS.join(" | "));
    println!("|---{}|", "|---".repeat(FIELDS.len()));
    for (name, (format, row)) in &table {
        let mut line = format!("| {name} |");
        for (field, tally) in FIELDS.iter().zip(row) {
            match tally {
                Tally {
                    compared: 0,
                    mistaken: 0,
                    ..
                } => line.push_str(" |"),
                Tally {
                    agreed,
                    compared,
                    mistaken: 0,
                } => write!(line, " {agreed} of {compared} |").unwrap(),
                Tally {
                    agreed,
                    compared,
                    mistaken,
                } => write!(line, " {agreed} of {compared} (+{mistaken}) |").unwrap(),
            }
            if f64::from(tally.agreed) < f64::from(tally.compared) * least(*format, field) {
                writeln!(
                    failures,
                    "{name}, {field}: {} of {}",
                    tally.agreed, tally.compared
                )
                .unwrap();
            }
        }
        println!("{line}");
    }
    println!("\n(+n): n more in which exiftool 12.57 is mistaken, with the reason below.\n");
    println!(
        "| file | field | exiftool | Safelight | reason |\n|---|---|---|---|---|\n{mistakes}{disagreements}"
    );
    assert!(
        failures.is_empty(),
        "Too few agree:\n{failures}\n{disagreements}"
    );
    assert!(unused.is_empty(), "No disagreement any more: {unused:?}");
}
