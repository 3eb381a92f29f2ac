//! JPEG: its components are taken as they are stored, brightness and colours apart, without making them the same size
//! first.

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::{JpegDecoder, RawImcuRowStatus};

use crate::facts::Size;

use super::super::{
    order::Refusal,
    plane::{Part, Shrinking},
    samples::{Decoded, Model, Ycc},
};

/// The side of the blocks of which a component is made; a stripe is as high as one or several.
const BLOCK: u32 = 8;
/// The gray of what a damaged file does not have.
const MISSING: u16 = 0x8000;

/// Decodes a JPEG. One that breaks off is shown as far as it goes.
pub(super) fn decode(file: &[u8], target: u32) -> Result<Decoded, Refusal> {
    let options = DecoderOptions::new_fast()
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .set_strict_mode(false);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    let damaged = |error: zune_jpeg::errors::DecodeErrors| Refusal::Because(error.to_string());
    decoder.decode_headers().map_err(damaged)?;
    let size = decoder
        .dimensions()
        .and_then(|(width, height)| Size::new(width, height))
        .ok_or("the JPEG has no size")?;
    let model = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => Model::Gray { is_full: true },
        Some(ColorSpace::RGB) => Model::Rgb,
        Some(ColorSpace::YCbCr) => Model::Ycc(Ycc::JPEG),
        // Only Adobe's programs make JPEGs of inks, and they invert them.
        Some(ColorSpace::CMYK) => Model::InvertedCmyk,
        Some(ColorSpace::YCCK) => Model::Ycck,
        other => {
            return Err(format!("the JPEG's colours are of an unknown kind: {other:?}").into());
        }
    };
    let profile = decoder.icc_profile();
    let mut raw = decoder.raw_output();
    let (Some(count), Some(layout)) = (raw.num_components(), raw.layout()) else {
        return Err("the JPEG has no components".into());
    };
    let layout = layout
        .get(..count)
        .ok_or("the JPEG has too many components")?;
    let mut planes = Vec::new();
    let mut stripes = Vec::new();
    for component in layout {
        let full = Size::new(component.width, component.height)
            .ok_or("the JPEG has a component without a size")?;
        planes.push(Shrinking::new(full, 8, target, BLOCK, MISSING).ok_or(Refusal::Memory)?);
        stripes.push(vec![
            0_u8;
            component.width * component.vertical_sampling_factor * 8
        ]);
    }
    let strides: Vec<usize> = layout.iter().map(|component| component.width).collect();
    let mut tops = vec![0_u32; count];
    loop {
        let mut parts: Vec<&mut [u8]> = stripes.iter_mut().map(Vec::as_mut_slice).collect();
        let rows = match raw.decode_next_imcu_row(&mut parts, &strides) {
            Ok(RawImcuRowStatus::RowReady { rows_written }) => rows_written,
            Ok(RawImcuRowStatus::Complete) => break,
            // As far as it goes, if it goes anywhere.
            Ok(_) if tops[0] > 0 => break,
            Ok(_) => return Err("the JPEG breaks off before its picture begins".into()),
            Err(_) if tops[0] > 0 => break,
            Err(error) => return Err(damaged(error)),
        };
        for (number, stripe) in stripes.iter().enumerate() {
            let Some(size) = Size::new(strides[number], rows[number]) else {
                continue;
            };
            planes[number].put(Part {
                x: 0,
                y: tops[number],
                size,
                stride: strides[number],
                samples: stripe,
            });
            tops[number] += size.height;
        }
    }
    let planes = planes.into_iter().map(Shrinking::finish).collect();
    let mut decoded = Decoded::whole(size, planes, model, 8);
    decoded.profile = profile;
    Ok(decoded)
}
