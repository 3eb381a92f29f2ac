//! HEIC that the decoder for pieces cannot do: colours at full size, more bits, pictures derived from others. The whole
//! picture is in memory several times over, so that it must not be large.

use heic_decoder::{DecodeOptions, DecodedImage};

use crate::facts::Size;

use super::super::{
    order::{Cicp, Refusal},
    plane::{Part, Plane, Shrinking},
    samples::{Decoded, Model, Ycc},
};

/// The most pixels of a picture. They need some 20 bytes each.
const MAX_PIXELS: usize = 50_000_000;

pub(super) fn decode(file: &[u8], target: u32) -> Result<Decoded, Refusal> {
    let refused = |error: heic_decoder::HeifError| Refusal::Because(error.to_string());
    let stated = heic_decoder::probe(file).map_err(refused)?;
    if stated.width.saturating_mul(stated.height) > MAX_PIXELS {
        return Err(Refusal::Memory);
    }
    let options = DecodeOptions {
        apply_transforms: false,
    };
    let image = heic_decoder::decode_with(file, &options).map_err(refused)?;
    let size = Size::new(image.width, image.height).ok_or("it has no size")?;
    let colour = image.color_info.map(|stated| Cicp {
        primaries: stated.color_primaries,
        transfer: stated.transfer_characteristics,
        matrix: stated.matrix_coefficients,
        is_full: Some(stated.full_range),
    });
    let is_full = colour.and_then(|colour| colour.is_full).unwrap_or(false);
    let brightness = plane(&image.y, size, image.bit_depth_luma, target)?;
    let (planes, model) = match Size::new(image.cb_width, image.cb_height) {
        Some(chroma) if image.chroma_format_idc != 0 => {
            let differences = [&image.cb, &image.cr]
                .map(|samples| plane(samples, chroma, image.bit_depth_chroma, target));
            let [cb, cr] = differences;
            match colour.map_or(2, |colour| colour.matrix) {
                0 => (vec![cr?, brightness, cb?], Model::Rgb),
                matrix => {
                    let (red, blue) = Ycc::of_matrix(matrix).unwrap_or(Ycc::BT601);
                    let model = Model::Ycc(Ycc { red, blue, is_full });
                    (vec![brightness, cb?, cr?], model)
                }
            }
        }
        _ => (vec![brightness], Model::Gray { is_full }),
    };
    let mut decoded = Decoded::whole(size, planes, model, image.bit_depth_luma);
    decoded.alpha = alpha(&image, size, target)?;
    decoded.profile = image.metadata.icc_profile;
    decoded.coded = colour;
    Ok(decoded)
}

fn alpha(image: &DecodedImage, size: Size, target: u32) -> Result<Option<(Plane, f32)>, Refusal> {
    let Some(alpha) = &image.alpha else {
        return Ok(None);
    };
    let plane = plane(&alpha.samples, size, alpha.bit_depth, target)?;
    Ok(Some((plane, Decoded::peak(alpha.bit_depth))))
}

fn plane(samples: &[i32], size: Size, depth: u32, target: u32) -> Result<Plane, Refusal> {
    const STRIPE: u32 = 8;
    let mut plane = Shrinking::new(size, depth, target, STRIPE, 0).ok_or(Refusal::Memory)?;
    let width = usize::try_from(size.width).map_err(|_| Refusal::Memory)?;
    for (y, rows) in (0..)
        .step_by(STRIPE as usize)
        .zip(samples.chunks(width * STRIPE as usize))
    {
        let words: Vec<u16> = rows
            .iter()
            .map(|&sample| u16::try_from(sample).unwrap_or_default())
            .collect();
        if let Some(part) = Size::new(size.width, words.len() / width) {
            plane.put(Part {
                x: 0,
                y,
                size: part,
                stride: width,
                samples: &words,
            });
        }
    }
    Ok(plane.finish())
}
