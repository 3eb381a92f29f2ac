//! `cargo xtask sync`: the folder of Nextcloud's desktop client of `crates/safelight/tests`, made large.

use anyhow::{Context, Result, bail};

use crate::{
    run::{self, cargo},
    tools,
};

/// Lets `nextcloudcmd` keep a folder alike, with changes and renames.
///
/// # Errors
///
/// An unknown option, the client cannot be set up, or a file is missing or was sent twice.
pub(crate) fn sync(options: &[&str]) -> Result<()> {
    let (mut files, mut large, mut megabytes): (u32, u32, u32) = (2_000, 4, 200);
    for option in options.chunks(2) {
        match option {
            ["--files", number] => files = number.parse().context("--files takes a number")?,
            ["--large", number] => large = number.parse().context("--large takes a number")?,
            ["--megabytes", number] => {
                megabytes = number.parse().context("--megabytes takes a number")?;
            }
            other => bail!(
                "Unknown option {other:?}; there are --files N, --large N (two at least) and --megabytes N (of the large ones)"
            ),
        }
    }
    for skipped in tools::set_up()? {
        eprintln!("left out: {skipped}");
    }
    run::run(
        cargo(&[
            "test",
            "--package",
            "safelight",
            "--test",
            "main",
            "nextcloudcmd::",
            "--",
            "--nocapture",
        ])
        .env("SAFELIGHT_SYNC_FILES", files.to_string())
        .env("SAFELIGHT_SYNC_LARGE", large.to_string())
        .env("SAFELIGHT_SYNC_MEGABYTES", megabytes.to_string()),
    )
}
