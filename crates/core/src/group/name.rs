//! What a file's name says of its group: the stem that its files have in common, and how this one is marked.
//!
//! Where the marks come from: Apple's camera folder (`IMG_E1234`, `IMG_O1234.AAE`), icloudpd (`_HEVC`), Google's camera
//! (`PXL_….RAW-02.ORIGINAL.dng`, `….MP.jpg`, `…BURST20190101…_COVER.jpg`), Google Takeout (`-edited`, `~2`, `.MP~2`),
//! Huawei (`_BURST001_COVER`), Samsung (`20240531_235958_001`), Adobe's and darktable's sidecars (`a.xmp`, `a.jpg.xmp`).

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::{library_path::split_extension, media_kind::EXTENSIONS};

/// What Google Photos puts behind the name of an edit, in the languages that are known.
pub const EDITED: [&str; 14] = [
    "-edited",
    "-effects",
    "-bearbeitet",
    "-modifié",
    "-modificato",
    "-modificata",
    "-editado",
    "-editada",
    "-ha editado",
    "-editat",
    "-bewerkt",
    "-edytowane",
    "-redigeret",
    "-編集済み",
];

/// How a file is marked among those of its stem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Not at all.
    None,
    /// An edit.
    Edited,
    /// What was there before an edit.
    Original,
    /// A picture of a burst.
    Burst {
        /// Whether it is the one that the camera chose.
        cover: bool,
        /// Which one it is.
        number: u32,
    },
}

/// A name taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupName {
    /// What the files of a group have in common, without differences of case and normalisation.
    pub stem: String,
    /// How this one is marked.
    pub mark: Mark,
    /// Whether it is a sidecar by its name.
    pub sidecar: Option<Of>,
    /// Where the stem is in the name. A letter of Apple's within it is no part of it ([`Self::letter`]).
    range: Range<usize>,
    /// A number that belongs to the stem and stands behind the mark: `(1)` in `IMG_1-edited(1)`.
    tail: Range<usize>,
    /// The letter behind `IMG_`, and its place.
    letter: Option<usize>,
}

/// What a sidecar is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// The one file of this name, folded as stems are.
    Name(String),
    /// The file of its stem, whatever its extension.
    Stem,
}

/// Where the letter stands in Apple's names.
const LETTER: usize = "IMG_".len();

impl GroupName {
    /// Takes a name apart. Every name has a stem: without a known mark, all of it up to the extension.
    ///
    /// ```
    /// use safelight_core::group::{GroupName, Mark};
    /// let edit = GroupName::of("IMG_E1234.JPG");
    /// assert_eq!((edit.stem.as_str(), edit.mark), ("img_1234", Mark::Edited));
    /// ```
    #[must_use]
    pub fn of(name: &str) -> Self {
        let (end, sidecar) = without_extension(name);
        let body = &name[..end];
        let mut found = Self {
            stem: String::new(),
            mark: Mark::None,
            sidecar,
            range: 0..end,
            tail: end..end,
            letter: None,
        };
        if let Some((range, mark)) = burst(body) {
            (found.range, found.mark) = (range, mark);
        } else if let Some(end) = pixel(body) {
            found.range.end = end;
            if holds(&body[end..], "original") {
                found.mark = Mark::Original;
            }
        } else if let Some((end, number)) = edit(body) {
            found.mark = Mark::Edited;
            found.range.end = end;
            found.tail.start -= number.len();
        } else if let Some(end) = ["_hevc", ".mp"]
            .iter()
            .find_map(|mark| before_ending(body, mark))
        {
            found.range.end = end;
        }
        if let Some(mark) = apples_letter(&body[found.range.clone()]) {
            // Of `IMG_E1234-edited` the outer mark is true as well.
            found.letter = Some(LETTER);
            found.mark = mark;
        }
        found.stem = fold(&found.text(name));
        found
    }

    /// The stem as it is spelled in the name that was taken apart.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        let tail = &name[self.tail.clone()];
        match self.letter {
            Some(letter) => [&name[..letter], &name[letter + 1..self.range.end], tail].concat(),
            None => [&name[self.range.clone()], tail].concat(),
        }
    }

    /// What the names of the group begin with, as this one's folder spells them; the same for all names of one stem. Nothing
    /// for the bursts whose names differ from the beginning: their pictures are found by their time.
    #[must_use]
    pub fn beginnings(&self, name: &str) -> Vec<String> {
        if self.range.start > 0 {
            return Vec::new();
        }
        let stem = self.text(name);
        let mut stems = Vec::with_capacity(3);
        for letter in ["E", "O"] {
            let marked = with_letter(&stem, letter);
            if apples_letter(&marked).is_some() {
                stems.push(marked);
            }
        }
        stems.push(stem);
        let mut beginnings = Vec::with_capacity(stems.len());
        for stem in stems {
            let (before, number) = numbered(&stem);
            if !number.is_empty() && !before.is_empty() {
                beginnings.extend(EDITED.map(|mark| [before, mark, number].concat()));
            }
            beginnings.push(stem);
        }
        if !beginnings.iter().all(|text| text.is_ascii()) {
            let forms = |text: &String| [text.nfc().collect::<String>(), text.nfd().collect()];
            beginnings = beginnings.iter().flat_map(forms).collect();
            beginnings.sort_unstable();
            beginnings.dedup();
        }
        beginnings
    }

    /// What stands behind the beginnings, where it is not the end: a folder may have more names that begin alike than are
    /// looked at.
    pub fn endings() -> impl Iterator<Item = String> {
        [".", "_", "~"]
            .map(str::to_owned)
            .into_iter()
            .chain(edits())
    }

    /// Where a number belongs that tells the whole group from another one of the same names.
    #[must_use]
    pub const fn stem_end(&self) -> usize {
        self.range.end
    }
}

/// The name for a file that is to lie beside another one of its group: its own, with the other's stem.
///
/// ```
/// use safelight_core::group::name_beside;
/// assert_eq!(name_beside("IMG_1234.MOV", "IMG_1234-2.HEIC"), "IMG_1234-2.MOV");
/// assert_eq!(name_beside("IMG_E1234.JPG", "IMG_1234-2.HEIC"), "IMG_E1234-2.JPG");
/// assert_eq!(name_beside("FullSizeRender.mov", "IMG_1234.HEIC"), "IMG_1234.mov");
/// ```
#[must_use]
pub fn name_beside(name: &str, other: &str) -> String {
    let (own, its) = (GroupName::of(name), GroupName::of(other));
    if own.stem == its.stem {
        return name.to_owned();
    }
    let end = own.range.end;
    if own.tail.is_empty()
        && let Some(number) = its.stem.strip_prefix(own.stem.as_str())
        && let Some(digits) = number.strip_prefix('-')
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        return [&name[..end], number, &name[end..]].concat();
    }
    let stem = its.text(other);
    // A number behind the mark would be the other's stem no more.
    let behind = [&name[end..own.tail.start], &name[own.tail.end..]].concat();
    match own.letter {
        Some(letter) if apples_letter(&with_letter(&stem, "E")).is_some() => {
            with_letter(&stem, &name[letter..=letter]) + &behind
        }
        _ => stem + &behind,
    }
}

fn with_letter(stem: &str, letter: &str) -> String {
    match stem.split_at_checked(LETTER) {
        Some((before, behind)) => [before, letter, behind].concat(),
        None => stem.to_owned(),
    }
}

/// What two spellings of one name have in common.
pub(super) fn fold(name: &str) -> String {
    name.nfc().collect::<String>().to_lowercase()
}

/// Where the extension begins, and whether the name is a sidecar's.
fn without_extension(name: &str) -> (usize, Option<Of>) {
    if let Some(end) = before_ending(name, ".aae") {
        return (end, Some(Of::Stem));
    }
    if let Some(end) = before_ending(name, ".xmp") {
        let other = &name[..end];
        return match other.rsplit_once('.') {
            Some((stem, extension))
                if !stem.is_empty()
                    && EXTENSIONS
                        .iter()
                        .any(|shown| shown.eq_ignore_ascii_case(extension)) =>
            {
                (stem.len(), Some(Of::Name(fold(other))))
            }
            _ => (end, Some(Of::Stem)),
        };
    }
    (split_extension(name).0.len(), None)
}

/// Where an ending begins that is written in ASCII, in whatever case; not if nothing would be left.
fn before_ending(text: &str, ending: &str) -> Option<usize> {
    let at = text.len().checked_sub(ending.len()).filter(|at| *at > 0)?;
    let found = text.get(at..)?;
    found.eq_ignore_ascii_case(ending).then_some(at)
}

fn holds(text: &str, word: &str) -> bool {
    text.to_ascii_lowercase().contains(word)
}

/// How many bytes of ASCII digits a text begins with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// How many bytes of a number that [`name_beside`] keeps a text begins with: none, or `-2` and the like.
fn told_apart(text: &str) -> usize {
    match text.strip_prefix('-').map(digits) {
        Some(count) if count > 0 => count + 1,
        _ => 0,
    }
}

fn burst(body: &str) -> Option<(Range<usize>, Mark)> {
    let lower = body.to_ascii_lowercase();
    let Some(at) = lower.rfind("_burst").filter(|at| *at > 0) else {
        return samsungs_burst(body);
    };
    let behind = &lower[at + "_burst".len()..];
    let count = digits(behind);
    let number = || behind[..count].parse().ok();
    match count {
        // The number of the picture stands behind the stem.
        3..=6 => {
            let cover = match &behind[count..] {
                "" => false,
                "_cover" => true,
                _ => return None,
            };
            let number = number()?;
            Some((0..at, Mark::Burst { cover, number }))
        }
        // The time of the burst is the stem, and the number of the picture stands before it.
        14.. => {
            let end = count + told_apart(&behind[count..]);
            let cover = match &behind[end..] {
                "" => false,
                "_cover" => true,
                _ => return None,
            };
            let begin = at + 1;
            let number = lower[..digits(&lower)].parse().unwrap_or(0);
            Some((
                begin..at + "_burst".len() + end,
                Mark::Burst { cover, number },
            ))
        }
        _ => None,
    }
}

/// `20240531_235958_001`.
fn samsungs_burst(body: &str) -> Option<(Range<usize>, Mark)> {
    let (stem, number) = body.rsplit_once('_')?;
    let (day, time) = stem.split_once('_')?;
    let seconds = digits(time);
    let fits = digits(day) == 8
        && day.len() == 8
        && seconds == 6
        && seconds + told_apart(&time[seconds..]) == time.len()
        && number.len() == 3
        && digits(number) == 3;
    let number = number.parse().ok().filter(|_| fits)?;
    let cover = false;
    Some((0..stem.len(), Mark::Burst { cover, number }))
}

/// Google's camera puts all its marks behind a dot.
fn pixel(body: &str) -> Option<usize> {
    let is_pixels = body
        .get(..4)
        .is_some_and(|begin| begin.eq_ignore_ascii_case("PXL_"));
    body.find('.').filter(|_| is_pixels)
}

/// A text without the number in brackets at its end, and that number.
fn numbered(text: &str) -> (&str, &str) {
    match text.rfind('(') {
        Some(at) if text.ends_with(')') && digits(&text[at + 1..]) + at + 2 == text.len() => {
            text.split_at(at)
        }
        _ => (text, ""),
    }
}

/// [`EDITED`], and how those look that a system has decomposed.
fn edits() -> impl Iterator<Item = String> {
    EDITED.into_iter().flat_map(|mark| {
        let decomposed: String = mark.nfd().collect();
        let decomposed = (decomposed != mark).then_some(decomposed);
        std::iter::once(mark.to_owned()).chain(decomposed)
    })
}

/// An edit of Google Photos': where the stem ends, and the number that stands behind the mark and belongs to the stem.
fn edit(body: &str) -> Option<(usize, &str)> {
    let (before, number) = numbered(body);
    for mark in edits() {
        if let Some(stem) = before.strip_suffix(mark.as_str())
            && !stem.is_empty()
        {
            return Some((stem.len(), number));
        }
    }
    let (stem, copy) = body.rsplit_once('~')?;
    let is_copy = !stem.is_empty() && matches!(copy.len(), 1 | 2) && digits(copy) == copy.len();
    is_copy.then_some((stem.len(), ""))
}

/// `IMG_E1234` is an edit, and `IMG_O1234` tells of the original.
fn apples_letter(stem: &str) -> Option<Mark> {
    let behind = stem.get(LETTER + 1..)?;
    let begins = stem.get(..LETTER)?.eq_ignore_ascii_case("IMG_") && digits(behind) >= 4;
    match stem.as_bytes()[LETTER] {
        b'E' | b'e' if begins => Some(Mark::Edited),
        b'O' | b'o' if begins => Some(Mark::Original),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn burst_of(number: u32, cover: bool) -> Mark {
        Mark::Burst { cover, number }
    }

    #[test]
    fn the_files_of_a_group_have_one_stem() {
        for (name, stem, mark) in [
            ("IMG_1234.HEIC", "img_1234", Mark::None),
            ("IMG_1234_HEVC.MOV", "img_1234", Mark::None),
            ("IMG_E1234.JPG", "img_1234", Mark::Edited),
            ("IMG_O1234.AAE", "img_1234", Mark::Original),
            ("IMG_E1234-2.JPG", "img_1234-2", Mark::Edited),
            ("IMG_1234-2_HEVC.MOV", "img_1234-2", Mark::None),
            ("IMG_EASTER.JPG", "img_easter", Mark::None),
            ("IMG_E12.JPG", "img_e12", Mark::None),
            ("a.jpg.xmp", "a", Mark::None),
            ("a.xmp", "a", Mark::None),
            ("a.b.xmp", "a.b", Mark::None),
            ("IMG_1-edited.jpg", "img_1", Mark::Edited),
            ("IMG_1-edited(1).jpg", "img_1(1)", Mark::Edited),
            ("IMG_1-modifi\u{e9}.jpg", "img_1", Mark::Edited),
            ("IMG_1-modifie\u{301}.jpg", "img_1", Mark::Edited),
            ("IMG_1(1).jpg", "img_1(1)", Mark::None),
            (
                "IMG_20230101_120000~2.jpg",
                "img_20230101_120000",
                Mark::Edited,
            ),
            (
                "PXL_20230101_120000123.jpg",
                "pxl_20230101_120000123",
                Mark::None,
            ),
            (
                "PXL_20230101_120000123.MP.jpg",
                "pxl_20230101_120000123",
                Mark::None,
            ),
            (
                "PXL_20230101_120000123.MP",
                "pxl_20230101_120000123",
                Mark::None,
            ),
            (
                "PXL_20230101_120000123.MP~2",
                "pxl_20230101_120000123",
                Mark::None,
            ),
            ("MVIMG_1.MP.jpg", "mvimg_1", Mark::None),
            (
                "PXL_20230101_120000123.RAW-02.ORIGINAL.dng",
                "pxl_20230101_120000123",
                Mark::Original,
            ),
            (
                "PXL_20230101_120000123-2.RAW-01.MP.COVER.jpg",
                "pxl_20230101_120000123-2",
                Mark::None,
            ),
            (
                "IMG_20150101_120000_BURST001_COVER.jpg",
                "img_20150101_120000",
                burst_of(1, true),
            ),
            (
                "IMG_20150101_120000-2_BURST012.jpg",
                "img_20150101_120000-2",
                burst_of(12, false),
            ),
            (
                "00000IMG_00000_BURST20190101120000123_COVER.jpg",
                "burst20190101120000123",
                burst_of(0, true),
            ),
            (
                "00007IMG_00007_BURST20190101120000123-3.jpg",
                "burst20190101120000123-3",
                burst_of(7, false),
            ),
            (
                "20240531_235958_001.jpg",
                "20240531_235958",
                burst_of(1, false),
            ),
            (
                "20240531_235958-2_001.jpg",
                "20240531_235958-2",
                burst_of(1, false),
            ),
            ("20240531_235958.jpg", "20240531_235958", Mark::None),
            (
                "20240531_235958_0001.jpg",
                "20240531_235958_0001",
                Mark::None,
            ),
            ("_BURST001.jpg", "_burst001", Mark::None),
            ("_HEVC.MOV", "_hevc", Mark::None),
            (".xmp", ".xmp", Mark::None),
            ("~2", "~2", Mark::None),
            ("-edited.jpg", "-edited", Mark::None),
            ("", "", Mark::None),
        ] {
            let found = GroupName::of(name);
            assert_eq!((found.stem.as_str(), found.mark), (stem, mark), "{name}");
        }
    }

    #[test]
    fn the_names_of_a_group_begin_alike() {
        let of = |name| GroupName::of(name).beginnings(name);
        assert_eq!(of("IMG_E1234.JPG"), ["IMG_E1234", "IMG_O1234", "IMG_1234"]);
        assert_eq!(of("VID_1234_HEVC.MOV"), ["VID_1234"]);
        assert!(of("00000IMG_00000_BURST20190101120000123.jpg").is_empty());
    }

    #[test]
    fn the_beginnings_do_not_depend_on_the_name_of_the_group_that_comes_first() {
        for group in [
            &[
                "IMG_1(1).jpg",
                "IMG_1-edited(1).jpg",
                "IMG_1-bearbeitet(1).jpg",
                "IMG_1(1)-edited.jpg",
            ][..],
            &[
                "IMG_1234.HEIC",
                "IMG_E1234.JPG",
                "IMG_O1234.AAE",
                "IMG_1234-edited.HEIC",
            ],
            &[
                "IMG_1234(2).HEIC",
                "IMG_E1234(2).JPG",
                "IMG_1234-modifi\u{e9}(2).HEIC",
            ],
            &["Caf\u{e9}.jpg", "Cafe\u{301}.mov"],
        ] {
            for name in group {
                let beginnings = GroupName::of(name).beginnings(name);
                for other in group {
                    let is_found = |beginning: &String| other.starts_with(beginning.as_str());
                    assert!(
                        beginnings.iter().any(is_found),
                        "{name} does not find {other}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_sidecar_is_about_a_name_or_a_stem() {
        let of = |name| GroupName::of(name).sidecar;
        assert_eq!(of("A.JPG.xmp"), Some(Of::Name("a.jpg".to_owned())));
        assert_eq!(of("A.XMP"), Some(Of::Stem));
        assert_eq!(of("IMG_1234.aae"), Some(Of::Stem));
        assert_eq!(of("a.xmp.jpg"), None);
    }

    #[test]
    fn a_name_beside_another_has_its_stem() {
        for (name, other, beside) in [
            ("IMG_1234.MOV", "IMG_1234.HEIC", "IMG_1234.MOV"),
            ("img_1234.mov", "IMG_1234.HEIC", "img_1234.mov"),
            (
                "IMG_1234_HEVC.MOV",
                "IMG_1234-2.HEIC",
                "IMG_1234-2_HEVC.MOV",
            ),
            ("IMG_1234.HEIC", "IMG_E1234-3.JPG", "IMG_1234-3.HEIC"),
            ("a.jpg.xmp", "a-12.jpg", "a-12.jpg.xmp"),
            ("IMG_E1234.JPG", "IMG_9999.HEIC", "IMG_E9999.JPG"),
            ("IMG_E1234.JPG", "sunset.HEIC", "sunset.JPG"),
            (
                "x_BURST002.jpg",
                "x-2_BURST001_COVER.jpg",
                "x-2_BURST002.jpg",
            ),
            ("a-x.mov", "a.heic", "a.mov"),
            ("a-edited(1).jpg", "a(1)-2.jpg", "a(1)-2-edited.jpg"),
            ("a(1).jpg", "a-2-edited(1).jpg", "a-2(1).jpg"),
            ("b-edited(1).jpg", "a.jpg", "a-edited.jpg"),
        ] {
            assert_eq!(name_beside(name, other), beside, "{name} {other}");
            assert_eq!(GroupName::of(beside).stem, GroupName::of(other).stem);
        }
    }

    proptest! {
        #[test]
        fn any_name_can_be_taken_apart(name in "\\PC{0,40}|(IMG_|PXL_|2024)?[EOe0-9_]{0,20}(_BURST|_HEVC|-edited|~|\\()?[0-9)]{0,16}(\\.[a-zA-Z~2]{0,6}){0,3}", other in "\\PC{0,30}") {
            let found = GroupName::of(&name);
            prop_assert!(found.stem_end() <= name.len() && name.is_char_boundary(found.stem_end()));
            prop_assert_eq!(fold(&found.stem), found.stem.as_str());
            // The name that an odd one would get is made a library's name afterwards.
            prop_assert!(name.is_empty() || other.is_empty() || !name_beside(&name, &other).is_empty());
        }
    }
}
