//! Pictures to look at, from whatever a phone or a camera made.
//!
//! Decoders are large and read what strangers made, so they run in processes of their own ([`Workers`]), which have little
//! memory and little time, and where the system allows it can open no file and reach no network. A worker gets bytes
//! through a pipe, never a path. What the program itself does with a file is what `describe` does, too: find within limits
//! where the picture is. Such a worker is the same program, started again with an argument; it does nothing but [`work()`].
//!
//! | question | module |
//! |---|---|
//! | who starts, watches and ends the workers? | `workers`, `process` |
//! | what is said to them? | `order`, `coding`, `wire` |
//! | which bytes of a file do they get? | `source`, `still`, `frame`, `coded` |
//! | what does a worker do, and what can it not do? | `work`, `confine` |
//! | what does ffmpeg do, where it is installed? | `ffmpeg` |
//! | how does a format become samples? | `decode` |
//! | how do samples become a small picture with right colours? | `plane`, `samples`, `colour`, `hdr`, `show` |

mod coded;
mod coding;
mod colour;
mod confine;
mod decode;
mod ffmpeg;
mod frame;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hdr;
mod order;
mod plane;
mod process;
mod samples;
mod show;
mod source;
mod still;
mod wire;
mod work;
mod workers;

use std::{ffi::OsString, fmt, io, path::PathBuf, time::Duration};

use crate::facts::Size;

pub use ffmpeg::find_ffmpeg;
pub use work::work;
pub use workers::Workers;

/// The longest side of a thumbnail, in pixels.
pub const THUMBNAIL: u32 = 320;
/// The longest side of a preview, in pixels.
pub const PREVIEW: u32 = 1440;

/// Which pictures are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// Of at most [`THUMBNAIL`] pixels a side.
    pub thumbnail: bool,
    /// Of at most [`PREVIEW`] pixels a side.
    pub preview: bool,
}

/// Pictures as they are to be shown: upright, in sRGB. None is larger than what it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// A JPEG, if it was wanted.
    pub thumbnail: Option<Vec<u8>>,
    /// A JPEG, if it was wanted.
    pub preview: Option<Vec<u8>>,
    /// A thumbhash: about 25 bytes that make a blurred picture until the real one is there.
    pub placeholder: Vec<u8>,
    /// The size of the picture they were made from, as it is shown. Of a raw file: of the JPEG in it.
    pub size: Size,
}

/// How a worker is started: a program whose arguments make it call [`work()`].
#[derive(Clone, Debug)]
pub struct WorkerProgram {
    /// As a rule the running program itself (`std::env::current_exe`).
    pub program: PathBuf,
    /// What makes a worker of it.
    pub arguments: Vec<OsString>,
}

/// How far decoding one file may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most memory of a worker beyond what its program has from the start, in bytes of address space. Held on Linux.
    pub memory: u64,
    /// The most processor time for one file, in whole seconds. Held on Linux and macOS.
    pub cpu: Duration,
    /// The most time for one file. Held everywhere.
    pub wall: Duration,
    /// The most bytes that are sent to a worker for one file.
    pub input: u64,
    /// How long a worker may have nothing to do before it is ended.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 1 << 30,
            cpu: Duration::from_secs(30),
            wall: Duration::from_mins(1),
            input: 300 << 20,
            idle: Duration::from_mins(1),
        }
    }
}

/// Which limit a file went over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`Limits::memory`].
    Memory,
    /// [`Limits::cpu`] or [`Limits::wall`].
    Time,
    /// [`Limits::input`].
    Input,
}

/// Why there is no picture of a file.
#[derive(Debug, thiserror::Error)]
pub enum NoPicture {
    /// No picture can be made of these bytes, now or later.
    #[error("No picture can be made of the file: {why}")]
    Undecodable {
        /// In words for people.
        why: String,
    },
    /// Making it would cost too much.
    #[error("No picture was made of the file: decoding it {0}")]
    OverLimit(Limit),
    /// No decoder here can do it; the program ffmpeg may ([`Workers::render_by_ffmpeg`]). A fact until it is installed.
    #[error(
        "Only ffmpeg can make a picture of this file. Install it, or look at the file elsewhere"
    )]
    NeedsFfmpeg,
    /// Nothing is known about the file, because making pictures failed for reasons of ours. It is to be tried again.
    #[error("{what}: {error}")]
    Trouble {
        /// What was attempted.
        what: &'static str,
        /// Why it failed.
        error: io::Error,
    },
}

impl NoPicture {
    /// Whether it is a fact about the file, so that trying again is of no use. That it took too long is none: the machine
    /// may have been busy.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        !matches!(self, Self::Trouble { .. } | Self::OverLimit(Limit::Time))
    }

    fn undecodable(why: impl Into<String>) -> Self {
        Self::Undecodable { why: why.into() }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "needs too much memory",
            Self::Time => "takes too long",
            Self::Input => "means reading too many bytes",
        })
    }
}
