//! Snapshot files: one state of the library, as `restic snapshots` shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::Id;

/// The host under which our snapshots stand. Not the computer's name: the library may move to another one.
pub(crate) const HOSTNAME: &str = "safelight";
/// The tag that our snapshots have.
pub(crate) const TAG: &str = "safelight";

/// A snapshot file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    /// When it was made. Text, because other programs write offsets and precisions of their own.
    pub(crate) time: String,
    /// The snapshot before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<Id>,
    /// The root folder's list.
    pub(crate) tree: Id,
    /// What it is a snapshot of.
    pub(crate) paths: Option<Vec<String>>,
    /// See [`HOSTNAME`].
    #[serde(default)]
    pub(crate) hostname: String,
    /// Who made it.
    #[serde(default)]
    pub(crate) username: String,
    /// See [`TAG`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<Vec<String>>,
    /// The program that made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) program_version: String,
    /// Figures, as restic since 0.17 keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) summary: Option<Summary>,
}

/// A snapshot's figures. Only the totals are read again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Summary {
    pub(crate) backup_start: String,
    pub(crate) backup_end: String,
    pub(crate) files_new: u64,
    pub(crate) files_changed: u64,
    pub(crate) files_unmodified: u64,
    pub(crate) dirs_new: u64,
    pub(crate) dirs_changed: u64,
    pub(crate) dirs_unmodified: u64,
    pub(crate) data_blobs: u64,
    pub(crate) tree_blobs: u64,
    pub(crate) data_added: u64,
    pub(crate) data_added_packed: u64,
    /// How many files the snapshot holds.
    pub(crate) total_files_processed: u64,
    /// How many bytes they have.
    pub(crate) total_bytes_processed: u64,
}

impl Snapshot {
    /// Whether Safelight made it.
    pub(crate) fn is_ours(&self) -> bool {
        self.hostname == HOSTNAME
            && self
                .tags
                .as_ref()
                .is_some_and(|tags| tags.iter().any(|tag| tag == TAG))
    }

    /// When it was made; the distant past if that cannot be read.
    pub(crate) fn at(&self) -> Timestamp {
        self.time.parse().unwrap_or(Timestamp::MIN)
    }
}
