//! Bringing in what exists: folders, camera cards and other services' exports become photos of the library; the originals
//! are never changed.
//!
//! An import is a row of the catalogue. It is looked at first, which writes nothing to the library; then a person has it
//! begun; it can be stopped, goes on after a restart, and never brings the same bytes in twice, because a photo's hash is
//! its identity. Files that were read are remembered by place, size and time, so that a second run over a collection
//! that did not change reads none of it.
//!
//! | what | module |
//! |---|---|
//! | what is wanted, how far it has come, what was found | [`request`] |
//! | what a collection offers | [`item`] |
//! | what a person points at, told apart; items' bytes | `source`, `folder` |
//! | other services' exports: told apart, and their parts as one collection | `recognise`, `export`, `part` |
//! | what they say of an item, on the clock of the place | `said` |
//! | several items in hand at once | `crew` |
//! | one item: wanted or not, when it was taken, its hash | `file` |
//! | finding out what would happen | `look` |
//! | how many will share a tile with others | `paired` |
//! | bringing items in; files that stay where they lie | `bring`, `in_place` |
//! | an import at work: counts, notes, stopping | `work` |
//! | the folders of this computer, to choose from | [`choose`] |

mod bring;
pub mod choose;
mod crew;
mod export;
mod file;
mod folder;
mod in_place;
pub mod item;
mod look;
mod paired;
mod part;
mod recognise;
pub mod request;
mod said;
mod source;
mod work;

use std::path::PathBuf;

use safelight_core::PersonId;
use safelight_library::{ImportId, ImportRow, Outcome};

pub use choose::{Chosen, SubFolder};
pub use request::{Counts, FileBrought, FileNote, ImportStatus, Request, Stage, Standing, Way};
pub(crate) use work::AtWork;

use self::{source::Source, work::Work};
use crate::{
    activity::{ProgressSink, Quiet},
    error::EngineError,
    start::Engine,
};

/// How many imports the page lists.
const LISTED: usize = 20;

impl Engine {
    /// Stores an import. Nothing is looked at yet.
    ///
    /// # Errors
    ///
    /// A path that is not there, or cannot be brought in; there is no library folder; the catalogue's.
    pub fn new_import(&self, person: PersonId, request: &Request) -> Result<i64, EngineError> {
        if request.paths.is_empty() {
            return Err(EngineError::Invalid("Name a folder to import".to_owned()));
        }
        self.collections(request)?;
        let standing = work::write(&Standing::default())?;
        let id = self
            .library()
            .new_import(person, &work::write(request)?, &standing)?;
        Ok(id.0)
    }

    /// The last imports, the newest first.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn imports(&self) -> Result<Vec<ImportStatus>, EngineError> {
        let rows = self.library().imports(LISTED)?;
        rows.iter().map(|row| self.import_status(row)).collect()
    }

    /// An import.
    ///
    /// # Errors
    ///
    /// There is none of this number; the catalogue's.
    pub fn import(&self, id: i64) -> Result<ImportStatus, EngineError> {
        self.import_status(&self.import_row(id)?)
    }

    /// Finds out what an import would do, on this thread.
    ///
    /// # Errors
    ///
    /// It is at work already; a path is not there any more; the catalogue's.
    pub fn look_at_import(
        &self,
        id: i64,
        progress: &dyn ProgressSink,
    ) -> Result<ImportStatus, EngineError> {
        let work = Work::begin(self, &self.import_row(id)?)?;
        let sources = self.collections(&work.request)?;
        work.look(&sources, progress)?;
        drop(work);
        self.import(id)
    }

    /// Brings in what is not here yet, on this thread.
    ///
    /// # Errors
    ///
    /// It is at work already; a path is not there any more; the library folder is not there, or its disk full. What was
    /// brought in stays.
    pub fn run_import(
        &self,
        id: i64,
        progress: &dyn ProgressSink,
    ) -> Result<ImportStatus, EngineError> {
        let work = Work::begin(self, &self.import_row(id)?)?;
        let sources = self.collections(&work.request)?;
        if work.request.way == Way::InPlace {
            work.take_in(&self.place_of(&work.request.paths)?, &sources, progress)?;
        } else {
            work.bring(&sources, progress)?;
        }
        drop(work);
        self.import(id)
    }

    /// As [`Self::look_at_import`] or [`Self::run_import`], on a thread of its own.
    ///
    /// # Errors
    ///
    /// There is no such import; the system gives no thread.
    pub fn begin_import(&self, id: i64, stage: Stage) -> Result<(), EngineError> {
        let row = self.import_row(id)?;
        // Whoever asks from now on is told so, however late the thread begins.
        let mut standing: Standing = work::read(&row.state)?;
        standing.stage = stage;
        self.library()
            .set_import(row.id, &row.request, &work::write(&standing)?)?;
        let engine = self.clone();
        self.spawn(&format!("import-{id}"), move || {
            let run = std::panic::AssertUnwindSafe(|| match stage {
                Stage::Looking | Stage::Looked => engine.look_at_import(id, &Quiet),
                _ => engine.run_import(id, &Quiet),
            });
            let error = match std::panic::catch_unwind(run) {
                Ok(Ok(_)) => return,
                Ok(Err(error)) => error.to_string(),
                Err(_) => {
                    "Safelight itself failed while it worked on this; the log says where".to_owned()
                }
            };
            tracing::warn!("Import {id}: {error}");
            if let Err(second) = engine.note_failed_import(&row, error) {
                tracing::error!("That import {id} failed could not be written down: {second}");
            }
        })
    }

    /// Has an import that is at work stop soon; what was brought in stays, and it can go on later.
    pub fn stop_import(&self, id: i64) {
        self.0.imports.stop(Some(ImportId(id)));
    }

    /// Has all imports that are at work stop soon.
    pub fn stop_imports(&self) {
        self.0.imports.stop(None);
    }

    /// Up to `limit` files of an import that something must be told of: `what` is one of [`item::Reason`]'s words or
    /// [`request::UNDATED`]. Goes on after a path; begin with the empty text.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn import_notes(
        &self,
        id: i64,
        what: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<FileNote>, EngineError> {
        let notes = self
            .library()
            .notes_of_import(ImportId(id), what, after, limit)?;
        Ok(notes
            .into_iter()
            .map(|note| FileNote {
                what: note.what,
                path: note.shown,
                message: note.message,
            })
            .collect())
    }

    /// Up to `limit` files that an import brought in: those that were new, or those that the library had. Goes on after
    /// [`FileBrought::next`]; begin with the empty text.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn import_files(
        &self,
        id: i64,
        new: bool,
        after: &str,
        limit: usize,
    ) -> Result<Vec<FileBrought>, EngineError> {
        let outcome = if new {
            Outcome::Stored
        } else {
            Outcome::Duplicate
        };
        let files = self
            .library()
            .brought_by_import(ImportId(id), outcome, after, limit)?;
        Ok(files
            .into_iter()
            .map(|file| FileBrought {
                path: file.shown,
                library_path: file.path.to_string(),
                next: file.place,
            })
            .collect())
    }

    /// The import of the same wishes that is not done, if there is one: it goes on instead of a new one.
    pub(crate) fn unfinished_import(
        &self,
        person: PersonId,
        request: &Request,
    ) -> Result<Option<i64>, EngineError> {
        let wanted = work::write(request)?;
        for row in self.library().imports(LISTED)? {
            let standing: Standing = work::read(&row.state)?;
            if row.person == person && row.request == wanted && standing.stage != Stage::Done {
                return Ok(Some(row.id.0));
            }
        }
        Ok(None)
    }

    /// Goes on with what the end of the last run broke off.
    pub(crate) fn resume_imports(&self) -> Result<(), EngineError> {
        for row in self.library().imports(LISTED)? {
            let standing: Standing = work::read(&row.state)?;
            if matches!(standing.stage, Stage::Looking | Stage::Bringing) {
                self.begin_import(row.id.0, standing.stage)?;
            }
        }
        Ok(())
    }

    fn note_failed_import(&self, row: &ImportRow, error: String) -> Result<(), EngineError> {
        let row = self.import_row(row.id.0)?;
        let mut standing: Standing = work::read(&row.state)?;
        standing.stage = Stage::Failed;
        standing.error = Some(error);
        let state = work::write(&standing)?;
        self.library().set_import(row.id, &row.request, &state)?;
        self.0.board.touch();
        Ok(())
    }

    /// The collections of a request.
    fn collections(&self, request: &Request) -> Result<Vec<Source>, EngineError> {
        if request.way == Way::InPlace {
            return Ok(vec![self.place_of(&request.paths)?.source()]);
        }
        let library = self.library_dir().ok_or_else(|| {
            EngineError::Invalid(
                "There is no library folder yet to import into; choose one in the page, or begin with `safelight serve \
                 --library DIR`"
                    .to_owned(),
            )
        })?;
        let ours: Vec<PathBuf> = [library, self.0.data_dir.clone()]
            .into_iter()
            .map(|folder| folder.canonicalize().unwrap_or(folder))
            .collect();
        Source::of(&request.paths, &ours, &self.0.zone)
    }

    fn import_row(&self, id: i64) -> Result<ImportRow, EngineError> {
        self.library()
            .import(ImportId(id))?
            .ok_or_else(|| EngineError::NotFound(format!("There is no import number {id}")))
    }

    fn import_status(&self, row: &ImportRow) -> Result<ImportStatus, EngineError> {
        let live = self.0.imports.live(row.id);
        let (standing, progress) = match &live {
            Some(live) => (live.standing(), live.progress()),
            None => (work::read(&row.state)?, None),
        };
        Ok(ImportStatus {
            id: row.id.0,
            request: work::read(&row.request)?,
            person: self.person(row.person)?.name,
            standing,
            at_work: live.is_some(),
            progress,
            began_at: crate::view::text(row.began_at),
            changed_at: crate::view::text(row.changed_at),
        })
    }
}
