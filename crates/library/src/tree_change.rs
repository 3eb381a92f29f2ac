//! Changes of a device's tree: folders made, files put, names hidden. Nothing here touches a stored photo (promise 7).

use rusqlite::{Connection, params};
use safelight_core::{AssetId, DeviceId, DevicePath, Timestamp};

use crate::{
    entry_properties::{self, EntryChange},
    error::TreeError,
    notes,
    open::Library,
    stored::micros,
    tree::{Entry, Node, child, find, root},
};

/// The number of the next change. It orders the versions of entries and the reasons for going offsite.
pub(crate) fn next_revision(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("UPDATE tally SET revision = revision + 1 RETURNING revision")?
        .query_row([], |row| row.get(0))
}

/// The number of the last change.
pub(crate) fn current_revision(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT revision FROM tally")?
        .query_row([], |row| row.get(0))
}

/// A path one name below another. Stored names were checked when they came; the whole may have become too long by moving
/// folders into one another.
pub(crate) fn below(folder: &DevicePath, name: &str) -> Result<DevicePath, TreeError> {
    folder.join(name).map_err(|error| {
        let error = rusqlite::Error::ToSqlConversionFailure(Box::new(error));
        TreeError::from(error)
    })
}

pub(crate) fn make_root(
    connection: &Connection,
    device: DeviceId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let revision = next_revision(connection)?;
    connection.execute(
        "INSERT INTO entry (device, parent, name, modified, created, version) VALUES (?1, NULL, '', ?2, ?2, ?3)",
        params![device.0, micros(now), revision],
    )?;
    Ok(())
}

/// A new entry's row.
pub(crate) struct NewNode<'a> {
    pub(crate) device: DeviceId,
    pub(crate) parent: i64,
    pub(crate) name: &'a str,
    pub(crate) asset: Option<AssetId>,
    pub(crate) modified: Timestamp,
    pub(crate) created: Timestamp,
    pub(crate) client_created: Option<Timestamp>,
    pub(crate) version: i64,
}

pub(crate) fn insert(connection: &Connection, new: &NewNode<'_>) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO entry (device, parent, name, asset, modified, created, version, client_created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            new.device.0,
            new.parent,
            new.name,
            new.asset.map(|asset| asset.0),
            micros(new.modified),
            micros(new.created),
            new.version,
            new.client_created.map(micros)
        ])?;
    Ok(connection.last_insert_rowid())
}

/// Gives a folder and all above it a new version; the folder itself was changed `now`.
pub(crate) fn touch_upwards(
    connection: &Connection,
    folder: i64,
    revision: i64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut next = Some(folder);
    let mut changed = Some(micros(now));
    let mut touch = connection.prepare_cached(
        "UPDATE entry SET version = ?2, modified = coalesce(?3, modified) WHERE id = ?1 RETURNING parent",
    )?;
    while let Some(id) = next {
        next = touch.query_row(params![id, revision, changed.take()], |row| row.get(0))?;
    }
    Ok(())
}

/// Hides an entry, and with it all that is below.
fn hide(connection: &Connection, id: i64, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE entry SET removed_at = ?2 WHERE id = ?1")?
        .execute(params![id, micros(now)])?;
    Ok(())
}

/// Takes an entry out of the tree: hides it, with all below it, but for notes, of which nothing is kept.
pub(crate) fn take_away(
    connection: &Connection,
    node: &Node,
    now: Timestamp,
) -> rusqlite::Result<()> {
    if node.is_note {
        notes::forget(connection, node.id)
    } else {
        if node.is_folder() {
            notes::forget_below(connection, node.id)?;
        }
        hide(connection, node.id, now)
    }
}

/// The folder at a path, made with those above it where missing.
pub(crate) fn ensure_folder(
    connection: &Connection,
    device: DeviceId,
    path: &DevicePath,
    revision: i64,
    now: Timestamp,
) -> Result<Node, TreeError> {
    let mut folder = root(connection, device)?.ok_or(TreeError::NoDevice(device))?;
    for name in path.components() {
        let next = match child(connection, folder.id, name)? {
            Some(next) => next,
            None => {
                insert(
                    connection,
                    &NewNode {
                        device,
                        parent: folder.id,
                        name,
                        asset: None,
                        modified: now,
                        created: now,
                        client_created: None,
                        version: revision,
                    },
                )?;
                touch_upwards(connection, folder.id, revision, now)?;
                child(connection, folder.id, name)?
                    .ok_or_else(|| TreeError::NotFound(path.clone()))?
            }
        };
        if !next.is_folder() {
            return Err(TreeError::ParentMissing(path.clone()));
        }
        folder = next;
    }
    Ok(folder)
}

impl Library {
    /// Makes a folder in a device's tree, with what is to be kept with it: all of it, or on an error no folder.
    ///
    /// # Errors
    ///
    /// There is something of that name; the folder above does not exist; as [`Self::change_entry`].
    pub fn make_folder(
        &self,
        device: DeviceId,
        path: &DevicePath,
        kept: &[EntryChange],
    ) -> Result<Entry, TreeError> {
        let now = self.core().clock.now();
        let nonce = &self.core().nonce;
        if !kept.is_empty() {
            self.has_room_to_keep()?;
        }
        self.core().catalogue.write("make a folder", |change| {
            let found = find(change, device, path)?;
            if found.node.is_some() {
                return Err(TreeError::AlreadyExists(path.clone()));
            }
            let parent = found.parent.ok_or_else(|| missing_parent(path))?;
            let revision = next_revision(change)?;
            let id = insert(
                change,
                &NewNode {
                    device,
                    parent: parent.id,
                    name: path.name(),
                    asset: None,
                    modified: now,
                    created: now,
                    client_created: None,
                    version: revision,
                },
            )?;
            if !kept.is_empty() {
                entry_properties::apply(change, device, (id, path), kept)?;
            }
            touch_upwards(change, parent.id, revision, now)?;
            let made = child(change, parent.id, path.name())?
                .ok_or_else(|| TreeError::NotFound(path.clone()))?;
            Ok(made.entry(device, path.clone(), nonce))
        })
    }

    /// Hides a name of a device's tree, and all below it. The photos stay in the library, and the rows stay in the
    /// catalogue, so that it can be undone.
    ///
    /// # Errors
    ///
    /// There is no such name; it is the root; there is no such device; the catalogue's.
    pub fn remove_entry(&self, device: DeviceId, path: &DevicePath) -> Result<(), TreeError> {
        let now = self.core().clock.now();
        self.core().catalogue.write("hide a name", |change| {
            let node = find(change, device, path)?
                .node
                .ok_or_else(|| TreeError::NotFound(path.clone()))?;
            let parent = node
                .parent
                .ok_or_else(|| TreeError::IntoItself(path.clone()))?;
            take_away(change, &node, now)?;
            Ok(touch_upwards(change, parent, next_revision(change)?, now)?)
        })
    }
}

pub(crate) fn missing_parent(path: &DevicePath) -> TreeError {
    TreeError::ParentMissing(path.parent().unwrap_or_default())
}
