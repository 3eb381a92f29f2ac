//! Files that lie in the library folder already and that somebody wants to be photos now: nothing is moved.

use std::path::Path;

use safelight_core::LibraryPath;

use crate::{
    adopt::Adopter,
    error::{LibraryError, LibraryUnavailable},
    groups,
    manifest::folder_key,
    open::Library,
    reconcile::{Described, Progress, photos_of},
    walk::Walk,
};

/// What taking in a folder of the library did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InPlaceReport {
    /// Files that the catalogue did not know, or had lost, and now has.
    pub adopted: u64,
    /// Of the adopted ones, those that share a tile with others.
    pub paired: u64,
    /// Files that it knew.
    pub known: u64,
}

impl Library {
    /// Takes in the files of a folder of the library that the catalogue does not know, where they lie. What cannot be taken
    /// in becomes a problem with its name. May run beside uploads; `on` is asked after each file whether to go on.
    ///
    /// # Errors
    ///
    /// The folder is none of the library's; the library folder is not there, or goes away; the disk or the catalogue
    /// refuses. What was done stays done, and beginning anew is safe.
    pub fn take_in_folder(
        &self,
        folder: &str,
        describe: &dyn Fn(&Path, &str) -> Described,
        on: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<InPlaceReport, LibraryError> {
        let core = self.core();
        let root = core.ready_root()?;
        let folder = folder.trim_matches('/');
        let is_ours = folder.is_empty()
            || (LibraryPath::parse(folder).is_ok()
                && !folder.split('/').any(|name| name.starts_with('.')));
        if !is_ours {
            return Err(LibraryUnavailable::Unavailable {
                path: root.folder(folder),
                reason: "no photos can lie in a folder of this name; rename it".to_owned(),
            }
            .into());
        }
        let mut adopter = Adopter::new(core, &root, describe);
        let (mut done, mut report) = (Progress::default(), InPlaceReport::default());
        'folders: for listing in Walk::below(&root, folder) {
            // An unmounted disk looks like an empty folder.
            core.ready_root()?;
            let known: std::collections::HashSet<LibraryPath> =
                photos_of(core, &folder_key(&listing.folder))?
                    .into_iter()
                    .map(|(path, _)| path)
                    .collect();
            for oddity in &listing.oddities {
                adopter.tell_odd(oddity.clone());
            }
            for file in &listing.files {
                if known.contains(&file.path) {
                    report.known += 1;
                } else {
                    done.bytes += adopter.offer(file, None)?;
                }
                done.files += 1;
                if !on(done) {
                    break 'folders;
                }
            }
            adopter.flush()?;
        }
        adopter.flush()?;
        report.adopted = adopter.adopted.len() as u64;
        report.paired = core
            .catalogue
            .read("count what files belong to", |connection| {
                groups::paired(connection, &adopter.adopted)
            })?;
        Ok(report)
    }
}
