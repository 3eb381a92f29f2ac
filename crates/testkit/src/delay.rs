//! A slow line: a TCP proxy that lets every byte arrive later, and breaks where a test wants it to.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How much may be on its way in one direction of one connection, in pieces of at most [`PIECE`] bytes. Far more than
/// a window of TCP over such a line, so that the proxy delays and does not throttle.
const PIECES_ON_THE_WAY: usize = 256;
const PIECE: usize = 64 * 1024;

/// A proxy on loopback that adds the same latency in each direction. Dropping it cuts every connection.
#[derive(Debug)]
pub struct Delay {
    address: SocketAddr,
    line: Arc<Line>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Line {
    target: SocketAddr,
    each_way: Duration,
    stopped: AtomicBool,
    /// Bytes that went to the target.
    carried: AtomicU64,
    /// After how many of them the line breaks, once.
    breaks_after: AtomicU64,
    open: Mutex<Vec<TcpStream>>,
}

impl Delay {
    /// Starts a proxy to `target` that delays every byte by `each_way`. A new connection costs one round trip more, as
    /// TCP's handshake would.
    ///
    /// # Errors
    ///
    /// No free port.
    pub fn start(target: SocketAddr, each_way: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let line = Arc::new(Line {
            target,
            each_way,
            stopped: AtomicBool::new(false),
            carried: AtomicU64::new(0),
            breaks_after: AtomicU64::new(u64::MAX),
            open: Mutex::new(Vec::new()),
        });
        let listening = thread::spawn({
            let line = Arc::clone(&line);
            move || line.listen(&listener)
        });
        Ok(Self {
            address,
            line,
            listening: Some(listening),
        })
    }

    /// Where to connect to.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks every connection once some `bytes` more have gone to the target. New ones can be made.
    pub fn break_after(&self, bytes: u64) {
        let at = self.carried() + bytes;
        self.line.breaks_after.store(at, Ordering::SeqCst);
    }

    /// How many bytes have gone to the target, over all connections.
    #[must_use]
    pub fn carried(&self) -> u64 {
        self.line.carried.load(Ordering::SeqCst)
    }
}

impl Drop for Delay {
    fn drop(&mut self) {
        self.line.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener up, so that it sees the flag.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            drop(listening.join());
        }
        self.line.cut();
    }
}

impl Line {
    fn listen(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            // A target that refuses looks to the client as it would without the proxy: the connection closes.
            if let Err(problem) = client.and_then(|client| self.join(client)) {
                eprintln!("delay proxy: {problem}");
            }
        }
    }

    fn join(self: &Arc<Self>, client: TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(self.target)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.push(client.try_clone()?);
            open.push(server.try_clone()?);
        }
        let handshake = self.each_way * 2;
        let there = Some(Arc::clone(self));
        self.carry(client.try_clone()?, server.try_clone()?, handshake, there)?;
        self.carry(server, client, Duration::ZERO, None)
    }

    /// Two threads: one reads and stamps each piece with the time when it is due, one waits and writes.
    /// What goes `there`, to the target, is counted.
    fn carry(
        &self,
        mut from: TcpStream,
        mut to: TcpStream,
        first: Duration,
        there: Option<Arc<Self>>,
    ) -> io::Result<()> {
        let source = from.try_clone()?;
        let (sender, receiver) = mpsc::sync_channel::<(Instant, Vec<u8>)>(PIECES_ON_THE_WAY);
        let each_way = self.each_way;
        let start = Instant::now() + first;
        thread::spawn(move || {
            let mut buffer = vec![0; PIECE];
            while let Ok(read) = from.read(&mut buffer) {
                let due = Instant::now().max(start) + each_way;
                // An empty piece carries the end of the stream.
                if sender.send((due, buffer[..read].to_vec())).is_err() || read == 0 {
                    return;
                }
            }
        });
        thread::spawn(move || {
            for (due, piece) in receiver {
                wait_until(due);
                if let Some(line) = &there {
                    line.count(piece.len() as u64);
                }
                if piece.is_empty() {
                    break;
                }
                if to.write_all(&piece).is_err() {
                    // Whoever still sends learns that nobody reads any more.
                    source.shutdown(Shutdown::Both).ok();
                    break;
                }
            }
            // The other side may have hung up already; then there is nothing left to close.
            to.shutdown(Shutdown::Write).ok();
        });
        Ok(())
    }

    fn count(&self, bytes: u64) {
        let carried = self.carried.fetch_add(bytes, Ordering::SeqCst) + bytes;
        if carried >= self.breaks_after.load(Ordering::SeqCst) {
            self.breaks_after.store(u64::MAX, Ordering::SeqCst);
            self.cut();
        }
    }

    fn cut(&self) {
        let open = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        for stream in open {
            // Those that are closed already say so, which is what is wanted.
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "taking time is what this proxy is for"
)]
fn wait_until(due: Instant) {
    thread::sleep(due.saturating_duration_since(Instant::now()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_every_byte_both_ways_and_stops_cleanly() {
        let echo = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = echo.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = echo.accept().unwrap();
            let mut received = Vec::new();
            stream.read_to_end(&mut received).unwrap();
            stream.write_all(&received).unwrap();
        });
        let proxy = Delay::start(target, Duration::from_millis(1)).unwrap();
        let mut sent = vec![0; 1_000_000];
        crate::Random::new(1).fill(&mut sent);
        let mut client = TcpStream::connect(proxy.address()).unwrap();
        let start = Instant::now();
        client.write_all(&sent).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut received = Vec::new();
        client.read_to_end(&mut received).unwrap();
        assert!(
            start.elapsed() >= Duration::from_millis(4),
            "handshake and both ways"
        );
        assert!(received == sent);
        server.join().unwrap();
        let address = proxy.address();
        drop(proxy);
        assert!(TcpStream::connect(address).is_err());
    }
}
