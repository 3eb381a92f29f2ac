//! Bringing photos back from offsite.

use std::path::Path;

use safelight_core::LibraryPath;
use safelight_library::DestinationRow;
use safelight_vault::Restore;

use super::failure;
use crate::{activity::ProgressSink, command::RestoreOutcome, error::EngineError, start::Engine};

impl Engine {
    pub(super) fn restore(
        &self,
        to: &Path,
        destination: Option<&str>,
        snapshot: Option<&str>,
        paths: &[String],
        progress: &dyn ProgressSink,
    ) -> Result<RestoreOutcome, EngineError> {
        if !to.is_absolute() {
            return Err(EngineError::Invalid(format!(
                "The folder to restore to must be an absolute path; this is not: {}",
                to.display()
            )));
        }
        let paths = paths
            .iter()
            .map(|path| {
                LibraryPath::parse(path.trim_matches('/'))
                    .map_err(|error| EngineError::Invalid(error.to_string()))
            })
            .collect::<Result<Vec<_>, _>>()?;
        self.check_restore_target(to)?;
        let row = self.destination_to_restore_from(destination)?;
        let vault = self.0.offsite.vault(&row)?;
        let shown = self.0.board.show("restore", &row.name, progress);
        let library = self.library();
        // A hash that the catalogue does not know is no reason not to restore: the vault checks every byte against
        // the repository's own hashes in any case.
        let expected = |path: &LibraryPath| match library.asset_by_path(path) {
            Ok(asset) => asset.map(|asset| asset.hash),
            Err(error) => {
                tracing::warn!("Restoring {path} without the catalogue's hash: {error}");
                None
            }
        };
        let report = vault
            .restore(
                &Restore {
                    snapshot,
                    paths: &paths,
                    to,
                    expected: &expected,
                },
                &shown,
            )
            .inspect_err(|_| self.0.offsite.close(&row))?;
        Ok(RestoreOutcome {
            destination: row.name,
            files: report.files,
            bytes: report.bytes,
            failed: report
                .failures
                .into_iter()
                .map(|file| failure(file.path, file.message))
                .collect(),
        })
    }

    /// Restoring into the library itself would go past the catalogue.
    fn check_restore_target(&self, to: &Path) -> Result<(), EngineError> {
        if let Some(library) = self.library().root()
            && to.starts_with(&library)
        {
            return Err(EngineError::Invalid(format!(
                "{} lies in the library folder; restore to a folder outside it",
                to.display()
            )));
        }
        Ok(())
    }

    fn destination_to_restore_from(
        &self,
        name: Option<&str>,
    ) -> Result<DestinationRow, EngineError> {
        if let Some(name) = name {
            return self.destination(name);
        }
        self.library()
            .destinations()?
            .into_iter()
            .max_by_key(|row| row.last_snapshot_at)
            .ok_or_else(|| {
                EngineError::NotFound(
                    "There is no destination to restore from; add the one that has the photos"
                        .into(),
                )
            })
    }
}
