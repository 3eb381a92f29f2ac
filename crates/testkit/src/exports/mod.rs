//! Exports of other services, as their zip parts, and the truth about them.
//!
//! | of | look at |
//! |---|---|
//! | Google Takeout | [`takeout`] |
//! | iCloud Photos, as Apple's privacy page gives it | [`icloud`] |

pub mod icloud;
pub mod takeout;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use safelight_core::ContentHash;

use crate::{Random, tree, zip};

/// An export on the disk, and what an import of all its parts must end with.
#[derive(Debug, Default)]
pub struct Export {
    /// The zip parts.
    pub parts: Vec<PathBuf>,
    /// What must be in the library, by its bytes.
    pub photos: BTreeMap<ContentHash, Truth>,
    /// Files that are to be brought in, duplicates among them.
    pub files: u64,
    /// Files that had been thrown away.
    pub thrown_away: u64,
}

/// What is true of a photo.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Truth {
    /// Its folder in the library, in UTC.
    pub folder: String,
    /// What is said of it.
    pub description: Option<String>,
    /// Whether it is one that somebody likes.
    pub favourite: bool,
    /// Latitude and longitude.
    pub position: Option<(f64, f64)>,
    /// The albums that it is in.
    pub albums: BTreeSet<String>,
}

impl Export {
    /// Compares a library folder with what it must have: each photo once, in its folder, with what its manifest says of it,
    /// and nothing else.
    ///
    /// # Errors
    ///
    /// The first difference, in words; a file that cannot be read.
    pub fn judge(&self, library: &Path) -> Result<(), String> {
        let found = tree::hashes(library).map_err(|error| error.to_string())?;
        let mut seen = BTreeSet::new();
        for (path, hash) in &found {
            let Some(truth) = self.photos.get(hash) else {
                return Err(format!("{path} is nothing of the export"));
            };
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            if folder != truth.folder {
                return Err(format!("{path} belongs in {}", truth.folder));
            }
            if !seen.insert(hash) {
                return Err(format!("{path} is there twice"));
            }
            let said = said(library, folder, path)?;
            let expected = Truth {
                folder: folder.to_owned(),
                ..truth.clone()
            };
            if said != expected {
                return Err(format!(
                    "of {path} is said {said:?}, and it is {expected:?}"
                ));
            }
        }
        match self.photos.keys().find(|hash| !seen.contains(hash)) {
            Some(missing) => Err(format!(
                "{missing} ({:?}) is not there",
                self.photos[missing]
            )),
            None => Ok(()),
        }
    }
}

/// What the manifest of a folder says of a photo.
fn said(library: &Path, folder: &str, path: &str) -> Result<Truth, String> {
    let manifest = library.join(format!(".safelight/manifests/{folder}.sha256"));
    let text = fs::read_to_string(&manifest)
        .map_err(|error| format!("{}: {error}", manifest.display()))?;
    let (mut comment, mut last) = ("", None);
    for line in text.lines() {
        match line.strip_prefix("# ") {
            Some(json) => comment = json,
            None if line.get(66..) == Some(path) => last = Some(comment),
            None => {}
        }
    }
    let comment = last.ok_or_else(|| format!("{} has no line for {path}", manifest.display()))?;
    let json: serde_json::Value =
        serde_json::from_str(comment).map_err(|error| format!("{comment}: {error}"))?;
    let said = &json["said"];
    Ok(Truth {
        folder: folder.to_owned(),
        description: said["description"].as_str().map(ToOwned::to_owned),
        favourite: said["favourite"].as_bool().unwrap_or(false),
        position: said["latitude"].as_f64().zip(said["longitude"].as_f64()),
        albums: said["albums"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|album| album.as_str().map(ToOwned::to_owned))
            .collect(),
    })
}

/// Writes files into so many archives, each file into any of them.
fn write_parts(
    root: &Path,
    name: impl Fn(usize) -> String,
    count: usize,
    members: &[(Option<usize>, String, Vec<u8>)],
    random: &mut Random,
) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(root)?;
    let mut zips: Vec<zip::Zip> = (0..count).map(|_| zip::Zip::default()).collect();
    for (part, name, content) in members {
        let any = usize::try_from(random.below(count as u64)).expect("a small number");
        let entry = if random.below(3) == 0 {
            zip::Entry::stored(name, content)
        } else {
            zip::Entry::deflated(name, content)
        };
        zips[part.unwrap_or(any)].add(&entry);
    }
    zips.into_iter()
        .enumerate()
        .map(|(number, zip)| {
            let path = root.join(name(number + 1));
            fs::write(&path, zip.finish())?;
            Ok(path)
        })
        .collect()
}

/// A JPEG that says nothing of itself: a messenger has taken its metadata away.
fn bare_jpeg(random: &mut Random) -> Vec<u8> {
    let mut comment = [0; 64];
    random.fill(&mut comment);
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xfe, 0, 66];
    bytes.extend(comment.map(|byte| byte & 0x3f));
    bytes.extend([0xff, 0xd9]);
    bytes
}
