//! TIFF: scans, and the small pictures of raw files that have no JPEG.

use std::io::Cursor;

use tiff::{
    ColorType, TiffError,
    decoder::{Decoder, DecodingResult, Limits},
    tags::Tag,
};

use crate::facts::Size;

use super::{
    super::{
        order::Refusal,
        samples::{Decoded, Model},
    },
    raster::{self, MEMORY},
};

/// Decodes the first picture of a file.
pub(super) fn decode(file: &[u8], target: u32) -> Result<Decoded, Refusal> {
    let refused = |error| match error {
        TiffError::LimitsExceeded => Refusal::Memory,
        error => Refusal::Because(error.to_string()),
    };
    let mut limits = Limits::default();
    limits.decoding_buffer_size = usize::try_from(MEMORY).unwrap_or(usize::MAX);
    let mut decoder = Decoder::new(Cursor::new(file))
        .map_err(refused)?
        .with_limits(limits);
    let (width, height) = decoder.dimensions().map_err(refused)?;
    let size = Size::new(width, height).ok_or("it has no size")?;
    let kind = decoder.colortype().map_err(refused)?;
    let profile = decoder.get_tag_u8_vec(Tag::IccProfile).ok();
    let channels = match kind {
        ColorType::Gray(8 | 16) => 1,
        ColorType::GrayA(8 | 16) => 2,
        ColorType::RGB(8 | 16) => 3,
        ColorType::RGBA(8 | 16) | ColorType::CMYK(8 | 16) => 4,
        other => return Err(format!("TIFF of the kind {other:?} cannot be decoded").into()),
    };
    let is_of_inks = matches!(kind, ColorType::CMYK(_));
    let samples = decoder.read_image().map_err(refused)?;
    let mut decoded = match (&samples, is_of_inks) {
        (DecodingResult::U8(samples), false) => {
            raster::interleaved(size, samples, channels, 8, target)
        }
        (DecodingResult::U16(samples), false) => {
            raster::interleaved(size, samples, channels, 16, target)
        }
        (DecodingResult::U8(samples), true) => raster::planes(size, samples, (4, 4), 8, target)
            .map(|planes| Decoded::whole(size, planes, Model::Cmyk, 8)),
        (DecodingResult::U16(samples), true) => raster::planes(size, samples, (4, 4), 16, target)
            .map(|planes| Decoded::whole(size, planes, Model::Cmyk, 16)),
        _ => return Err("its samples are of an unknown kind".into()),
    }
    .ok_or(Refusal::Memory)?;
    decoded.profile = profile;
    Ok(decoded)
}
