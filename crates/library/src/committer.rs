//! The rows of uploads, many in one transaction: one of the waiting threads writes for all that wait, so that they share
//! one flush of the catalogue, and then passes the lead on. Nobody waits for another thread to wake up if there is only
//! one upload. Files, names and folders are on the disk before their rows come here.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
};

use rusqlite::Transaction;
use safelight_core::{ContentHash, LibraryPath, Timestamp};

use crate::{
    asset::Asset,
    error::{CatalogueError, IntakeError},
    intake::{Filing, Receipt},
    open::Core,
};

mod rows;
pub(crate) use rows::{By, NewAsset, insert_asset, note_arrival, relocate, reset_home};

/// How many uploads share one transaction at most.
const BATCH: usize = 512;

/// Where an upload's bytes are.
pub(crate) enum Home {
    /// In the file of a photo that was here before.
    There(Asset),
    /// In a new file.
    New {
        path: LibraryPath,
        modified: Timestamp,
    },
    /// In a new file, for a photo whose own file was lost.
    Again {
        known: Asset,
        path: LibraryPath,
        modified: Timestamp,
    },
}

/// What is to be written about one upload.
pub(crate) struct Row {
    pub(crate) hash: ContentHash,
    pub(crate) size: u64,
    pub(crate) home: Home,
    pub(crate) filing: Filing,
    /// Whether there is something that it may belong to.
    pub(crate) has_company: bool,
    /// The name of the upload in pieces that it was.
    pub(crate) upload: Option<String>,
}

/// An upload was not committed.
pub(crate) struct Refused {
    pub(crate) error: IntakeError,
    /// Whether it is certain that the catalogue does not have it.
    pub(crate) nothing_was_stored: bool,
}

impl Refused {
    fn surely(error: impl Into<IntakeError>) -> Self {
        Self {
            error: error.into(),
            nothing_was_stored: true,
        }
    }
}

type Answer = Result<Receipt, Refused>;

struct Request {
    row: Row,
    answer: SyncSender<Word>,
}

/// What a waiting upload hears.
enum Word {
    /// Its rows are on the disk, or surely or possibly not.
    Answer(Box<Answer>),
    /// It is its thread's turn to write for all that wait, itself among them.
    Lead,
}

/// The uploads that wait for their rows to be written.
#[derive(Default)]
pub(crate) struct Committer {
    queue: Mutex<Queue>,
    idle: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Request>,
    /// Whether one of the waiting threads is writing, or has been told to.
    led: bool,
    closed: bool,
}

impl Committer {
    /// Returns when the row is on the disk, or surely or possibly not.
    pub(crate) fn commit(&self, core: &Core, row: Row) -> Answer {
        let (answer, word) = sync_channel(2);
        let leads = {
            let mut queue = self.queue();
            if queue.closed {
                return Err(Refused::surely(IntakeError::ShuttingDown));
            }
            queue.waiting.push(Request { row, answer });
            !std::mem::replace(&mut queue.led, true)
        };
        if leads {
            self.lead(core);
        }
        loop {
            match word.recv() {
                Ok(Word::Answer(answer)) => return *answer,
                Ok(Word::Lead) => self.lead(core),
                // A panic while writing drops the other end: an error, never a wait without end.
                Err(_) => {
                    return Err(Refused {
                        error: IntakeError::WriterStopped,
                        nothing_was_stored: false,
                    });
                }
            }
        }
    }

    /// Takes no more rows, and waits until those that wait are answered.
    pub(crate) fn stop(&self) {
        let mut queue = self.queue();
        queue.closed = true;
        while queue.led {
            queue = self
                .idle
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes all that wait, and passes the lead on to the first of those that have come meanwhile.
    fn lead(&self, core: &Core) {
        let mut batch = std::mem::take(&mut self.queue().waiting);
        if batch.len() > BATCH {
            let later = batch.split_off(BATCH);
            self.queue().waiting.splice(0..0, later);
        }
        let count = batch.len();
        if catch_unwind(AssertUnwindSafe(|| commit(core, batch))).is_err() {
            // The transaction was rolled back, and the waiting uploads learn it by the loss of their other end.
            core.unclean
                .store(true, std::sync::atomic::Ordering::SeqCst);
            tracing::error!(
                uploads = count,
                "committing uploads panicked; they were refused"
            );
        }
        let mut queue = self.queue();
        // The channel has room for both words, and its thread waits for them.
        queue.led = queue
            .waiting
            .iter()
            .any(|next| next.answer.send(Word::Lead).is_ok());
        if !queue.led {
            self.idle.notify_all();
        }
    }
}

fn commit(core: &Core, batch: Vec<Request>) {
    let (rows, answers): (Vec<Row>, Vec<SyncSender<Word>>) = batch
        .into_iter()
        .map(|request| (request.row, request.answer))
        .unzip();
    let written = core
        .catalogue
        .write("store uploads", |change| write_rows(core, change, &rows));
    match written {
        Ok(results) => {
            for (answer, result) in answers.iter().zip(results) {
                send(answer, result.map_err(Refused::surely));
            }
        }
        Err(error) => {
            let message = error.to_string();
            tracing::error!(
                error = message,
                uploads = rows.len(),
                "the catalogue refused uploads"
            );
            let full = error.is_full();
            let mut first = Some(error);
            for answer in &answers {
                let error = first.take().unwrap_or_else(|| again(&message, full));
                send(
                    answer,
                    Err(Refused {
                        error: IntakeError::Catalogue(error),
                        nothing_was_stored: false,
                    }),
                );
            }
        }
    }
}

/// The same error for the next one: SQLite's errors cannot be copied.
fn again(message: &str, full: bool) -> CatalogueError {
    let code = if full {
        rusqlite::ffi::SQLITE_FULL
    } else {
        rusqlite::ffi::SQLITE_ERROR
    };
    CatalogueError {
        attempt: "store uploads",
        source: rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(code),
            Some(message.to_owned()),
        ),
    }
}

/// Writes each row by itself: one that is refused takes nothing along. Fails as a whole when SQLite gave up the
/// transaction.
fn write_rows(
    core: &Core,
    change: &Transaction<'_>,
    rows: &[Row],
) -> Result<Vec<Result<Receipt, IntakeError>>, CatalogueError> {
    let now = core.clock.now();
    let mut results = Vec::with_capacity(rows.len());
    for row in rows {
        change.prepare_cached("SAVEPOINT upload")?.execute([])?;
        let result = rows::write(core, change, row, now);
        if result.is_err() && !change.is_autocommit() {
            change.prepare_cached("ROLLBACK TO upload")?.execute([])?;
        }
        if change.is_autocommit() {
            return Err(match result {
                Err(IntakeError::Catalogue(error)) => error,
                _ => again("the transaction was given up", false),
            });
        }
        change.prepare_cached("RELEASE upload")?.execute([])?;
        results.push(result);
    }
    Ok(results)
}

fn send(answer: &SyncSender<Word>, result: Answer) {
    if answer.send(Word::Answer(Box::new(result))).is_err() {
        // Its thread is gone; the photo is stored all the same, or not, as the answer would have said.
        tracing::warn!("nobody waits for an upload's answer any more");
    }
}
