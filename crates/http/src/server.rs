//! Speaking HTTP/1.1 on a listening socket, plain or in TLS, with limits that keep a slow, broken or hostile client from
//! taking more than its share.

use std::{io, pin::pin, time::Duration};

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulConnection, GracefulShutdown, Watcher},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};
use tokio_rustls::{LazyConfigAcceptor, rustls::server::Acceptor, server::TlsStream};
use tower::ServiceExt;

use crate::{
    connection::Connection,
    impatient::Impatient,
    places::Places,
    tls::{Face, Gather, Tls},
};

/// How long a request's headers may take, how long a connection may wait for its next request, and how long a new one
/// for its first byte.
const HEADERS: Duration = Duration::from_secs(75);
/// How long a TLS handshake that has begun may take.
const HANDSHAKE: Duration = Duration::from_secs(20);
/// What a connection reads ahead, and so the most that a request's line and headers may have together (beyond it the
/// answer is 431, and 414 for an address over 64 KiB). Bodies come in pieces of at most this size: smaller ones
/// would cost fast uploads a hand-over to the disk's thread each.
const READ_AHEAD: usize = 256 * 1024;
/// What is read of a TLS connection at once; the TLS library by itself asks the system for 4 KiB at a time.
const ENCRYPTED_READ_AHEAD: usize = 64 * 1024;
/// Headers in a request.
const HEADER_COUNT: usize = 100;
/// How long requests that have begun may go on once the server is about to close.
const FAREWELL: Duration = Duration::from_secs(20);
/// The pause after the system could give no connection (usually: too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// The first byte of every TLS connection: a record of the type "handshake" (RFC 8446, section 5.1). No HTTP request
/// begins with it.
const HANDSHAKE_RECORD: u8 = 0x16;

/// Serves `router` until `shutdown` completes, then lets requests that have begun come to their end.
///
/// Plain HTTP and TLS come to the same port; a connection's first byte tells which it is. What plain HTTP may do is
/// `router`'s matter.
///
/// # Errors
///
/// The listening socket is not usable at all. What goes wrong with one connection ends that connection only.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Tls,
    shutdown: impl Future,
) -> io::Result<()> {
    let places = Places::new();
    let graceful = GracefulShutdown::new();
    let (close, closing) = watch::channel(false);
    let mut shutdown = pin!(shutdown);
    listener.local_addr()?;
    loop {
        let next = async {
            let free = places.free().await;
            (free, listener.accept().await)
        };
        let (free, accepted) = tokio::select! {
            next = next => next,
            _ = &mut shutdown => break,
        };
        let opened = accepted.and_then(|(stream, peer)| Ok((stream.local_addr()?, stream, peer)));
        let (local, stream, peer) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                tracing::warn!("A connection could not be accepted: {error}");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let connection = Connection {
            peer: peer.ip().to_canonical(),
            local: local.ip().to_canonical(),
            is_secure: false,
            closing: closing.clone(),
        };
        let free = free.map_err(io::Error::other)?;
        let Some(place) = places.give(free, connection.peer, connection.local) else {
            tracing::debug!(%peer, "A connection from outside was not taken: there are too many");
            continue;
        };
        let guest = Guest {
            stream,
            connection,
            router: router.clone(),
            watcher: graceful.watcher(),
        };
        let tls = tls.clone();
        tokio::spawn(async move {
            if let Err(error) = guest.receive(&tls).await {
                // Phones break connections all day; the upload in it was told what happened to it.
                tracing::debug!(%peer, "A connection ended: {error}");
            }
            drop(place);
        });
    }
    drop(listener);
    close.send_replace(true);
    if timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            "Some requests did not come to their end in {FAREWELL:?}; nothing of them was acknowledged"
        );
    }
    Ok(())
}

/// Why a connection ended before its time.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("it sent nothing for {HEADERS:?}")]
    Silent,
    #[error("its TLS handshake took over {HANDSHAKE:?}")]
    SlowHandshake,
    #[error("it wants TLS and there is no certificate")]
    NoCertificate,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
}

/// A connection that has just been accepted.
struct Guest {
    stream: TcpStream,
    connection: Connection,
    router: Router,
    watcher: Watcher,
}

impl Guest {
    /// One connection, from its first byte to its last.
    async fn receive(self, tls: &Tls) -> Result<(), Ended> {
        let Self {
            stream,
            mut connection,
            router,
            watcher,
        } = self;
        if let Err(error) = stream.set_nodelay(true) {
            // Only slower: small answers then wait for the client's acknowledgement.
            tracing::debug!("TCP_NODELAY could not be set: {error}");
        }
        let mut closing = connection.closing.clone();
        let is_tls = async {
            let mut first = [0];
            let peeked = timeout(HEADERS, stream.peek(&mut first)).await;
            let count = peeked.map_err(|_| Ended::Silent)??;
            Ok::<_, Ended>(count > 0 && first[0] == HANDSHAKE_RECORD)
        };
        // Who has said nothing yet is not waited for when the server closes.
        let is_tls = tokio::select! {
            is_tls = is_tls => is_tls?,
            _ = closing.wait_for(|closing| *closing) => return Ok(()),
        };
        let stream = Impatient::new(stream);
        if !is_tls {
            return Ok(watcher.watch(speak(stream, router, connection)).await?);
        }
        let stream = BufReader::with_capacity(ENCRYPTED_READ_AHEAD, stream);
        let stream = tokio::select! {
            shaken = timeout(HANDSHAKE, shake_hands(stream, tls)) => {
                shaken.map_err(|_| Ended::SlowHandshake)??
            }
            _ = closing.wait_for(|closing| *closing) => return Ok(()),
        };
        let Some(stream) = stream else { return Ok(()) };
        connection.is_secure = true;
        Ok(watcher
            .watch(speak(Gather(stream), router, connection))
            .await?)
    }
}

/// The TLS handshake. None if it was an authority's, which wanted nothing more (RFC 8737, section 3).
async fn shake_hands<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    tls: &Tls,
) -> Result<Option<TlsStream<S>>, Ended> {
    let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let face = tls.face(&begun.client_hello());
    match face.ok_or(Ended::NoCertificate)? {
        Face::Shown(config) => Ok(Some(begun.into_stream(config).await?)),
        Face::Proof(config) => {
            begun.into_stream(config).await?.shutdown().await?;
            Ok(None)
        }
    }
}

/// HTTP on a connection, whatever carries it.
fn speak<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    stream: S,
    router: Router,
    connection: Connection,
) -> impl GracefulConnection<Error = hyper::Error> + Send {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(connection.clone());
        router.clone().oneshot(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(READ_AHEAD)
        .max_headers(HEADER_COUNT)
        .serve_connection(TokioIo::new(stream), service)
}
