//! Manifests: plain-text lists of each folder's photos, beside the photos. From them and the folder the catalogue can be
//! made anew (promise 4), and `sha256sum -c` reads them.
//!
//! They follow the catalogue: a photo's line is due from the transaction that adds the photo until the line is on the
//! disk. Only what is new is appended; a manifest whose end is torn, or whose photos were renamed, is written anew
//! beside the old one and takes its place in one step.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    sync::PoisonError,
};

use rusqlite::{Connection, OptionalExtension, params};
use safelight_core::{AssetId, DestinationId, LibraryPath};

use crate::{
    albums,
    asset::{self, Asset},
    error::{CatalogueError, DiskResult, LibraryError},
    manifest_format,
    open::{Core, Library},
    remarks::{self, Said},
    root::{MANIFESTS, Root, make_folders, needs_rebuild},
    stored::{self, ASSET},
};

/// How many lines are read from the catalogue at once.
const BATCH: i64 = 4096;

/// Notes that a plain-text file has changed, so that every destination's next snapshot takes it in.
pub(crate) fn note_changed(change: &Connection, path: &str) -> rusqlite::Result<()> {
    change
        .prepare_cached(
            "INSERT INTO manifest VALUES (?1, 1) ON CONFLICT (path) DO UPDATE SET version = version + 1",
        )?
        .execute([path])?;
    Ok(())
}

/// Notes that lines of a folder's manifest are not true any more.
pub(crate) fn must_be_rewritten(change: &Connection, folder: &str) -> rusqlite::Result<()> {
    change
        .prepare_cached(
            "INSERT INTO manifest_rewrite_due VALUES (?1, 1) ON CONFLICT (folder) DO UPDATE SET version = version + 1",
        )?
        .execute([folder])?;
    Ok(())
}

/// A folder's manifest, below the library folder.
pub(crate) fn path_of(folder: &str) -> String {
    format!("{MANIFESTS}/{folder}.sha256")
}

/// The folder of a manifest that [`path_of`] named.
pub(crate) fn folder_of(manifest: &str) -> Option<&str> {
    manifest
        .strip_prefix(MANIFESTS)?
        .strip_prefix('/')?
        .strip_suffix(".sha256")
}

/// A folder's column in the catalogue.
pub(crate) fn folder_key(folder: &str) -> String {
    LibraryPath::parse(folder).map_or(String::new(), |path| path.collision_key())
}

impl Library {
    /// Brings the manifests up to date: costs what is new. Cheap when nothing is.
    ///
    /// # Errors
    ///
    /// The library folder is not there; a manifest could not be written (the others were); the catalogue's.
    pub fn flush_manifests(&self) -> Result<(), LibraryError> {
        let core = self.core();
        let _turn = core
            .manifest_turn
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let due = core
            .catalogue
            .read("look for due manifests", |connection| {
                Ok::<_, LibraryError>(
                    connection
                        .prepare_cached(
                            "SELECT 1 WHERE EXISTS (SELECT 1 FROM manifest_line_due)
                         OR EXISTS (SELECT 1 FROM manifest_rewrite_due)",
                        )?
                        .exists([])?
                        || albums::any_due(connection)?,
                )
            })?;
        if !due {
            return Ok(());
        }
        let root = core.ready_root()?;
        let mut failed = None;
        let mut keep = |result: Result<(), LibraryError>| {
            if let Err(error) = result {
                tracing::warn!(%error, "a manifest could not be written");
                failed.get_or_insert(error);
            }
        };
        for (folder, version) in folders_to_rewrite(core)? {
            keep(rewrite(core, &root, &folder, version));
        }
        let mut after = AssetId(0);
        loop {
            let batch = due_lines(core, after)?;
            let Some((last, _)) = batch.last() else {
                break;
            };
            after = last.id;
            let mut folders: BTreeMap<String, Vec<Described>> = BTreeMap::new();
            for described in batch {
                folders
                    .entry(described.0.path.folder().to_owned())
                    .or_default()
                    .push(described);
            }
            let mut appended = Vec::new();
            for (folder, photos) in folders {
                match append(core, &root, &folder, &photos) {
                    Ok(Some(manifest)) => appended.push((manifest, photos)),
                    Ok(None) => {}
                    Err(error) => keep(Err(error)),
                }
            }
            keep(note_lines(core, &appended));
        }
        albums::write_due(core, &root, &mut keep)?;
        failed.map_or(Ok(()), Err)
    }

    /// The plain-text files, as paths below the library folder, that have changed since they were last stored at a
    /// destination: manifests, and the library's marker.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn dirty_manifests(
        &self,
        destination: DestinationId,
    ) -> Result<Vec<String>, CatalogueError> {
        let core = self.core();
        let changed: Vec<(String, i64)> =
            core.catalogue
                .read("list changed manifests", |connection| {
                    let mut query = connection.prepare_cached(
                        "SELECT m.path, m.version FROM manifest m
                 LEFT JOIN manifest_stored s ON s.destination = ?1 AND s.path = m.path
                 WHERE s.version IS NOT m.version ORDER BY m.path",
                    )?;
                    let rows =
                        query.query_map([destination.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
                    Ok::<_, CatalogueError>(rows.collect::<rusqlite::Result<_>>()?)
                })?;
        let mut listed = core
            .manifests_listed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (path, version) in &changed {
            listed.insert((destination, path.clone()), *version);
        }
        Ok(changed.into_iter().map(|(path, _)| path).collect())
    }

    /// Notes that a destination has these files as they were when [`Self::dirty_manifests`] listed them. One that has
    /// changed since stays dirty.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn manifests_stored(
        &self,
        destination: DestinationId,
        paths: &[String],
    ) -> Result<(), CatalogueError> {
        let core = self.core();
        let listed = core
            .manifests_listed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        core.catalogue.write("note stored manifests", |change| {
            let mut store = change.prepare_cached(
                "INSERT INTO manifest_stored VALUES (?1, ?2, ?3)
                 ON CONFLICT (destination, path) DO UPDATE SET version = excluded.version",
            )?;
            for path in paths {
                if let Some(version) = listed.get(&(destination, path.clone())) {
                    store.execute(params![destination.0, path, version])?;
                }
            }
            Ok(())
        })
    }
}

fn folders_to_rewrite(core: &Core) -> Result<Vec<(String, i64)>, LibraryError> {
    core.catalogue
        .read("list manifests to write anew", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT folder, version FROM manifest_rewrite_due ORDER BY folder",
            )?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
}

/// A photo, and what is said of it.
type Described = (Asset, Said);

fn described(connection: &Connection, photo: Asset) -> rusqlite::Result<Described> {
    let said = remarks::of(connection, &photo)?;
    Ok((photo, said))
}

fn due_lines(core: &Core, after: AssetId) -> Result<Vec<Described>, LibraryError> {
    core.catalogue
        .read("list due manifest lines", |connection| {
            let mut query = connection.prepare_cached(&format!(
                "SELECT {ASSET} FROM manifest_line_due l JOIN asset a ON a.id = l.asset
             WHERE l.asset > ?1 ORDER BY l.asset LIMIT ?2"
            ))?;
            let rows = query.query_map([after.0, BATCH], stored::asset)?;
            let photos = rows.map(|photo| described(connection, photo?));
            Ok(photos.collect::<rusqlite::Result<_>>()?)
        })
}

/// Appends lines, which are on the disk when this returns, and returns the manifest: that they are in it is still to be
/// noted. `None` if the whole manifest was written, and that noted, because it was not there or its end was torn.
fn append(
    core: &Core,
    root: &Root,
    folder: &str,
    photos: &[Described],
) -> Result<Option<String>, LibraryError> {
    let manifest = path_of(folder);
    let path = root.folder(&manifest);
    let mut file = match core.disk.append(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            rewrite(core, root, folder, 0)?;
            return Ok(None);
        }
        Err(error) => return Err(error).doing("open", path)?,
    };
    if !ends_with_line(&mut file).doing("read", &path)? {
        drop(file);
        rewrite(core, root, folder, 0)?;
        return Ok(None);
    }
    let text = lines(photos, &path)?;
    core.disk
        .write(&mut file, &path, text.as_bytes())
        .doing("write", &path)?;
    core.disk.sync_file(&file, &path).doing("flush", &path)?;
    Ok(Some(manifest))
}

/// Notes that lines are in their manifests, those of all manifests in one transaction: uploads wait for each. If it fails,
/// or the power, the lines are written once more.
fn note_lines(core: &Core, appended: &[(String, Vec<Described>)]) -> Result<(), LibraryError> {
    if appended.is_empty() {
        return Ok(());
    }
    core.catalogue.write("note manifest lines", |change| {
        let mut written =
            change.prepare_cached("DELETE FROM manifest_line_due WHERE asset = ?1")?;
        for (manifest, photos) in appended {
            for (photo, _) in photos {
                written.execute([photo.id.0])?;
            }
            note_changed(change, manifest)?;
        }
        Ok(())
    })
}

fn ends_with_line(file: &mut fs::File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Writes a folder's manifest from the catalogue, and from the old one as long as a rebuild is due. `version` is that of the folder's entry in the list of those to write
/// anew: if it has changed meanwhile, the folder stays on the list.
fn rewrite(core: &Core, root: &Root, folder: &str, version: i64) -> Result<(), LibraryError> {
    let manifest = path_of(folder);
    let path = root.folder(&manifest);
    let parent = path.parent().unwrap_or(&root.path).to_owned();
    make_folders(core.disk.as_ref(), &parent)?;
    let mut text = manifest_format::head(&manifest);
    carry_over_unknown(core, &path, &mut text)?;
    let draft = core.new_staging_path(&root.path);
    let last = match write_draft(core, &draft, folder, text) {
        Ok(last) => last,
        Err(error) => {
            if let Err(error) = core.disk.remove(&draft) {
                tracing::debug!(path = %draft.display(), %error, "a manifest's draft is left for the next start to remove");
            }
            return Err(error);
        }
    };
    core.disk.replace(&draft, &path).doing("replace", &path)?;
    core.disk
        .sync_folder(&parent)
        .doing("flush the folder", &parent)?;
    // Not those of a folder that differs only in upper and lower case: they have a manifest of their own.
    let spelled = match folder {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    core.catalogue.write("note a manifest", |change| {
        change.execute(
            "DELETE FROM manifest_line_due WHERE asset IN
               (SELECT l.asset FROM manifest_line_due l JOIN asset a ON a.id = l.asset
                WHERE a.folder_key = ?1 AND l.asset <= ?2 AND substr(a.path, 1, length(?3)) = ?3)",
            params![folder_key(folder), last.0, spelled],
        )?;
        change.execute(
            "DELETE FROM manifest_rewrite_due WHERE folder = ?1 AND version = ?2",
            params![folder, version],
        )?;
        Ok(note_changed(change, &manifest)?)
    })
}

/// Until a rebuild has read a library that was taken over, the manifests are all that is known of its photos.
fn carry_over_unknown(core: &Core, manifest: &Path, text: &mut String) -> Result<(), LibraryError> {
    if !core
        .catalogue
        .read("see whether a rebuild is due", |connection| {
            Ok::<_, LibraryError>(needs_rebuild(connection)?)
        })?
    {
        return Ok(());
    }
    let old = match fs::read(manifest) {
        Ok(old) => old,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).doing("read", manifest)?,
    };
    let (lines, _) = manifest_format::read(&String::from_utf8_lossy(&old));
    core.catalogue
        .read("look for a manifest's photos", |connection| {
            for line in &lines {
                if asset::by_hash(connection, &line.hash)?.is_none() {
                    manifest_format::carry_over(text, line)
                        .map_err(io::Error::from)
                        .doing("write", manifest)?;
                }
            }
            Ok(())
        })
}

/// Returns the highest number of a photo that is in it. Photos that came later have higher ones, and their own line due.
fn write_draft(
    core: &Core,
    draft: &Path,
    folder: &str,
    mut text: String,
) -> Result<AssetId, LibraryError> {
    let last = core.catalogue.read("find the last photo", |connection| {
        let last = connection
            .prepare_cached("SELECT max(id) FROM asset")?
            .query_row([], |row| row.get::<_, Option<i64>>(0))
            .optional()?;
        Ok::<_, LibraryError>(AssetId(last.flatten().unwrap_or(0)))
    })?;
    let mut file = core.disk.create(draft).doing("create", draft)?;
    let (key, mut after) = (folder_key(folder), String::new());
    loop {
        let photos: Vec<(Described, String)> = core.catalogue.read("list a folder's photos", |connection| {
            let mut query = connection.prepare_cached(&format!(
                "SELECT {ASSET}, a.name_key FROM asset a
                 WHERE a.folder_key = ?1 AND a.name_key > ?2 AND a.id <= ?3 ORDER BY a.name_key LIMIT ?4"
            ))?;
            let rows = query.query_map(params![key, after, last.0, BATCH], |row| {
                let photo = described(connection, stored::asset(row)?)?;
                Ok((photo, row.get(stored::ASSET_COLUMNS)?))
            })?;
            Ok::<_, LibraryError>(rows.collect::<rusqlite::Result<_>>()?)
        })?;
        let Some((_, name_key)) = photos.last() else {
            break;
        };
        after = name_key.clone();
        for (photo, _) in photos
            .iter()
            .filter(|((photo, _), _)| photo.path.folder() == folder)
        {
            add(&mut text, photo, draft)?;
        }
        core.disk
            .write(&mut file, draft, text.as_bytes())
            .doing("write", draft)?;
        text.clear();
    }
    core.disk
        .write(&mut file, draft, text.as_bytes())
        .doing("write", draft)?;
    core.disk.sync_file(&file, draft).doing("flush", draft)?;
    Ok(last)
}

fn lines(photos: &[Described], path: &Path) -> Result<String, LibraryError> {
    let mut text = String::new();
    for photo in photos {
        add(&mut text, photo, path)?;
    }
    Ok(text)
}

fn add(text: &mut String, (photo, said): &Described, path: &Path) -> Result<(), LibraryError> {
    Ok(manifest_format::add(text, photo, said)
        .map_err(io::Error::from)
        .doing("write", path)?)
}
