//! What a file is, told from its bytes.

/// Extensions of photos and videos.
pub(crate) const EXTENSIONS: [&str; 28] = [
    "jpg", "jpeg", "jpe", "heic", "heif", "hif", "avif", "png", "webp", "gif", "tif", "tiff",
    "dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf", "jxl", "mp4", "mov", "m4v", "3gp",
    "mkv", "webm", "mts",
];

/// What a file is, as far as filing and the page need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A still picture.
    Photo,
    /// A moving picture.
    Video,
    /// Anything else. It is kept all the same: it is the owner's.
    Other,
}

impl MediaKind {
    /// The word used in the catalogue and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Video => "video",
            Self::Other => "other",
        }
    }

    /// Reads [`Self::as_str`]'s word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Photo, Self::Video, Self::Other]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }

    /// Whether a file has the name of a photo or a video, whatever is in it: who looks for it, looks among those.
    #[must_use]
    pub fn is_promised_by(name: &str) -> bool {
        name.rsplit_once('.').is_some_and(|(_, extension)| {
            EXTENSIONS
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known))
        })
    }
}
