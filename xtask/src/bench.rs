//! `cargo xtask bench`: the comparisons of `crates/safelight/benches` and `crates/media/benches`, with the release build.

use std::{env, path::PathBuf};

use anyhow::{Context, Result};

use crate::{
    run::{self, cargo},
    tools,
};

/// The comparisons that need no server, and so are the media crate's own. Each is named alone and takes no options.
const OF_MEDIA: [&str; 2] = ["facts", PICTURES];
/// The one that has pictures made by the program that ships.
const PICTURES: &str = "pictures";

/// Sets up the other programs and runs the named comparisons; options are passed on as they are.
///
/// # Errors
///
/// A comparison could not be run.
pub(crate) fn bench(options: &[&str]) -> Result<()> {
    for skipped in tools::set_up()? {
        eprintln!("left out: {skipped}");
    }
    let of_media = |name: &str| options == [name];
    for name in OF_MEDIA {
        if options.is_empty() || of_media(name) {
            run::run(&mut cargo(&[
                "build",
                "--release",
                "--package",
                "safelight",
            ]))?;
            run::run(
                cargo(&["bench", "--package", "safelight-media", "--bench", name])
                    .env("SAFELIGHT_PROGRAM", shipped()?),
            )?;
        }
    }
    if OF_MEDIA.into_iter().any(of_media) {
        return Ok(());
    }
    run::run(cargo(&["bench", "--package", "safelight", "--bench", "speed", "--"]).args(options))
}

/// The release build of Safelight, in the folder of builds that we lie in too.
fn shipped() -> Result<PathBuf> {
    let ours = env::current_exe().context("Cannot tell where this program lies")?;
    let builds = ours
        .ancestors()
        .nth(2)
        .context("This program lies in no folder of builds")?;
    Ok(builds
        .join("release")
        .join(format!("safelight{}", env::consts::EXE_SUFFIX)))
}
