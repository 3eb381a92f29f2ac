//! Reading copies again and comparing them: where evidence comes from.

use std::collections::VecDeque;

use safelight_core::{
    AssetId, ContentHash, CopyState, DestinationId, Evidence, LibraryPath, Place, Proof,
};
use safelight_library::{Asset, CatalogueError, DestinationRow, HomeCheck, Library};
use safelight_vault::{Verify, VerifyOutcome as Found};

use super::{failure, problem};
use crate::{
    activity::{ProgressSink, Shown},
    command::{FileFailure, VerifyOutcome, VerifyScope},
    error::EngineError,
    start::Engine,
};

/// Evidence rows written in one transaction.
const BATCH: usize = 500;

impl Engine {
    pub(crate) fn verify(
        &self,
        scope: VerifyScope,
        progress: &dyn ProgressSink,
    ) -> Result<VerifyOutcome, EngineError> {
        let mut outcome = VerifyOutcome::default();
        self.verify_home(&mut outcome, progress)?;
        if scope != VerifyScope::Home {
            for destination in self.library().destinations()? {
                if destination.last_snapshot.is_some() {
                    self.verify_offsite(
                        &destination,
                        scope == VerifyScope::Everything,
                        &mut outcome,
                        progress,
                    )?;
                }
            }
        }
        Ok(outcome)
    }

    fn verify_home(
        &self,
        outcome: &mut VerifyOutcome,
        progress: &dyn ProgressSink,
    ) -> Result<(), EngineError> {
        let shown = self.0.board.show("verify", "home", progress);
        let totals = self.library().totals()?;
        shown.update(|activity| {
            activity.total_files = Some(totals.photos);
            activity.total_bytes = Some(totals.bytes);
        });
        let mut after = AssetId(0);
        loop {
            let assets = self.library().assets_after(after, BATCH)?;
            let Some(last) = assets.last() else { break };
            after = last.id;
            let mut evidence = Vec::with_capacity(assets.len());
            for asset in &assets {
                if self.0.scheduler.is_stopping() {
                    break;
                }
                if let Some(found) = self.check_home(asset, outcome)? {
                    evidence.push((asset.id, found));
                }
                shown.update(|activity| {
                    activity.done_files += 1;
                    activity.done_bytes += asset.size;
                });
            }
            self.library().record_evidence(&evidence)?;
            if self.0.scheduler.is_stopping() {
                return Err(EngineError::Invalid(
                    "The verification was broken off because Safelight is closing; what was read counts".into(),
                ));
            }
        }
        Ok(())
    }

    /// Reads one home copy again and says what it proves; nothing if it could not be read for now.
    pub(super) fn check_home(
        &self,
        asset: &Asset,
        outcome: &mut VerifyOutcome,
    ) -> Result<Option<Evidence>, EngineError> {
        let check = self.library().verify_home(asset.id)?;
        let at = self.0.clock.now();
        let evidence = |state| {
            Some(Evidence {
                place: Place::Home,
                state,
                proof: Proof::ReadBack,
                at,
            })
        };
        // What to do depends on whether there is another copy.
        let copies = self.library().copies(asset.id)?;
        let is_offsite = copies
            .iter()
            .any(|copy| copy.place != Place::Home && copy.state == CopyState::Good);
        let remedy = if is_offsite {
            "Restore it from an offsite copy"
        } else {
            "There is no offsite copy of it: upload it again from where it came from"
        };
        let (kind, message, found) = match check {
            HomeCheck::Good => {
                outcome.home_good += 1;
                outcome.home_bytes += asset.size;
                self.clear_home_problems(asset.path.as_str())?;
                return Ok(evidence(CopyState::Good));
            }
            HomeCheck::Missing => (
                problem::MISSING_FILE,
                format!(
                    "The file is gone from the library folder. Put it back if you can. {remedy}"
                ),
                evidence(CopyState::Missing),
            ),
            HomeCheck::Damaged { found } => (
                problem::DAMAGED_FILE,
                format!(
                    "The file's bytes changed although nobody touched it (its SHA-256 is {found}): the disk may be \
                     failing. It will not be backed up in this form. {remedy}"
                ),
                evidence(CopyState::Damaged),
            ),
            HomeCheck::Changed { found } => (
                problem::CHANGED_FILE,
                format!(
                    "Somebody changed the file (its SHA-256 is now {found}). {}; this one is not backed up. Save it \
                     under another name to have both",
                    if is_offsite {
                        "The version that was taken in is kept offsite"
                    } else {
                        "There is no copy of the version that was taken in: upload it again from where it came from"
                    }
                ),
                evidence(CopyState::Damaged),
            ),
            HomeCheck::Failing(error) => (
                problem::UNREADABLE_FILE,
                format!(
                    "The disk does not give the file's bytes: {error}. It does not count as a copy any more, \
                     and the disk should be looked at. {remedy}"
                ),
                evidence(CopyState::Damaged),
            ),
            HomeCheck::Unreadable(error) => (
                problem::UNREADABLE_FILE,
                format!("The file could not be read: {error}. It will be tried again"),
                None,
            ),
        };
        self.library()
            .raise_problem(kind, asset.path.as_str(), &message)?;
        outcome.failed.push(failure(asset.path.as_str(), message));
        Ok(found)
    }

    pub(super) fn clear_home_problems(&self, path: &str) -> Result<(), EngineError> {
        for kind in problem::OF_HOME_FILES {
            self.library().clear_problem(kind, path)?;
        }
        Ok(())
    }

    fn verify_offsite(
        &self,
        destination: &DestinationRow,
        read_back: bool,
        outcome: &mut VerifyOutcome,
        progress: &dyn ProgressSink,
    ) -> Result<(), EngineError> {
        let shown = self.0.board.show("verify", &destination.name, progress);
        shown.update(|activity| activity.total_files = Some(destination.photos));
        let result = self.compare_offsite(destination, read_back, outcome, &shown);
        match result {
            Ok(()) => {
                self.library()
                    .destination_verified(destination.id, self.0.clock.now())?;
                Ok(())
            }
            Err(EngineError::Vault(error)) => {
                self.0.offsite.close(destination);
                self.library().raise_problem(
                    problem::DESTINATION,
                    &destination.name,
                    &error.to_string(),
                )?;
                outcome
                    .failed
                    .push(failure(&destination.name, error.to_string()));
                Ok(())
            }
            Err(other) => Err(other),
        }
    }

    pub(super) fn compare_offsite(
        &self,
        destination: &DestinationRow,
        read_back: bool,
        outcome: &mut VerifyOutcome,
        shown: &Shown<'_>,
    ) -> Result<(), EngineError> {
        let vault = self.0.offsite.vault(destination)?;
        let library = self.library();
        let mut photos = Offsite {
            library,
            destination: destination.id,
            page: VecDeque::new(),
            after: AssetId(0),
            error: None,
        };
        let mut found: Vec<(AssetId, Found)> = Vec::new();
        let report = vault.verify(
            Verify {
                photos: &mut photos,
                read_back,
            },
            &mut |asset, outcome| found.push((asset, outcome)),
            shown,
        );
        self.record_offsite(destination, read_back, &found, outcome)?;
        // A list that was cut short must not look complete.
        if let Some(error) = photos.error {
            return Err(error.into());
        }
        let problems = report?.problems;
        if !problems.is_empty() {
            self.library().send_manifests_again(destination.id)?;
        }
        for trouble in problems {
            outcome.failed.push(failure(&destination.name, trouble));
        }
        Ok(())
    }

    fn record_offsite(
        &self,
        destination: &DestinationRow,
        read_back: bool,
        found: &[(AssetId, Found)],
        outcome: &mut VerifyOutcome,
    ) -> Result<(), EngineError> {
        let at = self.0.clock.now();
        let proof = if read_back {
            Proof::ReadBack
        } else {
            Proof::SnapshotCompared
        };
        let good = outcome
            .offsite_good
            .entry(destination.name.clone())
            .or_default();
        let mut failed: Vec<FileFailure> = Vec::new();
        for batch in found.chunks(BATCH) {
            let mut evidence = Vec::with_capacity(batch.len());
            for (asset, state) in batch {
                let state = match state {
                    Found::Good => {
                        *good += 1;
                        CopyState::Good
                    }
                    Found::Missing => {
                        failed.push(self.offsite_failure(
                            *asset,
                            destination,
                            "it is not in the snapshot",
                        )?);
                        CopyState::Missing
                    }
                    Found::Damaged(why) => {
                        failed.push(self.offsite_failure(*asset, destination, why)?);
                        CopyState::Damaged
                    }
                };
                evidence.push((
                    *asset,
                    Evidence {
                        place: Place::Offsite(destination.id),
                        state,
                        proof,
                        at,
                    },
                ));
            }
            // A copy that is not good is pending again from here on, so that the next backup sends the photo anew.
            self.library().record_evidence(&evidence)?;
        }
        self.library().settle_offsite_problems(destination.id)?;
        outcome.failed.extend(failed);
        Ok(())
    }

    fn offsite_failure(
        &self,
        asset: AssetId,
        destination: &DestinationRow,
        why: &str,
    ) -> Result<FileFailure, EngineError> {
        let path = self
            .library()
            .asset(asset)?
            .map_or_else(|| format!("photo {asset}"), |asset| asset.path.to_string());
        let message = format!(
            "The copy in {:?} is not good: {why}. The next backup sends the photo again",
            destination.name
        );
        self.library().raise_offsite_problem(
            destination.id,
            problem::OFFSITE_COPY,
            &path,
            &message,
        )?;
        Ok(failure(path, message))
    }
}

/// The photos that a destination has, a page at a time.
struct Offsite<'a> {
    library: &'a Library,
    destination: DestinationId,
    page: VecDeque<(AssetId, LibraryPath, ContentHash)>,
    after: AssetId,
    error: Option<CatalogueError>,
}

impl Iterator for Offsite<'_> {
    type Item = (AssetId, LibraryPath, ContentHash);

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty() && self.error.is_none() {
            match self
                .library
                .photos_offsite(self.destination, self.after, BATCH)
            {
                Ok(page) => self.page.extend(page),
                Err(error) => self.error = Some(error),
            }
        }
        let next = self.page.pop_front()?;
        self.after = next.0;
        Some(next)
    }
}
