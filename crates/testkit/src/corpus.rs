//! The corpus: a folder of real photos and videos from many cameras, kept beside the project.

use std::{env, path::PathBuf};

use crate::tools;

/// The corpus folder: the environment's `SAFELIGHT_CORPUS`, else `../shared/corpus` beside the project.
///
/// `None`, and one plain line, where there is none.
///
/// # Panics
///
/// On a build server (`CI` is set) without the corpus.
#[must_use]
pub fn corpus() -> Option<PathBuf> {
    let folder = env::var_os("SAFELIGHT_CORPUS")
        .map_or_else(|| tools::project().join("../shared/corpus"), PathBuf::from);
    match folder.canonicalize() {
        Ok(folder) => Some(folder),
        Err(problem) => {
            tools::skipped(&format!(
                "needs the corpus of photos ({}: {problem}; SAFELIGHT_CORPUS names another folder)",
                folder.display()
            ));
            None
        }
    }
}
