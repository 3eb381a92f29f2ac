//! Brings packs to the store, several at a time, and writes the index files that name them.
//!
//! The order is what safety hangs on: a pack is complete in the store before an index names it, and every index is
//! there, read again, before a snapshot needs it.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::Receiver,
    },
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::journal::Journal;
use crate::{
    error::VaultError,
    format::{
        file,
        id::Id,
        index::{BlobKind, IndexFile, IndexPack},
        pack::{self, SealedPack},
    },
    repository::{Location, Repository},
    store::{File, Folder},
};

/// An index file is written when this many blobs wait for one (restic's own figure) …
const INDEX_BLOBS: usize = 50_000;
/// … or when the oldest has waited so long, so that a slow line's work can be taken up on another computer too.
const INDEX_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// The way of finished packs. Shared by all threads of a run.
pub(crate) struct Uploader<'a> {
    repository: &'a Repository,
    journal: Mutex<Journal>,
    waiting: Mutex<Waiting>,
    proved: Mutex<Proved>,
    trouble: Mutex<Option<VaultError>>,
    stopped: AtomicBool,
    buffers: Mutex<Vec<Vec<u8>>>,
    returned: Condvar,
    bytes: AtomicU64,
    packs: AtomicU64,
}

/// Packs that are in no index yet.
struct Waiting {
    packs: Vec<IndexPack>,
    blobs: usize,
    since: Timestamp,
}

/// What was read again from index files of this run.
#[derive(Default)]
pub(crate) struct Proved {
    /// Data blobs; sorted by [`Uploader::finish`].
    pub(crate) data: Vec<Id>,
    /// Folder lists.
    pub(crate) trees: HashMap<Id, Location>,
    /// The packs that hold them.
    pub(crate) packs: HashSet<Id>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Uploader<'a> {
    /// `buffers` packs may exist at the same time: being filled, waiting and on their way.
    pub(crate) fn new(repository: &'a Repository, journal: Journal, buffers: usize) -> Self {
        Self {
            repository,
            journal: Mutex::new(journal),
            waiting: Mutex::new(Waiting {
                packs: Vec::new(),
                blobs: 0,
                since: repository.clock.now(),
            }),
            proved: Mutex::default(),
            trouble: Mutex::new(None),
            stopped: AtomicBool::new(false),
            buffers: Mutex::new(vec![Vec::new(); buffers]),
            returned: Condvar::new(),
            bytes: AtomicU64::new(0),
            packs: AtomicU64::new(0),
        }
    }

    /// Names packs of an earlier run in the next index file.
    pub(crate) fn adopt(&self, packs: Vec<IndexPack>) {
        let mut waiting = lock(&self.waiting);
        waiting.blobs += packs.iter().map(|pack| pack.blobs.len()).sum::<usize>();
        waiting.packs.extend(packs);
    }

    /// Counts what an earlier run's index file names as proved, too, by reading it.
    pub(crate) fn trust_index(&self, id: Id) -> Result<(), VaultError> {
        let index = self.repository.read_json(Folder::Index, id)?;
        self.note_proved(&index);
        Ok(())
    }

    /// A buffer for a pack. Waits until one is free, which is what bounds the memory of a run.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        let buffers = lock(&self.buffers);
        let mut buffers = self
            .returned
            .wait_while(buffers, |free| free.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let mut buffer = buffers.pop().unwrap_or_default();
        // All of it at once: growing by doubling would take twice the memory.
        buffer.reserve_exact(pack::CAPACITY.saturating_sub(buffer.capacity()));
        buffer
    }

    /// Gives a buffer back.
    pub(crate) fn give_back(&self, buffer: Vec<u8>) {
        lock(&self.buffers).push(buffer);
        self.returned.notify_one();
    }

    /// Stops the run. The first reason is the one that is told.
    pub(crate) fn stop(&self, why: VaultError) {
        lock(&self.trouble).get_or_insert(why);
        self.stopped.store(true, Ordering::Release);
    }

    /// Whether the run is to be stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Why the run is to be stopped.
    pub(crate) fn take_trouble(&self) -> Option<VaultError> {
        lock(&self.trouble).take()
    }

    /// Bytes and packs that were stored.
    pub(crate) fn figures(&self) -> (u64, u64) {
        (
            self.bytes.load(Ordering::Relaxed),
            self.packs.load(Ordering::Relaxed),
        )
    }

    /// Stores packs until there are no more. Runs on several threads. After trouble it only takes the packs in, so
    /// that nobody waits forever.
    pub(crate) fn run(&self, packs: &Mutex<Receiver<SealedPack>>) {
        loop {
            let next = lock(packs).recv();
            let Ok(SealedPack { bytes, index }) = next else {
                return;
            };
            let bytes = Bytes::from(bytes);
            let size = bytes.len() as u64;
            let written = match self.is_stopped() {
                false => self.repository.write_pack(index.id, &bytes).map(Some),
                true => Ok(None),
            };
            // The next pack may be on its way while this one is looked at. If the network still holds the bytes for
            // a moment, their memory is not for us to use again.
            self.give_back(bytes.try_into_mut().map_or_else(|_| Vec::new(), Vec::from));
            let stored = written.and_then(|written| match written {
                Some(()) => self.settle(index, size),
                None => Ok(()),
            });
            if let Err(error) = stored {
                self.stop(error);
            }
        }
    }

    /// Looks at a pack that was written, and notes it.
    fn settle(&self, index: IndexPack, size: u64) -> Result<(), VaultError> {
        self.repository.check_pack(index.id, size)?;
        lock(&self.journal)
            .pack(&index, size)
            .map_err(|error| self.journal_error(&error))?;
        self.bytes.fetch_add(size, Ordering::Relaxed);
        self.packs.fetch_add(1, Ordering::Relaxed);

        let mut waiting = lock(&self.waiting);
        let now = self.repository.clock.now();
        if waiting.packs.is_empty() {
            waiting.since = now;
        }
        waiting.blobs += index.blobs.len();
        waiting.packs.push(index);
        if waiting.blobs < INDEX_BLOBS && now.duration_since(waiting.since) < INDEX_AFTER {
            return Ok(());
        }
        waiting.blobs = 0;
        let packs = std::mem::take(&mut waiting.packs);
        drop(waiting);
        self.write_index(packs)
    }

    /// Writes an index file and reads it again.
    fn write_index(&self, packs: Vec<IndexPack>) -> Result<(), VaultError> {
        let store_error = |error| self.repository.store_error(error);
        self.repository.store.flush().map_err(store_error)?;
        let written = IndexFile { packs };
        let id = self.repository.write_json(Folder::Index, &written)?;
        lock(&self.journal)
            .index(id, &written.packs)
            .map_err(|error| self.journal_error(&error))?;
        drop(written);
        let file = File::In(Folder::Index, id);
        let sealed = self.repository.store.read(file).map_err(store_error)?;
        if Id::of(&sealed) != id {
            return Err(self.repository.damaged(format!(
                "{} holds other bytes than were written",
                file.path()
            )));
        }
        let index: IndexFile = file::open_json(&self.repository.cipher, sealed)
            .map_err(|error| self.repository.damaged(format!("{}: {error}", file.path())))?;
        self.note_proved(&index);
        Ok(())
    }

    fn note_proved(&self, index: &IndexFile) {
        let mut proved = lock(&self.proved);
        for pack in &index.packs {
            proved.packs.insert(pack.id);
            for blob in &pack.blobs {
                match blob.kind {
                    BlobKind::Data => proved.data.push(blob.id),
                    BlobKind::Tree => {
                        proved.trees.insert(blob.id, Location::of(pack.id, blob));
                    }
                }
            }
        }
    }

    /// Writes the last index file, when all packs are stored, and tells what the index files of this run name.
    pub(crate) fn finish(&self) -> Result<Proved, VaultError> {
        if let Some(error) = self.take_trouble() {
            return Err(error);
        }
        let packs = std::mem::take(&mut lock(&self.waiting).packs);
        if !packs.is_empty() {
            self.write_index(packs)?;
        }
        self.repository
            .store
            .flush()
            .map_err(|error| self.repository.store_error(error))?;
        let mut proved = std::mem::take(&mut *lock(&self.proved));
        proved.data.sort_unstable();
        Ok(proved)
    }

    fn journal_error(&self, error: &std::io::Error) -> VaultError {
        VaultError::Io {
            url: self.repository.url.clone(),
            attempt: "Writing the journal of what is stored".to_owned(),
            reason: error.to_string(),
        }
    }
}
