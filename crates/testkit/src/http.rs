//! Raw HTTP/1.1, so that a test can also send what no decent client would.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    net::SocketAddr,
};

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::stream::{self, Stream, Trust};

/// One keep-alive connection to a server, opened again when the server has closed it.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    authorization: Option<String>,
    /// With it the connection is encrypted.
    trust: Option<Trust>,
    connection: Option<BufReader<Stream>>,
}

/// A server's answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    /// A client that has not signed in.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            authorization: None,
            trust: None,
            connection: None,
        }
    }

    /// Speaks TLS, and trusts the one certificate in this PEM; it must be good for the address too.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn encrypted(mut self, certificate: &str) -> Self {
        self.trust = Some(Trust::in_certificate(certificate));
        self.connection = None;
        self
    }

    /// Signs in with user and password (RFC 7617).
    #[must_use]
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
        self.authorization = Some(format!("Basic {pair}"));
        self
    }

    /// Signs in with a token (RFC 6750).
    #[must_use]
    pub fn bearer(mut self, token: &str) -> Self {
        self.authorization = Some(format!("Bearer {token}"));
        self
    }

    /// Sends a request with its whole body, and reads the answer.
    ///
    /// # Errors
    ///
    /// The connection broke before the answer was complete.
    pub fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Response> {
        self.stream(method, target, headers, body.len() as u64, &mut { body })
    }

    /// Sends a request whose body of `length` bytes is read from `body`, and reads the answer.
    ///
    /// # Errors
    ///
    /// The connection broke before the answer was complete, or `body` ended early.
    pub fn stream(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        length: u64,
        body: &mut dyn Read,
    ) -> io::Result<Response> {
        let head = self.head(method, target, headers, Some(length));
        let mut connection = self.connect()?;
        let sent = send_all(connection.get_mut(), &head, length, body);
        // A server that refuses an upload answers and closes before it has read everything.
        let (response, reusable) = match read_response(&mut connection, method) {
            Ok(read) => read,
            Err(problem) => return sent.and(Err(problem)),
        };
        if reusable && sent.is_ok() {
            self.connection = Some(connection);
        }
        Ok(response)
    }

    /// Uploads a file. The system passes it from file to connection by itself where it can.
    ///
    /// # Errors
    ///
    /// The connection broke before the answer was complete, or the file could not be read.
    pub fn put_file(&mut self, target: &str, file: &mut File) -> io::Result<Response> {
        let length = file.metadata()?.len();
        self.put_part(target, &[], file, length)
    }

    /// As [`Self::put_file`], the next `length` bytes of a file.
    ///
    /// # Errors
    ///
    /// The connection broke before the answer was complete, or the file could not be read or ended early.
    pub fn put_part(
        &mut self,
        target: &str,
        headers: &[(&str, &str)],
        file: &mut File,
        length: u64,
    ) -> io::Result<Response> {
        self.send_part("PUT", target, headers, file, length)
    }

    /// As [`Self::put_part`], by another method.
    ///
    /// # Errors
    ///
    /// As [`Self::put_part`].
    pub fn send_part(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        file: &mut File,
        length: u64,
    ) -> io::Result<Response> {
        let head = self.head(method, target, headers, Some(length));
        let mut connection = self.connect()?;
        connection.get_mut().write_all(&head)?;
        connection.get_mut().write_file(file, length)?;
        let (response, reusable) = read_response(&mut connection, method)?;
        if reusable {
            self.connection = Some(connection);
        }
        Ok(response)
    }

    /// A connection of its own with the same credentials.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            address: self.address,
            authorization: self.authorization.clone(),
            trust: self.trust.clone(),
            connection: None,
        }
    }

    /// A connection to the same server without credentials.
    #[must_use]
    pub fn stranger(&self) -> Self {
        Self {
            authorization: None,
            ..self.again()
        }
    }

    /// The same credentials, for a server that listens somewhere else now.
    #[must_use]
    pub fn moved_to(&self, address: SocketAddr) -> Self {
        Self {
            address,
            ..self.again()
        }
    }

    /// Promises a body of `promised` bytes, sends only `body`, and hangs up.
    ///
    /// # Errors
    ///
    /// Not even that could be sent.
    pub fn break_off(
        &mut self,
        method: &str,
        target: &str,
        promised: u64,
        body: &[u8],
    ) -> io::Result<Option<Response>> {
        let head = self.head(method, target, &[], Some(promised));
        let mut connection = self.connect()?;
        connection.get_mut().write_all(&head)?;
        connection.get_mut().write_all(body)?;
        connection.get_mut().end()?;
        Ok(read_response(&mut connection, method)
            .ok()
            .map(|(response, _)| response))
    }

    /// Promises a body of `promised` bytes, sends only `body`, and is gone: nothing is read, and the connection is closed.
    ///
    /// # Errors
    ///
    /// Not even that could be sent.
    pub fn vanish(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        promised: u64,
        body: &[u8],
    ) -> io::Result<()> {
        let head = self.head(method, target, headers, Some(promised));
        let mut connection = self.connect()?;
        connection.get_mut().write_all(&head)?;
        connection.get_mut().write_all(body)?;
        connection.get_ref().cut()
    }

    /// Sends `bytes` as they are on a connection of their own, and reads the answer.
    ///
    /// # Errors
    ///
    /// The connection broke before the answer was complete.
    pub fn raw(&self, bytes: &[u8]) -> io::Result<Response> {
        let mut connection = self.open()?;
        connection.get_mut().write_all(bytes)?;
        read_response(&mut connection, "").map(|(response, _)| response)
    }

    fn head(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        length: Option<u64>,
    ) -> Vec<u8> {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(authorization) = &self.authorization {
            head.push_str(&format!("Authorization: {authorization}\r\n"));
        }
        if let Some(length) = length {
            head.push_str(&format!("Content-Length: {length}\r\n"));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    fn connect(&mut self) -> io::Result<BufReader<Stream>> {
        if let Some(connection) = self.connection.take()
            && connection.get_ref().is_open()?
        {
            return Ok(connection);
        }
        self.open()
    }

    fn open(&self) -> io::Result<BufReader<Stream>> {
        stream::open(self.address, self.trust.as_ref()).map(BufReader::new)
    }
}

fn send_all(stream: &mut Stream, head: &[u8], length: u64, body: &mut dyn Read) -> io::Result<()> {
    stream.write_all(head)?;
    let sent = io::copy(&mut body.take(length), stream)?;
    if sent < length {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the body ended early",
        ));
    }
    Ok(())
}

/// An answer, and whether the connection can be used again (RFC 9112, sections 6 and 9.3).
fn read_response(connection: &mut BufReader<Stream>, method: &str) -> io::Result<(Response, bool)> {
    loop {
        let (response, reusable) = read_one(connection, method)?;
        if response.status >= 200 {
            return Ok((response, reusable));
        }
    }
}

fn read_one(connection: &mut BufReader<Stream>, method: &str) -> io::Result<(Response, bool)> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let status_line = read_line(connection)?;
    let status = status_line
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| wrong("no status line"))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(connection)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| wrong("a header without a colon"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut response = Response {
        status,
        headers,
        body: Vec::new(),
    };
    let closes = response
        .header("connection")
        .is_some_and(|value| value.eq_ignore_ascii_case("close"));
    if method == "HEAD" || matches!(status, 100..=199 | 204 | 304) {
        return Ok((response, !closes));
    }
    if response
        .header("transfer-encoding")
        .is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
    {
        loop {
            let size = read_line(connection)?;
            let size = size.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).map_err(|_| wrong("no chunk size"))?;
            read_exactly(connection, size, &mut response.body)?;
            read_line(connection)?;
            if size == 0 {
                return Ok((response, !closes));
            }
        }
    }
    if let Some(length) = response.header("content-length") {
        let length = length.parse().map_err(|_| wrong("no content length"))?;
        read_exactly(connection, length, &mut response.body)?;
        return Ok((response, !closes));
    }
    connection.read_to_end(&mut response.body)?;
    Ok((response, false))
}

fn read_exactly(
    connection: &mut BufReader<Stream>,
    length: u64,
    body: &mut Vec<u8>,
) -> io::Result<()> {
    let read = connection.take(length).read_to_end(body)?;
    if (read as u64) < length {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the answer ended early",
        ));
    }
    Ok(())
}

fn read_line(connection: &mut BufReader<Stream>) -> io::Result<String> {
    let mut line = String::new();
    if connection.read_line(&mut line)? == 0 {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the server hung up",
        ));
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn reads_chunked_answers_and_keeps_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut requests = BufReader::new(Stream::Plain(stream.try_clone().unwrap()));
            for answer in [
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
            ] {
                while !read_line(&mut requests).unwrap().is_empty() {}
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let mut client = Client::new(address);
        assert_eq!(client.send("GET", "/", &[], b"").unwrap().text(), "abcde");
        let second = client.send("PUT", "/", &[], b"").unwrap();
        assert_eq!((second.status, second.text().as_str()), (201, "x"));
        server.join().unwrap();
    }
}
