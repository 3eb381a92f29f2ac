//! What can go wrong with a destination as a whole. What goes wrong with single photos is in the reports.

use crate::store::{StoreError, Trouble};

/// Why a destination could not be used. Every message names the destination; none contains a secret.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Nobody answers, or the answer stopped midway.
    #[error(
        "The destination {url} cannot be reached: {reason}. Check the network and the address; Safelight tries again by itself"
    )]
    Unreachable {
        /// The destination.
        url: String,
        /// What was attempted and what came of it.
        reason: String,
    },
    /// No space left.
    #[error(
        "The destination {url} is full: {reason}. Make room there, or choose another destination"
    )]
    Full {
        /// The destination.
        url: String,
        /// What was attempted and what came of it.
        reason: String,
    },
    /// The server or the file system refuses.
    #[error(
        "The destination {url} refuses access: {reason}. Check the keys and their rights, or the folder's permissions"
    )]
    Denied {
        /// The destination.
        url: String,
        /// What was attempted and what came of it.
        reason: String,
    },
    /// The password opens none of the repository's keys.
    #[error("The password does not open the repository at {url}. Look it up on the recovery kit")]
    WrongPassword {
        /// The destination.
        url: String,
    },
    /// There is no repository.
    #[error(
        "There is no repository at {url}: {reason}. Check the address and that the drive is connected, or create a new repository"
    )]
    NotARepository {
        /// The destination.
        url: String,
        /// How that was seen.
        reason: String,
    },
    /// There is a repository where a new one should be created.
    #[error(
        "There is a repository at {url} already. Open it with its password, or choose an empty place"
    )]
    AlreadyThere {
        /// The destination.
        url: String,
    },
    /// Another program works on the repository alone.
    #[error(
        "The repository at {url} is locked by {by} since {since}. Wait until that is done; if it was broken off, run `restic unlock`"
    )]
    Locked {
        /// The destination.
        url: String,
        /// The computer and the process.
        by: String,
        /// The lock's time.
        since: String,
    },
    /// Something in the repository is missing or is not what it should be.
    #[error(
        "The repository at {url} is damaged: {what}. Run `restic check`; photos that are good at home can be stored again"
    )]
    Damaged {
        /// The destination.
        url: String,
        /// What is missing or wrong.
        what: String,
    },
    /// A wished snapshot is not there.
    #[error("The repository at {url} has no snapshot {wish}. See the list of its snapshots")]
    NoSnapshot {
        /// The destination.
        url: String,
        /// What was asked for.
        wish: String,
    },
    /// The caller asked to stop.
    #[error(
        "The work on {url} was stopped on request; what was stored so far is not stored again the next time"
    )]
    Cancelled {
        /// The destination.
        url: String,
    },
    /// The library folder is not there. A backup would record every photo as missing.
    #[error("The library folder {path} cannot be read: {reason}. Connect its drive")]
    LibraryGone {
        /// The library folder.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// Anything else.
    #[error("{attempt} for the destination {url} failed: {reason}")]
    Io {
        /// The destination.
        url: String,
        /// What was attempted, on what.
        attempt: String,
        /// Why it failed.
        reason: String,
    },
}

impl VaultError {
    /// Whether trying again later, without anybody doing anything, may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Locked { .. } | Self::Cancelled { .. }
        )
    }

    pub(crate) fn from_store(url: &str, error: StoreError) -> Self {
        let url = url.to_owned();
        let reason = format!("{} failed: {}", lower_first(&error.attempt), error.reason);
        match error.trouble {
            Trouble::Unreachable => Self::Unreachable { url, reason },
            Trouble::Full => Self::Full { url, reason },
            Trouble::Denied => Self::Denied { url, reason },
            Trouble::NoPlace => Self::NotARepository { url, reason },
            Trouble::NotFound | Trouble::TooShort => Self::Damaged { url, what: reason },
            Trouble::Other => Self::Io {
                url,
                attempt: error.attempt,
                reason: error.reason,
            },
        }
    }
}

/// For a sentence that goes on.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}
