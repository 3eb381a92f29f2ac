//! Taking in a photo: from the first byte to the durable acknowledgement (promise 1).

use std::{
    io::{Cursor, Read, Seek},
    sync::atomic::Ordering,
};

use safelight_core::{
    AssetId, ContentHash, DeviceId, DevicePath, LibraryPath, Remarks, Timestamp, lasting_name,
};
use safelight_library::{
    self as library, Acknowledge, DiskError, Entry, Filing, Library, NewNote, Outcome,
    Precondition, Staged, Upload,
};
use safelight_media::Hints;

use crate::{
    checksum::{Algorithm, Checksum, Hasher},
    details::details,
    error::EngineError,
    start::Engine,
};

mod receiving;
pub use receiving::Receiving;
pub(crate) use receiving::{SmallUploads, ToDisk};

/// What a device wants stored.
#[derive(Clone, Debug)]
pub struct UploadRequest {
    /// Who sends it.
    pub device: DeviceId,
    /// The name in the device's own tree.
    pub path: DevicePath,
    /// How many bytes are promised; fewer or more store nothing.
    pub promised: Option<u64>,
    /// What the bytes' checksum must be; others store nothing.
    pub checksum: Option<Checksum>,
    /// The file's modification time, as the device says.
    pub modified: Option<Timestamp>,
    /// The file's creation time, as the device says.
    pub created: Option<Timestamp>,
    /// What must be true of the name now.
    pub precondition: Precondition,
    /// Whether missing folders of the name are made.
    pub create_parents: bool,
}

impl UploadRequest {
    /// The same wish for bytes that are no photo ([`safelight_core::system_file`]).
    #[must_use]
    pub fn into_note(self, bytes: Vec<u8>) -> NewNote {
        NewNote {
            device: self.device,
            path: self.path,
            bytes,
            modified: self.modified,
            precondition: self.precondition,
            create_parents: self.create_parents,
        }
    }
}

/// What was stored. Whoever holds one holds the promise: the photo survives a power cut from here on.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The photo.
    pub asset: AssetId,
    /// Its identity.
    pub hash: ContentHash,
    /// Its bytes.
    pub size: u64,
    /// Its place in the library.
    pub path: LibraryPath,
    /// Whether the bytes were known already.
    pub duplicate: bool,
    /// The name in the device's tree.
    pub entry: Entry,
    /// Whether that name stood for something else before.
    pub replaced: bool,
    /// What the device's 2xx meant when the photo became durable.
    pub(crate) acknowledge: Acknowledge,
}

/// Why a photo was not stored. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The library could not, or must not, take it.
    #[error(transparent)]
    Library(#[from] library::IntakeError),
    /// The body was not as long as promised.
    #[error(
        "The upload of {path} broke off: {received} of {promised} bytes arrived. Nothing was stored; send it again"
    )]
    Short {
        /// The name in the device's tree.
        path: DevicePath,
        /// Bytes promised.
        promised: u64,
        /// Bytes that came.
        received: u64,
    },
    /// The body had its length and was not what was sent.
    #[error(
        "The upload of {path} was damaged on its way: {promised} was sent, {received} arrived. Nothing was stored; send it again"
    )]
    Damaged {
        /// The name in the device's tree.
        path: DevicePath,
        /// The checksum that the device promised.
        promised: Checksum,
        /// That of the bytes that came.
        received: Checksum,
    },
    /// A bug of ours.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl IntakeError {
    /// Whether the same upload may succeed later with nothing changed by the device.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Library(error) => error.is_transient(),
            Self::Short { .. } | Self::Damaged { .. } | Self::Engine(_) => true,
        }
    }
}

/// The problem kind of a library disk without room.
const DISK_FULL: &str = "disk-full";

impl Engine {
    /// Begins to take in a photo.
    ///
    /// # Errors
    ///
    /// The library folder is not there, the disk is full, or the program is closing. For a small upload
    /// ([`Receiving`] says which) these come when it is complete.
    pub async fn receive(&self, request: UploadRequest) -> Result<Receiving, IntakeError> {
        Receiving::begin(self, request).await
    }

    fn begin_upload(&self, request: UploadRequest) -> Result<Arriving, IntakeError> {
        let upload = self.0.library.begin_upload()?;
        // SHA-256 is computed anyway.
        let hasher = request
            .checksum
            .as_ref()
            .map(Checksum::algorithm)
            .filter(|algorithm| *algorithm != Algorithm::Sha256)
            .map(Hasher::new);
        Ok(Arriving {
            engine: self.clone(),
            upload,
            hasher,
            request,
        })
    }

    fn file(&self, staged: Staged, filing: Filing) -> Result<Receipt, IntakeError> {
        let receipt = self.0.library.commit(staged, filing)?;
        self.note_stored(receipt)
    }

    /// Looks into a staged file for what it is and where it belongs.
    pub(crate) fn filing_of(
        &self,
        staged: &Staged,
        request: UploadRequest,
    ) -> Result<Filing, IntakeError> {
        let mut file = std::fs::File::open(staged.path()).map_err(|source| {
            library::IntakeError::Disk(DiskError {
                attempt: "read",
                path: staged.path().to_owned(),
                source,
            })
        })?;
        Ok(self.filing(&mut file, request))
    }

    /// Looks into an upload's bytes for what it is and where it belongs.
    fn filing(&self, bytes: &mut (impl Read + Seek), request: UploadRequest) -> Filing {
        let hints = Hints {
            name: lasting_name(request.path.name()),
            client_created: request.created,
            modified: request.modified,
            zone: &self.0.zone,
            now: self.0.clock.now(),
        };
        let facts = safelight_media::describe(bytes, &hints);
        Filing {
            device: Some(request.device),
            person: None,
            wish: lasting_name(request.path.name()).to_owned(),
            device_path: Some(request.path),
            details: Some(details(&facts)),
            kind: facts.kind,
            captured: facts.captured,
            remarks: Remarks::default(),
            client_modified: request.modified,
            client_created: request.created,
            precondition: request.precondition,
            create_parents: request.create_parents,
            source: None,
        }
    }

    /// What is done once a photo is durable.
    pub(crate) fn note_stored(&self, receipt: library::Receipt) -> Result<Receipt, IntakeError> {
        let entry = receipt.entry.ok_or_else(|| {
            EngineError::Bug(format!("the upload of {} got no name", receipt.path))
        })?;
        self.note_room_again()?;
        self.note_arrival();
        Ok(Receipt {
            asset: receipt.asset,
            hash: receipt.hash,
            size: receipt.size,
            path: receipt.path,
            duplicate: receipt.outcome == Outcome::Duplicate,
            entry,
            replaced: receipt.replaced,
            acknowledge: receipt.acknowledge,
        })
    }

    fn noting_refusals<T>(
        &self,
        work: impl FnOnce() -> Result<T, IntakeError>,
    ) -> Result<T, IntakeError> {
        work().inspect_err(|error| self.note_refusal(error))
    }

    /// A full disk is the owner's to mend, so the page says so until an upload fits again.
    fn note_refusal(&self, error: &IntakeError) {
        if let IntakeError::Library(error) = error {
            self.note_full_disk(error);
        }
    }

    pub(crate) fn note_full_disk(&self, error: &library::IntakeError) {
        let library::IntakeError::NoSpace { path, .. } = error else {
            return;
        };
        self.0.disk_is_full.store(true, Ordering::Relaxed);
        let path = path.display().to_string();
        if let Err(second) = self
            .library()
            .raise_problem(DISK_FULL, &path, &error.to_string())
        {
            tracing::error!("{error}; and this could not be written down for the page: {second}");
        }
        self.0.board.touch();
    }

    pub(crate) fn note_room_again(&self) -> Result<(), EngineError> {
        if self.0.disk_is_full.swap(false, Ordering::Relaxed) {
            self.library().clear_problems(DISK_FULL)?;
        }
        Ok(())
    }

    pub(crate) fn library(&self) -> &Library {
        &self.0.library
    }
}

/// An upload whose bytes are being written to the disk.
struct Arriving {
    engine: Engine,
    upload: Upload,
    hasher: Option<Hasher>,
    request: UploadRequest,
}

impl Arriving {
    fn write(&mut self, bytes: &[u8]) -> Result<(), IntakeError> {
        self.upload.write(bytes)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        Ok(())
    }

    /// The body ended without saying that it is complete.
    fn broken_off(self) -> IntakeError {
        self.request.short(self.upload.received())
    }

    /// The body came to its end: makes a photo of it if it is what was promised.
    fn finish(self) -> Result<Receipt, IntakeError> {
        let (engine, staged, request) = self.whole()?;
        let filing = engine.filing_of(&staged, request)?;
        engine.file(staged, filing)
    }

    /// As [`Self::finish`], of bytes that are still in memory: what they say of themselves is read there.
    fn finish_from(self, bytes: &[u8]) -> Result<Receipt, IntakeError> {
        let (engine, staged, request) = self.whole()?;
        let filing = engine.filing(&mut Cursor::new(bytes), request);
        engine.file(staged, filing)
    }

    /// The staged file, if it is what was promised.
    fn whole(self) -> Result<(Engine, Staged, UploadRequest), IntakeError> {
        let Self {
            engine,
            upload,
            hasher,
            request,
        } = self;
        request.must_have(upload.received())?;
        let staged = upload.finish()?;
        if let Some(promised) = &request.checksum {
            let received = hasher.map_or_else(|| staged.hash().into(), Hasher::finish);
            if received != *promised {
                return Err(IntakeError::Damaged {
                    path: request.path,
                    promised: promised.clone(),
                    received,
                });
            }
        }
        Ok((engine, staged, request))
    }
}

impl UploadRequest {
    fn must_have(&self, received: u64) -> Result<(), IntakeError> {
        match self.promised {
            Some(promised) if promised != received => Err(self.short(received)),
            _ => Ok(()),
        }
    }

    /// The body ended before it was complete.
    fn short(&self, received: u64) -> IntakeError {
        IntakeError::Short {
            path: self.path.clone(),
            promised: self.promised.unwrap_or(received),
            received,
        }
    }
}
