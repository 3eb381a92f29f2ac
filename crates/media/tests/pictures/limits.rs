//! Whatever a file makes of its worker: there is an answer, and the next file gets its picture.

use std::{
    fs::{self, File},
    io::Cursor,
    num::NonZeroUsize,
    time::Duration,
};

use safelight_media::pictures::{Limit, Limits, NoPicture, Want, WorkerProgram, Workers};
use safelight_testkit::{Photos, corpus};

use crate::{BOTH, program, workers};

/// Two hundred megapixels in 800 tiles, turned by a quarter.
const LARGE: &str = "pillow_heif/tests__images__heif_special__200MP.heic";

fn photo() -> Cursor<Vec<u8>> {
    Cursor::new(Photos::new(1).next(30_000).bytes)
}

#[test]
fn a_program_that_is_no_worker_says_nothing_about_the_photo() {
    for program in ["/does/not/exist", "true", "cat"] {
        let program = WorkerProgram {
            program: program.into(),
            arguments: Vec::new(),
        };
        let workers = Workers::new(program, Limits::default(), NonZeroUsize::MIN);
        let none = workers.render(&mut photo(), BOTH).unwrap_err();
        assert!(matches!(none, NoPicture::Trouble { .. }), "{none:?}");
        assert!(!none.is_lasting());
    }
}

#[test]
fn what_is_no_picture_is_a_fact_about_the_file() {
    let workers = workers();
    for bytes in [&b""[..], b"<html>", b"\xFF\xD8\xFF", b"\xFF\xD8\xFF\xD9"] {
        let none = workers.render(&mut Cursor::new(bytes), BOTH).unwrap_err();
        assert!(none.is_lasting(), "{none:?}");
    }
}

/// A PNG that is small as a file and states a size; its rows are all zero.
fn png(width: u32, height: u32) -> Vec<u8> {
    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut sum = !0_u32;
        for byte in name.iter().chain(content) {
            sum ^= u32::from(*byte);
            for _ in 0..8 {
                sum = if sum & 1 == 1 {
                    sum >> 1 ^ 0xEDB8_8320
                } else {
                    sum >> 1
                };
            }
        }
        let length = u32::try_from(content.len()).unwrap();
        [
            &length.to_be_bytes()[..],
            name,
            content,
            &(!sum).to_be_bytes(),
        ]
        .concat()
    }
    let header = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    let rows = vec![0; (width as usize * 3 + 1) * height.min(4) as usize];
    [
        b"\x89PNG\r\n\x1A\n".to_vec(),
        chunk(b"IHDR", &header),
        chunk(
            b"IDAT",
            &miniz_oxide::deflate::compress_to_vec_zlib(&rows, 6),
        ),
        chunk(b"IEND", b""),
    ]
    .concat()
}

#[test]
fn a_bomb_is_refused_and_the_next_photo_is_shown() {
    let workers = workers();
    let none = workers
        .render(&mut Cursor::new(png(60_000, 60_000)), BOTH)
        .unwrap_err();
    assert!(
        matches!(none, NoPicture::OverLimit(Limit::Memory)),
        "{none:?}"
    );
    let small = workers.render(&mut Cursor::new(png(7, 3)), BOTH).unwrap();
    assert_eq!((small.size.width, small.size.height), (7, 3));
}

#[test]
#[cfg(target_os = "linux")]
fn a_worker_without_memory_dies_alone() {
    // Enough to start, and not enough for the picture.
    let limits = Limits {
        memory: 100 << 20,
        ..Limits::default()
    };
    let workers = Workers::new(program(), limits, NonZeroUsize::MIN);
    let none = workers
        .render(&mut Cursor::new(png(9_000, 9_000)), BOTH)
        .unwrap_err();
    assert!(
        matches!(none, NoPicture::OverLimit(Limit::Memory)),
        "{none:?}"
    );
    assert!(workers.render(&mut Cursor::new(png(70, 3)), BOTH).is_ok());
}

#[test]
#[cfg(target_os = "linux")]
fn a_worker_has_given_up_what_it_does_not_need() {
    let workers = workers();
    workers.render(&mut Cursor::new(png(7, 3)), BOTH).unwrap();
    let ours = format!("PPid:\t{}\n", std::process::id());
    let mut seen = 0;
    for process in fs::read_dir("/proc").unwrap() {
        let process = process.unwrap().path();
        let read = |file: &str| fs::read_to_string(process.join(file)).unwrap_or_default();
        let status = read("status");
        if !status.contains(&ours) || !status.starts_with("Name:\tsafelight-media\n") {
            continue;
        }
        seen += 1;
        assert!(status.contains("NoNewPrivs:\t1\n"), "{status}");
        if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            assert!(status.contains("Seccomp:\t2\n"), "{status}");
        }
        let limits = read("limits");
        for (name, most) in [("Max open files", "0"), ("Max core file size", "0")] {
            let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
            assert_eq!(line[name.len()..].split_whitespace().next(), Some(most));
        }
        assert!(!limits.contains("Max address space         unlimited"));
        assert!(!limits.contains("Max cpu time              unlimited"));
    }
    assert!(seen > 0);
}

#[test]
#[cfg(target_os = "linux")]
fn time_has_an_end() {
    let Some(corpus) = corpus() else { return };
    // The rest of a second that has begun. The picture needs several.
    let limits = Limits {
        cpu: Duration::ZERO,
        ..Limits::default()
    };
    let workers = Workers::new(program(), limits, NonZeroUsize::MIN);
    let path = corpus.join(LARGE);
    let none = workers
        .render(&mut File::open(path).unwrap(), BOTH)
        .unwrap_err();
    assert!(
        matches!(none, NoPicture::OverLimit(Limit::Time)),
        "{none:?}"
    );
    assert!(workers.render(&mut Cursor::new(png(7, 3)), BOTH).is_ok());
}

#[test]
fn a_file_that_is_too_long_is_not_sent() {
    let limits = Limits {
        input: 1_000,
        ..Limits::default()
    };
    let workers = Workers::new(program(), limits, NonZeroUsize::MIN);
    let none = workers.render(&mut photo(), BOTH).unwrap_err();
    assert!(
        matches!(none, NoPicture::OverLimit(Limit::Input)),
        "{none:?}"
    );
}

#[test]
fn two_hundred_megapixels_are_shown_tile_by_tile() {
    let Some(corpus) = corpus() else { return };
    let path = corpus.join(LARGE);
    let made = workers()
        .render(&mut File::open(path).unwrap(), BOTH)
        .unwrap();
    assert_eq!((made.size.width, made.size.height), (12_240, 16_320));
}

#[test]
fn damaged_files_are_answered_by_workers_that_live_or_are_replaced() {
    let Some(corpus) = corpus() else { return };
    let workers = workers();
    let want = Want {
        thumbnail: true,
        preview: false,
    };
    for entry in fs::read_dir(corpus.join("synthetic/broken")).unwrap() {
        let path = entry.unwrap().path();
        let answer = workers.render(&mut File::open(&path).unwrap(), want);
        let trouble = matches!(&answer, Err(NoPicture::Trouble { .. }));
        assert!(!trouble, "{}: {answer:?}", path.display());
    }
    let mutants = std::env::var("SAFELIGHT_MUTANTS").map_or(150, |count| count.parse().unwrap());
    let originals: Vec<Vec<u8>> = crate::gallery::files(&corpus)
        .iter()
        .map(|name| fs::read(corpus.join(name)).unwrap())
        .filter(|bytes| (1_000..200_000).contains(&bytes.len()))
        .collect();
    let mut shown = 0;
    for number in 0..mutants {
        let mut random = safelight_testkit::Random::new(number);
        let mut bytes = originals[random.below(originals.len() as u64) as usize].clone();
        for _ in 0..=random.below(8) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = random.below(256) as u8;
        }
        let answer = workers.render(&mut Cursor::new(bytes), want);
        let trouble = matches!(&answer, Err(NoPicture::Trouble { .. }));
        assert!(!trouble, "mutant {number}: {answer:?}");
        shown += u64::from(answer.is_ok());
    }
    assert!(shown > mutants / 10, "Only {shown} of {mutants} were shown");
}
