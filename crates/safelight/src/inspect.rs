//! `safelight inspect`: what Safelight reads from files. Needs no data folder and no server.

use std::{
    fmt::Write as _,
    io::{BufWriter, Write as _},
    path::PathBuf,
};

use jiff::tz::TimeZone;
use safelight_core::Clock;
use safelight_engine::inspect::{self, Inspection};

use crate::{cli::Output, system::SystemClock};

/// Reads the files and folders and prints what was found; answers the exit code.
///
/// The JSON document is the object of the one file that was named, and else an array of objects, printed as they come.
pub(crate) fn inspect(paths: &[PathBuf], output: Output) -> anyhow::Result<u8> {
    let is_one = matches!(paths, [path] if !path.is_dir());
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut count, mut unreadable) = (0_u64, 0_u64);
    let mut each = |found: Inspection| -> anyhow::Result<()> {
        unreadable += u64::from(!found.is_readable);
        let separator = match (output.json && !is_one, count) {
            (false, _) => "",
            (true, 0) => "[\n",
            (true, _) => ",\n",
        };
        count += 1;
        out.write_all(separator.as_bytes())?;
        if output.json {
            serde_json::to_writer_pretty(&mut out, &found)?;
            if is_one {
                out.write_all(b"\n")?;
            }
        } else {
            out.write_all(plain(&found)?.as_bytes())?;
        }
        Ok(())
    };
    inspect::inspect(paths, &TimeZone::system(), SystemClock.now(), &mut each)?;
    if output.json && !is_one {
        out.write_all(if count == 0 { b"[]\n" } else { b"\n]\n" })?;
    }
    out.flush()?;
    Ok(if unreadable == 0 { 0 } else { 3 })
}

/// What a person reads about a file.
fn plain(found: &Inspection) -> anyhow::Result<String> {
    let mut text = format!("{}\n", found.path);
    if found.is_readable {
        write!(text, "  {}, {}", found.kind, found.mime)?;
        if let (Some(width), Some(height)) = (found.width, found.height) {
            write!(text, ", {width} × {height}")?;
        }
        if let Some(degrees) = found.rotation.filter(|degrees| *degrees != 0) {
            write!(text, ", turned by {degrees}°")?;
        }
        if let Some(seconds) = found.duration_s {
            write!(text, ", {seconds:.1} s")?;
        }
        text.push('\n');
        match (&found.capture_time, found.time_source) {
            (Some(time), Some(source)) => writeln!(
                text,
                "  taken:   {} {}{} (by {source}, confidence {})",
                time.replace('T', " "),
                found.utc_offset.as_deref().unwrap_or("in an unknown zone"),
                match found.utc_offset_source {
                    Some("gps-time") => " by the GPS's clock",
                    Some("position") => " by the place",
                    Some("assumed") => " in this machine's zone",
                    _ => "",
                },
                found.time_confidence.unwrap_or_default(),
            )?,
            _ => text.push_str("  taken:   nobody knows when\n"),
        }
        if let (Some(latitude), Some(longitude)) = (found.latitude, found.longitude) {
            writeln!(text, "  place:   {latitude:.5}, {longitude:.5}")?;
        }
        let camera: Vec<&str> = [&found.make, &found.model]
            .into_iter()
            .filter_map(|word| word.as_deref())
            .collect();
        if !camera.is_empty() {
            writeln!(text, "  camera:  {}", camera.join(" "))?;
        }
        if let Some(id) = &found.content_id {
            writeln!(text, "  live:    part of the Live Photo {id}")?;
        }
        if let Some(offset) = found.motion_video_offset {
            writeln!(text, "  motion:  a video begins at byte {offset}")?;
        }
    }
    for problem in &found.problems {
        writeln!(text, "  problem: {problem}")?;
    }
    Ok(text)
}
