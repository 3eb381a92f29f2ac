//! Reading facts takes no more memory than is allowed, whatever the file. Every allocation is counted.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its corpus fails"
)]

mod allocator;
mod hostile;
mod mutants;

use std::{
    fs::File,
    io::{Read, Seek},
    path::{Path, PathBuf},
};

use jiff::{Timestamp, tz::TimeZone};
use safelight_media::{Facts, Hints, describe};
use safelight_testkit::corpus;
use serde_json::Value;

/// The most bytes that reading a file's facts may take.
const LIMIT: usize = 64 << 20;

/// A file's facts, and how many bytes were in use at most while they were read.
fn describing(file: &mut (impl Read + Seek)) -> (Facts, usize) {
    let hints = Hints {
        name: "",
        client_created: None,
        modified: None,
        zone: &TimeZone::UTC,
        now: Timestamp::MAX,
    };
    allocator::most_bytes(|| describe(file, &hints))
}

/// The corpus's files, as its list has them.
fn corpus_files(corpus: &Path) -> Vec<PathBuf> {
    let list = std::fs::read(corpus.join("oracle.json")).unwrap();
    let entries: Vec<Value> = serde_json::from_slice(&list).unwrap();
    let name = |entry: &Value| PathBuf::from(entry["SourceFile"].as_str().unwrap());
    entries.iter().map(name).collect()
}

#[test]
fn what_is_counted_is_what_is_used() {
    let (length, most) = allocator::most_bytes(|| vec![1_u8; LIMIT + 1].len());
    assert_eq!(length, LIMIT + 1);
    assert!(most > LIMIT, "{most}");
    let (_, most) = allocator::most_bytes(|| {
        for _ in 0..1000 {
            drop(std::hint::black_box(vec![1_u8; LIMIT / 100]));
        }
    });
    assert!((LIMIT / 100..LIMIT / 50).contains(&most), "{most}");
}

#[test]
fn real_and_broken_files_are_read_in_little_memory() {
    let Some(corpus) = corpus() else { return };
    let mut files = corpus_files(&corpus);
    let broken = std::fs::read_dir(corpus.join("synthetic/broken")).unwrap();
    files.extend(broken.map(|entry| entry.unwrap().path()));
    assert!(files.len() > 300, "Only {} files were found", files.len());
    let taken = files.iter().map(|path| {
        let mut file = File::open(corpus.join(path)).unwrap();
        (describing(&mut file).1, path)
    });
    let (most, path) = taken.max().unwrap();
    println!("{most} bytes at most, for {}", path.display());
    assert!(most <= LIMIT, "{} took {most} bytes", path.display());
}
