//! Files that an operating system writes for itself wherever a folder is shown: they are nobody's photos.
//!
//! A mounted drive does not work without them (the Finder gives a copy up when its `._` file is refused), so they are
//! accepted; the library must not fill with them. Name and content must both say so: a photo that is called
//! `._IMG_0001.JPG` is a photo.

/// The largest that is taken for one, in bytes. What is larger is kept like any other file.
pub const MOST_BYTES: usize = 1 << 20;

/// A kind of such file: whether a name (in lower case) is of it, and whether bytes that are not empty are.
struct Kind {
    named: fn(&str) -> bool,
    contains: fn(&[u8]) -> bool,
}

const KINDS: [Kind; 5] = [
    // AppleDouble (RFC 1740, appendix A): what macOS cannot store in the file itself.
    Kind {
        named: |name| name.starts_with("._"),
        contains: |bytes| bytes.starts_with(&[0, 5, 0x16, 7]),
    },
    // How the Finder shows a folder.
    Kind {
        named: |name| name == ".ds_store",
        contains: |bytes| bytes.starts_with(b"\0\0\0\x01Bud1"),
    },
    // Windows' thumbnails, an OLE compound file.
    Kind {
        named: |name| name == "thumbs.db" || name == "ehthumbs.db",
        contains: |bytes| bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]),
    },
    // How Windows shows a folder: sections in brackets, in UTF-8 or UTF-16.
    Kind {
        named: |name| name == "desktop.ini",
        contains: |bytes| {
            let mut text = bytes
                .iter()
                .filter(|byte| !matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xff | 0xfe))
                .skip_while(|byte| byte.is_ascii_whitespace());
            text.next() == Some(&b'[')
        },
    },
    // Says to Android that a folder's pictures are not for the gallery. It has no content.
    Kind {
        named: |name| name == ".nomedia",
        contains: |_| false,
    },
];

/// Whether a file of this name may be one: its content then decides.
#[must_use]
pub fn may_be(name: &str) -> bool {
    kind(name).is_some()
}

/// Whether a file is one. An empty file with such a name is: systems make it empty first, and fill it later.
#[must_use]
pub fn is(name: &str, bytes: &[u8]) -> bool {
    bytes.len() <= MOST_BYTES
        && kind(name).is_some_and(|kind| bytes.is_empty() || (kind.contains)(bytes))
}

fn kind(name: &str) -> Option<&'static Kind> {
    let name = name.to_ascii_lowercase();
    KINDS.iter().find(|kind| (kind.named)(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systems_write_is_known_by_name_and_content() {
        for (name, bytes) in [
            ("._IMG_0001.JPG", &b"\0\x05\x16\x07\0\x02\0\0"[..]),
            ("._IMG_0001.JPG", b""),
            (".DS_Store", b"\0\0\0\x01Bud1\0"),
            ("Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0"),
            ("desktop.ini", b"\xff\xfe\r\0\n\0[\0.\0S\0"),
            ("Desktop.ini", b"[.ShellClassInfo]\r\n"),
            (".nomedia", b""),
        ] {
            assert!(may_be(name) && is(name, bytes), "{name}");
        }
    }

    #[test]
    fn photos_are_photos_whatever_they_are_called() {
        let jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF";
        for name in [
            "._IMG_0001.JPG",
            ".DS_Store",
            "Thumbs.db",
            "desktop.ini",
            ".nomedia",
            "IMG_0001.JPG",
        ] {
            assert!(!is(name, jpeg), "{name}");
        }
        assert!(!is("IMG_0001.JPG", b"") && !may_be("IMG_0001.JPG"));
        let mut large = vec![0; MOST_BYTES + 1];
        large[..4].copy_from_slice(&[0, 5, 0x16, 7]);
        assert!(!is("._large", &large));
    }
}
