//! Speaking HTTP/1.1 on a listening socket, with limits that keep a slow, broken or hostile client from taking more
//! than its share.

use std::{
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::{Sleep, sleep, timeout},
};
use tower::ServiceExt;

use crate::connection::Connection;

/// Connections at a time. A phone opens up to six; a household's worth of phones, and room.
const CONNECTIONS: usize = 512;
/// How long a request's headers may take, and how long a connection may wait for its next request.
const HEADERS: Duration = Duration::from_secs(75);
/// What a connection reads ahead, and so the most that a request's line and headers may have together (beyond it the
/// answer is 431, and 414 for an address over 64 KiB). Bodies come in pieces of at most this size: smaller ones
/// would cost fast uploads a hand-over to the disk's thread each.
const READ_AHEAD: usize = 256 * 1024;
/// Headers in a request.
const HEADER_COUNT: usize = 100;
/// How long a client may leave an answer unread before its connection is closed.
const UNREAD: Duration = Duration::from_secs(60);
/// How long requests that have begun may go on once the server is about to close.
const FAREWELL: Duration = Duration::from_secs(20);
/// The pause after the system could give no connection (usually: too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves `router` until `shutdown` completes, then lets requests that have begun come to their end.
///
/// # Errors
///
/// The listening socket is not usable at all. What goes wrong with one connection ends that connection only.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let (close, closing) = watch::channel(false);
    let mut shutdown = pin!(shutdown);
    listener.local_addr()?;
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
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
            closing: closing.clone(),
        };
        let serving = graceful.watch(speak(stream, router.clone(), connection));
        tokio::spawn(async move {
            if let Err(error) = serving.await {
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

/// One connection, from its first byte to its last.
fn speak(
    stream: TcpStream,
    router: Router,
    connection: Connection,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send {
    if let Err(error) = stream.set_nodelay(true) {
        // Only slower: small answers then wait for the client's acknowledgement.
        tracing::debug!("TCP_NODELAY could not be set: {error}");
    }
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
        .serve_connection(TokioIo::new(Impatient::new(stream)), service)
}

/// A stream on which a write that the other end does not take for [`UNREAD`] fails.
///
/// Waiting to read is no sign of trouble here: a handler may be at work, or the next request not due. Bodies have
/// their own limit ([`crate::body::STALLED`]), headers theirs ([`HEADERS`]).
struct Impatient {
    stream: TcpStream,
    /// Runs while a write waits.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Impatient {
    const fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            deadline: None,
        }
    }

    fn limit<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.deadline = None;
            return written;
        }
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(UNREAD)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Impatient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.limit(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.limit(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.limit(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
