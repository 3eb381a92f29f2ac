//! The catalogue made anew from the folder and its manifests (promise 4).
//!
//! Every file is read. What the catalogue says of photos is corrected where it differs from what is there; numbers stay,
//! so that devices' trees and destinations stay true if the catalogue was readable. Where it was not, it began empty,
//! and nothing but they is lost.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use safelight_core::{AssetId, CopyState, Evidence, FileName, LibraryPath, Place, Proof};

use crate::{
    adopt::{Adopter, DAMAGED, Finding, NewPhoto},
    asset::{self, Asset},
    error::{DiskResult, LibraryError},
    evidence::{judge, store, stored_rule},
    groups::Naming,
    manifest::{self, folder_key},
    manifest_format::{self, Line},
    open::{Core, Library, Look},
    people,
    placement::hash_of,
    problems::{Problem, kind},
    reconcile::{
        Described, FOUND_BY_WALKS, Progress, Seen, missing_folders, note_missing, photos_of,
        sweep_staging,
    },
    root::{self, MANIFESTS, Root},
    timeline,
    walk::{FoundFile, Listing, Walk},
};

/// What a rebuild found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RebuildReport {
    /// Photos that the catalogue now has, those that are missing or damaged among them.
    pub photos: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What is wrong: files that are missing, damaged, changed, or could not be read.
    pub problems: Vec<Problem>,
}

/// The kinds of problem that only reading every file finds.
const FOUND_BY_READING: [&str; 3] = [
    kind::DAMAGED_FILE,
    kind::CHANGED_FILE,
    kind::DAMAGED_MANIFEST,
];

impl Library {
    /// Makes the catalogue of photos anew: reads every file of the library folder, and the manifests.
    ///
    /// `describe` tells what a file is of which no manifest says anything.
    ///
    /// # Errors
    ///
    /// The library folder is not there, or goes away; the disk or the catalogue refuses. What was done stays done, and
    /// beginning anew is safe.
    pub fn rebuild(
        &self,
        progress: &mut dyn FnMut(Progress),
        describe: &dyn Fn(&Path, &str) -> Described,
    ) -> Result<RebuildReport, LibraryError> {
        let core = self.core();
        let look = Look::begin(core);
        let root = core.ready_root()?;
        for kind in FOUND_BY_WALKS.into_iter().chain(FOUND_BY_READING) {
            self.clear_problems(kind)?;
        }
        sweep_staging(core, &root)?;
        let mut rebuild = Rebuild {
            adopter: Adopter::new(core, &root, describe),
            done: Progress::default(),
        };
        let mut seen = Seen::default();
        for listing in Walk::of(&root) {
            core.ready_root()?;
            rebuild.folder(&listing, progress)?;
            if listing.complete {
                seen.folders.insert(folder_key(&listing.folder));
            } else {
                seen.unreadable.push(folder_key(&listing.folder));
            }
        }
        for folder in folders_with_manifests(&root)? {
            let key = folder_key(&folder);
            if !seen.folders.contains(&key) && !seen.knows_nothing_of(&key) {
                let gone = Listing {
                    folder,
                    complete: true,
                    ..Listing::default()
                };
                rebuild.folder(&gone, progress)?;
                seen.folders.insert(key);
            }
        }
        missing_folders(core, &seen)?;
        recount(core)?;
        core.catalogue.write("note the rebuild", |change| {
            Ok::<_, LibraryError>(root::note_rebuilt(change)?)
        })?;
        look.finish();
        self.flush_manifests()?;
        let totals = self.totals()?;
        let mut problems = self.problems()?;
        problems.retain(|problem| {
            let kind = problem.kind.as_str();
            FOUND_BY_WALKS.contains(&kind) || FOUND_BY_READING.contains(&kind)
        });
        Ok(RebuildReport {
            photos: totals.photos,
            bytes: totals.bytes,
            problems,
        })
    }
}

struct Rebuild<'a> {
    adopter: Adopter<'a>,
    done: Progress,
}

impl Rebuild<'_> {
    fn folder(
        &mut self,
        listing: &Listing,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), LibraryError> {
        let (core, root) = (self.adopter.core, self.adopter.root);
        let mut lines = self.manifest(&listing.folder)?;
        let mut known: HashMap<LibraryPath, AssetId> =
            photos_of(core, &folder_key(&listing.folder))?
                .into_iter()
                .collect();
        for oddity in &listing.oddities {
            self.adopter.tell_odd(oddity.clone());
        }
        for file in &listing.files {
            let line = lines.remove(&file.path);
            let before = match known.remove(&file.path) {
                // Not if it was found under another path meanwhile.
                Some(id) => core
                    .catalogue
                    .read("look up a photo", |connection| {
                        Ok::<_, LibraryError>(asset::by_id(connection, id)?)
                    })?
                    .filter(|photo| photo.path == file.path),
                None => None,
            };
            self.done.bytes += match before {
                Some(photo) => self.check(&photo, file)?,
                None => {
                    let read = self.adopter.offer(file, line.as_ref())?;
                    if let Some(line) = line {
                        // Its bytes may have been somebody's edit: then the photo itself is missing.
                        lines.insert(file.path.clone(), line);
                    }
                    read
                }
            };
            self.done.files += 1;
            progress(self.done);
        }
        self.adopter.flush()?;
        if listing.complete {
            note_missing(core, &known.into_values().collect::<Vec<_>>())?;
            for line in lines.into_values() {
                self.lost(line)?;
            }
            self.adopter.flush()?;
        }
        if !listing.files.is_empty() || root.folder(&manifest::path_of(&listing.folder)).exists() {
            core.catalogue
                .write("note a manifest to write anew", |change| {
                    Ok::<_, LibraryError>(manifest::must_be_rewritten(change, &listing.folder)?)
                })?;
        }
        Ok(())
    }

    fn manifest(&mut self, folder: &str) -> Result<HashMap<LibraryPath, Line>, LibraryError> {
        let path = manifest::path_of(folder);
        let place = self.adopter.root.folder(&path);
        let bytes = match fs::read(&place) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashMap::new()),
            Err(error) => return Err(error).doing("read", place)?,
        };
        let (lines, bad) = manifest_format::read(&String::from_utf8_lossy(&bytes));
        if bad > 0
            && let Ok(path) = LibraryPath::parse(&path)
        {
            let message =
                format!("{bad} of its lines could not be understood; what they said is lost");
            self.adopter.tell(kind::DAMAGED_MANIFEST, &path, message);
        }
        Ok(lines
            .into_iter()
            .map(|line| (line.path.clone(), line))
            .collect())
    }

    /// Reads the file of a photo that the catalogue has at this path.
    fn check(&mut self, photo: &Asset, file: &FoundFile) -> Result<u64, LibraryError> {
        let place = self.adopter.root.file(&file.path);
        let found = match File::open(&place).and_then(|file| hash_of(&file)) {
            Ok(found) => found,
            Err(error) => {
                let message = format!("It could not be read: {error}");
                self.adopter
                    .tell(kind::UNREADABLE_FILE, &file.path, message);
                return Ok(0);
            }
        };
        if found.hash == photo.hash {
            let home = Finding::Home {
                asset: photo.id,
                was: photo.path.clone(),
                path: photo.path.clone(),
                modified: file.modified,
            };
            self.adopter.push(home, None, None)?;
        } else if self
            .adopter
            .core
            .is_untouched(photo, found.size, file.modified)?
        {
            self.adopter
                .tell(kind::DAMAGED_FILE, &file.path, DAMAGED.to_owned());
            self.adopter
                .push(Finding::Damaged { asset: photo.id }, None, None)?;
        } else {
            self.note_edited(photo)?;
            self.adopter.offer_edit(file, found.hash)?;
        }
        Ok(found.size)
    }

    /// Somebody's edit lies in the photo's place. The photo keeps its path, for its offsite copies lie under it: were the
    /// edit known there, it would take the photo's place in the next snapshot.
    fn note_edited(&mut self, photo: &Asset) -> Result<(), LibraryError> {
        let core = self.adopter.core;
        self.adopter.flush()?;
        let now = core.clock.now();
        core.catalogue.write("note an edited file", |change| {
            let lost = Evidence {
                place: Place::Home,
                state: CopyState::Missing,
                proof: Proof::ReadBack,
                at: now,
            };
            store(change, photo.id, &lost, None)?;
            Ok(judge(change, stored_rule(change)?, photo.id)?)
        })
    }

    /// A manifest's line without a good file: unless its bytes are elsewhere, the photo is known as missing.
    fn lost(&mut self, line: Line) -> Result<(), LibraryError> {
        let core = self.adopter.core;
        let flight = self.adopter.enter(line.hash)?;
        if self.adopter.knows(line.hash)? {
            return self.adopter.hear(&line);
        }
        let message =
            "The file is not where it was stored; restore it, or upload it again".to_owned();
        self.adopter.tell(kind::MISSING_FILE, &line.path, message);
        // A line that another program wrote says too little to be a photo's row.
        let Some(facts) = line.facts else {
            return Ok(());
        };
        let wish = FileName::from_wish(line.path.name());
        let (path, name) = match core.names.reserve(&line.path) {
            Some(name)
                if !core
                    .is_catalogued(&name)
                    .map_err(LibraryError::from_naming)? =>
            {
                (line.path, name)
            }
            _ => {
                let (_, path, name) = core
                    .free_name(line.path.folder(), &wish, Naming::Free, &Default::default())
                    .map_err(LibraryError::from_naming)?;
                (path, name)
            }
        };
        let modified = facts.modified;
        let photo = NewPhoto::from_manifest(line.hash, &facts, path, modified, CopyState::Missing);
        self.adopter
            .push(Finding::New(Box::new(photo)), Some(name), Some(flight))
    }
}

/// Counts everything once more, in case the tallies of a damaged catalogue were wrong.
fn recount(core: &Core) -> Result<(), LibraryError> {
    core.catalogue.write("count the photos", |change| {
        change.execute_batch(
            "UPDATE tally SET
               photos = (SELECT count(*) FROM asset),
               bytes = (SELECT coalesce(sum(size), 0) FROM asset),
               safe = (SELECT count(*) FROM asset WHERE safe = 1),
               home_verified = (SELECT count(*) FROM copy WHERE place = 0 AND state = 'good' AND proof = 'read-back');
             UPDATE destination SET
               photos = (SELECT count(*) FROM copy WHERE place = destination.id AND state = 'good'),
               pending = (SELECT count(*) FROM offsite_pending p WHERE p.destination = destination.id);",
        )?;
        change.execute_batch(people::RECOUNT)?;
        change.execute_batch(timeline::RECOUNT)?;
        Ok(())
    })
}

/// The folders of all manifests that there are.
fn folders_with_manifests(root: &Root) -> Result<Vec<String>, LibraryError> {
    let mut folders = Vec::new();
    let mut waiting: Vec<(PathBuf, String)> = vec![(root.folder(MANIFESTS), MANIFESTS.to_owned())];
    while let Some((place, path)) = waiting.pop() {
        let entries = match fs::read_dir(&place) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).doing("list", place)?,
        };
        for entry in entries {
            let entry = entry.doing("list", &place)?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                continue;
            };
            let below = format!("{path}/{name}");
            if entry.file_type().doing("look at", entry.path())?.is_dir() {
                waiting.push((entry.path(), below));
            } else if let Some(folder) = manifest::folder_of(&below) {
                folders.push(folder.to_owned());
            }
        }
    }
    folders.sort_unstable();
    Ok(folders)
}
