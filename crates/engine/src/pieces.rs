//! Uploads that come in pieces, over broken connections and restarts, until they are photos
//! (`safelight_library::partial` says what a received piece promises).

use std::{
    fs::File,
    io::{self, Read},
};

use bytes::Bytes;
use safelight_core::system_file;
use safelight_library::{
    About, DiskError, Entry, IntakeError as Refusal, NewNote, Partial, PartialError, PartialId,
    Slot, Staged,
};
use safelight_media::{Wholeness, wholeness};

use crate::{
    access::random_token,
    checksum::{Algorithm, Checksum, of_reader},
    error::EngineError,
    intake::{IntakeError, Receipt, ToDisk, UploadRequest},
    start::{Engine, blocking},
};

/// What the Nextcloud app for Android sends a piece of, in bytes; over Wi-Fi it sends four times as much. It leaves the
/// last byte of a file out that is one byte longer than a multiple (`ChunkedFileUploadRemoteOperation`: `while
/// (nextByte + 1 < file.length())`).
const ANDROID_PIECE: u64 = 10_240_000;

/// The problem kind of a file that arrived without its end.
const CUT_UPLOAD: &str = "cut-upload";

/// Why an upload in pieces could not go on.
#[derive(Debug, thiserror::Error)]
pub enum PiecesError {
    /// The library could not, or must not, take it.
    #[error(transparent)]
    Partial(#[from] PartialError),
    /// As of an upload in one piece.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// A piece's body was not as long as promised.
    #[error("The piece broke off: {received} of {promised} bytes arrived; send it again")]
    Short {
        /// Bytes promised.
        promised: u64,
        /// Bytes that came.
        received: u64,
    },
    /// The file lacks its end.
    #[error(
        "The file {name} is not whole: its end is missing, as the Nextcloud app for Android leaves it out of files of \
         just this length. Nothing was stored; send it in another way and keep it until then"
    )]
    Cut {
        /// The name in the device's tree.
        name: String,
    },
    /// A bug of ours.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl PiecesError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Partial(error) => error.is_transient(),
            Self::Intake(error) => error.is_transient(),
            Self::Short { .. } | Self::Cut { .. } | Self::Engine(_) => true,
        }
    }
}

/// What an upload in pieces became.
#[derive(Clone, Debug)]
pub enum Whole {
    /// A photo, which is durable.
    Photo(Receipt),
    /// What an operating system writes for itself ([`system_file`]), which the library does not get.
    Note(Entry),
}

/// Why a whole is not filed as a photo.
enum NotFiled {
    /// It is none.
    Note(Box<NewNote>),
    /// It must not, or could not, be stored.
    Refused(PiecesError),
}

impl<E: Into<PiecesError>> From<E> for NotFiled {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// A piece whose bytes are coming. Dropped before its end, it leaves what its [`Slot`] says.
pub struct ReceivingPiece(ToDisk<u64, PiecesError>);

impl ReceivingPiece {
    /// Hands over the next bytes of the body. Waits while the disk is slower than the network.
    ///
    /// # Errors
    ///
    /// Why the piece failed. Further calls fail too.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), PiecesError> {
        self.0.write(bytes).await
    }

    /// The body is complete. Returns how many bytes it had.
    ///
    /// # Errors
    ///
    /// Why the piece is not here.
    pub async fn finish(self) -> Result<u64, PiecesError> {
        self.0.finish().await
    }
}

impl Engine {
    /// Begins an upload in pieces. `false` if it was begun already, and goes on.
    ///
    /// # Errors
    ///
    /// The device has too many, the library folder is not there, the disk is full, or the program is closing.
    pub async fn begin_pieces(&self, id: PartialId, about: About) -> Result<bool, PiecesError> {
        let engine = self.clone();
        blocking(move || engine.heard(engine.library().begin_partial(&id, about))).await
    }

    /// Whether there is such an upload.
    ///
    /// # Errors
    ///
    /// The library folder is not there, or cannot be read.
    pub async fn has_pieces(&self, id: PartialId) -> Result<bool, PiecesError> {
        let engine = self.clone();
        blocking(move || engine.heard(engine.library().has_partial(&id))).await
    }

    /// What is here of an upload.
    ///
    /// # Errors
    ///
    /// There is no such upload, or it cannot be read.
    pub async fn pieces(&self, id: PartialId) -> Result<Partial, PiecesError> {
        let engine = self.clone();
        blocking(move || engine.heard(engine.library().partial(&id))).await
    }

    /// The photo that an upload in pieces became within the last day, if it still is what its name stands for.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub async fn finished_pieces(&self, id: PartialId) -> Result<Option<Receipt>, PiecesError> {
        let engine = self.clone();
        blocking(move || {
            let finished = engine.heard(engine.library().finished_partial(&id))?;
            Ok(finished
                .map(|receipt| engine.note_stored(receipt))
                .transpose()?)
        })
        .await
    }

    /// A name for an upload in pieces that no other has: 256 random bits.
    #[must_use]
    pub fn new_pieces_name(&self) -> String {
        random_token(self.0.entropy.as_ref())
    }

    /// Takes an upload back.
    ///
    /// # Errors
    ///
    /// There is no such upload, or the disk refuses.
    pub async fn drop_pieces(&self, id: PartialId) -> Result<(), PiecesError> {
        let engine = self.clone();
        blocking(move || engine.heard(engine.library().remove_partial(&id))).await
    }

    /// Begins to receive a piece.
    ///
    /// # Errors
    ///
    /// There is no such upload, the piece does not fit, the library folder is not there, or the disk is full.
    pub async fn receive_piece(
        &self,
        id: PartialId,
        slot: Slot,
        promised: Option<u64>,
    ) -> Result<ReceivingPiece, PiecesError> {
        let engine = self.clone();
        let begun = blocking(move || engine.heard(engine.library().begin_piece(&id, slot))).await;
        let (mut piece, engine) = (begun?, self.clone());
        Ok(ReceivingPiece(ToDisk::begin(move |mut incoming| {
            let complete = engine.heard(incoming.each(|bytes| piece.write(bytes)))?;
            let received = piece.received();
            let promised = promised.unwrap_or(received);
            if !complete || promised != received {
                return Err(PiecesError::Short { promised, received });
            }
            engine.heard(piece.finish())?;
            Ok(received)
        })))
    }

    /// Makes an upload in pieces what it is as a whole: when this returns a receipt, the photo is durable. If the upload
    /// was finished within the last day, and the photo still has that name, this says so again.
    ///
    /// # Errors
    ///
    /// There is no such upload; pieces of it are still arriving; its bytes are not those that were promised, or lack
    /// their end; it cannot be stored.
    pub async fn finish_pieces(
        &self,
        name: String,
        request: UploadRequest,
    ) -> Result<Whole, PiecesError> {
        let engine = self.clone();
        let id = PartialId {
            device: request.device,
            name,
        };
        blocking(move || engine.finish_now(&id, request)).await
    }

    fn finish_now(&self, id: &PartialId, request: UploadRequest) -> Result<Whole, PiecesError> {
        let (path, promised) = (request.path.clone(), request.promised);
        let problem = format!("{} (device {})", path, id.device);
        let finished = self.library().finish_partial(id, promised, |staged| {
            Self::look_at_whole(staged, &request)?;
            if let Some(bytes) = system_bytes(staged, &request)? {
                return Err(NotFiled::Note(Box::new(request.into_note(bytes))));
            }
            Ok(self.filing_of(staged, request)?)
        });
        let stored = match finished {
            Ok(stored) => stored,
            Err(NotFiled::Note(note)) => {
                let written = self.library().put_note(&note).map_err(PartialError::from);
                let entry = self.heard(written)?.entry;
                self.library().remove_partial(id)?;
                return Ok(Whole::Note(entry));
            }
            Err(NotFiled::Refused(PiecesError::Partial(error @ PartialError::NotFound(_)))) => {
                let told = self.library().finished_partial(id)?;
                told.filter(|receipt| {
                    let entry = receipt.entry.as_ref();
                    entry.is_some_and(|entry| entry.path == path)
                })
                .ok_or(error)?
            }
            Err(NotFiled::Refused(error @ PiecesError::Cut { .. })) => {
                // The app says nothing to anybody: the owner must hear of it.
                self.library()
                    .raise_problem(CUT_UPLOAD, &problem, &error.to_string())
                    .map_err(EngineError::from)?;
                self.0.board.touch();
                return Err(error);
            }
            Err(NotFiled::Refused(PiecesError::Partial(error))) => self.heard(Err(error))?,
            Err(NotFiled::Refused(error)) => return Err(error),
        };
        self.library()
            .clear_problem(CUT_UPLOAD, &problem)
            .map_err(EngineError::from)?;
        Ok(Whole::Photo(self.note_stored(stored)?))
    }

    /// Refuses bytes that are not what the client has.
    fn look_at_whole(staged: &Staged, request: &UploadRequest) -> Result<(), PiecesError> {
        let open = || File::open(staged.path()).map_err(|error| unreadable(staged, error));
        if let Some(promised) = &request.checksum {
            let received = match promised.algorithm() {
                Algorithm::Sha256 => Checksum::from(staged.hash()),
                other => of_reader(other, open()?).map_err(|error| unreadable(staged, error))?,
            };
            if received != *promised {
                return Err(IntakeError::Damaged {
                    path: request.path.clone(),
                    promised: promised.clone(),
                    received,
                }
                .into());
            }
            return Ok(());
        }
        let may_be_cut = staged.size() > 0 && staged.size().is_multiple_of(ANDROID_PIECE);
        if may_be_cut && wholeness(&mut open()?) == Wholeness::Cut {
            return Err(PiecesError::Cut {
                name: request.path.to_string(),
            });
        }
        Ok(())
    }

    /// A full disk is shown on the page.
    fn heard<T>(&self, result: Result<T, PartialError>) -> Result<T, PiecesError> {
        if let Err(PartialError::Intake(error)) = &result {
            self.note_full_disk(error);
        }
        Ok(result?)
    }
}

/// The bytes of a whole that is an operating system's own file and no photo.
fn system_bytes(staged: &Staged, request: &UploadRequest) -> Result<Option<Vec<u8>>, IntakeError> {
    let name = request.path.name();
    if staged.size() > system_file::MOST_BYTES as u64 || !system_file::may_be(name) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    File::open(staged.path())
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|error| unreadable(staged, error))?;
    Ok(system_file::is(name, &bytes).then_some(bytes))
}

fn unreadable(staged: &Staged, source: io::Error) -> IntakeError {
    Refusal::Disk(DiskError {
        attempt: "read",
        path: staged.path().to_owned(),
        source,
    })
    .into()
}
