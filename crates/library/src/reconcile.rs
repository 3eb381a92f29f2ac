//! Bringing folder and catalogue together again after a run that did not end in order: what a crash left between a file's
//! name and its row, and what somebody did to the folder meanwhile.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::Path,
};

use safelight_core::{
    AssetId, CaptureTime, CopyState, Details, Evidence, LibraryPath, MediaKind, Place, Proof,
};

use crate::{
    adopt::Adopter,
    asset,
    error::{DiskResult, IntakeError, LibraryError},
    evidence::{judge, store, stored_rule},
    manifest::folder_key,
    open::{Core, Library, Look},
    problems::{self, kind},
    root::{Root, STAGING},
    stored,
    walk::{Listing, Walk},
};

/// What the metadata of a file that was found in the library folder say.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// What it is.
    pub kind: MediaKind,
    /// When it was taken.
    pub captured: Option<CaptureTime>,
    /// What it says of itself besides; `None` if it could not be read for that.
    pub details: Option<Details>,
}

/// How far work over the whole library has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Files looked at.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
}

/// What a reconciliation did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReconcileReport {
    /// Files that the catalogue did not know, or had lost, and now has.
    pub adopted: u64,
    /// Photos whose file is not there.
    pub missing: u64,
    /// Leftovers of interrupted uploads that were removed.
    pub staging_removed: u64,
}

/// The kinds of problem that a walk finds, and so finds again if they are still there.
pub(crate) const FOUND_BY_WALKS: [&str; 5] = [
    kind::MISSING_FILE,
    kind::DUPLICATE_FILE,
    kind::UNUSABLE_NAME,
    kind::UNREADABLE_FILE,
    kind::UNREADABLE_FOLDER,
];

impl Library {
    /// Brings folder and catalogue together: removes what interrupted uploads left, takes in files that the catalogue
    /// does not know, and notes photos whose file is not there. Reads only files that are new. May run beside uploads;
    /// memory is bounded by the largest folder.
    ///
    /// `describe` tells what a file is, from its place and its name.
    ///
    /// # Errors
    ///
    /// The library folder is not there, or goes away; the disk or the catalogue refuses. What was done stays done, and
    /// beginning anew is safe.
    pub fn reconcile(
        &self,
        describe: &dyn Fn(&Path, &str) -> Described,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ReconcileReport, LibraryError> {
        let core = self.core();
        let look = Look::begin(core);
        let root = core.ready_root()?;
        for kind in FOUND_BY_WALKS {
            self.clear_problems(kind)?;
        }
        let mut report = ReconcileReport {
            staging_removed: sweep_staging(core, &root)?,
            ..ReconcileReport::default()
        };
        let mut adopter = Adopter::new(core, &root, describe);
        let (mut done, mut seen) = (Progress::default(), Seen::default());
        for listing in Walk::of(&root) {
            // An unmounted disk looks like an empty folder.
            core.ready_root()?;
            let unlisted = self.bring_in(&mut adopter, &listing, &mut done, progress)?;
            adopter.flush()?;
            if listing.complete {
                report.missing += note_missing(core, &unlisted)?;
                seen.folders.insert(folder_key(&listing.folder));
            } else {
                seen.unreadable.push(folder_key(&listing.folder));
            }
        }
        report.missing += missing_folders(core, &seen)?;
        report.adopted = adopter.adopted.len() as u64;
        look.finish();
        Ok(report)
    }

    /// Takes in a folder's unknown files. Returns the photos that belong there and are not listed.
    fn bring_in(
        &self,
        adopter: &mut Adopter<'_>,
        listing: &Listing,
        done: &mut Progress,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<AssetId>, LibraryError> {
        // Read after the folder was listed: what was committed in between is known.
        let mut known: HashMap<LibraryPath, AssetId> =
            photos_of(adopter.core, &folder_key(&listing.folder))?
                .into_iter()
                .collect();
        for oddity in &listing.oddities {
            adopter.tell_odd(oddity.clone());
        }
        for file in &listing.files {
            if known.remove(&file.path).is_none() {
                done.bytes += adopter.offer(file, None)?;
            }
            done.files += 1;
            progress(*done);
        }
        Ok(known.into_values().collect())
    }
}

/// The folders that a walk has seen.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) folders: HashSet<String>,
    /// What is in and below these is not known.
    pub(crate) unreadable: Vec<String>,
}

impl Seen {
    pub(crate) fn knows_nothing_of(&self, folder: &str) -> bool {
        self.unreadable.iter().any(|unreadable| {
            unreadable.is_empty()
                || folder == unreadable
                || folder
                    .strip_prefix(unreadable.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

/// The photos of one folder, with their paths as they are spelled.
pub(crate) fn photos_of(
    core: &Core,
    folder_key: &str,
) -> Result<Vec<(LibraryPath, AssetId)>, LibraryError> {
    core.catalogue.read("list a folder's photos", |connection| {
        let mut query =
            connection.prepare_cached("SELECT path, id FROM asset WHERE folder_key = ?1")?;
        let rows = query.query_map([folder_key], |row| {
            Ok((stored::path(row, 0)?, AssetId(row.get(1)?)))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    })
}

/// The catalogue's folder after one, in the order of the keys.
pub(crate) fn next_folder(
    core: &Core,
    after: Option<&str>,
) -> Result<Option<String>, LibraryError> {
    core.catalogue.read("list the folders", |connection| {
        let mut query = match after {
            None => {
                connection.prepare_cached("SELECT min(folder_key) FROM asset WHERE ?1 IS NULL")?
            }
            Some(_) => connection
                .prepare_cached("SELECT min(folder_key) FROM asset WHERE folder_key > ?1")?,
        };
        Ok(query.query_row([after], |row| row.get(0))?)
    })
}

/// Notes the photos of folders that a walk has not seen.
pub(crate) fn missing_folders(core: &Core, seen: &Seen) -> Result<u64, LibraryError> {
    let mut missing = 0;
    let mut folder = next_folder(core, None)?;
    while let Some(key) = folder {
        if !seen.folders.contains(&key) && !seen.knows_nothing_of(&key) {
            let photos: Vec<AssetId> = photos_of(core, &key)?
                .into_iter()
                .map(|(_, id)| id)
                .collect();
            missing += note_missing(core, &photos)?;
        }
        folder = next_folder(core, Some(&key))?;
    }
    Ok(missing)
}

/// Notes which of these photos have no file. They are looked at once more, in the writer's turn: none is renamed then.
pub(crate) fn note_missing(core: &Core, photos: &[AssetId]) -> Result<u64, LibraryError> {
    let mut missing = 0;
    for chunk in photos.chunks(256) {
        let root = core.ready_root()?;
        missing += core.catalogue.write("note missing files", |change| {
            let (now, rule) = (core.clock.now(), stored_rule(change)?);
            let mut missing = 0;
            for id in chunk {
                let Some(photo) = asset::by_id(change, *id)? else {
                    continue;
                };
                match fs::metadata(root.file(&photo.path)) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    // There after all, or not to be told.
                    Ok(_) | Err(_) => continue,
                }
                let lost = Evidence {
                    place: Place::Home,
                    state: CopyState::Missing,
                    proof: Proof::ReadBack,
                    at: now,
                };
                store(change, *id, &lost, None)?;
                judge(change, rule, *id)?;
                let message = "The file is not where it was stored; restore it, or upload it again";
                problems::raise(
                    change,
                    now,
                    kind::MISSING_FILE,
                    photo.path.as_str(),
                    message,
                )?;
                missing += 1;
            }
            // Not if the whole disk went away meanwhile.
            core.ready_root()?;
            Ok::<_, LibraryError>(missing)
        })?;
    }
    Ok(missing)
}

/// Removes what earlier runs left in the staging folder. This run's files are in use.
pub(crate) fn sweep_staging(core: &Core, root: &Root) -> Result<u64, LibraryError> {
    let folder = root.folder(STAGING);
    let mut removed = 0;
    for entry in fs::read_dir(&folder).doing("list", &folder)? {
        let entry = entry.doing("list", &folder)?;
        let ours = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(&core.run));
        if !ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let path = entry.path();
            core.disk.remove(&path).doing("remove", &path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

impl LibraryError {
    pub(crate) fn from_naming(error: IntakeError) -> Self {
        match error {
            IntakeError::LibraryUnavailable(error) => Self::LibraryUnavailable(error),
            IntakeError::Catalogue(error) => Self::Catalogue(error),
            IntakeError::Disk(error) => Self::Disk(error),
            other => Self::Disk(crate::error::DiskError::new(
                "find a free name in",
                "the library folder",
                io::Error::other(other),
            )),
        }
    }
}
