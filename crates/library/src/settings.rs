//! Settings.

use std::sync::atomic::Ordering;

use rusqlite::{Connection, OptionalExtension};
use safelight_core::{FolderTemplate, TemplateError};

use crate::{error::CatalogueError, open::Library};

/// The setting of the free space to keep, in bytes.
const RESERVE: &str = "library.reserve";
/// The setting of the folder template.
const TEMPLATE: &str = "library.template";
/// What stays free on the library's disk when the owner says nothing: 512 MiB.
const DEFAULT_RESERVE: u64 = 512 << 20;

pub(crate) fn get(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT value FROM setting WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()
}

pub(crate) fn set(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO setting VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute([key, value])?;
    Ok(())
}

/// How a capture time becomes a folder.
pub(crate) fn template(connection: &Connection) -> rusqlite::Result<FolderTemplate> {
    Ok(get(connection, TEMPLATE)?
        .and_then(|value| FolderTemplate::parse(&value).ok())
        .unwrap_or_default())
}

/// How many bytes stay free on the library's disk.
pub(crate) fn reserve(connection: &Connection) -> rusqlite::Result<u64> {
    Ok(get(connection, RESERVE)?
        .and_then(|value| value.parse().ok())
        .unwrap_or(DEFAULT_RESERVE))
}

impl Library {
    /// A setting's value, as it was last stored.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn setting(&self, key: &str) -> Result<Option<String>, CatalogueError> {
        self.core()
            .catalogue
            .read("read a setting", |connection| Ok(get(connection, key)?))
    }

    /// Stores a setting.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn set_setting(&self, key: &str, value: &str) -> Result<(), CatalogueError> {
        self.core()
            .catalogue
            .write("store a setting", |change| Ok(set(change, key, value)?))
    }

    /// How many bytes stay free on the library's disk: an upload that would need them is refused.
    #[must_use]
    pub fn reserve(&self) -> u64 {
        self.core().reserve.load(Ordering::Relaxed)
    }

    /// Sets [`Self::reserve`], in bytes.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn set_reserve(&self, bytes: u64) -> Result<(), CatalogueError> {
        self.set_setting(RESERVE, &bytes.to_string())?;
        self.core().reserve.store(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// How a capture time becomes a folder.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn template(&self) -> Result<FolderTemplate, CatalogueError> {
        self.core()
            .catalogue
            .read("read a setting", |connection| Ok(template(connection)?))
    }

    /// Sets [`Self::template`]. Photos that are already filed stay where they are.
    ///
    /// # Errors
    ///
    /// A template that cannot be used, inside; the catalogue's, outside.
    pub fn set_template(
        &self,
        template: &str,
    ) -> Result<Result<(), TemplateError>, CatalogueError> {
        match FolderTemplate::parse(template) {
            Ok(template) => self.set_setting(TEMPLATE, &template.to_string()).map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }
}
