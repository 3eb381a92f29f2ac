//! Files that become photos where they lie, because their folder is in the library folder or becomes it.

use std::{
    path::{Path, PathBuf},
    sync::PoisonError,
};

use safelight_library::RootState;

use super::{
    folder::Folder,
    item::{Left, Reason},
    request::Stage,
    source::{Source, real},
    work::Work,
};
use crate::{activity::ProgressSink, commands::problem, error::EngineError, start::Engine};

/// Where a folder lies whose files are to stay there.
pub(super) struct Place {
    /// Without links.
    real: PathBuf,
    /// Its path in the library; none if it is to become the library folder.
    folder: Option<String>,
}

impl Engine {
    /// Where the one folder of an import in place lies.
    ///
    /// # Errors
    ///
    /// It is not one folder; it lies outside the library folder, which has photos and so cannot be another one.
    pub(super) fn place_of(&self, paths: &[PathBuf]) -> Result<Place, EngineError> {
        let [path] = paths else {
            return Err(EngineError::Invalid(
                "One folder at a time can be taken in where it lies".to_owned(),
            ));
        };
        let real = real(path)?;
        if !real.is_dir() {
            return Err(EngineError::Invalid(format!(
                "{} is not a folder; only a folder can be taken in where it lies",
                path.display()
            )));
        }
        let library = match self.library().root_state() {
            RootState::Ready(root) => root,
            RootState::NotChosen => return Ok(Place { real, folder: None }),
            RootState::Unavailable { path, reason } => {
                return Err(EngineError::Invalid(format!(
                    "The library folder {} cannot be used: {reason}",
                    path.display()
                )));
            }
        };
        if let Ok(below) = real.strip_prefix(&library) {
            let folder = below.to_str().map(|below| {
                below
                    .split(std::path::MAIN_SEPARATOR)
                    .collect::<Vec<_>>()
                    .join("/")
            });
            let Some(folder) = folder else {
                return Err(EngineError::Invalid(format!(
                    "The name of {} is not Unicode; rename the folder",
                    path.display()
                )));
            };
            return Ok(Place {
                real,
                folder: Some(folder),
            });
        }
        if self.library().totals()?.photos == 0 {
            return Ok(Place { real, folder: None });
        }
        Err(EngineError::Invalid(format!(
            "{} can stay where it is only if it lies in the library folder {}: move it there first, or import a copy",
            path.display(),
            library.display()
        )))
    }
}

impl Place {
    /// The collection that it is, for a look.
    pub(super) fn source(&self) -> Source {
        let label = match &self.folder {
            Some(folder) if !folder.is_empty() => folder.clone(),
            _ => self
                .real
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
        };
        Source::Folder(Folder::in_place(self.real.clone(), label))
    }
}

impl Work<'_> {
    /// Takes in what lies there and is not known.
    pub(super) fn take_in(
        &self,
        place: &Place,
        sources: &[Source],
        progress: &dyn ProgressSink,
    ) -> Result<(), EngineError> {
        self.run(Stage::Bringing, Stage::Done, || {
            let engine = self.engine;
            let folder = match &place.folder {
                Some(folder) => folder.clone(),
                None => {
                    engine.set_library(&place.real)?;
                    String::new()
                }
            };
            let _one_at_a_time = engine
                .0
                .walking
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let shown = engine
                .0
                .board
                .show("import", &self.request.places(), progress);
            self.show_total(&shown, sources);
            let report = engine.library().take_in_folder(
                &folder,
                &|path, name| engine.describe(path, name),
                &mut |at| {
                    self.show(&shown, |activity| {
                        activity.done_files = at.files;
                        activity.done_bytes = at.bytes;
                    });
                    !self.is_over()
                },
            )?;
            self.count(|counts| {
                counts.new = report.adopted;
                counts.paired = report.paired;
                counts.known = report.known;
                counts.files = report.adopted + report.known;
            });
            self.tell_problems(&place.real, &folder)
        })
    }

    /// What could not be taken in is a problem of the library's already; it is this import's to tell, too.
    fn tell_problems(&self, real: &Path, folder: &str) -> Result<(), EngineError> {
        for found in self.engine.library().problems()? {
            let reason = match found.kind.as_str() {
                problem::UNREADABLE_FILE | problem::UNREADABLE_FOLDER => Reason::Unreadable,
                problem::DUPLICATE_FILE | problem::UNUSABLE_NAME => Reason::Refused,
                _ => continue,
            };
            // Problems of what has no usable name have a whole path.
            let path = Path::new(&found.path);
            let is_below = if path.is_absolute() {
                path.starts_with(real)
            } else {
                path.starts_with(folder)
            };
            if is_below {
                self.leave(Left {
                    shown: found.path,
                    reason,
                    message: found.message,
                })?;
            }
        }
        Ok(())
    }
}
