//! Trees: a folder's list, JSON, sorted by the names' bytes. A blob of kind tree; its id is the SHA-256 of the JSON.
//!
//! A tree that is updated keeps the text of every entry that stays as it was, byte for byte (`entries`): fields that
//! Safelight does not know survive.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{entries::entries, id::Id, name};

/// What Safelight needs to know of an entry.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Node {
    /// The name, unescaped by [`read_node`].
    pub(crate) name: String,
    /// `file`, `dir`, or something that Safelight never writes.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// When the content was changed.
    #[serde(default)]
    pub(crate) mtime: Option<String>,
    /// How many bytes a file has.
    #[serde(default)]
    pub(crate) size: u64,
    /// A file's chunks.
    #[serde(default)]
    pub(crate) content: Option<Vec<Id>>,
    /// A folder's list.
    #[serde(default)]
    pub(crate) subtree: Option<Id>,
}

impl Node {
    /// Whether it is an ordinary file.
    pub(crate) fn is_file(&self) -> bool {
        self.kind == "file"
    }

    /// When the content was changed, if that can be read.
    pub(crate) fn modified(&self) -> Option<Timestamp> {
        self.mtime.as_deref()?.parse().ok()
    }
}

/// An entry as restic writes it. Its fields stand in restic's order, so that equal folders have equal ids.
#[derive(Serialize)]
struct Written<'a> {
    name: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: &'static str,
    mode: u32,
    mtime: String,
    atime: String,
    ctime: String,
    uid: u32,
    gid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    content: Option<&'a [Id]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtree: Option<Id>,
}

/// A tree that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnreadableTree {
    #[error("the list is not as the repository format says: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the name {0:?} in it cannot be a file's name here")]
    Name(String),
}

/// Reads one entry.
pub(crate) fn read_node(text: &str) -> Result<Node, UnreadableTree> {
    let mut node: Node = serde_json::from_str(text)?;
    let name = match name::unescape(&node.name) {
        Some(name) if name::is_harmless(&name) => name.into_owned(),
        _ => return Err(UnreadableTree::Name(node.name)),
    };
    node.name = name;
    Ok(node)
}

/// Reads all entries of a tree.
pub(crate) fn read_nodes(json: &[u8]) -> Result<Vec<Node>, UnreadableTree> {
    read_each(json)?.into_iter().collect()
}

/// Reads the entries of a tree, some of which may be unusable.
pub(crate) fn read_each(json: &[u8]) -> Result<Vec<Result<Node, UnreadableTree>>, UnreadableTree> {
    Ok(entries(json)?.into_iter().map(read_node).collect())
}

/// The list of the folder that an entry is; `None` if it is something else.
pub(crate) fn subtree(text: &str) -> Result<Option<Id>, UnreadableTree> {
    #[derive(Deserialize)]
    struct Folder {
        #[serde(default)]
        subtree: Option<Id>,
    }
    Ok(serde_json::from_str::<Folder>(text)?.subtree)
}

/// A file's entry.
pub(crate) fn file_text(name: &str, size: u64, modified: Timestamp, content: &[Id]) -> String {
    write_node(&Written {
        name: name::escape(name),
        kind: "file",
        mode: 0o644,
        mtime: modified.to_string(),
        atime: modified.to_string(),
        ctime: modified.to_string(),
        uid: 0,
        gid: 0,
        size: (size > 0).then_some(size),
        content: Some(content),
        subtree: None,
    })
}

/// A folder's entry. Its time is that of the backup that changed it.
pub(crate) fn folder_text(name: &str, subtree: Id, modified: Timestamp) -> String {
    write_node(&Written {
        name: name::escape(name),
        kind: "dir",
        // Go's os.FileMode: the highest bit says "folder".
        mode: 0x8000_0000 | 0o755,
        mtime: modified.to_string(),
        atime: modified.to_string(),
        ctime: modified.to_string(),
        uid: 0,
        gid: 0,
        size: None,
        content: None,
        subtree: Some(subtree),
    })
}

fn write_node(node: &Written<'_>) -> String {
    serde_json::to_string(node).expect("our own types are JSON")
}
