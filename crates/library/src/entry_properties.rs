//! What programs keep with a name of a device's tree: properties that mean something to them alone, and the times.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};
use safelight_core::{DeviceId, DevicePath, Timestamp};

use crate::{
    error::TreeError,
    open::Library,
    stored::{at_most, micros},
    tree::{Entry, find},
    tree_change::{next_revision, touch_upwards},
};

/// How many properties one name can have.
const MOST: usize = 256;
/// How many bytes all properties of one name can have, names and values together.
const MOST_BYTES: usize = 128 * 1024;

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
    /// There is no such name; it would have too many properties; there is no such device; the catalogue's.
    pub fn change_entry(
        &self,
        device: DeviceId,
        path: &DevicePath,
        changes: &[EntryChange],
    ) -> Result<Entry, TreeError> {
        let core = self.core();
        let now = core.clock.now();
        core.catalogue
            .write("change what is kept with a name", |transaction| {
                let node = find(transaction, device, path)?
                    .node
                    .ok_or_else(|| TreeError::NotFound(path.clone()))?;
                for change in changes {
                    apply(transaction, node.id, change)?;
                }
                if too_many(transaction, node.id)? {
                    return Err(TreeError::TooManyProperties(path.clone()));
                }
                if let Some(parent) = node.parent {
                    touch_upwards(transaction, parent, next_revision(transaction)?, now)?;
                }
                let node = find(transaction, device, path)?
                    .node
                    .ok_or_else(|| TreeError::NotFound(path.clone()))?;
                Ok(node.entry(device, path.clone(), &core.nonce))
            })
    }

    /// The properties of an entry, by its number.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn properties(&self, entry: i64) -> Result<Vec<Property>, TreeError> {
        self.core().catalogue.read("read properties", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT namespace, name, value FROM entry_property WHERE entry = ?1",
            )?;
            let rows = query.query_map([entry], |row| property(row, 0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The properties of everything directly in a folder, by the entries' numbers. Entries without any are not in it.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn properties_in(&self, folder: i64) -> Result<HashMap<i64, Vec<Property>>, TreeError> {
        self.core().catalogue.read("read properties", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT e.id, p.namespace, p.name, p.value FROM entry e JOIN entry_property p ON p.entry = e.id
                 WHERE e.parent = ?1 AND e.removed_at IS NULL",
            )?;
            let mut found: HashMap<i64, Vec<Property>> = HashMap::new();
            let mut rows = query.query([folder])?;
            while let Some(row) = rows.next()? {
                found.entry(row.get(0)?).or_default().push(property(row, 1)?);
            }
            Ok(found)
        })
    }
}

fn property(row: &Row<'_>, first: usize) -> rusqlite::Result<Property> {
    Ok(Property {
        namespace: row.get(first)?,
        name: row.get(first + 1)?,
        value: row.get(first + 2)?,
    })
}

fn apply(transaction: &Connection, entry: i64, change: &EntryChange) -> rusqlite::Result<()> {
    match change {
        EntryChange::Set(Property {
            namespace,
            name,
            value,
        }) => transaction
            .prepare_cached("INSERT OR REPLACE INTO entry_property VALUES (?1, ?2, ?3, ?4)")?
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
