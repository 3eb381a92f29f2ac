//! What belongs together: the files that one press of the button, or one edit, leaves.
//!
//! A group is shown as one tile, lies in one folder, and is safe when all of it is.

/// What a photo is to the one that stands for its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The video of a Live Photo, or one that a program cut out of a Motion Photo.
    Motion,
    /// The camera's raw picture.
    Raw,
    /// What was there before an edit.
    Original,
    /// An edit; mostly it stands for the group itself.
    Edited,
    /// Another picture of the same burst.
    Burst,
    /// The same picture in another form, with the same identifier.
    Alternate,
    /// A note of a program's about the picture: how it was edited, or what it shows.
    Sidecar,
}

impl Role {
    const ALL: [Self; 7] = [
        Self::Motion,
        Self::Raw,
        Self::Original,
        Self::Edited,
        Self::Burst,
        Self::Alternate,
        Self::Sidecar,
    ];

    /// The word used in the catalogue and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Motion => "motion",
            Self::Raw => "raw",
            Self::Original => "original",
            Self::Edited => "edited",
            Self::Burst => "burst",
            Self::Alternate => "alternate",
            Self::Sidecar => "sidecar",
        }
    }

    /// Reads [`Self::as_str`]'s word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}
