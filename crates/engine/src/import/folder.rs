//! A folder as a collection, and the special ones among them: a camera's card, a phone that is mounted as a drive, a
//! photo program's library.

use std::{
    fs::{self, DirEntry, Metadata},
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use safelight_core::{Timestamp, system_file};

use super::item::{Found, Item, Left, Origin, Reason};

/// A folder with all that is in it, or a single file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    /// Where it is, without links.
    root: PathBuf,
    /// What it is called in the items' places.
    label: String,
    /// Folders that are not walked into: the library's and our own data's.
    ours: Vec<PathBuf>,
    /// It is in the library folder, or becomes it: no special folders, and none whose name begins with a dot, as
    /// `library` walks.
    in_place: bool,
    /// Files in it that are brought in as parts of an export.
    elsewhere: Vec<PathBuf>,
}

/// Folders that programs keep for themselves, in lower case: thumbnails, indexes, what was thrown away.
const LITTER: [&str; 15] = [
    ".thumbnails",
    ".trash",
    ".trashes",
    ".spotlight-v100",
    ".fseventsd",
    ".documentrevisions-v100",
    ".temporaryitems",
    ".safelight",
    "@eadir",
    "#recycle",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "__macosx",
    ".git",
];

/// What a camera or a phone calls the folder of its photos, and the folders beside it that may hold more of them, in
/// lower case: Sony's videos, Android's pictures and films.
const DCIM: &str = "dcim";
const BESIDE_DCIM: [&str; 5] = ["private", "mp_root", "pictures", "movies", "m4root"];

/// Folders that are a photo program's library, by their ending, and where in it the originals lie.
const PROGRAMS: [&str; 3] = [".photoslibrary", ".aplibrary", ".migratedphotolibrary"];
const ORIGINALS: [&str; 2] = ["originals", "masters"];

/// What is to be done with a folder that lies in another one.
enum Inside {
    Walk,
    PassOver,
    Leave(&'static str),
}

/// What sort of folder it is that others lie in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Plain,
    Card,
    Program,
}

impl Folder {
    /// A folder or a file, by its place without links. `label` is what it is called in the items' places.
    pub(crate) fn new(root: PathBuf, label: String, ours: Vec<PathBuf>) -> Self {
        Self {
            root,
            label,
            ours,
            in_place: false,
            elsewhere: Vec::new(),
        }
    }

    /// The folder without these files.
    pub(super) fn without(self, elsewhere: Vec<PathBuf>) -> Self {
        Self { elsewhere, ..self }
    }

    /// A folder whose files become photos where they lie.
    pub(crate) fn in_place(root: PathBuf, label: String) -> Self {
        Self {
            in_place: true,
            ..Self::new(root, label, Vec::new())
        }
    }

    /// Hands over what is in it, folder by folder in the order of their names.
    pub(crate) fn list(&self, each: &mut dyn FnMut(Found) -> ControlFlow<()>) -> ControlFlow<()> {
        match fs::metadata(&self.root) {
            Ok(metadata) if metadata.is_file() => {
                return each(file(&self.root, &self.label, &metadata));
            }
            Ok(_) => {}
            Err(error) => return each(unreadable(&self.label, &error)),
        }
        // What is still to be walked, the next one last.
        let mut waiting = vec![(self.root.clone(), self.label.clone())];
        while let Some((folder, shown)) = waiting.pop() {
            let entries = match sorted(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    each(unreadable(&shown, &error))?;
                    continue;
                }
            };
            let sort = self.sort(&folder, &entries);
            let mut below = Vec::new();
            for entry in entries {
                let path = entry.path();
                let name = entry.file_name();
                let name = name.to_string_lossy();
                let shown = format!("{shown}/{name}");
                // Of the entry itself: links are not followed, so that no folder is walked twice, or without an end.
                let metadata = match entry.metadata() {
                    Ok(metadata) => metadata,
                    Err(error) => {
                        each(unreadable(&shown, &error))?;
                        continue;
                    }
                };
                if metadata.is_dir() {
                    match self.inside(sort, &path, &name) {
                        Inside::Walk => below.push((path, shown)),
                        Inside::PassOver => each(Found::PassedOver)?,
                        Inside::Leave(message) => {
                            each(left(shown, Reason::NotLookedInto, message))?;
                        }
                    }
                } else if self.elsewhere.contains(&path) {
                    // Told of there.
                } else if metadata.is_symlink() {
                    let message = "It is a link; if what it leads to is wanted, choose that";
                    each(left(shown, Reason::Link, message))?;
                } else if metadata.is_file() && !is_systems(&path, &name, metadata.len()) {
                    each(file(&path, &shown, &metadata))?;
                } else {
                    each(Found::PassedOver)?;
                }
            }
            waiting.extend(below.into_iter().rev());
        }
        ControlFlow::Continue(())
    }

    fn sort(&self, folder: &Path, entries: &[DirEntry]) -> Sort {
        let is_called = |entry: &DirEntry, name: &str| {
            entry.file_name().to_string_lossy().to_lowercase() == name
                && entry.file_type().is_ok_and(|kind| kind.is_dir())
        };
        let name = folder
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        if self.in_place {
            Sort::Plain
        } else if PROGRAMS.iter().any(|ending| name.ends_with(ending)) {
            Sort::Program
        } else if folder == self.root && entries.iter().any(|entry| is_called(entry, DCIM)) {
            Sort::Card
        } else {
            Sort::Plain
        }
    }

    fn inside(&self, sort: Sort, path: &Path, name: &str) -> Inside {
        let name = name.to_lowercase();
        if self.ours.iter().any(|ours| ours == path) {
            return Inside::Leave("It is Safelight's own: the library, or its data");
        }
        if (self.in_place && name.starts_with('.'))
            || LITTER.contains(&name.as_str())
            || name.starts_with(".thumbdata")
            || name.starts_with(".trash-")
            || name.ends_with(".lrdata")
        {
            return Inside::PassOver;
        }
        match sort {
            Sort::Card if name == "misc" => Inside::PassOver,
            Sort::Card if name != DCIM && !BESIDE_DCIM.contains(&name.as_str()) => Inside::Leave(
                "Cameras and phones keep their photos in DCIM; if there are some in here too, choose this folder",
            ),
            Sort::Program if !ORIGINALS.contains(&name.as_str()) => Inside::PassOver,
            Sort::Plain | Sort::Card | Sort::Program => Inside::Walk,
        }
    }
}

/// Whether a file is what an operating system, a camera or a photo program writes for itself.
fn is_systems(path: &Path, name: &str, length: u64) -> bool {
    let lower = name.to_ascii_lowercase();
    if lower.starts_with(".thumbdata")
        || lower.ends_with(".thm")
        || matches!(
            lower.as_str(),
            "picasa.ini" | ".picasa.ini" | "zbthumbnail.info" | ".localized"
        )
    {
        return true;
    }
    system_file::may_be(name)
        && length <= system_file::MOST_BYTES as u64
        && fs::read(path).is_ok_and(|bytes| system_file::is(name, &bytes))
}

fn sorted(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable_by_key(DirEntry::file_name);
    Ok(entries)
}

fn file(path: &Path, shown: &str, metadata: &Metadata) -> Found {
    Found::Item(Item {
        origin: Origin::File(path.into()),
        shown: shown.into(),
        wish: None,
        length: metadata.len(),
        modified: modified(metadata),
        remarks: None,
    })
}

/// A file's modification time to the microsecond, as the catalogue keeps it.
pub(crate) fn modified(metadata: &Metadata) -> Option<Timestamp> {
    let exact = Timestamp::try_from(metadata.modified().ok()?).ok()?;
    Timestamp::from_microsecond(exact.as_microsecond()).ok()
}

fn left(shown: String, reason: Reason, message: impl Into<String>) -> Found {
    Found::Left(Left {
        shown,
        reason,
        message: message.into(),
    })
}

fn unreadable(shown: &str, error: &io::Error) -> Found {
    let message = format!(
        "It could not be read: {error}; give Safelight the right to read it, or copy it elsewhere first"
    );
    left(shown.to_owned(), Reason::Unreadable, message)
}
