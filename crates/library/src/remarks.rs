//! What is said of a photo beside its bytes ([`Remarks`]), and where the time that counts comes from.
//!
//! The time that counts is the photo's `captured`; whoever shows or orders photos needs nothing of this. What it was made
//! of is kept, so that every correction can be taken back. All of it is in the photo's manifest line, and a rebuild
//! brings it back.

use rusqlite::{Connection, OptionalExtension, Row, params};
use safelight_core::{
    AlbumName, AssetId, CaptureTime, Description, Position, Remarks, TimeSource, Timestamp,
    remarks::prevailing,
};

use crate::{
    albums,
    asset::{self, Asset},
    error::{CatalogueError, RowError},
    file_times,
    open::{Core, Library},
    stored::{captured, captured_columns, micros, time_or_none},
};

/// What is known of a photo beside its bytes, and where the time that counts comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// The time of the photo's own: of its file, its name, or whoever sent it.
    pub own: Option<CaptureTime>,
    /// The file's modification time that goes with it, if another one took its place.
    pub own_modified: Option<Timestamp>,
    /// What collections said that the photo was in. Its time is never a person's.
    pub collection: Remarks,
    /// The time that a person put in its place.
    pub person: Option<CaptureTime>,
}

impl Said {
    /// Nothing but the photo's own time.
    pub(crate) fn by_itself(own: Option<CaptureTime>) -> Self {
        Self {
            own,
            ..Self::default()
        }
    }

    /// The time that counts.
    #[must_use]
    pub fn captured(&self) -> Option<CaptureTime> {
        prevailing(prevailing(self.own, self.collection.captured), self.person)
    }

    /// The same, with what somebody brings. Nothing that was said before is lost, a person's word least of all.
    pub(crate) fn with(&self, remarks: &Remarks) -> Self {
        let mut said = self.clone();
        let mut remarks = remarks.clone();
        let by_person = remarks
            .captured
            .is_some_and(|taken| taken.source == TimeSource::Person);
        if by_person {
            let word = remarks.captured.take();
            said.person = said.person.or(word);
        }
        said.collection.merge(&remarks);
        said
    }

    /// The modification time that the photo's file is to have, if that is known.
    pub(crate) fn file_time(&self, core: &Core) -> Option<Timestamp> {
        let counts = self.captured();
        if counts == self.own {
            self.own_modified
        } else {
            counts.and_then(|taken| taken.instant(&core.zone))
        }
    }

    pub(crate) fn is_by_itself(&self) -> bool {
        self.person.is_none() && self.collection.is_empty()
    }
}

impl Library {
    /// What is said of a photo, and where the time that counts comes from.
    ///
    /// # Errors
    ///
    /// There is no such photo; the catalogue's.
    pub fn said_of(&self, id: AssetId) -> Result<Said, RowError> {
        self.core()
            .catalogue
            .read("look up what is said of a photo", |connection| {
                let photo = asset::by_id(connection, id)?.ok_or(RowError::NoAsset(id))?;
                Ok(of(connection, &photo)?)
            })
    }

    /// Adds to what is said of photos, all of it or nothing. What was said before stays, a person's word for the time
    /// least of all is replaced. When this returns, it is in the catalogue, on the disk; the manifests follow
    /// ([`Library::flush_manifests`]), and the files' times ([`Library::follow_capture_times`]).
    ///
    /// # Errors
    ///
    /// One of the photos is not there: nothing is added to any; the catalogue's.
    pub fn add_remarks(&self, remarks: &[(AssetId, Remarks)]) -> Result<(), RowError> {
        let core = self.core();
        core.catalogue
            .write("add what is said of photos", |change| {
                for (id, remarks) in remarks {
                    let photo = asset::by_id(change, *id)?.ok_or(RowError::NoAsset(*id))?;
                    merge(core, change, &photo, remarks)?;
                }
                Ok(())
            })
    }

    /// The albums that photos are in, by name, each with how many.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn albums(&self) -> Result<Vec<(String, u64)>, CatalogueError> {
        self.core().catalogue.read("list the albums", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT name, (SELECT count(*) FROM album_photo p WHERE p.album = a.id) FROM album a ORDER BY name, id",
            )?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, crate::stored::count(row, 1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// What is said of a photo.
pub(crate) fn of(connection: &Connection, photo: &Asset) -> rusqlite::Result<Said> {
    let stored = connection
        .prepare_cached(
            "SELECT own_local, own_offset, own_source, own_precision, own_modified,
               sidecar_local, sidecar_offset, sidecar_source, sidecar_precision,
               person_local, person_offset, person_source, person_precision,
               latitude, longitude, description, favourite
             FROM remark WHERE asset = ?1",
        )?
        .query_row([photo.id.0], said)
        .optional()?;
    let Some(mut said) = stored else {
        return Ok(Said::by_itself(photo.captured));
    };
    let mut albums = connection.prepare_cached(
        "SELECT a.name FROM album_photo p JOIN album a ON a.id = p.album WHERE p.asset = ?1",
    )?;
    let names = albums.query_map([photo.id.0], |row| row.get::<_, String>(0))?;
    for name in names {
        if let Some(name) = AlbumName::new(&name?) {
            said.collection.albums.add(name);
        }
    }
    Ok(said)
}

fn said(row: &Row<'_>) -> rusqlite::Result<Said> {
    let position = match (row.get(13)?, row.get(14)?) {
        (Some(latitude), Some(longitude)) => Position::new(latitude, longitude),
        _ => None,
    };
    let description: Option<String> = row.get(15)?;
    Ok(Said {
        own: captured(row, 0)?,
        own_modified: time_or_none(row, 4)?,
        collection: Remarks {
            captured: captured(row, 5)?,
            position,
            description: description.as_deref().and_then(Description::new),
            favourite: row.get(16)?,
            ..Remarks::default()
        },
        person: captured(row, 9)?,
    })
}

/// Adds to what is said of a photo.
pub(crate) fn merge(
    core: &Core,
    change: &Connection,
    photo: &Asset,
    remarks: &Remarks,
) -> rusqlite::Result<()> {
    if remarks.is_empty() {
        return Ok(());
    }
    let before = of(change, photo)?;
    let said = before.with(remarks);
    if said != before {
        change_said(core, change, photo, said)?;
    }
    Ok(())
}

/// Stores what is said of a photo from now on: its time that counts, its line in a manifest and its file's time follow.
pub(crate) fn change_said(
    core: &Core,
    change: &Connection,
    photo: &Asset,
    mut said: Said,
) -> rusqlite::Result<()> {
    if said.own_modified.is_none() {
        said.own_modified = Some(file_times::wanted(change, photo)?);
    }
    put(change, photo.id, &said)?;
    let counts = said.captured();
    if counts != photo.captured {
        let (local, offset, source, precision) = captured_columns(counts.as_ref());
        change
            .prepare_cached(
                "UPDATE asset SET captured_local = ?2, captured_offset = ?3, captured_source = ?4,
                   captured_precision = ?5 WHERE id = ?1",
            )?
            .execute(params![photo.id.0, local, offset, source, precision])?;
        if let Some(time) = said.file_time(core) {
            file_times::become_due(change, photo.id, time)?;
        }
    }
    change
        .prepare_cached("INSERT OR IGNORE INTO manifest_line_due VALUES (?1)")?
        .execute([photo.id.0])?;
    Ok(())
}

/// Stores what is said of a photo whose row has the time that counts, and nothing else.
pub(crate) fn put(change: &Connection, id: AssetId, said: &Said) -> rusqlite::Result<()> {
    if said.is_by_itself() {
        change
            .prepare_cached("DELETE FROM remark WHERE asset = ?1")?
            .execute([id.0])?;
        return Ok(());
    }
    let own = captured_columns(said.own.as_ref());
    let sidecar = captured_columns(said.collection.captured.as_ref());
    let person = captured_columns(said.person.as_ref());
    change
        .prepare_cached(
            "INSERT OR REPLACE INTO remark (asset, own_local, own_offset, own_source, own_precision, own_modified,
               sidecar_local, sidecar_offset, sidecar_source, sidecar_precision,
               person_local, person_offset, person_source, person_precision,
               latitude, longitude, description, favourite)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        )?
        .execute(params![
            id.0,
            own.0,
            own.1,
            own.2,
            own.3,
            said.own_modified.map(micros),
            sidecar.0,
            sidecar.1,
            sidecar.2,
            sidecar.3,
            person.0,
            person.1,
            person.2,
            person.3,
            said.collection.position.map(|at| at.latitude),
            said.collection.position.map(|at| at.longitude),
            said.collection.description.as_ref().map(Description::as_str),
            said.collection.favourite
        ])?;
    for album in said.collection.albums.iter() {
        albums::add(change, album, id)?;
    }
    Ok(())
}
