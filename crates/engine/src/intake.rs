//! Taking in a photo: from the first byte to the durable acknowledgement (promise 1).

use std::sync::atomic::Ordering;

use bytes::Bytes;
use safelight_core::{AssetId, ContentHash, DeviceId, DevicePath, LibraryPath, Timestamp};
use safelight_library::{
    self as library, DiskError, Entry, Filing, Library, Outcome, Precondition, Staged, Upload,
};
use safelight_media::Hints;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    checksum::{Algorithm, Checksum, Hasher},
    error::EngineError,
    start::{Engine, blocking},
};

/// Pieces that wait between the network and the disk. With pieces of at most 256 KiB an upload holds 1 MiB, however
/// long its file is.
const PIECES_IN_FLIGHT: usize = 4;

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

enum Piece {
    Bytes(Bytes),
    /// The body is complete. A channel that closes without it means a broken upload.
    End,
}

/// An upload that is being received. Dropping it stores nothing.
pub struct Receiving {
    pieces: mpsc::Sender<Piece>,
    worker: JoinHandle<Result<Receipt, IntakeError>>,
}

impl Engine {
    /// Begins to take in a photo.
    ///
    /// # Errors
    ///
    /// The library folder is not there, the disk is full, or the program is closing.
    pub async fn receive(&self, request: UploadRequest) -> Result<Receiving, IntakeError> {
        let library = self.0.library.clone();
        let engine = self.clone();
        let upload = blocking(move || {
            library
                .begin_upload()
                .map_err(IntakeError::from)
                .inspect_err(|error| engine.note_refusal(error))
        })
        .await?;
        let (pieces, incoming) = mpsc::channel(PIECES_IN_FLIGHT);
        let engine = self.clone();
        let worker = tokio::task::spawn_blocking(move || {
            engine
                .take_in(upload, incoming, request)
                .inspect_err(|error| engine.note_refusal(error))
        });
        Ok(Receiving { pieces, worker })
    }

    fn take_in(
        &self,
        mut upload: Upload,
        mut incoming: mpsc::Receiver<Piece>,
        request: UploadRequest,
    ) -> Result<Receipt, IntakeError> {
        // SHA-256 is computed anyway.
        let mut hasher = request
            .checksum
            .as_ref()
            .map(Checksum::algorithm)
            .filter(|algorithm| *algorithm != Algorithm::Sha256)
            .map(Hasher::new);
        let mut complete = false;
        while let Some(piece) = incoming.blocking_recv() {
            match piece {
                Piece::Bytes(bytes) => {
                    upload.write(&bytes)?;
                    if let Some(hasher) = &mut hasher {
                        hasher.update(&bytes);
                    }
                }
                Piece::End => {
                    complete = true;
                    break;
                }
            }
        }
        let received = upload.received();
        let promised = request.promised.unwrap_or(received);
        if !complete || promised != received {
            return Err(IntakeError::Short {
                path: request.path,
                promised,
                received,
            });
        }
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
        self.file(staged, request)
    }

    fn file(&self, staged: Staged, request: UploadRequest) -> Result<Receipt, IntakeError> {
        let hints = Hints {
            name: request.path.name(),
            client_created: request.created,
            modified: request.modified,
            zone: &self.0.zone,
            now: self.0.clock.now(),
        };
        let mut file = std::fs::File::open(staged.path()).map_err(|source| {
            library::IntakeError::Disk(DiskError {
                attempt: "read",
                path: staged.path().to_owned(),
                source,
            })
        })?;
        let facts = safelight_media::describe(&mut file, &hints);
        drop(file);
        let wish = request.path.name().to_owned();
        let receipt = self.0.library.commit(
            staged,
            Filing {
                device: Some(request.device),
                device_path: Some(request.path.clone()),
                wish,
                kind: facts.kind,
                captured: facts.captured,
                client_modified: request.modified,
                precondition: request.precondition,
                create_parents: request.create_parents,
            },
        )?;
        let entry = receipt.entry.ok_or_else(|| {
            EngineError::Bug(format!("the upload of {} got no name", request.path))
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
        })
    }

    /// A full disk is the owner's to mend, so the page says so until an upload fits again.
    fn note_refusal(&self, error: &IntakeError) {
        let IntakeError::Library(error @ library::IntakeError::NoSpace { path, .. }) = error else {
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

    fn note_room_again(&self) -> Result<(), EngineError> {
        if self.0.disk_is_full.swap(false, Ordering::Relaxed) {
            self.library().clear_problems(DISK_FULL)?;
        }
        Ok(())
    }

    pub(crate) fn library(&self) -> &Library {
        &self.0.library
    }
}

impl Receiving {
    /// Hands over the next bytes of the body. Waits while the disk is slower than the network.
    ///
    /// # Errors
    ///
    /// Why the upload failed. Further calls fail too.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), IntakeError> {
        if self.pieces.send(Piece::Bytes(bytes)).await.is_ok() {
            return Ok(());
        }
        Err(self.outcome().await.err().unwrap_or_else(ended_early))
    }

    /// The body is complete. Returns when the photo is durable.
    ///
    /// # Errors
    ///
    /// Why nothing was stored.
    pub async fn finish(mut self) -> Result<Receipt, IntakeError> {
        // If the worker is gone already, its result says why.
        if self.pieces.send(Piece::End).await.is_err() {
            return Err(self.outcome().await.err().unwrap_or_else(ended_early));
        }
        self.outcome().await
    }

    async fn outcome(&mut self) -> Result<Receipt, IntakeError> {
        match (&mut self.worker).await {
            Ok(result) => result,
            Err(error) => Err(EngineError::Bug(error.to_string()).into()),
        }
    }
}

fn ended_early() -> IntakeError {
    EngineError::Bug("an upload ended before its body did".into()).into()
}
