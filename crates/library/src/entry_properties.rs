//! What programs keep with a name of a device's tree: properties that mean something to them alone, and the times.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Row, params};
use safelight_core::{DeviceId, DevicePath, Timestamp};

use crate::{
    error::TreeError,
    kept::Kept,
    open::Library,
    stored::{at_most, micros},
    tree::{Entry, find},
    tree_change::{next_revision, touch_upwards},
};

/// How many properties one name can have.
const MOST: usize = 256;
/// How many bytes all properties of one name can have, names and values together.
const MOST_BYTES: usize = 8 * 1024;

/// A property that a program keeps with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// The URI of its namespace; empty for none.
    pub namespace: String,
    /// Its name there.
    pub name: String,
    /// Its value: XML as answers have it. Nothing here reads it.
    pub value: String,
}

/// One change of what is kept with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryChange {
    /// Keeps a property, instead of the one of that name.
    Set(Property),
    /// Forgets a property; it need not be there.
    Remove {
        /// The URI of its namespace.
        namespace: String,
        /// Its name there.
        name: String,
    },
    /// Sets the modification time that the tree shows. The library's file keeps its capture time.
    Modified(Timestamp),
    /// Sets the creation time that the tree shows.
    Created(Timestamp),
}

impl Library {
    /// Makes changes in their order: all of them, or on an error none.
    ///
    /// # Errors
    ///
    /// There is no such name; it would have too many properties; there is no such device; the device's programs keep too
    /// much; the data folder's disk has only the reserve free; the catalogue's.
    pub fn change_entry(
        &self,
        device: DeviceId,
        path: &DevicePath,
        changes: &[EntryChange],
    ) -> Result<Entry, TreeError> {
        let core = self.core();
        let now = core.clock.now();
        if changes
            .iter()
            .any(|change| matches!(change, EntryChange::Set(_)))
        {
            self.has_room_to_keep()?;
        }
        core.catalogue
            .write("change what is kept with a name", |transaction| {
                let node = find(transaction, device, path)?
                    .node
                    .ok_or_else(|| TreeError::NotFound(path.clone()))?;
                apply(transaction, device, (node.id, path), changes)?;
                if let Some(parent) = node.parent {
                    touch_upwards(transaction, parent, next_revision(transaction)?, now)?;
                }
                let node = find(transaction, device, path)?
                    .node
                    .ok_or_else(|| TreeError::NotFound(path.clone()))?;
                Ok(node.entry(device, path.clone(), &core.nonce))
            })
    }

    /// What is kept with entries, by their numbers: the properties of these names, each a namespace and a name, or all of
    /// them. Entries without any are not in it.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn properties(
        &self,
        entries: &[i64],
        names: Option<&[(String, String)]>,
    ) -> Result<HashMap<i64, Vec<Property>>, TreeError> {
        let names: Option<HashSet<(&str, &str)>> = names.map(|names| {
            let names = names.iter();
            names
                .map(|(space, name)| (space.as_str(), name.as_str()))
                .collect()
        });
        self.core().catalogue.read("read properties", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT namespace, name, value FROM entry_property WHERE entry = ?1",
            )?;
            let mut found: HashMap<i64, Vec<Property>> = HashMap::new();
            for entry in entries {
                let mut rows = query.query([entry])?;
                while let Some(row) = rows.next()? {
                    let property = property(row)?;
                    let name = (property.namespace.as_str(), property.name.as_str());
                    if names.as_ref().is_none_or(|names| names.contains(&name)) {
                        found.entry(*entry).or_default().push(property);
                    }
                }
            }
            Ok(found)
        })
    }
}

fn property(row: &Row<'_>) -> rusqlite::Result<Property> {
    Ok(Property {
        namespace: row.get(0)?,
        name: row.get(1)?,
        value: row.get(2)?,
    })
}

/// Makes changes to what is kept with an entry, within the bounds.
pub(crate) fn apply(
    transaction: &Connection,
    device: DeviceId,
    (entry, path): (i64, &DevicePath),
    changes: &[EntryChange],
) -> Result<(), TreeError> {
    let kept = Kept::before(transaction, device)?;
    for change in changes {
        apply_one(transaction, entry, change)?;
    }
    if too_many(transaction, entry)? {
        return Err(TreeError::TooManyProperties(path.clone()));
    }
    kept.judge(transaction, path)
}

fn apply_one(transaction: &Connection, entry: i64, change: &EntryChange) -> rusqlite::Result<()> {
    match change {
        EntryChange::Set(Property {
            namespace,
            name,
            value,
        }) => transaction
            .prepare_cached(
                "INSERT INTO entry_property VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (entry, namespace, name) DO UPDATE SET value = excluded.value",
            )?
            .execute(params![entry, namespace, name, value])?,
        EntryChange::Remove { namespace, name } => transaction
            .prepare_cached(
                "DELETE FROM entry_property WHERE entry = ?1 AND namespace = ?2 AND name = ?3",
            )?
            .execute(params![entry, namespace, name])?,
        EntryChange::Modified(time) => transaction
            .prepare_cached("UPDATE entry SET modified = ?2 WHERE id = ?1")?
            .execute(params![entry, micros(*time)])?,
        EntryChange::Created(time) => transaction
            .prepare_cached("UPDATE entry SET client_created = ?2 WHERE id = ?1")?
            .execute(params![entry, micros(*time)])?,
    };
    Ok(())
}

fn too_many(transaction: &Connection, entry: i64) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached(
            "SELECT count(*) > ?2 OR coalesce(sum(
               length(CAST(namespace AS BLOB)) + length(CAST(name AS BLOB)) + length(CAST(value AS BLOB))), 0) > ?3
             FROM entry_property WHERE entry = ?1",
        )?
        .query_row(params![entry, at_most(MOST), at_most(MOST_BYTES)], |row| {
            row.get(0)
        })
}

/// Gives a copied entry the other's properties (RFC 4918, section 9.8.2).
pub(crate) fn copy(transaction: &Connection, from: i64, to: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO entry_property (entry, namespace, name, value)
             SELECT ?2, namespace, name, value FROM entry_property WHERE entry = ?1",
        )?
        .execute([from, to])?;
    Ok(())
}
