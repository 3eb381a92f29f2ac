//! The library folder and its marker. A folder without our marker is an unmounted disk: nothing is written there.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::PoisonError,
};

use rusqlite::Connection;
use safelight_core::LibraryPath;
use serde::{Deserialize, Serialize};

use crate::{
    disk::Disk,
    error::{CatalogueError, DiskError, DiskResult, LibraryUnavailable, RootError},
    manifest,
    open::{Core, Library},
    settings,
};

/// Safelight's own folder in the library folder.
pub(crate) const OWN_FOLDER: &str = ".safelight";
/// The marker, below the library folder.
pub(crate) const MARKER: &str = ".safelight/library.json";
/// Uploads in progress, below the library folder.
pub(crate) const STAGING: &str = ".safelight/staging";
/// Uploads that come in pieces, below the library folder.
pub(crate) const PARTIAL: &str = ".safelight/partial";
/// The manifests, below the library folder.
pub(crate) const MANIFESTS: &str = ".safelight/manifests";
/// The albums' lists, below the library folder.
pub(crate) const ALBUMS: &str = ".safelight/albums";
/// Files whose bytes went bad, kept when a good copy took their place, below the library folder.
pub(crate) const QUARANTINE: &str = ".safelight/quarantine";

const ROOT: &str = "library.root";
const ID: &str = "library.id";
/// `1` from the taking over of a library until a rebuild has read what is in it.
const REBUILD: &str = "library.rebuild";

/// The library folder that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Root {
    pub(crate) path: PathBuf,
    pub(crate) id: String,
}

impl Root {
    pub(crate) fn file(&self, path: &LibraryPath) -> PathBuf {
        self.path.join(path.to_relative())
    }

    /// The place of a folder of the library, given as names joined by `/`; the library folder itself for the empty text.
    pub(crate) fn folder(&self, folder: &str) -> PathBuf {
        let mut path = self.path.clone();
        path.extend(folder.split('/').filter(|name| !name.is_empty()));
        path
    }
}

/// Whether the library folder can be worked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootState {
    /// Nobody has chosen one yet.
    NotChosen,
    /// It is there, and it is ours.
    Ready(PathBuf),
    /// It is not there, or not ours: most often a disk that is not mounted.
    Unavailable {
        /// The folder.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl RootState {
    /// Whether photos can be read and written.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }
}

#[derive(Serialize, Deserialize)]
struct Marker {
    format: u32,
    id: String,
}

pub(crate) fn remembered(connection: &Connection) -> rusqlite::Result<Option<Root>> {
    let path = settings::get(connection, ROOT)?;
    let id = settings::get(connection, ID)?;
    Ok(path.zip(id).map(|(path, id)| Root {
        path: PathBuf::from(path),
        id,
    }))
}

/// Whether the library was taken over and the catalogue does not know yet what is in it.
pub(crate) fn needs_rebuild(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(settings::get(connection, REBUILD)?.as_deref() == Some("1"))
}

pub(crate) fn note_rebuilt(change: &Connection) -> rusqlite::Result<()> {
    settings::set(change, REBUILD, "0")
}

impl Core {
    /// The library folder, if it is there and ours.
    pub(crate) fn ready_root(&self) -> Result<Root, LibraryUnavailable> {
        let chosen = self
            .root
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let root = chosen.ok_or(LibraryUnavailable::NotChosen)?;
        match read_marker(&root.path) {
            Ok(Some(marker)) if marker.id == root.id => Ok(root),
            Ok(Some(_)) => Err(unavailable(root.path, "it belongs to another library")),
            Ok(None) => Err(unavailable(
                root.path,
                "its marker .safelight/library.json is not there; mount the disk that the photos are on",
            )),
            Err(error) => Err(LibraryUnavailable::Unavailable {
                path: root.path,
                reason: error.to_string(),
            }),
        }
    }
}

fn unavailable(path: PathBuf, reason: &str) -> LibraryUnavailable {
    LibraryUnavailable::Unavailable {
        path,
        reason: reason.to_owned(),
    }
}

impl Library {
    /// The library folder that was chosen, whether or not it is there now.
    #[must_use]
    pub fn root(&self) -> Option<PathBuf> {
        let root = self
            .core()
            .root
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        root.as_ref().map(|root| root.path.clone())
    }

    /// Whether the library folder can be worked with. Costs one small read.
    #[must_use]
    pub fn root_state(&self) -> RootState {
        match self.core().ready_root() {
            Ok(root) => RootState::Ready(root.path),
            Err(LibraryUnavailable::NotChosen) => RootState::NotChosen,
            Err(LibraryUnavailable::Unavailable { path, reason }) => {
                RootState::Unavailable { path, reason }
            }
        }
    }

    /// Whether [`Library::rebuild`] must read what is in the library folder: it was taken over from another catalogue,
    /// and this one does not know its photos. Until then the manifests keep what they say of them.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn needs_rebuild(&self) -> Result<bool, CatalogueError> {
        self.core()
            .catalogue
            .read("see whether a rebuild is due", |connection| {
                Ok(needs_rebuild(connection)?)
            })
    }

    /// Chooses the library folder: creates it if absent, marks it as ours, and remembers it. A folder that is marked
    /// already is taken over if this catalogue has no photos yet; then [`Library::needs_rebuild`].
    ///
    /// # Errors
    ///
    /// It overlaps the data folder; it has another library's marker, or none, while this catalogue has photos; the disk
    /// or the catalogue refuses.
    pub fn set_root(&self, dir: &Path) -> Result<(), RootError> {
        let core = self.core();
        let absolute = std::path::absolute(dir).doing("find", dir)?;
        let overlap = |library: &Path| RootError::Overlaps {
            library: library.to_owned(),
            data: core.data_dir.clone(),
        };
        if absolute.starts_with(&core.data_dir) || core.data_dir.starts_with(&absolute) {
            return Err(overlap(&absolute));
        }
        let photos = core.catalogue.read("count the photos", |connection| {
            Ok::<_, RootError>(
                connection.query_row("SELECT photos FROM tally", [], |row| row.get::<_, i64>(0))?,
            )
        })?;
        let known = core
            .root
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let marker = read_marker(&absolute)?;
        let other = |reason: &str| RootError::OtherLibrary {
            path: absolute.clone(),
            reason: reason.to_owned(),
        };
        let taken_over = marker
            .as_ref()
            .is_some_and(|marker| known.as_ref().is_none_or(|known| known.id != marker.id));
        let id = match (&known, marker) {
            (Some(known), Some(marker)) if marker.id == known.id => marker.id,
            (Some(_), Some(_)) if photos > 0 => {
                return Err(other("it is marked as another library's"));
            }
            (Some(_), None) if photos > 0 => {
                return Err(other("its marker .safelight/library.json is not there"));
            }
            (_, Some(marker)) => marker.id,
            (_, None) => {
                let mut bytes = [0; 16];
                core.entropy.fill(&mut bytes);
                hex::encode(bytes)
            }
        };
        make_folders(core.disk.as_ref(), &absolute)?;
        let path = fs::canonicalize(&absolute).doing("find the library folder", &absolute)?;
        if path.starts_with(&core.data_dir) || core.data_dir.starts_with(&path) {
            return Err(overlap(&path));
        }
        let text = path.to_str().ok_or_else(|| RootError::Name {
            path: path.clone(),
            reason: "its name is not Unicode; choose a folder whose name is".to_owned(),
        })?;
        for own in [OWN_FOLDER, STAGING, PARTIAL, MANIFESTS] {
            make_folders(core.disk.as_ref(), &path.join(own))?;
        }
        write_marker(core, &path, &id)?;
        core.catalogue
            .write("remember the library folder", |change| {
                settings::set(change, ROOT, text)?;
                settings::set(change, ID, &id)?;
                if taken_over {
                    settings::set(change, REBUILD, "1")?;
                }
                manifest::note_changed(change, MARKER)?;
                Ok::<_, RootError>(())
            })?;
        core.folders.forget_all();
        *core.root.write().unwrap_or_else(PoisonError::into_inner) = Some(Root { path, id });
        Ok(())
    }
}

fn read_marker(library: &Path) -> Result<Option<Marker>, RootError> {
    let path = library.join(MARKER);
    match fs::read(&path) {
        Ok(bytes) => match serde_json::from_slice::<Marker>(&bytes) {
            Ok(marker) if marker.format == 1 => Ok(Some(marker)),
            Ok(marker) => Err(RootError::Marker {
                path,
                reason: format!(
                    "its format {} is newer than this Safelight; update Safelight",
                    marker.format
                ),
            }),
            Err(error) => Err(RootError::Marker {
                path,
                reason: error.to_string(),
            }),
        },
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error).doing("read the library's marker", path)?,
    }
}

fn write_marker(core: &Core, library: &Path, id: &str) -> Result<(), RootError> {
    let path = library.join(MARKER);
    if path.exists() {
        return Ok(());
    }
    let marker = Marker {
        format: 1,
        id: id.to_owned(),
    };
    let mut text = serde_json::to_string(&marker).map_err(|error| RootError::Marker {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    text.push('\n');
    let draft = core.new_staging_path(library);
    let mut file = core.disk.create(&draft).doing("create", &draft)?;
    core.disk
        .write(&mut file, &draft, text.as_bytes())
        .doing("write", &draft)?;
    core.disk.sync_file(&file, &draft).doing("flush", &draft)?;
    core.disk.place(&draft, &path).doing("create", &path)?;
    let folder = library.join(OWN_FOLDER);
    Ok(core
        .disk
        .sync_folder(&folder)
        .doing("flush the folder", folder)?)
}

/// Makes a folder and those above it, each durable when this returns.
pub(crate) fn make_folders(disk: &dyn Disk, path: &Path) -> Result<(), DiskError> {
    if path.is_dir() {
        return Ok(());
    }
    let Some(parent) = path.parent() else {
        return Err(io::Error::from(io::ErrorKind::NotFound)).doing("create the folder", path);
    };
    make_folders(disk, parent)?;
    match disk.make_folder(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        Err(error) => return Err(error).doing("create the folder", path),
    }
    disk.sync_folder(parent).doing("flush the folder", parent)
}
