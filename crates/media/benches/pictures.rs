//! How much processor time pictures cost, beside `vipsthumbnail` and `ffmpeg`, in one run: `cargo xtask bench pictures`.
//!
//! Nothing is asserted. Needs the corpus, whose HEIC photos are also what the JPEGs and the videos are made from, by the
//! programs that are compared. Processor time is that of all processes that were waited for, ours included, so that it
//! counts what a worker costs from its start to its end, and what sending the bytes to it costs. Linux only.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    io::Write as _,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use safelight_media::pictures::{Limits, Want, WorkerProgram, Workers};
use safelight_testkit::corpus;

/// The median of so many rounds counts.
const ROUNDS: usize = 5;
/// Each round makes the pictures so often …
const REPEATS: u32 = 5;
/// … and those that cost little so often: a worker makes many, and the system counts in hundredths of a second.
const MANY: u32 = 25;

/// Photos of 12 megapixels with a small picture beside the large one, and photos whose small one is left out of account
/// because a preview is wanted.
const PHOTOS: [&str; 3] = [
    "exifr/test__fixtures__heic-iphone7.heic",
    "metadata-extractor-images/heic__Issue_487.heic",
    "metadata-extractor-images/heic__Issue_437_dotnet.heic",
];

const THUMBNAIL: Want = Want {
    thumbnail: true,
    preview: false,
};
const BOTH: Want = Want {
    thumbnail: true,
    preview: true,
};

fn main() {
    let Some(corpus) = corpus() else { return };
    let scratch = std::env::temp_dir().join(format!("safelight-pictures-{}", std::process::id()));
    fs::create_dir_all(&scratch).expect("a scratch folder");
    let mut text = String::from(
        "## Pictures: milliseconds of processor time, the median of 5 rounds\n\n\
         | what | ours | theirs | ours / theirs |\n|---|---|---|---|\n",
    );
    for photo in PHOTOS {
        let heic = corpus.join(photo);
        let name = heic.file_stem().unwrap_or_default().to_string_lossy();
        let jpeg = scratch.join(format!("{name}.jpg"));
        if vips(&heic, "20000x20000>", &format!("{}[Q=92]", jpeg.display())).is_none() {
            eprintln!("left out: {photo}, which vipsthumbnail (libvips-tools) did not open");
            continue;
        }
        let small = scratch.join("small.jpg");
        let large = scratch.join("large.jpg");
        let both_by_vips = |from: &Path| {
            vips(from, "1440x1440", &format!("{}[Q=80]", large.display()))?;
            vips(&large, "320x320", &format!("{}[Q=80]", small.display()))
        };
        text.push_str(&row(
            &format!("JPEG of `{name}` to 320 and 1440; vipsthumbnail"),
            &jpeg,
            BOTH,
            || both_by_vips(&jpeg),
        ));
        text.push_str(&row_of(
            MANY,
            &format!("HEIC `{name}` to 320; vipsthumbnail"),
            &heic,
            THUMBNAIL,
            || vips(&heic, "320x320", &format!("{}[Q=80]", small.display())),
        ));
        text.push_str(&row(
            &format!("HEIC `{name}` to 320 and 1440; vipsthumbnail"),
            &heic,
            BOTH,
            || both_by_vips(&heic),
        ));
        for (codec, options) in [
            ("H.264", &["-c:v", "libx264", "-pix_fmt", "yuv420p"][..]),
            (
                "H.265 of 10 bits",
                &[
                    "-c:v",
                    "libx265",
                    "-pix_fmt",
                    "yuv420p10le",
                    "-tag:v",
                    "hvc1",
                ],
            ),
        ] {
            let video = scratch.join("video.mp4");
            if make_video(&jpeg, &video, options).is_none() {
                eprintln!("left out: {codec}, which ffmpeg did not make");
                continue;
            }
            text.push_str(&row(
                &format!("4K {codec} of `{name}` to 320 and 1440; ffmpeg"),
                &video,
                BOTH,
                || {
                    let scaled = "[0:v]split[a][b];[a]scale=1440:-2[c];[b]scale=320:-2[d]";
                    run(Command::new("ffmpeg")
                        .args(["-y", "-v", "error", "-i"])
                        .arg(&video)
                        .args(["-filter_complex", scaled])
                        .args(["-map", "[c]", "-frames:v", "1"])
                        .arg(&large)
                        .args(["-map", "[d]", "-frames:v", "1"])
                        .arg(&small))
                },
            ));
        }
    }
    fs::remove_dir_all(&scratch).expect("our own folder");
    std::io::stdout()
        .write_all(text.as_bytes())
        .expect("standard output is open");
}

/// One row of the table.
fn row(what: &str, file: &Path, want: Want, theirs: impl FnMut() -> Option<()>) -> String {
    row_of(REPEATS, what, file, want, theirs)
}

fn row_of(
    repeats: u32,
    what: &str,
    file: &Path,
    want: Want,
    mut theirs: impl FnMut() -> Option<()>,
) -> String {
    if theirs().is_none() {
        eprintln!("left out: {what}, which did not work");
        return String::new();
    }
    let (mut our_rounds, mut their_rounds) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_rounds.push(processor_time(repeats, || {
            let workers = Workers::new(worker(), Limits::default(), NonZeroUsize::MIN);
            for _ in 0..repeats {
                let mut file = File::open(file).expect("the corpus can be read");
                workers.render(&mut file, want).expect("there is a picture");
            }
        }));
        their_rounds.push(processor_time(repeats, || {
            for _ in 0..repeats {
                theirs().expect("it worked before");
            }
        }));
    }
    let (ours, theirs) = (median(our_rounds), median(their_rounds));
    let line = format!(
        "| {what} | {ours:.0} | {theirs:.0} | {:.2} |\n",
        ours / theirs
    );
    eprint!("{line}");
    line
}

/// The program that ships, where `SAFELIGHT_PROGRAM` names it, as `cargo xtask bench` does: its allocator is not the system's,
/// as that of this crate's own worker is, and pictures take much memory.
fn worker() -> WorkerProgram {
    std::env::var_os("SAFELIGHT_PROGRAM").map_or_else(
        || WorkerProgram {
            program: PathBuf::from(env!("CARGO_BIN_EXE_safelight-media-worker")),
            arguments: Vec::new(),
        },
        |program| WorkerProgram {
            program: PathBuf::from(program),
            arguments: vec!["media-worker".into()],
        },
    )
}

fn vips(from: &Path, size: &str, to: &str) -> Option<()> {
    run(Command::new("vipsthumbnail")
        .arg("--size")
        .arg(size)
        .arg("-o")
        .arg(to)
        .arg(from))
}

/// Two seconds of a photo in 4K that moves a little.
fn make_video(photo: &Path, to: &Path, options: &[&str]) -> Option<()> {
    run(Command::new("ffmpeg")
        .args(["-y", "-v", "error", "-loop", "1", "-t", "1", "-i"])
        .arg(photo)
        .args(["-vf", "crop=3840:2160:t*100:0", "-r", "10"])
        .args(options)
        .arg(to))
}

/// `None` if it could not be run, or failed.
fn run(command: &mut Command) -> Option<()> {
    let ended = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    ended.ok()?.success().then_some(())
}

/// The processor time that `work` takes in this process and in all that it starts and waits for, for each repetition, in
/// milliseconds.
fn processor_time(repeats: u32, work: impl FnOnce()) -> f64 {
    let before = ticks();
    work();
    // The system counts in hundredths of a second.
    (ticks() - before) as f64 * 10.0 / f64::from(repeats)
}

/// User's and system's time of this process and of its ended children (proc(5), fields 14 to 17).
fn ticks() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("procfs");
    let after_name = stat.rsplit_once(") ").expect("a name in brackets").1;
    after_name
        .split(' ')
        .skip(11)
        .take(4)
        .map(|field| field.parse::<u64>().expect("a number"))
        .sum()
}

fn median(mut took: Vec<f64>) -> f64 {
    took.sort_by(f64::total_cmp);
    took[took.len() / 2]
}
