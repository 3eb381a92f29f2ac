//! Names inside a collection: labels for people and for comparing, never paths that anything is opened by.

use unicode_normalization::UnicodeNormalization;

/// Where a file is inside a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its folder, names joined by `/`; empty for the collection itself.
    pub folder: String,
    /// Its own name.
    pub name: String,
    /// Whether the collection called it something that would lead out of it, had it been a path: `..`, a beginning
    /// slash, a drive, backslashes. None of that is left in `folder` and `name`.
    pub was_unsafe: bool,
}

impl Label {
    /// Reads a name as an archive has it. `None` if it names nothing.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let has_drive = {
            let mut chars = name.chars();
            chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.next() == Some(':')
        };
        let is_step_out = |part: &str| part == "..";
        let was_unsafe = has_drive
            || name.starts_with('/')
            || name.contains('\\')
            || name.split('/').any(is_step_out);
        let name = if has_drive { &name[2..] } else { name };
        let mut parts: Vec<&str> = name
            .split(['/', '\\'])
            .filter(|part| !part.is_empty() && *part != "." && !is_step_out(part))
            .collect();
        let name = parts.pop()?.to_owned();
        Some(Self {
            folder: parts.join("/"),
            name,
            was_unsafe,
        })
    }
}

impl Label {
    /// The same file, with its folder beginning at the first folder of this name, if there is one.
    #[must_use]
    pub fn from(self, folder: &str) -> Self {
        let mut before = 0;
        for part in self.folder.split('/') {
            if part == folder {
                return Self {
                    folder: self.folder[before..].to_owned(),
                    ..self
                };
            }
            before += part.len() + 1;
        }
        self
    }

    /// The same file below a folder of this name, unless it is there already.
    #[must_use]
    pub fn below(self, folder: &str) -> Self {
        if self.folder.split('/').next() == Some(folder) {
            return self;
        }
        let slash = if self.folder.is_empty() { "" } else { "/" };
        Self {
            folder: format!("{folder}{slash}{}", self.folder),
            ..self
        }
    }
}

/// A name as it is compared: in Unicode form NFC, for services and file systems spell the same letters differently.
pub(crate) fn key(name: &str) -> String {
    if name.is_ascii() {
        name.to_owned()
    } else {
        name.nfc().collect()
    }
}

/// A file's name in two: up to its last dot, and the extension behind it. A dot at the beginning begins no extension.
pub(crate) fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 => (&name[..dot], &name[dot + 1..]),
        _ => (name, ""),
    }
}

/// What an extension says of a file. Only for finding out what belongs together: what a file is, its bytes decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    Picture,
    Video,
    Other,
}

impl Called {
    pub(crate) fn of(extension: &str) -> Self {
        const PICTURES: [&str; 19] = [
            "jpg", "jpeg", "jpe", "heic", "heif", "hif", "avif", "png", "webp", "gif", "tif",
            "tiff", "bmp", "jxl", "dng", "raw", "arw", "cr2", "nef",
        ];
        // Google's motion photos are split into a picture and a `.MP`, which may be numbered (`.MP~2`).
        const VIDEOS: [&str; 10] = [
            "mp4", "mov", "m4v", "mp", "mv", "3gp", "mkv", "webm", "avi", "mts",
        ];
        let lower = extension.to_ascii_lowercase();
        let plain = lower.split('~').next().unwrap_or_default();
        if PICTURES.contains(&plain) {
            Self::Picture
        } else if VIDEOS.contains(&plain) {
            Self::Video
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_labels_and_told() {
        for (name, folder, own, was_unsafe) in [
            (
                "Takeout/Google Photos/a.jpg",
                "Takeout/Google Photos",
                "a.jpg",
                false,
            ),
            ("a.jpg", "", "a.jpg", false),
            ("./a//b.jpg", "a", "b.jpg", false),
            ("../../etc/passwd", "etc", "passwd", true),
            ("a/../b.jpg", "a", "b.jpg", true),
            ("/etc/passwd", "etc", "passwd", true),
            ("..\\..\\a.jpg", "", "a.jpg", true),
            ("C:\\Users\\a.jpg", "Users", "a.jpg", true),
            ("c:a.jpg", "", "a.jpg", true),
            ("a..b/c...jpg", "a..b", "c...jpg", false),
        ] {
            let expected = Label {
                folder: folder.to_owned(),
                name: own.to_owned(),
                was_unsafe,
            };
            assert_eq!(Label::new(name), Some(expected), "{name}");
        }
        for nothing in ["", "/", "..", "../..", "C:", "./"] {
            assert_eq!(Label::new(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_folder_can_be_cut_and_put_below_another() {
        let at = |folder: &str| Label::new(&format!("{folder}/a.jpg")).unwrap();
        assert_eq!(
            at("part 1/Takeout/Photos").from("Takeout").folder,
            "Takeout/Photos"
        );
        assert_eq!(
            at("Takeout/x/Takeout").from("Takeout").folder,
            "Takeout/x/Takeout"
        );
        assert_eq!(at("Takeout-001/x").from("Takeout").folder, "Takeout-001/x");
        assert_eq!(at("é/Takeout").from("Takeout").folder, "Takeout");
        assert_eq!(at("Photos").below("Part 1").folder, "Part 1/Photos");
        assert_eq!(at("Part 1/Photos").below("Part 1").folder, "Part 1/Photos");
        assert_eq!(
            Label::new("a.jpg").unwrap().below("Part 1").folder,
            "Part 1"
        );
    }

    #[test]
    fn an_extension_is_what_follows_the_last_dot() {
        assert_eq!(split_extension("PXL_1.MP.jpg"), ("PXL_1.MP", "jpg"));
        assert_eq!(split_extension(".nomedia"), (".nomedia", ""));
        assert_eq!(split_extension("a."), ("a", ""));
        assert_eq!(Called::of("HEIC"), Called::Picture);
        assert_eq!(Called::of("MP~2"), Called::Video);
        assert_eq!(Called::of("json"), Called::Other);
    }
}
