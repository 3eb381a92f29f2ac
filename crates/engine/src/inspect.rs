//! What Safelight reads from files, wherever they lie. It needs no library and changes nothing.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use safelight_core::Precision;
use safelight_media::{Facts, Hints};
use serde::Serialize;

/// The folder of a library's own files, which are nobody's photos.
const OWN_FOLDER: &str = ".safelight";

/// What was read from a file. Nothing of it is guessed from the file's own times.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// The file, as it was named or found.
    pub path: String,
    /// `photo`, `video` or `other`.
    pub kind: &'static str,
    /// The media type of its bytes, whatever its name says.
    pub mime: &'static str,
    /// The wall clock's time where it was taken (ISO 8601); only the day if no more is known.
    pub capture_time: Option<String>,
    /// How far that wall clock was ahead of UTC, as `+02:00`. A video that states only UTC gets its place's zone, or for
    /// want of one this machine's.
    pub utc_offset: Option<String>,
    /// From what that follows, in [`safelight_media::OffsetSource`]'s words.
    pub utc_offset_source: Option<&'static str>,
    /// Who says so, in [`safelight_core::TimeSource`]'s words.
    pub time_source: Option<&'static str>,
    /// How far that word is to be believed: `high`, `medium` or `low`.
    pub time_confidence: Option<&'static str>,
    /// As it is shown, in pixels.
    pub width: Option<u32>,
    /// As it is shown, in pixels.
    pub height: Option<u32>,
    /// By how many degrees the stored picture is turned clockwise to be shown.
    pub rotation: Option<u16>,
    /// In seconds.
    pub duration_s: Option<f64>,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// The camera's manufacturer.
    pub make: Option<String>,
    /// The camera's model.
    pub model: Option<String>,
    /// What the parts of a Live Photo have in common.
    pub content_id: Option<String>,
    /// Where the video of a Motion Photo begins, in bytes from the beginning of the file.
    pub motion_video_offset: Option<u64>,
    /// What is not as it should be, in words.
    pub problems: Vec<String>,
    /// Whether the file or folder could be read at all.
    #[serde(skip)]
    pub is_readable: bool,
}

/// Reads the files, and all files in the folders, and hands each over; a folder's are in the order of their names.
///
/// Links that lie in a folder are not followed. What cannot be read is handed over, too, with the reason among its
/// problems. `zone` is that in which a time becomes local of which only UTC is known; `now` is the present, beyond
/// which no date is believed.
///
/// # Errors
///
/// Only those of `each`, which end the walk.
pub fn inspect<E>(
    paths: &[PathBuf],
    zone: &TimeZone,
    now: Timestamp,
    each: &mut dyn FnMut(Inspection) -> Result<(), E>,
) -> Result<(), E> {
    // What is still to be read, the next one last.
    let mut waiting: Vec<(PathBuf, bool)> = paths
        .iter()
        .rev()
        .map(|path| (path.clone(), true))
        .collect();
    while let Some((path, is_named)) = waiting.pop() {
        let metadata = if is_named {
            fs::metadata(&path)
        } else {
            fs::symlink_metadata(&path)
        };
        match metadata {
            Ok(metadata) if metadata.is_dir() => match names_in(&path) {
                Ok(names) => {
                    waiting.extend(names.into_iter().rev().map(|name| (path.join(name), false)));
                }
                Err(error) => each(unreadable(&path, &format!("could not be listed: {error}")))?,
            },
            Ok(metadata) if metadata.is_file() => each(inspect_file(&path, zone, now))?,
            // A link, a device or the like in a folder: nobody asked for it.
            Ok(_) if !is_named => {}
            Ok(_) => each(unreadable(&path, "is neither a file nor a folder"))?,
            Err(error) => each(unreadable(&path, &format!("could not be found: {error}")))?,
        }
    }
    Ok(())
}

fn names_in(folder: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    let mut names = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .filter(|name| name.as_ref().map_or(true, |name| name != OWN_FOLDER))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn inspect_file(path: &Path, zone: &TimeZone, now: Timestamp) -> Inspection {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let hints = Hints {
        name: &name,
        client_created: None,
        modified: None,
        zone,
        now,
    };
    match File::open(path) {
        Ok(mut file) => described(path, safelight_media::describe(&mut file, &hints)),
        Err(error) => unreadable(path, &format!("could not be opened: {error}")),
    }
}

fn described(path: &Path, facts: Facts) -> Inspection {
    let captured = facts.captured;
    let is_picture = facts.size.is_some();
    Inspection {
        path: path.to_string_lossy().into_owned(),
        kind: facts.kind.as_str(),
        mime: facts.format.mime(),
        capture_time: captured.map(|captured| match captured.precision {
            Precision::Second => captured.local.to_string(),
            Precision::Day => captured.local.date().to_string(),
        }),
        utc_offset: captured.and_then(|captured| captured.offset).map(shown),
        utc_offset_source: facts
            .offset_source
            .map(safelight_media::OffsetSource::as_str),
        time_source: captured.map(|captured| captured.source.as_str()),
        time_confidence: captured.map(|captured| captured.confidence().as_str()),
        width: facts.size.map(|size| size.width),
        height: facts.size.map(|size| size.height),
        rotation: is_picture.then(|| facts.orientation.degrees()),
        duration_s: facts.duration.map(|duration| duration.as_secs_f64()),
        latitude: facts.place.map(|place| place.latitude),
        longitude: facts.place.map(|place| place.longitude),
        is_readable: !facts
            .problems
            .contains(&safelight_media::Problem::Unreadable),
        make: facts.make,
        model: facts.model,
        content_id: facts.content_id,
        motion_video_offset: facts.motion_video,
        problems: facts.problems.iter().map(ToString::to_string).collect(),
    }
}

/// `+02:00`.
fn shown(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn unreadable(path: &Path, why: &str) -> Inspection {
    Inspection {
        path: path.to_string_lossy().into_owned(),
        kind: safelight_core::MediaKind::Other.as_str(),
        mime: safelight_media::Format::Other.mime(),
        capture_time: None,
        utc_offset: None,
        utc_offset_source: None,
        time_source: None,
        time_confidence: None,
        width: None,
        height: None,
        rotation: None,
        duration_s: None,
        latitude: None,
        longitude: None,
        make: None,
        model: None,
        content_id: None,
        motion_video_offset: None,
        problems: vec![format!("It {why}")],
        is_readable: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_have_two_digits_each() {
        for (seconds, text) in [(7200, "+02:00"), (-12_600, "-03:30"), (0, "+00:00")] {
            assert_eq!(shown(Offset::from_seconds(seconds).unwrap()), text);
        }
    }
}
