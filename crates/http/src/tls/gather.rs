//! A TLS stream gives out one record at a time, of at most 16 KiB. Whoever reads bodies from it would hand each to the
//! disk's thread by itself; this fills the reader's buffer with what has already come.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Reads as much as there is.
pub(crate) struct Gather<S>(pub(crate) S);

impl<S: AsyncRead + Unpin> AsyncRead for Gather<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            let had = buffer.filled().len();
            match Pin::new(&mut self.0).poll_read(cx, buffer) {
                Poll::Ready(Ok(())) if buffer.filled().len() > had && buffer.remaining() > 0 => {}
                // What came before an end or a failure is given out first; both are found again by the next read.
                Poll::Pending | Poll::Ready(Err(_)) if had > before => return Poll::Ready(Ok(())),
                other => return other,
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gather<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader, duplex};

    use super::*;

    #[tokio::test]
    async fn what_has_come_is_read_at_once() {
        let (mut far, near) = duplex(1024);
        far.write_all(b"three records or so").await.unwrap();
        // Gives out four bytes at a time.
        let mut near = Gather(BufReader::with_capacity(4, near));
        let mut buffer = [0; 64];
        // The buffered reader passes large reads on whole; a small one first makes it keep a piece.
        near.0.read_exact(&mut buffer[..1]).await.unwrap();
        let read = near.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..read], b"hree records or so");
        drop(far);
        assert_eq!(near.read(&mut buffer).await.unwrap(), 0);
    }
}
