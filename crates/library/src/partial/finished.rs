//! Which uploads in pieces became photos within the last day: a client that did not hear the answer asks again.

use rusqlite::{Connection, OptionalExtension, params};
use safelight_core::{AssetId, DeviceId, DevicePath, Timestamp};

use super::{PartialError, PartialId};
use crate::{
    asset, devices,
    error::{CatalogueError, IntakeError},
    intake::{Outcome, Receipt},
    open::Core,
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

pub(super) fn find(core: &Core, id: &PartialId) -> Result<Option<Receipt>, PartialError> {
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
            if node.asset != Some(asset) {
                return Ok(None);
            }
            Ok(Some(Receipt {
                asset,
                hash: photo.hash,
                size: photo.size,
                path: photo.path,
                outcome: Outcome::Duplicate,
                entry: Some(node.entry(id.device, path, &core.nonce)),
                replaced: true,
                acknowledge,
            }))
        })?;
    Ok(found)
}
