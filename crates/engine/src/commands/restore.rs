//! Bringing photos back from offsite.

use std::path::{Component, Path, PathBuf};

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
        let leads_back = |part| matches!(part, Component::ParentDir);
        if !to.is_absolute() || to.components().any(leads_back) {
            return Err(EngineError::Invalid(format!(
                "The folder to restore to must be an absolute path, outside the library folder, without `..`; this is \
                 not: {}",
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
        let also = self.groups_of(&paths)?;
        let row = self.destination_to_restore_from(destination)?;
        let vault = self.0.offsite.vault(&row)?;
        let shown = self.0.board.show("restore", &row.name, progress);
        // Each blob is compared with its own SHA-256. The catalogue's hash is no measure: the name may stand for another
        // photo today than it did in the snapshot.
        let report = vault
            .restore(
                &Restore {
                    snapshot,
                    paths: &paths,
                    also: &also,
                    to,
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

    /// Where the other files lie that belong to the photos among these paths: what belongs together is restored together.
    /// The snapshot may be older and not have them there; then they are not missed.
    fn groups_of(&self, paths: &[LibraryPath]) -> Result<Vec<LibraryPath>, EngineError> {
        let mut also = Vec::new();
        for path in paths {
            if let Some(photo) = self.library().asset_by_path(path)? {
                let group = self.library().group(photo.id)?;
                also.extend(group.into_iter().map(|file| file.path));
            }
        }
        also.retain(|path| !paths.contains(path));
        Ok(also)
    }

    /// Restoring into the library itself would go past the catalogue.
    fn check_restore_target(&self, to: &Path) -> Result<(), EngineError> {
        let place = real(to);
        let ours = [self.library().root(), Some(self.0.data_dir.clone())];
        for folder in ours.into_iter().flatten() {
            if place.starts_with(real(&folder)) {
                return Err(EngineError::Invalid(format!(
                    "{} lies in {}; restore to a folder outside it",
                    to.display(),
                    folder.display()
                )));
            }
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

/// Where a path leads, with its links followed as far as it exists.
fn real(path: &Path) -> PathBuf {
    for existing in path.ancestors() {
        if let Ok(real) = existing.canonicalize() {
            let rest = path.strip_prefix(existing).unwrap_or(Path::new(""));
            return real.join(rest);
        }
    }
    path.to_owned()
}
