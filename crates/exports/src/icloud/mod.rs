//! Apple's copy of iCloud Photos ("Request a copy of your data"): which row of its tables belongs to which photo.
//!
//! The tables have no paths, only file names, and the same name appears in several parts, and in one table twice. A
//! photo's own folder is looked through first; of rows that fit equally well, the photo's checksum decides, and without
//! one none is taken: a wrong date is worse than none.
//!
//! | what | module |
//! |---|---|
//! | the tables | [`table`] |
//! | dates as Apple writes them | `date` |
//! | Apple's checksum of a file | [`fingerprint()`] |

mod date;
pub mod fingerprint;
pub mod table;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use jiff::tz::TimeZone;
use safelight_core::{AlbumName, CaptureTime, Remarks, TimeSource};

pub use fingerprint::fingerprint;
pub use table::{Detail, Table};

use crate::label::{Called, Label, key, split_extension};

/// The folders of an export. They have these names in every language.
const ALBUMS: &str = "Albums";
const DELETED: &str = "Recently Deleted";
/// Lists among the albums that are none.
const FAVOURITES: [&str; 2] = ["Favorites", "Favourites"];
const HIDDEN: &str = "Hidden";
/// How many files or rows of one name are told apart. Cameras begin again at `IMG_0001` after ten thousand photos, so
/// that a lifetime has some ten; more would cost time without an end.
const MOST_NAMESAKES: usize = 100;

/// Everything that the parts of one export have, as far as it matters for what belongs together.
#[derive(Debug, Default)]
pub struct ICloud {
    files: Vec<Label>,
    by_name: HashMap<String, Vec<usize>>,
    details: Vec<(String, Detail)>,
    lists: Vec<(String, Vec<String>)>,
}

impl ICloud {
    /// Whether a file of this name is read with [`Table::read`] and told with [`Self::table`], rather than with
    /// [`Self::file`].
    #[must_use]
    pub fn is_table(name: &str) -> bool {
        split_extension(name).1.eq_ignore_ascii_case("csv")
    }

    /// Tells of a file. They are numbered from 0 as they are told. Its folder has the part in which it lies.
    pub fn file(&mut self, label: Label) {
        let number = self.files.len();
        self.by_name
            .entry(key(&label.name))
            .or_default()
            .push(number);
        self.files.push(label);
    }

    /// Tells of a table.
    pub fn table(&mut self, label: &Label, table: Table) {
        match table {
            Table::Details(rows) => {
                let rows = rows.into_iter().map(|row| (label.folder.clone(), row));
                self.details.extend(rows);
            }
            Table::Names(names) if last(&label.folder) == ALBUMS => {
                let (name, _) = split_extension(&label.name);
                self.lists.push((name.to_owned(), names));
            }
            Table::Names(_) | Table::Other => {}
        }
    }

    /// Whether anything here says that it is such an export.
    #[must_use]
    pub fn has_details(&self) -> bool {
        !self.details.is_empty()
    }

    /// Judges all files, now that everything has been told.
    #[must_use]
    pub fn judge(self) -> Judged {
        let mut rows: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, (_, detail)) in self.details.iter().enumerate() {
            rows.entry(key(&detail.name)).or_default().push(number);
        }
        let mut judged = Judged {
            rows: vec![Row::None; self.files.len()],
            listed: vec![Listed::default(); self.files.len()],
            unclear: Vec::new(),
            export: self,
        };
        for file in 0..judged.rows.len() {
            let name = key(&judged.export.files[file].name);
            if let Some(rows) = rows.get(&name) {
                judged.rows[file] = judged.export.rows_for(file, &name, rows);
            }
        }
        judged.partners_follow();
        judged.read_lists();
        judged
    }

    /// The rows that a file may have, of all with its name.
    fn rows_for(&self, file: usize, name: &str, rows: &[usize]) -> Row {
        let folder = &self.files[file].folder;
        let of_folder = |folder: &str| -> Vec<usize> {
            let is_here = |row: &&usize| self.details[**row].0 == folder;
            rows.iter().filter(is_here).copied().collect()
        };
        let namesakes: Vec<&Label> = self.by_name[name]
            .iter()
            .take(MOST_NAMESAKES + 1)
            .map(|number| &self.files[*number])
            .collect();
        if rows.len().max(namesakes.len()) > MOST_NAMESAKES {
            return Row::None;
        }
        let own = of_folder(folder);
        if own.is_empty() {
            // Rows of folders that have no file of this name, if no other file could want them too.
            let unclaimed: Vec<usize> = rows
                .iter()
                .filter(|row| {
                    let scope = &self.details[**row].0;
                    !namesakes.iter().any(|label| label.folder == *scope)
                })
                .copied()
                .collect();
            let wanting = namesakes
                .iter()
                .filter(|label| of_folder(&label.folder).is_empty())
                .count();
            return if wanting == 1 {
                self.choose(unclaimed)
            } else {
                Row::unclear(unclaimed)
            };
        }
        // What was thrown away lies in a folder of its own, but is listed with the others.
        let is_thrown_away = namesakes.iter().any(|label| last(&label.folder) == DELETED);
        let kept: Vec<usize> = own
            .iter()
            .filter(|row| !self.details[**row].1.deleted)
            .copied()
            .collect();
        if is_thrown_away && !kept.is_empty() {
            return self.choose(kept);
        }
        self.choose(own)
    }

    /// The only row, or any if all say the same.
    fn choose(&self, rows: Vec<usize>) -> Row {
        match rows.split_first() {
            Some((first, others)) => {
                let says = |row: &usize| self.details[*row].1.meaning();
                if others.iter().all(|row| says(row) == says(first)) {
                    Row::One(*first)
                } else {
                    Row::unclear(rows)
                }
            }
            None => Row::None,
        }
    }
}

/// The rows that a file may have.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Row {
    None,
    One(usize),
    /// The file's checksum decides.
    Unclear(Vec<usize>),
}

impl Row {
    fn unclear(rows: Vec<usize>) -> Self {
        if rows.is_empty() {
            Self::None
        } else {
            Self::Unclear(rows)
        }
    }
}

/// What the lists say of a file.
#[derive(Clone, Debug, Default)]
struct Listed {
    favourite: bool,
    /// Numbers of the lists.
    albums: Vec<usize>,
}

/// What becomes of each file of an export.
#[derive(Debug)]
pub struct Judged {
    export: ICloud,
    rows: Vec<Row>,
    listed: Vec<Listed>,
    unclear: Vec<(String, usize)>,
}

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is brought in, with what is said of it.
    Brought(Remarks),
    /// It had been thrown away.
    ThrownAway,
}

impl Judged {
    /// Whether the file's [`fingerprint()`] is needed to tell which row is its own.
    #[must_use]
    pub fn needs_fingerprint(&self, file: usize) -> bool {
        matches!(self.rows[file], Row::Unclear(_))
    }

    /// What becomes of the file with this number. Times become local in `zone`. `fingerprint` is the file's, where it
    /// is needed.
    ///
    /// # Panics
    ///
    /// There is no file of this number.
    #[must_use]
    pub fn fate(&self, file: usize, fingerprint: Option<&str>, zone: &TimeZone) -> Fate {
        let row = match &self.rows[file] {
            Row::None => None,
            Row::One(row) => Some(*row),
            Row::Unclear(rows) => rows.iter().copied().find(|row| {
                let checksum = &self.export.details[*row].1.checksum;
                fingerprint.is_some_and(|fingerprint| **checksum == *fingerprint)
            }),
        };
        let detail = row.map(|row| &self.export.details[row].1);
        let is_thrown_away = last(&self.export.files[file].folder) == DELETED
            || detail.is_some_and(|detail| detail.deleted);
        if is_thrown_away {
            return Fate::ThrownAway;
        }
        let listed = &self.listed[file];
        let mut remarks = Remarks {
            captured: detail
                .and_then(|detail| detail.created)
                .map(|created| CaptureTime::from_instant(created, zone, TimeSource::Sidecar)),
            favourite: listed.favourite || detail.is_some_and(|detail| detail.favourite),
            ..Remarks::default()
        };
        for album in &listed.albums {
            if let Some(album) = AlbumName::new(&self.export.lists[*album].0) {
                remarks.albums.add(album);
            }
        }
        Fate::Brought(remarks)
    }

    /// The albums that have names which several files have, and how many. These files are in none of them.
    #[must_use]
    pub fn unclear_albums(&self) -> &[(String, usize)] {
        &self.unclear
    }

    /// The video of a Live Photo without a row of its own has its picture's.
    fn partners_follow(&mut self) {
        let stills: HashMap<(&str, String), Vec<usize>> = self.stills();
        let follow: Vec<(usize, Row)> = (0..self.rows.len())
            .filter(|file| self.rows[*file] == Row::None)
            .filter_map(
                |file| match stills.get(&self.stem(file, Called::Video)?)?[..] {
                    // A checksum is its picture's, and decides nothing for the video.
                    [still] if matches!(self.rows[still], Row::One(_)) => {
                        Some((file, self.rows[still].clone()))
                    }
                    _ => None,
                },
            )
            .collect();
        for (file, row) in follow {
            self.rows[file] = row;
        }
    }

    fn read_lists(&mut self) {
        let mut listed = vec![Listed::default(); self.rows.len()];
        for (number, (album, names)) in self.export.lists.iter().enumerate() {
            if album == HIDDEN {
                continue;
            }
            let mut unclear = 0;
            for name in names {
                let files = self.export.by_name.get(&key(name));
                let mut kept = files
                    .into_iter()
                    .flatten()
                    .take(MOST_NAMESAKES)
                    .filter(|file| last(&self.export.files[**file].folder) != DELETED);
                let (Some(file), None) = (kept.next(), kept.next()) else {
                    unclear += usize::from(files.is_some_and(|files| files.len() > 1));
                    continue;
                };
                if FAVOURITES.contains(&album.as_str()) {
                    listed[*file].favourite = true;
                } else {
                    listed[*file].albums.push(number);
                }
            }
            if unclear > 0 {
                self.unclear.push((album.clone(), unclear));
            }
        }
        // A Live Photo's video is where its picture is.
        let stills = self.stills();
        let also: Vec<(usize, Listed)> = (0..self.rows.len())
            .filter_map(
                |file| match stills.get(&self.stem(file, Called::Video)?)?[..] {
                    [still] => Some((file, listed[still].clone())),
                    _ => None,
                },
            )
            .collect();
        for (video, still) in also {
            let video = &mut listed[video];
            video.favourite |= still.favourite;
            video.albums.extend(still.albums);
        }
        self.listed = listed;
    }

    /// The pictures by folder and stem.
    fn stills(&self) -> HashMap<(&str, String), Vec<usize>> {
        let mut stills: HashMap<_, Vec<usize>> = HashMap::new();
        for file in 0..self.rows.len() {
            if let Some(stem) = self.stem(file, Called::Picture) {
                stills.entry(stem).or_default().push(file);
            }
        }
        stills
    }

    /// A file's folder and stem, if it is called such a one.
    fn stem(&self, file: usize, called: Called) -> Option<(&str, String)> {
        let label = &self.export.files[file];
        let (stem, extension) = split_extension(&label.name);
        (Called::of(extension) == called).then(|| (label.folder.as_str(), key(stem)))
    }
}

fn last(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or_default()
}
