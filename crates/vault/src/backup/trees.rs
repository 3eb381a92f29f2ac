//! Makes the next snapshot's folder lists out of the last one's: only folders with a change, and those above them.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{folders::Folders, read::Packed};
use crate::{
    error::VaultError,
    format::{id::Id, tree},
    state,
};

/// What is to change in one folder.
#[derive(Default)]
pub(crate) struct Change<'a> {
    /// Files to add or to replace.
    pub(crate) put: Vec<&'a Packed>,
    /// Names to take out.
    pub(crate) remove: Vec<&'a str>,
}

/// The lists of all folders that were touched.
#[derive(Default)]
pub(crate) struct NewLists {
    /// The library folder's list.
    pub(crate) root: Option<Id>,
    /// Touched folders and their lists; `None` for one that is empty now and gone.
    pub(crate) folders: BTreeMap<String, Option<Id>>,
    /// Files that were added, replaced and removed.
    pub(crate) new: u64,
    pub(crate) changed: u64,
    pub(crate) removed: u64,
    /// How the library's number of bytes changes.
    pub(crate) bytes: i128,
    /// Lists that are new.
    pub(crate) lists: u64,
}

/// Makes the lists. `store` takes each new one.
pub(crate) fn update(
    folders: &mut Folders<'_>,
    mut changes: BTreeMap<&str, Change<'_>>,
    now: Timestamp,
    mut store: impl FnMut(Id, &[u8]),
) -> Result<NewLists, VaultError> {
    let mut lists = NewLists::default();
    let mut stored = HashSet::new();
    // Deepest first: a folder's list needs those of its folders.
    let mut order: Vec<String> = touched(changes.keys().copied()).into_iter().collect();
    order.sort_by_key(|folder| std::cmp::Reverse(depth(folder)));
    let mut below: HashMap<String, Vec<(String, Option<Id>)>> = HashMap::new();
    for folder in order {
        let old = folders.list(&folder)?;
        let change = changes.remove(folder.as_str()).unwrap_or_default();
        let subfolders = below.remove(&folder).unwrap_or_default();
        let merged = merge(
            old.as_ref().map(|(_, json)| json.as_slice()),
            change,
            subfolders,
            now,
            &mut lists,
        );
        let json = merged.map_err(|error| folders.unreadable(&folder, &error))?;
        let id = json.as_ref().map(|json| Id::of(json));
        // The library folder has a list even when it is empty: a snapshot needs one.
        let (json, id) = match (folder.is_empty(), json, id) {
            (true, None, _) => {
                let json = tree::write_tree(std::iter::empty());
                let id = Id::of(&json);
                (Some(json), Some(id))
            }
            (_, json, id) => (json, id),
        };
        if let (Some(json), Some(id)) = (json, id)
            && old.as_ref().map(|(old, _)| *old) != Some(id)
            && stored.insert(id)
        {
            store(id, &json);
            lists.lists += 1;
        }
        if folder.is_empty() {
            lists.root = id;
        } else {
            let (above, name) = state::split(&folder);
            below
                .entry(above.to_owned())
                .or_default()
                .push((name.to_owned(), id));
        }
        lists.folders.insert(folder, id);
    }
    Ok(lists)
}

/// The folders and all above them.
fn touched<'a>(folders: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut all = BTreeSet::from([String::new()]);
    for folder in folders {
        let mut folder = folder;
        while !folder.is_empty() && all.insert(folder.to_owned()) {
            folder = state::split(folder).0;
        }
    }
    all
}

fn depth(folder: &str) -> usize {
    if folder.is_empty() {
        0
    } else {
        folder.split('/').count()
    }
}

/// One folder's new list; `None` if nothing is left in it.
fn merge(
    old: Option<&[u8]>,
    change: Change<'_>,
    subfolders: Vec<(String, Option<Id>)>,
    now: Timestamp,
    lists: &mut NewLists,
) -> Result<Option<Vec<u8>>, tree::UnreadableTree> {
    let mut entries: BTreeMap<Cow<'_, str>, &RawValue> = BTreeMap::new();
    for entry in old.map_or_else(|| Ok(Vec::new()), tree::entries)? {
        entries.insert(tree::node_name(entry)?, entry);
    }
    for name in change.remove {
        if let Some(gone) = entries.remove(name) {
            lists.removed += 1;
            lists.bytes -= file_size(gone)?;
        }
    }
    let put: Vec<Box<RawValue>> = change.put.iter().map(|file| file_text(file)).collect();
    for (file, text) in change.put.iter().zip(&put) {
        lists.bytes += i128::from(file.size);
        match entries.insert(Cow::Borrowed(file.path.name()), text) {
            Some(before) => {
                lists.changed += u64::from(before.get() != text.get());
                lists.bytes -= file_size(before)?;
            }
            None => lists.new += 1,
        }
    }
    let mut texts = Vec::new();
    for (name, id) in subfolders {
        // A folder whose list stays the same keeps its entry, and with it its time.
        let old = entries
            .get(name.as_str())
            .map(|entry| tree::subtree(entry))
            .transpose()?
            .flatten();
        if old.is_none() || old != id {
            texts.push((id.map(|id| tree::folder_text(&name, id, now)), name));
        }
    }
    for (text, name) in &texts {
        match text {
            Some(text) => entries.insert(Cow::Borrowed(name), text),
            None => entries.remove(name.as_str()),
        };
    }
    if entries.is_empty() {
        return Ok(None);
    }
    Ok(Some(tree::write_tree(entries.into_values())))
}

fn file_text(file: &Packed) -> Box<RawValue> {
    tree::file_text(
        file.path.name(),
        file.size,
        file.modified,
        file.content.ids(),
    )
}

fn file_size(entry: &RawValue) -> Result<i128, tree::UnreadableTree> {
    Ok(tree::read_node(entry)?.size.into())
}
