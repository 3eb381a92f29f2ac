//! `cargo xtask bench`: the comparisons of `crates/safelight/benches` and `crates/media/benches`, with the release build.

use anyhow::Result;

use crate::{
    run::{self, cargo},
    tools,
};

/// The comparison that needs no server, and so is the media crate's own. It is named alone and takes no options.
const FACTS: &str = "facts";

/// Sets up the other programs and runs the named comparisons; options are passed on as they are.
///
/// # Errors
///
/// A comparison could not be run.
pub(crate) fn bench(options: &[&str]) -> Result<()> {
    for skipped in tools::set_up()? {
        eprintln!("left out: {skipped}");
    }
    if options.is_empty() || options == [FACTS] {
        run::run(&mut cargo(&[
            "bench",
            "--package",
            "safelight-media",
            "--bench",
            FACTS,
        ]))?;
    }
    if options == [FACTS] {
        return Ok(());
    }
    run::run(cargo(&["bench", "--package", "safelight", "--bench", "speed", "--"]).args(options))
}
