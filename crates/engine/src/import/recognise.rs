//! Telling exports of other services from ordinary folders, by what is in them and not by what they are called.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use safelight_exports::{
    label::Label,
    takeout::{self, Json, Takeout},
};

use super::part;

/// A service whose exports are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// Google Takeout.
    Takeout,
    /// Apple's copy of iCloud Photos.
    ICloud,
}

/// What a path is.
pub(super) enum Recognised {
    /// A part of an export.
    Part(Service),
    /// A part of an export, of a kind that is not read.
    Unread(Service),
    /// A folder that an export was unpacked to.
    Unpacked(Service),
    /// A folder or file like any other; parts of exports that lie in the folder itself.
    Ordinary(Vec<(PathBuf, Recognised)>),
}

/// How deep below a folder the signs of an export are looked for: `Takeout/Google Photos/Photos from 2020/…`, in a folder
/// of each part.
const DEPTH: usize = 4;
/// How many names are looked at.
const MOST_NAMES: usize = 20_000;
/// How many JSON files are read to see whether they are Takeout's.
const MOST_JSONS: usize = 20;

/// Recognises a path, without links. What cannot be read is ordinary, and told as such.
pub(super) fn recognise(path: &Path) -> Recognised {
    if path.is_file() {
        return archive(path).unwrap_or(Recognised::Ordinary(Vec::new()));
    }
    if let Some(service) = unpacked(path) {
        return Recognised::Unpacked(service);
    }
    let mut parts = Vec::new();
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && let Some(part) = archive(&path) {
            parts.push((path, part));
        }
    }
    parts.sort_by(|(one, _), (other, _)| one.cmp(other));
    Recognised::Ordinary(parts)
}

/// Recognises a file.
fn archive(path: &Path) -> Option<Recognised> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let by_name = if name.starts_with("takeout-") {
        Some(Service::Takeout)
    } else if name.starts_with("icloud") {
        Some(Service::ICloud)
    } else {
        None
    };
    if name.ends_with(".tgz") || name.ends_with(".tar.gz") {
        return by_name.map(Recognised::Unread);
    }
    if !name.ends_with(".zip") {
        return None;
    }
    let by_content = part::list(path).ok().and_then(|listed| {
        let mut names = listed.listing.entries.iter().map(|entry| &*entry.name);
        names.find_map(by_entry)
    });
    // A part that cannot be read at all is told of as a part, if it is called like one.
    by_content.or(by_name).map(Recognised::Part)
}

/// The service that an entry of this name is of.
fn by_entry(name: &str) -> Option<Service> {
    let label = Label::new(name)?;
    if is_details(&label.name) {
        return Some(Service::ICloud);
    }
    label
        .folder
        .split('/')
        .any(|part| part == "Takeout" || takeout::is_year_folder(part))
        .then_some(Service::Takeout)
}

/// Whether a file is the table of an iCloud export.
fn is_details(name: &str) -> bool {
    name.starts_with("Photo Details") && name.ends_with(".csv")
}

/// The service of whose export a folder is the unpacked form.
fn unpacked(root: &Path) -> Option<Service> {
    let name = |path: &Path| {
        path.file_name()
            .and_then(OsStr::to_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (mut names, mut jsons) = (0, 0);
    let mut waiting = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        if takeout::is_year_folder(&name(&folder)) {
            return Some(Service::Takeout);
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            names += 1;
            if names > MOST_NAMES {
                return None;
            }
            let path = entry.path();
            let name = name(&path);
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEPTH => waiting.push((path, depth + 1)),
                Ok(kind) if kind.is_file() && is_details(&name) => return Some(Service::ICloud),
                Ok(kind) if kind.is_file() && Takeout::is_json(&name) && jsons < MOST_JSONS => {
                    jsons += 1;
                    if is_sidecar(&path) {
                        return Some(Service::Takeout);
                    }
                }
                _ => {}
            }
        }
    }
    None
}

fn is_sidecar(path: &Path) -> bool {
    let is_small = |path: &Path| {
        fs::metadata(path).is_ok_and(|metadata| metadata.len() <= takeout::sidecar::MOST_BYTES)
    };
    is_small(path)
        && fs::read(path).is_ok_and(|bytes| matches!(Json::read(&bytes), Some(Json::Sidecar(_))))
}
