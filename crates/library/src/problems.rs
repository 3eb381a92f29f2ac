//! What needs a person's attention: counted, named, shown (promise 9).

use rusqlite::{Connection, params};
use safelight_core::{DestinationId, LibraryPath, Place, Timestamp};

use crate::{
    asset,
    error::CatalogueError,
    evidence::{is_good, place_number},
    open::Library,
    stored::{PathKey, micros, time},
};

/// The sorts of problem that photos and destinations have: one word for each, whoever finds it, as in `status --json`.
pub mod kind {
    /// A photo's file is gone from the library folder.
    pub const MISSING_FILE: &str = "missing-file";
    /// A photo's file has other bytes although nobody touched it.
    pub const DAMAGED_FILE: &str = "damaged-file";
    /// A photo's file was changed by somebody.
    pub const CHANGED_FILE: &str = "changed-file";
    /// A file cannot be read.
    pub const UNREADABLE_FILE: &str = "unreadable-file";
    /// Those that are put right when all bytes of the photo's file were read and are the photo's.
    pub const OF_HOME_FILES: [&str; 4] =
        [MISSING_FILE, DAMAGED_FILE, CHANGED_FILE, UNREADABLE_FILE];
    /// A folder cannot be read.
    pub const UNREADABLE_FOLDER: &str = "unreadable-folder";
    /// A file has the bytes of a photo that lies elsewhere.
    pub const DUPLICATE_FILE: &str = "duplicate-file";
    /// A file's name cannot be stored.
    pub const UNUSABLE_NAME: &str = "unusable-name";
    /// A manifest does not have what was written into it.
    pub const DAMAGED_MANIFEST: &str = "damaged-manifest";
    /// A photo did not get into a snapshot.
    pub const NOT_OFFSITE: &str = "not-offsite";
    /// An offsite copy is missing or damaged.
    pub const OFFSITE_COPY: &str = "offsite-copy";
    /// A destination does not work.
    pub const DESTINATION: &str = "destination";
    /// A destination could not be put in order after a backup; what was stored counts.
    pub const UNTIDY_DESTINATION: &str = "untidy-destination";
}

/// Something that went wrong and has not been put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What sort: a word such as those of [`kind`].
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
    raise_at(connection, now, kind, path, Place::Home, message)
}

fn raise_at(
    connection: &Connection,
    now: Timestamp,
    kind: &str,
    path: &str,
    place: Place,
    message: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO problem (kind, path, place, message, first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
             ON CONFLICT (kind, path, place) DO UPDATE
             SET message = excluded.message, last_seen = excluded.last_seen",
        )?
        .execute(params![
            kind,
            path,
            place_number(place),
            message,
            micros(now)
        ])?;
    Ok(())
}

pub(crate) fn clear(connection: &Connection, kind: &str, path: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM problem WHERE kind = ?1 AND path = ?2 AND place = 0")?
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

    /// Notes a problem of a photo's copy in a destination, or that it is still there: there is one of each kind, path and
    /// destination. [`Self::settle_offsite_problems`] forgets it.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn raise_offsite_problem(
        &self,
        destination: DestinationId,
        kind: &str,
        path: &str,
        message: &str,
    ) -> Result<(), CatalogueError> {
        let now = self.core().clock.now();
        let place = Place::Offsite(destination);
        self.core().catalogue.write("note a problem", |change| {
            Ok(raise_at(change, now, kind, path, place, message)?)
        })
    }

    /// Forgets those problems of photos' copies in a destination that are put right: the copy is good, or there is no
    /// photo of that path any more. Costs as much as there are problems.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn settle_offsite_problems(
        &self,
        destination: DestinationId,
    ) -> Result<(), CatalogueError> {
        let place = Place::Offsite(destination);
        self.core().catalogue.write("clear problems", |change| {
            let paths: Vec<String> = change
                .prepare_cached("SELECT DISTINCT path FROM problem WHERE place = ?1")?
                .query_map([place_number(place)], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for path in paths {
                let photo = match LibraryPath::parse(&path) {
                    Ok(path) => asset::by_key(change, &PathKey::of(&path))?
                        .filter(|photo| photo.path == path),
                    Err(_) => None,
                };
                let settled = match photo {
                    Some(photo) => is_good(change, photo.id, place)?,
                    None => true,
                };
                if settled {
                    change
                        .prepare_cached("DELETE FROM problem WHERE place = ?1 AND path = ?2")?
                        .execute(params![place_number(place), path])?;
                }
            }
            Ok(())
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
                "SELECT kind, path, message, first_seen, last_seen FROM problem ORDER BY kind, path, place",
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
