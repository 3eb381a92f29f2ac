//! How Takeout names the JSON file of a photo.
//!
//! The photo's name and `.supplemental-metadata` (exports before the end of 2024: the name alone), cut to 46 characters, with the
//! photo's own number, `(1)`, moved behind, and `.json`:
//!
//! | photo | its JSON |
//! |---|---|
//! | `IMG_1.jpg` | `IMG_1.jpg.supplemental-metadata.json`, `IMG_1.jpg.json` |
//! | `IMG_1(2).jpg` | `IMG_1.jpg.supplemental-metadata(2).json`, `IMG_1.jpg(2).json` |
//! | `Screenshot_20231027_123303_Facebook.jpg` | `Screenshot_20231027_123303_Facebook.jpg.supple.json` |
//! | `PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGINA.jpg` | `PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGIN.json` |
//!
//! The photo's own name is cut too, to 47 characters before the extension. Exports differ in whether these are Unicode code
//! points or UTF-16 units, so both are tried, and what was cut is confirmed by the whole name that the JSON has as its `title`.

use crate::label::{key, split_extension};

/// What Takeout writes behind the photo's name, cut anywhere.
const SUFFIX: &str = ".supplemental-metadata";
/// How many characters it leaves of a JSON's name, before the number.
const JSON_CUT: usize = 46;
/// How many it leaves of a photo's name, before number and extension. Reports differ by one.
const PHOTO_CUT: usize = 46;
/// What Google Photos adds to the name of a photo that was edited with it, in the languages that are known, and of
/// what it made of a photo by itself. These have no JSON of their own.
const EDITED: [&str; 24] = [
    "edited",
    "effects",
    "smile",
    "mix",
    "bearbeitet",
    "modifié",
    "modificato",
    "modificata",
    "ha editado",
    "editado",
    "editada",
    "editat",
    "bewerkt",
    "edytowane",
    "redigeret",
    "redigert",
    "redigerad",
    "muokattu",
    "upravené",
    "upraveno",
    "изменено",
    "編集済み",
    "편집됨",
    "已修改",
];

/// A name without its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Numbered {
    /// The name, as it is compared.
    pub(super) name: String,
    /// The number in parentheses that tells photos of the same name apart; 0 for the one without.
    pub(super) number: u32,
}

impl Numbered {
    /// The name of the photo that a JSON file's name has, as far as it was not cut. `None` for another file's name.
    pub(super) fn of_json(file: &str) -> Option<Self> {
        let stem = file
            .len()
            .checked_sub(".json".len())
            .filter(|len| file.is_char_boundary(*len) && file[*len..].eq_ignore_ascii_case(".json"))
            .map(|len| &file[..len])?;
        let (name, number) = without_number(stem);
        Some(Self {
            name: key(without_suffix(name)),
            number,
        })
    }

    /// The names under which a photo's JSON may be found, the most likely first: that the number is Takeout's, or part of
    /// the photo's own name.
    pub(super) fn of_photo(file: &str) -> Vec<Self> {
        let (stem, extension) = split_extension(file);
        let whole = Self {
            name: key(file),
            number: 0,
        };
        match without_number(stem) {
            (_, 0) => vec![whole],
            (stem, number) => {
                let name = key(&join(stem, extension));
                vec![Self { name, number }, whole]
            }
        }
    }

    /// The names of the photo of which this one is an edited version, if its name says so.
    pub(super) fn of_original(file: &str) -> Vec<Self> {
        let (stem, extension) = split_extension(file);
        // `IMG_1-edited(2).jpg` and `IMG_1(2)-edited.jpg` are both made of `IMG_1(2).jpg`.
        let (stem, number) = without_number(stem);
        let stem = key(stem);
        let Some(original) = without_edited(&stem) else {
            return Vec::new();
        };
        let (original, number) = match number {
            0 => without_number(original),
            number => (original, number),
        };
        vec![Self {
            name: join(original, extension),
            number,
        }]
    }

    /// What is left of the name when it is cut to a JSON's length, in each way of counting.
    pub(super) fn cuts(&self) -> impl Iterator<Item = Self> + '_ {
        let by_points = self.name.char_indices().nth(JSON_CUT).map(|(at, _)| at);
        let mut units = 0;
        // A character of two units is not split; some exports keep it, others do not.
        let mut by_units = self.name.char_indices().filter_map(move |(at, c)| {
            let before = units;
            units += c.len_utf16();
            (before <= JSON_CUT && units > JSON_CUT).then_some((at, before, c))
        });
        let unit_cut = by_units.next();
        let with_split =
            unit_cut.and_then(|(at, before, c)| (before < JSON_CUT).then_some(at + c.len_utf8()));
        let mut cuts = vec![by_points, unit_cut.map(|(at, ..)| at), with_split];
        cuts.dedup();
        cuts.into_iter().flatten().map(|at| Self {
            name: self.name[..at].to_owned(),
            number: self.number,
        })
    }

    /// The name up to its last dot, and the number: what the parts of a Live Photo have in common.
    pub(super) fn stem(&self) -> Self {
        Self {
            name: split_extension(&self.name).0.to_owned(),
            number: self.number,
        }
    }

    /// Whether a JSON's `title` can be the whole name of the photo with this name, of which perhaps only the beginning is left.
    pub(super) fn agrees_with(&self, title: &str) -> bool {
        let (stem, _) = split_extension(&self.name);
        let (stem, title) = (plain(stem), plain(&key(title)));
        let (title_stem, _) = split_extension(&title);
        let is_cut = stem.encode_utf16().count() >= PHOTO_CUT;
        title_stem == stem || title == stem || (is_cut && title.starts_with(&stem))
    }
}

fn join(stem: &str, extension: &str) -> String {
    if extension.is_empty() {
        stem.to_owned()
    } else {
        format!("{stem}.{extension}")
    }
}

/// A name in two: up to a number in parentheses at its end, and the number; 0 if there is none.
fn without_number(name: &str) -> (&str, u32) {
    let inside = name
        .strip_suffix(')')
        .and_then(|name| name.rsplit_once('('));
    match inside {
        Some((before, number))
            if !before.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            match number.parse() {
                Ok(parsed) if parsed > 0 => (before, parsed),
                _ => (name, 0),
            }
        }
        _ => (name, 0),
    }
}

/// A name without [`SUFFIX`], or as much of it as is left.
fn without_suffix(name: &str) -> &str {
    match name.rfind('.') {
        Some(dot) if dot > 0 && SUFFIX.starts_with(&name[dot..]) => &name[..dot],
        _ => name,
    }
}

/// What stands before `-edited`, in any language. Of a name that was cut, the word may be cut too.
fn without_edited(stem: &str) -> Option<&str> {
    let is_cut = stem.encode_utf16().count() >= PHOTO_CUT;
    // Some of the words have a hyphen's neighbour in the photo's own name, so the last hyphen counts.
    let (before, word) = stem.rsplit_once('-')?;
    let word = word.to_lowercase();
    let says_so = EDITED.iter().any(|edited| {
        let edited = key(edited);
        edited == word || (is_cut && edited.starts_with(&word))
    });
    (says_so && !before.is_empty()).then_some(before)
}

/// A name as it is on a disk: Takeout writes `_` for what some file systems do not take.
fn plain(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' | '&' | '%' | '\'' | '#' => '_',
            c if c.is_control() => '_',
            c => c,
        })
        .collect()
}
