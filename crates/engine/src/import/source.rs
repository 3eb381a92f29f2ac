//! What a person points at, told apart: each path is a collection of some sort.

use std::{
    fs::File,
    io::{self, Read},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use super::{
    folder::Folder,
    item::{Found, Item, Origin},
};
use crate::error::EngineError;

/// A collection.
#[derive(Debug)]
pub(crate) enum Source {
    /// A folder with all that is in it, or one file.
    Folder(Folder),
}

impl Source {
    /// Tells collections apart by their paths. `ours` are the library folder and the data folder: what lies in them cannot
    /// be brought in, and a folder around them is walked without them.
    ///
    /// # Errors
    ///
    /// A path that is not there, cannot be read, or lies in a folder of ours.
    pub(crate) fn of(paths: &[PathBuf], ours: &[PathBuf]) -> Result<Vec<Self>, EngineError> {
        let mut sources = Vec::new();
        let mut labels: Vec<String> = Vec::new();
        for path in paths {
            let real = real(path)?;
            if let Some(ours) = ours.iter().find(|ours| real.starts_with(ours)) {
                return Err(EngineError::Invalid(format!(
                    "{} lies in Safelight's own folder {}; photos that are in the library folder are taken in with \
                     --in-place",
                    path.display(),
                    ours.display()
                )));
            }
            let name = real
                .file_name()
                .map_or_else(|| real.to_string_lossy(), |name| name.to_string_lossy());
            // Two of the same name would look like one folder, in which things belong together.
            let label = (1..)
                .map(|number| match number {
                    1 => name.replace('/', ""),
                    _ => format!("{name} ({number})"),
                })
                .find(|label| !labels.contains(label))
                .unwrap_or_default();
            labels.push(label.clone());
            sources.push(Self::Folder(Folder::new(real, label, ours.to_vec())));
        }
        Ok(sources)
    }

    /// Hands over everything that is in it, until `each` breaks.
    pub(crate) fn list(&self, each: &mut dyn FnMut(Found) -> ControlFlow<()>) -> ControlFlow<()> {
        match self {
            Self::Folder(folder) => folder.list(each),
        }
    }
}

pub(super) fn real(path: &Path) -> Result<PathBuf, EngineError> {
    if !path.is_absolute() {
        return Err(EngineError::Invalid(format!(
            "{} is not a whole path; it must begin at the top of the disk",
            path.display()
        )));
    }
    path.canonicalize().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => EngineError::NotFound(format!(
            "There is nothing at {} on the computer that Safelight runs on",
            path.display()
        )),
        _ => EngineError::File {
            attempt: "Looking at",
            path: path.display().to_string(),
            source: error,
        },
    })
}

/// One thread's way to items' bytes.
#[derive(Debug, Default)]
pub(crate) struct Opener {}

/// An item's bytes.
pub(crate) enum Bytes {
    /// A file of its own: can be read from any place on.
    File(File),
}

impl Opener {
    /// Opens an item from its beginning.
    pub(crate) fn open(&mut self, item: &Item) -> io::Result<Bytes> {
        match &item.origin {
            Origin::File(path) => Ok(Bytes::File(File::open(path)?)),
            Origin::Entry { part, .. } => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("archives such as {} cannot be opened", part.path.display()),
            )),
        }
    }
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
        }
    }
}
