//! Moves and copies in a device's tree. They move names; a photo's file follows only where it was named after the entry,
//! as when a client uploads `a81f.tmp` and moves it to `x.jpg`.

use std::{collections::HashSet, io, path::PathBuf};

use rusqlite::{Connection, params};
use safelight_core::{
    DeviceId, DevicePath, FileName, LibraryPath, Timestamp, lasting_name, system_file,
};

use crate::{
    asset,
    committer::relocate,
    entry_properties,
    error::{DiskError, DiskResult, IntakeError, TreeError},
    groups::Naming,
    kept::Kept,
    manifest,
    names::Reservation,
    notes,
    open::{Core, Library},
    root::Root,
    stored::{PathKey, at_most},
    tree::{Moved, Node, child, children, find},
    tree_change::{NewNode, insert, missing_parent, next_revision, take_away, touch_upwards},
};

/// How many entries a copy makes at most. It is one transaction, and everybody else's changes wait for its end.
const MOST_COPIED: usize = 100_000;

/// What a move or a copy works with, once everything that forbids it has been ruled out.
struct Plan {
    source: Node,
    target_folder: Node,
    replaced: Option<Node>,
}

fn plan(
    connection: &Connection,
    device: DeviceId,
    from: &DevicePath,
    to: &DevicePath,
    overwrite: bool,
) -> Result<Plan, TreeError> {
    let source = find(connection, device, from)?
        .node
        .ok_or_else(|| TreeError::NotFound(from.clone()))?;
    // What is in the way would be hidden first, and the source with it.
    if to.is_within(from) || from.is_within(to) {
        return Err(TreeError::IntoItself(from.clone()));
    }
    let found = find(connection, device, to)?;
    let target_folder = found.parent.ok_or_else(|| missing_parent(to))?;
    if found.node.is_some() && !overwrite {
        return Err(TreeError::AlreadyExists(to.clone()));
    }
    if source.is_note && source.size > 0 && !system_file::may_be(to.name()) {
        return Err(TreeError::NoPhoto(from.clone()));
    }
    Ok(Plan {
        source,
        target_folder,
        replaced: found.node,
    })
}

/// What is below an entry that is not hidden: how many bytes each path there is longer than the entry's own. Paths that
/// are longer by more than `?2` are in it, but nothing below them.
const BELOW: &str = "WITH RECURSIVE below (id, bytes) AS (
       SELECT ?1, 0
       UNION ALL
       SELECT e.id, b.bytes + 1 + length(CAST(e.name AS BLOB))
       FROM below b JOIN entry e ON e.parent = b.id WHERE e.removed_at IS NULL AND b.bytes <= ?2
     )";

/// Refuses what would give an entry a path that no request can name.
fn check_depth(
    connection: &Connection,
    source: &Node,
    from: &DevicePath,
    to: &DevicePath,
) -> Result<(), TreeError> {
    let room = at_most(DevicePath::MAX_PATH.saturating_sub(to.as_str().len()));
    let too_deep = connection
        .prepare_cached(&format!("{BELOW} SELECT 1 FROM below WHERE bytes > ?2"))?
        .exists(params![source.id, room])?;
    if too_deep {
        return Err(TreeError::TooDeep(from.clone()));
    }
    Ok(())
}

/// Refuses what is too much for one transaction.
fn check_count(connection: &Connection, source: &Node, from: &DevicePath) -> Result<(), TreeError> {
    let entries: i64 = connection
        .prepare_cached(&format!(
            "{BELOW} SELECT count(*) FROM (SELECT 1 FROM below LIMIT ?3)"
        ))?
        .query_row(
            params![
                source.id,
                at_most(DevicePath::MAX_PATH),
                at_most(MOST_COPIED + 1)
            ],
            |row| row.get(0),
        )?;
    if entries > at_most(MOST_COPIED) {
        return Err(TreeError::TooMany {
            path: from.clone(),
            most: MOST_COPIED,
        });
    }
    Ok(())
}

impl Library {
    /// Moves a file, or a folder with all below it, to another name of the same tree.
    ///
    /// # Errors
    ///
    /// There is no such name; the folder above the target does not exist; the target exists and `overwrite` is not set;
    /// one lies in the other; a path would become too long; the file in the library had to follow and could not; the
    /// catalogue's.
    pub fn move_entry(
        &self,
        device: DeviceId,
        from: &DevicePath,
        to: &DevicePath,
        overwrite: bool,
    ) -> Result<Moved, TreeError> {
        let core = self.core();
        let now = core.clock.now();
        let mut renamed = None;
        let moved = core.catalogue.write("move a name", |change| {
            let Plan {
                source,
                target_folder,
                replaced,
            } = plan(change, device, from, to, overwrite)?;
            // A path that becomes shorter was not too long before.
            if source.is_folder() && to.as_str().len() > from.as_str().len() {
                check_depth(change, &source, from, to)?;
            }
            if let Some(replaced) = &replaced {
                take_away(change, replaced, now)?;
            }
            let revision = next_revision(change)?;
            change.execute(
                "UPDATE entry SET parent = ?2, name = ?3 WHERE id = ?1",
                params![source.id, target_folder.id, to.name()],
            )?;
            if let Some(above) = source.parent {
                touch_upwards(change, above, revision, now)?;
            }
            touch_upwards(change, target_folder.id, revision, now)?;
            if from.name() != to.name() {
                renamed = file_follows(core, change, &source, to.name())?;
            }
            let node = child(change, target_folder.id, to.name())?
                .ok_or_else(|| TreeError::NotFound(to.clone()))?;
            Ok(Moved {
                entry: node.entry(device, to.clone(), &core.nonce),
                replaced: replaced.is_some(),
            })
        });
        if let (Err(_), Some(renamed)) = (&moved, renamed) {
            renamed.take_back(core);
        }
        moved
    }

    /// Copies a file, or a folder (with all below it, unless `shallow`), to another name of the same tree. The photos
    /// are not copied: both names stand for the same ones.
    ///
    /// # Errors
    ///
    /// As [`Self::move_entry`]; it has more than 100,000 entries; the device's programs would keep too much.
    pub fn copy_entry(
        &self,
        device: DeviceId,
        from: &DevicePath,
        to: &DevicePath,
        overwrite: bool,
        shallow: bool,
    ) -> Result<Moved, TreeError> {
        let core = self.core();
        let now = core.clock.now();
        core.catalogue.write("copy a name", |change| {
            let kept = Kept::before(change, device)?;
            let plan = plan(change, device, from, to, overwrite)?;
            if plan.source.is_folder() && !shallow {
                check_depth(change, &plan.source, from, to)?;
                check_count(change, &plan.source, from)?;
            }
            if let Some(replaced) = &plan.replaced {
                take_away(change, replaced, now)?;
            }
            let copying = Copying {
                device,
                now,
                version: next_revision(change)?,
                shallow,
            };
            copying.copy(change, plan.source, plan.target_folder.id, to.name())?;
            kept.judge(change, to)?;
            touch_upwards(change, plan.target_folder.id, copying.version, now)?;
            let node = child(change, plan.target_folder.id, to.name())?
                .ok_or_else(|| TreeError::NotFound(to.clone()))?;
            Ok(Moved {
                entry: node.entry(device, to.clone(), &core.nonce),
                replaced: plan.replaced.is_some(),
            })
        })
    }
}

struct Copying {
    device: DeviceId,
    now: Timestamp,
    version: i64,
    shallow: bool,
}

impl Copying {
    /// Copies without recursion: a tree may be deeper than a thread's stack.
    fn copy(
        &self,
        change: &Connection,
        source: Node,
        parent: i64,
        name: &str,
    ) -> rusqlite::Result<()> {
        let mut waiting = vec![(source, parent, name.to_owned())];
        while let Some((source, parent, name)) = waiting.pop() {
            let copy = insert(
                change,
                &NewNode {
                    device: self.device,
                    parent,
                    name: &name,
                    asset: source.asset,
                    modified: source.modified,
                    created: self.now,
                    client_created: source.client_created,
                    version: self.version,
                },
            )?;
            entry_properties::copy(change, source.id, copy)?;
            if source.is_note {
                notes::copy(change, source.id, copy)?;
            }
            if source.is_folder() && !self.shallow {
                for node in children(change, source.id)? {
                    let name = node.name.clone();
                    waiting.push((node, copy, name));
                }
            }
        }
        Ok(())
    }
}

/// A library file that was renamed before its row is committed.
struct Renamed {
    from: PathBuf,
    to: PathBuf,
    _name: Reservation,
}

impl Renamed {
    fn take_back(&self, core: &Core) {
        if let Err(error) = core.disk.place(&self.to, &self.from) {
            core.unclean
                .store(true, std::sync::atomic::Ordering::SeqCst);
            tracing::warn!(path = %self.to.display(), %error, "a file could not get its old name back; the next start will find it");
        }
    }
}

/// Renames the photo's file after its entry's new name, if it had been named after the old one and no other entry
/// stands for the photo.
fn file_follows(
    core: &Core,
    change: &Connection,
    source: &Node,
    new_name: &str,
) -> Result<Option<Renamed>, TreeError> {
    let Some(id) = source.asset else {
        return Ok(None);
    };
    let Some(photo) = asset::by_id(change, id)? else {
        return Ok(None);
    };
    let shared = change
        .prepare_cached("SELECT 1 FROM entry WHERE asset = ?1 AND id <> ?2 AND removed_at IS NULL")?
        .exists([id.0, source.id])?;
    if shared || lasting_name(&photo.original_name) != lasting_name(&source.name) {
        return Ok(None);
    }
    let new_name = lasting_name(new_name);
    if photo.original_name == new_name {
        return Ok(None);
    }
    change.execute(
        "UPDATE asset SET original_name = ?2 WHERE id = ?1",
        params![id.0, new_name],
    )?;
    manifest::must_be_rewritten(change, photo.path.folder())?;
    let wish = FileName::from_wish(new_name);
    let same_place = LibraryPath::in_folder(photo.path.folder(), &wish)
        .is_ok_and(|wished| PathKey::of(&wished) == PathKey::of(&photo.path));
    if same_place {
        // Only upper and lower case differ, or nothing: some file systems know no such rename.
        return Ok(None);
    }
    let root = core.ready_root()?;
    let Some((path, renamed)) = rename(core, &root, &photo.path, &wish)? else {
        return Ok(None);
    };
    let noted = relocate(change, id, &photo.path, &path);
    if let Err(error) = noted {
        renamed.take_back(core);
        return Err(error.into());
    }
    Ok(Some(renamed))
}

/// `None` if the file is not there: then nothing is renamed, and verification will tell.
fn rename(
    core: &Core,
    root: &Root,
    from: &LibraryPath,
    wish: &FileName,
) -> Result<Option<(LibraryPath, Renamed)>, TreeError> {
    let mut unusable = HashSet::new();
    let old = root.file(from);
    loop {
        let (number, path, name) = core
            .free_name(from.folder(), wish, Naming::Free, &unusable)
            .map_err(tree_error)?;
        let new = root.file(&path);
        match core.disk.place(&old, &new) {
            Ok(()) => {
                let renamed = Renamed {
                    from: old,
                    to: new,
                    _name: name,
                };
                let folder = root.folder(from.folder());
                if let Err(error) = core
                    .disk
                    .sync_folder(&folder)
                    .doing("flush the folder", folder)
                {
                    renamed.take_back(core);
                    return Err(error.into());
                }
                return Ok(Some((path, renamed)));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                unusable.insert(number);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DiskError::new("rename", old, error).into()),
        }
    }
}

fn tree_error(error: IntakeError) -> TreeError {
    match error {
        IntakeError::Catalogue(error) => TreeError::Catalogue(error),
        IntakeError::LibraryUnavailable(error) => TreeError::LibraryUnavailable(error),
        IntakeError::Disk(error) => TreeError::Disk(error),
        IntakeError::NoSpace {
            path,
            free,
            reserve,
        } => TreeError::NoSpace {
            path,
            free,
            reserve,
        },
        other => TreeError::Disk(DiskError::new(
            "find a name in",
            "",
            io::Error::other(other),
        )),
    }
}
