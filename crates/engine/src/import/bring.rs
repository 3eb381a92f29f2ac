//! Bringing items in, each on the same durable way as an upload: what is counted as done survives a power cut.

use std::{fs::File, io::Cursor};

use safelight_core::{AssetId, CaptureTime, ContentHash, DevicePath, MediaKind};
use safelight_library::{Filing, IntakeError, Library, Outcome, Precondition, Sharing, Staged};
use safelight_media::Facts;
use sha2::{Digest, Sha256};

use super::{
    crew,
    file::{self, Trouble, is_undated, is_wanted, looked_at_again, read_whole, taken},
    item::{Found, Item, Origin},
    look::{not_a_photo, undated_message},
    request::{Stage, UNDATED, Way},
    said::said,
    source::{Opener, Source},
    work::Work,
};
use crate::{
    activity::ProgressSink,
    details::{details, position},
    error::EngineError,
};

/// The longest item that is read into memory and looked at there, in bytes. With [`crew::HANDS`] of them at once, 16 MiB.
const SMALL: u64 = 1 << 20;

/// What came of an item.
enum Done {
    /// It is a photo that was not here before.
    New {
        /// Whether it shares its bytes with the original.
        shared: bool,
        /// Why its date is not certain.
        undated: Option<String>,
    },
    /// Its bytes were here.
    Known,
    /// It is no photo.
    NotWanted,
}

impl Work<'_> {
    /// Brings everything in that is not here yet.
    pub(super) fn bring(
        &self,
        sources: &[Source],
        progress: &dyn ProgressSink,
    ) -> Result<(), EngineError> {
        self.run(Stage::Bringing, Stage::Done, || {
            let shown = self
                .engine
                .0
                .board
                .show("import", &self.request.places(), progress);
            self.show_total(&shown, sources);
            crew::for_each(sources, &|| self.is_over(), &|opener, found| {
                match found {
                    Found::Item(item) => {
                        self.item(opener, &item)?;
                        self.show_done(&shown, item.length);
                    }
                    Found::Left(left) => self.leave(left)?,
                    Found::PassedOver => self.count(|counts| counts.passed_over += 1),
                }
                Ok(())
            })?;
            let paired = self.engine.library().paired_by_import(self.id)?;
            self.count(|counts| counts.paired = paired);
            Ok(())
        })
    }

    fn item(&self, opener: &mut Opener, item: &Item) -> Result<(), EngineError> {
        let mut done = self.try_item(opener, item);
        if matches!(done, Err(Trouble::Changing))
            && let Some(now) = looked_at_again(item)
        {
            done = self.try_item(opener, &now);
        }
        let done = match done {
            Ok(done) => done,
            Err(trouble) => {
                if let Trouble::Library(error) = &trouble {
                    self.engine.note_full_disk(error);
                }
                return self.leave(trouble.of(item)?);
            }
        };
        let (new, shared, undated) = match done {
            Done::NotWanted => return self.leave(not_a_photo(item)),
            Done::Known => (false, false, None),
            Done::New { shared, undated } => (true, shared, undated),
        };
        self.engine.note_room_again()?;
        if new {
            self.engine.note_arrival();
        }
        self.count(|counts| {
            counts.files += 1;
            counts.bytes += item.length;
            counts.new += u64::from(new);
            counts.new_bytes += if new { item.length } else { 0 };
            counts.known += u64::from(!new);
            counts.shared += u64::from(shared);
            counts.undated += u64::from(undated.is_some());
        });
        if let Some(message) = undated {
            self.note(UNDATED, item.shown.to_string(), message)?;
        }
        Ok(())
    }

    fn try_item(&self, opener: &mut Opener, item: &Item) -> Result<Done, Trouble> {
        let library = self.engine.library();
        let source = self.source_file(item);
        let before = match &source {
            Some(file) => library
                .read_before(&file.place, file.size, file.modified)
                .map_err(IntakeError::from)?,
            None => None,
        };
        if let Some(before) = before
            && before.person == Some(self.person)
            && let Some(photo) = library.at_home(&before.hash)?
        {
            self.add_remarks(photo.id, item).map_err(Trouble::House)?;
            // What an earlier run of this import brought is still new through it.
            let new = before.import == Some(self.id) && before.outcome == Some(Outcome::Stored);
            return Ok(if new {
                Done::New {
                    shared: false,
                    undated: None,
                }
            } else {
                Done::Known
            });
        }
        let small = match item.length {
            0..=SMALL => Some(read_small(opener, item)?),
            _ => None,
        };
        let mut facts = match &small {
            Some(bytes) => Some(self.engine.facts_of(&mut Cursor::new(bytes), item)),
            None => self.engine.facts_before(opener, item)?,
        };
        if let Some(facts) = &facts
            && !self.request.everything
            && !is_wanted(item, facts.kind)
        {
            return Ok(Done::NotWanted);
        }
        if let Some(bytes) = &small
            && self.request.way != Way::Link
        {
            let filing = self.filing(item, facts.as_ref(), source);
            let captured = taken(filing.captured, &filing.remarks);
            let receipt = library.commit_bytes(bytes, filing)?;
            return Ok(done(receipt.outcome, false, captured));
        }
        let hash = match (&small, before) {
            (Some(bytes), _) => Some(ContentHash::from_bytes(Sha256::digest(bytes).into())),
            (None, Some(before)) => Some(before.hash),
            // A file that has a size of its own is new: no need to read it before it is copied.
            (None, None) if library.has_size(item.length).map_err(IntakeError::from)? => {
                Some(file::hash(opener, item)?)
            }
            (None, None) => None,
        };
        if let Some(hash) = hash
            && library
                .commit_known(hash, self.filing(item, facts.as_ref(), source.clone()))?
                .is_some()
        {
            return Ok(Done::Known);
        }
        let (staged, shared) = self.stage(opener, item, small.as_deref())?;
        if facts.is_none() {
            let mut file = File::open(staged.path())?;
            let read = self.engine.facts_of(&mut file, item);
            if !self.request.everything && !is_wanted(item, read.kind) {
                return Ok(Done::NotWanted);
            }
            facts = Some(read);
        }
        let filing = self.filing(item, facts.as_ref(), source);
        let captured = taken(filing.captured, &filing.remarks);
        let receipt = library.commit(staged, filing)?;
        Ok(done(receipt.outcome, shared, captured))
    }

    /// Adds what the collection says now of a photo that it brought before: a part that was missing may have come.
    fn add_remarks(&self, photo: AssetId, item: &Item) -> Result<(), EngineError> {
        if item.remarks.is_none() {
            return Ok(());
        }
        let library = self.engine.library();
        let own = library.details(photo)?.and_then(|own| own.position);
        let remarks = said(item, own);
        let before = library.said_of(photo)?.collection;
        let mut now = before.clone();
        now.merge(&remarks);
        if now != before {
            library.add_remarks(&[(photo, remarks)])?;
        }
        Ok(())
    }

    fn filing(
        &self,
        item: &Item,
        facts: Option<&Facts>,
        source: Option<safelight_library::SourceFile>,
    ) -> Filing {
        Filing {
            device: None,
            person: Some(self.person),
            device_path: DevicePath::parse(&item.shown).ok(),
            wish: item.name().to_owned(),
            kind: facts.map_or(MediaKind::Other, |facts| facts.kind),
            captured: facts.and_then(|facts| facts.captured),
            remarks: said(item, facts.and_then(position)),
            details: facts.map(details),
            client_modified: item.modified,
            client_created: None,
            precondition: Precondition::None,
            create_parents: false,
            source,
        }
    }

    /// Has an item's bytes in the library's staging folder; says whether they are the original's own.
    fn stage(
        &self,
        opener: &mut Opener,
        item: &Item,
        small: Option<&[u8]>,
    ) -> Result<(Staged, bool), Trouble> {
        let library = self.engine.library();
        if self.request.way == Way::Link
            && let Some(staged) = share(library, item)?
        {
            return match looked_at_again(item) {
                Some(now) if now == *item && staged.size() == item.length => Ok((staged, true)),
                _ => Err(Trouble::Changing),
            };
        }
        let mut upload = library.begin_upload()?;
        match small {
            Some(bytes) => upload.write(bytes)?,
            None => read_whole(opener, item, &mut |piece| upload.write(piece))?,
        }
        Ok((upload.finish()?, false))
    }
}

fn done(outcome: Outcome, shared: bool, captured: Option<CaptureTime>) -> Done {
    match outcome {
        Outcome::Duplicate => Done::Known,
        Outcome::Stored => Done::New {
            shared,
            undated: is_undated(captured).then(|| undated_message(captured)),
        },
    }
}

/// A clone where the file systems have them: whoever edits the original then does not change the library's photo. Else a
/// hard link; `None` where they have neither.
fn share(library: &Library, item: &Item) -> Result<Option<Staged>, IntakeError> {
    let Origin::File(path) = &item.origin else {
        return Ok(None);
    };
    match library.share(path, Sharing::Clone)? {
        None => library.share(path, Sharing::Link),
        clone => Ok(clone),
    }
}

fn read_small(opener: &mut Opener, item: &Item) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::with_capacity(usize::try_from(item.length).unwrap_or_default());
    read_whole(opener, item, &mut |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(bytes)
}
