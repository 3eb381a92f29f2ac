//! The border between the network, which is asynchronous, and the disk, which is not: how a body's pieces reach a thread
//! that may block, and how its answer comes back.

use std::sync::Arc;

use bytes::Bytes;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinHandle,
};

use super::{IntakeError, Receipt, UploadRequest};
use crate::{
    error::EngineError,
    start::{Engine, blocking},
};

/// Pieces that wait between the network and the disk. With pieces of at most 256 KiB an upload holds 1 MiB, however
/// long its file is.
const PIECES_IN_FLIGHT: usize = 4;
/// The longest upload that waits in memory until it is complete, in bytes: what four pieces of a long one hold.
const SMALL: u32 = 1 << 20;
/// What all small uploads together may hold, in bytes. Whoever finds no room goes to the disk as it comes.
const ALL_SMALL: usize = 16 << 20;

/// The memory that small uploads share, and with them the notes that come.
#[derive(Clone)]
pub(crate) struct SmallUploads(Arc<Semaphore>);

impl Default for SmallUploads {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ALL_SMALL)))
    }
}

impl SmallUploads {
    /// Room for so many bytes, if there is.
    pub(crate) fn room(&self, bytes: u32) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_many_owned(bytes).ok()
    }
}

/// An upload that is being received. Dropping it stores nothing.
///
/// A small one whose length was promised waits in memory until it is complete, and is then stored in one go on one
/// thread: to hand it over piece by piece cost more than storing it. Any other is written to the disk as it comes.
pub struct Receiving(Way);

enum Way {
    InMemory(Box<InMemory>),
    ToDisk(ToDisk<Receipt, IntakeError>),
}

struct InMemory {
    engine: Engine,
    request: UploadRequest,
    /// Copied, because a piece may be a byte of a much larger buffer, and would keep all of it.
    bytes: Vec<u8>,
    promised: usize,
    _room: OwnedSemaphorePermit,
}

/// Bytes that go to a thread which writes them down, and what comes of them. Dropped before its end, it is broken off.
pub(crate) struct ToDisk<T, E> {
    pieces: mpsc::Sender<Piece>,
    worker: JoinHandle<Result<T, E>>,
}

/// The thread's end of it.
pub(crate) struct Incoming(mpsc::Receiver<Piece>);

enum Piece {
    Bytes(Bytes),
    /// The body is complete. A channel that closes without it means a broken upload.
    End,
}

impl Receiving {
    pub(super) async fn begin(
        engine: &Engine,
        request: UploadRequest,
    ) -> Result<Self, IntakeError> {
        let small = request
            .promised
            .and_then(|promised| u32::try_from(promised).ok())
            .filter(|promised| *promised <= SMALL);
        // Without room, or with the memory closed, there is always the disk.
        let room = small.and_then(|promised| engine.0.small_uploads.room(promised));
        Ok(Self(match room {
            Some(room) => Way::InMemory(Box::new(InMemory {
                engine: engine.clone(),
                request,
                bytes: Vec::new(),
                promised: room.num_permits(),
                _room: room,
            })),
            None => Way::ToDisk(to_disk(engine, request).await?),
        }))
    }

    /// Hands over the next bytes of the body. Waits while the disk is slower than the network.
    ///
    /// # Errors
    ///
    /// Why the upload failed. Further calls fail too.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), IntakeError> {
        match &mut self.0 {
            Way::InMemory(upload) => upload.write(&bytes),
            Way::ToDisk(upload) => upload.write(bytes).await,
        }
    }

    /// The body is complete. Returns when the photo is durable.
    ///
    /// # Errors
    ///
    /// Why nothing was stored.
    pub async fn finish(self) -> Result<Receipt, IntakeError> {
        match self.0 {
            Way::InMemory(upload) => blocking(move || upload.store()).await,
            Way::ToDisk(upload) => upload.finish().await,
        }
    }
}

impl InMemory {
    /// Keeps a piece. More than was promised, for which room was made, is refused at once.
    fn write(&mut self, piece: &[u8]) -> Result<(), IntakeError> {
        let received = self.bytes.len() + piece.len();
        if received > self.promised {
            return Err(self.request.short(received as u64));
        }
        if self.bytes.is_empty() {
            self.bytes.reserve_exact(self.promised);
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    fn store(self) -> Result<Receipt, IntakeError> {
        let Self {
            engine,
            request,
            bytes,
            ..
        } = self;
        engine.noting_refusals(|| {
            let mut arriving = engine.begin_upload(request)?;
            arriving.write(&bytes)?;
            arriving.finish_from(&bytes)
        })
    }
}

async fn to_disk(
    engine: &Engine,
    request: UploadRequest,
) -> Result<ToDisk<Receipt, IntakeError>, IntakeError> {
    let beginner = engine.clone();
    let mut arriving =
        blocking(move || beginner.noting_refusals(|| beginner.begin_upload(request))).await?;
    let engine = engine.clone();
    Ok(ToDisk::begin(move |mut incoming| {
        engine.noting_refusals(|| {
            if incoming.each(|bytes| arriving.write(bytes))? {
                arriving.finish()
            } else {
                Err(arriving.broken_off())
            }
        })
    }))
}

impl Incoming {
    /// Hands each piece on. Returns whether the body is complete.
    pub(crate) fn each<E>(
        &mut self,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<bool, E> {
        while let Some(piece) = self.0.blocking_recv() {
            match piece {
                Piece::Bytes(bytes) => take(&bytes)?,
                Piece::End => return Ok(true),
            }
        }
        Ok(false)
    }
}

impl<T: Send + 'static, E: From<EngineError> + Send + 'static> ToDisk<T, E> {
    pub(crate) fn begin(work: impl FnOnce(Incoming) -> Result<T, E> + Send + 'static) -> Self {
        let (pieces, incoming) = mpsc::channel(PIECES_IN_FLIGHT);
        let worker = tokio::task::spawn_blocking(move || work(Incoming(incoming)));
        Self { pieces, worker }
    }

    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), E> {
        if self.pieces.send(Piece::Bytes(bytes)).await.is_ok() {
            return Ok(());
        }
        Err(self
            .outcome()
            .await
            .err()
            .unwrap_or_else(|| ended_early().into()))
    }

    pub(crate) async fn finish(mut self) -> Result<T, E> {
        // If the worker is gone already, its result says why.
        if self.pieces.send(Piece::End).await.is_err() {
            return Err(self
                .outcome()
                .await
                .err()
                .unwrap_or_else(|| ended_early().into()));
        }
        self.outcome().await
    }

    async fn outcome(&mut self) -> Result<T, E> {
        match (&mut self.worker).await {
            Ok(result) => result,
            Err(error) => Err(EngineError::Bug(error.to_string()).into()),
        }
    }
}

fn ended_early() -> EngineError {
    EngineError::Bug("an upload ended before its body did".into())
}
