//! What must be kept secret about destinations: repository passwords and store keys, in files that only the owner of
//! the data folder may read. Together with the name and address, so that a lost catalogue finds its destinations again.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{command::S3KeyPair, error::EngineError};

/// One destination's file, `secrets/NAME-OF-REPOSITORY.json`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct DestinationSecrets {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) repository_id: String,
    pub(crate) password: String,
    pub(crate) keys: Option<S3KeyPair>,
}

/// The extension of a destination's file.
const IN_USE: &str = "json";
/// The extension when the owner has removed the destination.
const REMOVED: &str = "removed";

pub(crate) struct SecretStore {
    dir: PathBuf,
}

impl SecretStore {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self {
            dir: data_dir.join("secrets"),
        }
    }

    /// Repository ids are hexadecimal; anything else must not become a file name.
    fn path(&self, repository_id: &str) -> Result<PathBuf, EngineError> {
        if repository_id.is_empty() || !repository_id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(EngineError::Invalid(format!(
                "The repository's id {repository_id:?} is not hexadecimal"
            )));
        }
        Ok(self.dir.join(format!("{repository_id}.{IN_USE}")))
    }

    pub(crate) fn save(&self, secrets: &DestinationSecrets) -> Result<(), EngineError> {
        let path = self.path(&secrets.repository_id)?;
        let json = serde_json::to_vec_pretty(secrets)
            .map_err(|error| EngineError::Bug(format!("secrets as JSON: {error}")))?;
        write_private(&self.dir, &path, &json).map_err(file_error("Writing", &path))
    }

    pub(crate) fn load(&self, repository_id: &str) -> Result<DestinationSecrets, EngineError> {
        let path = self.path(repository_id)?;
        read(&path)
    }

    /// Keeps the secrets of a destination that the owner removed: what lies there can still be read with them, and
    /// adding it again finds them.
    pub(crate) fn set_aside(&self, repository_id: &str) -> Result<(), EngineError> {
        let from = self.path(repository_id)?;
        let to = from.with_extension(REMOVED);
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(file_error("Setting aside", &from)(error))
            }
            _ => Ok(()),
        }
    }

    /// The password of the destination at an address, also of one that was removed or never finished.
    pub(crate) fn password_at(&self, url: &str) -> Result<Option<String>, EngineError> {
        let mut all = self.with_extension(IN_USE)?;
        all.extend(self.with_extension(REMOVED)?);
        Ok(all
            .into_iter()
            .find(|secrets| secrets.url == url)
            .map(|secrets| secrets.password))
    }

    pub(crate) fn remove(&self, repository_id: &str) -> Result<(), EngineError> {
        let path = self.path(repository_id)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(file_error("Removing", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// All destinations in use.
    pub(crate) fn all(&self) -> Result<Vec<DestinationSecrets>, EngineError> {
        self.with_extension(IN_USE)
    }

    fn with_extension(&self, extension: &str) -> Result<Vec<DestinationSecrets>, EngineError> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(file_error("Reading", &self.dir)(error)),
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.map_err(file_error("Reading", &self.dir))?.path();
            if path.extension().is_some_and(|found| found == extension) {
                all.push(read(&path)?);
            }
        }
        Ok(all)
    }
}

fn read(path: &Path) -> Result<DestinationSecrets, EngineError> {
    let json = fs::read(path).map_err(file_error("Reading", path))?;
    serde_json::from_slice(&json).map_err(|error| {
        EngineError::Invalid(format!(
            "The destination's secrets in {} cannot be read: {error}. Restore the file from your recovery kit",
            path.display()
        ))
    })
}

fn file_error<'a>(attempt: &'static str, path: &'a Path) -> impl Fn(io::Error) -> EngineError + 'a {
    move |source| EngineError::File {
        attempt,
        path: path.display().to_string(),
        source,
    }
}

/// Writes a file that only its owner may read, whole or not at all, and flushed: a repository whose password is lost
/// is lost.
pub(crate) fn write_private(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    use io::Write;

    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;

    let temporary = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // On Windows the data folder lies in the owner's profile, whose access list is inherited.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, path)?;
    #[cfg(unix)]
    fs::File::open(dir)?.sync_all()?;
    Ok(())
}
