//! The program ffmpeg, where it is installed: for videos that nothing here decodes.
//!
//! It gets the open file as its standard input, no path, and writes one picture to a pipe. Its picture goes through a
//! worker like any other file, so that what it writes is not believed either.

use std::{
    env,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
};

use super::{Limit, Limits, NoPicture, process};

/// The most bytes of a picture that are taken from it.
const MAX_PICTURE: u64 = 32 << 20;
/// How large the picture is that it makes: with square pixels, and not much larger than a preview.
const SCALE: &str = "scale=w='if(gt(sar,0),iw*sar,iw)':h=ih,scale=w='min(1440,iw)':h=-2,setsar=1";

/// What ffmpeg calls its standard input. By the first name it can go back and forth in it, which it must in a video whose
/// index stands at the end; Windows has no such name.
const INPUT: &str = if cfg!(unix) { "/dev/stdin" } else { "pipe:0" };

/// Looks for ffmpeg on the `PATH`.
#[must_use]
pub fn find_ffmpeg() -> Option<PathBuf> {
    let file = format!("ffmpeg{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&file))
        .find(|candidate| candidate.is_file())
}

/// A video's first picture, as a JPEG.
pub(super) fn first_picture(
    ffmpeg: &Path,
    mut video: &File,
    limits: &Limits,
) -> Result<Vec<u8>, NoPicture> {
    let failed = |error| NoPicture::Trouble {
        what: "The program ffmpeg could not be run",
        error,
    };
    let input = video
        .seek(SeekFrom::Start(0))
        .and_then(|_| video.try_clone())
        .map_err(|error| NoPicture::Trouble {
            what: "A file could not be read",
            error,
        })?;
    // Nothing from the network: a playlist that names other places is not followed.
    let mut child = Command::new(ffmpeg)
        .args(["-nostdin", "-v", "error", "-threads", "1"])
        .args(["-protocol_whitelist", "file,pipe", "-i", INPUT])
        .args(["-an", "-sn", "-dn", "-frames:v", "1", "-vf", SCALE])
        .args(["-c:v", "mjpeg", "-q:v", "2", "-f", "image2pipe", "pipe:1"])
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    #[cfg(target_os = "linux")]
    limit(&child, limits).map_err(|error| failed(error.into()))?;
    let output = child.stdout.take();
    let (attention, told) = mpsc::channel();
    let watched = *limits;
    let watcher = thread::spawn(move || process::watch_over(child, &told, &watched));
    let mut picture = Vec::new();
    let read = output
        .ok_or(io::ErrorKind::BrokenPipe.into())
        .and_then(|output| output.take(MAX_PICTURE).read_to_end(&mut picture));
    // It has nothing more to say; if it is not at its end yet, this ends it.
    drop(attention);
    let ended = watcher.join();
    read.map_err(failed)?;
    if matches!(ended, Ok(process::Ended::TooLong)) {
        return Err(NoPicture::OverLimit(Limit::Time));
    }
    if picture.is_empty() {
        return Err(NoPicture::undecodable(
            "there is none in it that can be shown (ffmpeg tried)",
        ));
    }
    Ok(picture)
}

/// Limits of another process, which has begun already but not come far.
#[cfg(target_os = "linux")]
fn limit(child: &std::process::Child, limits: &Limits) -> rustix::io::Result<()> {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    // Its libraries alone take a good part of what a worker has.
    let memory = limits.memory.saturating_mul(2);
    for (resource, most) in [
        (Resource::As, memory),
        (Resource::Cpu, limits.cpu.as_secs()),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
    ] {
        let most = Some(most);
        prlimit(
            Some(Pid::from_child(child)),
            resource,
            Rlimit {
                current: most,
                maximum: most,
            },
        )?;
    }
    Ok(())
}
