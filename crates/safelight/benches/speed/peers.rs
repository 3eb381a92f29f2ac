//! Other WebDAV servers, without encryption and without a password.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Command,
};

use safelight_testkit::{process::Process, tools};

/// A running server.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    process: Process,
}

impl Peer {
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The peers there are, each serving a folder of its own below `folder`; started one at a time by the caller.
    pub(crate) fn all() -> Vec<fn(&Path) -> Option<Self>> {
        vec![Self::rclone, Self::dufs]
    }

    /// rclone, if it is there.
    pub(crate) fn rclone(folder: &Path) -> Option<Self> {
        let rclone = tools::find("rclone")?;
        Some(Self::start(
            "rclone serve webdav",
            folder,
            |address, served| {
                let mut command = Command::new(&rclone);
                command
                    .args(["serve", "webdav", "--addr", address])
                    .arg(served);
                command
            },
        ))
    }

    /// rclone with a certificate, if it is there.
    pub(crate) fn rclone_tls(folder: &Path, certificate: &Path, key: &Path) -> Option<Self> {
        let rclone = tools::find("rclone")?;
        Some(Self::start(
            "rclone serve webdav, TLS",
            folder,
            |address, served| {
                let mut command = Command::new(&rclone);
                command
                    .args(["serve", "webdav", "--addr", address])
                    .arg("--cert")
                    .arg(certificate)
                    .arg("--key")
                    .arg(key)
                    .arg(served);
                command
            },
        ))
    }

    fn dufs(folder: &Path) -> Option<Self> {
        let dufs = tools::find("dufs")?;
        Some(Self::start("dufs", folder, |address, served| {
            let (host, port) = address.rsplit_once(':').expect("an address");
            let mut command = Command::new(&dufs);
            command
                .arg("--allow-all")
                .args(["--bind", host, "--port", port])
                .arg(served);
            command
        }))
    }

    fn start(name: &'static str, folder: &Path, command: impl Fn(&str, &Path) -> Command) -> Self {
        let served = folder.join("served");
        std::fs::create_dir_all(&served).expect("a folder");
        let address = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port");
        let mut command = command(&address.to_string(), &served);
        let mut process =
            Process::start(name, &mut command, &folder.join("log")).expect("a peer starts");
        process
            .wait_for("port", |_| TcpStream::connect(address).ok())
            .unwrap_or_else(|problem| panic!("{problem}"));
        Self {
            name,
            address,
            process,
        }
    }
}
