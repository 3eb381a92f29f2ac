//! The offsite repositories that photos go to.

use rusqlite::{Connection, OptionalExtension, Row, params};
use safelight_core::{DestinationId, Timestamp};

use crate::{
    devices::is_taken,
    error::{CatalogueError, RowError},
    evidence::{in_chunks, judge_those, stored_rule},
    open::Library,
    stored::{count, micros, time, time_or_none},
    tree_change::next_revision,
};

/// A destination to be added.
#[derive(Debug, Clone, Copy)]
pub struct NewDestination<'a> {
    /// What the owner calls it. Unique.
    pub name: &'a str,
    /// Where it is.
    pub url: &'a str,
    /// The repository's own identity.
    pub repository_id: &'a str,
}

/// A destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationRow {
    /// Its number.
    pub id: DestinationId,
    /// What the owner calls it.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// The repository's own identity.
    pub repository_id: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// The last finished snapshot.
    pub last_snapshot: Option<String>,
    /// When that was finished.
    pub last_snapshot_at: Option<Timestamp>,
    /// When it was last verified as a whole.
    pub last_verified_at: Option<Timestamp>,
    /// How many photos have a good copy there.
    pub photos: u64,
    /// How many photos the next snapshot must take in.
    pub pending: u64,
}

const COLUMNS: &str = "id, name, url, repository_id, created_at, last_snapshot, last_snapshot_at, last_verified_at, \
    photos, pending";

fn destination(row: &Row<'_>) -> rusqlite::Result<DestinationRow> {
    Ok(DestinationRow {
        id: DestinationId(row.get(0)?),
        name: row.get(1)?,
        url: row.get(2)?,
        repository_id: row.get(3)?,
        created_at: time(row, 4)?,
        last_snapshot: row.get(5)?,
        last_snapshot_at: time_or_none(row, 6)?,
        last_verified_at: time_or_none(row, 7)?,
        photos: count(row, 8)?,
        pending: count(row, 9)?,
    })
}

fn one_where(
    connection: &Connection,
    condition: &str,
    value: impl rusqlite::ToSql,
) -> rusqlite::Result<Option<DestinationRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM destination WHERE {condition} = ?1"
        ))?
        .query_row([value], destination)
        .optional()
}

impl Library {
    /// Adds a destination. All photos that are here wait for its first snapshot.
    ///
    /// # Errors
    ///
    /// The name is taken; the catalogue's.
    pub fn add_destination(&self, new: NewDestination<'_>) -> Result<DestinationRow, RowError> {
        let now = micros(self.core().clock.now());
        self.core().catalogue.write("add a destination", |change| {
            let added = change.execute(
                "INSERT INTO destination (name, url, repository_id, created_at) VALUES (?1, ?2, ?3, ?4)",
                params![new.name, new.url, new.repository_id, now],
            );
            match added {
                Err(error) if is_taken(&error) => return Err(RowError::NameTaken(new.name.to_owned())),
                other => other?,
            };
            let id = DestinationId(change.last_insert_rowid());
            let revision = next_revision(change)?;
            change.execute(
                "INSERT INTO offsite_pending (destination, asset, since) SELECT ?1, id, ?2 FROM asset",
                [id.0, revision],
            )?;
            one_where(change, "id", id.0)?.ok_or(RowError::NoDestination(id))
        })
    }

    /// All destinations, in the order in which they were added.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn destinations(&self) -> Result<Vec<DestinationRow>, CatalogueError> {
        self.core()
            .catalogue
            .read("list the destinations", |connection| {
                let mut query = connection
                    .prepare_cached(&format!("SELECT {COLUMNS} FROM destination ORDER BY id"))?;
                let rows = query.query_map([], destination)?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }

    /// A destination by its name.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn destination_by_name(
        &self,
        name: &str,
    ) -> Result<Option<DestinationRow>, CatalogueError> {
        self.core()
            .catalogue
            .read("look up a destination", |connection| {
                Ok(one_where(connection, "name", name)?)
            })
    }

    /// Notes that every photo of a destination was looked at.
    ///
    /// # Errors
    ///
    /// There is no such destination; the catalogue's.
    pub fn destination_verified(&self, id: DestinationId, at: Timestamp) -> Result<(), RowError> {
        self.core()
            .catalogue
            .write("note a verification", |change| {
                let noted = change.execute(
                    "UPDATE destination SET last_verified_at = ?2 WHERE id = ?1",
                    params![id.0, micros(at)],
                )?;
                if noted == 0 {
                    return Err(RowError::NoDestination(id));
                }
                Ok(())
            })
    }

    /// Forgets a destination and what was proved of the copies there. The repository itself is not touched. Done for a
    /// part of the photos at a time; if it is interrupted, the destination is still there, and those photos wait for it.
    ///
    /// # Errors
    ///
    /// There is no such destination; the catalogue's.
    pub fn remove_destination(&self, id: DestinationId) -> Result<(), RowError> {
        let (core, attempt) = (self.core(), "remove a destination");
        let known = core.catalogue.read(attempt, |connection| {
            Ok::<_, RowError>(one_where(connection, "id", id.0)?)
        })?;
        if known.is_none() {
            return Err(RowError::NoDestination(id));
        }
        in_chunks(core, attempt, |change, after, last| {
            let revision = next_revision(change)?;
            change
                .prepare_cached(
                    "INSERT INTO offsite_pending (destination, asset, since)
                     SELECT place, asset, ?2 FROM copy WHERE place = ?1 AND asset > ?3 AND asset <= ?4
                     ON CONFLICT (destination, asset) DO NOTHING",
                )?
                .execute([id.0, revision, after, last])?;
            let forget =
                "DELETE FROM copy WHERE place = ?1 AND asset > ?2 AND asset <= ?3 RETURNING asset";
            Ok::<_, RowError>(judge_those(
                change,
                stored_rule(change)?,
                forget,
                [id.0, after, last],
            )?)
        })?;
        core.catalogue.write(attempt, |change| {
            // What came to be known meanwhile.
            let forget = "DELETE FROM copy WHERE place = ?1 RETURNING asset";
            judge_those(change, stored_rule(change)?, forget, [id.0])?;
            change.execute("DELETE FROM problem WHERE place = ?1", [id.0])?;
            for table in [
                "offsite_pending",
                "offsite_removal",
                "manifest_stored",
                "snapshot",
            ] {
                change.execute(
                    &format!("DELETE FROM {table} WHERE destination = ?1"),
                    [id.0],
                )?;
            }
            if change.execute("DELETE FROM destination WHERE id = ?1", [id.0])? == 0 {
                return Err(RowError::NoDestination(id));
            }
            Ok(())
        })
    }
}
