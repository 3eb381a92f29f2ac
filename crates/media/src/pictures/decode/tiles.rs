//! Pictures as video codecs code them: one piece, or many that are put together.

use std::io::Read;

use crate::facts::Size;

use super::{
    super::{
        order::{Cicp, Codec, Coding, Colour, Refusal},
        plane::{Share, Shrinking},
        samples::{Decoded, Model, Ycc},
    },
    av1, avc, hevc,
    layer::{Frame, Pieces},
    read,
};

/// The gray of what a damaged picture does not have.
const MISSING: u16 = 0x8000;
/// The code point for a matrix that is not stated.
const UNSPECIFIED: u16 = 2;
/// Where a picture in one piece begins is a multiple of everything.
const ANY_GRAIN: u32 = 1 << 16;
/// From so many lines on, a movie that says nothing about its colours has those of ITU-R BT.709.
const HIGH_DEFINITION: u32 = 720;

/// Decodes the pieces that `bytes` begins with.
pub(super) fn decode(
    coding: &Coding,
    colour: &Colour,
    pieces: &[u32],
    bytes: &mut impl Read,
    target: u32,
) -> Result<Decoded, Refusal> {
    let mut decoder: Box<dyn Pieces> = match coding.codec {
        Codec::Hevc => Box::new(hevc::Hevc::new(&coding.configuration)?),
        Codec::Avc => Box::new(avc::Avc::new(&coding.configuration)?),
        Codec::Av1 => Box::new(av1::Av1::new(&coding.configuration)?),
    };
    let mut put_together: Option<Assembly> = None;
    for (number, length) in (0..).zip(pieces) {
        let frame = decoder.decode(read(bytes, u64::from(*length))?)?;
        let assembly = match put_together.take() {
            Some(assembly) => assembly,
            None => Assembly::begin(coding, &frame, target)?,
        };
        put_together.insert(assembly).put(number, &frame);
    }
    let assembly = put_together.ok_or("it has no pieces")?;
    assembly.finish(coding, colour)
}

/// A picture on its way from pieces to planes.
struct Assembly {
    size: Size,
    columns: u32,
    /// From one piece to the next, for each component.
    steps: Vec<Size>,
    planes: Vec<Shrinking>,
    depth: u32,
    stated: Option<Cicp>,
}

impl Assembly {
    /// Makes room for a picture whose first piece is `frame`.
    fn begin(coding: &Coding, frame: &Frame, target: u32) -> Result<Self, Refusal> {
        let first = frame.layers.first().ok_or("it is empty")?.size;
        let (size, tile, columns, grain) = match coding.grid {
            Some(grid) => {
                let grain = 1 << (grid.tile.width | grid.tile.height).trailing_zeros();
                (grid.size, grid.tile, grid.columns.max(1), grain)
            }
            None => (first, first, 1, ANY_GRAIN),
        };
        let mut assembly = Self {
            size,
            columns,
            steps: Vec::new(),
            planes: Vec::new(),
            depth: frame.depth,
            stated: frame.colour,
        };
        for layer in &frame.layers {
            // Colours may have half the width, and half the height.
            let across = if layer.size.width < first.width { 2 } else { 1 };
            let down = if layer.size.height < first.height {
                2
            } else {
                1
            };
            let reduced = |size: Size| Size {
                width: size.width.div_ceil(across),
                height: size.height.div_ceil(down),
            };
            let grain = grain / across.max(down);
            assembly.steps.push(reduced(tile));
            assembly.planes.push(
                Shrinking::new(reduced(size), frame.depth, target, grain.max(1), MISSING)
                    .ok_or(Refusal::Memory)?,
            );
        }
        Ok(assembly)
    }

    fn put(&mut self, number: u32, frame: &Frame) {
        let (column, row) = (number % self.columns, number / self.columns);
        for ((plane, step), layer) in self.planes.iter_mut().zip(&self.steps).zip(&frame.layers) {
            if frame.depth == self.depth {
                layer.put(
                    plane,
                    column.saturating_mul(step.width),
                    row.saturating_mul(step.height),
                );
            }
        }
    }

    fn finish(self, coding: &Coding, colour: &Colour) -> Result<Decoded, Refusal> {
        // What the container says counts; what it leaves open, the stream may tell.
        let coded = colour.coded.or(self.stated);
        let is_full = colour
            .coded
            .and_then(|coded| coded.is_full)
            .or(self.stated.and_then(|stated| stated.is_full))
            .unwrap_or(false);
        let mut planes: Vec<_> = self.planes.into_iter().map(Shrinking::finish).collect();
        let matrix = coded.map_or(UNSPECIFIED, |coded| coded.matrix);
        let model = match planes.len() {
            // Not brightness and differences, but green, blue and red.
            3 if matrix == 0 => {
                planes.rotate_right(1);
                Model::Rgb
            }
            3 => {
                let is_large = self.size.width.min(self.size.height) >= HIGH_DEFINITION;
                let (red, blue) = match Ycc::of_matrix(matrix) {
                    Some(parts) => parts,
                    None if coding.is_movie() && is_large => Ycc::BT709,
                    None => Ycc::BT601,
                };
                Model::Ycc(Ycc { red, blue, is_full })
            }
            _ => {
                planes.truncate(1);
                Model::Gray { is_full }
            }
        };
        let mut decoded = Decoded::whole(self.size, planes, model, self.depth);
        decoded.coded = coded;
        if let Some(crop) = coding.crop
            && crop.x.saturating_add(crop.size.width) <= self.size.width
            && crop.y.saturating_add(crop.size.height) <= self.size.height
        {
            let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole);
            decoded.size = crop.size;
            decoded.part = Some(Share {
                x: share(crop.x, self.size.width),
                y: share(crop.y, self.size.height),
                width: share(crop.size.width, self.size.width),
                height: share(crop.size.height, self.size.height),
            });
        }
        decoded.size = coding.shape.unwrap_or(decoded.size);
        Ok(decoded)
    }
}
