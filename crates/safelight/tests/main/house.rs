//! One household: a data folder, a library folder, a running server, one phone.

use std::path::{Path, PathBuf};

use safelight_testkit::{Browser, Cli, Client, Picture, Response, Server};
use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_safelight"))
}

/// What `device add --json` says, once.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) token: String,
    pub(crate) webdav_url: String,
    pub(crate) upload_url: String,
}

impl Phone {
    pub(crate) fn read(added: &Value) -> Self {
        let field = |name: &str| {
            let text = added[name].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "device add has no {name}: {added}");
            text.to_owned()
        };
        Self {
            user: field("user"),
            password: field("password"),
            token: field("token"),
            webdav_url: field("webdav_url"),
            upload_url: field("upload_url"),
        }
    }
}

/// A house whose server runs. Everything of it goes when it is dropped.
pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) phone: Phone,
    // Dropped after the server, which still writes into it.
    folder: TempDir,
}

impl House {
    /// A fresh machine: an empty folder, no wizard, one phone.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("photos");
        Self::with_library(folder, &library)
    }

    /// As [`Self::new`], with the library somewhere else.
    pub(crate) fn with_library(folder: TempDir, library: &Path) -> Self {
        let data = folder.path().join("data");
        let server = Server::start(binary(), &data, library).unwrap();
        let added = server
            .cli()
            .json(&["device", "add", "Anna's phone", "--json"]);
        Self {
            phone: Phone::read(&added),
            server,
            folder,
        }
    }

    /// The owner's browser, signed in with a password that was chosen in it.
    pub(crate) fn browser(&self) -> Browser {
        let mut browser = Browser::new(self.server.address());
        let password = "four words in a row";
        let fields = [("password", password), ("again", password)];
        let chosen = browser.post("/setup/password", &fields);
        assert_eq!(chosen.status, 303, "{}", chosen.text());
        browser
    }

    /// A path in the house's own folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn library(&self) -> &Path {
        self.server.library()
    }

    pub(crate) fn cli(&self) -> Cli {
        self.server.cli()
    }

    /// The phone's connection.
    pub(crate) fn client(&self) -> Client {
        self.server
            .client()
            .basic(&self.phone.user, &self.phone.password)
    }

    /// Uploads a picture to the top of the phone's tree; it must be acknowledged.
    pub(crate) fn put(&self, picture: &Picture) {
        self.put_as(&picture.name, &picture.bytes);
    }

    /// Uploads bytes under a name; they must be acknowledged.
    pub(crate) fn put_as(&self, name: &str, bytes: &[u8]) {
        let answer = self.try_put(name, bytes);
        assert_eq!(
            answer.status,
            201,
            "PUT {name}: {answer:?} {}",
            answer.text()
        );
    }

    /// Uploads bytes under a name, whatever comes of it.
    pub(crate) fn try_put(&self, name: &str, bytes: &[u8]) -> Response {
        self.client()
            .send("PUT", &format!("/dav/{}", escape(name)), &[], bytes)
            .unwrap()
    }

    /// Downloads a file of the phone's tree; it must be there.
    pub(crate) fn get(&self, name: &str) -> Vec<u8> {
        let answer = self
            .client()
            .send("GET", &format!("/dav/{}", escape(name)), &[], b"")
            .unwrap();
        assert_eq!(answer.status, 200, "GET {name}: {answer:?}");
        answer.body
    }

    pub(crate) fn status(&self) -> Value {
        self.cli().json(&["status", "--json"])
    }

    /// A number of `status --json`.
    pub(crate) fn count(&self, name: &str) -> u64 {
        number(&self.status(), name)
    }
}

/// A number in a JSON document; it must be there.
pub(crate) fn number(document: &Value, name: &str) -> u64 {
    document[name]
        .as_u64()
        .unwrap_or_else(|| panic!("no number {name} in {document}"))
}

/// A path as it stands in a request (RFC 3986): everything but letters, digits, `-`, `.`, `_`, `~` and `/` escaped.
pub(crate) fn escape(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
