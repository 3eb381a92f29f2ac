//! The real `safelight`'s command line.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

/// How a command ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ended {
    /// The one JSON document on standard output.
    ///
    /// # Panics
    ///
    /// If there is none, or something beside it.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|problem| {
            panic!("standard output is not one JSON document ({problem}): {self:#?}")
        })
    }
}

/// Runs `safelight` commands for one data folder.
#[derive(Debug, Clone)]
pub struct Cli {
    binary: PathBuf,
    data: PathBuf,
    environment: Vec<(String, String)>,
}

impl Cli {
    /// `binary` with `--data data`.
    #[must_use]
    pub fn new(binary: &Path, data: &Path) -> Self {
        Self {
            binary: binary.to_owned(),
            data: data.to_owned(),
            environment: Vec::new(),
        }
    }

    /// With one more environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ended {
        let output = Command::new(&self.binary)
            .args(arguments)
            .arg("--data")
            .arg(&self.data)
            .env("TZ", "UTC")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .expect("safelight starts");
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command that must end well (exit code 0) and print one JSON document.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn json<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Value {
        let ended = self.run(arguments);
        let words: Vec<_> = arguments.iter().map(AsRef::as_ref).collect();
        assert_eq!(ended.code, Some(0), "safelight {words:?}: {ended:#?}");
        ended.json()
    }

    /// Runs a command that must end well (exit code 0).
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn ok<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ended {
        let ended = self.run(arguments);
        let words: Vec<_> = arguments.iter().map(AsRef::as_ref).collect();
        assert_eq!(ended.code, Some(0), "safelight {words:?}: {ended:#?}");
        ended
    }
}
