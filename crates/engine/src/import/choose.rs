//! The folders of the computer that Safelight runs on, for a person who chooses one in the page. Only the owner is shown
//! them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{error::EngineError, start::Engine};

/// The most folders that are listed of one.
const MOST: usize = 1000;

/// A folder to choose, or to look further in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its whole path.
    pub path: PathBuf,
    /// The folder that it lies in; none at the top.
    pub above: Option<PathBuf>,
    /// The folders in it, by name; at most a thousand.
    pub folders: Vec<SubFolder>,
    /// Whether there are more folders.
    pub more: bool,
    /// How many files lie in it, without those in its folders.
    pub files: u64,
}

/// A folder in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubFolder {
    /// Its name.
    pub name: String,
    /// Its whole path.
    pub path: PathBuf,
}

impl Engine {
    /// A folder of this computer with the folders in it; without a path, one to begin at. Folders whose names are hidden
    /// or not Unicode are not listed; they can be named.
    ///
    /// # Errors
    ///
    /// It is not there, is no folder, or cannot be read.
    pub fn choose_folder(&self, path: Option<&Path>) -> Result<Chosen, EngineError> {
        let path = match path {
            Some(path) => super::source::real(path)?,
            None => beginning(self.library_dir()),
        };
        let cannot = |source| EngineError::File {
            attempt: "Looking into",
            path: path.display().to_string(),
            source,
        };
        let mut chosen = Chosen {
            above: path.parent().map(Path::to_owned),
            path: path.clone(),
            folders: Vec::new(),
            more: false,
            files: 0,
        };
        for entry in fs::read_dir(&path).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            // Of a link that leads to a folder, too: a person may have made it.
            let Ok(metadata) = fs::metadata(entry.path()) else {
                continue;
            };
            if !metadata.is_dir() {
                chosen.files += 1;
                continue;
            }
            if let Ok(name) = entry.file_name().into_string()
                && !name.starts_with('.')
            {
                chosen.folders.push(SubFolder {
                    path: entry.path(),
                    name,
                });
            }
        }
        chosen
            .folders
            .sort_unstable_by_key(|folder| folder.name.to_lowercase());
        chosen.more = chosen.folders.len() > MOST;
        chosen.folders.truncate(MOST);
        Ok(chosen)
    }
}

/// Where disks and cards are most often mounted, else the folder that the library lies in.
fn beginning(library: Option<PathBuf>) -> PathBuf {
    let home = library.and_then(|library| library.parent().map(Path::to_owned));
    let mounts = if cfg!(target_os = "macos") {
        ["/Volumes", "/Users"]
    } else {
        ["/media", "/mnt"]
    };
    home.or_else(|| {
        mounts
            .into_iter()
            .map(PathBuf::from)
            .find(|path| path.is_dir())
    })
    .unwrap_or_else(|| {
        let current = std::env::current_dir().unwrap_or_default();
        current.ancestors().last().unwrap_or(&current).to_owned()
    })
}
