//! Which photos still have to be drawn.
//!
//! Taking a photo in notes nothing for this: photos have growing numbers, so those that nobody has tried yet are the ones
//! above the highest number seen, and what was left of earlier ones (the gaps). The cost grows with what is new.

use rusqlite::{Connection, OptionalExtension, params};
use safelight_core::{ContentHash, Timestamp};

use super::PicturesError;
use crate::{
    asset::{Asset, by_hash},
    error::CatalogueError,
    open::Library,
    stored::{ASSET, asset, at_most, micros},
};

/// The newest photos that nobody has tried to draw.
#[derive(Debug)]
pub struct Undrawn {
    /// The photos, the newest first.
    pub photos: Vec<Asset>,
    /// How many numbers are still to be looked at, these included: at least as many as photos.
    pub left: u64,
    /// The gap that they are of.
    low: i64,
    /// What is left of it when they are done: numbers up to this one.
    rest: i64,
}

impl Library {
    /// Up to `limit` of the newest photos that nobody has tried to draw; none if there are none. They are given out until
    /// [`Self::drawn`] says that they were tried.
    ///
    /// # Errors
    ///
    /// The catalogue's, or the file of pictures cannot be read or written.
    pub fn undrawn(&self, limit: usize) -> Result<Option<Undrawn>, PicturesError> {
        let core = self.core();
        let newest: i64 = core.catalogue.read("look for new photos", |connection| {
            Ok::<_, CatalogueError>(connection.query_row(
                "SELECT coalesce(max(id), 0) FROM asset",
                [],
                |row| row.get(0),
            )?)
        })?;
        let gap = core
            .pictures
            .read("look what is to be drawn", |connection| {
                let is_known: bool = connection.query_row(
                    "SELECT catalogue = ?1 AND top = ?2 FROM progress",
                    params![core.nonce, newest],
                    |row| row.get(0),
                )?;
                is_known.then(|| newest_gap(connection)).transpose()
            })?;
        let gap = match gap {
            Some(gap) => gap,
            None => core.pictures.write("note new photos", |change| {
                note_new(change, &core.nonce, newest)?;
                newest_gap(change)
            })?,
        };
        let Some((low, high, left)) = gap else {
            return Ok(None);
        };
        let mut photos = core.catalogue.read("list new photos", |connection| {
            let mut query = connection.prepare_cached(&format!(
                "SELECT {ASSET} FROM asset a WHERE a.id > ?1 AND a.id <= ?2 ORDER BY a.id DESC LIMIT ?3"
            ))?;
            let rows = query.query_map(params![low, high, at_most(limit)], asset)?;
            Ok::<_, CatalogueError>(rows.collect::<rusqlite::Result<Vec<Asset>>>()?)
        })?;
        let rest = match photos.last() {
            Some(oldest) if photos.len() == limit => oldest.id.0 - 1,
            _ => low,
        };
        // Another catalogue of the same photos, or a stop before the note that these were done.
        let tried = core.pictures.read("look for pictures", |connection| {
            photos
                .iter()
                .map(|photo| is_tried(connection, &photo.hash))
                .collect::<rusqlite::Result<Vec<bool>>>()
        })?;
        let mut tried = tried.into_iter();
        photos.retain(|_| !tried.next().unwrap_or_default());
        Ok(Some(Undrawn {
            photos,
            left,
            low,
            rest,
        }))
    }

    /// Notes that photos were tried.
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be written; then they are given out again.
    pub fn drawn(&self, done: &Undrawn) -> Result<(), PicturesError> {
        self.core().pictures.write("note what was drawn", |change| {
            let statement = if done.rest > done.low {
                "UPDATE gap SET high = min(high, ?2) WHERE low = ?1"
            } else {
                "DELETE FROM gap WHERE low = ?1 AND ?2 IS NOT NULL"
            };
            change
                .prepare_cached(statement)?
                .execute([done.low, done.rest])
                .map(drop)
        })
    }

    /// Has a photo drawn again later, because something stands in the way that may pass.
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be written.
    pub fn draw_later(
        &self,
        photo: &ContentHash,
        due: Timestamp,
        reason: &str,
    ) -> Result<(), PicturesError> {
        self.core()
            .pictures
            .write("note a photo to be drawn later", |change| {
                change
                    .prepare_cached(
                        "INSERT INTO again (hash, attempts, due, reason) VALUES (?1, 1, ?2, ?3)
                         ON CONFLICT (hash) DO UPDATE SET attempts = attempts + 1, due = excluded.due,
                           reason = excluded.reason",
                    )?
                    .execute(params![photo.as_bytes(), micros(due), reason])
                    .map(drop)
            })
    }

    /// Whether a photo was put off by [`Self::draw_later`], and is not due yet.
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be read.
    pub fn is_put_off(&self, photo: &ContentHash, now: Timestamp) -> Result<bool, PicturesError> {
        self.core()
            .pictures
            .read("look what is to be drawn", |connection| {
                connection
                    .prepare_cached("SELECT 1 FROM again WHERE hash = ?1 AND due > ?2")?
                    .exists(params![photo.as_bytes(), micros(now)])
            })
    }

    /// How often a photo was put off by [`Self::draw_later`].
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be read.
    pub fn times_put_off(&self, photo: &ContentHash) -> Result<u32, PicturesError> {
        self.core()
            .pictures
            .read("look what is to be drawn", |connection| {
                let attempts = connection
                    .prepare_cached("SELECT attempts FROM again WHERE hash = ?1")?
                    .query_row([photo.as_bytes()], |row| row.get(0))
                    .optional()?;
                Ok(attempts.unwrap_or(0))
            })
    }

    /// Up to `limit` photos that were put off and are due. One that the catalogue does not know any more is forgotten.
    ///
    /// # Errors
    ///
    /// The catalogue's, or the file of pictures cannot be read or written.
    pub fn due_again(&self, now: Timestamp, limit: usize) -> Result<Vec<Asset>, PicturesError> {
        let core = self.core();
        let due: Vec<ContentHash> =
            core.pictures
                .read("look what is to be drawn", |connection| {
                    connection
                        .prepare_cached(
                            "SELECT hash FROM again WHERE due <= ?1
                               AND NOT EXISTS (SELECT 1 FROM picture p WHERE p.hash = again.hash)
                             ORDER BY due LIMIT ?2",
                        )?
                        .query_map(params![micros(now), at_most(limit)], |row| {
                            row.get(0).map(ContentHash::from_bytes)
                        })?
                        .collect()
                })?;
        let mut photos = Vec::with_capacity(due.len());
        for hash in due {
            let found = core.catalogue.read("look up a photo", |connection| {
                Ok::<_, CatalogueError>(by_hash(connection, &hash)?)
            })?;
            match found {
                Some(photo) => photos.push(photo),
                None => core.pictures.write("forget a photo", |change| {
                    change
                        .execute("DELETE FROM again WHERE hash = ?1", [hash.as_bytes()])
                        .map(drop)
                })?,
            }
        }
        Ok(photos)
    }

    /// Has photos tried again that were refused for a reason of this kind: what was missing may be there now.
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be written.
    pub fn reconsider(&self, refusal: &str, due: Timestamp) -> Result<(), PicturesError> {
        self.core().pictures.write("try pictures again", |change| {
            change.execute(
                "INSERT OR IGNORE INTO again (hash, attempts, due, reason)
                     SELECT hash, 0, ?2, reason FROM picture WHERE refusal = ?1",
                params![refusal, micros(due)],
            )?;
            change
                .execute("DELETE FROM picture WHERE refusal = ?1", [refusal])
                .map(drop)
        })
    }
}

fn is_tried(connection: &Connection, hash: &ContentHash) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM picture WHERE hash = ?1) OR EXISTS (SELECT 1 FROM again WHERE hash = ?1)",
        )?
        .query_row([hash.as_bytes()], |row| row.get(0))
}

/// The gap with the newest photos, and how many numbers all of them have.
fn newest_gap(connection: &Connection) -> rusqlite::Result<Option<(i64, i64, u64)>> {
    let left: i64 =
        connection.query_row("SELECT coalesce(sum(high - low), 0) FROM gap", [], |row| {
            row.get(0)
        })?;
    connection
        .prepare_cached("SELECT low, high FROM gap ORDER BY low DESC LIMIT 1")?
        .query_row([], |row| {
            Ok((row.get(0)?, row.get(1)?, u64::try_from(left).unwrap_or(0)))
        })
        .optional()
}

/// Photos up to the number `newest` are in the catalogue. Those of another catalogue have other numbers: each is looked at
/// once more.
fn note_new(change: &Connection, catalogue: &str, newest: i64) -> rusqlite::Result<()> {
    let (known, top): (String, i64) =
        change.query_row("SELECT catalogue, top FROM progress", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let top = if known == catalogue && top <= newest {
        top
    } else {
        change.execute("DELETE FROM gap", [])?;
        0
    };
    if newest > top {
        change.execute("INSERT INTO gap (low, high) VALUES (?1, ?2)", [top, newest])?;
    }
    change
        .execute(
            "UPDATE progress SET catalogue = ?1, top = ?2",
            params![catalogue, newest],
        )
        .map(drop)
}
