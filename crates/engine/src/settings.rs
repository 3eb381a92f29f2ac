//! What the owner may change about how the house is run.

use safelight_core::FolderTemplate;
use safelight_library::LibraryError;

use crate::{command::Settings, commands::folder_key, error::EngineError, start::Engine};

/// The setting of how many days a device may be silent.
const SILENT_DAYS: &str = "devices.silent-days";
/// What it is when the owner says nothing.
const DEFAULT_SILENT_DAYS: u16 = 7;
/// The most that can be chosen.
const MOST_SILENT_DAYS: u16 = 365;

impl Engine {
    /// Sets what is named, and tells all.
    pub(crate) fn settings(
        &self,
        silent_days: Option<u16>,
        folders: Option<&str>,
    ) -> Result<Settings, EngineError> {
        if let Some(folders) = folders {
            self.set_folder_template(folders)?;
        }
        if let Some(days) = silent_days {
            self.set_silent_days(days)?;
        }
        Ok(Settings {
            silent_days: self.silent_days()?,
            folders: self.folder_template()?.to_string(),
        })
    }

    /// After how many days without a sign of life a device's silence is a problem.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn silent_days(&self) -> Result<u16, EngineError> {
        let stored = self.library().setting(SILENT_DAYS)?;
        Ok(stored
            .and_then(|days| days.parse().ok())
            .unwrap_or(DEFAULT_SILENT_DAYS))
    }

    /// Sets [`Self::silent_days`].
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] if it is not from 1 to 365; the catalogue cannot be written.
    pub fn set_silent_days(&self, days: u16) -> Result<(), EngineError> {
        if !(1..=MOST_SILENT_DAYS).contains(&days) {
            return Err(EngineError::Invalid(format!(
                "A device may be silent for 1 to {MOST_SILENT_DAYS} days, not {days}"
            )));
        }
        self.library().set_setting(SILENT_DAYS, &days.to_string())?;
        self.0.board.touch();
        Ok(())
    }

    /// How a capture time becomes a folder.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn folder_template(&self) -> Result<FolderTemplate, EngineError> {
        Ok(self.library().template().map_err(LibraryError::from)?)
    }

    /// Sets [`Self::folder_template`]. Photos that are already filed stay where they are.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] for a template that cannot be used, or that begins with a member's folder; the catalogue cannot be written.
    pub fn set_folder_template(&self, template: &str) -> Result<(), EngineError> {
        let first = folder_key(template.split('/').next().unwrap_or_default());
        let people = self.library().people()?;
        if let Some(person) = people
            .iter()
            .find(|person| !person.folder.is_empty() && folder_key(&person.folder) == first)
        {
            return Err(EngineError::Invalid(format!(
                "The folder {} is that of {}; choose another one for your photos",
                person.folder, person.name
            )));
        }
        self.library()
            .set_template(template)
            .map_err(LibraryError::from)?
            .map_err(|error| EngineError::Invalid(error.to_string()))
    }
}
