//! Makes the next snapshot's folder lists out of the last one's: only folders with a change, and those above them.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};

use jiff::Timestamp;

use super::{folders::Folders, read::Packed};
use crate::{
    error::VaultError,
    format::{
        entries,
        id::Id,
        tree::{self, UnreadableTree},
    },
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
            &subfolders,
            now,
            &mut lists,
        );
        let json = merged.map_err(|error| folders.unreadable(&folder, &error))?;
        let id = json.as_ref().map(|json| Id::of(json));
        // The library folder has a list even when it is empty: a snapshot needs one.
        let (json, id) = match (folder.is_empty(), json, id) {
            (true, None, _) => {
                let json = entries::join(std::iter::empty());
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

/// What becomes of a name.
enum Edit {
    /// The file stands there, of so many bytes.
    File(String, u64),
    /// The folder stands there; `None` if nothing is left in it.
    Folder(Option<String>),
    /// No file of that name stays.
    Gone,
}

/// One folder's new list; `None` if nothing is left in it.
fn merge(
    old: Option<&[u8]>,
    change: Change<'_>,
    subfolders: &[(String, Option<Id>)],
    now: Timestamp,
    lists: &mut NewLists,
) -> Result<Option<Vec<u8>>, UnreadableTree> {
    let old = old.map_or_else(|| Ok(Vec::new()), sorted)?;
    let mut edits: BTreeMap<&str, Edit> = BTreeMap::new();
    for name in change.remove {
        edits.insert(name, Edit::Gone);
    }
    for file in change.put {
        let edit = Edit::File(file_text(file), file.size);
        edits.insert(file.path.name(), edit);
    }
    for (name, id) in subfolders {
        // A folder whose list stays the same keeps its entry, and with it its time.
        let stands = match old.binary_search_by(|(old, _)| (**old).cmp(name.as_str())) {
            Ok(at) => tree::subtree(old[at].1)?,
            Err(_) => None,
        };
        if stands.is_none() || stands != *id {
            let text = id.map(|id| tree::folder_text(name, id, now));
            edits.insert(name, Edit::Folder(text));
        }
    }
    let mut texts: Vec<&str> = Vec::with_capacity(old.len() + edits.len());
    let mut old = old.iter().peekable();
    for (name, edit) in &edits {
        while let Some((_, text)) = old.next_if(|(old, _)| **old < **name) {
            texts.push(text);
        }
        let before = old.next_if(|(old, _)| old == name).map(|(_, text)| *text);
        texts.extend(lists.note(before, edit)?);
    }
    texts.extend(old.map(|(_, text)| text));
    if texts.is_empty() {
        return Ok(None);
    }
    Ok(Some(entries::join(texts.iter().copied())))
}

/// The names and texts of a list, sorted by name as they should stand in it; of two of one name the last.
fn sorted(json: &[u8]) -> Result<Vec<(Cow<'_, str>, &str)>, UnreadableTree> {
    let mut named = entries::entries(json)?
        .into_iter()
        .map(|entry| Ok((entries::name_of(entry)?, entry)))
        .collect::<Result<Vec<_>, UnreadableTree>>()?;
    if !named.is_sorted_by(|(a, _), (b, _)| a < b) {
        let by_name: BTreeMap<_, _> = named.into_iter().collect();
        named = by_name.into_iter().collect();
    }
    Ok(named)
}

impl NewLists {
    /// Counts what becomes of an entry, and returns the text that stands in its place.
    fn note<'a>(
        &mut self,
        before: Option<&str>,
        edit: &'a Edit,
    ) -> Result<Option<&'a str>, UnreadableTree> {
        if !matches!(edit, Edit::Folder(_))
            && let Some(before) = before
        {
            self.bytes -= i128::from(tree::read_node(before)?.size);
        }
        Ok(match edit {
            Edit::File(text, size) => {
                self.bytes += i128::from(*size);
                match before {
                    Some(before) => self.changed += u64::from(before != text),
                    None => self.new += 1,
                }
                Some(text)
            }
            Edit::Folder(text) => text.as_deref(),
            Edit::Gone => {
                self.removed += u64::from(before.is_some());
                None
            }
        })
    }
}

fn file_text(file: &Packed) -> String {
    tree::file_text(
        file.path.name(),
        file.size,
        file.modified,
        file.content.ids(),
    )
}
