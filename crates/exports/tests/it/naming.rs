//! Folders of any photos, named as Takeout does: a photo gets its own JSON, or none, and never another's.

use std::collections::HashSet;

use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;
use safelight_exports::{
    label::Label,
    takeout::{Fate, Json, Sidecar, Takeout},
};

/// How Takeout counts the characters that it leaves of a name.
#[derive(Clone, Copy, Debug)]
enum Counting {
    Points,
    Units,
}

impl Counting {
    fn cut(self, name: &str, most: usize) -> String {
        let mut left = most;
        name.chars()
            .take_while(|c| {
                let len = match self {
                    Self::Points => 1,
                    Self::Units => c.len_utf16(),
                };
                let fits = len <= left;
                left = left.saturating_sub(len);
                fits
            })
            .collect()
    }
}

/// The files that Takeout makes of photos with these titles: of each its own name and its JSON's.
fn named(titles: &[String], counting: Counting, suffix: &str) -> Vec<(String, String)> {
    let mut taken = HashSet::new();
    titles
        .iter()
        .map(|title| {
            let (stem, extension) = title.rsplit_once('.').unwrap();
            let stem = counting.cut(stem, 47);
            let json = counting.cut(&format!("{stem}.{extension}{suffix}"), 46);
            (0..)
                .map(|number| match number {
                    0 => String::new(),
                    number => format!("({number})"),
                })
                .map(|number| {
                    (
                        format!("{stem}{number}.{extension}"),
                        format!("{json}{number}.json"),
                    )
                })
                .find(|(photo, json)| {
                    let is_free = !taken.contains(photo) && !taken.contains(json);
                    if is_free {
                        taken.extend([photo.clone(), json.clone()]);
                    }
                    is_free
                })
                .unwrap()
        })
        .collect()
}

fn title() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-c]{1,3}",
        Just("(1)".to_owned()),
        Just("-edited".to_owned()),
        Just("-bearbeitet".to_owned()),
        Just(".MP".to_owned()),
        Just("é".to_owned()),
        Just("😀".to_owned()),
        Just("IMG_2024 ".to_owned()),
        Just("a very long name of a photograph of the sea ".to_owned()),
    ];
    let extension = prop_oneof![Just("jpg"), Just("HEIC"), Just("mp4")];
    (prop::collection::vec(piece, 1..5), extension)
        .prop_map(|(pieces, extension)| format!("{}.{extension}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_photo_gets_its_own_json_or_none(
        titles in prop::collection::vec(title(), 1..8),
        counting in prop_oneof![Just(Counting::Points), Just(Counting::Units)],
        suffix in prop_oneof![Just(".supplemental-metadata"), Just(".supp"), Just("")],
    ) {
        let mut takeout = Takeout::default();
        let files = named(&titles, counting, suffix);
        for (number, (photo, json)) in files.iter().enumerate() {
            takeout.file(&Label::new(photo).unwrap());
            let sidecar = Sidecar {
                title: titles[number].clone(),
                taken: Timestamp::from_second(1_600_000_000 + number as i64).ok(),
                ..Sidecar::default()
            };
            takeout.json(&Label::new(json).unwrap(), Json::Sidecar(sidecar));
        }
        let judged = takeout.judge();
        for (number, (photo, json)) in files.iter().enumerate() {
            let Fate::Brought(remarks) = judged.fate(number, &TimeZone::UTC) else {
                panic!("{photo} is brought in");
            };
            let found = remarks.captured.map(|taken| {
                taken.instant(&TimeZone::UTC).unwrap().as_second() - 1_600_000_000
            });
            prop_assert!(found.is_none_or(|found| found == number as i64), "{photo}, {json}: {found:?} of {files:?}");
            // What is not cut is always found.
            if photo.chars().count() < 40 {
                prop_assert_eq!(found, Some(number as i64), "{}, {}: of {:?}", photo, json, files);
            }
        }
    }
}
