//! Files of a device's tree that are nobody's photos, so that the library does not fill with them: what an operating
//! system keeps in a folder for itself ([`safelight_core::system_file`]), and the empty file that a mounted drive makes
//! before it sends the content. Their bytes lie in the catalogue, and go with it when it is lost.

use rusqlite::{Connection, OptionalExtension, params};
use safelight_core::{DeviceId, DevicePath, Timestamp};

use crate::{
    error::{CatalogueError, IntakeError},
    intake::{Precondition, Wish},
    kept::Kept,
    open::Library,
    stored::micros,
    tree::{Entry, child, find},
    tree_change::{NewNode, ensure_folder, insert, next_revision, touch_upwards},
};

/// A note to be written.
#[derive(Debug, Clone)]
pub struct NewNote {
    /// Whose tree.
    pub device: DeviceId,
    /// Where in the tree.
    pub path: DevicePath,
    /// The whole content.
    pub bytes: Vec<u8>,
    /// The modification time that the device gave.
    pub modified: Option<Timestamp>,
    /// What must be true of the entry that is there already.
    pub precondition: Precondition,
    /// Whether missing folders of the device's tree are made.
    pub create_parents: bool,
}

/// A note that was written, and is in the catalogue, on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteReceipt {
    /// Its entry.
    pub entry: Entry,
    /// Whether there was an entry of that name before.
    pub replaced: bool,
}

impl Library {
    /// Writes a note. A photo whose name it takes stays in the library.
    ///
    /// # Errors
    ///
    /// The precondition does not hold; the folder above does not exist; there is a folder of that name; there is no such
    /// device; the device's programs keep too much; the data folder's disk has only the reserve free; the catalogue's.
    pub fn put_note(&self, note: &NewNote) -> Result<NoteReceipt, IntakeError> {
        let core = self.core();
        let now = core.clock.now();
        let NewNote { device, path, .. } = note;
        self.has_room_to_keep()?;
        core.catalogue.write("write a note", |change| {
            let kept = Kept::before(change, *device)?;
            let wish = Wish {
                device: *device,
                path,
                precondition: &note.precondition,
                create_parents: note.create_parents,
            };
            let (existing, _folder) = wish.target(change, &core.nonce)?;
            let revision = next_revision(change)?;
            let folder = match find(change, *device, path)?.parent {
                Some(folder) => folder,
                None => {
                    let above = path.parent().unwrap_or_default();
                    ensure_folder(change, *device, &above, revision, now)?
                }
            };
            let modified = note.modified.unwrap_or(now);
            let id = match &existing {
                Some(node) => {
                    change
                        .prepare_cached(
                            "UPDATE entry SET asset = NULL, modified = ?2, version = ?3 WHERE id = ?1",
                        )?
                        .execute(params![node.id, micros(modified), revision])?;
                    node.id
                }
                None => insert(
                    change,
                    &NewNode {
                        device: *device,
                        parent: folder.id,
                        name: path.name(),
                        asset: None,
                        modified,
                        created: now,
                        client_created: None,
                        version: revision,
                    },
                )?,
            };
            change
                .prepare_cached(
                    "INSERT INTO note (entry, bytes) VALUES (?1, ?2)
                     ON CONFLICT (entry) DO UPDATE SET bytes = excluded.bytes",
                )?
                .execute(params![id, note.bytes])?;
            kept.judge(change, path)?;
            touch_upwards(change, folder.id, revision, now)?;
            let node = child(change, folder.id, path.name())?
                .ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            Ok(NoteReceipt {
                entry: node.entry(*device, path.clone(), &core.nonce),
                replaced: existing.is_some(),
            })
        })
    }

    /// A note's bytes, by its entry's number; none if that entry is no note (any more).
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn note(&self, entry: i64) -> Result<Option<Vec<u8>>, CatalogueError> {
        self.core().catalogue.read("read a note", |connection| {
            Ok(connection
                .prepare_cached("SELECT bytes FROM note WHERE entry = ?1")?
                .query_row([entry], |row| row.get(0))
                .optional()?)
        })
    }
}

/// Forgets a note and its name.
pub(crate) fn forget(change: &Connection, entry: i64) -> rusqlite::Result<()> {
    drop_bytes(change, entry)?;
    change
        .prepare_cached("DELETE FROM entry_property WHERE entry = ?1")?
        .execute([entry])?;
    change
        .prepare_cached("DELETE FROM entry WHERE id = ?1")?
        .execute([entry])?;
    Ok(())
}

/// Forgets the notes below a folder that is taken away: nobody could free what they take afterwards.
pub(crate) fn forget_below(change: &Connection, folder: i64) -> rusqlite::Result<()> {
    let notes = change
        .prepare_cached(
            "WITH RECURSIVE below (id) AS (
               SELECT ?1
               UNION ALL
               SELECT e.id FROM below b JOIN entry e ON e.parent = b.id WHERE e.removed_at IS NULL
             )
             SELECT n.entry FROM below b JOIN note n ON n.entry = b.id",
        )?
        .query_map([folder], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    for note in notes {
        forget(change, note)?;
    }
    Ok(())
}

/// A name that was a note comes to stand for something else.
pub(crate) fn drop_bytes(change: &Connection, entry: i64) -> rusqlite::Result<()> {
    change
        .prepare_cached("DELETE FROM note WHERE entry = ?1")?
        .execute([entry])?;
    Ok(())
}

/// Gives a copied entry the note's bytes.
pub(crate) fn copy(change: &Connection, from: i64, to: i64) -> rusqlite::Result<()> {
    change
        .prepare_cached(
            "INSERT INTO note (entry, bytes) SELECT ?2, bytes FROM note WHERE entry = ?1",
        )?
        .execute([from, to])?;
    Ok(())
}
