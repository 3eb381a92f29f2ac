//! A piece's way in: to the end of the body if it comes after all that is there, else to a file of its own.

use std::{
    fs::File,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use sha2::{Digest, Sha256};

use super::{
    MAX_BYTES, PartialError, PartialId,
    index::{Line, Place},
    lock,
    state::{Open, hash},
};
use crate::{
    error::{DiskError, DiskResult},
    open::Library,
    staging::{WRITE_BACK_EVERY, WRITE_BACK_FROM},
};

/// Which piece it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A piece with a number, whole or nothing; one that has that number already is replaced by it.
    Numbered(u64),
    /// The bytes that follow those that are here, of which there must be so many. Whatever arrives of them is kept.
    At(u64),
}

/// A piece whose bytes are coming. Dropped before [`Self::finish`], it leaves what its [`Slot`] says.
pub struct PieceUpload {
    library: Library,
    open: Arc<Mutex<Open>>,
    slot: Slot,
    number: u64,
    target: Target,
    file: File,
    path: PathBuf,
    /// What of the file the system was asked to write.
    written_back: u64,
    received: u64,
    finished: bool,
}

enum Target {
    /// The body, while it is this one's turn.
    Body { turn: u64 },
    /// A file of its own.
    Own { serial: u64, hasher: Sha256 },
}

impl Library {
    /// Begins to receive a piece.
    ///
    /// # Errors
    ///
    /// There is no such upload, it is full, or the bytes do not follow those that are here; the library folder is not
    /// there, or its disk is full.
    pub fn begin_piece(&self, id: &PartialId, slot: Slot) -> Result<PieceUpload, PartialError> {
        let (core, root) = self.for_partials()?;
        self.has_room(&root)?;
        let shared = self.find_partial(id)?;
        let mut open = lock(&shared);
        open.must_be_there()?;
        open.check(core)?;
        if open.is_appended() != matches!(slot, Slot::At(_)) {
            return Err(PartialError::NotFound(id.clone()));
        }
        match slot {
            Slot::At(offset) => {
                open.take_over(core)?;
                if offset != open.body_length {
                    let have = open.body_length;
                    return Err(PartialError::WrongOffset {
                        id: id.clone(),
                        have,
                    });
                }
                open.note_told();
            }
            Slot::Numbered(number) => open.supersede(core, number)?,
        }
        open.has_room()?;
        let (number, is_next) = match (slot, open.last_in_body()) {
            (Slot::At(_), _) => (0, true),
            (Slot::Numbered(number), None) => (number, true),
            (Slot::Numbered(number), Some(last)) => (number, number > last),
        };
        let turn = if is_next {
            open.take_body(number)
        } else {
            None
        };
        let opened = match turn {
            Some(turn) => {
                let path = open.body();
                let file = core.disk.append(&path).doing("open", &path);
                file.map(|file| (Target::Body { turn }, file, path))
                    .inspect_err(|_| open.end_turn())
            }
            None => {
                let serial = open.next_own();
                let path = open.own(serial);
                let hasher = Sha256::new();
                let file = core.disk.create(&path).doing("create", &path);
                file.map(|file| (Target::Own { serial, hasher }, file, path))
            }
        };
        let (target, file, path) = opened?;
        let written_back = match target {
            Target::Body { .. } => open.body_written_back.min(open.body_length),
            Target::Own { .. } => {
                open.own_arriving += 1;
                0
            }
        };
        drop(open);
        Ok(PieceUpload {
            library: self.clone(),
            open: shared,
            slot,
            number,
            target,
            file,
            path,
            written_back,
            received: 0,
            finished: false,
        })
    }
}

impl PieceUpload {
    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// The disk is full or refuses; the upload has become too large; another request goes on with it, or has removed it.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), PartialError> {
        let core = self.library.core();
        let mut open = lock(&self.open);
        open.must_be_there()?;
        if self.received + bytes.len() as u64 > MAX_BYTES {
            return Err(PartialError::TooLarge(open.id().clone()));
        }
        let end = match &mut self.target {
            Target::Body { turn } => {
                if !open.has_turn(*turn) {
                    return Err(PartialError::Busy(open.id().clone()));
                }
                let had = open.body_length;
                if let Err(error) = core.disk.write(&mut self.file, &self.path, bytes) {
                    // Some of them may be there, and belong to no piece.
                    if let Err(second) = core.disk.truncate(&self.file, &self.path, had) {
                        open.distrust();
                        tracing::warn!("{}: {second}", self.path.display());
                    }
                    return Err(DiskError::new("write", &self.path, error).into());
                }
                open.body_hasher.update(bytes);
                open.body_length += bytes.len() as u64;
                open.body_length
            }
            Target::Own { hasher, .. } => {
                drop(open);
                core.disk
                    .write(&mut self.file, &self.path, bytes)
                    .doing("write", &self.path)?;
                hasher.update(bytes);
                open = lock(&self.open);
                self.received + bytes.len() as u64
            }
        };
        self.received += bytes.len() as u64;
        if end - self.written_back >= WRITE_BACK_EVERY {
            core.disk
                .begin_write_back(&self.file, self.written_back, end - self.written_back);
            self.written_back = end;
            if matches!(self.target, Target::Body { .. }) {
                open.body_written_back = end;
            }
            if matches!(self.slot, Slot::At(_)) {
                // A crash takes no more than these.
                open.record_body(core, self.number)?;
            }
        }
        Ok(())
    }

    /// How many bytes have been taken.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// The piece is complete.
    ///
    /// # Errors
    ///
    /// The disk refuses; another request has gone on with the upload, or removed it.
    pub fn finish(mut self) -> Result<(), PartialError> {
        let core = self.library.core();
        let mut open = lock(&self.open);
        open.must_be_there()?;
        let end = match &self.target {
            Target::Body { turn } => {
                if !open.has_turn(*turn) {
                    return Err(PartialError::Busy(open.id().clone()));
                }
                open.record_body(core, self.number)?;
                open.end_turn();
                open.body_length
            }
            Target::Own { serial, hasher } => {
                let line = Line {
                    number: self.number,
                    place: Place::Own(*serial),
                    length: self.received,
                    hash: hash(hasher.clone()),
                    at: core.clock.now(),
                };
                open.record(core, line)?;
                open.own_arriving -= 1;
                self.received
            }
        };
        drop(open);
        self.finished = true;
        // The end of the body is left to the next piece, or to the flush of the whole: the client waits for this answer.
        let is_own = matches!(self.target, Target::Own { .. });
        if is_own && end - self.written_back >= WRITE_BACK_FROM {
            core.disk
                .begin_write_back(&self.file, self.written_back, end - self.written_back);
        }
        Ok(())
    }
}

impl Drop for PieceUpload {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let core = self.library.core();
        let mut open = lock(&self.open);
        let left = match &self.target {
            Target::Own { .. } => {
                open.own_arriving -= 1;
                if open.is_there() {
                    core.disk
                        .remove(&self.path)
                        .doing("remove", &self.path)
                        .map_err(PartialError::from)
                } else {
                    Ok(())
                }
            }
            Target::Body { turn } => {
                if !open.has_turn(*turn) {
                    return;
                }
                let left = match self.slot {
                    Slot::Numbered(_) => open.forget_unrecorded(core).map_err(PartialError::from),
                    Slot::At(_) if self.received == 0 => Ok(()),
                    Slot::At(_) => open.record_body(core, self.number),
                };
                open.end_turn();
                left
            }
        };
        if let Err(error) = left {
            // The next request reads all of it, as after a restart, and finds out what is there.
            open.distrust();
            tracing::warn!("what came of a broken upload could not be put in order: {error}");
        }
    }
}
