//! What must go offsite, and what has arrived there. Costs what is new, never the library.

use std::sync::PoisonError;

use rusqlite::{OptionalExtension, Transaction, params};
use safelight_core::{
    AssetId, ContentHash, CopyState, DestinationId, Evidence, LibraryPath, Place, Proof,
    SafetyRule, Timestamp,
};

use crate::{
    error::{CatalogueError, RowError},
    evidence::{forget_damage, in_chunks, judge, judge_those, store, stored_rule},
    open::Library,
    stored::{at_most, count, hash, micros, path, time},
    tree_change::{current_revision, next_revision},
};

/// How many photos are noted in one transaction: short enough that an upload does not wait long for its turn.
const CHUNK: usize = 2048;

/// A photo that the next snapshot must take in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingAsset {
    /// Its number.
    pub asset: AssetId,
    /// Where it lies.
    pub path: LibraryPath,
    /// What its bytes must be.
    pub hash: ContentHash,
    /// Bytes.
    pub size: u64,
    /// The file's modification time.
    pub modified: Timestamp,
}

/// A photo that a finished snapshot has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredPhoto {
    /// Its number.
    pub asset: AssetId,
    /// Whether all of its home file's bytes were read for it, and had its hash.
    pub home_read_back: bool,
}

impl Library {
    /// Up to `limit` photos that wait for a destination's next snapshot, after one number, by number. A listing begins
    /// with `AssetId(0)`: photos whose path changes after that keep waiting, whatever [`Self::finish_snapshot`] says.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn pending_offsite(
        &self,
        destination: DestinationId,
        after: AssetId,
        limit: usize,
    ) -> Result<Vec<PendingAsset>, CatalogueError> {
        self.core().catalogue.read("list what goes offsite", |connection| {
            if after.0 <= 0 {
                let revision = current_revision(connection)?;
                let mut listed = self.core().listed_at.lock().unwrap_or_else(PoisonError::into_inner);
                listed.insert(destination, revision);
            }
            let mut query = connection.prepare_cached(
                "SELECT a.id, a.path, a.hash, a.size, a.modified FROM offsite_pending p JOIN asset a ON a.id = p.asset
                 WHERE p.destination = ?1 AND p.asset > ?2 ORDER BY p.asset LIMIT ?3",
            )?;
            let rows = query.query_map(params![destination.0, after.0, at_most(limit)], |row| {
                Ok(PendingAsset {
                    asset: AssetId(row.get(0)?),
                    path: path(row, 1)?,
                    hash: hash(row, 2)?,
                    size: count(row, 3)?,
                    modified: time(row, 4)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Of the photos that wait for a destination's next snapshot, when the first one came.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn oldest_pending(
        &self,
        destination: DestinationId,
    ) -> Result<Option<Timestamp>, CatalogueError> {
        self.core()
            .catalogue
            .read("look for the oldest waiting photo", |connection| {
                Ok(connection
                    .prepare_cached(
                        "SELECT a.added_at FROM offsite_pending p JOIN asset a ON a.id = p.asset
                         WHERE p.destination = ?1 ORDER BY p.asset LIMIT 1",
                    )?
                    .query_row([destination.0], |row| time(row, 0))
                    .optional()?)
            })
    }

    /// Up to `limit` photos of which a destination has, or should have, a copy, after one number, by number: what a
    /// verification looks at.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn photos_offsite(
        &self,
        destination: DestinationId,
        after: AssetId,
        limit: usize,
    ) -> Result<Vec<(AssetId, LibraryPath, ContentHash)>, CatalogueError> {
        self.core()
            .catalogue
            .read("list what is offsite", |connection| {
                let mut query = connection.prepare_cached(
                    "SELECT a.id, a.path, a.hash FROM copy c JOIN asset a ON a.id = c.asset
                 WHERE c.asset > ?2 AND c.place = ?1 ORDER BY c.asset LIMIT ?3",
                )?;
                let rows = query
                    .query_map(params![destination.0, after.0, at_most(limit)], |row| {
                        Ok((AssetId(row.get(0)?), path(row, 1)?, hash(row, 2)?))
                    })?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }

    /// Notes that a destination's newest snapshot cannot be read completely any more: no photo counts as being there, and
    /// all must go there again. [`Self::finish_snapshot`] counts them anew. Done for a part of the photos at a time; if
    /// it is interrupted, it must be called again.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn snapshot_lost(
        &self,
        destination: DestinationId,
        at: Timestamp,
    ) -> Result<(), CatalogueError> {
        self.send_manifests_again(destination)?;
        in_chunks(
            self.core(),
            "note a lost snapshot",
            |change, after, last| {
                let revision = next_revision(change)?;
                change
                    .prepare_cached(
                        "INSERT INTO offsite_pending (destination, asset, since)
                     SELECT ?1, id, ?2 FROM asset WHERE id > ?3 AND id <= ?4
                     ON CONFLICT (destination, asset) DO UPDATE SET since = excluded.since",
                    )?
                    .execute([destination.0, revision, after, last])?;
                Ok(judge_those(
                change,
                stored_rule(change)?,
                "UPDATE copy SET state = ?2, proof = ?3, at = ?4
                 WHERE place = ?1 AND state = 'good' AND asset > ?5 AND asset <= ?6 RETURNING asset",
                params![
                    destination.0,
                    CopyState::Missing.as_str(),
                    Proof::SnapshotCompared.as_str(),
                    micros(at),
                    after,
                    last
                ],
            )?)
            },
        )
    }

    /// Has every manifest sent again with the next snapshot, after a destination was found to have lost what it had.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn send_manifests_again(&self, destination: DestinationId) -> Result<(), CatalogueError> {
        self.core()
            .catalogue
            .write("have the manifests sent again", |change| {
                change
                    .prepare_cached("DELETE FROM manifest_stored WHERE destination = ?1")?
                    .execute([destination.0])?;
                Ok::<_, CatalogueError>(())
            })
    }

    /// Up to `limit` paths that renames have taken out of the tree, and that a destination's next snapshot need not have
    /// any more, each with the number under which [`Self::finish_snapshot`] wants to hear of it.
    ///
    /// A photo's old path is not among them before a snapshot has the photo under its new one: should the home file be
    /// lost meanwhile, the newest snapshot still has the photo. (Until the one after that it has both names.)
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn pending_removals(
        &self,
        destination: DestinationId,
        limit: usize,
    ) -> Result<Vec<(i64, LibraryPath)>, CatalogueError> {
        self.core()
            .catalogue
            .read("list what was renamed", |connection| {
                let mut query = connection.prepare_cached(
                    "SELECT id, path FROM offsite_removal r WHERE destination = ?1 AND NOT EXISTS (
                       SELECT 1 FROM offsite_pending p WHERE p.destination = r.destination AND p.asset = r.asset
                     ) ORDER BY id LIMIT ?2",
            )?;
                let rows = query.query_map(params![destination.0, at_most(limit)], |row| {
                    Ok((row.get(0)?, path(row, 1)?))
                })?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }

    /// Notes what a finished and compared snapshot has. May be called several times for one snapshot. Long lists are
    /// stored in several transactions; one that is interrupted leaves the rest waiting, never the other way round.
    ///
    /// # Errors
    ///
    /// There is no such destination; the catalogue's.
    pub fn finish_snapshot(
        &self,
        destination: DestinationId,
        snapshot: &str,
        at: Timestamp,
        stored: &[StoredPhoto],
        removals: &[i64],
    ) -> Result<(), RowError> {
        let core = self.core();
        let listed_at = {
            let listed = core
                .listed_at
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            listed.get(&destination).copied().unwrap_or(0)
        };
        let mut chunks = stored.chunks(CHUNK);
        let first = chunks.next().unwrap_or_default();
        core.catalogue.write("note a snapshot", |change| {
            let noted = change.execute(
                "UPDATE destination SET last_snapshot = ?2, last_snapshot_at = ?3 WHERE id = ?1",
                params![destination.0, snapshot, micros(at)],
            )?;
            if noted == 0 {
                return Err(RowError::NoDestination(destination));
            }
            for removal in removals {
                change
                    .prepare_cached(
                        "DELETE FROM offsite_removal WHERE id = ?1 AND destination = ?2",
                    )?
                    .execute([*removal, destination.0])?;
            }
            let facts = Facts::of(change, destination, snapshot, at, listed_at)?;
            Ok(facts.note(change, first)?)
        })?;
        for chunk in chunks {
            core.catalogue.write("note a snapshot's photos", |change| {
                let facts = Facts::of(change, destination, snapshot, at, listed_at)?;
                Ok::<_, RowError>(facts.note(change, chunk)?)
            })?;
        }
        Ok(())
    }
}

/// What is true of every photo of one snapshot.
struct Facts {
    destination: DestinationId,
    snapshot: i64,
    at: Timestamp,
    rule: SafetyRule,
    listed_at: i64,
}

impl Facts {
    fn of(
        change: &Transaction<'_>,
        destination: DestinationId,
        name: &str,
        at: Timestamp,
        listed_at: i64,
    ) -> rusqlite::Result<Self> {
        change
            .prepare_cached(
                "INSERT INTO snapshot (destination, name, at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (destination, name) DO UPDATE SET at = excluded.at",
            )?
            .execute(params![destination.0, name, micros(at)])?;
        let snapshot = change
            .prepare_cached("SELECT id FROM snapshot WHERE destination = ?1 AND name = ?2")?
            .query_row(params![destination.0, name], |row| row.get(0))?;
        Ok(Self {
            destination,
            snapshot,
            at,
            rule: stored_rule(change)?,
            listed_at,
        })
    }

    fn note(&self, change: &Transaction<'_>, photos: &[StoredPhoto]) -> rusqlite::Result<()> {
        let mut waits_since = change.prepare_cached(
            "SELECT since FROM offsite_pending WHERE destination = ?1 AND asset = ?2",
        )?;
        let mut waits_no_more = change
            .prepare_cached("DELETE FROM offsite_pending WHERE destination = ?1 AND asset = ?2")?;
        let mut exists = change.prepare_cached("SELECT 1 FROM asset WHERE id = ?1")?;
        for photo in photos {
            let key = [self.destination.0, photo.asset.0];
            let since: Option<i64> = waits_since.query_row(key, |row| row.get(0)).optional()?;
            match since {
                // Renamed, or found bad, after the listing began: the snapshot has it under its old path, or not well.
                Some(since) if since > self.listed_at => continue,
                Some(_) => {
                    waits_no_more.execute(key)?;
                    // Had the copy been damaged, the photo would wait since that was noted, at the latest. And a backup
                    // that begins after that sends every blob that was found damaged anew, whatever the repository's
                    // lists say (the vault keeps that list), so this is another copy.
                    forget_damage(change, photo.asset, self.destination)?;
                }
                None if !exists.exists([photo.asset.0])? => continue,
                None => {}
            }
            let offsite = Evidence {
                place: Place::Offsite(self.destination),
                state: CopyState::Good,
                proof: Proof::SnapshotCompared,
                at: self.at,
            };
            store(change, photo.asset, &offsite, Some(self.snapshot))?;
            if photo.home_read_back {
                let home = Evidence {
                    place: Place::Home,
                    proof: Proof::ReadBack,
                    ..offsite
                };
                store(change, photo.asset, &home, None)?;
            }
            judge(change, self.rule, photo.asset)?;
        }
        Ok(())
    }
}
