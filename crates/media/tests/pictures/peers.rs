//! Pictures look as other programs show them: `vipsthumbnail` the photos, `ffmpeg` the videos.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use safelight_media::pictures::{THUMBNAIL, Want};
use safelight_testkit::{corpus, tools};

use crate::{
    gallery,
    look::{Picture, SIDE},
    workers,
};

/// How far two pictures may be apart on average, of 255: the programs use other filters, and other shades for colours that
/// a screen does not have.
const FAR: f64 = 4.0;
/// How far the average of red, of green or of blue may be.
const OTHER_COLOURS: f64 = 4.0;

/// Files that the others show differently, and who is right.
const EXPLAINED: &[(&str, &str)] = &[
    (
        "libavif/tests__data__color_grid_gainmap_different_grid.avif",
        HDR,
    ),
    ("libavif/tests__data__colors_text_hdr_p3.avif", HDR),
    ("libavif/tests__data__seine_hdr_gainmap_wrongaltr.avif", HDR),
    ("libavif/tests__data__unsupported_gainmap_version.avif", HDR),
    (
        "metadata-extractor-images/mp4__FLIR_Thermal.mp4",
        "it does not say how its colours are coded: of so many lines they are as in HDTV, where ffmpeg takes them for a DVD's",
    ),
];
const HDR: &str = "PQ, which vips shows as if it were sRGB: pale";

const SMALL: Want = Want {
    thumbnail: true,
    preview: false,
};

#[test]
fn pictures_look_as_vips_and_ffmpeg_show_them() {
    let Some(corpus) = corpus() else { return };
    let (Some(vips), Some(ffmpeg)) = (tools::require("vipsthumbnail"), tools::require("ffmpeg"))
    else {
        return;
    };
    // To look at them side by side with one's own eyes.
    let kept = std::env::var_os("SAFELIGHT_PICTURES").map(std::path::PathBuf::from);
    let workers = workers();
    let scratch = tempfile::tempdir().unwrap();
    let theirs = scratch.path().join("theirs.jpg");
    let (mut compared, mut other) = (0, Vec::new());
    for name in gallery::files(&corpus) {
        let path = corpus.join(&name);
        let Ok(made) = workers.render(&mut File::open(&path).unwrap(), SMALL) else {
            continue;
        };
        let is_made = if is_video(&name) {
            is_made(&mut poster(&ffmpeg, &path, &theirs), &theirs)
        } else {
            is_made(&mut thumbnail(&vips, &path, &theirs), &theirs)
                // Of a photo without a profile it makes other colours, if it is asked for sRGB.
                && (!has_profile(&theirs)
                    || is_made(thumbnail(&vips, &path, &theirs).args(["--eprofile", "srgb"]), &theirs))
        };
        if !is_made {
            continue;
        }
        compared += 1;
        let jpeg = made.thumbnail.unwrap();
        let shown = fs::read(&theirs).unwrap();
        let difference = difference(&Picture::of_jpeg(&jpeg), &Picture::of_jpeg(&shown));
        let name = name.display().to_string();
        if let (Some(folder), Some(difference)) = (&kept, &difference) {
            println!("{name}: {difference}");
            keep(folder, &name, &jpeg, &theirs);
        }
        let reason = EXPLAINED.iter().find(|(explained, _)| *explained == name);
        match (difference, reason) {
            (Some(difference), None) => other.push(format!("{name}: {difference}")),
            (None, Some((_, reason))) => other.push(format!("{name} is alike, although {reason}")),
            _ => {}
        }
    }
    println!("{compared} compared");
    assert!(compared >= 200, "Only {compared} could be compared");
    assert!(other.is_empty(), "{}", other.join("\n"));
}

/// Keeps two pictures side by side in a folder.
fn keep(folder: &Path, name: &str, ours: &[u8], theirs: &Path) {
    let folder = folder.join("other");
    fs::create_dir_all(&folder).unwrap();
    let flat = name.replace('/', "_");
    fs::write(folder.join(format!("{flat}.ours.jpg")), ours).unwrap();
    fs::copy(theirs, folder.join(format!("{flat}.theirs.jpg"))).unwrap();
}

fn is_video(name: &Path) -> bool {
    name.extension().is_some_and(|extension| {
        ["mov", "mp4", "m4v", "3gp", "qt"]
            .iter()
            .any(|video| extension.eq_ignore_ascii_case(video))
    })
}

fn thumbnail(vips: &Path, photo: &Path, made: &Path) -> Command {
    let mut command = Command::new(vips);
    command
        .arg("--size")
        .arg(format!("{THUMBNAIL}x{THUMBNAIL}>"))
        .arg("-o")
        .arg(format!(
            "{}[Q=100,subsample-mode=off,background=255]",
            made.display()
        ))
        .arg(photo);
    command
}

/// Whether a JPEG says in which space its colours are.
fn has_profile(jpeg: &Path) -> bool {
    let jpeg = fs::read(jpeg).unwrap();
    jpeg.windows(11).any(|bytes| bytes == b"ICC_PROFILE")
}

fn poster(ffmpeg: &Path, video: &Path, made: &Path) -> Command {
    let mut command = Command::new(ffmpeg);
    command
        .args(["-y", "-v", "error", "-i"])
        .arg(video)
        // A JPEG's colours are coded in one way only. Left to itself, ffmpeg writes them as the video's.
        .args([
            "-frames:v",
            "1",
            "-vf",
            "format=rgb24",
            "-pix_fmt",
            "yuvj444p",
            "-q:v",
            "2",
        ])
        .arg(made);
    command
}

/// Whether a program has made a picture.
fn is_made(command: &mut Command, picture: &Path) -> bool {
    if picture.exists() {
        fs::remove_file(picture).unwrap();
    }
    let ended = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    ended.unwrap().success() && picture.exists()
}

/// In what two pictures differ, if it can be seen.
fn difference(ours: &Picture, theirs: &Picture) -> Option<String> {
    let shape = |picture: &Picture| picture.width as f64 / picture.height as f64;
    // Of small pictures one pixel is much.
    let least = [ours.width, ours.height, theirs.width, theirs.height]
        .into_iter()
        .min()?;
    if (shape(ours) / shape(theirs)).ln().abs() > 1.5 / least as f64 {
        return Some(format!(
            "ours has {}×{} pixels, theirs {}×{}",
            ours.width, ours.height, theirs.width, theirs.height
        ));
    }
    // Of fewer pixels there is only the average to compare.
    let apart = if least < SIDE {
        0.0
    } else {
        ours.distance(theirs)
    };
    let (mean, their_mean) = (ours.mean(), theirs.mean());
    let colours = (0..3).map(|part| (mean[part] - their_mean[part]).abs());
    let colours = colours.fold(0.0, f64::max);
    (apart > FAR || colours > OTHER_COLOURS)
        .then(|| format!("{apart:.1} apart, the averages {mean:.0?} and {their_mean:.0?}"))
}
