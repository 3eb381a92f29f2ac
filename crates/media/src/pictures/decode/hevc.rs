//! H.265.

use rusty_h265::{Decoder, Error, Frame as Decoded};

use crate::facts::Size;

use super::{
    super::order::Cicp,
    layer::{Frame, Layer, Pieces, Samples},
};

/// Where a configuration (ISO/IEC 14496-15 section 8.3.3.1) says how long the lengths of units are, and where its lists of
/// parameter sets begin.
const LENGTH_SIZE: usize = 21;
const LISTS: usize = 22;
const SEQUENCE_PARAMETERS: u8 = 33;

pub(super) struct Hevc {
    decoder: Decoder,
    length_size: usize,
    colour: Option<Cicp>,
}

impl Hevc {
    pub(super) fn new(configuration: &[u8]) -> Result<Self, String> {
        let length_size = configuration
            .get(LENGTH_SIZE)
            .map(|byte| usize::from(byte & 3) + 1)
            .ok_or("the decoder's configuration is cut off")?;
        let mut hevc = Self {
            decoder: Decoder::new(),
            length_size,
            colour: None,
        };
        for unit in parameter_sets(configuration.get(LISTS..).unwrap_or_default()) {
            hevc.push(unit)?;
        }
        Ok(hevc)
    }

    fn push(&mut self, unit: &[u8]) -> Result<(), String> {
        if let [head, _, payload @ ..] = unit
            && head >> 1 & 0x3F == SEQUENCE_PARAMETERS
        {
            self.colour = colour(payload);
        }
        self.decoder
            .push_nal(unit, None)
            .map_err(|error| format!("the H.265 picture cannot be decoded: {error}"))
    }
}

impl Pieces for Hevc {
    fn decode(&mut self, piece: Vec<u8>) -> Result<Frame, String> {
        let mut rest = piece.as_slice();
        while let Some((length, after)) = rest.split_at_checked(self.length_size) {
            let length = length
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            // A piece that breaks off is decoded as far as it goes.
            let (unit, after) = after.split_at(length.min(after.len()));
            self.push(unit)?;
            rest = after;
        }
        self.decoder.flush();
        let mut first = None;
        loop {
            match self.decoder.next_frame() {
                Ok(frame) => first = first.or(Some(frame)),
                Err(Error::Again | Error::Eof) => break,
                Err(error) => return Err(error.to_string()),
            }
        }
        frame(&first.ok_or("the H.265 picture is missing")?, self.colour)
    }
}

/// The units in a configuration's lists: for each a kind and a count, then a length before each unit.
fn parameter_sets(lists: &[u8]) -> Vec<&[u8]> {
    fn number(rest: &mut &[u8]) -> Option<usize> {
        let (number, after) = rest.split_first_chunk::<2>()?;
        *rest = after;
        Some(usize::from(u16::from_be_bytes(*number)))
    }
    let mut units = Vec::new();
    let Some((&count, mut rest)) = lists.split_first() else {
        return units;
    };
    for _ in 0..count {
        let Some((_, after)) = rest.split_first() else {
            break;
        };
        rest = after;
        for _ in 0..number(&mut rest).unwrap_or(0) {
            let unit = number(&mut rest).and_then(|length| rest.split_at_checked(length));
            let Some((unit, after)) = unit else {
                return units;
            };
            units.push(unit);
            rest = after;
        }
    }
    units
}

/// What a sequence's parameters say about colours.
fn colour(payload: &[u8]) -> Option<Cicp> {
    let plain = rusty_h265::nal::unescape(payload);
    let vui = rusty_h265::ps::parse_sps(&plain.data).ok()?.vui?;
    let specified = |number: u8| if number == 0 { 2 } else { u16::from(number) };
    Some(Cicp {
        primaries: specified(vui.colour_primaries),
        transfer: specified(vui.transfer_characteristics),
        matrix: specified(vui.matrix_coeffs),
        is_full: Some(vui.video_full_range_flag),
    })
}

fn frame(decoded: &Decoded, colour: Option<Cicp>) -> Result<Frame, String> {
    let picture = &decoded.picture;
    let (left, top, width, height) = picture.crop;
    let (across, down) = match picture.chroma_format_idc {
        0 | 1 => (2, 2),
        2 => (2, 1),
        _ => (1, 1),
    };
    let count = if picture.chroma_format_idc == 0 { 1 } else { 3 };
    let layers: Option<Vec<Layer>> = (0..count)
        .map(|number| {
            let (across, down) = if number == 0 { (1, 1) } else { (across, down) };
            let stride = picture.planes[number].stride;
            Some(Layer {
                size: Size::new(width.div_ceil(across), height.div_ceil(down))?,
                stride,
                samples: Samples::Shared(
                    picture.clone(),
                    number,
                    top / down * stride + left / across,
                ),
            })
        })
        .collect();
    Ok(Frame {
        depth: u32::from(picture.bit_depth_luma),
        layers: layers.ok_or("the H.265 picture is empty")?,
        colour,
    })
}
