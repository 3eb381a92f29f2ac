//! An entry's bytes.

use std::io::{self, Read};

use miniz_oxide::{
    DataFormat, MZFlush, MZStatus,
    inflate::stream::{InflateState, inflate},
};
use rawzip::{Crc32, ReaderAt};

use super::{
    damaged,
    listing::{Method, Packed},
};

/// How much of the archive is read at once, in bytes.
const PIECE: usize = 64 << 10;

/// The unpacked bytes of an entry, never more than the archive's list says.
///
/// An error of kind `InvalidData` or `UnexpectedEof` is about the archive; every other one is the disk's.
pub struct Content<R> {
    packed: PackedBytes<R>,
    inflater: Option<Box<InflateState>>,
    /// Unpacked bytes that are still to come.
    left: u64,
    crc: Crc32,
    expected_crc: u32,
}

impl<R: ReaderAt> Content<R> {
    pub(super) fn new(bytes: R, at: u64, packed: Packed) -> Self {
        let inflater = match packed.method {
            Method::Stored => None,
            Method::Deflated => Some(InflateState::new_boxed(DataFormat::Raw)),
        };
        Self {
            packed: PackedBytes {
                bytes,
                at,
                left: packed.packed_len,
                piece: Vec::new(),
                used: 0,
            },
            inflater,
            left: packed.len,
            crc: Crc32::new(),
            expected_crc: packed.crc,
        }
    }

    /// Whether nothing is left over, and all that came is what was packed.
    fn check_end(&mut self) -> io::Result<()> {
        let is_at_end = match &mut self.inflater {
            None => self.packed.left == 0,
            Some(inflater) => self.packed.inflate(inflater, &mut [0])? == 0,
        };
        if !is_at_end {
            return Err(damaged("it has more bytes than the archive's list says"));
        }
        if self.crc.checksum() != self.expected_crc {
            return Err(damaged(
                "its checksum (CRC-32) is not the one that it was packed with",
            ));
        }
        Ok(())
    }
}

impl<R: ReaderAt> Read for Content<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            self.check_end()?;
            return Ok(0);
        }
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(out.len());
        let read = match &mut self.inflater {
            None => self.packed.copy(&mut out[..most])?,
            Some(inflater) => self.packed.inflate(inflater, &mut out[..most])?,
        };
        if read == 0 {
            return Err(damaged("it has fewer bytes than the archive's list says"));
        }
        self.crc.update(&out[..read]);
        self.left -= read as u64;
        Ok(read)
    }
}

/// The bytes as they are in the archive.
struct PackedBytes<R> {
    bytes: R,
    /// Where the next piece begins.
    at: u64,
    /// How many bytes have not been read from the archive yet.
    left: u64,
    piece: Vec<u8>,
    /// How much of the piece has been used.
    used: usize,
}

impl<R: ReaderAt> PackedBytes<R> {
    /// Bytes that are not packed; 0 at their end.
    fn copy(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(out.len());
        let read = self.bytes.read_at(&mut out[..most], self.at)?;
        if read == 0 && most > 0 {
            return Err(ends_early());
        }
        self.at += read as u64;
        self.left -= read as u64;
        Ok(read)
    }

    /// Unpacked bytes; 0 at their end.
    fn inflate(&mut self, inflater: &mut InflateState, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.used == self.piece.len() {
                self.refill()?;
            }
            let result = inflate(inflater, &self.piece[self.used..], out, MZFlush::None);
            self.used += result.bytes_consumed;
            if result.bytes_written > 0 {
                return Ok(result.bytes_written);
            }
            match result.status {
                Ok(MZStatus::StreamEnd) => return Ok(0),
                // All of this piece was used up by what unpacks to nothing, such as a block's header.
                Ok(_) if result.bytes_consumed > 0 => {}
                _ if self.piece.is_empty() => return Err(ends_early()),
                _ => return Err(damaged("its packed bytes are damaged")),
            }
        }
    }

    /// Reads the next piece; an empty one at the end.
    fn refill(&mut self) -> io::Result<()> {
        let len = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
        self.piece.resize(len, 0);
        self.used = 0;
        let read = if len == 0 {
            0
        } else {
            self.bytes.read_at(&mut self.piece, self.at)?
        };
        if read == 0 && len > 0 {
            return Err(ends_early());
        }
        self.piece.truncate(read);
        self.at += read as u64;
        self.left -= read as u64;
        Ok(())
    }
}

fn ends_early() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the archive ends before it does",
    )
}
