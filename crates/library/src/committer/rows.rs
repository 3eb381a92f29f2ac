//! The rows of one upload: photo, home copy, arrival, the device's entry, and what must be done next.

use rusqlite::{Connection, params};
use safelight_core::{
    AssetId, CaptureTime, ContentHash, Details, DeviceId, DevicePath, Evidence, LibraryPath,
    MediaKind, PersonId, Timestamp,
};

use crate::{
    asset,
    committer::{Home, Row},
    details::{self, duration_column},
    error::IntakeError,
    evidence::{judge, stored_rule, written_at_home},
    groups::{self, New},
    imports,
    intake::{Filing, Outcome, Receipt, Target, file_time, target},
    manifest::{self, folder_key},
    notes,
    open::Core,
    partial::finished,
    people,
    problems::{self, kind},
    remarks,
    stored::{PathKey, captured_columns, micros, signed},
    tree::{Node, child},
    tree_change::{NewNode, ensure_folder, insert, next_revision, touch_upwards},
};

/// Writes all rows of one upload. An error leaves work for the caller to roll back.
pub(super) fn write(
    core: &Core,
    change: &Connection,
    row: &Row,
    now: Timestamp,
) -> Result<Receipt, IntakeError> {
    // Looked at again: much may have happened while the upload waited.
    let Target {
        existing,
        acknowledge,
        folder,
    } = target(change, &core.nonce, &row.filing)?;
    let (asset, path, outcome) = match &row.home {
        Home::There(known) => (known.id, known.path.clone(), Outcome::Duplicate),
        Home::New { path, modified } => {
            let mut said = row.filing.said();
            let captured = said.captured();
            let new = NewAsset::of(row, path, captured.as_ref(), *modified, now);
            let id = insert_asset(change, &new)?;
            said.own_modified = file_time(core, said.own.as_ref(), row.filing.client_modified);
            remarks::put(change, id, &said)?;
            first_home(change, id, now)?;
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
            reset_home(change, known.id, now)?;
            problems::clear(change, kind::MISSING_FILE, known.path.as_str())?;
            (known.id, path.clone(), Outcome::Duplicate)
        }
    };
    if !matches!(row.home, Home::New { .. })
        && let Some(known) = asset::by_id(change, asset)?
    {
        remarks::merge(core, change, &known, &row.filing.remarks)?;
        if let Some(details) = &row.filing.details {
            details::keep_first(change, asset, details)?;
        }
    }
    let Filing {
        device,
        device_path,
        ..
    } = &row.filing;
    let by = By {
        device: *device,
        person: row.filing.person,
        path: device_path.as_ref(),
    };
    let person = note_arrival(change, asset, &by, now, outcome)?;
    if let Some(source) = &row.filing.source {
        imports::note_brought(change, source, &row.hash, person, outcome)?;
    }
    let mut tree = None;
    let entry = match (device, device_path) {
        (Some(device), Some(device_path)) => {
            let put = Put {
                device: *device,
                path: device_path,
                folder,
                asset,
                modified: row.filing.client_modified.unwrap_or(now),
                client_created: row.filing.client_created,
                now,
            };
            if let Some(upload) = &row.upload {
                finished::note(change, *device, upload, asset, device_path, now)?;
            }
            let node = put.write(change, existing.as_ref())?;
            tree = node.parent;
            Some(node.entry(*device, device_path.clone(), &core.nonce))
        }
        _ => None,
    };
    if row.has_company {
        let library = folder_key(path.folder());
        let new = New::arriving(&row.filing, row.hash, now, person, tree, &library);
        let new = New {
            asset: Some(asset),
            ..new
        };
        groups::regroup(core, change, asset, &new)?;
    }
    Ok(Receipt {
        asset,
        hash: row.hash,
        size: row.size,
        path,
        outcome,
        entry,
        replaced: existing.is_some(),
        acknowledge,
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
    pub(crate) details: Option<&'a Details>,
    pub(crate) modified: Timestamp,
    pub(crate) added_at: Timestamp,
}

impl<'a> NewAsset<'a> {
    fn of(
        row: &'a Row,
        path: &'a LibraryPath,
        captured: Option<&'a CaptureTime>,
        modified: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self {
            hash: row.hash,
            size: row.size,
            kind: row.filing.kind,
            path,
            original_name: &row.filing.wish,
            captured,
            details: row.filing.details.as_ref(),
            modified,
            added_at: now,
        }
    }
}

/// Adds a photo, which from now on waits for its line in a manifest and for every destination's next snapshot.
pub(crate) fn insert_asset(change: &Connection, new: &NewAsset<'_>) -> rusqlite::Result<AssetId> {
    let key = PathKey::of(new.path);
    let (local, offset, source, precision) = captured_columns(new.captured);
    let details = new.details;
    let position = details.and_then(|details| details.position);
    change
        .prepare_cached(
            "INSERT INTO asset (hash, size, kind, path, folder_key, name_key, original_name, captured_local,
               captured_offset, captured_source, captured_precision, modified, added_at, described, mime, width, height,
               rotation, duration, latitude, longitude, make, model, content_id, burst_id, motion_video, aside)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
               ?23, ?24, ?25, ?26, ?27)",
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
            micros(new.added_at),
            details.map_or(0, |details| details.reader),
            details.map(|details| &details.mime),
            details.and_then(|details| details.width),
            details.and_then(|details| details.height),
            details.map(|details| details.rotation),
            details.and_then(duration_column),
            position.map(|position| position.latitude),
            position.map(|position| position.longitude),
            details.and_then(|details| details.make.as_ref()),
            details.and_then(|details| details.model.as_ref()),
            details.and_then(|details| details.content_id.as_ref()),
            details.and_then(|details| details.burst_id.as_ref()),
            details.and_then(|details| details.motion_video).map(signed),
            new.kind == MediaKind::Other && !MediaKind::is_promised_by(new.original_name)
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

/// Notes the home file of a photo whose row was just added: it has no other copy, and is in no group.
fn first_home(change: &Connection, asset: AssetId, at: Timestamp) -> rusqlite::Result<()> {
    let written = put_home(change, asset, at)?;
    let rule = stored_rule(change)?;
    // Its row says that it is not safe, which is nearly always so: then there is nothing to look up.
    if rule.is_safe(&[written]) {
        judge(change, rule, asset)?;
    }
    Ok(())
}

/// Forgets what was proved of the home file before, because it is a new file: written, and not read since.
pub(crate) fn reset_home(
    change: &Connection,
    asset: AssetId,
    at: Timestamp,
) -> rusqlite::Result<()> {
    put_home(change, asset, at)?;
    judge(change, stored_rule(change)?, asset)
}

fn put_home(change: &Connection, asset: AssetId, at: Timestamp) -> rusqlite::Result<Evidence> {
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
    Ok(written)
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
            "INSERT INTO offsite_removal (destination, asset, path) SELECT id, ?1, ?2 FROM destination",
        )?
        .execute(params![asset.0, from.as_str()])?;
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

/// Who brought a photo, and as what.
pub(crate) struct By<'a> {
    pub(crate) device: Option<DeviceId>,
    /// Who brought it without a device.
    pub(crate) person: Option<PersonId>,
    /// Its name in the device's tree, or in the collection that it was imported from.
    pub(crate) path: Option<&'a DevicePath>,
}

impl By<'_> {
    /// For a file that was found in the library folder.
    pub(crate) const fn nobody() -> Self {
        Self {
            device: None,
            person: None,
            path: None,
        }
    }
}

/// Notes who brought a photo, and whose it is.
pub(crate) fn note_arrival(
    change: &Connection,
    asset: AssetId,
    by: &By<'_>,
    at: Timestamp,
    outcome: Outcome,
) -> rusqlite::Result<PersonId> {
    if let Some(device) = by.device {
        change
            .prepare_cached("UPDATE device SET last_arrival_at = ?2 WHERE id = ?1")?
            .execute([device.0, micros(at)])?;
    }
    let person = people::note_holder(change, asset, by.device, by.person)?;
    change
        .prepare_cached(
            "INSERT INTO arrival (asset, device, device_path, at, outcome, person) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            asset.0,
            by.device.map(|device| device.0),
            by.path.map(DevicePath::as_str),
            micros(at),
            outcome.as_str(),
            person.0
        ])?;
    Ok(person)
}

/// A name of a device's tree that comes to stand for a photo.
struct Put<'a> {
    device: DeviceId,
    path: &'a DevicePath,
    /// The folder that it lies in, if there is one.
    folder: Option<i64>,
    asset: AssetId,
    modified: Timestamp,
    client_created: Option<Timestamp>,
    now: Timestamp,
}

impl Put<'_> {
    fn write(&self, change: &Connection, existing: Option<&Node>) -> Result<Node, IntakeError> {
        let revision = next_revision(change)?;
        let folder = match self.folder {
            Some(folder) => folder,
            None => {
                let above = self.path.parent().unwrap_or_default();
                ensure_folder(change, self.device, &above, revision, self.now)?.id
            }
        };
        match existing {
            Some(node) => {
                let changed = node.asset != Some(self.asset);
                change
                    .prepare_cached(
                        "UPDATE entry SET asset = ?2, modified = ?3, version = iif(?4, ?5, version),
                           client_created = coalesce(?6, client_created) WHERE id = ?1",
                    )?
                    .execute(params![
                        node.id,
                        self.asset.0,
                        micros(self.modified),
                        changed,
                        revision,
                        self.client_created.map(micros)
                    ])?;
                if node.is_note {
                    notes::drop_bytes(change, node.id)?;
                }
            }
            None => {
                insert(
                    change,
                    &NewNode {
                        device: self.device,
                        parent: folder,
                        name: self.path.name(),
                        asset: Some(self.asset),
                        modified: self.modified,
                        created: self.now,
                        client_created: self.client_created,
                        version: revision,
                    },
                )?;
            }
        }
        touch_upwards(change, folder, revision, self.now)?;
        Ok(child(change, folder, self.path.name())?.ok_or(rusqlite::Error::QueryReturnedNoRows)?)
    }
}
