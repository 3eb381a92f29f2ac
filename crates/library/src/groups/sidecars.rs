//! Sidecars come to their photo, where they came before it and were filed by themselves.

use std::{io, sync::atomic::Ordering};

use safelight_core::{AssetId, LibraryPath, group::Role};

use super::home::of_sidecar;
use crate::{
    asset::{self, Asset},
    committer::relocate,
    error::{DiskError, DiskResult, LibraryError},
    names::Reservation,
    open::Core,
    root::Root,
};

impl Core {
    /// Moves the sidecars of a photo's group beside the photo that stands for it. A sidecar that cannot be moved, or whose
    /// name is taken there, stays where it is, and in the group.
    pub(crate) fn bring_sidecars(&self, root: &Root, photo: AssetId) {
        let moved = || -> Result<(), LibraryError> {
            let group = self.catalogue.read("list a photo's group", |connection| {
                Ok::<_, LibraryError>(match asset::by_id(connection, photo)? {
                    Some(photo) => super::of(connection, &photo)?,
                    None => Vec::new(),
                })
            })?;
            let Some((lead, parts)) = group.split_first() else {
                return Ok(());
            };
            for part in parts.iter().filter(|part| part.role == Some(Role::Sidecar)) {
                self.bring_sidecar(root, part, lead)?;
            }
            Ok(())
        };
        if let Err(error) = moved() {
            tracing::warn!(%photo, %error, "a photo's sidecar could not be moved beside it and stays where it is");
        }
    }

    fn bring_sidecar(
        &self,
        root: &Root,
        sidecar: &Asset,
        lead: &Asset,
    ) -> Result<(), LibraryError> {
        let home = of_sidecar(&sidecar.original_name, &lead.path);
        if home.is_of(&sidecar.path) {
            return Ok(());
        }
        let Ok(to) = LibraryPath::in_folder(&home.folder, &home.name) else {
            return Ok(());
        };
        let Some(name) = self.names.reserve(&to) else {
            return Ok(());
        };
        if self
            .is_catalogued(&name)
            .map_err(LibraryError::from_naming)?
        {
            return Ok(());
        }
        self.move_file(root, sidecar, &to, &name)
    }

    /// Renames a file of the library in the writer's turn, so that whoever looks for it there finds it under the path that
    /// the catalogue has. After a crash in between, the next start finds it where it is.
    fn move_file(
        &self,
        root: &Root,
        file: &Asset,
        to: &LibraryPath,
        _name: &Reservation,
    ) -> Result<(), LibraryError> {
        let (old, new) = (root.file(&file.path), root.file(to));
        let mut is_moved = false;
        let moved = self
            .catalogue
            .write("move a sidecar to its photo", |change| {
                let now = asset::by_id(change, file.id)?;
                if now.is_none_or(|now| now.path != file.path || now.part_of != file.part_of) {
                    return Ok(());
                }
                let folders = self.folders.ensure(self.disk.as_ref(), root, to.folder())?;
                match self.disk.place(&old, &new) {
                    Ok(()) => is_moved = true,
                    Err(error)
                        if matches!(
                            error.kind(),
                            io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound
                        ) =>
                    {
                        return Ok(());
                    }
                    Err(error) => return Err(DiskError::new("rename", &old, error).into()),
                }
                self.flush_folders(&folders)?;
                let left = root.folder(file.path.folder());
                self.disk
                    .sync_folder(&left)
                    .doing("flush the folder", &left)?;
                Ok::<_, LibraryError>(relocate(change, file.id, &file.path, to)?)
            });
        if moved.is_err()
            && is_moved
            && let Err(error) = self.disk.place(&new, &old)
        {
            self.unclean.store(true, Ordering::SeqCst);
            tracing::warn!(path = %new.display(), %error, "a file could not get its old name back; the next start will find it");
        }
        moved
    }
}
