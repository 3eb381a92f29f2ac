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
    Pictures, Want, coding,
    wire::{self, Fields},
};

/// What a worker says first. Its last digit is the version of all this.
pub(super) const GREETING: &[u8; 4] = b"SLW1";

/// The longest order, without the bytes that follow it: a colour profile and a table of tiles.
const MAX_ORDER: u32 = 4 << 20;
/// The longest answer: a preview and a thumbnail.
const MAX_ANSWER: u32 = 32 << 20;
/// The most pieces that a picture may be coded in. One of 200 megapixels has 800.
const MAX_PIECES: u32 = 16 << 10;

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
    /// What a video codec has coded, taken out of its container.
    Coded {
        picture: Coding,
        /// Its transparency, whose pieces come after the picture's.
        alpha: Option<Coding>,
    },
}

/// Formats that describe themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Jpeg,
    Png,
    Gif,
    WebP,
    Tiff,
    Jxl,
    /// HEIF with what the decoder for its pieces cannot do.
    Heif,
}

/// Video codecs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// H.265.
    Hevc,
    /// H.264.
    Avc,
    Av1,
}

/// How a picture is coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Coding {
    pub(super) codec: Codec,
    /// What the decoder must know beforehand: the content of the box `hvcC`, `avcC` or `av1C`.
    pub(super) configuration: Vec<u8>,
    /// How it is put together; `None` if it is in one piece.
    pub(super) grid: Option<Grid>,
    /// The part of it that is shown.
    pub(super) crop: Option<Crop>,
    /// The size to which it is to be stretched: a movie's, which need not have square pixels.
    pub(super) shape: Option<Size>,
    /// In how many pieces it comes.
    pub(super) pieces: u32,
}

impl Coding {
    /// Whether it is a movie's picture: those have a shape of their own.
    pub(super) const fn is_movie(&self) -> bool {
        self.shape.is_some()
    }
}

/// Tiles of the same size, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) columns: u32,
    pub(super) tile: Size,
    /// The size of the whole; the last tiles reach beyond it.
    pub(super) size: Size,
}

/// A part of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crop {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) size: Size,
}

/// What is said about colours outside the coded picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Colour {
    /// An ICC profile.
    pub(super) profile: Option<Vec<u8>>,
    /// Code points for what is common.
    pub(super) coded: Option<Cicp>,
}

/// Colours in code points (ITU-T H.273), 2 being "not specified".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cicp {
    pub(super) primaries: u16,
    pub(super) transfer: u16,
    pub(super) matrix: u16,
    /// Whether the samples use their whole range, if that is said.
    pub(super) is_full: Option<bool>,
}

impl Colour {
    /// What is not said here is taken from there.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            profile: self.profile.or(other.profile),
            coded: self.coded.or(other.coded),
        }
    }
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
        coding::put_source(&mut out, &self.source);
        coding::put_colour(&mut out, &self.colour);
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
        let source = coding::source(&mut fields)?;
        let colour = coding::colour(&mut fields)?;
        let count = fields.u32()?;
        if count > MAX_PIECES {
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
            colour,
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

/// What a worker made of an order.
pub(super) type Answer = Result<Pictures, Refusal>;

/// Why a worker made no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It would need more memory than there is.
    Memory,
    /// In words for people.
    Because(String),
}

impl From<String> for Refusal {
    fn from(why: String) -> Self {
        Self::Because(why)
    }
}

impl From<&str> for Refusal {
    fn from(why: &str) -> Self {
        Self::Because(why.to_owned())
    }
}

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
        Err(Refusal::Because(why)) => {
            out.push(1);
            let cut = why.floor_char_boundary(500);
            wire::put_optional(&mut out, Some(&why.as_bytes()[..cut]));
        }
        Err(Refusal::Memory) => out.push(2),
    }
    wire::write_frame(to, &out, MAX_ANSWER)
}

/// Fails with `UnexpectedEof` if the worker has ended.
pub(super) fn read_answer(from: &mut impl Read) -> io::Result<Answer> {
    let frame = wire::read_frame(from, MAX_ANSWER)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut fields = Fields::new(&frame);
    let answer = match fields.u8()? {
        0 => Ok(Pictures {
            size: coding::size(&mut fields)?,
            placeholder: fields.optional()?.ok_or_else(wire::wrong)?.to_vec(),
            thumbnail: fields.optional()?.map(<[u8]>::to_vec),
            preview: fields.optional()?.map(<[u8]>::to_vec),
        }),
        1 => {
            let why = fields.optional()?.unwrap_or_default();
            Err(Refusal::Because(String::from_utf8_lossy(why).into_owned()))
        }
        2 => Err(Refusal::Memory),
        _ => return Err(wire::wrong()),
    };
    fields.end()?;
    Ok(answer)
}
