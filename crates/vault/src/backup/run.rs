//! The order of a backup's steps.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs,
    path::Path,
    thread,
};

use safelight_core::LibraryPath;

use super::{
    Backup, BackupReport,
    folders::Folders,
    journal::{Journal, Left},
    known::Known,
    mend,
    pipeline::{self, Outcomes},
    proof::{Promised, Proof, Together},
    snapshot,
    trees::{self, Change, NewLists},
    upload::Uploader,
};
use crate::{
    Monitor, damage,
    error::VaultError,
    format::{id::Id, index::BlobKind, pack::PackBuilder},
    repository::{BlobIndex, Location, LockGuard, Repository},
    state::Remembered,
    store::Folder,
};

/// zstd's level for lists: half of a list is hashes, which no level makes smaller.
const LIST_LEVEL: i32 = 1;

/// What the new snapshot continues.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// The newest snapshot of ours.
    Newest,
    /// None: it has what is in the request and nothing else.
    Nothing,
}

/// Backs up.
pub(crate) fn run(
    repository: &Repository,
    state_dir: &Path,
    base: Base,
    mut request: Backup<'_>,
    monitor: &dyn Monitor,
) -> Result<BackupReport, VaultError> {
    library_is_there(request.library)?;
    let began = repository.clock.now();
    let state_error = |what: &'static str| {
        move |error: std::io::Error| VaultError::Io {
            url: repository.url.clone(),
            attempt: format!("{what} in {}", state_dir.display()),
            reason: error.to_string(),
        }
    };
    let (guard, mut remembered) = LockGuard::take(repository, state_dir, || match base {
        Base::Newest => {
            let newest = Remembered::load(repository, state_dir)?;
            if let Some(expected) = request.continues {
                snapshot::check_continues(repository, newest.snapshot.as_ref(), expected)?;
            }
            Ok(newest)
        }
        Base::Nothing => Remembered::nothing(repository),
    })?;
    let left = Left::load(repository, state_dir)?;
    let damaged = damage::read(state_dir).map_err(state_error("Reading what was damaged"))?;
    let known = Known::new(damaged);
    known.add(left.blobs.into_iter());
    if base == Base::Nothing {
        // Most often the lists are lost, not the photos' bytes: what the index names and the store has need not be sent
        // again. The index alone is no proof: what took the lists may have taken packs of photos too.
        let mut broken = Vec::new();
        let index = BlobIndex::load(repository, |kind| kind == BlobKind::Data, Some(&mut broken))?;
        let packs = repository
            .store
            .list(Folder::Data)
            .map_err(|error| repository.store_error(error))?
            .into_iter()
            .collect();
        known.add(index.data_in_place(&packs));
        if index.names_others_than(&packs) {
            mend::note(state_dir, &HashSet::new())
                .map_err(state_error("Noting that the index is to be mended"))?;
        }
        for what in broken {
            monitor.note(&what);
        }
    }

    let journal =
        Journal::open(repository, state_dir).map_err(state_error("Opening the journal"))?;
    let uploader = Uploader::new(
        repository,
        journal,
        pipeline::readers() + repository.store.parallel() + 1,
    );
    for index in left.indexes {
        uploader.trust_index(index)?;
    }
    uploader.adopt(left.unindexed);

    let mut folders = Folders::new(repository, &mut remembered);
    pipeline::know_removed(&request, &mut folders, &known)?;
    let worked = pipeline::with_uploads(repository, &uploader, &guard, |packs| {
        let outcomes = pipeline::read_all(
            &mut request,
            repository,
            &mut folders,
            &known,
            &uploader,
            packs,
            monitor,
        );
        if let Some(error) = uploader.take_trouble() {
            return Err(error);
        }
        let changes = changes(&outcomes, request.removed);
        if changes.is_empty() {
            return Ok((outcomes, NewLists::default()));
        }
        let mut pack = PackBuilder::new(BlobKind::Tree, uploader.buffer());
        let (cipher, entropy) = (&repository.cipher, repository.entropy.as_ref());
        let lists = trees::update(&mut folders, changes, began, |id, json| {
            // A list that is stored already under this id is stored again: it is small, and its place is known then.
            let packed = zstd::bulk::compress(json, LIST_LEVEL)
                .ok()
                .filter(|packed| packed.len() < json.len());
            if !pack.has_room(packed.as_ref().map_or(json.len(), Vec::len)) {
                let full = std::mem::replace(
                    &mut pack,
                    PackBuilder::new(BlobKind::Tree, uploader.buffer()),
                );
                // The receiver is gone only after a panic, which the end of the uploads tells.
                drop(packs.send(full.seal(cipher, entropy)));
            }
            pack.add(id, json, packed.as_deref(), cipher, entropy);
        })?;
        if pack.is_empty() {
            uploader.give_back(pack.into_buffer());
        } else {
            drop(packs.send(pack.seal(cipher, entropy))); // As above.
        }
        Ok((outcomes, lists))
    });
    let (outcomes, lists) = worked?;
    let proved = uploader.finish()?;
    let (bytes_added, packs) = uploader.figures();

    let before = remembered.snapshot.clone();
    let is_new = match (&before, lists.root) {
        (Some((_, snapshot)), Some(root)) => snapshot.tree != root,
        (None, Some(_)) => lists.new > 0,
        (_, None) => false,
    };
    let root = lists.root;
    let write_snapshot = || match (is_new, root) {
        (true, Some(root)) => {
            if (request.cancel)() {
                return Err(VaultError::Cancelled {
                    url: repository.url.clone(),
                });
            }
            let last = match base {
                Base::Newest => before.as_ref().map(|(_, snapshot)| snapshot.at()),
                // It continues none, and is newer than all the same.
                Base::Nothing => repository
                    .our_snapshots(&mut Vec::new())?
                    .pop()
                    .map(|(_, snapshot)| snapshot.at()),
            };
            let next = snapshot::next(
                repository,
                before.as_ref(),
                last,
                root,
                &lists,
                began,
                (bytes_added, packs),
            );
            Ok(Some((snapshot::write(repository, &next)?, next)))
        }
        _ => Ok(before.clone()),
    };
    // The lists are in the store: they are read again while the snapshot is on its way there.
    let (snapshot, together) = thread::scope(|scope| {
        let together = scope.spawn(|| Together::read(repository, &proved.trees));
        let snapshot = write_snapshot();
        (snapshot, together.join())
    });
    let snapshot = snapshot?;
    let together = together.unwrap_or_else(|panic| std::panic::resume_unwind(panic));

    let places = places(&remembered, &lists, &proved.trees);
    let touched: BTreeSet<String> = lists.folders.keys().cloned().collect();
    let before = known.into_before();
    let Outcomes {
        packed,
        mut failed,
        plain_failed,
    } = outcomes;
    let promised: Vec<Promised> = packed
        .into_iter()
        .filter_map(|file| {
            Some(Promised {
                asset: file.photo?.0,
                path: file.path,
                size: file.size,
                content: file.content,
            })
        })
        .collect();
    let mut stored = Vec::new();
    if let Some((id, snapshot)) = &snapshot
        && let Some(root) = root
    {
        let proof = Proof {
            repository,
            places,
            proved: &proved,
            before: &before,
            folders: &touched,
        };
        let compared =
            together.and_then(|together| proof.compare(*id, root, promised, together.as_ref()));
        let (found, missing) = match compared {
            Err(error @ VaultError::Damaged { .. }) if is_new => {
                return Err(snapshot::withdraw(repository, *id, error));
            }
            compared => compared?,
        };
        stored = found;
        failed.extend(missing);
        remembered.advance((*id, snapshot.clone()), &lists.folders, &proved.trees);
        remembered
            .save(repository, state_dir)
            .map_err(state_error("Remembering the snapshot"))?;
    }
    Journal::clear(state_dir).map_err(state_error("Clearing the journal"))?;
    let mended = damage::stored_anew(state_dir, &proved.data)
        .map_err(state_error("Reading what was damaged"))?;
    if !mended.is_empty() {
        mend::note(state_dir, &mended)
            .and_then(|()| damage::forget(state_dir, &mended))
            .map_err(state_error("Noting what was mended"))?;
    }
    // The snapshot is finished and remembered: what goes wrong from here on must not hide it.
    let mended = mend::run(
        repository,
        state_dir,
        &proved.packs,
        &guard,
        request.cancel,
        monitor,
    );
    let untidy = mended
        .trouble
        .or_else(|| guard.release().err())
        .map(|error| error.to_string());
    if let Some(why) = &untidy {
        monitor.note(why);
    }
    let nothing = !is_new && stored.is_empty();
    Ok(BackupReport {
        at: snapshot
            .as_ref()
            .filter(|_| !nothing)
            .map_or(began, |(_, snapshot)| snapshot.at()),
        snapshot: snapshot.filter(|_| !nothing).map(|(id, _)| id.to_string()),
        stored,
        failed,
        plain_failed,
        bytes_added,
        packs,
        lost: mended.lost,
        untidy,
    })
}

/// A library on a drive that is not connected must not become a snapshot without photos.
fn library_is_there(library: &Path) -> Result<(), VaultError> {
    let gone = |reason: String| VaultError::LibraryGone {
        path: library.display().to_string(),
        reason,
    };
    match fs::metadata(library) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(gone("it is not a folder".to_owned())),
        Err(error) => Err(gone(error.to_string())),
    }
}

/// What is to change, folder by folder.
fn changes<'a>(
    outcomes: &'a Outcomes,
    removed: &'a [LibraryPath],
) -> BTreeMap<&'a str, Change<'a>> {
    let mut changes: BTreeMap<&str, Change<'_>> = BTreeMap::new();
    for file in &outcomes.packed {
        changes
            .entry(file.path.folder())
            .or_default()
            .put
            .push(file);
    }
    for path in removed {
        changes
            .entry(path.folder())
            .or_default()
            .remove
            .push(path.name());
    }
    changes
}

/// Where the lists of the touched folders lie.
fn places(
    remembered: &Remembered,
    lists: &NewLists,
    new: &HashMap<Id, Location>,
) -> HashMap<Id, Location> {
    let mut places = new.clone();
    for folder in lists.folders.keys() {
        if let Some(list) = remembered.folders.get(folder) {
            places.entry(list.tree).or_insert(list.place);
        }
    }
    places
}
