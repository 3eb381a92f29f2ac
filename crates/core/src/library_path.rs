//! A place in the library that every file system in use accepts, and the names that may stand there.
//!
//! The rules are those that Windows, macOS, Linux, exFAT and a copy on somebody's stick have in common: see
//! Microsoft's "Naming Files, Paths, and Namespaces" and Apple's TN1150 on name normalisation.

use std::{fmt, path::PathBuf};

use unicode_normalization::UnicodeNormalization;

use crate::group::GroupName;

/// One name in the library: NFC, no character that any file system in use refuses, at most 255 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

/// The longest name, in bytes of UTF-8. Shorter than 255 UTF-16 units by itself, since each unit takes a byte or more.
const MAX_NAME: usize = 255;

/// What a name gives up at its end, so that `-2`, `-3`, … always fit.
const SUFFIX_ROOM: usize = 12;

impl FileName {
    /// The name closest to what was wished for. Never fails: what cannot stand in a name becomes `_`.
    ///
    /// ```
    /// use safelight_core::FileName;
    /// assert_eq!(FileName::from_wish("IMG_0001.JPG").as_str(), "IMG_0001.JPG");
    /// assert_eq!(FileName::from_wish("12:30 what?.jpg").as_str(), "12_30 what_.jpg");
    /// assert_eq!(FileName::from_wish("CON.jpg").as_str(), "_CON.jpg");
    /// ```
    #[must_use]
    pub fn from_wish(wish: &str) -> Self {
        let mut name: String = wish
            .nfc()
            .map(|c| match c {
                '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' => '_',
                c if c.is_control() => '_',
                c => c,
            })
            .collect();
        let kept = name.trim_end_matches(['.', ' ']).trim_start().len();
        let start = name.len() - name.trim_start().len();
        name = name[start..start + kept.min(name.len() - start)]
            .trim_end_matches(['.', ' '])
            .to_owned();
        if name.is_empty() {
            name.push_str("unnamed");
        }
        if is_reserved(&name) {
            name.insert(0, '_');
        }
        let (stem, extension) = split_extension(&name);
        let room = MAX_NAME - SUFFIX_ROOM - extension.len();
        if stem.len() > room {
            let stem = stem[..stem.floor_char_boundary(room)].trim_end_matches(['.', ' ']);
            name = format!("{stem}{extension}");
        }
        Self(name)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same name with `-number` behind its stem ([`GroupName`]), for a second photo of the same name: all files of a
    /// group can have the same number, and still belong together by their names.
    ///
    /// ```
    /// use safelight_core::FileName;
    /// assert_eq!(FileName::from_wish("a.jpg").numbered(2).as_str(), "a-2.jpg");
    /// assert_eq!(FileName::from_wish("a.jpg.xmp").numbered(2).as_str(), "a-2.jpg.xmp");
    /// ```
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let (stem, behind) = self.0.split_at(GroupName::of(&self.0).stem_end());
        Self(format!("{stem}-{number}{behind}"))
    }
}

/// The stem, and the extension with its dot. An extension longer than 16 bytes is part of the stem.
pub(crate) fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= 17 => name.split_at(dot),
        _ => (name, ""),
    }
}

/// Whether Windows keeps this name for a device, with any extension.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_ascii_uppercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            matches!(
                rest,
                "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"
            )
        })
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileName({:?})", self.0)
    }
}

/// A file's place below the library folder: names joined by `/`, each a [`FileName`].
///
/// A value of this type never leads out of the library.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LibraryPath(String);

/// A text that is not a place in the library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} cannot be a place in the library: {reason}")]
pub struct LibraryPathError {
    /// The text's first characters.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl LibraryPath {
    /// Reads a path that was written by [`Self::as_str`], or that was found below the library folder.
    ///
    /// Names that Safelight itself would spell otherwise (reserved words, trailing dots) are accepted as long as they
    /// lead nowhere else: they may be the owner's own files.
    ///
    /// # Errors
    ///
    /// An empty path or name, `.`, `..`, a backslash, a control character or a name over 255 bytes.
    pub fn parse(text: &str) -> Result<Self, LibraryPathError> {
        let refuse = |reason| {
            Err(LibraryPathError {
                path: text.chars().take(120).collect(),
                reason,
            })
        };
        for name in text.split('/') {
            if name.is_empty() {
                return refuse("a name in it is empty");
            }
            if name == "." || name == ".." {
                return refuse("it would lead elsewhere");
            }
            if name.len() > MAX_NAME {
                return refuse("a name in it is over 255 bytes");
            }
            if name.contains('\\') || name.contains(|c: char| c.is_ascii_control()) {
                return refuse("a name in it has a backslash or a control character");
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The file `name` in `folder` (names joined by `/`; empty for the library folder itself).
    ///
    /// # Errors
    ///
    /// A folder that [`Self::parse`] would refuse.
    pub fn in_folder(folder: &str, name: &FileName) -> Result<Self, LibraryPathError> {
        if folder.is_empty() {
            Ok(Self(name.0.clone()))
        } else {
            Self::parse(&format!("{folder}/{name}"))
        }
    }

    /// The names joined by `/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder's names joined by `/`; empty for a file that lies in the library folder itself.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The last name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0
            .rsplit_once('/')
            .map_or(self.0.as_str(), |(_, name)| name)
    }

    /// The names, from the library folder down.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The path relative to the library folder, in the system's own spelling.
    #[must_use]
    pub fn to_relative(&self) -> PathBuf {
        self.components().collect()
    }

    /// What two paths have in common if some file system would take them for one: NFC, full case fold, and no dots or
    /// spaces at the names' ends.
    #[must_use]
    pub fn collision_key(&self) -> String {
        let mut key = String::with_capacity(self.0.len());
        for name in self.components() {
            if !key.is_empty() {
                key.push('/');
            }
            let folded = caseless::default_case_fold_str(&name.nfc().collect::<String>());
            key.extend(folded.trim_end_matches(['.', ' ']).nfc());
        }
        key
    }
}

impl fmt::Display for LibraryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LibraryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LibraryPath({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wish(text: &str) -> String {
        FileName::from_wish(text).0
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "IMG_0001.JPG",
            "PXL_20231006_063000139.MP.jpg",
            "Ça va – 日本.heic",
            ".nomedia",
        ] {
            assert_eq!(wish(name), name);
        }
    }

    #[test]
    fn what_no_file_system_takes_becomes_something_it_takes() {
        assert_eq!(wish("a<b>c:d\"e/f\\g|h?i*j.jpg"), "a_b_c_d_e_f_g_h_i_j.jpg");
        assert_eq!(wish("a\u{1}b.jpg"), "a_b.jpg");
        assert_eq!(wish(" trailing. . "), "trailing");
        assert_eq!(wish("..."), "unnamed");
        assert_eq!(wish(""), "unnamed");
        for reserved in ["con", "NUL.jpg", "Com1.tar.gz", "LPT9"] {
            assert_eq!(wish(reserved), format!("_{reserved}"));
        }
        assert_eq!(wish("COM10.jpg"), "COM10.jpg");
        assert_eq!(wish("Cafe\u{301}.jpg"), "Caf\u{e9}.jpg");
    }

    #[test]
    fn numbers_stand_before_the_extension() {
        let name = FileName::from_wish("IMG_0001.JPG");
        assert_eq!(name.numbered(2).as_str(), "IMG_0001-2.JPG");
        assert_eq!(
            FileName::from_wish("README").numbered(3).as_str(),
            "README-3"
        );
    }

    #[test]
    fn collisions_of_any_file_system_are_seen() {
        let key = |path: &str| LibraryPath::parse(path).unwrap().collision_key();
        assert_eq!(key("2024/01/IMG.JPG"), key("2024/01/img.jpg"));
        assert_eq!(key("Straße.jpg"), key("STRASSE.jpg"));
        assert_eq!(key("Cafe\u{301}.jpg"), key("CAFÉ.jpg"));
        assert_ne!(key("a/b.jpg"), key("a-b.jpg"));
    }

    #[test]
    fn refuses_paths_that_lead_elsewhere() {
        for bad in ["", "/a", "a/", "a//b", "../a", "a/./b", "a\\b", "a\u{0}"] {
            assert!(LibraryPath::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_wish_becomes_a_name_that_every_file_system_takes(text in "\\PC*|.{0,600}", number in 2u32..=u32::MAX) {
            let name = FileName::from_wish(&text);
            for name in [name.clone(), name.numbered(number)] {
                prop_assert!(!name.0.is_empty());
                prop_assert!(name.0.len() <= MAX_NAME);
                prop_assert!(!name.0.ends_with(['.', ' ']));
                prop_assert!(!name.0.contains(['<', '>', ':', '"', '/', '\\', '|', '?', '*']));
                prop_assert!(LibraryPath::parse(&name.0).is_ok(), "{:?}", name);
                prop_assert!(!is_reserved(&name.0));
            }
            prop_assert_eq!(FileName::from_wish(&name.0), name);
        }
    }
}
