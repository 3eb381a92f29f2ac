//! Where a file is filed that joins others.

use rusqlite::Connection;
use safelight_core::{
    FileName, LibraryPath, MediaKind,
    group::{GroupName, name_beside},
};

use super::{New, joined, near::Near};
use crate::{people, stored::PathKey};

/// How a name is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// For a photo or video of its own: no other one of the folder may have its stem, so that what belongs to it finds its
    /// name free when it comes.
    Alone,
    /// For a file that joins others, or belongs to nothing: any name that is free.
    Free,
}

/// A place that others of the group have chosen.
pub(crate) struct Home {
    pub(crate) folder: String,
    pub(crate) name: FileName,
}

/// Beside the first file of its group that is no sidecar and lies in its own person's folder. None if there is no such
/// file: then it is filed by itself.
pub(super) fn beside(
    connection: &Connection,
    new: &New,
    near: &[Near],
) -> rusqlite::Result<Option<Home>> {
    if near.is_empty() {
        return Ok(None);
    }
    let mut first: Option<&Near> = None;
    for other in joined(new, near) {
        if other.known.member.kind != MediaKind::Other
            && first.is_none_or(|first| other.id < first.id)
            && people::whose_folder(connection, &PathKey::of(&other.path).folder)? == new.person
        {
            first = Some(other);
        }
    }
    Ok(first.map(|first| {
        let wish = FileName::from_wish(&new.member.name);
        let name = if shares_stem(new, first) {
            FileName::from_wish(&name_beside(wish.as_str(), first.path.name()))
        } else {
            wish
        };
        Home {
            folder: first.path.folder().to_owned(),
            name,
        }
    }))
}

/// The pictures of a burst that have only its identifier in common keep their names: the camera numbered them.
fn shares_stem(new: &New, other: &Near) -> bool {
    let (own, its) = (&new.member.details, &other.known.member.details);
    let is_burst = own.burst_id.is_some() && own.burst_id == its.burst_id;
    let has_one_id = own.content_id.is_some() && own.content_id == its.content_id;
    !is_burst
        || has_one_id
        || GroupName::of(&new.member.name).stem == GroupName::of(&other.known.member.name).stem
}

impl Home {
    /// Whether a photo lies in the folder already.
    pub(super) fn is_of(&self, path: &LibraryPath) -> bool {
        path.folder() == self.folder && path.name() == self.name.as_str()
    }
}

/// Where a sidecar belongs that lies elsewhere than the photo that it is about.
pub(super) fn of_sidecar(sidecar: &str, photo: &LibraryPath) -> Home {
    Home {
        folder: photo.folder().to_owned(),
        name: FileName::from_wish(&name_beside(sidecar, photo.name())),
    }
}
