//! What needs a person's attention: counted, named, shown (promise 9).

use rusqlite::{Connection, params};
use safelight_core::Timestamp;

use crate::{
    error::CatalogueError,
    open::Library,
    stored::{micros, time},
};

/// Something that went wrong and has not been put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What sort: a word such as `missing-file`.
    pub kind: String,
    /// What it is about: mostly a path below the library folder; may be empty.
    pub path: String,
    /// What happened, and what to do, for a reader.
    pub message: String,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
}

pub(crate) fn raise(
    connection: &Connection,
    now: Timestamp,
    kind: &str,
    path: &str,
    message: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO problem VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (kind, path) DO UPDATE SET message = excluded.message, last_seen = excluded.last_seen",
        )?
        .execute(params![kind, path, message, micros(now)])?;
    Ok(())
}

pub(crate) fn clear(connection: &Connection, kind: &str, path: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM problem WHERE kind = ?1 AND path = ?2")?
        .execute([kind, path])?;
    Ok(())
}

impl Library {
    /// Notes a problem, or that it is still there: there is one of each kind and path.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn raise_problem(
        &self,
        kind: &str,
        path: &str,
        message: &str,
    ) -> Result<(), CatalogueError> {
        let now = self.core().clock.now();
        self.core().catalogue.write("note a problem", |change| {
            Ok(raise(change, now, kind, path, message)?)
        })
    }

    /// Forgets a problem, because it has been put right.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn clear_problem(&self, kind: &str, path: &str) -> Result<(), CatalogueError> {
        self.core()
            .catalogue
            .write("clear a problem", |change| Ok(clear(change, kind, path)?))
    }

    /// Forgets all problems of a kind.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn clear_problems(&self, kind: &str) -> Result<(), CatalogueError> {
        self.core().catalogue.write("clear problems", |change| {
            change.execute("DELETE FROM problem WHERE kind = ?1", [kind])?;
            Ok(())
        })
    }

    /// All problems, by kind and path.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn problems(&self) -> Result<Vec<Problem>, CatalogueError> {
        self.core().catalogue.read("list the problems", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT kind, path, message, first_seen, last_seen FROM problem ORDER BY kind, path",
            )?;
            let rows = query.query_map([], |row| {
                Ok(Problem {
                    kind: row.get(0)?,
                    path: row.get(1)?,
                    message: row.get(2)?,
                    first_seen: time(row, 3)?,
                    last_seen: time(row, 4)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}
