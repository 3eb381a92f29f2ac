//! A device's own tree: the names it used, as it spelled them. Where the bytes lie is the library's business.

use rusqlite::{Connection, OptionalExtension, Row};
use safelight_core::{AssetId, ContentHash, DeviceId, DevicePath, MediaKind, Timestamp};

use crate::{
    error::TreeError,
    open::Library,
    stored::{time, time_or_none, word},
    tree_change,
};

/// A file or folder in a device's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, which stays when it is moved or overwritten. Never used again.
    pub id: i64,
    /// Whose tree.
    pub device: DeviceId,
    /// Where in the tree.
    pub path: DevicePath,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// The photo that a file stands for; none if it is a note ([`crate::notes`]).
    pub asset: Option<AssetId>,
    /// That photo's hash.
    pub hash: Option<ContentHash>,
    /// Bytes; 0 for a folder.
    pub size: u64,
    /// The modification time that the device gave, or a folder's last change.
    pub modified: Timestamp,
    /// When it came to be.
    pub created: Timestamp,
    /// The creation time that the device gave.
    pub client_created: Option<Timestamp>,
    /// Changes when a file's content changes, and when anything below a folder changes. Opaque, without quotes.
    pub etag: String,
    /// What a file is.
    pub kind: Option<MediaKind>,
    /// A picture's width and height in pixels as it is to be shown, if that was read.
    pub pixels: Option<(u32, u32)>,
}

/// What a move or a copy did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// What is now at the target.
    pub entry: Entry,
    /// Whether something was there before.
    pub replaced: bool,
}

/// An entry as its row has it: without its path.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) id: i64,
    pub(crate) parent: Option<i64>,
    pub(crate) name: String,
    pub(crate) asset: Option<AssetId>,
    pub(crate) hash: Option<ContentHash>,
    pub(crate) size: u64,
    pub(crate) modified: Timestamp,
    pub(crate) created: Timestamp,
    pub(crate) client_created: Option<Timestamp>,
    pub(crate) version: i64,
    pub(crate) kind: Option<MediaKind>,
    pub(crate) pixels: Option<(u32, u32)>,
    pub(crate) is_note: bool,
}

impl Node {
    pub(crate) const fn is_folder(&self) -> bool {
        self.asset.is_none() && !self.is_note
    }

    pub(crate) fn etag(&self, nonce: &str) -> String {
        format!("{:x}-{:x}-{nonce}", self.id, self.version)
    }

    pub(crate) fn entry(self, device: DeviceId, path: DevicePath, nonce: &str) -> Entry {
        Entry {
            id: self.id,
            device,
            path,
            is_folder: self.is_folder(),
            asset: self.asset,
            hash: self.hash,
            size: self.size,
            modified: self.modified,
            created: self.created,
            client_created: self.client_created,
            etag: self.etag(nonce),
            kind: self.kind,
            pixels: self.pixels,
        }
    }
}

const SELECT: &str = "SELECT e.id, e.parent, e.name, e.asset, a.hash, a.size, e.modified, e.created, e.version, a.kind,
      e.client_created, iif(e.asset IS NULL, (SELECT length(n.bytes) FROM note n WHERE n.entry = e.id), NULL),
      a.width, a.height
    FROM entry e LEFT JOIN asset a ON a.id = e.asset";

fn node(row: &Row<'_>) -> rusqlite::Result<Node> {
    let asset: Option<i64> = row.get(3)?;
    let note: Option<i64> = row.get(11)?;
    let size = row.get::<_, Option<i64>>(5)?.or(note);
    Ok(Node {
        id: row.get(0)?,
        parent: row.get(1)?,
        name: row.get(2)?,
        asset: asset.map(AssetId),
        hash: row
            .get::<_, Option<[u8; 32]>>(4)?
            .map(ContentHash::from_bytes),
        size: size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        modified: time(row, 6)?,
        created: time(row, 7)?,
        client_created: time_or_none(row, 10)?,
        version: row.get(8)?,
        kind: asset
            .map(|_| word(row, 9, MediaKind::from_word))
            .transpose()?,
        pixels: row
            .get::<_, Option<u32>>(12)?
            .zip(row.get::<_, Option<u32>>(13)?),
        is_note: note.is_some(),
    })
}

pub(crate) fn root(connection: &Connection, device: DeviceId) -> rusqlite::Result<Option<Node>> {
    connection
        .prepare_cached(&format!(
            "{SELECT} WHERE e.device = ?1 AND e.parent IS NULL"
        ))?
        .query_row([device.0], node)
        .optional()
}

pub(crate) fn child(
    connection: &Connection,
    parent: i64,
    name: &str,
) -> rusqlite::Result<Option<Node>> {
    connection
        .prepare_cached(&format!(
            "{SELECT} WHERE e.parent = ?1 AND e.name = ?2 AND e.removed_at IS NULL"
        ))?
        .query_row(rusqlite::params![parent, name], node)
        .optional()
}

pub(crate) fn children(connection: &Connection, parent: i64) -> rusqlite::Result<Vec<Node>> {
    connection
        .prepare_cached(&format!(
            "{SELECT} WHERE e.parent = ?1 AND e.removed_at IS NULL ORDER BY e.name"
        ))?
        .query_map([parent], node)?
        .collect()
}

/// What is at a path, and the folder above it if that exists. For the root there is nothing above.
pub(crate) struct Found {
    pub(crate) parent: Option<Node>,
    pub(crate) node: Option<Node>,
}

pub(crate) fn find(
    connection: &Connection,
    device: DeviceId,
    path: &DevicePath,
) -> Result<Found, TreeError> {
    let root = root(connection, device)?.ok_or(TreeError::NoDevice(device))?;
    let mut found = Found {
        parent: None,
        node: Some(root),
    };
    for name in path.components() {
        let folder = found.node.take().filter(Node::is_folder);
        found.node = match &folder {
            Some(folder) => child(connection, folder.id, name)?,
            None => None,
        };
        found.parent = folder;
    }
    Ok(found)
}

impl Library {
    /// What is at a path of a device's tree. The root (the empty path) always is there.
    ///
    /// # Errors
    ///
    /// There is no such device; the catalogue's.
    pub fn entry(&self, device: DeviceId, path: &DevicePath) -> Result<Option<Entry>, TreeError> {
        let nonce = &self.core().nonce;
        self.core().catalogue.read("look up a name", |connection| {
            let found = find(connection, device, path)?;
            Ok(found
                .node
                .map(|node| node.entry(device, path.clone(), nonce)))
        })
    }

    /// What is in a folder of a device's tree, in the order of the names' bytes.
    ///
    /// # Errors
    ///
    /// There is no such device or folder; it is a file; the catalogue's.
    pub fn list(&self, device: DeviceId, path: &DevicePath) -> Result<Vec<Entry>, TreeError> {
        let nonce = &self.core().nonce;
        self.core().catalogue.read("list a folder", |connection| {
            let folder = find(connection, device, path)?
                .node
                .ok_or_else(|| TreeError::NotFound(path.clone()))?;
            if !folder.is_folder() {
                return Err(TreeError::NotAFolder(path.clone()));
            }
            let nodes = children(connection, folder.id)?;
            let mut entries = Vec::with_capacity(nodes.len());
            for node in nodes {
                let below = tree_change::below(path, &node.name)?;
                entries.push(node.entry(device, below, nonce));
            }
            Ok(entries)
        })
    }
}
