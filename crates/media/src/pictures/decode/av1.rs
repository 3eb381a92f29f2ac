//! AV1.

use re_rav1d::dav1d::{
    Decoder, Error, Picture, PixelLayout, PlanarImageComponent, Settings, pixel,
};

use crate::facts::Size;

use super::{
    super::order::Cicp,
    layer::{Frame, Layer, Pieces, Samples},
};

/// What stands in a configuration before the units that the decoder is to see (AV1's binding to the file format, section
/// 2.3.3).
const HEAD: usize = 4;
/// The most pixels of a frame.
const MAX_PIXELS: u32 = 400_000_000;

pub(super) struct Av1 {
    decoder: Decoder,
    /// Units that come before the first piece.
    before: Vec<u8>,
}

impl Av1 {
    pub(super) fn new(configuration: &[u8]) -> Result<Self, String> {
        let mut settings = Settings::new();
        settings.set_n_threads(1);
        settings.set_max_frame_delay(1);
        settings.set_all_layers(false);
        settings.set_frame_size_limit(MAX_PIXELS);
        Ok(Self {
            decoder: Decoder::with_settings(&settings).map_err(|error| error.to_string())?,
            before: configuration.get(HEAD..).unwrap_or_default().to_vec(),
        })
    }
}

impl Pieces for Av1 {
    fn decode(&mut self, piece: Vec<u8>) -> Result<Frame, String> {
        let failed = |error: Error| format!("the AV1 picture cannot be decoded: {error}");
        let data = if self.before.is_empty() {
            piece
        } else {
            let mut data = std::mem::take(&mut self.before);
            data.extend_from_slice(&piece);
            data
        };
        let mut pending = match self.decoder.send_data(data, None, None, None) {
            Ok(()) => false,
            Err(error) if error.is_again() => true,
            Err(error) => return Err(failed(error)),
        };
        let picture = loop {
            match self.decoder.get_picture() {
                Ok(picture) => break picture,
                Err(error) if error.is_again() && pending => {
                    pending = match self.decoder.send_pending_data() {
                        Ok(()) => false,
                        Err(error) if error.is_again() => true,
                        Err(error) => return Err(failed(error)),
                    };
                }
                Err(error) if error.is_again() => {
                    return Err("the AV1 picture is missing".to_owned());
                }
                Err(error) => return Err(failed(error)),
            }
        };
        // The next piece is a picture of its own.
        self.decoder.flush();
        frame(&picture)
    }
}

fn frame(picture: &Picture) -> Result<Frame, String> {
    let depth = picture
        .bits_per_component()
        .and_then(|bits| u32::try_from(bits.0).ok())
        .ok_or("the AV1 picture has an unknown depth")?;
    let (width, height) = (picture.width(), picture.height());
    let (count, across, down) = match picture.pixel_layout() {
        PixelLayout::I400 => (1, 1, 1),
        PixelLayout::I420 => (3, 2, 2),
        PixelLayout::I422 => (3, 2, 1),
        PixelLayout::I444 => (3, 1, 1),
    };
    let components = [
        PlanarImageComponent::Y,
        PlanarImageComponent::U,
        PlanarImageComponent::V,
    ];
    let layers: Option<Vec<Layer>> = components
        .into_iter()
        .take(count)
        .enumerate()
        .map(|(number, component)| {
            let (across, down) = if number == 0 { (1, 1) } else { (across, down) };
            // In bytes.
            let stride = usize::try_from(picture.stride(component)).ok()?;
            let plane = picture.plane(component);
            let (stride, samples) = if depth > 8 {
                let words = plane.chunks_exact(2);
                let words = words.map(|word| u16::from_ne_bytes([word[0], word[1]]));
                (stride / 2, Samples::Words(words.collect()))
            } else {
                (stride, Samples::Bytes(plane.to_vec()))
            };
            Some(Layer {
                size: Size::new(width.div_ceil(across), height.div_ceil(down))?,
                stride,
                samples,
            })
        })
        .collect();
    Ok(Frame {
        depth,
        layers: layers.ok_or("the AV1 picture is empty")?,
        colour: Some(colour(picture)),
    })
}

/// What the stream says about colours, in code points again.
fn colour(picture: &Picture) -> Cicp {
    use pixel::{ColorPrimaries, MatrixCoefficients, TransferCharacteristic, YUVRange};

    Cicp {
        primaries: match picture.color_primaries() {
            ColorPrimaries::BT709 => 1,
            ColorPrimaries::BT2020 => 9,
            ColorPrimaries::P3Display => 12,
            _ => 2,
        },
        transfer: match picture.transfer_characteristic() {
            TransferCharacteristic::PerceptualQuantizer => 16,
            TransferCharacteristic::HybridLogGamma => 18,
            _ => 2,
        },
        matrix: match picture.matrix_coefficients() {
            MatrixCoefficients::Identity => 0,
            MatrixCoefficients::BT709 => 1,
            MatrixCoefficients::BT470BG => 6,
            MatrixCoefficients::YCgCo => 8,
            MatrixCoefficients::BT2020NonConstantLuminance
            | MatrixCoefficients::BT2020ConstantLuminance => 9,
            _ => 2,
        },
        is_full: Some(picture.color_range() == YUVRange::Full),
    }
}
