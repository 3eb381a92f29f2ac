//! The household: the owner, and members with a folder, devices and photos of their own.
//!
//! Whose a photo is follows from its arrivals: those by a person's devices, and those of files that were found in the
//! person's folder. The same bytes from two people are one photo, which lies where the first of them brought it, and is
//! both's.

use rusqlite::{Connection, OptionalExtension, Row, params};
use safelight_core::{AssetId, DeviceId, FileName, LibraryPath, PersonId, Timestamp};

use crate::{
    devices::is_taken,
    error::{CatalogueError, RowError},
    open::Library,
    stored::{count, micros, time_or_none},
    timeline,
};

/// Photos that change hands in one transaction: short enough that an upload does not wait long for its turn.
const CHUNK: i64 = 2048;

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// The number; the owner's is [`PersonId::OWNER`].
    pub id: PersonId,
    /// What the person is called, and signs in as.
    pub name: String,
    /// The folder that the person's new photos lie below; empty for the library folder itself.
    pub folder: String,
    /// The hash of the page's password; none if there is none, or it was taken back.
    pub secret_hash: Option<String>,
    /// Since when the person has no access any more.
    pub removed_at: Option<Timestamp>,
    /// How many different photos are the person's.
    pub photos: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them are not safe yet.
    pub not_yet_safe: u64,
}

const COLUMNS: &str = "id, name, folder, secret_hash, removed_at, photos, bytes, not_yet_safe";

fn person(row: &Row<'_>) -> rusqlite::Result<PersonRow> {
    Ok(PersonRow {
        id: PersonId(row.get(0)?),
        name: row.get(1)?,
        folder: row.get(2)?,
        secret_hash: row.get(3)?,
        removed_at: time_or_none(row, 4)?,
        photos: count(row, 5)?,
        bytes: count(row, 6)?,
        not_yet_safe: count(row, 7)?,
    })
}

/// What names have in common that a person would take for the same one.
fn name_key(name: &str) -> String {
    FileName::from_wish(name).as_str().to_lowercase()
}

/// What the first name of a folder has in common with every one that some file system would take for the same one.
fn folder_key(folder: &str) -> String {
    LibraryPath::parse(folder).map_or_else(|_| folder.to_lowercase(), |path| path.collision_key())
}

fn one_where(
    connection: &Connection,
    condition: &str,
    value: impl rusqlite::ToSql,
) -> rusqlite::Result<Option<PersonRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM person WHERE {condition} = ?1"
        ))?
        .query_row([value], person)
        .optional()
}

/// The folder of new photos: that of the date, below that of the device's person, or of the person who brings them
/// without a device.
pub(crate) fn below_whose(
    connection: &Connection,
    device: Option<DeviceId>,
    person: Option<PersonId>,
    dated: String,
) -> rusqlite::Result<String> {
    let whose: Option<String> = match (device, person) {
        (Some(device), _) => connection
            .prepare_cached(
                "SELECT p.folder FROM device d JOIN person p ON p.id = d.person WHERE d.id = ?1",
            )?
            .query_row([device.0], |row| row.get(0))
            .optional()?,
        (None, Some(person)) => connection
            .prepare_cached("SELECT folder FROM person WHERE id = ?1")?
            .query_row([person.0], |row| row.get(0))
            .optional()?,
        (None, None) => None,
    };
    Ok(match whose {
        Some(folder) if !folder.is_empty() => format!("{folder}/{dated}"),
        _ => dated,
    })
}

/// The person whose folder a folder of the library is, or lies below; the owner has all others.
pub(crate) fn whose_folder(
    connection: &Connection,
    folder_key: &str,
) -> rusqlite::Result<PersonId> {
    let first = folder_key.split('/').next().unwrap_or_default();
    let found = connection
        .prepare_cached("SELECT id FROM person WHERE folder_key = ?1")?
        .query_row([first], |row| row.get(0))
        .optional()?;
    Ok(found.map_or(PersonId::OWNER, PersonId))
}

/// Whose photos a device brings; without one, the person's who brings them, else the owner's.
pub(crate) fn bringing(
    connection: &Connection,
    device: Option<DeviceId>,
    person: Option<PersonId>,
) -> rusqlite::Result<PersonId> {
    let found = match device {
        Some(device) => connection
            .prepare_cached("SELECT person FROM device WHERE id = ?1")?
            .query_row([device.0], |row| row.get(0))
            .optional()?
            .map(PersonId),
        None => person,
    };
    Ok(found.unwrap_or(PersonId::OWNER))
}

/// Whose a photo is that arrives: its device's person's, or the person's who brings it without one, else that of the
/// person in whose folder it lies, else the owner's. Notes that the person has it.
pub(crate) fn note_holder(
    change: &Connection,
    asset: AssetId,
    device: Option<DeviceId>,
    person: Option<PersonId>,
) -> rusqlite::Result<PersonId> {
    let found = match device {
        None if person.is_some() => person.map(|person| person.0),
        Some(device) => change
            .prepare_cached("SELECT person FROM device WHERE id = ?1")?
            .query_row([device.0], |row| row.get(0))
            .optional()?,
        None => change
            .prepare_cached(
                "SELECT p.id FROM asset a JOIN person p
                   ON p.folder_key = substr(a.folder_key, 1, instr(a.folder_key || '/', '/') - 1)
                 WHERE a.id = ?1",
            )?
            .query_row([asset.0], |row| row.get(0))
            .optional()?,
    };
    let person = found.map_or(PersonId::OWNER, PersonId);
    change
        .prepare_cached(
            "INSERT OR IGNORE INTO holding (asset, person, device, waiting, taken)
             SELECT id, ?2, ?3, 1 - safe, iif(?2 = 1, NULL, captured_local) FROM asset WHERE id = ?1",
        )?
        .execute([asset.0, person.0, device.map_or(0, |device| device.0)])?;
    if person != PersonId::OWNER {
        timeline::choose_of(change, asset)?;
    }
    Ok(person)
}

/// Counts everything of people and devices once more.
pub(crate) const RECOUNT: &str = "
    UPDATE device SET (photos, bytes, not_yet_safe) = (
      SELECT count(*), coalesce(sum(a.size), 0), coalesce(sum(h.waiting), 0)
      FROM asset a JOIN holding h ON h.asset = a.id AND h.device = device.id
    );
    UPDATE person SET (photos, bytes, not_yet_safe) = (
      SELECT count(*), coalesce(sum(a.size), 0), coalesce(sum(1 - a.safe), 0)
      FROM asset a WHERE EXISTS (SELECT 1 FROM holding h WHERE h.asset = a.id AND h.person = person.id)
    );";

impl Library {
    /// Everybody, the owner first, those without access too.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn people(&self) -> Result<Vec<PersonRow>, CatalogueError> {
        self.core().catalogue.read("list the people", |connection| {
            let mut query =
                connection.prepare_cached(&format!("SELECT {COLUMNS} FROM person ORDER BY id"))?;
            let rows = query.query_map([], person)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// A person by number.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn person(&self, id: PersonId) -> Result<Option<PersonRow>, CatalogueError> {
        self.core()
            .catalogue
            .read("look up a person", |connection| {
                Ok(one_where(connection, "id", id.0)?)
            })
    }

    /// A person by name, whatever its case; also one without access.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn person_by_name(&self, name: &str) -> Result<Option<PersonRow>, CatalogueError> {
        let key = name_key(name);
        self.core()
            .catalogue
            .read("look up a person", |connection| {
                Ok(one_where(connection, "name_key", key)?)
            })
    }

    /// Adds a person, or gives one who was removed access again: with the photos and the folder of before. Photos that
    /// were found in the person's folder, and that no device brought, become the person's.
    ///
    /// # Errors
    ///
    /// The name or the folder is taken; the catalogue's. A photo that did not change hands does so when this is called
    /// again, after the person was removed.
    pub fn add_person(
        &self,
        name: &str,
        folder: &str,
        secret_hash: &str,
    ) -> Result<PersonRow, RowError> {
        let key = name_key(name);
        let added = self.core().catalogue.write("add a person", |change| {
            let taken_back = change.execute(
                "UPDATE person SET name = ?2, secret_hash = ?3, removed_at = NULL
                 WHERE name_key = ?1 AND removed_at IS NOT NULL",
                params![key, name, secret_hash],
            )?;
            if taken_back == 0 {
                let added = change.execute(
                    "INSERT INTO person (name, name_key, folder, folder_key, secret_hash) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![name, key, folder, folder_key(folder), secret_hash],
                );
                match added {
                    Err(error) if is_taken(&error) => {
                        return Err(RowError::NameTaken(name.to_owned()));
                    }
                    other => other?,
                };
            }
            one_where(change, "name_key", &key)?
                .ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
        })?;
        self.claim_folder(&added)?;
        self.person(added.id)?.ok_or(RowError::NoPerson(added.id))
    }

    /// Gives a person the photos of the person's folder that no device brought.
    fn claim_folder(&self, person: &PersonRow) -> Result<(), CatalogueError> {
        let first = folder_key(&person.folder);
        // '0' follows '/' in ASCII: the folders from "a/" up to, not including, "a0" are those below "a".
        let (below, beyond) = (format!("{first}/"), format!("{first}0"));
        let mut after = 0;
        loop {
            // Looked for by a reader: in a large library that takes a while, and uploads must not wait for it.
            let photos: Vec<i64> =
                self.core()
                    .catalogue
                    .read("look for a person's photos", |connection| {
                        Ok::<_, CatalogueError>(connection
                            .prepare_cached(
                                "SELECT a.id FROM asset a JOIN holding h ON h.asset = a.id AND h.person = 1 AND h.device = 0
                                 WHERE a.id > ?1 AND (a.folder_key = ?2 OR (a.folder_key >= ?3 AND a.folder_key < ?4))
                                 ORDER BY a.id LIMIT ?5",
                            )?
                            .query_map(params![after, first, below, beyond, CHUNK], |row| row.get(0))?
                            .collect::<rusqlite::Result<_>>()?)
                    })?;
            let Some(last) = photos.last().copied() else {
                return Ok(());
            };
            self.core()
                .catalogue
                .write("give a person photos", |change| {
                    for photo in photos {
                        change
                            .prepare_cached(
                                "DELETE FROM holding WHERE asset = ?1 AND person = 1 AND device = 0",
                            )?
                            .execute([photo])?;
                        change
                            .prepare_cached(
                                "UPDATE arrival SET person = ?2 WHERE asset = ?1 AND device IS NULL",
                            )?
                            .execute([photo, person.id.0])?;
                        note_holder(change, AssetId(photo), None, None)?;
                    }
                    Ok::<_, CatalogueError>(())
                })?;
            after = last;
        }
    }

    /// Calls a person by another name. The folder stays as it is.
    ///
    /// # Errors
    ///
    /// There is no such person; the name is taken; the catalogue's.
    pub fn rename_person(&self, id: PersonId, name: &str) -> Result<(), RowError> {
        self.core().catalogue.write("rename a person", |change| {
            let renamed = change.execute(
                "UPDATE person SET name = ?2, name_key = ?3 WHERE id = ?1",
                params![id.0, name, name_key(name)],
            );
            match renamed {
                Err(error) if is_taken(&error) => Err(RowError::NameTaken(name.to_owned())),
                Ok(0) => Err(RowError::NoPerson(id)),
                other => Ok(other.map(drop)?),
            }
        })
    }

    /// Sets a person's password and ends the person's sessions but the one of a token.
    ///
    /// # Errors
    ///
    /// There is no such person, or one without access; the catalogue's.
    pub fn set_person_secret(
        &self,
        id: PersonId,
        secret_hash: &str,
        but: Option<&str>,
    ) -> Result<(), RowError> {
        self.core().catalogue.write("set a password", |change| {
            let set = change.execute(
                "UPDATE person SET secret_hash = ?2 WHERE id = ?1 AND removed_at IS NULL",
                params![id.0, secret_hash],
            )?;
            if set == 0 {
                return Err(RowError::NoPerson(id));
            }
            change.execute(
                "DELETE FROM session WHERE person = ?1 AND token_hash IS NOT ?2",
                params![id.0, but],
            )?;
            Ok(())
        })
    }

    /// Takes a member's access back: no sign-in, no session, no device of theirs that may add photos. Photos stay, and
    /// stay theirs.
    ///
    /// # Errors
    ///
    /// There is no such member; it is the owner; the catalogue's.
    pub fn remove_person(&self, id: PersonId) -> Result<(), RowError> {
        let now = micros(self.core().clock.now());
        self.core().catalogue.write("remove a person", |change| {
            let removed = change.execute(
                "UPDATE person SET secret_hash = NULL, removed_at = coalesce(removed_at, ?2)
                 WHERE id = ?1 AND id <> 1",
                [id.0, now],
            )?;
            if removed == 0 {
                return Err(RowError::NoPerson(id));
            }
            change.execute("DELETE FROM session WHERE person = ?1", [id.0])?;
            change.execute(
                "UPDATE device SET revoked_at = coalesce(revoked_at, ?2) WHERE person = ?1",
                [id.0, now],
            )?;
            Ok(())
        })?;
        self.core().credentials_changed();
        Ok(())
    }

    /// Whether a photo is a person's.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn holds(&self, person: PersonId, asset: AssetId) -> Result<bool, CatalogueError> {
        self.core()
            .catalogue
            .read("look whose a photo is", |connection| {
                Ok(connection
                    .prepare_cached("SELECT 1 FROM holding WHERE asset = ?1 AND person = ?2")?
                    .exists([asset.0, person.0])?)
            })
    }
}
