//! What belongs together: the files that one press of the button, or one edit, leaves.
//!
//! A group is shown as one tile, lies in one folder, has one stem, and is safe when all of it is. What makes files a group
//! is decided here, from their facts and names alone (`docs/groups.md` has the rules and their reasons). A wrong group is
//! worse than none: it hides a photo behind another one.
//!
//! | question | module |
//! |---|---|
//! | what does the name say? | `name` |
//! | do these two belong together? | `tie` |
//! | which groups are these files, and what is each to its group? | `arrange` |

mod arrange;
mod name;
mod tie;

use crate::{CaptureTime, ContentHash, Details, MediaKind};

pub use arrange::{Group, Known, Part, arrange};
pub use name::{EDITED, GroupName, Mark, Of, name_beside};

/// More files than this have nothing in common that tells them from others: an identifier that a program gave to all of
/// them, a name such as `image`. Then they are not compared.
pub const MOST_ALIKE: usize = 256;

/// What is known of a file that may belong to a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name, where the others have theirs.
    pub name: String,
    /// Its identity.
    pub hash: ContentHash,
    /// What it is.
    pub kind: MediaKind,
    /// When it was taken.
    pub captured: Option<CaptureTime>,
    /// What it says of itself; the default if nobody has read it.
    pub details: Details,
}

/// What a photo is to the one that stands for its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The video of a Live Photo, or one that a program cut out of a Motion Photo.
    Motion,
    /// The camera's raw picture.
    Raw,
    /// What was there before an edit.
    Original,
    /// Another edit than the one that stands for the group.
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
