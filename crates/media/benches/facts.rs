//! How long it takes to find out the facts of a file, beside exiftool, in one run: `cargo xtask bench facts`.
//!
//! Nothing is asserted. Needs the corpus; exiftool takes part where it is installed. Ours is one thread that waits for
//! nothing while it works in memory, so that its wall time is an upper limit of its processor time.

use std::{
    fs::File,
    hint::black_box,
    io::{Cursor, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use jiff::{Timestamp, tz::TimeZone};
use safelight_core::MediaKind;
use safelight_media::{Hints, describe};
use safelight_testkit::corpus;

/// Each file is described so often in a row; the median of the rounds counts.
const REPEATS: u32 = 20;
const ROUNDS: usize = 5;
/// So many files are given to exiftool one by one.
const STARTED_ONE_BY_ONE: usize = 30;

fn main() {
    let Some(corpus) = corpus() else { return };
    let zone = TimeZone::UTC;
    let hints = Hints {
        name: "",
        client_created: None,
        modified: None,
        zone: &zone,
        now: Timestamp::MAX,
    };
    let mut files = Vec::new();
    let mut folders = vec![corpus];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the corpus can be listed") {
            let path = entry.expect("the corpus can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).expect("the corpus can be read");
                if describe(&mut Cursor::new(&bytes), &hints).kind != MediaKind::Other {
                    files.push((path, bytes));
                }
            }
        }
    }
    files.sort();

    let mut in_memory: Vec<Duration> = files
        .iter()
        .map(|(_, bytes)| {
            let rounds = (0..ROUNDS).map(|_| {
                let start = Instant::now();
                for _ in 0..REPEATS {
                    black_box(describe(&mut Cursor::new(black_box(bytes)), &hints));
                }
                start.elapsed() / REPEATS
            });
            median(rounds.collect())
        })
        .collect();
    in_memory.sort();
    let p99 = in_memory[in_memory.len() * 99 / 100];
    let slowest = in_memory[in_memory.len() - 1];

    let count = u32::try_from(files.len()).expect("a few hundred files");
    let paths: Vec<PathBuf> = files.into_iter().map(|(path, _)| path).collect();
    let from_disk = || {
        let start = Instant::now();
        for path in &paths {
            let mut file = File::open(path).expect("the corpus can be read");
            black_box(describe(&mut file, &hints));
        }
        start.elapsed() / count
    };
    let exiftool = |paths: &[PathBuf]| {
        let start = Instant::now();
        let ended = Command::new("exiftool")
            .args(["-m", "-json", "-n", "-G1"])
            .args(paths)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        ended.map(|_| start.elapsed())
    };
    let is_there = exiftool(&paths[..1]).is_ok();
    let (mut ours, mut batch, mut single) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(from_disk());
        if is_there {
            batch.push(exiftool(&paths).expect("it was there") / count);
            let step = (paths.len() / STARTED_ONE_BY_ONE).max(1);
            let each = paths.chunks(step).map(|chunk| exiftool(&chunk[..1]));
            single.push(median(
                each.map(|took| took.expect("it was there")).collect(),
            ));
        }
    }

    let ours = median(ours);
    let mut text = format!(
        "## Facts of {count} files\n\n| what | per file | × ours from disk |\n|---|---|---|\n\
         | in memory, median | {:.1} µs | |\n| in memory, 99th percentile | {:.1} µs | |\n\
         | in memory, slowest | {:.1} µs | |\n| from disk, all in a row | {:.1} µs | 1 |\n",
        micros(median(in_memory)),
        micros(p99),
        micros(slowest),
        micros(ours),
    );
    for (what, took) in [("in batch", batch), ("started for each file", single)] {
        if !took.is_empty() {
            let took = median(took);
            text.push_str(&format!(
                "| exiftool, {what} | {:.0} µs | {:.0} |\n",
                micros(took),
                micros(took) / micros(ours)
            ));
        }
    }
    std::io::stdout()
        .write_all(text.as_bytes())
        .expect("standard output is open");
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took[took.len() / 2]
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}
