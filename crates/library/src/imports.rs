//! Collections that a person brings in: what is wanted and how far it has come, what must be told of their files, and
//! which of their files have been read already.
//!
//! What a request and a state say is the engine's business, as with [`crate::jobs`].

use std::path::is_separator;

use rusqlite::{Connection, OptionalExtension, Row, params};
use safelight_core::{ContentHash, CopyState, LibraryPath, PersonId, Place, Timestamp};

use crate::{
    asset::{self, Asset},
    error::{CatalogueError, DiskResult, IntakeError},
    evidence,
    intake::{Outcome, modified_of},
    open::Library,
    stored::{self, at_most, micros, signed, time},
    verify::same_time,
};

/// An import's number. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImportId(pub i64);

/// A stored import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Its number.
    pub id: ImportId,
    /// Whose the photos become.
    pub person: PersonId,
    /// What is wanted.
    pub request: String,
    /// How far it has come.
    pub state: String,
    /// Since when it is known.
    pub began_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

/// What a person must be told of one file of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportNote {
    /// What kind of thing it is.
    pub what: String,
    /// The file's place inside the collection.
    pub shown: String,
    /// What happened and what to do.
    pub message: String,
}

/// A file of a collection, as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is on this computer: its absolute path; for an entry of an archive that of the archive, `//` and a number.
    pub place: String,
    /// Bytes.
    pub size: u64,
    /// Its modification time.
    pub modified: Timestamp,
    /// Its place inside the collection.
    pub shown: String,
    /// The import that brings it in.
    pub import: ImportId,
}

/// What is known of a file of a collection that has the size and time that it had when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadBefore {
    /// The hash of its bytes.
    pub hash: ContentHash,
    /// Who has brought it in; none if it was only looked at.
    pub person: Option<PersonId>,
    /// The import that did.
    pub import: Option<ImportId>,
    /// Whether it was new then.
    pub outcome: Option<Outcome>,
}

/// A file that an import brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Where it is on this computer.
    pub place: String,
    /// Its place inside the collection.
    pub shown: String,
    /// Where its photo lies in the library.
    pub path: LibraryPath,
}

/// The folder of a collection in which a file's name says something, with the separator at its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CollectionFolder {
    /// A folder on the disk.
    OnDisk(String),
    /// Of what archives hold that lie in one folder, whichever of them an entry is in: services put into any part what
    /// belongs together.
    InArchives(String),
}

impl SourceFile {
    /// The folder that it lies in.
    #[must_use]
    pub fn folder(&self) -> Option<CollectionFolder> {
        let (whole, folder): (_, fn(String) -> CollectionFolder) = match self.inside() {
            Some(inside) => (inside, CollectionFolder::InArchives),
            None => (self.place.clone(), CollectionFolder::OnDisk),
        };
        let end = whole.rfind(is_separator)?;
        Some(folder(whole[..=end].to_owned()))
    }

    /// Where an entry of an archive is in its collection, below the folder that the archive lies in.
    fn inside(&self) -> Option<String> {
        // In no absolute path.
        let (archive, _number) = self.place.split_once("//")?;
        let end = archive.rfind(is_separator)?;
        Some(format!("{}/{}", &archive[..=end], self.shown))
    }
}

const COLUMNS: &str = "id, person, request, state, began_at, changed_at";

fn import(row: &Row<'_>) -> rusqlite::Result<ImportRow> {
    Ok(ImportRow {
        id: ImportId(row.get(0)?),
        person: PersonId(row.get(1)?),
        request: row.get(2)?,
        state: row.get(3)?,
        began_at: time(row, 4)?,
        changed_at: time(row, 5)?,
    })
}

/// Notes that a file of a collection is a photo of the library now, in the transaction that makes it one.
pub(crate) fn note_brought(
    change: &Connection,
    file: &SourceFile,
    hash: &ContentHash,
    person: PersonId,
    outcome: Outcome,
) -> rusqlite::Result<()> {
    change
        .prepare_cached(
            "INSERT INTO source_file (place, size, modified, hash, person, import, outcome, shown, inside)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (place) DO UPDATE SET size = excluded.size, modified = excluded.modified, hash = excluded.hash,
               person = excluded.person, import = excluded.import, outcome = excluded.outcome, shown = excluded.shown,
               inside = excluded.inside",
        )?
        .execute(params![
            file.place,
            signed(file.size),
            micros(file.modified),
            hash.as_bytes(),
            person.0,
            file.import.0,
            outcome.as_str(),
            file.shown,
            file.inside()
        ])?;
    Ok(())
}

impl Library {
    /// Stores an import.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn new_import(
        &self,
        person: PersonId,
        request: &str,
        state: &str,
    ) -> Result<ImportId, CatalogueError> {
        let now = micros(self.core().clock.now());
        self.core().catalogue.write("store an import", |change| {
            change.execute(
                "INSERT INTO import (person, request, state, began_at, changed_at) VALUES (?1, ?2, ?3, ?4, ?4)",
                params![person.0, request, state, now],
            )?;
            Ok(ImportId(change.last_insert_rowid()))
        })
    }

    /// Changes what is wanted of an import and how far it has come.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn set_import(
        &self,
        id: ImportId,
        request: &str,
        state: &str,
    ) -> Result<(), CatalogueError> {
        let now = micros(self.core().clock.now());
        self.core().catalogue.write("note an import", |change| {
            change
                .prepare_cached(
                    "UPDATE import SET request = ?2, state = ?3, changed_at = ?4 WHERE id = ?1",
                )?
                .execute(params![id.0, request, state, now])?;
            Ok(())
        })
    }

    /// An import by its number.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn import(&self, id: ImportId) -> Result<Option<ImportRow>, CatalogueError> {
        self.core()
            .catalogue
            .read("look up an import", |connection| {
                Ok(connection
                    .prepare_cached(&format!("SELECT {COLUMNS} FROM import WHERE id = ?1"))?
                    .query_row([id.0], import)
                    .optional()?)
            })
    }

    /// The last imports, the newest first.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn imports(&self, limit: usize) -> Result<Vec<ImportRow>, CatalogueError> {
        self.core()
            .catalogue
            .read("list the imports", |connection| {
                let mut query = connection.prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM import ORDER BY id DESC LIMIT ?1"
                ))?;
                let rows = query.query_map([at_most(limit)], import)?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }

    /// Notes what must be told of an import's files, in one transaction. Of one file and kind the last word counts.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn note_of_import(&self, id: ImportId, notes: &[ImportNote]) -> Result<(), CatalogueError> {
        if notes.is_empty() {
            return Ok(());
        }
        self.core()
            .catalogue
            .write("note what an import met", |change| {
                let mut note = change.prepare_cached(
                    "INSERT INTO import_note (import, what, shown, message) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (import, what, shown) DO UPDATE SET message = excluded.message",
                )?;
                for ImportNote {
                    what,
                    shown,
                    message,
                } in notes
                {
                    note.execute(params![id.0, what, shown, message])?;
                }
                Ok(())
            })
    }

    /// Forgets what was noted of an import's files, since all of it is looked at again.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn forget_notes_of_import(&self, id: ImportId) -> Result<(), CatalogueError> {
        self.core()
            .catalogue
            .write("begin an import's notes anew", |change| {
                change.execute("DELETE FROM import_note WHERE import = ?1", [id.0])?;
                Ok(())
            })
    }

    /// Up to `limit` notes of one kind, by the files' places, after one place. Begin with the empty text.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn notes_of_import(
        &self,
        id: ImportId,
        what: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ImportNote>, CatalogueError> {
        self.core()
            .catalogue
            .read("list what an import met", |connection| {
                let mut query = connection.prepare_cached(
                    "SELECT shown, message FROM import_note
                     WHERE import = ?1 AND what = ?2 AND shown > ?3 ORDER BY shown LIMIT ?4",
                )?;
                let rows = query.query_map(params![id.0, what, after, at_most(limit)], |row| {
                    Ok(ImportNote {
                        what: what.to_owned(),
                        shown: row.get(0)?,
                        message: row.get(1)?,
                    })
                })?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }

    /// Up to `limit` files that an import brought in, by their places, after one place. Begin with the empty text.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn brought_by_import(
        &self,
        id: ImportId,
        outcome: Outcome,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Brought>, CatalogueError> {
        self.core()
            .catalogue
            .read("list what an import brought", |connection| {
                let mut query = connection.prepare_cached(
                    "SELECT s.place, s.shown, a.path FROM source_file s JOIN asset a ON a.hash = s.hash
                     WHERE s.import = ?1 AND s.outcome = ?2 AND s.place > ?3 ORDER BY s.place LIMIT ?4",
                )?;
                let rows = query.query_map(
                    params![id.0, outcome.as_str(), after, at_most(limit)],
                    |row| {
                        Ok(Brought {
                            place: row.get(0)?,
                            shown: row.get(1)?,
                            path: stored::path(row, 2)?,
                        })
                    },
                )?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }

    /// How many photos that were new through an import share a tile with others now.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn paired_by_import(&self, id: ImportId) -> Result<u64, CatalogueError> {
        self.core()
            .catalogue
            .read("count what an import's photos belong to", |connection| {
                Ok(connection
                    .prepare_cached(
                        "SELECT count(DISTINCT a.id) FROM source_file s JOIN asset a ON a.hash = s.hash
                         WHERE s.import = ?1 AND s.outcome = ?2
                           AND (a.part_of IS NOT NULL OR EXISTS (SELECT 1 FROM asset p WHERE p.part_of = a.id))",
                    )?
                    .query_row(params![id.0, Outcome::Stored.as_str()], |row| {
                        stored::count(row, 0)
                    })?)
            })
    }

    /// What is known of a file of a collection, if it still has the size and time that it had when it was read.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn read_before(
        &self,
        place: &str,
        size: u64,
        modified: Timestamp,
    ) -> Result<Option<ReadBefore>, CatalogueError> {
        self.core()
            .catalogue
            .read("look up a collection's file", |connection| {
                Ok(connection
                    .prepare_cached(
                        "SELECT hash, person, import, outcome FROM source_file
                         WHERE place = ?1 AND size = ?2 AND modified = ?3",
                    )?
                    .query_row(params![place, signed(size), micros(modified)], |row| {
                        let outcome: Option<String> = row.get(3)?;
                        Ok(ReadBefore {
                            hash: stored::hash(row, 0)?,
                            person: row.get::<_, Option<i64>>(1)?.map(PersonId),
                            import: row.get::<_, Option<i64>>(2)?.map(ImportId),
                            outcome: outcome.as_deref().and_then(Outcome::from_word),
                        })
                    })
                    .optional()?)
            })
    }

    /// Notes the hashes of files of collections that were only looked at, in one transaction. What is known of a file that
    /// was brought in stays, unless it has changed since.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn note_read(&self, files: &[(SourceFile, ContentHash)]) -> Result<(), CatalogueError> {
        if files.is_empty() {
            return Ok(());
        }
        self.core()
            .catalogue
            .write("note a collection's files", |change| {
                let mut note = change.prepare_cached(
                    "INSERT INTO source_file (place, size, modified, hash) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (place) DO UPDATE SET size = excluded.size, modified = excluded.modified,
                       hash = excluded.hash, person = NULL, import = NULL, outcome = NULL, shown = NULL, inside = NULL
                     WHERE hash <> excluded.hash OR size <> excluded.size OR modified <> excluded.modified",
                )?;
                for (file, hash) in files {
                    note.execute(params![
                        file.place,
                        signed(file.size),
                        micros(file.modified),
                        hash.as_bytes()
                    ])?;
                }
                Ok(())
            })
    }

    /// Whether any photo has so many bytes: a file that has a size of its own is new, whatever its bytes are.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn has_size(&self, size: u64) -> Result<bool, CatalogueError> {
        self.core()
            .catalogue
            .read("look for a photo's size", |connection| {
                Ok(connection
                    .prepare_cached("SELECT 1 FROM asset WHERE size = ?1")?
                    .exists([signed(size)])?)
            })
    }

    /// The photo of these bytes, if all that is known of its home copy is good, and its file lies there with the size and
    /// time that it was stored with. Reads none of its bytes.
    ///
    /// # Errors
    ///
    /// The library folder is not there; the catalogue's.
    pub fn at_home(&self, hash: &ContentHash) -> Result<Option<Asset>, IntakeError> {
        let root = self.core().ready_root()?;
        let found = self
            .core()
            .catalogue
            .read("look up a photo", |connection| {
                let Some(known) = asset::by_hash(connection, hash)? else {
                    return Ok(None);
                };
                let copies = evidence::copies(connection, known.id)?;
                let good = copies
                    .iter()
                    .any(|copy| copy.place == Place::Home && copy.state == CopyState::Good);
                Ok::<_, CatalogueError>(good.then_some(known))
            })?;
        let Some(known) = found else {
            return Ok(None);
        };
        let path = root.file(&known.path);
        let there = match std::fs::symlink_metadata(&path) {
            Ok(metadata) => {
                metadata.is_file()
                    && metadata.len() == known.size
                    && same_time(modified_of(&metadata, &path)?, known.modified)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return Err(error).doing("look at", path)?,
        };
        Ok(there.then_some(known))
    }
}
