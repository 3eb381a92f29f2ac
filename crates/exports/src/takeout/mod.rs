//! Google Takeout: which JSON belongs to which photo, and what follows from it.
//!
//! Takeout cuts an export into parts without asking what belongs together: a photo may lie in one part and its JSON in
//! another. So all parts are told first, and judged then.
//!
//! | what | module |
//! |---|---|
//! | what a JSON file says | [`sidecar`] |
//! | how a JSON file is named after its photo | `name` |
//! | which belongs to which | `pairing` |
//! | folders: years, albums, trash, other services | `folder` |

mod folder;
mod name;
mod pairing;
pub mod sidecar;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use jiff::{Timestamp, tz::TimeZone};
use safelight_core::{AlbumName, Remarks};

pub use folder::is_of_year as is_year_folder;
pub use sidecar::{Json, Sidecar};

use crate::label::Label;
use pairing::{Named, Pairing};

/// Everything that the parts of one Takeout have, as far as it matters for what belongs together.
#[derive(Debug, Default)]
pub struct Takeout {
    folders: Vec<Folder>,
    folder_numbers: HashMap<String, u32>,
    files: Vec<(u32, Box<str>)>,
    sidecars: Vec<(u32, Box<str>, Sidecar)>,
}

#[derive(Debug)]
struct Folder {
    name: String,
    is_of_year: bool,
    album: Option<AlbumName>,
}

impl Takeout {
    /// Whether a file of this name is read with [`Json::read`] and told with [`Self::json`], rather than with [`Self::file`].
    #[must_use]
    pub fn is_json(name: &str) -> bool {
        let ending = name.len().saturating_sub(".json".len());
        name.get(ending..)
            .is_some_and(|ending| ending.eq_ignore_ascii_case(".json"))
    }

    /// Tells of a file. They are numbered from 0 as they are told.
    pub fn file(&mut self, label: &Label) {
        let folder = self.folder(&label.folder);
        self.files.push((folder, label.name.as_str().into()));
    }

    /// Tells of a JSON file and what it says.
    pub fn json(&mut self, label: &Label, json: Json) {
        let folder = self.folder(&label.folder);
        match json {
            Json::Sidecar(sidecar) => {
                let name = label.name.as_str().into();
                self.sidecars.push((folder, name, sidecar));
            }
            Json::Album(Some(album)) => {
                let folder = &mut self.folders[folder as usize];
                let is_album = !folder.is_of_year && !folder::is_of_day(album.as_str());
                if is_album && folder.album.is_none() {
                    folder.album = Some(album);
                }
            }
            Json::Album(None) | Json::Other => {}
        }
    }

    fn folder(&mut self, name: &str) -> u32 {
        if let Some(number) = self.folder_numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.folders.len()).unwrap_or(u32::MAX);
        self.folders.push(Folder {
            name: name.to_owned(),
            is_of_year: folder::is_of_year(name),
            album: None,
        });
        self.folder_numbers.insert(name.to_owned(), number);
        number
    }

    /// Whether anything here is from Google Photos.
    #[must_use]
    pub fn has_photos(&self) -> bool {
        !self.sidecars.is_empty() || self.folders.iter().any(|folder| folder.is_of_year)
    }

    /// Judges all files, now that everything has been told.
    #[must_use]
    pub fn judge(self) -> Judged {
        let sidecars: Vec<(Named<'_>, Sidecar)> = self
            .sidecars
            .iter()
            .map(|(folder, name, sidecar)| {
                let folder = *folder;
                (Named { folder, name }, sidecar.clone())
            })
            .collect();
        let pairing = Pairing::new(&sidecars);
        let pairs: Vec<Option<u32>> = self
            .files
            .iter()
            .map(|(folder, name)| {
                let photo = Named {
                    folder: *folder,
                    name,
                };
                pairing.find(photo).and_then(|index| index.try_into().ok())
            })
            .collect();
        let with_sidecars: HashSet<u32> =
            self.sidecars.iter().map(|(folder, ..)| *folder).collect();
        let photo_services = (0u32..)
            .zip(&self.folders)
            .filter(|(number, folder)| folder.is_of_year || with_sidecars.contains(number))
            .filter_map(|(_, folder)| folder::service(&folder.name))
            .map(ToOwned::to_owned)
            .collect();
        let mut judged = Judged {
            pairs,
            elsewhere: HashMap::new(),
            photo_services,
            without_photo: Vec::new(),
            takeout: self,
        };
        judged.look_for_photos();
        judged
    }
}

/// What becomes of each file of a Takeout.
#[derive(Debug)]
pub struct Judged {
    takeout: Takeout,
    /// For each file the number of its JSON.
    pairs: Vec<Option<u32>>,
    /// For a JSON the folders that have the same one without the photo.
    elsewhere: HashMap<u32, Vec<u32>>,
    photo_services: HashSet<String>,
    without_photo: Vec<u32>,
}

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is brought in, with what is said of it.
    Brought(Remarks),
    /// It had been thrown away.
    ThrownAway,
    /// It belongs to another service than Google Photos, of this name.
    OfService(String),
}

impl Judged {
    /// What becomes of the file with this number. Times become local in `zone`.
    ///
    /// # Panics
    ///
    /// There is no file of this number.
    #[must_use]
    pub fn fate(&self, file: usize, zone: &TimeZone) -> Fate {
        let folder = &self.takeout.folders[self.takeout.files[file].0 as usize];
        let sidecar = self.sidecar(file);
        let service = folder::service(&folder.name);
        let is_of_photos = service.map(|service| self.photo_services.contains(service));
        // A folder outside a Takeout may be called so and hold anything.
        let is_in_trash = || is_of_photos == Some(true) && folder::is_trash(&folder.name);
        if sidecar.map_or_else(is_in_trash, |sidecar| sidecar.trashed) {
            return Fate::ThrownAway;
        }
        if let (Some(service), Some(false)) = (service, is_of_photos) {
            return Fate::OfService(service.to_owned());
        }
        let mut remarks = sidecar.map_or_else(Remarks::default, |sidecar| sidecar.remarks(zone));
        let elsewhere = self.pairs[file].and_then(|sidecar| self.elsewhere.get(&sidecar));
        for folder in elsewhere.into_iter().flatten() {
            if let Some(album) = &self.takeout.folders[*folder as usize].album {
                remarks.albums.add(album.clone());
            }
        }
        if let Some(album) = &folder.album {
            remarks.albums.add(album.clone());
        }
        Fate::Brought(remarks)
    }

    /// The numbers of all files in the order in which they are best brought in: of the same photo in the folder of its year and
    /// in an album, the one that has the date comes first, and decides where it lies.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.pairs.len()).collect();
        order.sort_by_key(|file| {
            let folder = self.takeout.files[*file].0 as usize;
            let is_dated = self
                .sidecar(*file)
                .is_some_and(|sidecar| sidecar.taken.is_some());
            (!is_dated, !self.takeout.folders[folder].is_of_year)
        });
        order
    }

    /// The JSON files whose photos are not there, where they lie: their photos may be in a part that is missing.
    #[must_use]
    pub fn without_photo(&self) -> Vec<String> {
        self.without_photo
            .iter()
            .map(|number| {
                let (folder, name, _) = &self.takeout.sidecars[*number as usize];
                let folder = &self.takeout.folders[*folder as usize].name;
                let slash = if folder.is_empty() { "" } else { "/" };
                format!("{folder}{slash}{name}")
            })
            .collect()
    }

    /// Some exports have an album's JSON files in its folder, and its photos only in the folders of their years: the same
    /// title and time there are the same photo, unless two photos of one folder have both.
    fn look_for_photos(&mut self) {
        let sidecars = &self.takeout.sidecars;
        let used: HashSet<u32> = self.pairs.iter().flatten().copied().collect();
        let mut by_meaning: HashMap<_, Vec<u32>> = HashMap::new();
        let mut names = HashSet::new();
        for number in used {
            let (folder, name, sidecar) = &sidecars[number as usize];
            names.insert((*folder, &**name));
            by_meaning.entry(meaning(sidecar)).or_default().push(number);
        }
        for (number, (folder, name, sidecar)) in (0u32..).zip(sidecars) {
            // The same file may lie in two parts, and one of them was used.
            if names.contains(&(*folder, &**name)) {
                continue;
            }
            let same: &[u32] = match by_meaning.get(&meaning(sidecar)) {
                Some(same) if !sidecar.title.is_empty() && sidecar.taken.is_some() => same,
                _ => &[],
            };
            let folders: HashSet<u32> = same
                .iter()
                .map(|number| sidecars[*number as usize].0)
                .collect();
            if same.is_empty() {
                self.without_photo.push(number);
            } else if folders.len() == same.len() {
                for same in same {
                    self.elsewhere.entry(*same).or_default().push(*folder);
                }
            }
        }
    }

    fn sidecar(&self, file: usize) -> Option<&Sidecar> {
        let number = self.pairs[file]?;
        Some(&self.takeout.sidecars[number as usize].2)
    }
}

/// What two JSON files of the same photo have in common.
fn meaning(sidecar: &Sidecar) -> (&str, Option<Timestamp>) {
    (&sidecar.title, sidecar.taken)
}
