//! A destination: one restic repository, and what is remembered about it on this computer.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use safelight_core::{AssetId, Clock, Entropy, Timestamp};

use crate::{
    Monitor,
    backup::{self, Backup, BackupReport},
    config::{StoreConfig, StoreUrl},
    error::VaultError,
    fetch::{self, Restore, RestoreReport, Verify, VerifyOutcome, VerifyReport},
    password::RepositoryPassword,
    repository::{self, Repository},
    store::{LocalStore, S3Store, Store},
};

/// An opened repository. Every method blocks; one backup runs at a time, everything else may run beside it.
pub struct Vault {
    repository: Repository,
    state: PathBuf,
    /// Held by a backup.
    backing_up: Mutex<()>,
}

/// A snapshot in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub time: Timestamp,
    /// How many files it has.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
}

impl Vault {
    /// Makes a repository in an empty place. `state` is a folder on this computer for what is worth remembering; all
    /// in it can be lost.
    ///
    /// # Errors
    ///
    /// [`VaultError::AlreadyThere`] if there is a repository; it may be [`Vault::open`]ed with its own password.
    pub fn create(
        config: &StoreConfig,
        password: &RepositoryPassword,
        state: &Path,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, VaultError> {
        let url = config.url.to_string();
        let store = connect(config)?;
        let repository = repository::create(store, &url, password, state, clock, entropy)?;
        Ok(Self::of(repository, state))
    }

    /// Opens a repository.
    ///
    /// # Errors
    ///
    /// [`VaultError::WrongPassword`], [`VaultError::NotARepository`], [`VaultError::Unreachable`] (also for a folder
    /// that is not there: its drive may be somewhere else) and the others that their names say.
    pub fn open(
        config: &StoreConfig,
        password: &RepositoryPassword,
        state: &Path,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, VaultError> {
        let url = config.url.to_string();
        if let StoreUrl::File(path) = &config.url
            && !path.is_dir()
        {
            return Err(VaultError::Unreachable {
                url,
                reason: "there is no such folder; its drive may not be connected".to_owned(),
            });
        }
        let store = connect(config)?;
        let repository = repository::open(store, &url, password, state, clock, entropy)?;
        Ok(Self::of(repository, state))
    }

    pub(crate) fn of(repository: Repository, state: &Path) -> Self {
        Self {
            repository,
            state: state.to_owned(),
            backing_up: Mutex::new(()),
        }
    }

    /// The repository's own id, the same on every computer.
    #[must_use]
    pub fn repository_id(&self) -> String {
        self.repository.id.clone()
    }

    /// Stores photos and makes a snapshot of the library.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the destination as a whole. No photo is reported as stored then, and there is no new
    /// snapshot, or one that the next backup looks through; what was sent is not sent again. Once the snapshot is compared,
    /// what goes wrong is [`BackupReport::untidy`]. What is wrong with single photos is in the report.
    pub fn backup(
        &self,
        request: Backup<'_>,
        monitor: &dyn Monitor,
    ) -> Result<BackupReport, VaultError> {
        let _one_at_a_time = self
            .backing_up
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        backup::run(
            &self.repository,
            &self.state,
            backup::Base::Newest,
            request,
            monitor,
        )
    }

    /// Makes a snapshot that continues no other: it has what the request has and nothing else. For a repository whose
    /// newest snapshot cannot be read completely any more ([`VaultError::Damaged`]). The request must have every photo;
    /// those whose bytes are in the repository are not sent again.
    ///
    /// # Errors
    ///
    /// As [`Self::backup`].
    pub fn back_up_afresh(
        &self,
        request: Backup<'_>,
        monitor: &dyn Monitor,
    ) -> Result<BackupReport, VaultError> {
        let _one_at_a_time = self
            .backing_up
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        backup::run(
            &self.repository,
            &self.state,
            backup::Base::Nothing,
            request,
            monitor,
        )
    }

    /// Safelight's snapshots, the oldest first.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the destination as a whole, and [`VaultError::Damaged`] for a snapshot that cannot be
    /// read.
    pub fn snapshots(&self) -> Result<Vec<SnapshotInfo>, VaultError> {
        let mut broken = Vec::new();
        let snapshots = self.repository.our_snapshots(&mut broken)?;
        if let Some(broken) = broken.pop() {
            return Err(self.repository.damaged(broken));
        }
        let info = |(id, snapshot): (_, crate::format::snapshot::Snapshot)| {
            let summary = snapshot.summary.clone().unwrap_or_default();
            SnapshotInfo {
                id: format!("{id}"),
                time: snapshot.at(),
                files: summary.total_files_processed,
                bytes: summary.total_bytes_processed,
            }
        };
        Ok(snapshots.into_iter().map(info).collect())
    }

    /// Brings files back.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSnapshot`], and whatever is wrong with the destination as a whole. What is wrong with single
    /// files is in the report.
    pub fn restore(
        &self,
        request: &Restore<'_>,
        monitor: &dyn Monitor,
    ) -> Result<RestoreReport, VaultError> {
        fetch::restore(&self.repository, request, monitor)
    }

    /// Finds out whether photos can be had back, from the latest snapshot. `outcome` hears of every photo once.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the destination as a whole.
    pub fn verify(
        &self,
        request: Verify<'_>,
        outcome: &mut dyn FnMut(AssetId, VerifyOutcome),
        monitor: &dyn Monitor,
    ) -> Result<VerifyReport, VaultError> {
        fetch::verify(&self.repository, &self.state, request, outcome, monitor)
    }
}

fn connect(config: &StoreConfig) -> Result<Arc<dyn Store>, VaultError> {
    match &config.url {
        StoreUrl::File(path) => Ok(Arc::new(LocalStore::new(path))),
        StoreUrl::S3 {
            bucket,
            prefix,
            endpoint,
            region,
        } => S3Store::new(
            bucket,
            prefix,
            endpoint.as_deref(),
            region.as_deref(),
            config.keys.as_ref(),
        )
        .map(|store| Arc::new(store) as Arc<dyn Store>)
        .map_err(|error| VaultError::from_store(&config.url.to_string(), error)),
    }
}
