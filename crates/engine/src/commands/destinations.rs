//! Destinations: where the offsite copies go.

use std::path::Path;

use safelight_library::{DestinationRow, NewDestination as NewRow};
use safelight_vault::{RepositoryPassword, StoreUrl, Vault, VaultError};
use sha2::{Digest, Sha256};

use super::devices::checked_name;
use crate::{
    command::{NewDestination, S3KeyPair},
    error::EngineError,
    offsite::store_config,
    secrets::DestinationSecrets,
    start::Engine,
};

/// What the id of a repository that is being made starts with, until it has one of its own. Repository ids are random:
/// 16 zero bits and more in front do not happen by chance.
pub(crate) const UNFINISHED: &str = "0000000000000000";

impl Engine {
    pub(super) fn add_destination(
        &self,
        name: &str,
        url: &str,
        keys: Option<S3KeyPair>,
        password: Option<String>,
    ) -> Result<NewDestination, EngineError> {
        let name = checked_name(name, "destination")?;
        let config = store_config(url, keys.as_ref())?;
        let url = config.url.to_string();
        if let Some(other) = self
            .library()
            .destinations()?
            .iter()
            .find(|row| row.name == name || row.url == url)
        {
            return Err(EngineError::Invalid(format!(
                "There is a destination {:?} at {} already; choose another name and place",
                other.name, other.url
            )));
        }
        self.check_apart_from_library(&config.url)?;

        // Written before the repository is made: a repository whose password was lost in a crash would be in the way
        // for ever. Once the repository has an id, the file is named after it.
        let unfinished = format!(
            "{UNFINISHED}{}",
            hex::encode(&Sha256::digest(url.as_bytes())[..8])
        );
        let begun = self.0.offsite.secrets.password_at(&url)?;
        let take_over = password.is_some();
        let mut secrets = DestinationSecrets {
            name,
            url,
            repository_id: unfinished.clone(),
            password: password.or(begun).unwrap_or_else(|| {
                RepositoryPassword::generate(self.0.entropy.as_ref())
                    .reveal()
                    .to_owned()
            }),
            keys,
        };
        self.0.offsite.secrets.save(&secrets)?;
        let opened = self.create_or_take_over(&secrets, take_over);
        let vault = match opened {
            Ok(vault) => vault,
            Err(error) => {
                // Nothing was made that could need the password, unless the answer to "create" was lost on its way.
                if !matches!(&error, EngineError::Vault(vault) if vault.is_transient()) {
                    self.0.offsite.secrets.remove(&unfinished)?;
                }
                return Err(error);
            }
        };
        secrets.repository_id = vault.repository_id();
        self.0.offsite.secrets.save(&secrets)?;
        self.0.offsite.secrets.remove(&unfinished)?;
        let row = self.library().add_destination(NewRow {
            name: &secrets.name,
            url: &secrets.url,
            repository_id: &secrets.repository_id,
        })?;
        self.schedule_backup_now(&row)?;
        Ok(NewDestination {
            name: row.name,
            url: row.url,
            repository_id: row.repository_id,
            pending: row.pending,
        })
    }

    fn create_or_take_over(
        &self,
        secrets: &DestinationSecrets,
        take_over: bool,
    ) -> Result<Vault, EngineError> {
        if take_over {
            return self.0.offsite.open(secrets);
        }
        match self.0.offsite.create(secrets) {
            Err(EngineError::Vault(VaultError::AlreadyThere { .. })) => {
                // Perhaps our own, from a set-up that a crash broke off: then the password fits.
                self.0.offsite.open(secrets).map_err(|error| match error {
                    EngineError::Vault(VaultError::WrongPassword { .. }) => {
                        EngineError::Invalid(format!(
                            "At {} there is a repository already. To use it, give its password \
                         (from its recovery kit); to start afresh, choose an empty place",
                            secrets.url
                        ))
                    }
                    other => other,
                })
            }
            other => other,
        }
    }

    /// A copy inside the library would be backed up into itself and lost with it.
    fn check_apart_from_library(&self, url: &StoreUrl) -> Result<(), EngineError> {
        let (StoreUrl::File(path), Some(library)) = (url, self.library().root()) else {
            return Ok(());
        };
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let (place, library) = (real(path), real(&library));
        if place.starts_with(&library) || library.starts_with(&place) {
            return Err(EngineError::Invalid(format!(
                "{} and the library folder {} lie one in the other; a copy must lie elsewhere, best on another disk",
                path.display(),
                library.display()
            )));
        }
        Ok(())
    }

    pub(super) fn remove_destination(&self, name: &str) -> Result<(), EngineError> {
        let row = self.destination(name)?;
        let slot = self.0.offsite.slot(&row.repository_id);
        let _no_backup_runs = slot.begin_backup();
        // First the secrets: a crash in between must not bring the destination back.
        self.0.offsite.secrets.set_aside(&row.repository_id)?;
        self.library().remove_destination(row.id)?;
        self.library()
            .clear_problem(super::problem::DESTINATION, &row.name)?;
        self.library()
            .clear_problem(super::problem::UNTIDY_DESTINATION, &row.name)?;
        self.0.offsite.close(&row);
        Ok(())
    }

    pub(crate) fn destination(&self, name: &str) -> Result<DestinationRow, EngineError> {
        self.library().destination_by_name(name)?.ok_or_else(|| {
            EngineError::NotFound(format!(
                "There is no destination {name:?}; `safelight status` lists those that there are"
            ))
        })
    }

    /// The named destination, or all.
    pub(crate) fn chosen_destinations(
        &self,
        name: Option<&str>,
    ) -> Result<Vec<DestinationRow>, EngineError> {
        match name {
            Some(name) => Ok(vec![self.destination(name)?]),
            None => Ok(self.library().destinations()?),
        }
    }
}
