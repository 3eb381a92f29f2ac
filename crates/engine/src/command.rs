//! What can be asked for. The command line and the page ask with the same words, and a command line beside a running
//! server sends them to it as JSON.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::{PersonStatus, Status};

/// Something that a person asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Command {
    /// How safe are the photos?
    Status,
    /// Use this folder as the library.
    SetLibrary {
        /// An absolute path.
        path: PathBuf,
    },
    /// Let a device add photos.
    DeviceAdd {
        /// The owner's name for it.
        name: String,
        /// Whose it is, by name; the owner's without one.
        #[serde(default)]
        person: Option<String>,
        /// What its 2xx means: `home` without one.
        #[serde(default)]
        acknowledge: Option<Meaning>,
    },
    /// Set a device up. What is not named stays.
    DeviceSet {
        /// Its name, or what it signs in as.
        device: String,
        /// What its 2xx means.
        acknowledge: Option<Meaning>,
        /// Whether its silence is a problem.
        tell_silence: Option<bool>,
    },
    /// Take a device's password back.
    DeviceRevoke {
        /// The device's number.
        id: i64,
    },
    /// Take a device's password back, by name.
    DeviceRemove {
        /// Its name, or what it signs in as.
        device: String,
    },
    /// Who lives in the house?
    People,
    /// Give somebody a library subfolder, devices and a way into the page; or give somebody who was removed access again.
    PersonAdd {
        /// The name to sign in with.
        name: String,
        /// The folder of their photos; without one it is called as they are.
        folder: Option<String>,
    },
    /// Call somebody by another name. The folder stays.
    PersonRename {
        /// The name of before.
        name: String,
        /// The new one.
        to: String,
    },
    /// Give somebody a new password for the page, and end their sessions.
    PersonReset {
        /// Their name.
        name: String,
    },
    /// Take somebody's access back: the page, and their devices. Their photos stay.
    PersonRemove {
        /// Their name.
        name: String,
    },
    /// Copy the photos to one more place.
    DestinationAdd {
        /// The owner's name for it.
        name: String,
        /// `file:///path` or `s3://bucket/prefix?endpoint=URL&region=R`.
        url: String,
        /// For S3.
        keys: Option<S3KeyPair>,
        /// To take over a repository that exists. Without one, a new repository is made.
        password: Option<String>,
    },
    /// Forget a destination. What lies there stays.
    DestinationRemove {
        /// Its name.
        name: String,
    },
    /// Copy what is new.
    Backup {
        /// To this destination only.
        destination: Option<String>,
    },
    /// Read copies again and compare them.
    Verify {
        /// Which copies.
        scope: VerifyScope,
    },
    /// Make the catalogue anew from the library folder.
    Rebuild,
    /// Bring photos back.
    Restore {
        /// The folder to write to, an absolute path.
        to: PathBuf,
        /// From this destination; without one, from the destination whose snapshot is the newest.
        destination: Option<String>,
        /// From this snapshot; without one, from the newest.
        snapshot: Option<String>,
        /// Files or folders, relative to the library; none for everything.
        paths: Vec<String>,
    },
    /// How is the house run? What is named is set first.
    Settings {
        /// After how many days a device's silence is a problem, 1 to 365.
        silent_days: Option<u16>,
        /// How a capture time becomes a folder, such as `{YYYY}/{MM}`.
        folders: Option<String>,
    },
    /// What a person needs to restore with nothing but `restic`.
    Kit {
        /// For this destination only.
        destination: Option<String>,
    },
}

/// What a device's 2xx means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The photo is at home for good.
    Home,
    /// The photo is offsite too, as the owner's rule wants it.
    Offsite,
}

/// Which copies a verification reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerifyScope {
    /// The library folder only.
    Home,
    /// The library folder, and the offsite snapshots' lists without fetching the photos.
    Listed,
    /// The library folder, and every offsite photo fetched, decrypted and hashed.
    Everything,
}

/// Keys to an S3-compatible store.
#[derive(Clone, Serialize, Deserialize)]
pub struct S3KeyPair {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: String,
}

impl fmt::Debug for S3KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3KeyPair").finish_non_exhaustive()
    }
}

/// What came of a [`Command`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "done", rename_all = "kebab-case")]
pub enum Answer {
    /// To `Status`.
    Status(Status),
    /// To `DeviceAdd`.
    Device(NewDevice),
    /// To `People`.
    People {
        /// The owner first.
        people: Vec<PersonStatus>,
    },
    /// To `PersonAdd` and `PersonReset`.
    Person(NewPassword),
    /// To `DestinationAdd`.
    Destination(NewDestination),
    /// To `Backup`.
    Backup {
        /// One entry a destination.
        destinations: Vec<BackupOutcome>,
    },
    /// To `Verify`.
    Verify(VerifyOutcome),
    /// To `Rebuild`.
    Rebuild(RebuildOutcome),
    /// To `Restore`.
    Restore(RestoreOutcome),
    /// To `Settings`.
    Settings(Settings),
    /// To `Kit`.
    Kit {
        /// One entry a destination.
        kits: Vec<Kit>,
    },
    /// To what has nothing to tell.
    Done,
}

/// A device's credentials, shown once.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewDevice {
    /// Its number.
    pub id: i64,
    /// The owner's name for it.
    pub name: String,
    /// What it signs in as.
    pub user: String,
    /// Its password for WebDAV.
    pub password: String,
    /// Its bearer token for `/upload`.
    pub token: String,
    /// Where a WebDAV program finds its tree.
    pub webdav_url: String,
    /// Where a script sends a photo: a name is to be added.
    pub upload_url: String,
    /// The SHA-256 of the certificate that the server shows, as phones show it when they ask whether to trust it.
    pub fingerprint: Option<String>,
}

impl fmt::Debug for NewDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDevice")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A person's password for the page, shown once.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewPassword {
    /// The person's number.
    pub id: i64,
    /// What they sign in as.
    pub name: String,
    /// The folder of their photos.
    pub folder: String,
    /// The password.
    pub password: String,
    /// Where the page is.
    pub page_url: String,
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPassword")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A destination that was added.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewDestination {
    /// The owner's name for it.
    pub name: String,
    /// Where it is, without keys.
    pub url: String,
    /// The repository's own identity.
    pub repository_id: String,
    /// How many photos will go there.
    pub pending: u64,
}

/// What a backup did in one destination.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BackupOutcome {
    /// The destination.
    pub name: String,
    /// The last snapshot that it finished; none if nothing was new.
    pub snapshot: Option<String>,
    /// How many photos are now proved to be there that were not before.
    pub stored: u64,
    /// How many bytes were sent.
    pub bytes_added: u64,
    /// Photos that did not get there.
    pub failed: Vec<FileFailure>,
    /// Why the whole destination failed.
    pub error: Option<String>,
}

/// What a verification found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct VerifyOutcome {
    /// Home copies that were read and matched.
    pub home_good: u64,
    /// Bytes read at home.
    pub home_bytes: u64,
    /// Offsite copies that were found good, by destination.
    pub offsite_good: BTreeMap<String, u64>,
    /// What was not good.
    pub failed: Vec<FileFailure>,
}

/// What a rebuild found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RebuildOutcome {
    /// Photos in the library.
    pub photos: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are not what the manifests say.
    pub failed: Vec<FileFailure>,
}

/// What a restore did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RestoreOutcome {
    /// The destination it came from.
    pub destination: String,
    /// Files written, or found there already with the same bytes.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that could not be brought back.
    pub failed: Vec<FileFailure>,
}

/// How the house is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// After how many days a device's silence is a problem.
    pub silent_days: u16,
    /// How a capture time becomes a folder.
    pub folders: String,
}

/// A file that something could not be done with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFailure {
    /// Its place in the library.
    pub path: String,
    /// What happened, why, and what to do.
    pub message: String,
}

/// All that is needed to restore with `restic` alone.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kit {
    /// The destination.
    pub destination: String,
    /// The repository, as restic spells it.
    pub repository: String,
    /// The repository's password.
    pub password: String,
    /// What to put into the environment.
    pub environment: BTreeMap<String, String>,
    /// What to type then.
    pub commands: Vec<String>,
}

impl fmt::Debug for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kit")
            .field("destination", &self.destination)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// The command line's exit code: 0 all well, 1 it failed, 3 done but some photos had a problem.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Backup { destinations } if destinations.iter().any(|d| d.error.is_some()) => 1,
            Self::Backup { destinations } if destinations.iter().any(|d| !d.failed.is_empty()) => 3,
            Self::Verify(VerifyOutcome { failed, .. })
            | Self::Rebuild(RebuildOutcome { failed, .. })
            | Self::Restore(RestoreOutcome { failed, .. })
                if !failed.is_empty() =>
            {
                3
            }
            _ => 0,
        }
    }
}
