//! stub
use crate::{error::LibraryError, open::Library};
use rusqlite::Connection;

/// Notes that a plain-text file has changed, so that every destination's next snapshot takes it in.
pub(crate) fn note_changed(change: &Connection, path: &str) -> rusqlite::Result<()> {
    change
        .prepare_cached(
            "INSERT INTO manifest VALUES (?1, 1) ON CONFLICT (path) DO UPDATE SET version = version + 1",
        )?
        .execute([path])?;
    Ok(())
}

impl Library {
    /// Writes.
    pub fn flush_manifests(&self) -> Result<(), LibraryError> {
        Ok(())
    }
    /// Dirty.
    pub fn dirty_manifests(
        &self,
        _d: safelight_core::DestinationId,
    ) -> Result<Vec<String>, crate::CatalogueError> {
        Ok(vec![])
    }
    /// Stored.
    pub fn manifests_stored(
        &self,
        _d: safelight_core::DestinationId,
        _p: &[String],
    ) -> Result<(), crate::CatalogueError> {
        Ok(())
    }
}
