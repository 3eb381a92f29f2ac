//! SQLite: one writer, whose users wait in line, and a few readers.
//!
//! Write-ahead logging: readers see the last commit and never wait. `synchronous = FULL`: a commit returns when it is
//! on the disk, which promise 1 needs.

use std::{
    path::{Path, PathBuf},
    sync::{Condvar, Mutex, PoisonError},
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, config::DbConfig};

use crate::error::{Attempted, CatalogueError};

/// SQLite's cache of the writer, in KiB. With the readers' it bounds the memory that a large catalogue takes.
const WRITER_CACHE_KIB: i64 = 16 * 1024;
/// SQLite's cache of one reader, in KiB.
const READER_CACHE_KIB: i64 = 2 * 1024;
/// How many idle readers are kept: as many as an import has files in hand. To open one takes longer than most reads, since
/// it reads the schema and plans its statements anew.
const IDLE_READERS: usize = 16;
/// How many pages the write-ahead log collects before they are copied into the catalogue (16 MiB).
const CHECKPOINT_PAGES: i64 = 4096;

pub(crate) struct Catalogue {
    path: PathBuf,
    writer: Mutex<Connection>,
    line: Line,
    readers: Mutex<Vec<Connection>>,
}

impl Catalogue {
    /// Opens or creates the catalogue's file. The schema is the caller's business ([`crate::schema`]).
    pub(crate) fn open(path: &Path) -> rusqlite::Result<(Self, i64)> {
        let mut writer = Connection::open(path)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        writer.pragma_update(None, "synchronous", "FULL")?;
        // A commit must reach the medium, not only the drive's cache (macOS; elsewhere without effect).
        writer.pragma_update(None, "fullfsync", true)?;
        writer.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        writer.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        writer.pragma_update(None, "foreign_keys", true)?;
        writer.pragma_update(None, "temp_store", "MEMORY")?;
        writer.set_prepared_statement_cache_capacity(128);
        keep_plans(&writer)?;
        let had = crate::schema::migrate(&mut writer)?;
        let catalogue = Self {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            line: Line::default(),
            readers: Mutex::default(),
        };
        Ok((catalogue, had))
    }

    /// Runs `work` in one transaction, after everybody who asked earlier. When it returns `Ok`, its changes are on the
    /// disk; when it returns an error or panics, there are none.
    pub(crate) fn write<T, E>(
        &self,
        attempt: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<rusqlite::Error> + Attempted,
    {
        let turn = self.line.wait();
        // A panic in an earlier holder rolled its transaction back.
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let run = |connection: &mut Connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        let result = run(&mut connection).map_err(|error: E| error.attempted(attempt));
        drop(connection);
        drop(turn);
        result
    }

    /// Runs `work` on a reader: it sees the last commit.
    pub(crate) fn read<T, E>(
        &self,
        attempt: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<rusqlite::Error> + Attempted,
    {
        let run = || {
            let idle = self
                .readers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let reader = match idle {
                Some(reader) => reader,
                None => self.open_reader()?,
            };
            let result = work(&reader);
            let mut idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE_READERS {
                idle.push(reader);
            }
            result
        };
        run().map_err(|error: E| error.attempted(attempt))
    }

    fn open_reader(&self) -> rusqlite::Result<Connection> {
        let reader = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        reader.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        reader.set_prepared_statement_cache_capacity(64);
        keep_plans(&reader)?;
        Ok(reader)
    }

    /// Copies the write-ahead log into the catalogue and empties it, so that the file alone is the catalogue.
    pub(crate) fn checkpoint(&self) -> Result<(), CatalogueError> {
        self.readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        let turn = self.line.wait();
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let result = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|error| CatalogueError::from(error).attempted("finish the write-ahead log"));
        drop(connection);
        drop(turn);
        result
    }
}

/// Plans a statement once. Without this, SQLite plans one anew with each value that a partial index might be chosen by,
/// which was a sixth of an upload's time.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// A queue in front of the writer. A plain mutex would let long work that locks again and again (a snapshot of a
/// million photos, in chunks) keep an upload out.
#[derive(Default)]
struct Line {
    state: Mutex<Tickets>,
    moved: Condvar,
}

#[derive(Default)]
struct Tickets {
    next: u64,
    serving: u64,
}

struct Turn<'a>(&'a Line);

impl Line {
    fn wait(&self) -> Turn<'_> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = state.next;
        state.next += 1;
        while state.serving != ticket {
            state = self
                .moved
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.serving += 1;
        if state.serving < state.next {
            self.0.moved.notify_all();
        }
    }
}
