//! `cargo-deny`, with the rules of `deny.toml`.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{run, tools};

/// Licences, banned crates, sources.
///
/// # Errors
///
/// A rule is broken, or `cargo-deny` is missing.
pub(crate) fn check() -> Result<()> {
    cargo_deny(&["check", "bans", "licenses", "sources"])
}

/// Known weaknesses. Fetches the RustSec list, so it says more today than yesterday of the same commit: a command of
/// its own and no part of the tests.
///
/// # Errors
///
/// A weakness is known, the list cannot be fetched, or `cargo-deny` is missing.
pub(crate) fn advisories() -> Result<()> {
    cargo_deny(&["check", "advisories"])
}

fn cargo_deny(arguments: &[&str]) -> Result<()> {
    let program = tools::find("cargo-deny").context(
        "cargo-deny is missing: `cargo xtask tools` fetches it, or `cargo install cargo-deny`",
    )?;
    run::run(
        Command::new(program)
            .args(arguments)
            .current_dir(run::project()),
    )
}
