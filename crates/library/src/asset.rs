//! The photos, by number, bytes or place.

use std::fs::File;

use rusqlite::{Connection, OptionalExtension, params};
use safelight_core::{
    AssetId, CaptureTime, ContentHash, DeviceId, LibraryPath, MediaKind, Timestamp, group::Role,
};

use crate::{
    arrivals::Whose,
    error::{CatalogueError, DiskResult, ReadError},
    open::Library,
    stored::{ASSET, PathKey, asset, at_most},
};

/// A photo, video or other file of the owner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its number.
    pub id: AssetId,
    /// Its identity.
    pub hash: ContentHash,
    /// Bytes.
    pub size: u64,
    /// What it is.
    pub kind: MediaKind,
    /// Where it lies, or should lie, in the library folder.
    pub path: LibraryPath,
    /// The name that the first upload wished for.
    pub original_name: String,
    /// When it was taken, if anybody knows.
    pub captured: Option<CaptureTime>,
    /// When it came.
    pub added_at: Timestamp,
    /// The file's modification time, as the file system keeps it (some round to two seconds).
    pub modified: Timestamp,
    /// Whether its copies are proved as the owner's rule demands.
    pub safe: bool,
    /// The photo that stands for its group, if that is another one.
    pub part_of: Option<AssetId>,
    /// What it is to that photo.
    pub role: Option<Role>,
}

pub(crate) fn by_id(connection: &Connection, id: AssetId) -> rusqlite::Result<Option<Asset>> {
    connection
        .prepare_cached(&format!("SELECT {ASSET} FROM asset a WHERE a.id = ?1"))?
        .query_row([id.0], asset)
        .optional()
}

pub(crate) fn by_hash(
    connection: &Connection,
    hash: &ContentHash,
) -> rusqlite::Result<Option<Asset>> {
    connection
        .prepare_cached(&format!("SELECT {ASSET} FROM asset a WHERE a.hash = ?1"))?
        .query_row([hash.as_bytes()], asset)
        .optional()
}

/// The photo whose path every file system would take for one of this key.
pub(crate) fn by_key(connection: &Connection, key: &PathKey) -> rusqlite::Result<Option<Asset>> {
    connection
        .prepare_cached(&format!(
            "SELECT {ASSET} FROM asset a WHERE a.folder_key = ?1 AND a.name_key = ?2"
        ))?
        .query_row([&key.folder, &key.name], asset)
        .optional()
}

impl Library {
    /// A photo by its number.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn asset(&self, id: AssetId) -> Result<Option<Asset>, CatalogueError> {
        self.core()
            .catalogue
            .read("look up a photo", |connection| Ok(by_id(connection, id)?))
    }

    /// A photo by its bytes.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn asset_by_hash(&self, hash: &ContentHash) -> Result<Option<Asset>, CatalogueError> {
        self.core().catalogue.read("look up a photo", |connection| {
            Ok(by_hash(connection, hash)?)
        })
    }

    /// The photo that lies at a place.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn asset_by_path(&self, path: &LibraryPath) -> Result<Option<Asset>, CatalogueError> {
        let key = PathKey::of(path);
        let found = self
            .core()
            .catalogue
            .read("look up a photo", |connection| {
                Ok::<_, CatalogueError>(by_key(connection, &key)?)
            })?;
        Ok(found.filter(|asset| asset.path == *path))
    }

    /// Up to `limit` photos after one number, by number. Begin with `AssetId(0)`.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn assets_after(&self, after: AssetId, limit: usize) -> Result<Vec<Asset>, CatalogueError> {
        self.core().catalogue.read("list photos", |connection| {
            let mut query = connection.prepare_cached(&format!(
                "SELECT {ASSET} FROM asset a WHERE a.id > ?1 ORDER BY a.id LIMIT ?2"
            ))?;
            let rows = query.query_map(params![after.0, at_most(limit)], asset)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Up to `limit` photos in a folder of the library and below it (the empty text: in the whole library), in an order
    /// of their paths that upper and lower case do not change. Goes on after `after`, the last path of the call before.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn assets_under(
        &self,
        folder: &str,
        after: Option<&LibraryPath>,
        limit: usize,
    ) -> Result<Vec<Asset>, CatalogueError> {
        let folder = folder.trim_matches('/');
        let everything = folder.is_empty();
        let first = match LibraryPath::parse(folder) {
            Ok(path) => path.collision_key(),
            Err(_) if everything => String::new(),
            // No photo lies in a folder that cannot be.
            Err(_) => return Ok(Vec::new()),
        };
        // '0' follows '/' in ASCII: the folders from "a/" up to, not including, "a0" are those below "a".
        let (below, beyond) = (format!("{first}/"), format!("{first}0"));
        let after = after.map(PathKey::of).unwrap_or_default();
        self.core().catalogue.read("list the photos of a folder", |connection| {
            let condition = if everything {
                "?3 IS NOT NULL AND ?4 IS NOT NULL AND ?5 IS NOT NULL AND (a.folder_key, a.name_key) > (?1, ?2)"
            } else {
                "(a.folder_key, a.name_key) > (?1, ?2) AND a.folder_key >= ?3
                 AND (a.folder_key = ?3 OR (a.folder_key >= ?4 AND a.folder_key < ?5)) AND a.folder_key < ?5"
            };
            let mut query = connection.prepare_cached(&format!(
                "SELECT {ASSET} FROM asset a WHERE {condition} ORDER BY a.folder_key, a.name_key LIMIT ?6"
            ))?;
            let rows = query.query_map(
                params![after.folder, after.name, first, below, beyond, at_most(limit)],
                asset,
            )?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Up to `limit` photos of somebody's that are not safe yet, after one number, by number. Begin with `AssetId(0)`.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn not_safe(
        &self,
        whose: Whose,
        after: AssetId,
        limit: usize,
    ) -> Result<Vec<Asset>, CatalogueError> {
        // The words that the partial indexes have.
        let held = match whose {
            Whose::Everybody => "a.safe = 0 AND a.id > ?1 AND ?3 = 0",
            Whose::Member(_) => {
                "a.id IN (SELECT DISTINCT asset FROM holding WHERE person = ?3 AND asset > ?1 AND waiting = 1
                   AND person <> 1 ORDER BY asset LIMIT ?2)"
            }
            Whose::Device(_) => {
                "a.id IN (SELECT asset FROM holding WHERE device = ?3 AND asset > ?1 AND waiting = 1
                   AND device <> 0 ORDER BY asset LIMIT ?2)"
            }
        };
        self.core()
            .catalogue
            .read("list what is not safe", |connection| {
                let mut query = connection.prepare_cached(&format!(
                    "SELECT {ASSET} FROM asset a WHERE {held} ORDER BY a.id LIMIT ?2"
                ))?;
                let rows =
                    query.query_map(params![after.0, at_most(limit), whose.number()], asset)?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }

    /// The photo that an entry of a device's tree stands for; none if there is no such entry (any more), or it stands for
    /// none.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn photo_of_entry(
        &self,
        device: DeviceId,
        entry: i64,
    ) -> Result<Option<Asset>, CatalogueError> {
        self.core().catalogue.read("look up a photo", |connection| {
            // What is below a removed folder is removed.
            Ok(connection
                .prepare_cached(&format!(
                    "WITH RECURSIVE up (parent, removed_at) AS (
                       SELECT parent, removed_at FROM entry WHERE id = ?1
                       UNION ALL
                       SELECT e.parent, e.removed_at FROM entry e JOIN up ON e.id = up.parent
                     )
                     SELECT {ASSET} FROM entry e JOIN asset a ON a.id = e.asset
                     WHERE e.id = ?1 AND e.device = ?2
                       AND NOT EXISTS (SELECT 1 FROM up WHERE removed_at IS NOT NULL)"
                ))?
                .query_row([entry, device.0], asset)
                .optional()?)
        })
    }

    /// Opens a photo's home copy for reading.
    ///
    /// # Errors
    ///
    /// There is no such photo; the library folder is not there; the file cannot be opened.
    pub fn open_asset(&self, id: AssetId) -> Result<(File, Asset), ReadError> {
        let root = self.core().ready_root()?;
        let asset = self.asset(id)?.ok_or(ReadError::NoAsset(id))?;
        let path = root.file(&asset.path);
        let file = File::open(&path).doing("open", path)?;
        Ok((file, asset))
    }
}
