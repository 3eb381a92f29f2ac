//! Work to be done later, which survives a restart. What a job means is the engine's business.

use rusqlite::{OptionalExtension, Row, params};
use safelight_core::Timestamp;

use crate::{
    error::CatalogueError,
    open::Library,
    stored::{micros, time},
};

/// A job's number. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub i64);

/// A job to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewJob<'a> {
    /// What is to be done.
    pub kind: &'a str,
    /// With what: there is at most one waiting job of each kind and key.
    pub key: &'a str,
    /// Whatever the one who does it needs.
    pub payload: &'a str,
    /// Not before.
    pub run_at: Timestamp,
}

/// A stored job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// With what.
    pub key: String,
    /// Whatever the one who does it needs.
    pub payload: String,
    /// Not before.
    pub run_at: Timestamp,
    /// Whether somebody is doing it now.
    pub claimed: bool,
    /// How often it was begun.
    pub attempts: u32,
    /// Why it last failed.
    pub last_error: Option<String>,
}

const COLUMNS: &str =
    "id, kind, key, payload, run_at, claimed_at IS NOT NULL, attempts, last_error";

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        id: JobId(row.get(0)?),
        kind: row.get(1)?,
        key: row.get(2)?,
        payload: row.get(3)?,
        run_at: time(row, 4)?,
        claimed: row.get(5)?,
        attempts: row.get(6)?,
        last_error: row.get(7)?,
    })
}

impl Library {
    /// Stores a job. If one of this kind and key waits already, that one is kept, at the earlier of both times and with
    /// the new payload.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn enqueue(&self, job: NewJob<'_>) -> Result<(), CatalogueError> {
        self.core().catalogue.write("store a job", |change| {
            change
                .prepare_cached(
                    "INSERT INTO job (kind, key, payload, run_at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (kind, key) WHERE claimed_at IS NULL
                     DO UPDATE SET payload = excluded.payload, run_at = min(run_at, excluded.run_at)",
                )?
                .execute(params![job.kind, job.key, job.payload, micros(job.run_at)])?;
            Ok(())
        })
    }

    /// Takes the waiting job that has been due for the longest time, and marks it as being done.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn claim_due(&self, now: Timestamp) -> Result<Option<Job>, CatalogueError> {
        let due = self
            .core()
            .catalogue
            .read("look for due jobs", |connection| {
                Ok::<_, CatalogueError>(
                    connection
                        .prepare_cached(
                            "SELECT 1 FROM job WHERE claimed_at IS NULL AND run_at <= ?1 LIMIT 1",
                        )?
                        .exists([micros(now)])?,
                )
            })?;
        if !due {
            return Ok(None);
        }
        self.core().catalogue.write("claim a job", |change| {
            Ok(change
                .prepare_cached(&format!(
                    "UPDATE job SET claimed_at = ?1, attempts = attempts + 1 WHERE id =
                       (SELECT id FROM job WHERE claimed_at IS NULL AND run_at <= ?1 ORDER BY run_at, id LIMIT 1)
                     RETURNING {COLUMNS}"
                ))?
                .query_row([micros(now)], job)
                .optional()?)
        })
    }

    /// Forgets a job that is done.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn finish_job(&self, id: JobId) -> Result<(), CatalogueError> {
        self.core().catalogue.write("finish a job", |change| {
            change
                .prepare_cached("DELETE FROM job WHERE id = ?1")?
                .execute([id.0])?;
            Ok(())
        })
    }

    /// Puts a claimed job back, to be done at `run_at`. If another of its kind and key has been stored meanwhile, that
    /// one takes its place.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn retry_job(
        &self,
        id: JobId,
        run_at: Timestamp,
        error: &str,
    ) -> Result<(), CatalogueError> {
        self.core().catalogue.write("put a job back", |change| {
            let superseded = change.execute(
                "DELETE FROM job WHERE id = ?1 AND EXISTS (SELECT 1 FROM job w WHERE w.claimed_at IS NULL
                   AND w.kind = job.kind AND w.key = job.key AND w.id <> job.id)",
                [id.0],
            )?;
            if superseded == 0 {
                change.execute(
                    "UPDATE job SET claimed_at = NULL, run_at = ?2, last_error = ?3 WHERE id = ?1",
                    params![id.0, micros(run_at), error],
                )?;
            }
            Ok(())
        })
    }

    /// All jobs, the next first.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn jobs(&self) -> Result<Vec<Job>, CatalogueError> {
        self.core().catalogue.read("list the jobs", |connection| {
            let mut query = connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM job ORDER BY run_at, id"))?;
            let rows = query.query_map([], job)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// At start: puts back what was being done when the program ended.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn release_claims(&self) -> Result<(), CatalogueError> {
        self.core().catalogue.write("release jobs", |change| {
            change.execute(
                "DELETE FROM job WHERE claimed_at IS NOT NULL AND EXISTS (SELECT 1 FROM job w
                   WHERE w.kind = job.kind AND w.key = job.key
                   AND (w.claimed_at IS NULL OR w.id > job.id) AND w.id <> job.id)",
                [],
            )?;
            change.execute(
                "UPDATE job SET claimed_at = NULL WHERE claimed_at IS NOT NULL",
                [],
            )?;
            Ok(())
        })
    }
}
