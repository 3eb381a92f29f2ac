//! A file's media type by its name, for listings: nothing is opened for it.

/// Extensions in lower case and their media types: what phones and cameras write. Sorted, for the search.
const TYPES: &[(&str, &str)] = &[
    ("3gp", "video/3gpp"),
    ("arw", "image/x-sony-arw"),
    ("avi", "video/x-msvideo"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("cr2", "image/x-canon-cr2"),
    ("cr3", "image/x-canon-cr3"),
    ("dng", "image/x-adobe-dng"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("jxl", "image/jxl"),
    ("m4v", "video/x-m4v"),
    ("mkv", "video/x-matroska"),
    ("mov", "video/quicktime"),
    ("mp4", "video/mp4"),
    ("mpg", "video/mpeg"),
    ("mts", "video/mp2t"),
    ("nef", "image/x-nikon-nef"),
    ("orf", "image/x-olympus-orf"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("raf", "image/x-fuji-raf"),
    ("rw2", "image/x-panasonic-rw2"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("txt", "text/plain"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("xmp", "application/rdf+xml"),
];

/// The media type of a file called `name`.
pub(crate) fn of_name(name: &str) -> &'static str {
    name.rsplit_once('.')
        .and_then(|(_, extension)| {
            let extension = extension.to_ascii_lowercase();
            let found = TYPES.binary_search_by_key(&extension.as_str(), |(known, _)| known);
            found.ok().map(|at| TYPES[at].1)
        })
        .unwrap_or("application/octet-stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found() {
        for (extension, media_type) in TYPES {
            assert_eq!(
                of_name(&format!("a.{}", extension.to_uppercase())),
                *media_type
            );
        }
        assert_eq!(of_name("README"), "application/octet-stream");
        assert_eq!(of_name("a.jpg.part"), "application/octet-stream");
    }
}
