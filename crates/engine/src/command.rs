//! What can be asked for. The command line and the page ask with the same words, and a command line beside a running
//! server sends them to it as JSON.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    import::{Counts, FileNote, ImportStatus, Request, Stage},
    model::{CorrectionStatus, PersonStatus, Status},
};

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
    /// Put the dates of photos right.
    Correct {
        /// Of which photos.
        choice: PhotoChoice,
        /// How.
        wish: Wish,
        /// Only say what would be done.
        #[serde(default)]
        preview: bool,
        /// A preview's `fingerprint`: what would do anything else is not done.
        #[serde(default)]
        expect: Option<String>,
    },
    /// Take a correction back.
    CorrectionUndo {
        /// Its number.
        id: i64,
    },
    /// Which dates were put right lately?
    Corrections,
    /// Bring in what exists. An import of the same wishes that is not done goes on.
    Import {
        /// From where, and how.
        request: Request,
        /// Whose the photos become, by name; the owner's without one.
        #[serde(default)]
        person: Option<String>,
        /// Only find out what would happen.
        #[serde(default)]
        preview: bool,
    },
    /// Have all imports that are at work stop. They can go on later.
    ImportStop,
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

/// Photos, by name or by what they have in common. A photo brings the others of its group along.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhotoChoice {
    /// Places in the library, of photos or of folders; or SHA-256 hashes.
    pub photos: Vec<String>,
    /// Photos' numbers.
    pub assets: Vec<i64>,
    /// Of this device, by name.
    pub device: Option<String>,
    /// Of this camera: its model, as it calls itself.
    pub camera: Option<String>,
    /// Taken on this day or at this time, or later.
    pub from: Option<String>,
    /// Taken on this day or at this time, or earlier.
    pub until: Option<String>,
}

/// How dates are put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Wish {
    /// They were taken then.
    Set {
        /// `2019-07-01`, `2019-07-01 14:30`, `2019-07-01T14:30:00+02:00`.
        date: String,
    },
    /// The camera's clock was off.
    Shift {
        /// How much later they were taken: `+2h`, `-1h 30m`, `+1d`.
        by: String,
    },
    /// They were taken in another zone than the camera's clock was set to.
    Zone {
        /// Where they were taken: `Europe/Rome`, or `+02:00`.
        place: String,
        /// The zone that the camera's clock was set to, if it was another one.
        #[serde(default)]
        camera: Option<String>,
    },
    /// What people said of them before is taken back.
    Reset,
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
    /// To `Correct`.
    Corrected(CorrectionOutcome),
    /// To `CorrectionUndo`.
    Undone(UndoOutcome),
    /// To `Corrections`.
    Corrections {
        /// The newest first.
        corrections: Vec<CorrectionStatus>,
    },
    /// To `Import`.
    Import(Box<ImportOutcome>),
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

/// What a correction does, or did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionOutcome {
    /// By which it is taken back; none if nothing was done.
    pub id: Option<i64>,
    /// What it does, in words.
    pub what: String,
    /// How many photos get another date.
    pub photos: u64,
    /// How many have had that date put right so before.
    pub unchanged: u64,
    /// What becomes of each.
    pub changes: Vec<DateChange>,
    /// Photos whose date cannot be put right so.
    pub failed: Vec<FileFailure>,
    /// What two corrections have in common that do the same.
    pub fingerprint: String,
}

/// What becomes of a photo's date: ISO 8601 with the offset if it is known, a day alone where the time is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateChange {
    /// The photo's number.
    pub asset: i64,
    /// Its place in the library, which stays.
    pub path: String,
    /// The date that counted before.
    pub before: Option<String>,
    /// The one that counts then.
    pub after: Option<String>,
}

/// What came of taking a correction back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoOutcome {
    /// How many photos have their date of before again.
    pub photos: u64,
    /// Photos that were corrected again since, and keep that.
    pub kept: Vec<String>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImportOutcome {
    /// The import, with its counts.
    pub import: ImportStatus,
    /// What must be told of single files.
    pub files: Vec<FileNote>,
}

impl ImportOutcome {
    /// The counts of what was asked for: of the import, or of the look.
    #[must_use]
    pub fn counts(&self) -> Option<&Counts> {
        let standing = &self.import.standing;
        match standing.stage {
            Stage::Looking | Stage::Looked => standing.looked.as_ref(),
            _ => standing.brought.as_ref(),
        }
    }
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
            | Self::Corrected(CorrectionOutcome { failed, .. })
                if !failed.is_empty() =>
            {
                3
            }
            Self::Import(outcome) if matches!(outcome.import.standing.stage, Stage::Stopped) => 1,
            Self::Import(outcome)
                if outcome.counts().is_some_and(|counts| counts.troubles() > 0) =>
            {
                3
            }
            _ => 0,
        }
    }
}
