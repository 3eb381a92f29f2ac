//! The recovery kit: what a person needs to restore with nothing but `restic`.

use std::collections::BTreeMap;

use safelight_vault::StoreUrl;

use crate::{command::Kit, error::EngineError, offsite::store_config, start::Engine};

impl Engine {
    pub(super) fn kits(&self, destination: Option<&str>) -> Result<Vec<Kit>, EngineError> {
        let rows = self.chosen_destinations(destination)?;
        if rows.is_empty() {
            return Err(EngineError::NotFound(
                "There is no destination yet, so there is nothing to recover from; add one first"
                    .into(),
            ));
        }
        rows.iter()
            .map(|row| {
                let secrets = self.0.offsite.secrets.load(&row.repository_id)?;
                let config = store_config(&secrets.url, None)?;
                let repository = config.url.restic_repository();
                let mut environment = BTreeMap::from([
                    ("RESTIC_REPOSITORY".to_owned(), repository.clone()),
                    ("RESTIC_PASSWORD".to_owned(), secrets.password.clone()),
                ]);
                if let Some(keys) = secrets.keys {
                    environment.insert("AWS_ACCESS_KEY_ID".into(), keys.access_key_id);
                    environment.insert("AWS_SECRET_ACCESS_KEY".into(), keys.secret_access_key);
                }
                if let StoreUrl::S3 {
                    region: Some(region),
                    ..
                } = &config.url
                {
                    environment.insert("AWS_DEFAULT_REGION".into(), region.clone());
                }
                Ok(Kit {
                    destination: row.name.clone(),
                    repository,
                    password: secrets.password,
                    environment,
                    commands: vec![
                        "restic snapshots".into(),
                        "restic check".into(),
                        "restic restore latest --target restored-photos".into(),
                    ],
                })
            })
            .collect()
    }
}
