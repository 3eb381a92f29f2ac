//! Which JSON file belongs to which photo.
//!
//! A wrong date is worse than none, so of several JSON files that fit equally well, none is taken unless they say the
//! same. Everything is looked for in the photo's own folder only.

use std::collections::HashMap;

use super::{name::Numbered, sidecar::Sidecar};
use crate::label::{Called, split_extension};

/// How many JSON files of one name are compared. There are as many as there are parts that have it.
const MOST_NAMESAKES: usize = 100;

/// A file of a Takeout: its folder's number and its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub(super) folder: u32,
    pub(super) name: &'a str,
}

/// The JSON files by the names of the photos that they are for.
pub(super) struct Pairing<'a> {
    sidecars: &'a [(Named<'a>, Sidecar)],
    by_name: HashMap<(u32, Numbered), Vec<usize>>,
    by_stem: HashMap<(u32, Numbered), Vec<usize>>,
}

impl<'a> Pairing<'a> {
    pub(super) fn new(sidecars: &'a [(Named<'a>, Sidecar)]) -> Self {
        let mut by_name: HashMap<_, Vec<usize>> = HashMap::new();
        let mut by_stem: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, (file, _)) in sidecars.iter().enumerate() {
            let Some(name) = Numbered::of_json(file.name) else {
                continue;
            };
            let is_picture = Called::of(split_extension(&name.name).1) == Called::Picture;
            if is_picture {
                let stem = (file.folder, name.stem());
                by_stem.entry(stem).or_default().push(index);
            }
            by_name.entry((file.folder, name)).or_default().push(index);
        }
        Self {
            sidecars,
            by_name,
            by_stem,
        }
    }

    /// The number of the photo's JSON file.
    pub(super) fn find(&self, photo: Named<'_>) -> Option<usize> {
        self.own(photo)
            .or_else(|| self.originals(photo))
            .or_else(|| self.stills(photo))
    }

    /// The JSON that was written for this photo.
    fn own(&self, photo: Named<'_>) -> Option<usize> {
        let names = Numbered::of_photo(photo.name);
        names
            .iter()
            .find_map(|name| self.of(photo.folder, name))
            .or_else(|| names.iter().find_map(|name| self.bare(photo.folder, name)))
    }

    /// The JSON of a photo that was uploaded without an extension: Takeout gives one to the photo only.
    fn bare(&self, folder: u32, name: &Numbered) -> Option<usize> {
        let index = self.one(self.by_name.get(&(folder, name.stem())))?;
        let title = &self.sidecars[index].1.title;
        (!title.is_empty() && name.stem().agrees_with(title)).then_some(index)
    }

    /// An edited version has the date of its original, which may be of another format.
    fn originals(&self, photo: Named<'_>) -> Option<usize> {
        Numbered::of_original(photo.name).iter().find_map(|name| {
            self.of(photo.folder, name)
                .or_else(|| self.one(self.by_stem.get(&(photo.folder, name.stem()))))
        })
    }

    /// The video of a Live or Motion Photo has the date of its picture: `IMG_1.MP4` of `IMG_1.HEIC`, `PXL_1.MP` of `PXL_1.MP.jpg`.
    fn stills(&self, photo: Named<'_>) -> Option<usize> {
        if Called::of(split_extension(photo.name).1) != Called::Video {
            return None;
        }
        Numbered::of_photo(photo.name).into_iter().find_map(|name| {
            let stem = name.stem();
            [name, stem]
                .into_iter()
                .find_map(|name| self.one(self.by_stem.get(&(photo.folder, name))))
        })
    }

    /// The JSON under the photo's whole name, or under what is left of it.
    fn of(&self, folder: u32, name: &Numbered) -> Option<usize> {
        let at = |name: Numbered| self.by_name.get(&(folder, name));
        self.one(at(name.clone())).or_else(|| {
            name.cuts().find_map(|cut| {
                let index = self.one(at(cut))?;
                let title = &self.sidecars[index].1.title;
                // Older exports cut names that are not long; a title that is not there cannot disagree.
                (title.is_empty() || name.agrees_with(title)).then_some(index)
            })
        })
    }

    /// The one of these, or any if all say the same.
    fn one(&self, found: Option<&Vec<usize>>) -> Option<usize> {
        let (first, others) = found?.split_first()?;
        if others.len() >= MOST_NAMESAKES {
            return None;
        }
        let says = |index: &usize| &self.sidecars[*index].1;
        others
            .iter()
            .all(|other| says(other) == says(first))
            .then_some(*first)
    }
}
