//! What the program and its workers say to each other: orders and answers, over two pipes.
//!
//! Numbers are little-endian and of a fixed width; whatever has no fixed length is preceded by it, and each such
//! length has a limit. Neither side believes the other one: the worker has read what strangers made.
//!
//! ```text
//! program → worker   opening                    worker → program   greeting
//!                    order, then the bytes                         answer
//!                    order, then the bytes                         answer
//! ```

use std::io::{self, Read, Write};

use crate::facts::{Orientation, Size};

use super::{
    Pictures, Want,
    wire::{self, Fields},
};

/// What a worker says first. Its last digit is the version of all this.
pub(super) const GREETING: &[u8; 4] = b"SLW1";

/// The longest order, without the bytes that follow it: a colour profile and a table of tiles.
const MAX_ORDER: u32 = 4 << 20;
/// The longest answer: a preview and a thumbnail.
const MAX_ANSWER: u32 = 32 << 20;
/// The most pieces that a picture may be coded in. One of 200 megapixels has 800.
const MAX_TILES: u32 = 16 << 10;

/// What the worker is told first: how far it may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    /// The most memory, in bytes.
    pub(super) memory: u64,
    /// The most processor time for one order, in seconds.
    pub(super) cpu_seconds: u32,
}

/// Which picture is wanted, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) want: Want,
    pub(super) source: Source,
    /// How the stored picture becomes the shown one.
    pub(super) orientation: Orientation,
    pub(super) colour: Colour,
    /// The lengths of the pieces that follow the order, in bytes.
    pub(super) pieces: Vec<u32>,
}

/// What the bytes after an order are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A file of a format that describes itself.
    File(Container),
}

/// Formats that describe themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Jpeg,
}

/// What is said about colours outside the coded picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Colour {
    /// An ICC profile.
    pub(super) profile: Option<Vec<u8>>,
}

impl Order {
    /// How many bytes follow the order.
    pub(super) fn payload(&self) -> u64 {
        self.pieces.iter().copied().map(u64::from).sum()
    }

    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut out = Vec::new();
        out.push(u8::from(self.want.thumbnail) | u8::from(self.want.preview) << 1);
        out.push(self.orientation.to_exif());
        match self.source {
            Source::File(Container::Jpeg) => out.push(0),
        }
        wire::put_optional(&mut out, self.colour.profile.as_deref());
        wire::put_count(&mut out, self.pieces.len());
        for piece in &self.pieces {
            out.extend(piece.to_le_bytes());
        }
        wire::write_frame(to, &out, MAX_ORDER)
    }

    /// `None` at the end of all orders.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let Some(frame) = wire::read_frame(from, MAX_ORDER)? else {
            return Ok(None);
        };
        let mut fields = Fields::new(&frame);
        let wanted = fields.u8()?;
        let want = Want {
            thumbnail: wanted & 1 != 0,
            preview: wanted & 2 != 0,
        };
        let orientation =
            Orientation::from_exif(u64::from(fields.u8()?)).ok_or_else(wire::wrong)?;
        let source = match fields.u8()? {
            0 => Source::File(Container::Jpeg),
            _ => return Err(wire::wrong()),
        };
        let profile = fields.optional()?.map(<[u8]>::to_vec);
        let count = fields.u32()?;
        if count > MAX_TILES {
            return Err(wire::wrong());
        }
        let pieces = (0..count)
            .map(|_| fields.u32())
            .collect::<io::Result<Vec<u32>>>()?;
        fields.end()?;
        Ok(Some(Self {
            want,
            source,
            orientation,
            colour: Colour { profile },
            pieces,
        }))
    }
}

impl Opening {
    pub(super) fn write(self, to: &mut impl Write) -> io::Result<()> {
        let mut out = Vec::new();
        out.extend(self.memory.to_le_bytes());
        out.extend(self.cpu_seconds.to_le_bytes());
        wire::write_frame(to, &out, 64)
    }

    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let frame = wire::read_frame(from, 64)?.ok_or_else(wire::wrong)?;
        let mut fields = Fields::new(&frame);
        let opening = Self {
            memory: fields.u64()?,
            cpu_seconds: fields.u32()?,
        };
        fields.end()?;
        Ok(opening)
    }
}

/// What a worker made of an order: pictures, or why there are none, in words for people.
pub(super) type Answer = Result<Pictures, String>;

pub(super) fn write_answer(answer: &Answer, to: &mut impl Write) -> io::Result<()> {
    let mut out = Vec::new();
    match answer {
        Ok(pictures) => {
            out.push(0);
            out.extend(pictures.size.width.to_le_bytes());
            out.extend(pictures.size.height.to_le_bytes());
            wire::put_optional(&mut out, Some(&pictures.placeholder));
            wire::put_optional(&mut out, pictures.thumbnail.as_deref());
            wire::put_optional(&mut out, pictures.preview.as_deref());
        }
        Err(why) => {
            out.push(1);
            let cut = why.floor_char_boundary(500);
            wire::put_optional(&mut out, Some(&why.as_bytes()[..cut]));
        }
    }
    wire::write_frame(to, &out, MAX_ANSWER)
}

/// Fails with `UnexpectedEof` if the worker has ended.
pub(super) fn read_answer(from: &mut impl Read) -> io::Result<Answer> {
    let frame = wire::read_frame(from, MAX_ANSWER)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut fields = Fields::new(&frame);
    let answer = match fields.u8()? {
        0 => {
            let (width, height) = (fields.u32()?, fields.u32()?);
            Ok(Pictures {
                size: Size::new(width, height).ok_or_else(wire::wrong)?,
                placeholder: fields.optional()?.ok_or_else(wire::wrong)?.to_vec(),
                thumbnail: fields.optional()?.map(<[u8]>::to_vec),
                preview: fields.optional()?.map(<[u8]>::to_vec),
            })
        }
        1 => Err(String::from_utf8_lossy(fields.optional()?.unwrap_or_default()).into_owned()),
        _ => return Err(wire::wrong()),
    };
    fields.end()?;
    Ok(answer)
}
