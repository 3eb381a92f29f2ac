//! `cargo xtask night`: the household of phones of `crates/safelight/tests`, made large.

use anyhow::{Context, Result, bail};

use crate::run::{self, cargo};

/// Lets simulated phones upload and delete through nights with a bad line, from a seed.
///
/// # Errors
///
/// An unknown option, or a photo that a phone has deleted is missing.
pub(crate) fn night(options: &[&str]) -> Result<()> {
    let (mut phones, mut photos): (u32, u32) = (5, 5_000);
    let mut seed: u64 = 1;
    for option in options.chunks(2) {
        match option {
            ["--phones", number] => phones = number.parse().context("--phones takes a number")?,
            ["--photos", number] => photos = number.parse().context("--photos takes a number")?,
            ["--seed", number] => seed = number.parse().context("--seed takes a number")?,
            other => bail!(
                "Unknown option {other:?}; there are --phones N, --photos N (of each phone) and --seed S"
            ),
        }
    }
    run::run(
        cargo(&[
            "test",
            "--package",
            "safelight",
            "--test",
            "main",
            "phones::",
            "--",
            "--nocapture",
        ])
        .env("SAFELIGHT_NIGHT_PHONES", phones.to_string())
        .env("SAFELIGHT_NIGHT_PHOTOS", photos.to_string())
        .env("SAFELIGHT_NIGHT_SEED", seed.to_string()),
    )
}
