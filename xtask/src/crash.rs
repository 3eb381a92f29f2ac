//! `cargo xtask crash`: the crash test of `crates/safelight/tests`, made long.

use anyhow::{Context, Result, bail};

use crate::run::{self, cargo};

/// Kills the server under load, many times, from a seed.
///
/// # Errors
///
/// An unknown option, or a photo was lost.
pub(crate) fn crash(options: &[&str]) -> Result<()> {
    let mut kills: u32 = 300;
    let mut seed: u64 = 1;
    for option in options.chunks(2) {
        match option {
            ["--kills", number] => kills = number.parse().context("--kills takes a number")?,
            ["--seed", number] => seed = number.parse().context("--seed takes a number")?,
            other => bail!("Unknown option {other:?}; there are --kills N and --seed S"),
        }
    }
    run::run(
        cargo(&[
            "test",
            "--package",
            "safelight",
            "--test",
            "main",
            "crash::",
            "--",
            "--nocapture",
        ])
        .env("SAFELIGHT_CRASH_KILLS", kills.to_string())
        .env("SAFELIGHT_CRASH_SEED", seed.to_string()),
    )
}
