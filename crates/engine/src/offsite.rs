//! The open repositories: opened when first needed, kept open, opened anew after an error.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use safelight_core::{Clock, Entropy};
use safelight_library::DestinationRow;
use safelight_vault::{RepositoryPassword, S3Keys, StoreConfig, Vault, VaultError};

use crate::{
    command::S3KeyPair,
    error::EngineError,
    secrets::{DestinationSecrets, SecretStore},
    start::Engine,
};

pub(crate) struct Offsite {
    data_dir: PathBuf,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    pub(crate) secrets: SecretStore,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

/// One repository.
#[derive(Default)]
pub(crate) struct Slot {
    vault: Mutex<Option<Arc<Vault>>>,
    /// Held while a backup runs: two at once would each finish a snapshot without the other's photos.
    backup: Mutex<()>,
}

impl Slot {
    pub(crate) fn begin_backup(&self) -> MutexGuard<'_, ()> {
        self.backup.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Offsite {
    pub(crate) fn new(data_dir: PathBuf, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            secrets: SecretStore::new(&data_dir),
            data_dir,
            clock,
            entropy,
            slots: Mutex::default(),
        }
    }

    pub(crate) fn slot(&self, repository_id: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(repository_id.to_owned()).or_default())
    }

    /// The vault's own files about a repository: disposable, made anew when lost.
    fn state_dir(&self, key: &str) -> PathBuf {
        self.data_dir.join("vault").join(key)
    }

    /// The destination's repository, open.
    pub(crate) fn vault(&self, destination: &DestinationRow) -> Result<Arc<Vault>, EngineError> {
        let slot = self.slot(&destination.repository_id);
        let mut open = slot.vault.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(vault) = &*open {
            return Ok(Arc::clone(vault));
        }
        let secrets = self.secrets.load(&destination.repository_id)?;
        let vault = Arc::new(self.open(&secrets)?);
        if vault.repository_id() != destination.repository_id {
            return Err(EngineError::Invalid(format!(
                "At {} there is another repository than the one that holds the photos ({} instead of {}). \
                 Check that the right disk or bucket is there",
                destination.url,
                vault.repository_id(),
                destination.repository_id
            )));
        }
        *open = Some(Arc::clone(&vault));
        Ok(vault)
    }

    /// After an error the next use opens the repository anew: it may be another disk by then.
    pub(crate) fn close(&self, destination: &DestinationRow) {
        let slot = self.slot(&destination.repository_id);
        *slot.vault.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Opens the repository that the secrets are about.
    pub(crate) fn open(&self, secrets: &DestinationSecrets) -> Result<Vault, EngineError> {
        self.with_vault(secrets, Vault::open)
    }

    /// Makes it.
    pub(crate) fn create(&self, secrets: &DestinationSecrets) -> Result<Vault, EngineError> {
        self.with_vault(secrets, Vault::create)
    }

    fn with_vault(
        &self,
        secrets: &DestinationSecrets,
        reach: impl FnOnce(
            &StoreConfig,
            &RepositoryPassword,
            &Path,
            Arc<dyn Clock>,
            Arc<dyn Entropy>,
        ) -> Result<Vault, VaultError>,
    ) -> Result<Vault, EngineError> {
        let vault = reach(
            &store_config(&secrets.url, secrets.keys.as_ref())?,
            &RepositoryPassword::new(secrets.password.clone()),
            &self.state_dir(&secrets.repository_id),
            Arc::clone(&self.clock),
            Arc::clone(&self.entropy),
        );
        Ok(vault?)
    }
}

/// Reads a destination's address.
pub(crate) fn store_config(
    url: &str,
    keys: Option<&S3KeyPair>,
) -> Result<StoreConfig, EngineError> {
    let url = url.parse().map_err(|error| {
        EngineError::Invalid(format!("The destination's address cannot be used: {error}"))
    })?;
    Ok(StoreConfig {
        url,
        keys: keys.map(|keys| S3Keys {
            access_key_id: keys.access_key_id.clone(),
            secret_access_key: keys.secret_access_key.clone(),
        }),
    })
}

impl Engine {
    /// Puts back into the catalogue the destinations whose secrets are there: after the catalogue was lost, the
    /// photos' offsite copies must not be.
    pub(crate) fn recall_destinations(&self) -> Result<(), EngineError> {
        let known = self.library().destinations()?;
        for secrets in self.0.offsite.secrets.all()? {
            let is_known = known
                .iter()
                .any(|row| row.repository_id == secrets.repository_id || row.name == secrets.name);
            // A file under another name than its repository's belongs to a repository that was never finished.
            if !is_known
                && !secrets
                    .repository_id
                    .starts_with(crate::commands::UNFINISHED)
            {
                self.library()
                    .add_destination(safelight_library::NewDestination {
                        name: &secrets.name,
                        url: &secrets.url,
                        repository_id: &secrets.repository_id,
                    })?;
            }
        }
        Ok(())
    }
}
