//! What the owner may change about how the house is run.

use safelight_core::FolderTemplate;
use safelight_library::LibraryError;

use crate::{error::EngineError, start::Engine};

impl Engine {
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
    /// [`EngineError::Invalid`] for a template that cannot be used; the catalogue cannot be written.
    pub fn set_folder_template(&self, template: &str) -> Result<(), EngineError> {
        self.library()
            .set_template(template)
            .map_err(LibraryError::from)?
            .map_err(|error| EngineError::Invalid(error.to_string()))
    }
}
