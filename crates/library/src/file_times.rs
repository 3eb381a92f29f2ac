//! Files' modification times follow their capture times (promise 4), also when a date is put right later.
//!
//! A file's size and time tell rot from an edit (promise 6), so the catalogue must know of each time that we give a file
//! before the file has it: the wanted time is written down in the transaction of the correction, then the file is
//! touched and flushed, then the catalogue says what the file has. Until then both times are ours.

use std::{
    fs::{self, File},
    io,
};

use rusqlite::{Connection, OptionalExtension, params};
use safelight_core::{AssetId, Timestamp};

use crate::{
    asset::{self, Asset},
    error::{CatalogueError, DiskError, DiskResult, LibraryError},
    intake::modified_of,
    names::Flight,
    open::{Core, Library},
    root::Root,
    stored::{micros, time},
    tree_change::next_revision,
    verify::same_time,
};

/// How many files share one transaction at most.
const BATCH: usize = 256;

/// The modification time that a photo's file is to have.
pub(crate) fn wanted(connection: &Connection, photo: &Asset) -> rusqlite::Result<Timestamp> {
    Ok(due(connection, photo.id)?.unwrap_or(photo.modified))
}

fn due(connection: &Connection, id: AssetId) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .prepare_cached("SELECT modified FROM file_time_due WHERE asset = ?1")?
        .query_row([id.0], |row| time(row, 0))
        .optional()
}

/// Notes that a photo's file is to have this modification time.
pub(crate) fn become_due(
    change: &Connection,
    photo: AssetId,
    modified: Timestamp,
) -> rusqlite::Result<()> {
    // Also where it seems to have that time: it may just be given another one.
    change
        .prepare_cached(
            "INSERT INTO file_time_due VALUES (?1, ?2)
             ON CONFLICT (asset) DO UPDATE SET modified = excluded.modified",
        )?
        .execute([photo.0, micros(modified)])?;
    Ok(())
}

impl Core {
    /// Whether a file has the size and the time that we gave it: what is wrong with its bytes nobody did on purpose.
    pub(crate) fn is_untouched(
        &self,
        photo: &Asset,
        size: u64,
        modified: Timestamp,
    ) -> Result<bool, CatalogueError> {
        if size != photo.size {
            return Ok(false);
        }
        if same_time(modified, photo.modified) {
            return Ok(true);
        }
        let due = self
            .catalogue
            .read("look for a file's new time", |connection| {
                Ok::<_, CatalogueError>(due(connection, photo.id)?)
            })?;
        Ok(due.is_some_and(|due| same_time(modified, due)))
    }
}

/// What became of a file whose time was due.
enum Followed {
    /// It has this time now, and that is on the disk.
    Has(Timestamp),
    /// It is not there: it will get the time when it is stored again.
    Absent,
    /// Its time is not ours to set: somebody changed the file since, it is a link, or one with another name elsewhere, or
    /// the file system has no room for that year.
    Left,
}

impl Library {
    /// Gives files the modification times that follow from dates that were put right. Costs what is new. Returns how many
    /// were touched.
    ///
    /// # Errors
    ///
    /// The library folder is not there; a file could not be touched (the others were), and is tried again with the next
    /// call; the catalogue's.
    pub fn follow_capture_times(&self) -> Result<u64, LibraryError> {
        let core = self.core();
        let (mut after, mut touched, mut failed) = (AssetId(0), 0, None);
        loop {
            let batch = list_due(core, after)?;
            let Some(last) = batch.last() else { break };
            after = *last;
            let root = core.ready_root()?;
            let mut done: Vec<(AssetId, Timestamp, Followed, Flight)> = Vec::new();
            for id in batch {
                // Whoever stores these bytes at the same time gives the file its time.
                let Some((photo, wanted, flight)) = enter(core, id)? else {
                    continue;
                };
                match follow(core, &root, &photo, wanted) {
                    Ok(followed) => done.push((id, wanted, followed, flight)),
                    Err(error) => {
                        tracing::warn!(%error, "a photo's file did not get the time of its photo; it will be tried again");
                        failed.get_or_insert(error);
                    }
                }
            }
            // A disk that went away looks like many files that did.
            core.ready_root()?;
            core.catalogue.write("note files' times", |change| {
                for (id, wanted, followed, _) in &done {
                    touched += note(change, *id, *wanted, followed)?;
                }
                Ok::<_, LibraryError>(())
            })?;
        }
        failed.map_or(Ok(touched), |error| Err(error.into()))
    }
}

fn list_due(core: &Core, after: AssetId) -> Result<Vec<AssetId>, LibraryError> {
    core.catalogue
        .read("list files whose time is due", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT asset FROM file_time_due WHERE asset > ?1 ORDER BY asset LIMIT ?2",
            )?;
            let rows = query.query_map(params![after.0, crate::stored::at_most(BATCH)], |row| {
                Ok(AssetId(row.get(0)?))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
}

/// Keeps everybody else from storing a photo's bytes, and looks at what is due. `None` if nothing is any more, or while
/// somebody stores them: then it is due later.
fn enter(core: &Core, id: AssetId) -> Result<Option<(Asset, Timestamp, Flight)>, LibraryError> {
    let look = |connection: &Connection| {
        let photo = asset::by_id(connection, id)?;
        Ok::<_, LibraryError>(photo.zip(due(connection, id)?))
    };
    let attempt = "look up a file's new time";
    let Some((photo, _)) = core.catalogue.read(attempt, look)? else {
        return Ok(None);
    };
    let Some(flight) = core.flights.try_enter(photo.hash) else {
        return Ok(None);
    };
    let found = core.catalogue.read(attempt, look)?;
    Ok(found.map(|(photo, wanted)| (photo, wanted, flight)))
}

fn follow(
    core: &Core,
    root: &Root,
    photo: &Asset,
    wanted: Timestamp,
) -> Result<Followed, DiskError> {
    let path = root.file(&photo.path);
    let itself = match fs::symlink_metadata(&path) {
        Ok(itself) => itself,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Followed::Absent);
        }
        Err(error) => return Err(error).doing("look at", path),
    };
    if !itself.is_file() {
        return Ok(Followed::Left);
    }
    // Windows lets only who may write to a file set its times.
    let file = File::options()
        .read(true)
        .write(cfg!(windows))
        .open(&path)
        .doing("open", &path)?;
    let metadata = file.metadata().doing("look at", &path)?;
    let modified = modified_of(&metadata, &path)?;
    let ours = same_time(modified, photo.modified) || same_time(modified, wanted);
    if metadata.len() != photo.size || !ours || has_other_names(&metadata) {
        return Ok(Followed::Left);
    }
    match core.disk.set_modified(&file, &path, wanted) {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            tracing::debug!(%wanted, "the file system cannot keep this modification time");
            return Ok(Followed::Left);
        }
        other => other.doing("set the modification time of", &path)?,
    }
    core.disk.sync_file(&file, &path).doing("flush", &path)?;
    let metadata = file.metadata().doing("look at", &path)?;
    Ok(Followed::Has(modified_of(&metadata, &path)?))
}

/// Whether the file has a name elsewhere too: then its time is not only the library's.
fn has_other_names(metadata: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        metadata.nlink() > 1
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        false
    }
}

/// Returns how many files were touched.
fn note(
    change: &Connection,
    id: AssetId,
    wanted: Timestamp,
    followed: &Followed,
) -> rusqlite::Result<u64> {
    change
        .prepare_cached("DELETE FROM file_time_due WHERE asset = ?1 AND modified = ?2")?
        .execute([id.0, micros(wanted)])?;
    let modified = match followed {
        Followed::Has(modified) => *modified,
        Followed::Absent => wanted,
        Followed::Left => return Ok(0),
    };
    let changed = change
        .prepare_cached("UPDATE asset SET modified = ?2 WHERE id = ?1 AND modified <> ?2")?
        .execute([id.0, micros(modified)])?;
    if changed == 0 {
        return Ok(0);
    }
    change
        .prepare_cached("INSERT OR IGNORE INTO manifest_line_due VALUES (?1)")?
        .execute([id.0])?;
    // The next snapshots have the file with its new time; its bytes are there already.
    let revision = next_revision(change)?;
    change
        .prepare_cached(
            "INSERT INTO offsite_pending (destination, asset, since) SELECT id, ?1, ?2 FROM destination WHERE true
             ON CONFLICT (destination, asset) DO UPDATE SET since = excluded.since",
        )?
        .execute([id.0, revision])?;
    Ok(u64::from(matches!(followed, Followed::Has(_))))
}
