//! Making the catalogue anew from the library folder.

use std::{path::Path, sync::PoisonError};

use safelight_core::Timestamp;
use safelight_library::Described;
use safelight_media::Hints;

use super::failure;
use crate::{
    activity::ProgressSink, command::RebuildOutcome, details::details, error::EngineError,
    start::Engine,
};

impl Engine {
    pub(crate) fn rebuild(
        &self,
        progress: &dyn ProgressSink,
    ) -> Result<RebuildOutcome, EngineError> {
        let _one_at_a_time = self
            .0
            .walking
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let shown = self.0.board.show("rebuild", "the library folder", progress);
        let report = self.library().rebuild(
            &mut |at| {
                shown.update(|activity| {
                    activity.done_files = at.files;
                    activity.done_bytes = at.bytes;
                });
            },
            &|path, name| self.describe(path, name),
        )?;
        for destination in self.library().destinations()? {
            self.schedule_backup_now(&destination)?;
        }
        Ok(RebuildOutcome {
            photos: report.photos,
            bytes: report.bytes,
            failed: report
                .problems
                .into_iter()
                .map(|problem| failure(problem.path, problem.message))
                .collect(),
        })
    }

    /// What a file found in the library folder is, and when it was taken.
    pub(crate) fn describe(&self, path: &Path, name: &str) -> Described {
        let modified = std::fs::metadata(path)
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|modified| Timestamp::try_from(modified).ok());
        let hints = Hints {
            name,
            client_created: None,
            modified,
            zone: &self.0.zone,
            now: self.0.clock.now(),
        };
        match std::fs::File::open(path) {
            Ok(mut file) => {
                let facts = safelight_media::describe(&mut file, &hints);
                Described {
                    kind: facts.kind,
                    captured: facts.captured,
                    details: Some(details(&facts)),
                }
            }
            Err(error) => {
                // The library meets the same error when it reads the file for its hash, and reports it there.
                tracing::warn!(
                    "Reading {} for its capture time failed: {error}",
                    path.display()
                );
                Described {
                    kind: safelight_core::MediaKind::Other,
                    captured: None,
                    details: None,
                }
            }
        }
    }
}
