//! What a file is, told from its bytes.

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
}
