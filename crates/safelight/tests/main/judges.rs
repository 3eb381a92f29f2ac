//! Foreign programs: `rclone` as a phone, `restic` and `sha256sum` as judges.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use safelight_testkit::tools;
use serde_json::Value;

use crate::house::{House, Phone};

/// Runs a program that must end well, and returns what it wrote to standard output.
pub(crate) fn must(command: &mut Command) -> String {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?} ended with {}:\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|problem| panic!("cannot start {command:?}: {problem}"))
}

/// `rclone` with a phone's user and password.
pub(crate) struct Rclone {
    program: PathBuf,
    environment: Vec<(String, String)>,
}

impl Rclone {
    /// As a plain WebDAV client.
    pub(crate) fn plain(phone: &Phone) -> Option<Self> {
        Self::new(phone, &phone.webdav_url, "other")
    }

    /// As a Nextcloud client, which sends modification times and wants them back.
    pub(crate) fn nextcloud(phone: &Phone) -> Option<Self> {
        let base = phone
            .webdav_url
            .trim_end_matches('/')
            .trim_end_matches("/dav");
        Self::new(
            phone,
            &format!("{base}/remote.php/dav/files/{}", phone.user),
            "nextcloud",
        )
    }

    fn new(phone: &Phone, url: &str, vendor: &str) -> Option<Self> {
        let program = tools::require("rclone")?;
        let obscured = must(Command::new(&program).args(["obscure", &phone.password]));
        let environment = [
            ("RCLONE_CONFIG", "/dev/null"),
            ("RCLONE_CONFIG_PHONE_TYPE", "webdav"),
            ("RCLONE_CONFIG_PHONE_URL", url),
            ("RCLONE_CONFIG_PHONE_VENDOR", vendor),
            ("RCLONE_CONFIG_PHONE_USER", &phone.user),
            ("RCLONE_CONFIG_PHONE_PASS", obscured.trim()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        Some(Self {
            program,
            environment,
        })
    }

    /// With another option of its WebDAV client.
    pub(crate) fn with(mut self, option: &str, value: &str) -> Self {
        let name = format!("RCLONE_CONFIG_PHONE_{option}");
        self.environment.push((name, value.to_owned()));
        self
    }

    /// `rclone <arguments>`; the phone's tree is `phone:`. One try each: a retry would hide a refused upload.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(["--retries", "1", "--low-level-retries", "1"])
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Uploads a folder; every file must be acknowledged.
    pub(crate) fn upload(&self, folder: &Path) {
        must(self.command().arg("copy").arg(folder).arg("phone:"));
    }

    /// Downloads everything and compares every byte with a folder.
    pub(crate) fn compare(&self, folder: &Path) {
        must(
            self.command()
                .args(["check", "--download"])
                .arg(folder)
                .arg("phone:"),
        );
    }
}

/// What `safelight kit --json` says, followed to the letter.
pub(crate) struct Kit {
    document: Value,
}

impl Kit {
    pub(crate) fn of(house: &House, destination: &str) -> Self {
        Self {
            document: house
                .cli()
                .json(&["kit", "--destination", destination, "--json"]),
        }
    }

    /// `restic <arguments>` with nothing but the kit's repository, password and environment.
    pub(crate) fn restic(&self, program: &Path) -> Command {
        let mut command = self.prepare(program);
        command
            .arg("--repo")
            .arg(self.text("repository"))
            .env("RESTIC_PASSWORD", self.text("password"));
        command
    }

    /// Runs the kit's commands, one after the other, in an empty folder, with `restic` being `program`.
    pub(crate) fn follow(&self, program: &Path, folder: &Path) {
        let names = folder.join("bin");
        std::fs::create_dir_all(&names).unwrap();
        std::os::unix::fs::symlink(program, names.join("restic")).unwrap();
        let path = format!("{}:{}", names.display(), std::env::var("PATH").unwrap());
        let commands = self.document["commands"]
            .as_array()
            .expect("the kit has commands");
        assert!(!commands.is_empty());
        for line in commands {
            let line = line.as_str().expect("a command is a text");
            let mut shell = self.prepare(Path::new("sh"));
            must(
                shell
                    .args(["-e", "-c", line])
                    .current_dir(folder)
                    .env("PATH", &path),
            );
        }
    }

    fn text(&self, name: &str) -> &str {
        self.document[name]
            .as_str()
            .unwrap_or_else(|| panic!("the kit has no {name}"))
    }

    fn prepare(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // No cache and no variable of this machine: whoever has the kit has nothing else.
        command.env("RESTIC_CACHE_DIR", self.cache());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
            command.env_remove(name);
        }
        let environment = self.document["environment"]
            .as_object()
            .expect("the kit has an environment");
        for (name, value) in environment {
            command.env(name, value.as_str().expect("a variable's value is a text"));
        }
        command
    }

    fn cache(&self) -> PathBuf {
        std::env::temp_dir().join(format!("safelight-restic-cache-{}", std::process::id()))
    }
}

/// The restic programs there are: the oldest that we promise to be readable by, and a new one.
pub(crate) fn restics() -> Vec<PathBuf> {
    ["restic", "restic-new"]
        .into_iter()
        .filter_map(tools::require)
        .collect()
}

/// Lets `sha256sum` judge every manifest of a library.
pub(crate) fn check_manifests(library: &Path) {
    let Some(sha256sum) = tools::require("sha256sum") else {
        return;
    };
    let manifests = library.join(".safelight/manifests");
    let files = safelight_testkit::tree::files(&manifests).unwrap();
    assert!(!files.is_empty(), "no manifests in {}", manifests.display());
    for file in files {
        must(
            Command::new(&sha256sum)
                .args(["--check", "--strict", "--quiet"])
                .arg(manifests.join(file))
                .current_dir(library),
        );
    }
}
