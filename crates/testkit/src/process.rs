//! Other processes: started with a log, ended by their own id, never left behind.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// How long any program gets to start or to stop. It bounds a hang; nothing is measured by it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running program whose output goes to a log file. Dropping it kills it.
///
/// When the test that holds it fails, the end of the log is shown.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` without standard input; what it prints is appended to `log`.
    ///
    /// # Errors
    ///
    /// The program or the log cannot be opened.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> io::Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended; `None` while it runs.
    ///
    /// # Panics
    ///
    /// If the system does not tell.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the state of our own child")
    }

    /// What it has printed so far.
    #[must_use]
    pub fn printed(&self) -> String {
        std::fs::read(&self.log).map_or_else(
            |problem| format!("(the log {} cannot be read: {problem})", self.log.display()),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// Ends it at once, as a power cut would (SIGKILL), and waits until it is gone.
    ///
    /// # Panics
    ///
    /// If the system refuses.
    pub fn kill(&mut self) {
        if self.ended().is_none() {
            self.child.kill().expect("leave to kill our own child");
        }
        self.child.wait().expect("the end of our own child");
    }

    /// Sends it SIGKILL and does not wait: for tests that end it while others still talk to it.
    ///
    /// # Panics
    ///
    /// If the system refuses.
    #[cfg(unix)]
    pub fn shoot(&self) {
        use rustix::process::{Pid, Signal, kill_process};
        kill_process(Pid::from_child(&self.child), Signal::KILL)
            .expect("leave to kill our own child");
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Panics
    ///
    /// If it has not ended in [`PATIENCE`].
    #[cfg(unix)]
    pub fn terminate(&mut self) -> ExitStatus {
        use rustix::process::{Pid, Signal, kill_process};
        if let Some(status) = self.ended() {
            return status;
        }
        let id = Pid::from_child(&self.child);
        kill_process(id, Signal::TERM).expect("leave to signal our own child");
        let name = self.name.clone();
        until(&format!("{name} ends after SIGTERM"), || self.ended())
    }

    /// Waits until `look` finds what it looks for. Fails early when the process ends first.
    ///
    /// # Errors
    ///
    /// What the process printed, when it ended or when [`PATIENCE`] did.
    pub fn wait_for<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> Result<T, String> {
        let start = Instant::now();
        loop {
            let ended = self.ended();
            if let Some(found) = look(self) {
                return Ok(found);
            }
            if ended.is_some() || start.elapsed() > PATIENCE {
                let end = ended.map_or("still runs".to_owned(), |status| status.to_string());
                return Err(format!(
                    "{}: no {what} ({end}). It printed:\n{}",
                    self.name,
                    self.printed()
                ));
            }
            breathe();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let printed = self.printed();
            let end = printed.floor_char_boundary(printed.len().saturating_sub(8_000));
            eprintln!(
                "--- the end of what {} printed:\n{}",
                self.name,
                &printed[end..]
            );
        }
    }
}

/// Waits until `look` finds what it looks for.
///
/// # Panics
///
/// If [`PATIENCE`] ends first.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "waited {PATIENCE:?} for: {what}"
        );
        breathe();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process's files and ports send no event; this only paces looking at them"
)]
fn breathe() {
    std::thread::sleep(Duration::from_millis(5));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_ends_early_is_told_with_its_words() {
        let folder = tempfile::tempdir().unwrap();
        let mut cargo = Process::start(
            "cargo",
            Command::new(env!("CARGO")).arg("no-such-command-at-all"),
            &folder.path().join("log"),
        )
        .unwrap();
        let told = cargo.wait_for("port", |_| None::<()>).unwrap_err();
        assert!(told.contains("no-such-command-at-all"), "{told}");
    }
}
