//! A real S3 server on loopback.

mod garage;
mod rclone;

use std::{net::SocketAddr, path::PathBuf};

use tempfile::TempDir;

use crate::{process::Process, tools};

/// A running S3 server with one empty bucket. Dropping it kills it and removes what it stored.
#[derive(Debug)]
pub struct S3Server {
    /// Which program it is.
    pub program: &'static str,
    /// Its address.
    pub address: SocketAddr,
    /// The bucket.
    pub bucket: String,
    /// The region it says it is in.
    pub region: String,
    /// The key's id.
    pub access_key_id: String,
    /// The key's secret.
    pub secret_access_key: String,
    // Dropped in this order: the process ends before its folder goes.
    process: Process,
    folder: TempDir,
}

impl S3Server {
    /// Starts `garage`, else `rclone serve s3`; whichever there is. `None`, and one plain line, without either.
    ///
    /// # Panics
    ///
    /// If the server does not start; on a build server (`CI` is set) without either.
    #[must_use]
    pub fn start() -> Option<Self> {
        if let Some(garage) = tools::find("garage") {
            return Some(garage::start(&garage));
        }
        Some(rclone::start(&tools::require("rclone")?))
    }

    /// Starts `garage`. `None`, and one plain line, where it is not installed, on a build server too: it takes too long to
    /// build there, and `rclone serve s3` judges instead.
    ///
    /// # Panics
    ///
    /// If the server does not start.
    #[must_use]
    pub fn garage() -> Option<Self> {
        let Some(garage) = tools::find("garage") else {
            tools::say(
                "NO GARAGE: garage is not installed, so rclone is the only S3 server of this run",
            );
            return None;
        };
        Some(garage::start(&garage))
    }

    /// Starts `rclone serve s3`.
    ///
    /// # Panics
    ///
    /// As [`Self::start`].
    #[must_use]
    pub fn rclone() -> Option<Self> {
        Some(rclone::start(&tools::require("rclone")?))
    }

    /// Its URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How a destination is spelled on `safelight`'s command line.
    #[must_use]
    pub fn destination(&self, prefix: &str) -> String {
        self.destination_through(self.address, prefix)
    }

    /// As [`Self::destination`], by way of a proxy's address.
    #[must_use]
    pub fn destination_through(&self, proxy: SocketAddr, prefix: &str) -> String {
        let Self { bucket, region, .. } = self;
        format!("s3://{bucket}/{prefix}?endpoint=http://{proxy}&region={region}")
    }

    /// The environment variables that carry its keys.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, &str); 2] {
        [
            ("AWS_ACCESS_KEY_ID", &self.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", &self.secret_access_key),
        ]
    }

    /// Where it keeps its bucket's objects as plain files of the same names, if it does.
    #[must_use]
    pub fn files(&self) -> Option<PathBuf> {
        let files = self.folder.path().join(rclone::STORE).join(&self.bucket);
        files.is_dir().then_some(files)
    }

    /// What it has printed so far.
    #[must_use]
    pub fn printed(&self) -> String {
        format!(
            "{} in {}:\n{}",
            self.program,
            self.folder.path().display(),
            self.process.printed()
        )
    }

    /// Ends it at once; requests fail from then on.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Client;

    fn answers(server: Option<S3Server>) {
        let Some(server) = server else { return };
        let target = format!("/{}", server.bucket);
        let anonymous = Client::new(server.address)
            .send("GET", &target, &[], b"")
            .unwrap();
        let refused = (400..500).contains(&anonymous.status);
        assert!(refused, "{anonymous:?} {}", server.printed());
        let address = server.address;
        drop(server);
        assert!(std::net::TcpStream::connect(address).is_err());
    }

    #[test]
    fn rclone_refuses_strangers_and_ends_with_its_handle() {
        answers(S3Server::rclone());
    }

    #[test]
    fn whichever_there_is_refuses_strangers_and_ends_with_its_handle() {
        answers(S3Server::start());
    }
}
