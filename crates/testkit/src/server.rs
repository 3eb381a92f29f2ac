//! The real `safelight`, serving.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use serde_json::Value;

use crate::{Cli, Client, process::Process};

/// A running `safelight serve` on a free port of loopback, in UTC. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    process: Process,
    binary: PathBuf,
    data: PathBuf,
    library: PathBuf,
    address: SocketAddr,
}

impl Server {
    /// Starts `binary` with a data folder and a library folder, and waits until it listens.
    ///
    /// What it prints is appended to the file `<data>.log` beside the data folder.
    ///
    /// # Errors
    ///
    /// It ended before it listened: what it printed.
    pub fn start(binary: &Path, data: &Path, library: &Path) -> Result<Self, String> {
        Self::start_with(binary, data, library, &[])
    }

    /// As [`Self::start`], with more options; `--listen` says another port than any that is free.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub fn start_with(
        binary: &Path,
        data: &Path,
        library: &Path,
        options: &[&str],
    ) -> Result<Self, String> {
        let log = data.with_extension("log");
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .arg("--data")
            .arg(data)
            .arg("--library")
            .arg(library)
            .args(options)
            .env("TZ", "UTC");
        if !options.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut process = Process::start("safelight serve", &mut command, &log)
            .map_err(|problem| format!("cannot start {}: {problem}", binary.display()))?;
        let control = data.join("control.json");
        let address = process.wait_for("address in control.json", |process| {
            listening(&control, process.id())
        })?;
        Ok(Self {
            process,
            binary: binary.to_owned(),
            data: data.to_owned(),
            library: library.to_owned(),
            address,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process's id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its library folder.
    #[must_use]
    pub fn library(&self) -> &Path {
        &self.library
    }

    /// The command line beside it.
    #[must_use]
    pub fn cli(&self) -> Cli {
        Cli::new(&self.binary, &self.data)
    }

    /// A connection that nobody has signed in on.
    #[must_use]
    pub const fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// The PEM of the certificate that it made itself, for [`Client::encrypted`].
    ///
    /// # Panics
    ///
    /// If it has made none.
    #[must_use]
    pub fn certificate(&self) -> String {
        self.own_certificate("certificate")
    }

    /// The PEM of the certificate's private key.
    ///
    /// # Panics
    ///
    /// As [`Self::certificate`].
    #[must_use]
    pub fn certificate_key(&self) -> String {
        self.own_certificate("key")
    }

    fn own_certificate(&self, part: &str) -> String {
        let path = self.data.join("certificate.json");
        let json = std::fs::read_to_string(path).expect("certificate.json");
        let kept: Value = serde_json::from_str(&json).expect("JSON");
        kept[part].as_str().expect("a PEM").to_owned()
    }

    /// What it has printed so far, over all starts with this data folder.
    #[must_use]
    pub fn printed(&self) -> String {
        self.process.printed()
    }

    /// Ends it at once, as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Ends it at once while others still talk to it. [`Self::kill`] waits until it is gone.
    #[cfg(unix)]
    pub fn shoot(&self) {
        self.process.shoot();
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    #[cfg(unix)]
    pub fn stop(&mut self) -> ExitStatus {
        self.process.terminate()
    }

    /// Kills it if it still runs, and starts it again with the same folders, on another free port.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub fn restart(&mut self) -> Result<(), String> {
        self.kill();
        *self = Self::start(&self.binary, &self.data, &self.library)?;
        Ok(())
    }
}

/// The address in `control.json`, if the process `id` wrote it: a killed server leaves its old file behind.
fn listening(control: &Path, id: u32) -> Option<SocketAddr> {
    let text = std::fs::read_to_string(control).ok()?;
    let control: Value = serde_json::from_str(&text).ok()?;
    (control["pid"].as_u64() == Some(u64::from(id)))
        .then(|| control["address"].as_str()?.parse().ok())
        .flatten()
}
