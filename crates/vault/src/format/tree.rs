//! Trees: a folder's list, JSON, sorted by the names' bytes. A blob of kind tree; its id is the SHA-256 of the JSON.
//!
//! A tree that is updated keeps the text of every entry that stays as it was, byte for byte: an entry costs no more
//! than finding its name, and fields that Safelight does not know survive.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{id::Id, name};

/// A folder's list as it is stored.
#[derive(Deserialize)]
struct TreeText<'a> {
    /// The entries, each unread. Absent (`null`) in an empty folder that Go wrote.
    #[serde(borrow)]
    nodes: Option<Vec<&'a RawValue>>,
}

/// An entry's name only.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

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
pub(crate) fn read_node(text: &RawValue) -> Result<Node, UnreadableTree> {
    let mut node: Node = serde_json::from_str(text.get())?;
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
pub(crate) fn subtree(text: &RawValue) -> Result<Option<Id>, UnreadableTree> {
    #[derive(Deserialize)]
    struct Folder {
        #[serde(default)]
        subtree: Option<Id>,
    }
    Ok(serde_json::from_str::<Folder>(text.get())?.subtree)
}

/// An entry's name, unescaped.
pub(crate) fn node_name(text: &RawValue) -> Result<Cow<'_, str>, UnreadableTree> {
    // Everybody writes the name first, and few names need an escape: then it can be had without reading the rest.
    if let Some(rest) = text.get().strip_prefix(r#"{"name":""#)
        && let Some(end) = rest.find(['"', '\\'])
        && rest.as_bytes()[end] == b'"'
    {
        return Ok(Cow::Borrowed(&rest[..end]));
    }
    let named: Named<'_> = serde_json::from_str(text.get())?;
    match name::unescape(&named.name) {
        Some(name) => Ok(Cow::Owned(name.into_owned())),
        None => Err(UnreadableTree::Name(named.name.into_owned())),
    }
}

/// The chunks of all files of a tree.
pub(crate) fn chunks(json: &[u8]) -> Result<Vec<Id>, UnreadableTree> {
    #[derive(Deserialize)]
    struct Chunks {
        #[serde(default)]
        content: Option<Vec<Id>>,
    }
    #[derive(Deserialize)]
    struct Files {
        nodes: Option<Vec<Chunks>>,
    }
    let files: Files = serde_json::from_slice(json)?;
    let content = files.nodes.unwrap_or_default().into_iter();
    Ok(content
        .flat_map(|file| file.content.unwrap_or_default())
        .collect())
}

/// The unread entries of a tree.
pub(crate) fn entries(json: &[u8]) -> Result<Vec<&RawValue>, UnreadableTree> {
    let tree: TreeText<'_> = serde_json::from_slice(json)?;
    Ok(tree.nodes.unwrap_or_default())
}

/// A file's entry.
pub(crate) fn file_text(
    name: &str,
    size: u64,
    modified: Timestamp,
    content: &[Id],
) -> Box<RawValue> {
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
pub(crate) fn folder_text(name: &str, subtree: Id, modified: Timestamp) -> Box<RawValue> {
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

fn write_node(node: &Written<'_>) -> Box<RawValue> {
    serde_json::value::to_raw_value(node).expect("our own types are JSON")
}

/// Puts a list together; the entries come sorted by name.
pub(crate) fn write_tree<'a>(entries: impl Iterator<Item = &'a RawValue>) -> Vec<u8> {
    let mut json = b"{\"nodes\":[".to_vec();
    for (number, entry) in entries.enumerate() {
        if number > 0 {
            json.push(b',');
        }
        json.extend_from_slice(entry.get().as_bytes());
    }
    // The line feed is restic's.
    json.extend_from_slice(b"]}\n");
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_wherever_it_stands() {
        for (text, name) in [
            (r#"{"name":"a.jpg","type":"file"}"#, "a.jpg"),
            (r#"{"name":"a\\\"b","type":"file"}"#, "a\"b"),
            (r#"{"type":"file","name":"a.jpg"}"#, "a.jpg"),
            (r#"{ "name": "a.jpg" }"#, "a.jpg"),
        ] {
            assert_eq!(
                node_name(serde_json::from_str(text).unwrap()).unwrap(),
                name,
                "{text}"
            );
        }
        for text in [
            r#"{"type":"file"}"#,
            r#"{"name":1}"#,
            r#"{"name":"\\q"}"#,
            "[]",
        ] {
            assert!(
                node_name(serde_json::from_str(text).unwrap()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn chunks_are_those_of_all_files() {
        let (a, b) = (Id::of(b"a"), Id::of(b"b"));
        let texts = [
            file_text("a", 1, Timestamp::UNIX_EPOCH, &[a, b]),
            folder_text("b", a, Timestamp::UNIX_EPOCH),
            file_text("c", 0, Timestamp::UNIX_EPOCH, &[]),
        ];
        let json = write_tree(texts.iter().map(|text| &**text));
        assert_eq!(chunks(&json).unwrap(), [a, b]);
        assert_eq!(read_nodes(&json).unwrap().len(), 3);
        assert_eq!(chunks(b"{\"nodes\":null}").unwrap(), []);
    }
}
