//! The library folder as it is: folder by folder, so that memory is bounded by one folder's names.

use std::{fs, path::Path};

use safelight_core::{LibraryPath, Timestamp};

use crate::{intake::modified_of, problems::kind, root::Root};

/// A file of the owner's.
#[derive(Debug, Clone)]
pub(crate) struct FoundFile {
    pub(crate) path: LibraryPath,
    pub(crate) modified: Timestamp,
}

/// Something that could not be taken in, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Oddity {
    pub(crate) kind: &'static str,
    pub(crate) path: String,
    pub(crate) message: String,
}

/// One folder's files, by name.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Names joined by `/`; empty for the library folder itself.
    pub(crate) folder: String,
    pub(crate) files: Vec<FoundFile>,
    pub(crate) oddities: Vec<Oddity>,
    /// Whether all of it could be read: only then a file that is not listed is missing.
    pub(crate) complete: bool,
}

/// What operating systems leave in folders, never anybody's photo.
const LITTER: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];

/// Every folder of the library, the library folder itself first. Folders whose name begins with a dot are passed over,
/// our own among them; links are not followed.
pub(crate) struct Walk<'a> {
    root: &'a Root,
    waiting: Vec<String>,
}

impl<'a> Walk<'a> {
    pub(crate) fn of(root: &'a Root) -> Self {
        Self {
            root,
            waiting: vec![String::new()],
        }
    }

    /// Only a folder and those below it.
    pub(crate) fn below(root: &'a Root, folder: &str) -> Self {
        Self {
            root,
            waiting: vec![folder.to_owned()],
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = Listing;

    fn next(&mut self) -> Option<Listing> {
        let folder = self.waiting.pop()?;
        let (listing, mut below) = list(self.root, folder);
        below.sort_unstable_by(|a, b| b.cmp(a));
        self.waiting.append(&mut below);
        Some(listing)
    }
}

fn list(root: &Root, folder: String) -> (Listing, Vec<String>) {
    let place = root.folder(&folder);
    let mut listing = Listing {
        folder,
        complete: true,
        ..Listing::default()
    };
    let mut below = Vec::new();
    let entries = match fs::read_dir(&place) {
        Ok(entries) => entries,
        Err(error) => {
            listing.unreadable(kind::UNREADABLE_FOLDER, &place, &error.to_string());
            return (listing, below);
        }
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                listing.unreadable(kind::UNREADABLE_FOLDER, &place, &error.to_string());
                continue;
            }
        };
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            listing.oddities.push(Oddity {
                kind: kind::UNUSABLE_NAME,
                path: entry.path().display().to_string(),
                message: "The name is not Unicode; rename it, so that it can be kept".to_owned(),
            });
            continue;
        };
        let path = if listing.folder.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", listing.folder)
        };
        // Of the entry itself: links are not followed.
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                listing.unreadable(kind::UNREADABLE_FILE, &entry.path(), &error.to_string());
                continue;
            }
        };
        if metadata.is_dir() {
            if !name.starts_with('.') {
                below.push(path);
            }
            continue;
        }
        if !metadata.is_file() || LITTER.contains(&name) || name.starts_with("._") {
            continue;
        }
        match (
            LibraryPath::parse(&path),
            modified_of(&metadata, &entry.path()),
        ) {
            (Ok(path), Ok(modified)) => listing.files.push(FoundFile { path, modified }),
            (Err(error), _) => listing.oddities.push(Oddity {
                kind: kind::UNUSABLE_NAME,
                path,
                message: format!("{error}; rename it, so that it can be kept"),
            }),
            (_, Err(error)) => {
                listing.unreadable(kind::UNREADABLE_FILE, &entry.path(), &error.to_string());
            }
        }
    }
    listing.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    (listing, below)
}

impl Listing {
    fn unreadable(&mut self, kind: &'static str, path: &Path, reason: &str) {
        self.complete = false;
        self.oddities.push(Oddity {
            kind,
            path: path.display().to_string(),
            message: format!("It could not be read: {reason}"),
        });
    }
}
