//! Finding out what an import would do. Nothing is written to the library.
//!
//! Only files that may be there already are read to their end: those that have the size of a photo of the library or of
//! another file of the collection. All others are new, whatever their bytes are. Of an archive's entries those are looked
//! into that others of their name lie beside.

use std::{
    collections::{HashMap, HashSet},
    io::Cursor,
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

use safelight_core::ContentHash;
use safelight_library::SourceFile;
use safelight_media::Facts;

use super::{
    crew,
    file::{self, Trouble, is_undated, is_wanted, read_whole, taken},
    item::{Found, Item, Left, Origin, Reason},
    paired::{Company, Stems, has_identifier},
    request::{Stage, UNDATED},
    said::said,
    source::{Opener, Source},
    work::Work,
};
use crate::{activity::ProgressSink, details::position, error::EngineError};

/// Hashes that share one transaction.
const READ: usize = 256;

/// The longest entry of an archive that is unpacked to be looked into, in bytes. Films are longer; they have no company but
/// an edit.
const UNPACKED: u64 = 64 << 20;

/// What is known of a collection while it is looked at.
struct Look<'a> {
    work: &'a Work<'a>,
    /// The sizes that more than one file has.
    common: HashSet<u64>,
    stems: Stems,
    company: Mutex<Company>,
    /// The entry that is looked into: one at a time, since it is in memory.
    unpacked: Mutex<Vec<u8>>,
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
            let (sizes, stems) = self.names_and_sizes(sources);
            let files = sizes.values().map(|count| u64::from(*count)).sum();
            self.show(&shown, |activity| activity.total_files = Some(files));
            let look = Look {
                work: self,
                common: sizes
                    .into_iter()
                    .filter_map(|(size, count)| (count > 1).then_some(size))
                    .collect(),
                stems,
                company: Mutex::default(),
                unpacked: Mutex::default(),
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
            look.count_paired()?;
            look.write_read()
        })
    }

    /// How many files have each size, and each name.
    fn names_and_sizes(&self, sources: &[Source]) -> (HashMap<u64, u32>, Stems) {
        let (mut sizes, mut stems) = (HashMap::new(), Stems::default());
        for source in sources {
            let listing = source.list(&|| self.is_over(), &mut |found| {
                if let Found::Item(item) = found {
                    *sizes.entry(item.length).or_default() += 1;
                    if let Some(file) = self.source_file(&item) {
                        stems.add(&file, item.name());
                    }
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
        (sizes, stems)
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

/// Whether bytes are there already.
struct Known {
    /// None if no other file can have them.
    hash: Option<ContentHash>,
    /// Whether the library has them.
    is_here: bool,
    /// Whether the collection has them a second time.
    is_again: bool,
}

impl Look<'_> {
    fn item(&self, opener: &mut Opener, item: &Item) -> Result<(), EngineError> {
        let source = self.work.source_file(item);
        let has_others = self.stems.has_others(source.as_ref(), item.name());
        let facts = match self.facts(opener, item, has_others) {
            Ok(facts) => facts,
            Err(trouble) => return self.work.leave(trouble.of(item)?),
        };
        let kind = facts.as_ref().map(|facts| facts.kind);
        if kind.is_some_and(|kind| !self.work.request.everything && !is_wanted(item, kind)) {
            return self.work.leave(not_a_photo(item));
        }
        let found = match self.is_known(opener, item, source.as_ref())? {
            Ok(found) => found,
            Err(left) => return self.work.leave(left),
        };
        let known = found.is_here || found.is_again;
        if let Some(facts) = &facts
            && (has_others || has_identifier(facts))
        {
            let mut company = self.company.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = !found.is_here;
            company.add(source.as_ref(), item.name(), facts, found.hash, is_new);
        }
        let remarks = said(item, facts.as_ref().and_then(position));
        let captured = taken(facts.and_then(|facts| facts.captured), &remarks);
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

    /// What an item says of itself; none of an archive's entry whose company is not asked for.
    fn facts(
        &self,
        opener: &mut Opener,
        item: &Item,
        has_others: bool,
    ) -> Result<Option<Facts>, Trouble> {
        let engine = self.work.engine;
        if matches!(item.origin, Origin::File(_)) || !has_others || item.length > UNPACKED {
            return engine.facts_before(opener, item);
        }
        let mut bytes = self.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.clear();
        read_whole(opener, item, &mut |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(Some(engine.facts_of(&mut Cursor::new(&*bytes), item)))
    }

    fn count_paired(&self) -> Result<(), EngineError> {
        let (library, person) = (self.work.engine.library(), self.work.person);
        let company = self.company.lock().unwrap_or_else(PoisonError::into_inner);
        let paired = company.paired(|member| library.has_company(person, member))?;
        self.work.count(|counts| counts.paired = paired);
        Ok(())
    }

    fn is_known(
        &self,
        opener: &mut Opener,
        item: &Item,
        source: Option<&SourceFile>,
    ) -> Result<Result<Known, Left>, EngineError> {
        let library = self.work.engine.library();
        if !self.common.contains(&item.length) && !library.has_size(item.length)? {
            return Ok(Ok(Known {
                hash: None,
                is_here: false,
                is_again: false,
            }));
        }
        let before = match source {
            Some(file) => library.read_before(&file.place, file.size, file.modified)?,
            None => None,
        };
        let hash = match before {
            Some(before) => before.hash,
            None => match file::hash(opener, item) {
                Ok(hash) => {
                    self.note_read(source.cloned(), hash)?;
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
        Ok(Ok(Known {
            hash: Some(hash),
            is_here: library.asset_by_hash(&hash)?.is_some(),
            is_again: !first,
        }))
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
