//! What goes wrong, sorted for the edges: the asker's fault, or the house's.

use safelight_library as library;
use safelight_vault as vault;

/// Why something that was asked for could not be done.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// What was asked for makes no sense; asking again will not help.
    #[error("{0}")]
    Invalid(String),
    /// What was named does not exist.
    #[error("{0}")]
    NotFound(String),
    /// Only the owner may do this.
    #[error("Only the owner may do this")]
    NotAllowed,
    /// The data folder could not be opened.
    #[error(transparent)]
    Open(#[from] library::OpenError),
    /// A folder that cannot be the library.
    #[error(transparent)]
    Root(#[from] library::RootError),
    /// The home copy's catalogue or folder.
    #[error(transparent)]
    Library(#[from] library::LibraryError),
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] library::CatalogueError),
    /// A row of the catalogue.
    #[error(transparent)]
    Row(#[from] library::RowError),
    /// A photo's home copy.
    #[error(transparent)]
    Read(#[from] library::ReadError),
    /// The library folder is not there.
    #[error(transparent)]
    LibraryUnavailable(#[from] library::LibraryUnavailable),
    /// The file of pictures.
    #[error(transparent)]
    Pictures(#[from] library::PicturesError),
    /// A photo could not be stored.
    #[error(transparent)]
    Intake(#[from] library::IntakeError),
    /// An offsite repository.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
    /// A file of the data folder.
    #[error("{attempt} {path} failed: {source}")]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// On what.
        path: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A thread of ours ended by a bug of ours.
    #[error("Safelight itself failed while it worked on this; nothing was acknowledged. {0}")]
    Bug(String),
}
