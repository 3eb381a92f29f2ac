//! Houses for measuring: the release binary, a library made in one go.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use safelight_testkit::{Cli, Client, Photos, Server};
use tempfile::TempDir;

use crate::Plan;

pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_safelight"))
}

/// Data and library folder; the server runs only while it is needed.
pub(crate) struct House {
    folder: TempDir,
}

impl House {
    /// An empty one.
    pub(crate) fn new(plan: &Plan) -> Self {
        let house = Self {
            folder: plan.folder(),
        };
        house.serve().stop();
        house
    }

    /// One whose library was filled by writing files into it, and is known after a rebuild. Each of `files` is a size
    /// and how many of it.
    pub(crate) fn filled(plan: &Plan, seed: u64, files: &[(usize, usize)]) -> Self {
        let house = Self::new(plan);
        let mut roll = Photos::new(seed);
        for (count, size) in files {
            write_photos(&house.library(), &mut roll, *count, *size);
        }
        house.cli().ok(&["rebuild"]);
        house
    }

    pub(crate) fn library(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    pub(crate) fn cli(&self) -> Cli {
        Cli::new(binary(), &self.data())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn serve(&self) -> Server {
        Server::start(binary(), &self.data(), &self.library())
            .unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// Takes in new photos through a server that runs only for that.
    pub(crate) fn receive(&self, mut roll: Photos, folder: &str, count: usize, size: usize) {
        let mut server = self.serve();
        let mut client = phone(&server);
        let made = client.send("MKCOL", &format!("/dav/{folder}"), &[], b"");
        assert_eq!(made.expect("an answer").status, 201, "{folder}");
        for _ in 0..count {
            let picture = roll.next(size);
            let target = format!("/dav/{folder}/{}", picture.name);
            let answer = client
                .send("PUT", &target, &[], &picture.bytes)
                .expect("an answer");
            assert_eq!(answer.status, 201, "{target}: {answer:?}");
        }
        server.stop();
    }
}

/// A new device's connection.
pub(crate) fn phone(server: &Server) -> Client {
    phone_and_user(server).0
}

/// A new device's connection, and the user that it signs in as.
pub(crate) fn phone_and_user(server: &Server) -> (Client, String) {
    let added = server.cli().json(&["device", "add", "bench", "--json"]);
    let field = |name: &str| added[name].as_str().expect("a text").to_owned();
    let user = field("user");
    (server.client().basic(&user, &field("password")), user)
}

/// A new device's connection, signed in as a browser is: by a token.
pub(crate) fn browser(server: &Server) -> Client {
    let added = server.cli().json(&["device", "add", "bench", "--json"]);
    server
        .client()
        .bearer(added["token"].as_str().expect("a token"))
}

/// Writes photos into `YYYY/MM` folders, without flushing.
pub(crate) fn write_photos(library: &Path, roll: &mut Photos, count: usize, size: usize) {
    let mut made = std::collections::BTreeSet::new();
    for _ in 0..count {
        let picture = roll.next(size);
        let folder = library.join(picture.folder());
        if made.insert(folder.clone()) {
            fs::create_dir_all(&folder).expect("a folder");
        }
        picture.write(&folder).expect("room for a photo");
    }
}

/// Writes photos into one folder, and returns them.
pub(crate) fn write_flat(folder: &Path, seed: u64, count: usize, size: usize) -> Vec<PathBuf> {
    let mut roll = Photos::new(seed);
    (0..count)
        .map(|_| {
            let picture = roll.next(size);
            let path = folder.join(&picture.name);
            let mut file = fs::File::create(&path).expect("a file");
            file.write_all(&picture.bytes).expect("room for a photo");
            path
        })
        .collect()
}
