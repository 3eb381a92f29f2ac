//! The page's sessions: who is signed in, since when, from where.

use rusqlite::{OptionalExtension, Row, params};
use safelight_core::{PersonId, Timestamp};

use crate::{
    error::CatalogueError,
    open::Library,
    stored::{micros, time},
};

/// How long a session's last sign of life may be out of date, in microseconds: one minute.
const TOUCH_EVERY: i64 = 60_000_000;

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Its number. Never used again.
    pub id: i64,
    /// Who is signed in.
    pub person: PersonId,
    /// Since when.
    pub started_at: Timestamp,
    /// Until when, at the latest.
    pub expires: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// From where; empty if that was not noted.
    pub last_seen_from: String,
}

/// A session to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    /// The hash of its token.
    pub token_hash: &'a str,
    /// Who signs in.
    pub person: PersonId,
    /// The hash of the password that was found to be right.
    pub secret_hash: &'a str,
    /// From where.
    pub from: &'a str,
    /// When it ends by itself.
    pub expires: Timestamp,
}

const COLUMNS: &str = "id, person, started_at, expires, last_seen_at, last_seen_from";

fn session(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    Ok(SessionRow {
        id: row.get(0)?,
        person: PersonId(row.get(1)?),
        started_at: time(row, 2)?,
        expires: time(row, 3)?,
        last_seen_at: time(row, 4)?,
        last_seen_from: row.get(5)?,
    })
}

impl Library {
    /// Begins a session, unless the password is another one by now, or was taken back: whether it did. To look at a password
    /// takes a while, and meanwhile all sessions of the old one may have been ended. Those that ended before now are
    /// forgotten.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn add_session(&self, new: NewSession<'_>) -> Result<bool, CatalogueError> {
        let now = micros(self.core().clock.now());
        self.core().catalogue.write("store a session", |change| {
            change.execute("DELETE FROM session WHERE expires <= ?1", [now])?;
            let begun = change.execute(
                "INSERT INTO session (token_hash, person, started_at, expires, last_seen_at, last_seen_from)
                 SELECT ?1, id, ?3, ?4, ?3, ?5 FROM person WHERE id = ?2 AND secret_hash = ?6",
                params![
                    new.token_hash,
                    new.person.0,
                    now,
                    micros(new.expires),
                    new.from,
                    new.secret_hash
                ],
            )?;
            Ok(begun > 0)
        })
    }

    /// The session of a token. `None` if there is none, or if it has ended.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn session(&self, token_hash: &str) -> Result<Option<SessionRow>, CatalogueError> {
        let now = self.core().clock.now();
        self.core().catalogue.read("read a session", |connection| {
            let found = connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM session WHERE token_hash = ?1"
                ))?
                .query_row([token_hash], session)
                .optional()?;
            Ok(found.filter(|found| found.expires > now))
        })
    }

    /// Notes that a session was used, at most once a minute.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn touch_session(&self, row: &SessionRow, from: &str) -> Result<(), CatalogueError> {
        let now = micros(self.core().clock.now());
        let last = micros(row.last_seen_at);
        if last <= now && now - last < TOUCH_EVERY && row.last_seen_from == from {
            return Ok(());
        }
        self.core()
            .catalogue
            .write("note a session's use", |change| {
                change.execute(
                    "UPDATE session SET last_seen_at = ?2, last_seen_from = ?3 WHERE id = ?1",
                    params![row.id, now, from],
                )?;
                Ok(())
            })
    }

    /// A person's sessions that have not ended, the newest first.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn sessions_of(&self, person: PersonId) -> Result<Vec<SessionRow>, CatalogueError> {
        let now = micros(self.core().clock.now());
        self.core()
            .catalogue
            .read("list the sessions", |connection| {
                let mut query = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM session WHERE person = ?1 AND expires > ?2 ORDER BY id DESC"
            ))?;
                let rows = query.query_map([person.0, now], session)?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }

    /// Ends the session of a token.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn remove_session(&self, token_hash: &str) -> Result<(), CatalogueError> {
        self.core().catalogue.write("end a session", |change| {
            change.execute("DELETE FROM session WHERE token_hash = ?1", [token_hash])?;
            Ok(())
        })
    }

    /// Ends one of a person's sessions, by its number. Another person's, or none, is left as it is.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn end_session(&self, person: PersonId, id: i64) -> Result<(), CatalogueError> {
        self.core().catalogue.write("end a session", |change| {
            change.execute(
                "DELETE FROM session WHERE id = ?1 AND person = ?2",
                [id, person.0],
            )?;
            Ok(())
        })
    }

    /// Ends all of a person's sessions but the one of a token.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn end_sessions(&self, person: PersonId, but: Option<&str>) -> Result<(), CatalogueError> {
        self.core().catalogue.write("end sessions", |change| {
            change.execute(
                "DELETE FROM session WHERE person = ?1 AND token_hash IS NOT ?2",
                params![person.0, but],
            )?;
            Ok(())
        })
    }
}
