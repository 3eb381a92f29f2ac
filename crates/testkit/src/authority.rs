//! An authority for certificates that speaks ACME: `pebble`, which Let's Encrypt tests clients with, and a DNS of its own,
//! in which every name leads to this machine.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::{process::Process, tools};

/// A running authority. Dropping it ends it.
#[derive(Debug)]
pub struct Authority {
    process: Process,
    directory: SocketAddr,
    management: SocketAddr,
    folder: PathBuf,
    _dns: Process,
}

impl Authority {
    /// Starts one that finds port 443 of every name at `port_443`, and issues certificates that are good for `life`
    /// seconds. None if its programs are missing.
    ///
    /// `certificate` and `key` are the PEM of its own certificate, good for 127.0.0.1; `folder` is an empty one.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn start(
        folder: &Path,
        port_443: SocketAddr,
        life: u64,
        certificate: &str,
        key: &str,
    ) -> Option<Self> {
        let pebble = tools::require("pebble")?;
        let challtestsrv = tools::require("pebble-challtestsrv")?;
        let [directory, management, dns, unused] = tools::free_ports();
        let mut command = Command::new(challtestsrv);
        command
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""])
            .args(["-dns01", &dns.to_string()])
            .args(["-management", &unused.to_string()]);
        let dns_process =
            Process::start("pebble-challtestsrv", &mut command, &folder.join("dns.log"))
                .expect("pebble-challtestsrv starts");
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).expect("a scratch folder");
            path
        };
        let config = json!({ "pebble": {
            "listenAddress": directory.to_string(),
            "managementListenAddress": management.to_string(),
            "certificate": write("directory.pem", certificate),
            "privateKey": write("directory.key", key),
            "httpPort": unused.port(),
            "tlsPort": port_443.port(),
            "certificateValidityPeriod": life,
        }});
        let config = write("pebble.json", &config.to_string());
        let mut command = Command::new(pebble);
        command
            .args(["-strict", "-dnsserver", &dns.to_string()])
            .arg("-config")
            .arg(config)
            .env("PEBBLE_VA_NOSLEEP", "1");
        let mut process = Process::start("pebble", &mut command, &folder.join("pebble.log"))
            .expect("pebble starts");
        process
            .wait_for("port", |_| TcpStream::connect(directory).ok())
            .expect("pebble listens");
        Some(Self {
            process,
            directory,
            management,
            folder: folder.to_owned(),
            _dns: dns_process,
        })
    }

    /// The address of its directory.
    #[must_use]
    pub fn directory(&self) -> String {
        format!("https://{}/dir", self.directory)
    }

    /// The file with the certificate that vouches for the directory itself.
    #[must_use]
    pub fn trust(&self) -> PathBuf {
        self.folder.join("directory.pem")
    }

    /// Where it tells which root its certificates lead to.
    #[must_use]
    pub fn root(&self) -> String {
        format!("https://{}/roots/0", self.management)
    }

    /// What it has printed so far.
    #[must_use]
    pub fn printed(&self) -> String {
        self.process.printed()
    }

    /// Ends it: from now on nobody answers at its directory.
    pub fn end(&mut self) {
        self.process.kill();
    }
}
