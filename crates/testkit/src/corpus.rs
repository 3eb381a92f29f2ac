//! The corpus: a folder of real photos and videos from many cameras, kept beside the project.

use std::{env, path::PathBuf};

use crate::tools;

/// The corpus folder: the environment's `SAFELIGHT_CORPUS`, else `../shared/corpus` beside the project.
///
/// `None`, and one plain line, where there is none, on a build server too: unlike a program, other people's photos can be
/// neither installed nor kept in the project.
#[must_use]
pub fn corpus() -> Option<PathBuf> {
    let folder = env::var_os("SAFELIGHT_CORPUS")
        .map_or_else(|| tools::project().join("../shared/corpus"), PathBuf::from);
    match folder.canonicalize() {
        Ok(folder) => Some(folder),
        Err(problem) => {
            let thread = std::thread::current();
            let test = thread.name().unwrap_or("a test");
            tools::say(&format!(
                "NO CORPUS: {test} needs the corpus of photos ({}: {problem}; SAFELIGHT_CORPUS names another folder)",
                folder.display()
            ));
            None
        }
    }
}
