//! The offsite copies: ordinary restic repositories (format version 2) in a folder or on an S3-compatible store.
//!
//! A repository that Safelight fills is restored with nothing but `restic` (promise 8). What is written, and why it is
//! written here and not by `rustic_core`, is in `docs/offsite-format.md` and `docs/adr/0001`.
//!
//! | what | module |
//! |---|---|
//! | [`Vault`]: all that can be done with a destination | [`vault`] |
//! | [`StoreConfig`], [`StoreUrl`]: where it is | [`config`] |
//! | [`RepositoryPassword`] | [`password`] |
//! | [`Backup`], [`BackupReport`]: an outcome for every photo | [`backup`] |
//! | [`Restore`], [`Verify`] and their reports | [`fetch`] |
//! | [`VaultError`]: what is wrong with the destination as a whole | [`error`] |
//!
//! Inside: `format` is bytes to values and back, `store` is where files lie, `repository` is both together, `state` and
//! `damage` are what is remembered on this computer.

pub mod backup;
pub mod config;
pub mod error;
pub mod fetch;
pub mod password;
pub mod vault;

#[cfg(test)]
mod agreement;
mod damage;
mod format;
mod repository;
mod state;
mod store;

#[cfg(test)]
mod faults;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod testing;

pub use backup::{Backup, BackupReport, Failure, FileOutcome, NewFile};
pub use config::{ParseUrlError, S3Keys, StoreConfig, StoreUrl};
pub use error::VaultError;
pub use fetch::{FileFailure, Restore, RestoreReport, Verify, VerifyOutcome, VerifyReport};
pub use password::RepositoryPassword;
pub use vault::{SnapshotInfo, Vault};

/// Who is told how the work goes on. Called from several threads.
pub trait Monitor: Sync {
    /// So many files are done, with so many bytes.
    fn progress(&self, done_files: u64, done_bytes: u64);

    /// Something worth knowing that is no failure.
    fn note(&self, message: &str);
}

/// Nobody is told.
impl Monitor for () {
    fn progress(&self, _done_files: u64, _done_bytes: u64) {}

    fn note(&self, _message: &str) {}
}
