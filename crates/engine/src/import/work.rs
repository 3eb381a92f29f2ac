//! An import at work: its counts, its notes, and whether it is to stop.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use safelight_core::PersonId;
use safelight_library::{ImportId, ImportNote, ImportRow, IntakeError};

use super::{
    item::{Found, Left},
    request::{Counts, Request, Stage, Standing},
    source::Source,
};
use crate::{activity::Shown, error::EngineError, model::Activity, start::Engine};

/// Notes that share one transaction.
const NOTES: usize = 256;

/// The imports that this program is at work on.
#[derive(Default)]
pub(crate) struct AtWork(Mutex<BTreeMap<ImportId, Arc<Live>>>);

/// What the page may ask of an import at work, and tell it.
#[derive(Default)]
pub(crate) struct Live {
    stop: AtomicBool,
    standing: Mutex<Standing>,
    progress: Mutex<Option<Activity>>,
}

impl AtWork {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ImportId, Arc<Live>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn live(&self, id: ImportId) -> Option<Arc<Live>> {
        self.lock().get(&id).cloned()
    }

    /// Has all of them, or one, end soon.
    pub(super) fn stop(&self, one: Option<ImportId>) {
        for (id, live) in self.lock().iter() {
            if one.is_none_or(|one| one == *id) {
                live.stop.store(true, Ordering::Relaxed);
            }
        }
    }
}

impl Live {
    pub(super) fn standing(&self) -> Standing {
        self.lock().clone()
    }

    pub(super) fn progress(&self) -> Option<Activity> {
        let progress = self.progress.lock();
        progress.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One import that is being worked on. Nobody else works on it as long as this is there.
pub(super) struct Work<'a> {
    pub(super) engine: &'a Engine,
    pub(super) id: ImportId,
    pub(super) person: PersonId,
    pub(super) request: Request,
    live: Arc<Live>,
    notes: Mutex<Vec<ImportNote>>,
}

impl<'a> Work<'a> {
    /// Fails if it is being worked on.
    pub(super) fn begin(engine: &'a Engine, row: &ImportRow) -> Result<Self, EngineError> {
        let (request, standing) = (read::<Request>(&row.request)?, read(&row.state)?);
        let live = Arc::new(Live {
            stop: AtomicBool::new(false),
            standing: Mutex::new(standing),
            progress: Mutex::default(),
        });
        let mut at_work = engine.0.imports.lock();
        if at_work.contains_key(&row.id) {
            return Err(EngineError::Invalid(
                "This import is at work already; stop it first".to_owned(),
            ));
        }
        at_work.insert(row.id, Arc::clone(&live));
        Ok(Self {
            engine,
            id: row.id,
            person: row.person,
            request,
            live,
            notes: Mutex::default(),
        })
    }

    /// Whether a person wants it to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.live.stop.load(Ordering::Relaxed)
    }

    /// Whether it is to end: a person wants it to, or the program ends.
    pub(super) fn is_over(&self) -> bool {
        self.is_stopped() || self.engine.0.scheduler.is_stopping()
    }

    /// Changes the standing and writes it down.
    pub(super) fn set(&self, change: impl FnOnce(&mut Standing)) -> Result<(), EngineError> {
        let state = {
            let mut standing = self.live.lock();
            change(&mut standing);
            write(&*standing)?
        };
        self.engine
            .library()
            .set_import(self.id, &write(&self.request)?, &state)?;
        self.engine.0.board.touch();
        Ok(())
    }

    /// Changes the counts of what is being done now, for the page.
    pub(super) fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut standing = self.live.lock();
        let counts = if standing.stage == Stage::Looking {
            &mut standing.looked
        } else {
            &mut standing.brought
        };
        change(counts.get_or_insert_default());
    }

    /// Tells of something that is not brought in.
    pub(super) fn leave(&self, left: Left) -> Result<(), EngineError> {
        self.count(|counts| {
            *counts
                .left
                .entry(left.reason.as_str().to_owned())
                .or_default() += 1;
        });
        self.note(left.reason.as_str(), left.shown, left.message)
    }

    /// Tells something of a file.
    pub(super) fn note(
        &self,
        what: &str,
        shown: String,
        message: String,
    ) -> Result<(), EngineError> {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push(ImportNote {
            what: what.to_owned(),
            shown,
            message,
        });
        if notes.len() >= NOTES {
            self.engine.library().note_of_import(self.id, &notes)?;
            notes.clear();
        }
        Ok(())
    }

    /// Writes down the notes that wait.
    pub(super) fn write_notes(&self) -> Result<(), EngineError> {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        self.engine.library().note_of_import(self.id, &notes)?;
        notes.clear();
        Ok(())
    }

    /// Shows how many items there are: a walk without looking into any.
    pub(super) fn show_total(&self, shown: &Shown<'_>, sources: &[Source]) {
        let mut files = 0;
        for source in sources {
            let listing = source.list(&|| self.is_over(), &mut |found| {
                files += u64::from(matches!(found, Found::Item(_)));
                if self.is_over() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            if listing.is_break() {
                return;
            }
        }
        self.show(shown, |activity| activity.total_files = Some(files));
    }

    /// Shows that one more item is done.
    pub(super) fn show_done(&self, shown: &Shown<'_>, bytes: u64) {
        self.show(shown, |activity| {
            activity.done_files += 1;
            activity.done_bytes += bytes;
        });
    }

    /// Shows how far it is.
    pub(super) fn show(&self, shown: &Shown<'_>, change: impl FnOnce(&mut Activity)) {
        shown.update(|activity| {
            change(activity);
            let mut progress = self
                .live
                .progress
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *progress = Some(activity.clone());
        });
    }

    /// Runs one of its stages, and writes down how that ended.
    pub(super) fn run(
        &self,
        stage: Stage,
        then: Stage,
        work: impl FnOnce() -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        self.engine.library().forget_notes_of_import(self.id)?;
        self.set(|standing| {
            standing.stage = stage;
            standing.error = None;
            match stage {
                Stage::Looking => standing.looked = None,
                _ => standing.brought = None,
            }
        })?;
        let done = work().and_then(|()| self.write_notes());
        match done {
            Ok(()) if self.is_stopped() => self.set(|standing| standing.stage = Stage::Stopped),
            // The next start goes on.
            Ok(()) if self.is_over() => self.set(|_| {}),
            Err(EngineError::Intake(IntakeError::ShuttingDown)) => Ok(()),
            Ok(()) => self.set(|standing| standing.stage = then),
            Err(error) => {
                self.set(|standing| {
                    standing.stage = Stage::Failed;
                    standing.error = Some(error.to_string());
                })?;
                Err(error)
            }
        }
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.engine.0.imports.lock().remove(&self.id);
        self.engine.0.board.touch();
    }
}

/// Reads what [`write()`] wrote.
pub(super) fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, EngineError> {
    serde_json::from_str(text).map_err(|error| {
        EngineError::Bug(format!(
            "an import is stored in words that are not known: {error}"
        ))
    })
}

pub(super) fn write(value: &impl serde::Serialize) -> Result<String, EngineError> {
    serde_json::to_string(value).map_err(|error| {
        EngineError::Invalid(format!(
            "This cannot be an import: {error}; are all names Unicode?"
        ))
    })
}
