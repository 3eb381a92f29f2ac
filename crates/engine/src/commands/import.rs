//! Bringing in what exists, from the command line.

use safelight_core::PersonId;

use crate::{
    activity::ProgressSink,
    command::ImportOutcome,
    error::EngineError,
    import::{FileNote, Request, item::Reason, request::UNDATED},
    start::Engine,
};

/// Notes that are read at once.
const PAGE: usize = 1000;

impl Engine {
    pub(super) fn bring_in(
        &self,
        request: &Request,
        person: Option<&str>,
        preview: bool,
        progress: &dyn ProgressSink,
    ) -> Result<ImportOutcome, EngineError> {
        let person = match person {
            Some(name) => self.named_person(name)?.id,
            None => PersonId::OWNER,
        };
        let id = match self.unfinished_import(person, request)? {
            Some(id) => id,
            None => self.new_import(person, request)?,
        };
        let import = if preview {
            self.look_at_import(id, progress)?
        } else {
            self.run_import(id, progress)?
        };
        Ok(ImportOutcome {
            import,
            files: self.all_import_notes(id)?,
        })
    }

    fn all_import_notes(&self, id: i64) -> Result<Vec<FileNote>, EngineError> {
        let mut all: Vec<FileNote> = Vec::new();
        let words = Reason::ALL.map(Reason::as_str);
        for what in words.into_iter().chain([UNDATED]) {
            let mut after = String::new();
            loop {
                let notes = self.import_notes(id, what, &after, PAGE)?;
                let Some(last) = notes.last() else { break };
                after.clone_from(&last.path);
                all.extend(notes);
            }
        }
        Ok(all)
    }
}
