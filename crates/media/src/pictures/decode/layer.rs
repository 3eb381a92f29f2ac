//! A decoded frame of a video codec, as its decoder hands it out.

use std::sync::Arc;

use crate::facts::Size;

use super::super::{
    order::Cicp,
    plane::{Part, Shrinking},
};

/// A frame: brightness, and as a rule two differences of colour.
#[derive(Debug)]
pub(super) struct Frame {
    /// Bits a sample.
    pub(super) depth: u32,
    pub(super) layers: Vec<Layer>,
    /// What the stream says about colours.
    pub(super) colour: Option<Cicp>,
}

/// One component of a frame.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) size: Size,
    /// From one row to the next, in samples.
    pub(super) stride: usize,
    pub(super) samples: Samples,
}

#[derive(Debug)]
pub(super) enum Samples {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
    /// A component of a picture by its number, and where its first sample is.
    Shared(Arc<rusty_h265::Picture>, usize, usize),
}

impl Layer {
    /// Hands the samples over, as the part of a picture that begins at a place.
    pub(super) fn put(&self, to: &mut Shrinking, x: u32, y: u32) {
        let (size, stride) = (self.size, self.stride);
        match &self.samples {
            Samples::Bytes(samples) => to.put(Part {
                x,
                y,
                size,
                stride,
                samples,
            }),
            Samples::Words(samples) => to.put(Part {
                x,
                y,
                size,
                stride,
                samples,
            }),
            Samples::Shared(picture, number, start) => to.put(Part {
                x,
                y,
                size,
                stride,
                samples: picture.planes[*number]
                    .data
                    .get(*start..)
                    .unwrap_or_default(),
            }),
        }
    }
}

/// What decodes a picture in pieces, one after the other.
pub(super) trait Pieces {
    fn decode(&mut self, piece: Vec<u8>) -> Result<Frame, String>;
}
