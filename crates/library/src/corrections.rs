//! Dates that people put right: of one photo or of many at once, each change with a number by which it is taken back.
//!
//! The file's bytes are never changed, and the photo stays in its folder. What is corrected is in the photo's manifest
//! line; the list of corrections is the catalogue's alone, so after a rebuild a date can still be taken back to what the
//! photo itself says, and no more to what an earlier correction said.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, Row, params};
use safelight_core::{AssetId, CaptureTime, PersonId, Timestamp};

use crate::{
    asset::{self, Asset},
    error::{CatalogueError, RowError},
    open::{Core, Library},
    remarks::{self, Said},
    stored::{at_most, captured, captured_columns, count, micros, time, time_or_none},
};

/// A correction's row number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CorrectionId(pub i64);

impl fmt::Display for CorrectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A new time for one photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDate {
    /// The photo.
    pub asset: AssetId,
    /// The time that counted when the person decided: if another one counts now, the photo is left alone.
    pub before: Option<CaptureTime>,
    /// What the person says ([`safelight_core::TimeSource::Person`]); nothing for what counts without them.
    pub after: Option<CaptureTime>,
}

/// What came of a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected {
    /// Its number; none if there was nothing to change.
    pub id: Option<CorrectionId>,
    /// How many photos have another time now.
    pub photos: u64,
    /// Photos that were left alone, because their time was changed by somebody else meanwhile.
    pub outdated: Vec<AssetId>,
}

/// What came of taking a correction back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// How many photos have the time of before again.
    pub photos: u64,
    /// Photos that were left alone, because they were corrected again since.
    pub kept: Vec<AssetId>,
}

/// A correction that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionRow {
    /// Its number.
    pub id: CorrectionId,
    /// Who made it.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
    /// What was done, in words.
    pub what: String,
    /// How many photos it changed.
    pub photos: u64,
    /// When it was taken back.
    pub undone_at: Option<Timestamp>,
}

impl Library {
    /// Puts dates right, all in one transaction. When this returns, they are in the catalogue, on the disk; the manifests
    /// follow ([`Library::flush_manifests`]), and the files' times ([`Library::follow_capture_times`]). `what` says in
    /// words what is done.
    ///
    /// # Errors
    ///
    /// One of the photos, or the person, is not there: nothing is changed; the catalogue's.
    pub fn correct(
        &self,
        by: PersonId,
        what: &str,
        dates: &[NewDate],
    ) -> Result<Corrected, RowError> {
        let core = self.core();
        core.catalogue.write("put dates right", |change| {
            let mut made = Corrected {
                id: None,
                photos: 0,
                outdated: Vec::new(),
            };
            for date in dates {
                let photo =
                    asset::by_id(change, date.asset)?.ok_or(RowError::NoAsset(date.asset))?;
                let said = remarks::of(change, &photo)?;
                if said.person == date.after {
                    continue;
                }
                if photo.captured != date.before {
                    made.outdated.push(photo.id);
                    continue;
                }
                let id = match made.id {
                    Some(id) => id,
                    None => *made.id.insert(begin(core, change, by, what)?),
                };
                note(
                    change,
                    id,
                    &photo,
                    said.person.as_ref(),
                    date.after.as_ref(),
                )?;
                say(core, change, &photo, said, date.after)?;
                made.photos += 1;
            }
            if let Some(id) = made.id {
                change.execute(
                    "UPDATE correction SET photos = ?2 WHERE id = ?1",
                    params![id.0, crate::stored::signed(made.photos)],
                )?;
            }
            Ok(made)
        })
    }

    /// Takes a correction back: each of its photos has again what a person had said of it before, or nobody. Photos that
    /// were corrected again since keep what was said then. Taking it back twice changes nothing.
    ///
    /// # Errors
    ///
    /// There is no such correction; the catalogue's.
    pub fn undo_correction(&self, id: CorrectionId) -> Result<Undone, RowError> {
        let core = self.core();
        core.catalogue.write("take a correction back", |change| {
            let row = row(change, id)?.ok_or(RowError::NoCorrection(id))?;
            let mut undone = Undone {
                photos: 0,
                kept: Vec::new(),
            };
            if row.undone_at.is_some() {
                return Ok(undone);
            }
            let changed: Vec<(AssetId, Option<CaptureTime>, Option<CaptureTime>)> = change
                .prepare_cached(
                    "SELECT asset, before_local, before_offset, before_source, before_precision,
                       after_local, after_offset, after_source, after_precision
                     FROM correction_photo WHERE correction = ?1",
                )?
                .query_map([id.0], |row| {
                    Ok((AssetId(row.get(0)?), captured(row, 1)?, captured(row, 5)?))
                })?
                .collect::<rusqlite::Result<_>>()?;
            for (asset, before, after) in changed {
                let photo = asset::by_id(change, asset)?.ok_or(RowError::NoAsset(asset))?;
                let said = remarks::of(change, &photo)?;
                if said.person == after {
                    say(core, change, &photo, said, before)?;
                    undone.photos += 1;
                } else {
                    undone.kept.push(asset);
                }
            }
            change.execute(
                "UPDATE correction SET undone_at = ?2 WHERE id = ?1",
                params![id.0, micros(core.clock.now())],
            )?;
            Ok(undone)
        })
    }

    /// One correction.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn correction(&self, id: CorrectionId) -> Result<Option<CorrectionRow>, CatalogueError> {
        self.core()
            .catalogue
            .read("look up a correction", |connection| {
                Ok(row(connection, id)?)
            })
    }

    /// The last corrections that somebody made, the newest first.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn corrections(
        &self,
        by: Option<PersonId>,
        limit: usize,
    ) -> Result<Vec<CorrectionRow>, CatalogueError> {
        self.core()
            .catalogue
            .read("list the corrections", |connection| {
                let condition = match by {
                    Some(_) => "person = ?1",
                    None => "?1 IS NULL",
                };
                let mut query = connection.prepare_cached(&format!(
                    "SELECT {CORRECTION} FROM correction WHERE {condition} ORDER BY id DESC LIMIT ?2"
                ))?;
                let rows = query.query_map(
                    params![by.map(|person| person.0), at_most(limit)],
                    correction,
                )?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }
}

const CORRECTION: &str = "id, person, at, what, photos, undone_at";

fn correction(row: &Row<'_>) -> rusqlite::Result<CorrectionRow> {
    Ok(CorrectionRow {
        id: CorrectionId(row.get(0)?),
        person: PersonId(row.get(1)?),
        at: time(row, 2)?,
        what: row.get(3)?,
        photos: count(row, 4)?,
        undone_at: time_or_none(row, 5)?,
    })
}

fn row(connection: &Connection, id: CorrectionId) -> rusqlite::Result<Option<CorrectionRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {CORRECTION} FROM correction WHERE id = ?1"
        ))?
        .query_row([id.0], correction)
        .optional()
}

fn begin(
    core: &Core,
    change: &Connection,
    by: PersonId,
    what: &str,
) -> Result<CorrectionId, RowError> {
    let exists = change
        .prepare_cached("SELECT 1 FROM person WHERE id = ?1")?
        .exists([by.0])?;
    if !exists {
        return Err(RowError::NoPerson(by));
    }
    change.execute(
        "INSERT INTO correction (person, at, what, photos) VALUES (?1, ?2, ?3, 0)",
        params![by.0, micros(core.clock.now()), what],
    )?;
    Ok(CorrectionId(change.last_insert_rowid()))
}

fn note(
    change: &Connection,
    id: CorrectionId,
    photo: &Asset,
    before: Option<&CaptureTime>,
    after: Option<&CaptureTime>,
) -> rusqlite::Result<()> {
    let (before, after) = (captured_columns(before), captured_columns(after));
    change
        .prepare_cached(
            "INSERT INTO correction_photo VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            id.0, photo.id.0, before.0, before.1, before.2, before.3, after.0, after.1, after.2,
            after.3
        ])?;
    Ok(())
}

/// Has a photo follow another one of its group, whose date a person put right before it came: taken back together, too.
pub(crate) fn join(
    core: &Core,
    change: &Connection,
    corrected: AssetId,
    photo: &Asset,
    said: Said,
    date: CaptureTime,
) -> rusqlite::Result<()> {
    // A rebuilt catalogue knows what people said, and of no corrections.
    let correction = change
        .prepare_cached(
            "SELECT c.id FROM correction_photo p JOIN correction c ON c.id = p.correction
             WHERE p.asset = ?1 AND c.undone_at IS NULL ORDER BY c.id DESC LIMIT 1",
        )?
        .query_row([corrected.0], |row| row.get(0).map(CorrectionId))
        .optional()?;
    if let Some(id) = correction {
        note(change, id, photo, None, Some(&date))?;
        change
            .prepare_cached("UPDATE correction SET photos = photos + 1 WHERE id = ?1")?
            .execute([id.0])?;
    }
    say(core, change, photo, said, Some(date))
}

fn say(
    core: &Core,
    change: &Connection,
    photo: &Asset,
    mut said: Said,
    person: Option<CaptureTime>,
) -> rusqlite::Result<()> {
    said.person = person;
    remarks::change_said(core, change, photo, said)
}
