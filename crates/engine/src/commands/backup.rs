//! Copying what is new to the destinations, and writing down what was proved.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicU64, Ordering},
};

use safelight_core::{AssetId, CopyState, Evidence, Place, Proof, Timestamp};
use safelight_library::{
    CatalogueError, DestinationRow, Library, LibraryUnavailable, PendingAsset, RootState,
    StoredPhoto,
};
use safelight_vault::{Backup, BackupReport, Failure, FileOutcome, NewFile, VaultError};

use super::{failure, problem};
use crate::{
    activity::{ProgressSink, Shown},
    command::{Answer, BackupOutcome, VerifyOutcome},
    error::EngineError,
    start::Engine,
};

/// A long backup finishes a snapshot this often, so that photos become safe while the rest is still on its way, and a
/// power cut costs no more than this.
const CHECKPOINT: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);
/// … and after so many photos, since a run's memory grows with the photos in it: some 300 bytes each.
const CHECKPOINT_PHOTOS: u64 = 250_000;
/// Rows asked of the catalogue at once.
const PAGE: usize = 1_000;
/// Photos written down in one transaction.
const RECORD: usize = 5_000;
/// Renames taken along by one snapshot at most.
const REMOVALS: usize = 100_000;

impl Engine {
    pub(super) fn back_up(
        &self,
        name: Option<&str>,
        progress: &dyn ProgressSink,
    ) -> Result<Answer, EngineError> {
        let rows = self.chosen_destinations(name)?;
        if rows.is_empty() {
            return Err(EngineError::NotFound(
                "There is no destination yet; add one with `safelight destination add`, or in the page".into(),
            ));
        }
        let mut destinations = Vec::new();
        for row in rows {
            let mut outcome = BackupOutcome {
                name: row.name.clone(),
                ..BackupOutcome::default()
            };
            if let Err(error) = self.back_up_to(&row, &mut outcome, progress) {
                outcome.error = Some(error.to_string());
            }
            destinations.push(outcome);
        }
        Ok(Answer::Backup { destinations })
    }

    /// Brings one destination up to date. What went wrong with the destination as a whole is also raised as a problem,
    /// and that problem cleared by the next success.
    pub(crate) fn back_up_to(
        &self,
        destination: &DestinationRow,
        outcome: &mut BackupOutcome,
        progress: &dyn ProgressSink,
    ) -> Result<(), EngineError> {
        let slot = self.0.offsite.slot(&destination.repository_id);
        let _one_at_a_time = slot.begin_backup();
        let shown = self.0.board.show("backup", &destination.name, progress);
        let result = self.finish_snapshots(destination, outcome, &shown);
        match &result {
            Ok(()) => self
                .library()
                .clear_problem(problem::DESTINATION, &destination.name)?,
            Err(error) => {
                self.0.offsite.close(destination);
                self.library().raise_problem(
                    problem::DESTINATION,
                    &destination.name,
                    &error.to_string(),
                )?;
            }
        }
        result
    }

    /// One snapshot after the other until nothing is pending that was not tried. Then, if photos' bytes were found lost,
    /// which photos these are: they are pending again for the next backup.
    fn finish_snapshots(
        &self,
        destination: &DestinationRow,
        outcome: &mut BackupOutcome,
        shown: &Shown<'_>,
    ) -> Result<(), EngineError> {
        let mut from = AssetId(0);
        loop {
            self.library().flush_manifests()?;
            let round = self.one_snapshot(destination, from, outcome, shown)?;
            match round {
                Round::Unfinished { next } if !self.0.scheduler.is_stopping() => from = next,
                Round::Unfinished { .. } | Round::Finished => break,
            }
        }
        let lost = lost_setting(destination);
        if self.library().setting(&lost)?.as_deref() == Some(LOST)
            && !self.0.scheduler.is_stopping()
        {
            let mut found = VerifyOutcome::default();
            self.compare_offsite(destination, false, &mut found, shown)?;
            outcome.failed.extend(found.failed);
            self.library().set_setting(&lost, "")?;
        }
        Ok(())
    }

    fn one_snapshot(
        &self,
        destination: &DestinationRow,
        from: AssetId,
        outcome: &mut BackupOutcome,
        shown: &Shown<'_>,
    ) -> Result<Round, EngineError> {
        let library = self.library();
        let row = self.destination(&destination.name)?;
        shown.update(|activity| activity.total_files = Some(row.pending));
        let (removal_rows, removed): (Vec<_>, Vec<_>) = library
            .pending_removals(row.id, REMOVALS)?
            .into_iter()
            .unzip();
        let plain_files = library.dirty_manifests(row.id)?;
        let handed_out = AtomicU64::new(0);
        let mut pending = Pending::new(library, row.id, from, &handed_out);
        let nothing = pending.peek()?.is_none() && removed.is_empty() && plain_files.is_empty();
        if nothing && !self.is_untidy(&row)? {
            return Ok(Round::Finished);
        }
        let root = match library.root_state() {
            RootState::Ready(root) => root,
            RootState::NotChosen => return Err(LibraryUnavailable::NotChosen.into()),
            RootState::Unavailable { path, reason } => {
                return Err(LibraryUnavailable::Unavailable { path, reason }.into());
            }
        };
        let vault = self.0.offsite.vault(&row)?;
        let began = self.0.clock.now();
        let request = Backup {
            library: &root,
            files: &mut pending,
            continues: row.last_snapshot.as_deref(),
            plain_files: &plain_files,
            removed: &removed,
            cancel: &|| self.0.scheduler.is_stopping(),
            enough: &|| {
                handed_out.load(Ordering::Relaxed) >= CHECKPOINT_PHOTOS
                    || self.0.clock.now().duration_since(began) >= CHECKPOINT
            },
        };
        let afresh = afresh_setting(&row);
        let report = if library.setting(&afresh)?.as_deref() == Some(AFRESH) {
            vault.back_up_afresh(request, shown)?
        } else {
            match vault.backup(request, shown) {
                Err(error @ VaultError::Damaged { .. }) => {
                    // What the newest snapshot has is not certain any more: count nothing as being there, and begin a
                    // new line of snapshots from what is at home.
                    tracing::warn!("{error}; a new snapshot is made from all photos at home");
                    library.snapshot_lost(row.id, self.0.clock.now())?;
                    library.set_setting(&afresh, AFRESH)?;
                    return Ok(Round::Unfinished { next: AssetId(0) });
                }
                other => other?,
            }
        };
        if report.lost > 0 {
            library.set_setting(&lost_setting(&row), LOST)?;
        }
        if report.snapshot.is_some() {
            library.set_setting(&afresh, "")?;
        }
        self.note_untidy(&row, report.untidy.as_deref())?;
        let round = pending.round()?;
        self.write_down(&row, &report, &removal_rows, &plain_files, outcome)?;
        Ok(round)
    }

    /// Whether the destination could not be put in order the last time: then a backup tries, though nothing is new.
    fn is_untidy(&self, destination: &DestinationRow) -> Result<bool, EngineError> {
        let problems = self.library().problems()?;
        Ok(problems.iter().any(|problem| {
            problem.kind == problem::UNTIDY_DESTINATION && problem.path == destination.name
        }))
    }

    fn note_untidy(
        &self,
        destination: &DestinationRow,
        why: Option<&str>,
    ) -> Result<(), EngineError> {
        let (library, kind) = (self.library(), problem::UNTIDY_DESTINATION);
        match why {
            None => library.clear_problem(kind, &destination.name)?,
            Some(why) => library.raise_problem(
                kind,
                &destination.name,
                &format!(
                    "The backup is finished, and what it stored counts, but the destination could not be put in order \
                     afterwards: {why}. The next backup tries again"
                ),
            )?,
        }
        Ok(())
    }

    /// Turns a finished, compared snapshot into evidence.
    fn write_down(
        &self,
        destination: &DestinationRow,
        report: &BackupReport,
        removal_rows: &[i64],
        plain_files: &[String],
        outcome: &mut BackupOutcome,
    ) -> Result<(), EngineError> {
        let library = self.library();
        if let Some(snapshot) = &report.snapshot {
            let mut removals = removal_rows;
            let mut stored = report.stored.as_slice();
            loop {
                let (batch, rest) = stored.split_at(stored.len().min(RECORD));
                let batch: Vec<StoredPhoto> = batch
                    .iter()
                    .map(|asset| StoredPhoto {
                        asset: *asset,
                        // The vault read every byte at home and compared the hash before it stored the photo.
                        home_read_back: true,
                    })
                    .collect();
                library.finish_snapshot(destination.id, snapshot, report.at, &batch, removals)?;
                removals = &[];
                stored = rest;
                if stored.is_empty() {
                    break;
                }
            }
            let stored: Vec<String> = plain_files
                .iter()
                .filter(|path| {
                    !report
                        .plain_failed
                        .iter()
                        .any(|(failed, _)| failed == *path)
                })
                .cloned()
                .collect();
            library.manifests_stored(destination.id, &stored)?;
            outcome.snapshot = Some(snapshot.clone());
            outcome.stored += report.stored.len() as u64;
            outcome.bytes_added += report.bytes_added;
            self.0.waiting.look_again();
            self.clear_home_problems_of(&report.stored)?;
            library.settle_offsite_problems(destination.id)?;
        }
        for (path, why) in &report.plain_failed {
            outcome.failed.push(failure(path, why.to_string()));
        }
        for file in &report.failed {
            self.note_failure(destination, file, report.at, outcome)?;
        }
        Ok(())
    }

    /// A photo that is stored was read at home, every byte, and is as it should be there: what was wrong with its file
    /// is put right. Costs as much as there are problems.
    fn clear_home_problems_of(&self, stored: &[AssetId]) -> Result<(), EngineError> {
        let problems = self.library().problems()?;
        if problems.is_empty() {
            return Ok(());
        }
        let stored: HashSet<AssetId> = stored.iter().copied().collect();
        for problem in problems {
            if !problem::OF_HOME_FILES.contains(&problem.kind.as_str()) {
                continue;
            }
            let Ok(path) = safelight_core::LibraryPath::parse(&problem.path) else {
                continue;
            };
            if let Some(asset) = self.library().asset_by_path(&path)?
                && stored.contains(&asset.id)
            {
                self.library().clear_problem(&problem.kind, &problem.path)?;
            }
        }
        Ok(())
    }

    /// What could not be backed up is named, shown, and tried again next time: it stays pending.
    fn note_failure(
        &self,
        destination: &DestinationRow,
        file: &FileOutcome,
        at: Timestamp,
        outcome: &mut BackupOutcome,
    ) -> Result<(), EngineError> {
        let library = self.library();
        let path = file.path.as_str();
        match &file.why {
            Failure::Missing | Failure::NotThePhoto { .. } => {
                // Look once more with the eyes of the library: it tells rot from an edit, and a photo that was renamed
                // meanwhile from one that is gone.
                let Some(asset) = library.asset(file.asset)? else {
                    return Ok(());
                };
                if asset.path != file.path {
                    return Ok(());
                }
                let mut found = VerifyOutcome::default();
                if let Some(evidence) = self.check_home(&asset, &mut found)? {
                    library.record_evidence(&[(asset.id, evidence)])?;
                }
                outcome.failed.extend(found.failed);
            }
            Failure::Unreadable(error) => {
                // Is the disk failing, so that the file does not count any more? That, too, the library tells.
                let Some(asset) = library.asset(file.asset)? else {
                    return Ok(());
                };
                let mut found = VerifyOutcome::default();
                if let Some(evidence) = self.check_home(&asset, &mut found)? {
                    library.record_evidence(&[(asset.id, evidence)])?;
                }
                if found.failed.is_empty() {
                    // It can be read again now.
                    let message = format!(
                        "The file could not be read for the backup: {error}. It will be tried again"
                    );
                    outcome.failed.push(failure(path, message));
                }
                outcome.failed.extend(found.failed);
            }
            Failure::NotInSnapshot(why) => {
                let message = format!(
                    "The photo is not in the finished snapshot in {:?} as it should be: {why}. \
                     It does not count as offsite and will be sent again",
                    destination.name
                );
                library.raise_offsite_problem(
                    destination.id,
                    problem::NOT_OFFSITE,
                    path,
                    &message,
                )?;
                library.record_evidence(&[(
                    file.asset,
                    Evidence {
                        place: Place::Offsite(destination.id),
                        state: CopyState::Missing,
                        proof: Proof::SnapshotCompared,
                        at,
                    },
                )])?;
                outcome.failed.push(failure(path, message));
            }
        }
        Ok(())
    }
}

/// The setting that says whether a destination's next snapshot continues the last one.
fn afresh_setting(destination: &DestinationRow) -> String {
    format!("afresh-{}", destination.repository_id)
}

/// That setting's value when it does not.
const AFRESH: &str = "1";

/// The setting that says whether a destination lost photos' bytes and it was not looked yet which photos these are.
fn lost_setting(destination: &DestinationRow) -> String {
    format!("lost-{}", destination.repository_id)
}

/// That setting's value when so.
const LOST: &str = "1";

enum Round {
    /// Everything that was pending when it began was tried.
    Finished,
    /// The checkpoint came first; the rest begins here.
    Unfinished { next: AssetId },
}

/// What is pending for a destination, a page at a time, in the order of arrival.
struct Pending<'a> {
    library: &'a Library,
    destination: safelight_core::DestinationId,
    page: std::collections::VecDeque<PendingAsset>,
    after: AssetId,
    last: AssetId,
    handed_out: &'a AtomicU64,
    ended: bool,
    error: Option<CatalogueError>,
}

impl<'a> Pending<'a> {
    fn new(
        library: &'a Library,
        destination: safelight_core::DestinationId,
        from: AssetId,
        handed_out: &'a AtomicU64,
    ) -> Self {
        Self {
            library,
            destination,
            page: std::collections::VecDeque::new(),
            after: from,
            last: from,
            handed_out,
            ended: false,
            error: None,
        }
    }

    fn peek(&mut self) -> Result<Option<&PendingAsset>, CatalogueError> {
        if self.page.is_empty() && !self.ended {
            let page = self
                .library
                .pending_offsite(self.destination, self.after, PAGE)?;
            match page.last() {
                Some(last) => self.after = last.asset,
                None => self.ended = true,
            }
            self.page.extend(page);
        }
        Ok(self.page.front())
    }

    /// How the round ended, or the error that cut the list short: a list that was cut short must not look complete.
    fn round(mut self) -> Result<Round, CatalogueError> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let next = self.last;
        Ok(match self.peek()? {
            Some(_) => Round::Unfinished { next },
            None => Round::Finished,
        })
    }
}

impl Iterator for Pending<'_> {
    type Item = NewFile;

    fn next(&mut self) -> Option<NewFile> {
        match self.peek() {
            Ok(_) => {}
            Err(error) => {
                self.error = Some(error);
                self.ended = true;
                return None;
            }
        }
        let next = self.page.pop_front()?;
        self.last = next.asset;
        self.handed_out.fetch_add(1, Ordering::Relaxed);
        Some(NewFile {
            asset: next.asset,
            path: next.path,
            hash: next.hash,
            size: next.size,
            modified: next.modified,
        })
    }
}
