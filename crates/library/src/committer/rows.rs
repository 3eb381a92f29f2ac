//! The rows of one upload: photo, home copy, arrival, the device's entry, and what must be done next.

use rusqlite::{Connection, params};
use safelight_core::{
    AssetId, CaptureTime, ContentHash, DeviceId, DevicePath, LibraryPath, MediaKind, Timestamp,
};

use crate::{
    committer::{Home, Row},
    error::IntakeError,
    evidence::{judge, stored_rule, written_at_home},
    intake::{Filing, Outcome, Receipt, target},
    manifest,
    open::Core,
    problems,
    stored::{PathKey, captured_columns, micros, signed},
    tree::{Entry, child, find},
    tree_change::{NewNode, ensure_folder, insert, next_revision, touch_upwards},
};

/// Writes all rows of one upload. An error leaves work for the caller to roll back.
pub(super) fn write(core: &Core, change: &Connection, row: &Row) -> Result<Receipt, IntakeError> {
    // Looked at again: much may have happened while the upload waited.
    let existing = target(change, &core.nonce, &row.filing)?;
    let (asset, path, outcome) = match &row.home {
        Home::There(known) => (known.id, known.path.clone(), Outcome::Duplicate),
        Home::New { path, modified } => {
            let id = insert_asset(change, &NewAsset::of(row, path, *modified))?;
            reset_home(change, id, row.at)?;
            (id, path.clone(), Outcome::Stored)
        }
        Home::Again {
            known,
            path,
            modified,
        } => {
            if *path != known.path {
                relocate(change, known.id, &known.path, path)?;
            }
            change
                .prepare_cached("UPDATE asset SET modified = ?2 WHERE id = ?1")?
                .execute([known.id.0, micros(*modified)])?;
            reset_home(change, known.id, row.at)?;
            problems::clear(change, "missing-file", known.path.as_str())?;
            (known.id, path.clone(), Outcome::Duplicate)
        }
    };
    let Filing {
        device,
        device_path,
        ..
    } = &row.filing;
    note_arrival(
        change,
        asset,
        *device,
        device_path.as_ref(),
        row.at,
        outcome,
    )?;
    let entry = match (device, device_path) {
        (Some(device), Some(device_path)) => {
            let replaced = existing.as_ref().map(|node| (node.id, node.asset));
            Some(put_entry(
                core,
                change,
                *device,
                device_path,
                asset,
                replaced,
                row,
            )?)
        }
        _ => None,
    };
    Ok(Receipt {
        asset,
        hash: row.hash,
        size: row.size,
        path,
        outcome,
        entry,
        replaced: existing.is_some(),
    })
}

/// A new photo's row.
pub(crate) struct NewAsset<'a> {
    pub(crate) hash: ContentHash,
    pub(crate) size: u64,
    pub(crate) kind: MediaKind,
    pub(crate) path: &'a LibraryPath,
    pub(crate) original_name: &'a str,
    pub(crate) captured: Option<&'a CaptureTime>,
    pub(crate) modified: Timestamp,
    pub(crate) added_at: Timestamp,
}

impl<'a> NewAsset<'a> {
    fn of(row: &'a Row, path: &'a LibraryPath, modified: Timestamp) -> Self {
        Self {
            hash: row.hash,
            size: row.size,
            kind: row.filing.kind,
            path,
            original_name: &row.filing.wish,
            captured: row.filing.captured.as_ref(),
            modified,
            added_at: row.at,
        }
    }
}

/// Adds a photo, which from now on waits for its line in a manifest and for every destination's next snapshot.
pub(crate) fn insert_asset(change: &Connection, new: &NewAsset<'_>) -> rusqlite::Result<AssetId> {
    let key = PathKey::of(new.path);
    let (local, offset, source, precision) = captured_columns(new.captured);
    change
        .prepare_cached(
            "INSERT INTO asset (hash, size, kind, path, folder_key, name_key, original_name, captured_local,
               captured_offset, captured_source, captured_precision, modified, added_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            new.hash.as_bytes(),
            signed(new.size),
            new.kind.as_str(),
            new.path.as_str(),
            key.folder,
            key.name,
            new.original_name,
            local,
            offset,
            source,
            precision,
            micros(new.modified),
            micros(new.added_at)
        ])?;
    let id = AssetId(change.last_insert_rowid());
    change
        .prepare_cached("INSERT INTO manifest_line_due VALUES (?1)")?
        .execute([id.0])?;
    // The new photo takes the old one's place in the next snapshot by itself.
    change
        .prepare_cached("DELETE FROM offsite_removal WHERE path = ?1")?
        .execute([new.path.as_str()])?;
    let revision = next_revision(change)?;
    change
        .prepare_cached("INSERT INTO offsite_pending (destination, asset, since) SELECT id, ?1, ?2 FROM destination")?
        .execute([id.0, revision])?;
    Ok(id)
}

/// Forgets what was proved of the home file before, because it is a new file: written, and not read since.
pub(crate) fn reset_home(
    change: &Connection,
    asset: AssetId,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let written = written_at_home(at);
    change
        .prepare_cached(
            "INSERT INTO copy (asset, place, state, proof, at) VALUES (?1, 0, ?2, ?3, ?4)
             ON CONFLICT (asset, place) DO UPDATE SET state = excluded.state, proof = excluded.proof, at = excluded.at",
        )?
        .execute(params![
            asset.0,
            written.state.as_str(),
            written.proof.as_str(),
            micros(at)
        ])?;
    judge(change, stored_rule(change)?, asset)
}

/// Gives a photo another place. Its offsite copies lie under the old path, in snapshots to come under none: they count
/// again when the next snapshot has them under the new one.
pub(crate) fn relocate(
    change: &Connection,
    asset: AssetId,
    from: &LibraryPath,
    to: &LibraryPath,
) -> rusqlite::Result<()> {
    let key = PathKey::of(to);
    change
        .prepare_cached("UPDATE asset SET path = ?2, folder_key = ?3, name_key = ?4 WHERE id = ?1")?
        .execute(params![asset.0, to.as_str(), key.folder, key.name])?;
    for folder in [from.folder(), to.folder()] {
        manifest::must_be_rewritten(change, folder)?;
    }
    change
        .prepare_cached(
            "INSERT INTO offsite_removal (destination, path) SELECT id, ?1 FROM destination",
        )?
        .execute([from.as_str()])?;
    change
        .prepare_cached("DELETE FROM offsite_removal WHERE path = ?1")?
        .execute([to.as_str()])?;
    let revision = next_revision(change)?;
    change
        .prepare_cached(
            "INSERT INTO offsite_pending (destination, asset, since) SELECT id, ?1, ?2 FROM destination WHERE true
             ON CONFLICT (destination, asset) DO UPDATE SET since = excluded.since",
        )?
        .execute([asset.0, revision])?;
    change
        .prepare_cached("DELETE FROM copy WHERE asset = ?1 AND place <> 0")?
        .execute([asset.0])?;
    judge(change, stored_rule(change)?, asset)
}

/// Notes who brought a photo.
pub(crate) fn note_arrival(
    change: &Connection,
    asset: AssetId,
    device: Option<DeviceId>,
    path: Option<&DevicePath>,
    at: Timestamp,
    outcome: Outcome,
) -> rusqlite::Result<()> {
    if let Some(device) = device {
        change
            .prepare_cached(
                "UPDATE device SET photos = photos + 1 WHERE id = ?1
                 AND NOT EXISTS (SELECT 1 FROM arrival WHERE asset = ?2 AND device = ?1)",
            )?
            .execute([device.0, asset.0])?;
    }
    change
        .prepare_cached("INSERT INTO arrival (asset, device, device_path, at, outcome) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            asset.0,
            device.map(|device| device.0),
            path.map(DevicePath::as_str),
            micros(at),
            outcome.as_str()
        ])?;
    Ok(())
}

fn put_entry(
    core: &Core,
    change: &Connection,
    device: DeviceId,
    path: &DevicePath,
    asset: AssetId,
    existing: Option<(i64, Option<AssetId>)>,
    row: &Row,
) -> Result<Entry, IntakeError> {
    let revision = next_revision(change)?;
    let modified = row.filing.client_modified.unwrap_or(row.at);
    let folder = match find(change, device, path)?.parent {
        Some(folder) => folder,
        None => ensure_folder(
            change,
            device,
            &path.parent().unwrap_or_default(),
            revision,
            row.at,
        )?,
    };
    match existing {
        Some((id, before)) => {
            change
                .prepare_cached(
                    "UPDATE entry SET asset = ?2, modified = ?3, version = iif(?4, ?5, version) WHERE id = ?1",
                )?
                .execute(params![id, asset.0, micros(modified), before != Some(asset), revision])?;
        }
        None => {
            insert(
                change,
                &NewNode {
                    device,
                    parent: folder.id,
                    name: path.name(),
                    asset: Some(asset),
                    modified,
                    created: row.at,
                    version: revision,
                },
            )?;
        }
    }
    touch_upwards(change, folder.id, revision, row.at)?;
    let node =
        child(change, folder.id, path.name())?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok(node.entry(device, path.clone(), &core.nonce))
}
