//! Finding out what an import would do. Nothing is written to the library.
//!
//! Only files that may be there already are read to their end: those that have the size of a photo of the library or of
//! another file of the collection. All others are new, whatever their bytes are.

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

use safelight_core::ContentHash;
use safelight_library::SourceFile;

use super::{
    crew,
    file::{self, is_undated, is_wanted, taken},
    item::{Found, Item, Left, Reason},
    request::{Stage, UNDATED},
    source::{Opener, Source},
    work::Work,
};
use crate::{activity::ProgressSink, error::EngineError};

/// Hashes that share one transaction.
const READ: usize = 256;

/// What is known of a collection while it is looked at.
struct Look<'a> {
    work: &'a Work<'a>,
    /// The sizes that more than one file has.
    common: HashSet<u64>,
    /// The bytes that the collection has.
    seen: Mutex<HashSet<ContentHash>>,
    read: Mutex<Vec<(SourceFile, ContentHash)>>,
}

impl Work<'_> {
    /// Finds out what is there.
    pub(super) fn look(
        &self,
        sources: &[Source],
        progress: &dyn ProgressSink,
    ) -> Result<(), EngineError> {
        self.run(Stage::Looking, Stage::Looked, || {
            let shown = self
                .engine
                .0
                .board
                .show("import-look", &self.request.places(), progress);
            let sizes = self.sizes(sources);
            let files = sizes.values().map(|count| u64::from(*count)).sum();
            self.show(&shown, |activity| activity.total_files = Some(files));
            let look = Look {
                work: self,
                common: sizes
                    .into_iter()
                    .filter_map(|(size, count)| (count > 1).then_some(size))
                    .collect(),
                seen: Mutex::default(),
                read: Mutex::default(),
            };
            crew::for_each(sources, &|| self.is_over(), &|opener, found| {
                match found {
                    Found::Item(item) => {
                        look.item(opener, &item)?;
                        self.show_done(&shown, item.length);
                    }
                    Found::Left(left) => self.leave(left)?,
                    Found::PassedOver => self.count(|counts| counts.passed_over += 1),
                }
                Ok(())
            })?;
            look.write_read()
        })
    }

    /// How many files have each size.
    fn sizes(&self, sources: &[Source]) -> HashMap<u64, u32> {
        let mut sizes = HashMap::new();
        for source in sources {
            let listing = source.list(&|| self.is_over(), &mut |found| {
                if let Found::Item(item) = found {
                    *sizes.entry(item.length).or_default() += 1;
                }
                if self.is_over() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            if listing.is_break() {
                break;
            }
        }
        sizes
    }

    /// What a file of the collection is known by from one run to the next.
    pub(super) fn source_file(&self, item: &Item) -> Option<SourceFile> {
        Some(SourceFile {
            place: item.place()?,
            size: item.length,
            modified: item.unchanged_since()?,
            shown: item.shown.to_string(),
            import: self.id,
        })
    }
}

impl Look<'_> {
    fn item(&self, opener: &mut Opener, item: &Item) -> Result<(), EngineError> {
        let facts = match self.work.engine.facts_before(opener, item) {
            Ok(facts) => facts,
            Err(trouble) => return self.work.leave(trouble.of(item)?),
        };
        let kind = facts.as_ref().map(|facts| facts.kind);
        if kind.is_some_and(|kind| !self.work.request.everything && !is_wanted(item, kind)) {
            return self.work.leave(not_a_photo(item));
        }
        let known = match self.is_known(opener, item)? {
            Ok(known) => known,
            Err(left) => return self.work.leave(left),
        };
        let captured = taken(item, facts.and_then(|facts| facts.captured));
        // An entry of an archive that nothing was said of is looked into only when it is brought in.
        let undated = !known && kind.is_some() && is_undated(captured);
        self.work.count(|counts| {
            counts.files += 1;
            counts.bytes += item.length;
            counts.known += u64::from(known);
            counts.new += u64::from(!known);
            counts.new_bytes += if known { 0 } else { item.length };
            counts.undated += u64::from(undated);
        });
        if undated {
            self.work
                .note(UNDATED, item.shown.to_string(), undated_message(captured))?;
        }
        Ok(())
    }

    /// Whether the library has an item's bytes, or the collection has them a second time.
    fn is_known(
        &self,
        opener: &mut Opener,
        item: &Item,
    ) -> Result<Result<bool, Left>, EngineError> {
        let library = self.work.engine.library();
        if !self.common.contains(&item.length) && !library.has_size(item.length)? {
            return Ok(Ok(false));
        }
        let file = self.work.source_file(item);
        let before = match &file {
            Some(file) => library.read_before(&file.place, file.size, file.modified)?,
            None => None,
        };
        let hash = match before {
            Some(before) => before.hash,
            None => match file::hash(opener, item) {
                Ok(hash) => {
                    self.note_read(file, hash)?;
                    hash
                }
                Err(trouble) => return Ok(Err(trouble.of(item)?)),
            },
        };
        let first = self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(hash);
        Ok(Ok(!first || library.asset_by_hash(&hash)?.is_some()))
    }

    fn note_read(&self, file: Option<SourceFile>, hash: ContentHash) -> Result<(), EngineError> {
        let Some(file) = file else { return Ok(()) };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.push((file, hash));
        if read.len() >= READ {
            self.work.engine.library().note_read(&read)?;
            read.clear();
        }
        Ok(())
    }

    fn write_read(&self) -> Result<(), EngineError> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.work.engine.library().note_read(&read)?)
    }
}

pub(super) fn not_a_photo(item: &Item) -> Left {
    Left {
        shown: item.shown.to_string(),
        reason: Reason::NotAPhoto,
        message: "It is neither a photo nor a video, and stays where it is; choose to bring in everything if it is wanted"
            .to_owned(),
    }
}

pub(super) fn undated_message(captured: Option<safelight_core::CaptureTime>) -> String {
    match captured {
        Some(captured) => format!(
            "When it was taken is not known; it is filed under the file's own date, {}",
            captured.local.date()
        ),
        None => "When it was taken is not known; it is filed under unknown".to_owned(),
    }
}
