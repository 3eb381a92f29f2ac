//! `cargo xtask agreement`: how far we and exiftool agree about the corpus, as a table.

use anyhow::Result;

use crate::run::{self, cargo};

/// Prints the table of `crates/media/tests/corpus`.
///
/// # Errors
///
/// Too few of a field agree.
pub(crate) fn agreement() -> Result<()> {
    run::run(&mut cargo(&[
        "test",
        "--package",
        "safelight-media",
        "--test",
        "corpus",
        "agreement::",
        "--",
        "--nocapture",
    ]))
}
