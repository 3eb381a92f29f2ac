//! Whether photos can be had back.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use safelight_core::{AssetId, ContentHash};
use sha2::{Digest, Sha256};

use super::{
    Verify, VerifyOutcome, VerifyReport,
    listing::{self, Listed},
    transfer::{self, Receiver},
};
use crate::{
    Monitor, damage,
    error::VaultError,
    format::{id::Id, index::BlobKind},
    repository::{BlobIndex, Repository},
    store::Folder,
};

/// Verifies.
pub(crate) fn run(
    repository: &Repository,
    state_dir: &Path,
    request: Verify<'_>,
    outcome: &mut dyn FnMut(AssetId, VerifyOutcome),
    monitor: &dyn Monitor,
) -> Result<VerifyReport, VaultError> {
    let mut report = VerifyReport::default();
    let found = match listing::find(repository, None) {
        Ok(found) => Some(found),
        Err(VaultError::NoSnapshot { .. }) => None,
        Err(error) => return Err(error),
    };
    let index = BlobIndex::load(repository, |_| true, Some(&mut report.problems))?;
    let mut files = HashMap::new();
    if let Some((id, snapshot)) = found {
        report.snapshot = Some(id.to_string());
        let mut failures = Vec::new();
        let listed = listing::files(repository, &index, snapshot.tree, &[], &mut failures)?;
        report.problems.extend(
            failures
                .into_iter()
                .map(|failure| format!("/{}: {}", failure.path, failure.message)),
        );
        files.extend(listed.into_iter().map(|file| (file.path.clone(), file)));
    }
    let mut wanted: Vec<(AssetId, ContentHash, Listed)> = Vec::new();
    for (asset, path, hash) in request.photos {
        match files.remove(path.as_str()) {
            Some(file) => wanted.push((asset, hash, file)),
            None => {
                report.missing += 1;
                outcome(asset, VerifyOutcome::Missing);
            }
        }
    }
    drop(files);
    let reader = Hasher {
        wanted: &wanted,
        monitor,
        outcomes: Mutex::new(HashMap::new()),
        damaged: Mutex::default(),
        done: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
    };
    if request.read_back {
        let contents = wanted.iter().map(|(_, _, file)| file.content.as_slice());
        transfer::run(repository, &index, contents, &reader)?;
    } else {
        look(repository, &index, &wanted, &reader)?;
    }
    report.bytes_read = reader.bytes.into_inner();
    let outcomes = reader
        .outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let damaged = reader
        .damaged
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    damage::add(state_dir, &damaged).map_err(|error| VaultError::Io {
        url: repository.url.clone(),
        attempt: format!("Noting damage in {}", state_dir.display()),
        reason: error.to_string(),
    })?;
    for (number, (asset, _, _)) in wanted.iter().enumerate() {
        match outcomes.get(&number) {
            Some(why) => {
                report.damaged += 1;
                outcome(*asset, VerifyOutcome::Damaged(why.clone()));
            }
            None => {
                report.good += 1;
                outcome(*asset, VerifyOutcome::Good);
            }
        }
    }
    Ok(report)
}

/// Whether everything is in its place, without reading it: each blob is in an index, and its pack is long enough.
fn look(
    repository: &Repository,
    index: &BlobIndex,
    wanted: &[(AssetId, ContentHash, Listed)],
    reader: &Hasher<'_>,
) -> Result<(), VaultError> {
    let packs = repository
        .store
        .list(Folder::Data)
        .map_err(|error| repository.store_error(error))?;
    let packs: HashMap<Id, u64> = packs.into_iter().collect();
    for (number, (_, hash, file)) in wanted.iter().enumerate() {
        if let [only] = file.content[..]
            && only != Id::of_photo(*hash)
        {
            reader.fail(
                number,
                None,
                format!("The snapshot has other bytes under this name (SHA-256 {only})"),
            );
            continue;
        }
        for id in &file.content {
            let mut places = index.places(BlobKind::Data, *id).peekable();
            let why = if places.peek().is_none() {
                "Its data is in no index"
            } else if places.any(|place| {
                let end = u64::from(place.offset) + u64::from(place.length);
                packs.get(&place.pack).is_some_and(|size| *size >= end)
            }) {
                continue;
            } else {
                "The pack with its data is missing or too short"
            };
            // And on to the next: each blob that is not there must be sent again.
            reader.fail(number, Some(*id), why.to_owned());
        }
    }
    Ok(())
}

/// Hashes photos as they come.
struct Hasher<'a> {
    wanted: &'a [(AssetId, ContentHash, Listed)],
    monitor: &'a dyn Monitor,
    /// Only what is damaged.
    outcomes: Mutex<HashMap<usize, String>>,
    damaged: Mutex<HashSet<Id>>,
    done: AtomicU64,
    bytes: AtomicU64,
}

impl Receiver for Hasher<'_> {
    type Open = Sha256;
    // A blob that is not told is taken for good by the next backup.
    const ALL_DAMAGE: bool = true;

    fn begin(&self, _file: usize) -> Result<Sha256, String> {
        Ok(Sha256::new())
    }

    fn take(&self, hash: &mut Sha256, bytes: &[u8]) -> Result<(), String> {
        hash.update(bytes);
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn end(&self, file: usize, hash: Sha256) -> Result<(), String> {
        let found = ContentHash::from_bytes(hash.finalize().into());
        let expected = self.wanted[file].1;
        if found != expected {
            return Err(format!(
                "The snapshot has other bytes under this name (SHA-256 {found}, not {expected})"
            ));
        }
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(16) {
            self.monitor
                .progress(done, self.bytes.load(Ordering::Relaxed));
        }
        Ok(())
    }

    fn fail(&self, file: usize, damaged: Option<Id>, why: String) {
        self.outcomes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(file, why);
        if let Some(id) = damaged {
            self.damaged
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id);
        }
    }
}
