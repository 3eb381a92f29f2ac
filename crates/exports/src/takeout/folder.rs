//! The folders of a Takeout, whose names are in the language of the account.

use crate::label::key;

/// What stands before the year in the folders in which Google Photos puts every photo. Some languages have several, as
/// the translation changed.
const BEFORE_YEAR: [&str; 23] = [
    "Photos from ",
    "Fotos von ",
    "Fotos aus ",
    "Photos de ",
    "Photos du ",
    "Fotos de ",
    "Fotos del ",
    "Foto's uit ",
    "Foto’s uit ",
    "Foto da ",
    "Foto dal ",
    "Foto del ",
    "Zdjęcia z ",
    "Zdjęcia z roku ",
    "Фото за ",
    "Фотографии за ",
    "Fotky z ",
    "Fotografii din ",
    "Foton från ",
    "Bilder fra ",
    "Billeder fra ",
    "Valokuvat ",
    "Fotoğraflar ",
];

/// What stands behind the year.
const AFTER_YEAR: [&str; 7] = [
    " 年の写真",
    "年の写真",
    "年のフォト",
    "년의 사진",
    "년 사진",
    "年的照片",
    "年的相片",
];

/// What the folder of thrown away photos is called.
const TRASH: [&str; 14] = [
    "Trash",
    "Bin",
    "Papierkorb",
    "Corbeille",
    "Papelera",
    "Lixeira",
    "Cestino",
    "Prullenbak",
    "Kosz",
    "Корзина",
    "Papirkurv",
    "Papperskorgen",
    "ゴミ箱",
    "휴지통",
];

/// The folder that a photo lies in: the last of a folder's names.
fn last(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or_default()
}

/// Whether it is the folder of all photos of a year, which is no album although Takeout describes it like one.
#[must_use]
pub fn is_of_year(folder: &str) -> bool {
    let name = key(last(folder));
    let is_year = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    BEFORE_YEAR
        .iter()
        .filter_map(|before| name.strip_prefix(before))
        .chain(
            AFTER_YEAR
                .iter()
                .filter_map(|after| name.strip_suffix(after)),
        )
        .any(is_year)
}

/// Whether an album's name is only the day on which Google Photos made it by itself (`2015-05-04`, `2015-05-04 #2`).
pub(super) fn is_of_day(album: &str) -> bool {
    let (day, number) = album.split_once(" #").unwrap_or((album, "1"));
    let mut parts = day.split('-');
    let mut is_number = |len: usize| {
        parts
            .next()
            .is_some_and(|part| part.len() == len && part.bytes().all(|b| b.is_ascii_digit()))
    };
    is_number(4)
        && is_number(2)
        && is_number(2)
        && parts.next().is_none()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether what lies in it had been thrown away.
pub(super) fn is_trash(folder: &str) -> bool {
    let name = key(last(folder));
    TRASH.iter().any(|trash| *trash == name)
}

/// The service that a path of a Takeout belongs to: what stands behind `Takeout/`. `None` for a folder that begins deeper.
pub(super) fn service(folder: &str) -> Option<&str> {
    let mut parts = folder.split('/').skip_while(|part| *part != "Takeout");
    parts.next()?;
    parts.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_known_in_every_language_listed() {
        for folder in [
            "Takeout/Google Photos/Photos from 2023",
            "Takeout/Google Fotos/Fotos von 1999",
            "Takeout/Google Foto/Foto dal 2020",
            "Takeout/Google Photos/Photos de 2018",
            "Zdjęcia z 2022",
            "Foton fra\u{30a}n 2022",
            "Takeout/Google フォト/2023 年の写真",
        ] {
            assert!(is_of_year(folder), "{folder}");
        }
        for folder in [
            "Sommer 2019",
            "Photos from Anna",
            "Photos from 20231",
            "2019",
            "",
        ] {
            assert!(!is_of_year(folder), "{folder}");
        }
    }

    #[test]
    fn a_day_is_no_name_for_an_album() {
        assert!(is_of_day("2015-05-04") && is_of_day("2015-05-04 #2"));
        for album in ["2015-05-04 Berlin", "2015", "2015-05-04-1", "15-05-04", ""] {
            assert!(!is_of_day(album), "{album}");
        }
    }

    #[test]
    fn services_and_trash_are_told_by_their_folders() {
        assert_eq!(service("Takeout/Drive/a/b"), Some("Drive"));
        assert_eq!(service("x/Takeout/Google Photos"), Some("Google Photos"));
        assert_eq!(service("Google Photos/Photos from 2020"), None);
        assert!(is_trash("Takeout/Google Fotos/Papierkorb") && !is_trash("Trash/Photos from 2020"));
    }
}
