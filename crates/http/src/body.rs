//! Bodies: a photo on its way to the engine, a small text read whole, a file on its way out.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    time::Duration,
};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use safelight_engine::{
    Engine, IntakeError, NotAcknowledged, PUT_PATIENCE, PiecesError, Receipt, ReceivingPiece,
    UploadRequest,
};
use tokio::time::{error::Elapsed, timeout};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

/// How long a body may stand still. A phone that leaves the house in the middle of a photo stops sending without
/// saying so; its memory, its file in staging and its connection are not kept longer.
pub(crate) const STALLED: Duration = Duration::from_secs(60);
/// What a file is read in on its way out.
const PIECE: usize = 256 * 1024;
/// What is read and thrown away of a body that is refused, so that the client hears why rather than a broken
/// connection. Nearly every photo is smaller.
const DRAINED: u64 = 16 * 1024 * 1024;

/// Why an upload, or a piece of one, stored nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError<E: std::error::Error + 'static = IntakeError> {
    /// The engine refused it.
    #[error(transparent)]
    Intake(E),
    /// The connection broke.
    #[error("The upload broke off: {0}. Nothing was stored; send it again")]
    Broken(axum::Error),
    /// It is at home, and the device is to hear that only later.
    #[error(transparent)]
    NotAcknowledged(#[from] NotAcknowledged),
    /// Nothing came for too long.
    #[error("The upload stood still for {} seconds. Nothing was stored; send it again", STALLED.as_secs())]
    Stalled(#[from] Elapsed),
}

impl From<IntakeError> for ReceiveError {
    fn from(error: IntakeError) -> Self {
        Self::Intake(error)
    }
}

/// Streams a body into the library. When it returns a receipt, the photo is durable, and offsite too if the device's 2xx
/// is to mean that.
pub(crate) async fn receive(
    engine: &Engine,
    upload: UploadRequest,
    body: &mut BodyDataStream,
) -> Result<Receipt, ReceiveError> {
    // The engine is asked first: a client that waits for `100 Continue` then never sends what would be refused.
    receive_after(engine, upload, Bytes::new(), body).await
}

/// As [`receive`], when the body's beginning was read already.
pub(crate) async fn receive_after(
    engine: &Engine,
    upload: UploadRequest,
    beginning: Bytes,
    body: &mut BodyDataStream,
) -> Result<Receipt, ReceiveError> {
    let device = upload.device;
    let mut receiving = engine.receive(upload).await?;
    if !beginning.is_empty() {
        receiving.write(beginning).await?;
    }
    while let Some(piece) = timeout(STALLED, body.next()).await? {
        receiving
            .write(piece.map_err(ReceiveError::Broken)?)
            .await?;
    }
    let receipt = receiving.finish().await?;
    engine.acknowledged(device, &receipt, PUT_PATIENCE).await?;
    Ok(receipt)
}

/// Streams a body into an upload in pieces.
pub(crate) async fn receive_piece(
    mut receiving: ReceivingPiece,
    body: &mut BodyDataStream,
) -> Result<u64, ReceiveError<PiecesError>> {
    while let Some(piece) = timeout(STALLED, body.next()).await? {
        let piece = piece.map_err(ReceiveError::Broken)?;
        receiving.write(piece).await.map_err(ReceiveError::Intake)?;
    }
    receiving.finish().await.map_err(ReceiveError::Intake)
}

/// The first bytes of a body.
pub(crate) struct Beginning {
    pub(crate) bytes: Bytes,
    /// Whether nothing comes after them.
    pub(crate) is_all: bool,
}

/// Reads a body until it ends or has over `limit` bytes.
pub(crate) async fn begin(
    body: &mut BodyDataStream,
    limit: usize,
) -> Result<Beginning, ReceiveError> {
    let mut bytes = Vec::new();
    while bytes.len() <= limit {
        match timeout(STALLED, body.next()).await? {
            Some(piece) => bytes.extend_from_slice(&piece.map_err(ReceiveError::Broken)?),
            None => {
                return Ok(Beginning {
                    bytes: bytes.into(),
                    is_all: true,
                });
            }
        }
    }
    Ok(Beginning {
        bytes: bytes.into(),
        is_all: false,
    })
}

/// Reads the rest of a refused body, as far as it is small and comes quickly: nobody keeps a connection by sending a byte
/// now and then.
pub(crate) async fn drain(body: &mut BodyDataStream) {
    let rest = async {
        let mut seen = 0;
        // A body that fails here was refused anyway; the answer goes out, or the connection is gone.
        while let Ok(Some(Ok(piece))) = timeout(Duration::from_secs(5), body.next()).await {
            seen += piece.len() as u64;
            if seen > DRAINED {
                break;
            }
        }
    };
    if timeout(STALLED, rest).await.is_err() {
        tracing::debug!("A refused body came too slowly to be heard out");
    }
}

/// Why a small body could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SmallBodyError {
    /// It is not small.
    #[error("The request's body has over {0} bytes")]
    TooLarge(usize),
    /// The connection broke.
    #[error("The request's body broke off: {0}")]
    Broken(axum::Error),
    /// Nothing came for too long.
    #[error("The request's body stood still")]
    Stalled(#[from] Elapsed),
}

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn read_small(
    body: &mut BodyDataStream,
    limit: usize,
) -> Result<Vec<u8>, SmallBodyError> {
    let mut whole = Vec::new();
    while let Some(piece) = timeout(STALLED, body.next()).await? {
        let piece = piece.map_err(SmallBodyError::Broken)?;
        if whole.len() + piece.len() > limit {
            return Err(SmallBodyError::TooLarge(limit));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// Streams `count` bytes of a file from `start`, at most three pieces ahead of the client.
///
/// Each piece is read on a thread that may block and that is given back while the client takes its time. A file that
/// turns out shorter, or cannot be read, breaks the connection: the length was announced.
pub(crate) fn of_file(file: File, start: u64, count: u64) -> Body {
    let (sender, receiver) = tokio::sync::mpsc::channel(2);
    tokio::spawn(async move {
        let mut file = file;
        let mut at = start;
        let end = start + count;
        while at < end {
            let want = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
            let read = tokio::task::spawn_blocking(move || {
                let piece = read_piece(&mut file, at, want);
                (file, piece)
            });
            let piece = match read.await {
                Ok((same, piece)) => {
                    file = same;
                    piece
                }
                Err(error) => {
                    let failed: Result<Bytes, _> = Err(std::io::Error::other(error));
                    // Nobody listens: the client is gone.
                    drop(sender.send(failed).await);
                    return;
                }
            };
            at += piece.as_ref().map_or(0, |piece| piece.len() as u64);
            let failed = piece.is_err();
            if sender.send(piece).await.is_err() || failed {
                return;
            }
        }
    });
    Body::from_stream(ReceiverStream::new(receiver))
}

fn read_piece(file: &mut File, at: u64, want: usize) -> std::io::Result<Bytes> {
    file.seek(SeekFrom::Start(at))?;
    let mut piece = vec![0; want];
    file.read_exact(&mut piece)?;
    Ok(piece.into())
}
