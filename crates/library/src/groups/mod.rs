//! Groups: what belongs together is one tile, lies in one folder, and is safe when all of it is.
//!
//! `core::group` decides; here its candidates are found by index, and what it decided is written in the transaction that
//! adds the file. The first file of a group that is no sidecar chooses the folder and the stem, and the others come to it:
//! no photo is ever renamed for another one's sake (`docs/adr/0002`). A sidecar that came first is moved to its photo.
//!
//! | question | module |
//! |---|---|
//! | which files may a file belong to? | `near` |
//! | how may a name be spelled that is looked for? | `spelling` |
//! | where is a file filed that joins others? | `home` |
//! | how does a sidecar come to its photo? | `sidecars` |
//! | what of a date that a person put right before a part came? | `dates` |

mod dates;
mod home;
mod near;
mod sidecars;
mod spelling;

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use safelight_core::{
    AssetId, ContentHash, DeviceId, MediaKind, PersonId, Timestamp,
    group::{GroupName, Known, Member, Role, arrange},
};

use crate::{
    asset::{self, Asset},
    error::{CatalogueError, LibraryError},
    evidence::{judge, stored_rule},
    imports::{CollectionFolder, SourceFile},
    intake::Filing,
    open::{Core, Library},
    people,
    stored::{ASSET, asset as asset_of},
    timeline,
};

pub(crate) use home::Naming;
use near::{Near, near};

/// What two files have in common that may belong to one group. Only one of them is filed at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tie {
    Stem(Option<DeviceId>, String),
    ContentId(String),
    BurstId(String),
}

impl Tie {
    /// None for a file that belongs to nothing.
    pub(crate) fn of(filing: &Filing) -> Vec<Self> {
        let name = GroupName::of(&filing.wish);
        if filing.kind == MediaKind::Other && name.sidecar.is_none() {
            return Vec::new();
        }
        let details = filing.details.as_ref();
        let content = details.and_then(|details| details.content_id.clone());
        let burst = details.and_then(|details| details.burst_id.clone());
        [
            Some(Self::Stem(filing.device, name.stem)),
            content.map(Self::ContentId),
            burst.map(Self::BurstId),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A folder in which a file's name says something.
#[derive(Clone, Debug)]
pub(crate) enum Folder {
    /// Of a device's tree, by its entry.
    Tree(i64),
    /// Of the library, by its key. The names are those of the files.
    Library(String),
    /// Of a collection that is imported.
    Collection(CollectionFolder),
    /// Of the library, by its key, for a file that comes to it from elsewhere, nobody knows which folder: the names are also
    /// those that the files came with. They say nothing of sidecars, which have no time to tell two photos of one name apart.
    Arriving(String),
}

/// A file that is looked at for what it belongs to.
pub(crate) struct New {
    /// Its number, if it has one already.
    pub(crate) asset: Option<AssetId>,
    pub(crate) member: Member,
    /// When it came, or comes.
    pub(crate) arrived: Timestamp,
    /// Whose it is: groups are of one person's photos.
    pub(crate) person: PersonId,
    pub(crate) folders: Vec<Folder>,
}

impl New {
    /// A file that arrives. `tree` is the folder of its entry; `library` the key of the folder that it would be filed in
    /// by itself.
    pub(crate) fn arriving(
        filing: &Filing,
        hash: ContentHash,
        now: Timestamp,
        person: PersonId,
        tree: Option<i64>,
        library: &str,
    ) -> Self {
        let collection = filing.source.as_ref().and_then(SourceFile::folder);
        let folder = match (filing.device, tree, collection) {
            (Some(_), Some(tree), _) => Some(Folder::Tree(tree)),
            // A new folder of the tree: nothing is beside it.
            (Some(_), None, _) => None,
            (None, _, Some(folder)) => Some(Folder::Collection(folder)),
            (None, _, None) => Some(Folder::Arriving(library.to_owned())),
        };
        Self {
            asset: None,
            member: Member {
                name: filing.wish.clone(),
                hash,
                kind: filing.kind,
                captured: filing.captured,
                details: filing.details.clone().unwrap_or_default(),
            },
            arrived: now,
            person,
            folders: folder.into_iter().collect(),
        }
    }

    /// A photo that is here. Its name is looked at where devices' trees have it, else in the library folder.
    pub(crate) fn here(connection: &Connection, photo: &Asset) -> rusqlite::Result<New> {
        let mut query = connection.prepare_cached(
            "SELECT parent, name FROM entry WHERE asset = ?1 AND removed_at IS NULL ORDER BY id LIMIT 8",
        )?;
        let entries: Vec<(i64, String)> = query
            .query_map([photo.id.0], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut new = Self::found(connection, photo)?;
        if let Some((_, name)) = entries.first() {
            let stem = GroupName::of(name).stem;
            new.member.name.clone_from(name);
            new.folders = entries
                .iter()
                .filter(|(_, name)| GroupName::of(name).stem == stem)
                .map(|(parent, _)| Folder::Tree(*parent))
                .collect();
        }
        Ok(new)
    }

    /// A photo that was found in the library folder.
    pub(crate) fn found(connection: &Connection, photo: &Asset) -> rusqlite::Result<New> {
        let key = crate::stored::PathKey::of(&photo.path).folder;
        let Known {
            mut member,
            arrived,
            ..
        } = near::by_id(connection, photo.id)?
            .ok_or(rusqlite::Error::QueryReturnedNoRows)?
            .known;
        member.name = photo.path.name().to_owned();
        Ok(New {
            asset: Some(photo.id),
            member,
            arrived,
            person: people::whose_folder(connection, &key)?,
            folders: vec![Folder::Library(key)],
        })
    }
}

/// What is known of a file's company before it is filed.
pub(crate) struct Company {
    /// Where it is filed.
    pub(crate) home: Option<home::Home>,
    /// Whether there is any.
    pub(crate) is_there: bool,
}

/// Looks for the files that a file belongs to.
pub(crate) fn company(connection: &Connection, new: &New) -> rusqlite::Result<Company> {
    let near = near(connection, new)?;
    Ok(Company {
        is_there: !near.is_empty(),
        home: home::beside(connection, new, &near)?,
    })
}

/// The files as `core` wants them, the new one first.
fn with_new(new: &New, group: i64, near: &[Near]) -> Vec<Known> {
    let first = Known {
        member: new.member.clone(),
        group,
        arrived: new.arrived,
        is_beside: true,
    };
    let others = near.iter().map(|near| near.known.clone());
    std::iter::once(first).chain(others).collect()
}

/// The files that a new one would be in one group with.
fn joined<'a>(new: &New, near: &'a [Near]) -> impl Iterator<Item = &'a Near> {
    // No other group has this number.
    let groups = arrange(&with_new(new, 0, near));
    let own = groups.into_iter().find_map(|group| {
        let mut members: Vec<usize> = group.parts.iter().map(|part| part.file).collect();
        members.push(group.lead);
        members.contains(&0).then_some(members)
    });
    let files = own.into_iter().flatten();
    files.filter_map(|file| near.get(file.checked_sub(1)?))
}

/// Brings the groups in line with a photo that is here now, and what follows for their safety.
pub(crate) fn regroup(
    core: &Core,
    change: &Connection,
    asset: AssetId,
    new: &New,
) -> rusqlite::Result<()> {
    let near = near(change, new)?;
    let Some(own) = near::by_id(change, asset)? else {
        return Ok(());
    };
    let files = with_new(new, own.known.group, &near);
    let photo = |file: usize| match file.checked_sub(1) {
        None => &own,
        Some(other) => &near[other],
    };
    let groups = arrange(&files);
    let mut changed = BTreeSet::new();
    for group in &groups {
        let lead = photo(group.lead);
        let parts = group.parts.iter();
        let parts = parts.map(|part| (photo(part.file), Some((lead.id, part.role))));
        for (file, part) in std::iter::once((lead, None)).chain(parts) {
            if note(change, file, part)? {
                changed.insert(file.part.map_or(file.id, |(lead, _)| lead));
                changed.insert(lead.id);
            }
        }
    }
    for lead in &changed {
        timeline::choose(change, *lead)?;
    }
    if !changed.is_empty() {
        // Also those that something was taken from.
        let rule = stored_rule(change)?;
        for group in &groups {
            judge(change, rule, photo(group.lead).id)?;
            dates::follow(core, change, photo(group.lead).id)?;
        }
    }
    Ok(())
}

/// Writes down what a photo is part of. Says whether that was not known.
fn note(
    change: &Connection,
    photo: &Near,
    part: Option<(AssetId, Role)>,
) -> rusqlite::Result<bool> {
    if photo.part == part {
        return Ok(false);
    }
    change
        .prepare_cached("UPDATE asset SET part_of = ?2, role = ?3 WHERE id = ?1")?
        .execute(params![
            photo.id.0,
            part.map(|(lead, _)| lead.0),
            part.map(|(_, role)| role.as_str())
        ])?;
    Ok(true)
}

/// All files of a photo's group, the one that stands for it first; only itself if it is in none.
pub(crate) fn of(connection: &Connection, photo: &Asset) -> rusqlite::Result<Vec<Asset>> {
    let lead = photo.part_of.unwrap_or(photo.id);
    let mut group: Vec<Asset> = asset::by_id(connection, lead)?.into_iter().collect();
    let mut parts = connection.prepare_cached(&format!(
        "SELECT {ASSET} FROM asset a WHERE a.part_of = ?1 ORDER BY a.role, a.id"
    ))?;
    for part in parts.query_map([lead.0], asset_of)? {
        group.push(part?);
    }
    Ok(group)
}

/// How many of these photos share a tile with others.
pub(crate) fn paired(connection: &Connection, photos: &[AssetId]) -> Result<u64, LibraryError> {
    let mut query = connection.prepare_cached(
        "SELECT 1 FROM asset a WHERE a.id = ?1
           AND (a.part_of IS NOT NULL OR EXISTS (SELECT 1 FROM asset p WHERE p.part_of = a.id))",
    )?;
    let mut paired = 0;
    for photo in photos {
        paired += u64::from(query.exists([photo.0])?);
    }
    Ok(paired)
}

impl Library {
    /// Whether a file that is not here would join photos of a person that are, by what it says of itself: whatever its
    /// name is, and wherever it comes from.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn has_company(&self, person: PersonId, member: &Member) -> Result<bool, CatalogueError> {
        let new = New {
            asset: None,
            member: member.clone(),
            arrived: self.core().clock.now(),
            person,
            folders: Vec::new(),
        };
        self.core()
            .catalogue
            .read("look for what a file belongs to", |connection| {
                let near = near(connection, &new)?;
                Ok(joined(&new, &near).next().is_some())
            })
    }

    /// All files of a photo's group, the one that stands for it first; only the photo itself if it is in none. Nothing if
    /// there is no such photo.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn group(&self, id: AssetId) -> Result<Vec<Asset>, CatalogueError> {
        self.core()
            .catalogue
            .read("list a photo's group", |connection| {
                Ok(match asset::by_id(connection, id)? {
                    Some(photo) => of(connection, &photo)?,
                    None => Vec::new(),
                })
            })
    }
}
