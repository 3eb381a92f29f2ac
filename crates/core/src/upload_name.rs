//! The name that an upload is going to have, out of the one that it has while it comes.
//!
//! Programs that upload under a temporary name and rename afterwards (`FolderSync`, `rclone`, browsers) write
//! `IMG_0001.JPG.part` or `.IMG_0001.JPG.tmp`. Every such file is a whole photo as soon as it is acknowledged, so the
//! library gives it the lasting name at once, and has nothing to rename later.

/// What temporary names end with, in lower case. What stands before must still be a name with an extension.
const ENDINGS: [&str; 10] = [
    ".part",
    ".partial",
    ".filepart",
    ".tmp",
    ".temp",
    ".fstmp",
    ".crdownload",
    ".download",
    ".uploading",
    ".upload",
];

/// The lasting name of an upload: the name itself, unless it is a temporary one.
///
/// Only names that leave a file name with an extension are shortened: `notes.tmp` is what somebody called it. A number
/// or code before the ending (`IMG_0001.JPG.1a2b3c4d.partial`, `IMG_0001.JPG.ocTransferId17.part`) goes with it.
#[must_use]
pub fn lasting_name(name: &str) -> &str {
    let lower = name.to_ascii_lowercase();
    let Some(ending) = ENDINGS.iter().find(|ending| lower.ends_with(**ending)) else {
        return name;
    };
    // ASCII only was changed, so the lengths agree.
    let stem = &name[..name.len() - ending.len()];
    let stem = match stem.rsplit_once('.') {
        Some((before, code)) if is_code(code) && has_extension(before) => before,
        _ => stem,
    };
    let visible = stem.trim_start_matches(['.', '~']);
    if has_extension(visible) {
        visible
    } else {
        name
    }
}

/// What programs put between a name and its temporary ending: at least six letters and digits, one a digit.
fn is_code(text: &str) -> bool {
    text.len() >= 6
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a name ends like a file's: a dot, and two to five letters and digits, one a letter.
fn has_extension(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (2..=5).contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && extension.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_become_lasting_ones() {
        for (temporary, lasting) in [
            ("IMG_0001.JPG.part", "IMG_0001.JPG"),
            ("IMG_0001.JPG.fstmp", "IMG_0001.JPG"),
            (".IMG_0001.JPG.tmp", "IMG_0001.JPG"),
            ("IMG_0001.HEIC.1a2b3c4d.partial", "IMG_0001.HEIC"),
            ("IMG 1.mp4.ocTransferId1795334905.PART", "IMG 1.mp4"),
            ("~Café.jpeg.temp", "Café.jpeg"),
        ] {
            assert_eq!(lasting_name(temporary), lasting, "{temporary}");
        }
    }

    #[test]
    fn names_that_somebody_chose_stay() {
        for name in [
            "IMG_0001.JPG",
            "notes.tmp",
            ".tmp",
            "..part",
            "2024.05.01.part",
            "part",
            "",
            "a.upload",
            "IMG_0001.tmp.jpg",
            "İ.part",
        ] {
            assert_eq!(lasting_name(name), name);
        }
    }
}
