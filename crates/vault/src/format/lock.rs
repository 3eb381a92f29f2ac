//! Lock files: who is at work on the repository.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A lock that is older says nothing: its owner renews it every few minutes (restic's own figures).
pub(crate) const STALE_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// A lock file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Lock {
    /// When it was written.
    pub(crate) time: String,
    /// Whether its owner wants to be alone (`prune`); a backup does not.
    pub(crate) exclusive: bool,
    /// The owner's computer.
    pub(crate) hostname: String,
    /// The owner's user.
    #[serde(default)]
    pub(crate) username: String,
    /// The owner's process.
    #[serde(default)]
    pub(crate) pid: u32,
}

impl Lock {
    /// Whether it still forbids something at `now`.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        self.time
            .parse::<Timestamp>()
            .is_ok_and(|time| now.duration_since(time) < STALE_AFTER)
    }
}
