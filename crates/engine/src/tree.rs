//! A device's own tree, as WebDAV shows it: awaitable forms of the library's calls.

use std::{collections::HashMap, fs::File};

use safelight_core::{AssetId, ContentHash, DeviceId, DevicePath, Timestamp};
use safelight_library::{
    self as library, Entry, EntryChange, Moved, NewNote, NoteReceipt, Property, ReadError,
    TreeError,
};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    people::Asker,
    start::{Engine, blocking},
};

/// A photo's home copy, open for reading.
pub struct OpenPhoto {
    /// The file, at its start.
    pub file: File,
    /// Its bytes.
    pub size: u64,
    /// The name that it arrived with.
    pub name: String,
    /// Its modification time.
    pub modified: Timestamp,
    /// Its identity.
    pub hash: ContentHash,
}

/// The room for photos, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What the library has.
    pub used: u64,
    /// What it can still take in.
    pub available: u64,
}

/// Memory that a note may take while it comes.
#[derive(Debug)]
pub struct NoteRoom(#[expect(dead_code, reason = "held until it is dropped")] OwnedSemaphorePermit);

impl Engine {
    /// How many bytes the library has, and how many it can still take in.
    ///
    /// # Errors
    ///
    /// The library folder is not there, or the catalogue cannot be read.
    pub async fn room(&self) -> Result<Room, library::IntakeError> {
        let library = self.library().clone();
        blocking(move || {
            Ok(Room {
                used: library.totals()?.bytes,
                available: library.room()?,
            })
        })
        .await
    }

    /// What a name stands for; none if nothing does.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub async fn entry(
        &self,
        device: DeviceId,
        path: DevicePath,
    ) -> Result<Option<Entry>, TreeError> {
        let library = self.library().clone();
        blocking(move || library.entry(device, &path)).await
    }

    /// What a folder holds, in the order of names.
    ///
    /// # Errors
    ///
    /// There is no such folder, or the catalogue cannot be read.
    pub async fn list(&self, device: DeviceId, path: DevicePath) -> Result<Vec<Entry>, TreeError> {
        let library = self.library().clone();
        blocking(move || library.list(device, &path)).await
    }

    /// Makes a folder, with what is to be kept with it: all of it, or on an error no folder.
    ///
    /// # Errors
    ///
    /// The name is taken, its parent is missing, or as [`Self::change_entry`].
    pub async fn make_folder(
        &self,
        device: DeviceId,
        path: DevicePath,
        kept: Vec<EntryChange>,
    ) -> Result<Entry, TreeError> {
        let library = self.library().clone();
        blocking(move || library.make_folder(device, &path, &kept)).await
    }

    /// Gives a file or folder another name.
    ///
    /// # Errors
    ///
    /// There is no such entry, the new name is taken and must not be replaced, its parent is missing, or it lies in
    /// the entry itself.
    pub async fn move_entry(
        &self,
        device: DeviceId,
        from: DevicePath,
        to: DevicePath,
        overwrite: bool,
    ) -> Result<Moved, TreeError> {
        let library = self.library().clone();
        blocking(move || library.move_entry(device, &from, &to, overwrite)).await
    }

    /// Gives a file or folder a second name; the bytes stay one photo.
    ///
    /// # Errors
    ///
    /// As [`Self::move_entry`].
    pub async fn copy_entry(
        &self,
        device: DeviceId,
        from: DevicePath,
        to: DevicePath,
        overwrite: bool,
        shallow: bool,
    ) -> Result<Moved, TreeError> {
        let library = self.library().clone();
        blocking(move || library.copy_entry(device, &from, &to, overwrite, shallow)).await
    }

    /// Takes a name out of the device's tree. The photo stays in the library (promise 7).
    ///
    /// # Errors
    ///
    /// There is no such entry, or the catalogue cannot be written.
    pub async fn remove_entry(&self, device: DeviceId, path: DevicePath) -> Result<(), TreeError> {
        let library = self.library().clone();
        blocking(move || library.remove_entry(device, &path)).await
    }

    /// Makes changes to what is kept with a name: all of them, or on an error none.
    ///
    /// # Errors
    ///
    /// There is no such entry, it would have too many properties, the device's programs would keep too much, or the
    /// catalogue cannot be written.
    pub async fn change_entry(
        &self,
        device: DeviceId,
        path: DevicePath,
        changes: Vec<EntryChange>,
    ) -> Result<Entry, TreeError> {
        let library = self.library().clone();
        blocking(move || library.change_entry(device, &path, &changes)).await
    }

    /// What programs keep with entries, by their numbers: the properties of these names, each a namespace and a name, or
    /// all of them.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub async fn properties(
        &self,
        entries: Vec<i64>,
        names: Option<Vec<(String, String)>>,
    ) -> Result<HashMap<i64, Vec<Property>>, TreeError> {
        let library = self.library().clone();
        blocking(move || library.properties(&entries, names.as_deref())).await
    }

    /// Writes a file that is no photo: an operating system's own ([`safelight_core::system_file`]), or the empty one
    /// that a mounted drive makes first. The library does not get it.
    ///
    /// # Errors
    ///
    /// As for an upload: the precondition does not hold, the parent is missing, or the catalogue cannot be written; or
    /// the device's programs would keep too much.
    pub async fn put_note(&self, note: NewNote) -> Result<NoteReceipt, library::IntakeError> {
        let engine = self.clone();
        blocking(move || {
            let receipt = engine.library().put_note(&note);
            receipt.inspect_err(|error| engine.note_full_disk(error))
        })
        .await
    }

    /// Memory for a note of at most this many bytes while it comes, from what small uploads share. Whoever drops it gives
    /// it back. None while there is none.
    #[must_use]
    pub fn room_for_note(&self, bytes: u32) -> Option<NoteRoom> {
        self.0.small_uploads.room(bytes).map(NoteRoom)
    }

    /// The bytes of such a file, by its entry's number.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub async fn note(&self, entry: i64) -> Result<Option<Vec<u8>>, TreeError> {
        let library = self.library().clone();
        Ok(blocking(move || library.note(entry)).await?)
    }

    /// Opens a photo's home copy, for somebody in the page.
    ///
    /// # Errors
    ///
    /// There is no such photo that the asker may see, or its file cannot be read.
    pub async fn open_photo_for(
        &self,
        asker: Asker,
        asset: AssetId,
    ) -> Result<OpenPhoto, ReadError> {
        let engine = self.clone();
        let may_see = blocking(move || match asker {
            Asker::Owner => Ok(true),
            Asker::Member(person) => engine.library().holds(person, asset),
        });
        if may_see.await? {
            self.open_photo(asset).await
        } else {
            Err(ReadError::NoAsset(asset))
        }
    }

    /// Opens a photo's home copy.
    ///
    /// # Errors
    ///
    /// There is no such photo, or its file cannot be read.
    pub async fn open_photo(&self, asset: AssetId) -> Result<OpenPhoto, ReadError> {
        let library = self.library().clone();
        blocking(move || {
            let (file, asset) = library.open_asset(asset)?;
            Ok(OpenPhoto {
                file,
                size: asset.size,
                name: asset.original_name,
                modified: asset.modified,
                hash: asset.hash,
            })
        })
        .await
    }
}
