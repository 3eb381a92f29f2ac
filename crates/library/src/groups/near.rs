//! The files that a file may belong to: found by index, a few hundred at most.

use std::{collections::BTreeMap, path::is_separator};

use rusqlite::{Connection, OptionalExtension, Row, Rows, params, types::FromSql};
use safelight_core::{
    AssetId, LibraryPath, MediaKind, Precision,
    group::{GroupName, Known, MOST_ALIKE, Member, Role},
    lasting_name,
};

use super::{
    Folder, New,
    spelling::{From, spelled},
};
use crate::{
    details::{DETAILS, details},
    imports::CollectionFolder,
    stored::{at_most, captured, hash, path, time, word},
};

/// How far the pictures of a burst may be apart that are found by their time, in seconds.
const BURST_SECONDS: i64 = 10;

/// Sorts behind every other character.
const LAST: char = '\u{10FFFF}';

/// A file that another one may belong to.
pub(crate) struct Near {
    pub(crate) id: AssetId,
    pub(crate) path: LibraryPath,
    /// What it is part of now.
    pub(crate) part: Option<(AssetId, Role)>,
    pub(crate) known: Known,
}

/// The time that counts for groups is a photo's own: what a person put right says nothing of its neighbours.
const COLUMNS: &str = "a.id, a.hash, a.kind, a.path, a.original_name, a.part_of, a.role, a.added_at,
    iif(r.asset IS NULL, a.captured_local, r.own_local), iif(r.asset IS NULL, a.captured_offset, r.own_offset),
    iif(r.asset IS NULL, a.captured_source, r.own_source), iif(r.asset IS NULL, a.captured_precision, r.own_precision)";

/// A photo, by the name that it came with.
pub(crate) fn by_id(connection: &Connection, id: AssetId) -> rusqlite::Result<Option<Near>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, {DETAILS} FROM asset a LEFT JOIN remark r ON r.asset = a.id WHERE a.id = ?1"
        ))?
        .query_row([id.0], read)
        .optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Near> {
    let id = AssetId(row.get(0)?);
    let lead: Option<i64> = row.get(5)?;
    Ok(Near {
        id,
        path: path(row, 3)?,
        part: match lead {
            Some(lead) => Some((AssetId(lead), word(row, 6, Role::from_word)?)),
            None => None,
        },
        known: Known {
            member: Member {
                name: row.get(4)?,
                hash: hash(row, 1)?,
                kind: word(row, 2, MediaKind::from_word)?,
                captured: captured(row, 8)?,
                details: details(row, 12)?.unwrap_or_default(),
            },
            group: lead.unwrap_or(id.0),
            arrived: time(row, 7)?,
            is_beside: false,
        },
    })
}

/// The files that a file may belong to, with all of their groups, but without itself. None if they are too many to mean
/// anything; what is in its own group is there in any case.
pub(super) fn near(connection: &Connection, new: &New) -> rusqlite::Result<Vec<Near>> {
    // By number, with the names of those that lie beside it.
    let mut found = BTreeMap::<i64, Option<String>>::new();
    by_identifiers(connection, new, &mut found)?;
    by_names(connection, new, &mut found)?;
    if found.len() > MOST_ALIKE {
        found.clear();
    }
    let mut files = BTreeMap::<i64, Near>::new();
    let mut leads = Vec::new();
    if let Some(asset) = new.asset {
        // What is in its own group stays there.
        leads.extend(by_id(connection, asset)?.map(|own| own.known.group));
    }
    for (id, name) in found {
        let Some(mut near) = by_id(connection, AssetId(id))? else {
            continue;
        };
        if let Some(name) = name {
            near.known.member.name = name;
            near.known.is_beside = true;
        }
        leads.push(near.known.group);
        files.insert(id, near);
    }
    leads.sort_unstable();
    leads.dedup();
    let mut group = connection.prepare_cached(
        "SELECT id FROM asset WHERE id = ?1 UNION ALL SELECT id FROM asset WHERE part_of = ?1",
    )?;
    for lead in leads {
        let members = group.query_map([lead], |row| row.get::<_, i64>(0))?;
        for member in members.collect::<rusqlite::Result<Vec<_>>>()? {
            if !files.contains_key(&member)
                && let Some(near) = by_id(connection, AssetId(member))?
            {
                files.insert(member, near);
            }
        }
    }
    if let Some(asset) = new.asset {
        files.remove(&asset.0);
    }
    Ok(files.into_values().collect())
}

/// One person's photos with an identifier in common.
fn by_identifiers(
    connection: &Connection,
    new: &New,
    found: &mut BTreeMap<i64, Option<String>>,
) -> rusqlite::Result<()> {
    let details = &new.member.details;
    for (identifier, column) in [
        (&details.content_id, "content_id"),
        (&details.burst_id, "burst_id"),
    ] {
        let Some(identifier) = identifier else {
            continue;
        };
        let mut query = connection.prepare_cached(&format!(
            "SELECT a.id FROM asset a WHERE a.{column} = ?1
               AND EXISTS (SELECT 1 FROM holding h WHERE h.asset = a.id AND h.person = ?2) LIMIT ?3"
        ))?;
        let rows = query.query_map(
            params![identifier, new.person.0, at_most(MOST_ALIKE + 1)],
            |row| row.get(0),
        )?;
        let ids = rows.collect::<rusqlite::Result<Vec<i64>>>()?;
        if ids.len() <= MOST_ALIKE {
            found.extend(ids.into_iter().map(|id| (id, None)));
        }
    }
    Ok(())
}

/// The files of its stem in the folders where its name says something.
fn by_names(
    connection: &Connection,
    new: &New,
    found: &mut BTreeMap<i64, Option<String>>,
) -> rusqlite::Result<()> {
    let own = GroupName::of(&new.member.name);
    let mut keep = |id: i64, name: &str| {
        let fits = GroupName::of(name).stem == own.stem;
        if fits {
            found.insert(id, Some(name.to_owned()));
        }
        fits
    };
    let beginnings = own.beginnings(&new.member.name);
    for folder in &new.folders {
        // Where a file comes from elsewhere, a sidecar's name says nothing of what happens to lie there.
        if matches!(folder, Folder::Arriving(_)) && new.member.kind == MediaKind::Other {
            continue;
        }
        for beginning in &beginnings {
            let listed = match folder {
                Folder::Tree(parent) => in_tree(connection, *parent, beginning),
                Folder::Collection(folder) => in_collection(connection, new, folder, beginning),
                Folder::Library(key) => in_library(connection, key, false, beginning),
                Folder::Arriving(key) => in_library(connection, key, true, beginning),
            }?;
            for (id, names) in listed {
                // A name that is about to stand for the new file stands for another one no more.
                let is_taken_over = matches!(folder, Folder::Tree(_) | Folder::Collection(_))
                    && names.contains(&new.member.name);
                if !is_taken_over {
                    let _first_that_fits = names.iter().any(|name| keep(id, lasting_name(name)));
                }
            }
        }
    }
    if beginnings.is_empty() && !new.folders.is_empty() {
        for (id, name) in by_time(connection, new)? {
            keep(id, &name);
        }
    }
    Ok(())
}

/// A file of a folder, with the names that count.
type Listed = (i64, Vec<String>);

/// What `list` has of a beginning: up to one over [`MOST_ALIKE`]. If there are more, those are among it whose stem ends with
/// the beginning.
fn narrowed<T>(
    beginning: &str,
    mut list: impl FnMut(&str) -> rusqlite::Result<Vec<T>>,
) -> rusqlite::Result<Vec<T>> {
    let mut files = list(beginning)?;
    if files.len() > MOST_ALIKE {
        for ending in GroupName::endings() {
            files.extend(list(&format!("{beginning}{ending}"))?);
        }
    }
    Ok(files)
}

/// The files of a folder of a device's tree.
fn in_tree(connection: &Connection, parent: i64, beginning: &str) -> rusqlite::Result<Vec<Listed>> {
    let mut query = connection.prepare_cached(
        "SELECT name, asset FROM entry WHERE parent = ?1 AND name >= ?2 AND removed_at IS NULL ORDER BY name",
    )?;
    let files = narrowed(beginning, |beginning| {
        spelled(beginning, MOST_ALIKE, |beginning, most| {
            from(query.query(params![parent, beginning])?, beginning, most)
        })
    })?;
    Ok(files
        .into_iter()
        .filter_map(|(name, id): (String, Option<i64>)| Some((id?, vec![name])))
        .collect())
}

/// Reads names, in their order, up to the first that does not begin so.
fn from<T: FromSql>(
    mut rows: Rows<'_>,
    beginning: &str,
    most: usize,
) -> rusqlite::Result<From<(String, T)>> {
    let (mut alike, mut next) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        if alike.len() == most || !name.starts_with(beginning) {
            next = Some(name);
            break;
        }
        alike.push((name, row.get(1)?));
    }
    Ok(From { alike, next })
}

/// The files of a library folder, whose names are catalogued without differences of case; `came_with`: also by the names
/// that they came with.
fn in_library(
    connection: &Connection,
    key: &str,
    came_with: bool,
    beginning: &str,
) -> rusqlite::Result<Vec<Listed>> {
    let folded = |text: &str| {
        LibraryPath::parse(text).map_or_else(|_| text.to_owned(), |path| path.collision_key())
    };
    let mut query = connection.prepare_cached(
        "SELECT id, path, original_name FROM asset
         WHERE folder_key = ?1 AND name_key >= ?2 AND name_key < ?3 AND kind IS NOT ?4 LIMIT ?5",
    )?;
    narrowed(beginning, |beginning| {
        let rows = query.query_map(
            params![
                key,
                folded(beginning),
                folded(&format!("{beginning}{LAST}")),
                came_with.then_some(MediaKind::Other.as_str()),
                at_most(MOST_ALIKE + 1)
            ],
            |row| {
                let mut names = vec![path(row, 1)?.name().to_owned()];
                if came_with {
                    names.push(row.get(2)?);
                }
                Ok((row.get(0)?, names))
            },
        )?;
        rows.collect()
    })
}

/// One person's photos that were read from a folder of a collection, by the beginnings of their names there.
fn in_collection(
    connection: &Connection,
    new: &New,
    folder: &CollectionFolder,
    beginning: &str,
) -> rusqlite::Result<Vec<Listed>> {
    let (column, folder) = match folder {
        CollectionFolder::OnDisk(folder) => ("place", folder),
        CollectionFolder::InArchives(folder) => ("inside", folder),
    };
    // The limit counts also what is no photo yet, and what lies in folders below: no look takes long.
    let mut query = connection.prepare_cached(&format!(
        "SELECT substr({column}, length(?1) + 1), hash FROM source_file
         WHERE {column} >= ?1 || ?2 AND {column} < ?1 || ?3 ORDER BY {column}"
    ))?;
    let files = narrowed(beginning, |beginning| {
        spelled(beginning, MOST_ALIKE, |beginning, most| {
            let rows = query.query(params![folder, beginning, LAST.to_string()])?;
            from(rows, beginning, most)
        })
    })?;
    let mut theirs = connection.prepare_cached(
        "SELECT a.id FROM asset a WHERE a.hash = ?1
           AND EXISTS (SELECT 1 FROM holding h WHERE h.asset = a.id AND h.person = ?2)",
    )?;
    let mut found = Vec::new();
    for (name, hash) in files {
        let hash: [u8; 32] = hash;
        if !name.contains(is_separator)
            && let Some(id) = theirs
                .query_row(params![hash, new.person.0], |row| row.get(0))
                .optional()?
        {
            found.push((id, vec![name]));
        }
    }
    Ok(found)
}

/// One person's photos of nearly the same time that are no parts of others.
fn by_time(connection: &Connection, new: &New) -> rusqlite::Result<Vec<(i64, String)>> {
    let Some(taken) = new
        .member
        .captured
        .filter(|taken| taken.precision == Precision::Second)
    else {
        return Ok(Vec::new());
    };
    let seconds = |count| jiff::Span::new().seconds(count);
    let around = (
        taken.local.checked_sub(seconds(BURST_SECONDS)),
        taken.local.checked_add(seconds(BURST_SECONDS)),
    );
    let (Ok(from), Ok(to)) = around else {
        return Ok(Vec::new());
    };
    connection
        .prepare_cached(
            "SELECT a.id, a.original_name FROM asset a WHERE a.part_of IS NULL AND a.aside = 0
               AND a.captured_local >= ?1 AND a.captured_local <= ?2
               AND EXISTS (SELECT 1 FROM holding h WHERE h.asset = a.id AND h.person = ?3) LIMIT ?4",
        )?
        .query_map(
            params![from.to_string(), to.to_string(), new.person.0, at_most(MOST_ALIKE)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .collect()
}
