//! The corpus's Takeout, with what is known to be true of it.

use std::fs;

use jiff::tz::TimeZone;
use safelight_exports::{
    label::Label,
    takeout::{Fate, Json, Takeout},
};
use serde_json::Value;

#[test]
fn every_photo_of_the_corpus_gets_the_json_that_is_known_to_be_its_own() {
    let Some(corpus) = safelight_testkit::corpus() else {
        return;
    };
    let synthetic = corpus.join("synthetic");
    let expected = fs::read(synthetic.join("expected.json")).unwrap();
    let expected: Value = serde_json::from_slice(&expected).unwrap();
    let folder = "takeout/Photos from 2023";
    let mut names: Vec<String> = fs::read_dir(synthetic.join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut takeout = Takeout::default();
    let mut photos = Vec::new();
    for name in &names {
        let path = format!("{folder}/{name}");
        let label = Label::new(&path).unwrap();
        if Takeout::is_json(name) {
            let bytes = fs::read(synthetic.join(&path)).unwrap();
            takeout.json(&label, Json::read(&bytes).unwrap());
        } else {
            takeout.file(&label);
            photos.push(path);
        }
    }
    assert!(takeout.has_photos());
    let judged = takeout.judge();
    assert_eq!(judged.without_photo(), Vec::<String>::new());
    for (number, path) in photos.iter().enumerate() {
        let Fate::Brought(remarks) = judged.fate(number, &TimeZone::UTC) else {
            panic!("{path} is not brought in");
        };
        assert!(remarks.albums.is_empty(), "{path}");
        let taken = remarks.captured.unwrap().instant(&TimeZone::UTC).unwrap();
        let json = expected[path]["takeout_json"].as_str().unwrap();
        let json = &expected[format!("{folder}/{json}")];
        assert_eq!(
            Some(taken.as_second()),
            json["taken_utc"].as_i64(),
            "{path}"
        );
    }
    assert!(photos.len() >= 10, "{}", photos.len());
}
