//! H.264.

use rust_h264::{
    decoder::{ChromaFormat, Decoder, Frame as Decoded},
    nal::{self, NalUnit},
};

use crate::facts::Size;

use super::{
    super::order::Cicp,
    layer::{Frame, Layer, Pieces, Samples},
};

pub(super) struct Avc {
    decoder: Decoder,
    length_size: usize,
    colour: Option<Cicp>,
}

impl Avc {
    pub(super) fn new(configuration: &[u8]) -> Result<Self, String> {
        let configuration = nal::parse_avcc_config(configuration)?;
        let mut avc = Self {
            decoder: Decoder::new(),
            length_size: configuration.length_size,
            colour: configuration.sps_nals.first().and_then(colour),
        };
        let parameters = configuration.sps_nals.iter().chain(&configuration.pps_nals);
        for unit in parameters {
            avc.push(unit)?;
        }
        Ok(avc)
    }

    fn push(&mut self, unit: &NalUnit<'_>) -> Result<Option<Decoded>, String> {
        self.decoder
            .decode_nal(unit)
            .map_err(|error| format!("the H.264 picture cannot be decoded: {error}"))
    }
}

impl Pieces for Avc {
    fn decode(&mut self, piece: Vec<u8>) -> Result<Frame, String> {
        let mut first = None;
        for unit in &nal::parse_avcc(&piece, self.length_size) {
            first = first.or(self.push(unit)?);
        }
        let decoded = first.or_else(|| self.decoder.flush());
        frame(decoded.ok_or("the H.264 picture is missing")?, self.colour)
    }
}

fn colour(parameters: &NalUnit<'_>) -> Option<Cicp> {
    let stated = nal::parse_sps_info(parameters).ok()?;
    let specified = |number: u8| if number == 0 { 2 } else { u16::from(number) };
    Some(Cicp {
        primaries: specified(stated.primaries),
        transfer: specified(stated.transfer),
        matrix: specified(stated.matrix),
        is_full: Some(stated.full_range),
    })
}

fn frame(decoded: Decoded, colour: Option<Cicp>) -> Result<Frame, String> {
    let down = match decoded.chroma_format {
        ChromaFormat::Yuv420 => 2,
        ChromaFormat::Yuv422 => 1,
    };
    let (width, height) = (decoded.width, decoded.height);
    let is_wide = decoded.bit_depth > 8;
    let samples = |bytes: Vec<u8>| {
        if is_wide {
            let words = bytes.chunks_exact(2);
            Samples::Words(
                words
                    .map(|word| u16::from_le_bytes([word[0], word[1]]))
                    .collect(),
            )
        } else {
            Samples::Bytes(bytes)
        }
    };
    let depth = u32::from(decoded.bit_depth);
    let layers: Option<Vec<Layer>> = [
        (width, height, decoded.y),
        (width / 2, height / down, decoded.u),
        (width / 2, height / down, decoded.v),
    ]
    .into_iter()
    .map(|(width, height, bytes)| {
        Some(Layer {
            size: Size::new(width, height)?,
            stride: usize::try_from(width).ok()?,
            samples: samples(bytes),
        })
    })
    .collect();
    Ok(Frame {
        depth,
        layers: layers.ok_or("the H.264 picture is empty")?,
        colour,
    })
}
