//! A connection to a server, plain or in TLS.

use std::{
    fs::File,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{
    CipherSuite, ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

/// How long an answer may take. It bounds a hang; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(300);
/// What a file is read in for TLS.
const PIECE: usize = 256 * 1024;

/// Which server is believed to be the right one.
#[derive(Debug, Clone)]
pub(crate) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// The one with this certificate and no other.
    pub(crate) fn in_certificate(pem: &str) -> Self {
        let certificate =
            CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate in PEM form");
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(as_browsers_prefer()))
            .with_safe_default_protocol_versions()
            .expect("the provider's protocol versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self(Arc::new(config))
    }
}

/// The ciphers in the order of the clients that phones and browsers have (Chrome, Safari, Conscrypt): AES-128-GCM first. The
/// server takes the first that it knows.
fn as_browsers_prefer() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider
        .cipher_suites
        .sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider
}

#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

pub(crate) fn open(address: SocketAddr, trust: Option<&Trust>) -> io::Result<Stream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let Some(Trust(config)) = trust else {
        return Ok(Stream::Plain(stream));
    };
    let name = ServerName::IpAddress(address.ip().into());
    let session = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    Ok(Stream::Tls(Box::new(StreamOwned::new(session, stream))))
}

impl Stream {
    const fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Whether the server has left a connection open that nothing is expected on.
    pub(crate) fn is_open(&self) -> io::Result<bool> {
        let socket = self.socket();
        socket.set_nonblocking(true)?;
        let open = matches!(socket.peek(&mut [0]), Err(e) if e.kind() == io::ErrorKind::WouldBlock);
        socket.set_nonblocking(false)?;
        Ok(open)
    }

    /// Says that nothing more comes.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        if let Self::Tls(stream) = self {
            stream.conn.send_close_notify();
            stream.flush()?;
        }
        self.socket().shutdown(Shutdown::Write)
    }

    /// Breaks the connection, without a word of farewell.
    pub(crate) fn cut(&self) -> io::Result<()> {
        self.socket().shutdown(Shutdown::Both)
    }

    /// Sends the next `length` bytes of a file. Without TLS the system passes them from file to connection by itself where
    /// it can.
    pub(crate) fn write_file(&mut self, file: &mut File, length: u64) -> io::Result<()> {
        let mut part = file.take(length);
        let sent = match self {
            Self::Plain(stream) => io::copy(&mut part, stream)?,
            Self::Tls(stream) => {
                let mut piece = vec![0; PIECE];
                let mut sent = 0;
                loop {
                    let read = part.read(&mut piece)?;
                    if read == 0 {
                        break;
                    }
                    stream.write_all(&piece[..read])?;
                    sent += read as u64;
                }
                stream.flush()?;
                sent
            }
        };
        if sent < length {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file ended early",
            ));
        }
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
