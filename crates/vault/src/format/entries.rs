//! A folder's list taken apart into its entries' texts, and put together again. In a library of a million photos a month's
//! list has megabytes, and a backup of twenty photos changes twenty entries of it: the others are copied, not parsed.

use std::borrow::Cow;

use memchr::{memchr_iter, memmem};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{id::Id, name, tree::UnreadableTree};

const HEAD: &str = r#"{"nodes":["#;
/// The line feed is restic's.
const TAIL: &str = "]}\n";
/// How an entry begins, whoever wrote it.
const ENTRY: &str = r#"{"name":""#;
/// Where one entry ends and the next begins.
const BORDER: &str = r#"},{"name":""#;

/// The entries of a list, each unread.
pub(crate) fn entries(json: &[u8]) -> Result<Vec<&str>, UnreadableTree> {
    if let Some(entries) = std::str::from_utf8(json).ok().and_then(split) {
        return Ok(entries);
    }
    #[derive(Deserialize)]
    struct List<'a> {
        /// Absent (`null`) in an empty folder that Go wrote.
        #[serde(borrow)]
        nodes: Option<Vec<&'a RawValue>>,
    }
    let list: List<'_> = serde_json::from_slice(json)?;
    let nodes = list.nodes.unwrap_or_default();
    Ok(nodes.into_iter().map(RawValue::get).collect())
}

/// As [`entries`], for a list that is written as Safelight writes it and has neither a brace in a name nor an object in an
/// entry; `None` for others.
fn split(json: &str) -> Option<Vec<&str>> {
    let text = json.strip_prefix(HEAD)?.strip_suffix(TAIL)?;
    if !text.starts_with(ENTRY) || !text.ends_with('}') {
        return None;
    }
    let (mut entries, mut start) = (Vec::new(), 0);
    for border in memmem::find_iter(text.as_bytes(), BORDER) {
        entries.push(&text[start..=border]);
        start = border + 2;
    }
    entries.push(&text[start..]);
    // With one pair of braces an entry, no border can lie within one: its quotation marks are not escaped, so they end or
    // begin a text, and its braces are those of two entries.
    let count = |brace| memchr_iter(brace, text.as_bytes()).count();
    (count(b'{') == entries.len() && count(b'}') == entries.len()).then_some(entries)
}

/// An entry's name, unescaped.
pub(crate) fn name_of(entry: &str) -> Result<Cow<'_, str>, UnreadableTree> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
    }
    // Everybody writes the name first, and few names need an escape: then it can be had without reading the rest.
    if let Some(rest) = entry.strip_prefix(ENTRY)
        && let Some(end) = rest.find(['"', '\\'])
        && rest.as_bytes()[end] == b'"'
    {
        return Ok(Cow::Borrowed(&rest[..end]));
    }
    let named: Named<'_> = serde_json::from_str(entry)?;
    match name::unescape(&named.name) {
        Some(name) => Ok(Cow::Owned(name.into_owned())),
        None => Err(UnreadableTree::Name(named.name.into_owned())),
    }
}

/// The chunks of all files of a list.
pub(crate) fn chunks(json: &[u8]) -> Result<Vec<Id>, UnreadableTree> {
    #[derive(Deserialize)]
    struct File {
        #[serde(default)]
        content: Option<Vec<Id>>,
    }
    let entries = entries(json)?;
    let mut chunks = Vec::with_capacity(entries.len());
    for entry in entries {
        match only_chunk(entry) {
            Some(id) => chunks.push(id),
            None => {
                let file: File = serde_json::from_str(entry)?;
                chunks.extend(file.content.unwrap_or_default());
            }
        }
    }
    Ok(chunks)
}

/// The chunk of a file that has one, if the entry ends as Safelight's entries of such files do.
fn only_chunk(entry: &str) -> Option<Id> {
    let digits = entry.strip_suffix(r#""]}"#)?;
    let (start, digits) = digits.split_at_checked(digits.len().checked_sub(64)?)?;
    // Within a text its quotation marks would be escaped.
    start.ends_with(r#","content":[""#).then_some(())?;
    digits.parse().ok()
}

/// Puts a list together; the entries come sorted by name.
pub(crate) fn join<'a>(entries: impl Iterator<Item = &'a str> + Clone) -> Vec<u8> {
    // A list may have megabytes: growing step by step would touch twice as much memory, and copy it.
    let texts: usize = entries.clone().map(|entry| entry.len() + 1).sum();
    let mut json = Vec::with_capacity(HEAD.len() + texts + TAIL.len());
    json.extend_from_slice(HEAD.as_bytes());
    for (number, entry) in entries.enumerate() {
        if number > 0 {
            json.push(b',');
        }
        json.extend_from_slice(entry.as_bytes());
    }
    json.extend_from_slice(TAIL.as_bytes());
    json
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::format::tree::{file_text, folder_text, read_nodes};

    #[test]
    fn a_name_is_found_wherever_it_stands() {
        for (text, name) in [
            (r#"{"name":"a.jpg","type":"file"}"#, "a.jpg"),
            (r#"{"name":"a\\\"b","type":"file"}"#, "a\"b"),
            (r#"{"type":"file","name":"a.jpg"}"#, "a.jpg"),
            (r#"{ "name": "a.jpg" }"#, "a.jpg"),
        ] {
            assert_eq!(name_of(text).unwrap(), name, "{text}");
        }
        for text in [
            r#"{"type":"file"}"#,
            r#"{"name":1}"#,
            r#"{"name":"\\q"}"#,
            "[]",
        ] {
            assert!(name_of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn chunks_are_those_of_all_files() {
        let (a, b) = (Id::of(b"a"), Id::of(b"b"));
        let time = Timestamp::UNIX_EPOCH;
        let texts = [
            file_text("a", 1, time, &[a, b]),
            folder_text("b", a, time),
            file_text("c", 0, time, &[]),
            file_text("d", 1, time, &[b]),
        ];
        let json = join(texts.iter().map(String::as_str));
        assert_eq!(chunks(&json).unwrap(), [a, b, b]);
        assert_eq!(read_nodes(&json).unwrap().len(), 4);
        assert_eq!(chunks(b"{\"nodes\":null}").unwrap(), []);
    }

    #[test]
    fn others_lists_are_read_too() {
        let entry = r#"{"name":"a","type":"file","extended_attributes":[{"name":"x","value":""}]}"#;
        let other = r#"{"name":"b","type":"file"}"#;
        for json in [
            format!("{{\"nodes\":[{entry},{other}]}}\n"),
            format!("{{ \"nodes\" : [ {entry} , {other} ] }}"),
        ] {
            assert_eq!(entries(json.as_bytes()).unwrap(), [entry, other], "{json}");
        }
        for empty in ["{\"nodes\":[]}\n", "{\"nodes\":null}", "{}"] {
            assert!(entries(empty.as_bytes()).unwrap().is_empty(), "{empty}");
        }
        for bad in ["", "{\"nodes\":[}\n", "{\"nodes\":[{\"name\":\"]}\n"] {
            assert!(entries(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        /// Whatever the names look like, each entry comes back as it was.
        #[test]
        fn entries_are_those_that_were_joined(
            names in prop::collection::vec("(\\}|,|\\{|name|\"|:|\\\\|\\]|x){0,9}", 0..6)
        ) {
            let texts: Vec<String> = names
                .iter()
                .map(|name| file_text(name, 1, Timestamp::UNIX_EPOCH, &[Id::of(name.as_bytes())]))
                .collect();
            let json = join(texts.iter().map(String::as_str));
            prop_assert_eq!(entries(&json).unwrap(), texts.clone());
            let found: Vec<_> = texts.iter().map(|text| name_of(text).unwrap()).collect();
            prop_assert_eq!(found, names.clone());
            let ids: Vec<Id> = names.iter().map(|name| Id::of(name.as_bytes())).collect();
            prop_assert_eq!(chunks(&json).unwrap(), ids);
        }
    }
}
