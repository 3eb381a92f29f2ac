//! How much a device's programs may keep in the catalogue: notes ([`crate::notes`]) and properties
//! ([`crate::entry_properties`]) together. No photo is among it, so a bound loses none; without one a single device
//! could fill the disk that everybody's receipts are written to.

use rusqlite::{Connection, OptionalExtension};
use safelight_core::{DeviceId, DevicePath};

use crate::{
    error::{DiskResult as _, TreeError},
    open::Library,
};

/// What all notes and properties of one device may take, in bytes: those of some 15,000 photos that the Finder copied, or
/// the marks of 300,000 Live Photos.
pub(crate) const MOST_BYTES: i64 = 64 << 20;

/// What one device had, before a change that may add to it.
pub(crate) struct Kept {
    device: DeviceId,
    before: i64,
}

impl Kept {
    /// What it has now.
    pub(crate) fn before(change: &Connection, device: DeviceId) -> rusqlite::Result<Self> {
        let before = bytes(change, device)?;
        Ok(Self { device, before })
    }

    /// Refuses the change, which was of this name, if it made it more than is kept. A change that takes away never does.
    pub(crate) fn judge(&self, change: &Connection, path: &DevicePath) -> Result<(), TreeError> {
        let after = bytes(change, self.device)?;
        if after > MOST_BYTES && after > self.before {
            return Err(TreeError::KeepsTooMuch(path.clone()));
        }
        Ok(())
    }
}

impl Library {
    /// Refuses to keep more when only the reserve is free where the catalogue lies.
    pub(crate) fn has_room_to_keep(&self) -> Result<(), TreeError> {
        let folder = &self.core().data_dir;
        let free = self
            .core()
            .disk
            .free_space(folder)
            .doing("ask for the free space of", folder)?;
        let reserve = self.reserve();
        if free < reserve {
            return Err(TreeError::NoSpace {
                path: folder.clone(),
                free,
                reserve,
            });
        }
        Ok(())
    }
}

fn bytes(change: &Connection, device: DeviceId) -> rusqlite::Result<i64> {
    let found = change
        .prepare_cached("SELECT kept_bytes FROM device WHERE id = ?1")?
        .query_row([device.0], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(0))
}
