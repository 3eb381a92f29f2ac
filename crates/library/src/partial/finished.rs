//! Which uploads in pieces became photos within the last day: a client that did not hear the answer asks again.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};
use safelight_core::{AssetId, CopyState, DeviceId, DevicePath, Place, Timestamp};

use super::{PartialError, PartialId};
use crate::{
    asset::{self, Asset},
    devices,
    error::{CatalogueError, IntakeError},
    evidence,
    intake::{Outcome, Receipt},
    open::Core,
    placement::Lying,
    root::Root,
    stored::{micros, word},
    tree,
};

/// How long the answer is told again.
const TOLD_AGAIN: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// Notes it, in the transaction that makes it a photo.
pub(crate) fn note(
    change: &Connection,
    device: DeviceId,
    name: &str,
    asset: AssetId,
    path: &DevicePath,
    now: Timestamp,
) -> rusqlite::Result<()> {
    change
        .prepare_cached(
            "INSERT INTO finished_upload (device, name, asset, path, at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (device, name) DO UPDATE SET asset = excluded.asset, path = excluded.path, at = excluded.at",
        )?
        .execute(params![device.0, name, asset.0, path.as_str(), micros(now)])?;
    Ok(())
}

pub(super) fn expire(core: &Core, now: Timestamp) -> Result<(), CatalogueError> {
    let before = now.checked_sub(TOLD_AGAIN).unwrap_or(Timestamp::UNIX_EPOCH);
    let any = core
        .catalogue
        .read("look for finished uploads", |connection| {
            Ok::<_, CatalogueError>(
                connection
                    .prepare_cached("SELECT EXISTS (SELECT 1 FROM finished_upload WHERE at < ?1)")?
                    .query_row([micros(before)], |row| row.get::<_, bool>(0))?,
            )
        })?;
    if !any {
        return Ok(());
    }
    core.catalogue.write("forget finished uploads", |change| {
        change.execute(
            "DELETE FROM finished_upload WHERE at < ?1",
            [micros(before)],
        )?;
        Ok(())
    })
}

/// Forgets one: an upload of its name begins again, and what is answered must be about that one.
pub(super) fn forget(core: &Core, id: &PartialId) -> Result<(), CatalogueError> {
    let is_noted = core
        .catalogue
        .read("look for a finished upload", |connection| {
            Ok::<_, CatalogueError>(
                connection
                    .prepare_cached(
                        "SELECT 1 FROM finished_upload WHERE device = ?1 AND name = ?2",
                    )?
                    .exists(params![id.device.0, id.name])?,
            )
        })?;
    if !is_noted {
        return Ok(());
    }
    core.catalogue.write("forget a finished upload", |change| {
        change.execute(
            "DELETE FROM finished_upload WHERE device = ?1 AND name = ?2",
            params![id.device.0, id.name],
        )?;
        Ok(())
    })
}

/// All that are noted. Of none of them there are pieces: they were forgotten when it began.
pub(super) fn all(core: &Core) -> Result<HashSet<PartialId>, CatalogueError> {
    core.catalogue
        .read("list the finished uploads", |connection| {
            let mut query =
                connection.prepare_cached("SELECT device, name FROM finished_upload")?;
            let rows = query.query_map([], |row| {
                Ok(PartialId {
                    device: DeviceId(row.get(0)?),
                    name: row.get(1)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
}

pub(super) fn find(
    core: &Core,
    root: &Root,
    id: &PartialId,
) -> Result<Option<Receipt>, PartialError> {
    let since = core
        .clock
        .now()
        .checked_sub(TOLD_AGAIN)
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let found = core
        .catalogue
        .read("look for a finished upload", |connection| {
            let row = connection
                .prepare_cached(
                    "SELECT asset, path FROM finished_upload WHERE device = ?1 AND name = ?2 AND at >= ?3",
                )?
                .query_row(params![id.device.0, id.name, micros(since)], |row| {
                    let path = word(row, 1, |text| DevicePath::parse(text).ok())?;
                    Ok((AssetId(row.get(0)?), path))
                })
                .optional()?;
            let Some((asset, path)) = row else {
                return Ok::<_, IntakeError>(None);
            };
            let acknowledge = devices::meaning(connection, id.device)?
                .ok_or(IntakeError::NoDevice(id.device))?;
            let node = tree::find(connection, id.device, &path)?.node;
            let photo = asset::by_id(connection, asset)?;
            let (Some(node), Some(photo)) = (node, photo) else {
                return Ok(None);
            };
            let home = evidence::copies(connection, asset)?
                .into_iter()
                .find(|copy| copy.place == Place::Home);
            if node.asset != Some(asset) || home.is_none_or(|copy| copy.state != CopyState::Good) {
                return Ok(None);
            }
            let receipt = Receipt {
                asset,
                hash: photo.hash,
                size: photo.size,
                path: photo.path.clone(),
                outcome: Outcome::Duplicate,
                entry: Some(node.entry(id.device, path, &core.nonce)),
                replaced: true,
                acknowledge,
            };
            Ok(Some((photo, receipt)))
        })?;
    let Some((photo, receipt)) = found else {
        return Ok(None);
    };
    Ok(is_at_home(core, root, &photo)?.then_some(receipt))
}

/// Whether its bytes are still there: the answer has the promise of every receipt, as of now.
fn is_at_home(core: &Core, root: &Root, photo: &Asset) -> Result<bool, PartialError> {
    Ok(core.look_at(&root.file(&photo.path), photo)? == Lying::Photo)
}
