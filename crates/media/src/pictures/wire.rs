//! Frames on a pipe: a length of four bytes, then so many bytes; and the fields in one.

use std::io::{self, Read, Write};

/// What is not as it was agreed.
pub(super) fn wrong() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "The other side of the pipe does not keep to the protocol",
    )
}

/// Writes a frame of at most `most` bytes.
pub(super) fn write_frame(to: &mut impl Write, bytes: &[u8], most: u32) -> io::Result<()> {
    let length = u32::try_from(bytes.len())
        .ok()
        .filter(|length| *length <= most)
        .ok_or_else(wrong)?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(bytes)?;
    to.flush()
}

/// Reads a frame of at most `most` bytes; `None` if the other side has closed the pipe instead.
pub(super) fn read_frame(from: &mut impl Read, most: u32) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    let mut there = 0;
    while there < length.len() {
        match from.read(&mut length[there..]) {
            Ok(0) if there == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => there += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let length = u32::from_le_bytes(length);
    if length > most {
        return Err(wrong());
    }
    // Not allocated before it is there: a length costs nothing.
    let mut bytes = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != u64::from(length) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(bytes))
}

pub(super) fn put_count(out: &mut Vec<u8>, count: usize) {
    // Far below the limit; what is above it makes a frame that is too long, which is refused.
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

/// Bytes that may be missing.
pub(super) fn put_optional(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    out.push(u8::from(bytes.is_some()));
    if let Some(bytes) = bytes {
        put_count(out, bytes.len());
        out.extend_from_slice(bytes);
    }
}

/// Something that may be missing.
pub(super) fn put_maybe<T>(
    out: &mut Vec<u8>,
    value: Option<&T>,
    put: impl FnOnce(&mut Vec<u8>, &T),
) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        put(out, value);
    }
}

/// The fields of a frame, one after the other.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) const fn new(frame: &'a [u8]) -> Self {
        Self(frame)
    }

    pub(super) fn bytes(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(wrong)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or_else(wrong)?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(super) fn u8(&mut self) -> io::Result<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> io::Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> io::Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> io::Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// What [`put_optional`] wrote.
    pub(super) fn optional(&mut self) -> io::Result<Option<&'a [u8]>> {
        match self.u8()? {
            0 => Ok(None),
            1 => {
                let length = self.u32()?;
                self.bytes(usize::try_from(length).map_err(|_| wrong())?)
                    .map(Some)
            }
            _ => Err(wrong()),
        }
    }

    /// What [`put_maybe`] wrote.
    pub(super) fn maybe<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        match self.u8()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(wrong()),
        }
    }

    /// Nothing may be left over.
    pub(super) fn end(self) -> io::Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(wrong())
        }
    }
}
