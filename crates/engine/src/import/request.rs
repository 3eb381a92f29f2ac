//! What is wanted of an import, and how far it has come: plain data, for the page, the command line and the catalogue.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::item::Reason;
use crate::model::Activity;

/// What is wanted of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Folders and files, as whole paths.
    pub paths: Vec<PathBuf>,
    /// How the bytes come into the library.
    #[serde(default)]
    pub way: Way,
    /// Whether files come along that are neither photos or videos nor belong to one.
    #[serde(default)]
    pub everything: bool,
}

impl Request {
    /// Its paths, for a person.
    #[must_use]
    pub fn places(&self) -> String {
        let paths = self.paths.iter().map(|path| path.display().to_string());
        paths.collect::<Vec<_>>().join(", ")
    }
}

/// How the bytes come into the library. The originals are never changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// As a copy of their own.
    #[default]
    Copy,
    /// Without taking room twice: as clones where the file system has them, else as hard links, else copied.
    Link,
    /// Where they lie: the folder is in the library folder already, or becomes it.
    InPlace,
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It is being found out what is there. Nothing is written to the library.
    #[default]
    Looking,
    /// It is known what is there; a person decides.
    Looked,
    /// Photos are being brought in.
    Bringing,
    /// A person stopped it. It can go on.
    Stopped,
    /// It could not go on, for a reason that is told. It can be tried again.
    Failed,
    /// Every file has its outcome.
    Done,
}

/// An import's state, as the catalogue keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// How far it has come.
    pub stage: Stage,
    /// What the last look found.
    pub looked: Option<Counts>,
    /// What has been done with the files.
    pub brought: Option<Counts>,
    /// Why it could not go on.
    pub error: Option<String>,
}

/// What there is in a collection, by its outcome. Each file is counted in exactly one of `new`, `known`, `left` and
/// `passed_over`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Files that may be brought in.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Photos that the library does not have; after the import, that it has through it.
    pub new: u64,
    /// Their bytes.
    pub new_bytes: u64,
    /// Files whose bytes the library has already, or that are in the collection a second time.
    pub known: u64,
    /// Of the new ones, those whose date is not known from more than the file's own time.
    pub undated: u64,
    /// Of the new ones, those that share a tile with others: the parts of a Live Photo, a raw picture and its JPEG, an edit
    /// and its original, a burst, sidecars.
    #[serde(default)]
    pub paired: u64,
    /// Of the new ones, those that share their bytes with the original.
    pub shared: u64,
    /// What is not brought in, by [`Reason`].
    pub left: BTreeMap<String, u64>,
    /// What systems and cameras write for themselves.
    pub passed_over: u64,
}

impl Counts {
    /// How many were left for a reason.
    #[must_use]
    pub fn left_for(&self, reason: Reason) -> u64 {
        self.left.get(reason.as_str()).copied().unwrap_or_default()
    }

    /// How many files were left that a person may have wanted.
    #[must_use]
    pub fn troubles(&self) -> u64 {
        Reason::ALL
            .into_iter()
            .filter(|reason| reason.is_trouble())
            .map(|reason| self.left_for(reason))
            .sum()
    }

    /// How many files have their outcome.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.new + self.known
    }
}

/// An import, for the page and the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportStatus {
    /// Its number.
    pub id: i64,
    /// What is wanted.
    pub request: Request,
    /// Whose the photos become.
    pub person: String,
    /// How far it has come, and the counts.
    pub standing: Standing,
    /// Whether this program is at work on it now.
    pub at_work: bool,
    /// How far this program is with it.
    pub progress: Option<Activity>,
    /// Since when it is known, RFC 3339.
    pub began_at: String,
    /// When its stage last changed.
    pub changed_at: String,
}

/// What must be told of one file of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNote {
    /// A [`Reason`]'s word, or `undated`.
    pub what: String,
    /// Its place inside the collection.
    pub path: String,
    /// What happened and what to do.
    pub message: String,
}

/// A file that was brought in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileBrought {
    /// Its place inside the collection.
    pub path: String,
    /// Where its photo lies in the library.
    pub library_path: String,
    /// Where the list goes on.
    pub next: String,
}

/// The word for files whose date is not known from more than the file's own time.
pub const UNDATED: &str = "undated";
