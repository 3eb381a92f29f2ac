//! How each device stands: when it was last here, what it brought, what it may forget; and what is overdue, which nobody
//! has to notice first (promise 9). The overdue is read off the clock each time, so it goes away by itself.

use std::collections::HashMap;

use jiff::SignedDuration;
use safelight_core::{DeviceId, PersonId, Timestamp};
use safelight_library::{Acknowledge, DestinationRow, DeviceRow};

use crate::{
    command::Meaning,
    error::EngineError,
    model::{DeviceStanding, DeviceStatus, Problem},
    people::Asker,
    start::Engine,
    view::text,
};

/// A device that has not come for as many days as the owner allows.
const SILENT_DEVICE: &str = "silent-device";
/// Photos that should have been copied long ago.
const STALE_BACKUP: &str = "stale-backup";
/// A device that waits for offsite copies where there are none.
const NO_DESTINATION: &str = "no-destination";
/// A destination that has photos waiting for so long is overdue. Backups are hourly, and a large first one takes a day.
const STALE: SignedDuration = SignedDuration::from_hours(48);

impl Engine {
    /// The devices that the asker may see, those that were revoked too, in the order in which they were added.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn devices_of(&self, asker: Asker) -> Result<Vec<DeviceStatus>, EngineError> {
        let names = self.names()?;
        self.library()
            .devices()?
            .into_iter()
            .filter(|row| asker.may_see(row.person))
            .map(|row| self.device_status(row, &names))
            .collect()
    }

    /// All devices: what the owner may see.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn devices(&self) -> Result<Vec<DeviceStatus>, EngineError> {
        self.devices_of(Asker::Owner)
    }

    /// One device.
    ///
    /// # Errors
    ///
    /// There is none of this number that the asker may see; the catalogue cannot be read.
    pub fn device_status_of(&self, asker: Asker, id: i64) -> Result<DeviceStatus, EngineError> {
        let row = self.device_of(asker, DeviceId(id))?;
        self.device_status(row, &self.names()?)
    }

    fn device_status(
        &self,
        row: DeviceRow,
        names: &HashMap<PersonId, String>,
    ) -> Result<DeviceStatus, EngineError> {
        let oldest = self.library().oldest_not_safe_of(row.id)?;
        Ok(DeviceStatus {
            id: row.id.0,
            name: row.name,
            user: row.user,
            created_at: text(row.created_at),
            last_seen_at: row.last_seen_at.map(text),
            last_seen_from: row.last_seen_from,
            photos: row.photos,
            bytes: row.bytes,
            last_arrival_at: row.last_arrival_at.map(text),
            not_yet_safe: row.not_yet_safe,
            oldest_not_yet_safe_at: oldest.map(text),
            releasable: row.photos - row.not_yet_safe,
            person: names.get(&row.person).cloned().unwrap_or_default(),
            acknowledge: match row.acknowledge {
                Acknowledge::Home => Meaning::Home,
                Acknowledge::Offsite => Meaning::Offsite,
            },
            tell_silence: row.tell_silence,
            revoked: row.revoked_at.is_some(),
        })
    }

    fn names(&self) -> Result<HashMap<PersonId, String>, EngineError> {
        let people = self.library().people()?;
        Ok(people.into_iter().map(|row| (row.id, row.name)).collect())
    }

    pub(crate) fn standings(&self, rows: &[DeviceRow]) -> Result<Vec<DeviceStanding>, EngineError> {
        let names = self.names()?;
        rows.iter()
            .map(|row| {
                Ok(DeviceStanding {
                    name: row.name.clone(),
                    person: names.get(&row.person).cloned().unwrap_or_default(),
                    last_seen_at: row.last_seen_at.map(text),
                    photos: row.photos,
                    not_yet_safe: row.not_yet_safe,
                    oldest_not_yet_safe_at: self.library().oldest_not_safe_of(row.id)?.map(text),
                    releasable: row.photos - row.not_yet_safe,
                })
            })
            .collect()
    }

    /// What the owner should hear of that no single event tells. `devices` are those that may add photos.
    pub(crate) fn overdue(
        &self,
        destinations: &[DestinationRow],
        devices: &[DeviceRow],
    ) -> Result<Vec<Problem>, EngineError> {
        let mut problems = self.silent(devices)?;
        for destination in destinations {
            problems.extend(self.stale(destination)?);
        }
        if destinations.is_empty() {
            let waits = |row: &&DeviceRow| row.acknowledge == Acknowledge::Offsite;
            problems.extend(devices.iter().filter(waits).map(|row| Problem {
                kind: NO_DESTINATION.into(),
                message: format!(
                    "{} is to hear \"stored\" only when a photo is offsite, and there is no offsite destination: it will \
                     send its photos again and again. Add a destination, or let its \"stored\" mean home",
                    row.name
                ),
                path: row.name.clone(),
                since: text(row.created_at),
            }));
        }
        Ok(problems)
    }

    /// The devices that should have come by now.
    pub(crate) fn silent(&self, devices: &[DeviceRow]) -> Result<Vec<Problem>, EngineError> {
        let days = self.silent_days()?;
        let now = self.0.clock.now();
        let allowed = SignedDuration::from_hours(24 * i64::from(days));
        let is_silent = |row: &&DeviceRow| {
            let last = row.last_seen_at.unwrap_or(row.created_at);
            row.tell_silence && now.duration_since(last) > allowed
        };
        Ok(devices
            .iter()
            .filter(is_silent)
            .map(|row| Problem {
                kind: SILENT_DEVICE.into(),
                message: match row.last_seen_at {
                    Some(_) => format!(
                        "{} has not come for over {days} days. Open its app and see whether it still uploads, and whether \
                         it is allowed to run in the background",
                        row.name
                    ),
                    None => format!(
                        "{} was added over {days} days ago and has never come. Finish setting up its app, or remove it",
                        row.name
                    ),
                },
                path: row.name.clone(),
                since: text(row.last_seen_at.unwrap_or(row.created_at)),
            })
            .collect())
    }

    /// A destination whose photos wait though a backup should have taken them long ago, whatever kept it.
    fn stale(&self, destination: &DestinationRow) -> Result<Option<Problem>, EngineError> {
        let now = self.0.clock.now();
        let is_old = |at: Timestamp| now.duration_since(at) > STALE;
        let last = destination
            .last_snapshot_at
            .unwrap_or(destination.created_at);
        if destination.pending == 0 || !is_old(last) {
            return Ok(None);
        }
        let Some(oldest) = self.library().oldest_pending(destination.id)? else {
            return Ok(None);
        };
        // Photos that came lately wait for the next backup in good order.
        Ok(is_old(oldest).then(|| Problem {
            kind: STALE_BACKUP.into(),
            message: match destination.last_snapshot_at {
                Some(_) => format!(
                    "Nothing was copied to {:?} for over two days, and photos are waiting to go there. See whether it can \
                     be reached, and press \"Copy now\"",
                    destination.name
                ),
                None => format!(
                    "Nothing was ever copied to {:?}, though photos have waited for over two days. See whether it can be \
                     reached, and press \"Copy now\"",
                    destination.name
                ),
            },
            path: destination.name.clone(),
            since: text(last),
        }))
    }
}
