//! Pictures, made by real worker processes.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot look at a picture fails"
)]

mod foreign;
mod gallery;
mod limits;
mod look;
mod peers;
mod upright;

use std::{num::NonZeroUsize, path::PathBuf};

use safelight_media::pictures::{Limits, Want, WorkerProgram, Workers};

const BOTH: Want = Want {
    thumbnail: true,
    preview: true,
};

fn program() -> WorkerProgram {
    WorkerProgram {
        program: PathBuf::from(env!("CARGO_BIN_EXE_safelight-media-worker")),
        arguments: Vec::new(),
    }
}

/// One worker at a time, with the ordinary limits.
fn workers() -> Workers {
    Workers::new(program(), Limits::default(), NonZeroUsize::MIN)
}
