//! Where the data folder lies if nobody says.

use std::path::PathBuf;

use anyhow::{Context, bail};

/// The data folder: as given, or the system's usual place for a program's own data.
pub(crate) fn data_dir(given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let dir = match given {
        Some(dir) => dir,
        None => usual_data_dir()?,
    };
    std::path::absolute(&dir)
        .with_context(|| format!("The data folder {} cannot be used", dir.display()))
}

#[cfg(target_os = "macos")]
fn usual_data_dir() -> anyhow::Result<PathBuf> {
    Ok(from_environment("HOME")?.join("Library/Application Support/Safelight"))
}

#[cfg(windows)]
fn usual_data_dir() -> anyhow::Result<PathBuf> {
    Ok(from_environment("LOCALAPPDATA")?.join("Safelight"))
}

/// XDG Base Directory Specification 0.8: `$XDG_DATA_HOME`, by default `~/.local/share`.
#[cfg(not(any(target_os = "macos", windows)))]
fn usual_data_dir() -> anyhow::Result<PathBuf> {
    match from_environment("XDG_DATA_HOME") {
        Ok(dir) => Ok(dir.join("safelight")),
        Err(_) => Ok(from_environment("HOME")?.join(".local/share/safelight")),
    }
}

fn from_environment(variable: &str) -> anyhow::Result<PathBuf> {
    match std::env::var_os(variable).map(PathBuf::from) {
        Some(dir) if dir.is_absolute() => Ok(dir),
        _ => bail!("There is no usual data folder ({variable} is not set); name one with --data"),
    }
}
