//! The one thread that writes the rows of uploads: it takes all that wait, writes one transaction, and answers all. Many
//! uploads share one flush of the catalogue. Their files, names and folders are on the disk before they come here.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread::JoinHandle,
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
pub(crate) use rows::{NewAsset, insert_asset, note_arrival, relocate, reset_home};

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
    answer: SyncSender<Answer>,
}

/// The thread's handle.
pub(crate) struct Committer {
    requests: Mutex<Option<Sender<Request>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Committer {
    pub(crate) fn start(core: Arc<Core>) -> io::Result<Self> {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || run(&core, &receiver))?;
        Ok(Self {
            requests: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Hands a row over, and waits until it is on the disk, or surely or possibly not.
    pub(crate) fn commit(&self, row: Row) -> Answer {
        let (answer, wait) = sync_channel(1);
        let request = Request { row, answer };
        let handed_over = {
            let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
            requests
                .as_ref()
                .is_some_and(|requests| requests.send(request).is_ok())
        };
        if !handed_over {
            return Err(Refused::surely(IntakeError::ShuttingDown));
        }
        // A panic in the thread drops the other end: an error, never a wait without end.
        wait.recv().unwrap_or(Err(Refused {
            error: IntakeError::WriterStopped,
            nothing_was_stored: false,
        }))
    }

    /// Takes no more rows, and waits until those handed over are answered.
    pub(crate) fn stop(&self) {
        drop(
            self.requests
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the catalogue's writer ended in a panic");
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(core: &Core, requests: &Receiver<Request>) {
    while let Ok(first) = requests.recv() {
        let mut batch = vec![first];
        batch.extend(requests.try_iter().take(BATCH - 1));
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
    }
}

fn commit(core: &Core, batch: Vec<Request>) {
    let (rows, answers): (Vec<Row>, Vec<SyncSender<Answer>>) = batch
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

fn send(answer: &SyncSender<Answer>, result: Answer) {
    if answer.send(result).is_err() {
        // Its thread is gone; the photo is stored all the same, or not, as the answer would have said.
        tracing::warn!("nobody waits for an upload's answer any more");
    }
}
