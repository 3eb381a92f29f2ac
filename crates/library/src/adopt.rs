//! Files that lie in the library folder and that the catalogue does not know, or knows as lost: made photos like those
//! that were uploaded. Used by reconciliation and by the rebuild, beside uploads in flight.

use std::{collections::HashSet, fs::File, path::Path};

use rusqlite::Transaction;
use safelight_core::{
    AssetId, ContentHash, CopyState, Details, Evidence, FileName, LibraryPath, MediaKind, Place,
    Proof, Timestamp,
};

use crate::{
    asset::{self, Asset},
    committer::{By, NewAsset, insert_asset, note_arrival, relocate, reset_home},
    error::{DiskResult, LibraryError},
    evidence::{judge, store, stored_rule},
    file_times,
    groups::{self, Naming, New},
    intake::Outcome,
    manifest_format::{Facts, Line},
    names::{Flight, Reservation},
    open::Core,
    placement::{Bytes, Lying, hash_of},
    problems::{self, kind},
    reconcile::Described,
    remarks::{self, Said},
    root::Root,
    stored::micros,
    verify::same_time,
    walk::{FoundFile, Oddity},
};

/// How many findings share one transaction.
const BATCH: usize = 256;

/// What was found out about one file, and must be written.
pub(crate) enum Finding {
    /// A photo that the catalogue did not know.
    New(Box<NewPhoto>),
    /// The file of a photo that the catalogue knows: all its bytes were read and are right.
    Home {
        asset: AssetId,
        was: LibraryPath,
        path: LibraryPath,
        modified: Timestamp,
    },
    /// What a manifest says of a photo that the catalogue knows under another path.
    Said { asset: AssetId, said: Said },
    /// The file of a photo that the catalogue knows, with other bytes though nobody changed it.
    Damaged { asset: AssetId },
    /// Something to tell.
    Odd(Oddity),
}

impl Finding {
    /// Where the photo's good file lies that was found.
    fn file(&self) -> Option<&LibraryPath> {
        match self {
            Self::New(photo) if photo.state == CopyState::Good => Some(&photo.path),
            Self::Home { path, .. } => Some(path),
            Self::New(_) | Self::Said { .. } | Self::Damaged { .. } | Self::Odd(_) => None,
        }
    }
}

/// A photo to be added.
pub(crate) struct NewPhoto {
    pub(crate) hash: ContentHash,
    pub(crate) size: u64,
    pub(crate) kind: MediaKind,
    pub(crate) path: LibraryPath,
    pub(crate) original_name: String,
    /// What is said of it, its own time among it.
    pub(crate) said: Said,
    pub(crate) details: Option<Details>,
    pub(crate) modified: Timestamp,
    pub(crate) added_at: Timestamp,
    /// What is known of the home file.
    pub(crate) state: CopyState,
}

impl NewPhoto {
    /// A photo whose good file is not there, as its manifest line describes it.
    pub(crate) fn from_manifest(
        hash: ContentHash,
        facts: &Facts,
        path: LibraryPath,
        modified: Timestamp,
        state: CopyState,
    ) -> Self {
        Self {
            hash,
            size: facts.size,
            kind: facts.kind(),
            original_name: facts.name.clone(),
            said: facts.said(),
            details: None,
            modified,
            added_at: facts.added,
            path,
            state,
        }
    }
}

/// What is said of a file that went bad.
pub(crate) const DAMAGED: &str = "Its bytes have changed though nobody touched the file; restore it from an offsite copy, or upload it again";

fn is_rot(facts: &Facts, found: Bytes, modified: Timestamp) -> bool {
    facts.size == found.size && same_time(facts.modified, modified)
}

/// Collects findings, and writes many of them in one transaction.
pub(crate) struct Adopter<'a> {
    pub(crate) core: &'a Core,
    pub(crate) root: &'a Root,
    describe: &'a dyn Fn(&Path, &str) -> Described,
    waiting: Vec<Finding>,
    /// Names and bytes of the waiting findings: no upload may take them before they are written.
    held: Vec<(Option<Reservation>, Option<Flight>)>,
    /// Photos that are new, or back.
    pub(crate) adopted: Vec<AssetId>,
}

impl<'a> Adopter<'a> {
    pub(crate) fn new(
        core: &'a Core,
        root: &'a Root,
        describe: &'a dyn Fn(&Path, &str) -> Described,
    ) -> Self {
        Self {
            core,
            root,
            describe,
            waiting: Vec::new(),
            held: Vec::new(),
            adopted: Vec::new(),
        }
    }

    /// Takes in a file that the catalogue did not have at its path when the folder was listed. `line` is what a manifest
    /// says of it. Returns how many bytes were read.
    pub(crate) fn offer(
        &mut self,
        file: &FoundFile,
        line: Option<&Line>,
    ) -> Result<u64, LibraryError> {
        let Some(mut name) = self.core.names.reserve(&file.path) else {
            // An upload has just placed it and is about to commit it.
            return Ok(0);
        };
        let mut path = file.path.clone();
        let holder = self.core.catalogue.read("look up a file", |connection| {
            Ok::<_, LibraryError>(asset::by_key(connection, name.key())?)
        })?;
        if let Some(holder) = holder {
            if holder.path == path || self.is_same_file(&holder.path, &path) {
                return Ok(0);
            }
            // Some file systems would take the two for one: this one gets a number.
            match self.renumber(&path)? {
                Some((renamed, reservation)) => (path, name) = (renamed, reservation),
                None => return Ok(0),
            }
        }
        self.take_in(file, path, name, line)
    }

    /// Takes in somebody's edit of a photo, which lies at the path of the photo. It gets a number, unless its bytes are
    /// those of another photo's file.
    pub(crate) fn offer_edit(
        &mut self,
        file: &FoundFile,
        hash: ContentHash,
    ) -> Result<(), LibraryError> {
        let known = self
            .core
            .catalogue
            .read("look for the same bytes", |connection| {
                Ok::<_, LibraryError>(asset::by_hash(connection, &hash)?)
            })?;
        if let Some(known) = known.filter(|known| self.has_its_file(known, &file.path)) {
            self.tell(kind::CHANGED_FILE, &file.path, format!("Somebody put a copy of {} in its place, and the photo itself is missing at home; restore it, or upload it again", known.path));
        } else if let Some((path, name)) = self.renumber(&file.path)? {
            self.tell_edited(&file.path, &path);
            self.take_in(file, path, name, None)?;
        }
        Ok(())
    }

    fn tell_edited(&mut self, photo: &LibraryPath, edit: &LibraryPath) {
        self.tell(kind::CHANGED_FILE, photo, format!("Somebody changed the file; the changed one is now {edit}, and the version before is missing at home: restore it, or upload it again"));
    }

    /// Reads a file that lies at `path`, which is reserved, and makes it the photo that it is.
    fn take_in(
        &mut self,
        file: &FoundFile,
        mut path: LibraryPath,
        mut name: Reservation,
        line: Option<&Line>,
    ) -> Result<u64, LibraryError> {
        let mut absolute = self.root.file(&path);
        let bytes = match File::open(&absolute).and_then(|file| hash_of(&file)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            Err(error) => {
                self.tell(
                    kind::UNREADABLE_FILE,
                    &path,
                    format!("It could not be read: {error}"),
                );
                return Ok(0);
            }
        };
        let facts = match line {
            Some(Line { hash, facts, .. }) if *hash == bytes.hash => facts.as_ref(),
            Some(Line {
                hash,
                facts: Some(facts),
                ..
            }) if is_rot(facts, bytes, file.modified) => {
                self.damaged(*hash, facts, path, file.modified, name)?;
                return Ok(bytes.size);
            }
            // Somebody's edit: a photo of its own. The name stays that of the photo that the line describes.
            Some(Line {
                hash,
                facts: Some(_),
                ..
            }) if !self.knows(*hash)? => {
                match self.renumber(&path)? {
                    Some((renamed, reservation)) => {
                        self.tell_edited(&path, &renamed);
                        (path, name) = (renamed, reservation);
                        absolute = self.root.file(&path);
                    }
                    None => return Ok(0),
                }
                None
            }
            _ => None,
        };
        let flight = self.enter(bytes.hash)?;
        let known = self
            .core
            .catalogue
            .read("look for the same bytes", |connection| {
                Ok::<_, LibraryError>(asset::by_hash(connection, &bytes.hash)?)
            })?;
        let finding = match known {
            Some(known) if self.has_its_file(&known, &path) => Finding::Odd(Oddity {
                kind: kind::DUPLICATE_FILE,
                path: path.to_string(),
                message: format!(
                    "It has the same bytes as {}; remove it if it is not wanted",
                    known.path
                ),
            }),
            Some(known) => Finding::Home {
                asset: known.id,
                was: known.path,
                path,
                modified: file.modified,
            },
            None => Finding::New(Box::new(self.describe(
                &absolute,
                path,
                bytes,
                file.modified,
                facts,
            ))),
        };
        if let Some(path) = finding.file()
            && let Err(error) = self.core.flush_file(&absolute)
        {
            // Whoever sends these bytes now is told that they are stored: then they must be.
            let message = format!("It could not be flushed to the disk: {error}");
            self.tell(kind::UNREADABLE_FILE, &path.clone(), message);
            return Ok(bytes.size);
        }
        self.push(finding, Some(name), Some(flight))?;
        Ok(bytes.size)
    }

    /// The file's bytes went bad: it stays known as the photo that it was.
    fn damaged(
        &mut self,
        hash: ContentHash,
        facts: &Facts,
        path: LibraryPath,
        modified: Timestamp,
        name: Reservation,
    ) -> Result<(), LibraryError> {
        self.tell(kind::DAMAGED_FILE, &path, DAMAGED.to_owned());
        let flight = self.enter(hash)?;
        if self.knows(hash)? {
            return Ok(());
        }
        let photo = NewPhoto::from_manifest(hash, facts, path, modified, CopyState::Damaged);
        self.push(Finding::New(Box::new(photo)), Some(name), Some(flight))
    }

    /// Takes over what a line says of a photo that lies elsewhere now, if nothing was said of it there: whoever moved the
    /// file did not move its line.
    pub(crate) fn hear(&mut self, line: &Line) -> Result<(), LibraryError> {
        let Some(said) = line
            .facts
            .as_ref()
            .map(Facts::said)
            .filter(|said| !said.is_by_itself())
        else {
            return Ok(());
        };
        let known = self
            .core
            .catalogue
            .read("look for the same bytes", |connection| {
                Ok::<_, LibraryError>(asset::by_hash(connection, &line.hash)?)
            })?;
        match known {
            Some(Asset { id: asset, .. }) => self.push(Finding::Said { asset, said }, None, None),
            None => Ok(()),
        }
    }

    /// Whether the catalogue has these bytes.
    pub(crate) fn knows(&self, hash: ContentHash) -> Result<bool, LibraryError> {
        self.core
            .catalogue
            .read("look for the same bytes", |connection| {
                Ok(asset::by_hash(connection, &hash)?.is_some())
            })
    }

    /// Whether the photo's own file, which is another than this one, has its bytes: then this one is a second copy.
    fn has_its_file(&self, known: &Asset, path: &LibraryPath) -> bool {
        if known.path == *path {
            return false;
        }
        let its_own = self.root.file(&known.path);
        self.core
            .look_at(&its_own, known)
            .inspect_err(|error| tracing::warn!(%error, "a photo's file cannot be used; a second one takes its place"))
            .is_ok_and(|lying| lying == Lying::Photo)
    }

    /// Whether two paths lead to one file, on a file system that folds case or normalises names.
    fn is_same_file(&self, one: &LibraryPath, other: &LibraryPath) -> bool {
        let real = |path: &LibraryPath| std::fs::canonicalize(self.root.file(path)).ok();
        real(one).is_some_and(|one| real(other) == Some(one))
    }

    /// Gives a file a free name in its folder. `None` if it is gone.
    fn renumber(
        &self,
        path: &LibraryPath,
    ) -> Result<Option<(LibraryPath, Reservation)>, LibraryError> {
        let wish = FileName::from_wish(path.name());
        let old = self.root.file(path);
        let mut unusable = HashSet::new();
        loop {
            let (number, renamed, name) = self
                .core
                .free_name(path.folder(), &wish, Naming::Free, &unusable)
                .map_err(LibraryError::from_naming)?;
            match self.core.disk.place(&old, &self.root.file(&renamed)) {
                Ok(()) => return Ok(Some((renamed, name))),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    unusable.insert(number);
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error).doing("rename", old)?,
            }
        }
    }

    fn describe(
        &self,
        absolute: &Path,
        path: LibraryPath,
        bytes: Bytes,
        modified: Timestamp,
        facts: Option<&Facts>,
    ) -> NewPhoto {
        let described = (self.describe)(absolute, path.name());
        let (kind, said) = match facts {
            Some(facts) => (facts.kind(), facts.said()),
            None => (described.kind, Said::by_itself(described.captured)),
        };
        NewPhoto {
            hash: bytes.hash,
            size: bytes.size,
            kind,
            original_name: facts.map_or_else(|| path.name().to_owned(), |facts| facts.name.clone()),
            said,
            details: described.details,
            modified,
            added_at: facts.map_or_else(|| self.core.clock.now(), |facts| facts.added),
            path,
            state: CopyState::Good,
        }
    }

    /// Waits until nobody else stores these bytes: not an upload, and not one of the findings that wait here.
    pub(crate) fn enter(&mut self, hash: ContentHash) -> Result<Flight, LibraryError> {
        if let Some(flight) = self.core.flights.try_enter(hash) {
            return Ok(flight);
        }
        self.flush()?;
        Ok(self.core.flights.enter(hash))
    }

    pub(crate) fn push(
        &mut self,
        finding: Finding,
        name: Option<Reservation>,
        flight: Option<Flight>,
    ) -> Result<(), LibraryError> {
        self.waiting.push(finding);
        self.held.push((name, flight));
        if self.waiting.len() >= BATCH {
            self.flush()?;
        }
        Ok(())
    }

    pub(crate) fn tell(&mut self, kind: &'static str, path: &LibraryPath, message: String) {
        self.tell_odd(Oddity {
            kind,
            path: path.to_string(),
            message,
        });
    }

    pub(crate) fn tell_odd(&mut self, oddity: Oddity) {
        self.waiting.push(Finding::Odd(oddity));
        self.held.push((None, None));
    }

    /// Writes what waits: the folders' names first, then the rows.
    pub(crate) fn flush(&mut self) -> Result<(), LibraryError> {
        let waiting = std::mem::take(&mut self.waiting);
        let held = std::mem::take(&mut self.held);
        if waiting.is_empty() {
            return Ok(());
        }
        let mut folders = HashSet::new();
        for finding in &waiting {
            if let Some(path) = finding.file() {
                folders.insert(path.folder());
            }
        }
        for folder in folders {
            let work = self
                .core
                .folders
                .ensure(self.core.disk.as_ref(), self.root, folder)?;
            self.core.flush_folders(&work)?;
        }
        let now = self.core.clock.now();
        let adopted = self.core.catalogue.write("take in files", |change| {
            let mut adopted = Vec::new();
            for finding in &waiting {
                adopted.extend(write(self.core, change, finding, now)?);
            }
            Ok::<_, LibraryError>(adopted)
        })?;
        self.adopted.extend(adopted);
        drop(held);
        Ok(())
    }
}

/// Returns the photo that is new, or back.
fn write(
    core: &Core,
    change: &Transaction<'_>,
    finding: &Finding,
    now: Timestamp,
) -> rusqlite::Result<Option<AssetId>> {
    let home = |state| Evidence {
        place: Place::Home,
        state,
        proof: Proof::ReadBack,
        at: now,
    };
    match finding {
        Finding::New(photo) => {
            let captured = photo.said.captured();
            let id = insert_asset(
                change,
                &NewAsset {
                    hash: photo.hash,
                    size: photo.size,
                    kind: photo.kind,
                    path: &photo.path,
                    original_name: &photo.original_name,
                    captured: captured.as_ref(),
                    details: photo.details.as_ref(),
                    modified: photo.modified,
                    added_at: photo.added_at,
                },
            )?;
            remarks::put(change, id, &photo.said)?;
            // Also where the file had not got its time yet when the catalogue was lost.
            if let Some(time) = photo.said.file_time(core) {
                file_times::become_due(change, id, time)?;
            }
            store(change, id, &home(photo.state), None)?;
            note_arrival(change, id, &By::nobody(), photo.added_at, Outcome::Stored)?;
            if let Some(photo) = asset::by_id(change, id)? {
                groups::regroup(core, change, id, &New::found(change, &photo)?)?;
            }
            Ok((photo.state == CopyState::Good).then_some(id))
        }
        Finding::Home {
            asset,
            was,
            path,
            modified,
        } => {
            let moved = was != path;
            if moved {
                relocate(change, *asset, was, path)?;
                reset_home(change, *asset, now)?;
            }
            problems::clear(change, kind::MISSING_FILE, was.as_str())?;
            change
                .prepare_cached("UPDATE asset SET modified = ?2 WHERE id = ?1 AND modified <> ?2")?
                .execute([asset.0, micros(*modified)])?;
            store(change, *asset, &home(CopyState::Good), None)?;
            judge(change, stored_rule(change)?, *asset)?;
            Ok(moved.then_some(*asset))
        }
        Finding::Said { asset, said } => {
            if let Some(photo) = asset::by_id(change, *asset)?
                && remarks::of(change, &photo)?.is_by_itself()
            {
                remarks::change_said(core, change, &photo, said.clone())?;
            }
            Ok(None)
        }
        Finding::Damaged { asset } => {
            store(change, *asset, &home(CopyState::Damaged), None)?;
            judge(change, stored_rule(change)?, *asset)?;
            Ok(None)
        }
        Finding::Odd(oddity) => {
            problems::raise(change, now, oddity.kind, &oddity.path, &oddity.message)?;
            Ok(None)
        }
    }
}
