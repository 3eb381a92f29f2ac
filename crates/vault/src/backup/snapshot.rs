//! The snapshot that a backup makes, and the one that it continues.

use jiff::SignedDuration;
use safelight_core::Timestamp;

use super::trees::NewLists;
use crate::{
    error::VaultError,
    format::{
        id::Id,
        snapshot::{HOSTNAME, Snapshot, Summary, TAG},
    },
    repository::Repository,
    store::{File, Folder},
};

/// How far apart two snapshots are at least.
const LEAST_STEP: SignedDuration = SignedDuration::from_millis(1);

/// Makes sure that the newest snapshot is the expected one or continues it. Photos that only a snapshot had which is gone
/// would count as stored for ever.
pub(crate) fn check_continues(
    repository: &Repository,
    newest: Option<&(Id, Snapshot)>,
    expected: &str,
) -> Result<(), VaultError> {
    let mut next = newest.map(|(id, snapshot)| (*id, snapshot.parent));
    while let Some((id, parent)) = next {
        if id.to_string() == expected {
            return Ok(());
        }
        // A snapshot that was finished, and of which the catalogue did not hear any more, continues the expected one.
        next = match parent {
            Some(parent) if parent.to_string() == expected => return Ok(()),
            Some(parent) => match repository.read_json::<Snapshot>(Folder::Snapshots, parent) {
                Ok(snapshot) => Some((parent, snapshot.parent)),
                Err(VaultError::Damaged { .. } | VaultError::NoSnapshot { .. }) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
    }
    Err(repository.damaged(format!(
        "the snapshot {expected}, which the photos were last stored in, is gone, and none continues it"
    )))
}

/// Writes the next snapshot. It is there, whatever happens then, when this returns.
pub(crate) fn write(repository: &Repository, snapshot: &Snapshot) -> Result<Id, VaultError> {
    let id = repository.write_json(Folder::Snapshots, snapshot)?;
    repository
        .store
        .flush()
        .map_err(|error| repository.store_error(error))?;
    Ok(id)
}

/// Takes back a new snapshot that cannot be read: the next backup would have to continue it.
pub(crate) fn withdraw(repository: &Repository, id: Id, why: VaultError) -> VaultError {
    match repository.store.remove(File::In(Folder::Snapshots, id)) {
        Ok(()) => why,
        Err(error) => repository.store_error(error),
    }
}

/// The snapshot after `before`. `last` is when the newest one was made, `added` how many bytes and packs were sent.
pub(crate) fn next(
    repository: &Repository,
    before: Option<&(Id, Snapshot)>,
    last: Option<Timestamp>,
    root: Id,
    lists: &NewLists,
    began: Timestamp,
    (bytes_added, packs): (u64, u64),
) -> Snapshot {
    let now = repository.clock.now();
    // Whoever asks for the latest snapshot must get this one, also when the clock was put back.
    let after = last.and_then(|last| last.checked_add(LEAST_STEP).ok());
    let now = after.map_or(now, |after| after.max(now));
    let totals = before
        .and_then(|(_, snapshot)| snapshot.summary.clone())
        .unwrap_or_default();
    let files = (totals.total_files_processed + lists.new).saturating_sub(lists.removed);
    let bytes = i128::from(totals.total_bytes_processed) + lists.bytes;
    Snapshot {
        time: now.to_string(),
        parent: before.map(|(id, _)| *id),
        tree: root,
        paths: Some(vec!["/".to_owned()]),
        hostname: HOSTNAME.to_owned(),
        username: "safelight".to_owned(),
        tags: Some(vec![TAG.to_owned()]),
        program_version: concat!("safelight ", env!("CARGO_PKG_VERSION")).to_owned(),
        summary: Some(Summary {
            backup_start: began.to_string(),
            backup_end: now.to_string(),
            files_new: lists.new,
            files_changed: lists.changed,
            files_unmodified: files.saturating_sub(lists.new + lists.changed),
            dirs_changed: lists.lists,
            data_blobs: packs,
            tree_blobs: lists.lists,
            data_added: bytes_added,
            data_added_packed: bytes_added,
            total_files_processed: files,
            total_bytes_processed: u64::try_from(bytes).unwrap_or(0),
            ..Summary::default()
        }),
    }
}
