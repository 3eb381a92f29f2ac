//! What a person points at, told apart: each path is a collection of some sort.

use std::{
    fs::File,
    io::{self, Read},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::tz::TimeZone;
use safelight_exports::archive::{Content, FileReader};

use super::{
    export::Export,
    folder::Folder,
    item::{Found, Item, Origin, Part},
    part::Entries,
    recognise::{Recognised, Service, recognise},
};
use crate::error::EngineError;

/// A collection.
#[derive(Debug)]
pub(crate) enum Source {
    /// A folder with all that is in it, or one file.
    Folder(Folder),
    /// Another service's export, in as many archives and folders as it was cut into.
    Export(Box<Export>),
}

impl Source {
    /// Tells collections apart by their paths. `ours` are the library folder and the data folder: what lies in them cannot
    /// be brought in, and a folder around them is walked without them. All parts of a service's exports are one collection;
    /// the times that it has become local in `zone`.
    ///
    /// # Errors
    ///
    /// A path that is not there, cannot be read, or lies in a folder of ours.
    pub(crate) fn of(
        paths: &[PathBuf],
        ours: &[PathBuf],
        zone: &TimeZone,
    ) -> Result<Vec<Self>, EngineError> {
        let mut sources = Vec::new();
        let mut exports = Exports::new(zone);
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
            let recognised = recognise(&real);
            let folder = Folder::new(real.clone(), label, ours.to_vec());
            sources.extend(exports.sort(real, recognised, folder).map(Self::Folder));
        }
        sources.extend(exports.finish().map(Self::Export));
        Ok(sources)
    }

    /// Hands over everything that is in it, until `each` breaks. What an export says of its files is read before the first
    /// of them is handed over, unless `is_over` says meanwhile that nobody waits for it any more.
    pub(crate) fn list(
        &self,
        is_over: &dyn Fn() -> bool,
        each: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match self {
            Self::Folder(folder) => folder.list(each),
            Self::Export(export) => export.list(is_over, each),
        }
    }
}

/// The exports that are found among the paths, one of each service.
struct Exports {
    takeout: Export,
    icloud: Export,
}

impl Exports {
    fn new(zone: &TimeZone) -> Self {
        Self {
            takeout: Export::new(Service::Takeout, zone.clone()),
            icloud: Export::new(Service::ICloud, zone.clone()),
        }
    }

    fn of(&mut self, service: Service) -> &mut Export {
        match service {
            Service::Takeout => &mut self.takeout,
            Service::ICloud => &mut self.icloud,
        }
    }

    /// Takes what is of an export, and gives back the folder if there is more in it.
    fn sort(&mut self, path: PathBuf, recognised: Recognised, folder: Folder) -> Option<Folder> {
        match recognised {
            Recognised::Part(service) => self.of(service).add_part(path),
            Recognised::Unread(service) => self.of(service).add_unread(path),
            Recognised::Unpacked(service) => self.of(service).add_folder(folder),
            Recognised::Ordinary(parts) => {
                let mut elsewhere = Vec::new();
                for (path, part) in parts {
                    elsewhere.push(path.clone());
                    match part {
                        Recognised::Unread(service) => self.of(service).add_unread(path),
                        Recognised::Part(service) => self.of(service).add_part(path),
                        Recognised::Unpacked(_) | Recognised::Ordinary(_) => {}
                    }
                }
                return Some(folder.without(elsewhere));
            }
        }
        None
    }

    fn finish(self) -> impl Iterator<Item = Box<Export>> {
        [self.takeout, self.icloud]
            .into_iter()
            .filter(|export| !export.is_empty())
            .map(Box::new)
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
pub(crate) struct Opener {
    entries: Entries,
}

/// An item's bytes.
pub(crate) enum Bytes {
    /// A file of its own: can be read from any place on.
    File(File),
    /// An entry of an archive, which is unpacked as it is read.
    Entry(Box<Content<Arc<FileReader>>>, Arc<Part>),
}

impl Opener {
    /// Opens an item from its beginning.
    pub(crate) fn open(&mut self, item: &Item) -> io::Result<Bytes> {
        match &item.origin {
            Origin::File(path) => Ok(Bytes::File(File::open(path)?)),
            Origin::Entry { part, number } => {
                let content = self.entries.open(part, *number)?;
                Ok(Bytes::Entry(Box::new(content), Arc::clone(part)))
            }
        }
    }
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Entry(content, _) => content.read(buffer),
        }
    }
}
