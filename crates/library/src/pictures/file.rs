//! The file that holds the pictures.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::{error::CatalogueError, private};

/// The file's name in the data folder.
pub(crate) const PICTURES: &str = "pictures.sqlite";
/// The format of the file. One of another format is thrown away.
const FORMAT: i64 = 1;
/// SQLite's cache of each connection, in KiB.
const CACHE_KIB: i64 = 4 * 1024;

/// Pictures could not be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum PicturesError {
    /// Their file could not do what was asked.
    #[error("Could not {attempt} in the file of pictures {}: {source}; the photos are not concerned, and it can be deleted while Safelight does not run", .path.display())]
    File {
        /// What was attempted, as the continuation of "could not".
        attempt: &'static str,
        /// The file.
        path: PathBuf,
        /// What SQLite or the disk said.
        source: rusqlite::Error,
    },
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// The pictures: one connection writes, another reads meanwhile.
pub(crate) struct Pictures {
    path: PathBuf,
    reader: Mutex<Option<Connection>>,
    // Closed last: who only reads leaves the write-ahead log behind.
    writer: Mutex<Option<Connection>>,
}

impl Pictures {
    /// The pictures of a data folder. The file is opened when it is first needed, so that trouble with it keeps nobody
    /// from taking photos in.
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self {
            path: data_dir.join(PICTURES),
            writer: Mutex::default(),
            reader: Mutex::default(),
        }
    }

    /// Runs `work` in one transaction.
    pub(crate) fn write<T>(
        &self,
        attempt: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, PicturesError> {
        let mut writer = self.writer();
        let result = self.ready(&mut writer).and_then(|connection| {
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&change)?;
            change.commit()?;
            Ok(done)
        });
        if result.as_ref().is_err_and(is_damage) {
            self.throw_away(&mut writer);
        }
        result.map_err(|source| self.error(attempt, source))
    }

    /// Runs `work` on what was last committed.
    pub(crate) fn read<T>(
        &self,
        attempt: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, PicturesError> {
        let run = || {
            // Whoever needs both locks takes the writer's first.
            if self.reader().is_none() {
                self.ready(&mut self.writer())?;
            }
            let mut reader = self.reader();
            if reader.is_none() {
                *reader = Some(self.open_reader()?);
            }
            reader
                .as_ref()
                .map_or(Err(rusqlite::Error::InvalidQuery), work)
        };
        let result = run();
        if result.as_ref().is_err_and(is_damage) {
            self.throw_away(&mut self.writer());
        }
        result.map_err(|source| self.error(attempt, source))
    }

    fn writer(&self) -> MutexGuard<'_, Option<Connection>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> MutexGuard<'_, Option<Connection>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, attempt: &'static str, source: rusqlite::Error) -> PicturesError {
        PicturesError::File {
            attempt,
            path: self.path.clone(),
            source,
        }
    }

    /// The open file; opened, and begun anew if it is none of ours, when this is the first time.
    fn ready<'a>(
        &self,
        writer: &'a mut Option<Connection>,
    ) -> rusqlite::Result<&'a mut Connection> {
        if writer.is_none() {
            let opened = self.open_writer();
            *writer = Some(match opened {
                Ok(Some(connection)) => connection,
                Ok(None) => self.begin_anew()?,
                Err(error) if is_damage(&error) => self.begin_anew()?,
                Err(error) => return Err(error),
            });
        }
        writer.as_mut().ok_or(rusqlite::Error::InvalidQuery)
    }

    /// Opens the file, or makes it. None if another version of Safelight made it.
    fn open_writer(&self) -> rusqlite::Result<Option<Connection>> {
        private::options()
            .open(&self.path)
            .map_err(|error| unopened(&error))?;
        let mut connection = Connection::open(&self.path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A power cut may take the last pictures, and never damages the file.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        match connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))? {
            0 => {
                let change =
                    connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                change.execute_batch(include_str!("schema.sql"))?;
                change.pragma_update(None, "user_version", FORMAT)?;
                change.commit()?;
                Ok(Some(connection))
            }
            FORMAT => Ok(Some(connection)),
            _ => Ok(None),
        }
    }

    fn begin_anew(&self) -> rusqlite::Result<Connection> {
        tracing::warn!(
            path = %self.path.display(),
            "the file of pictures cannot be used; all pictures are made again"
        );
        self.remove().map_err(|error| unopened(&error))?;
        self.open_writer()?.ok_or(rusqlite::Error::InvalidQuery)
    }

    fn open_reader(&self) -> rusqlite::Result<Connection> {
        let reader = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        reader.pragma_update(None, "cache_size", -CACHE_KIB)?;
        Ok(reader)
    }

    /// After damage: whoever asks next finds an empty file, and the pictures are made again.
    fn throw_away(&self, writer: &mut Option<Connection>) {
        *writer = None;
        *self.reader() = None;
        match self.remove() {
            Ok(()) => tracing::warn!(
                path = %self.path.display(),
                "the file of pictures was damaged; all pictures are made again"
            ),
            Err(error) => tracing::error!(
                path = %self.path.display(), %error,
                "the file of pictures is damaged and cannot be removed; stop Safelight and delete it"
            ),
        }
    }

    fn remove(&self) -> io::Result<()> {
        for suffix in ["", "-wal", "-shm"] {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// The disk's error as SQLite would have told it.
fn unopened(error: &io::Error) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN),
        Some(error.to_string()),
    )
}
