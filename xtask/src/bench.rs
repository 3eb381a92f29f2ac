//! `cargo xtask bench`: the comparisons of `crates/safelight/benches`, with the release build.

use anyhow::Result;

use crate::{
    run::{self, cargo},
    tools,
};

/// Sets up the other programs and runs the named comparisons; options are passed on as they are.
///
/// # Errors
///
/// A comparison could not be run.
pub(crate) fn bench(options: &[&str]) -> Result<()> {
    for skipped in tools::set_up()? {
        eprintln!("left out: {skipped}");
    }
    run::run(cargo(&["bench", "--package", "safelight", "--bench", "speed", "--"]).args(options))
}
