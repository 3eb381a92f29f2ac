//! PNG, GIF and WebP, and what all formats have in common whose samples lie pixel by pixel.

use std::io::Cursor;

use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use crate::facts::Size;

use super::super::{
    order::Refusal,
    plane::{Part, Plane, Shrinking},
    samples::{Decoded, Model},
};

/// The most memory for one picture, in bytes. The worker has a little more.
pub(super) const MEMORY: u64 = 640 << 20;
/// So many rows are taken apart at once.
const STRIPE: u32 = 8;

/// Decodes a file; of an animation the first picture.
pub(super) fn decode(file: &[u8], format: ImageFormat, target: u32) -> Result<Decoded, Refusal> {
    let refused = |error| match error {
        image::ImageError::Limits(_) => Refusal::Memory,
        error => Refusal::Because(error.to_string()),
    };
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let profile = decoder.icc_profile().unwrap_or_default();
    if decoder.total_bytes() > MEMORY {
        return Err(Refusal::Memory);
    }
    let kind = decoder.color_type();
    let image = DynamicImage::from_decoder(decoder).map_err(refused)?;
    let size = Size::new(image.width(), image.height()).ok_or("it has no size")?;
    let channels = usize::from(kind.channel_count());
    let wide = matches!(
        kind,
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16
    );
    let mut decoded = match &image {
        DynamicImage::ImageLuma16(samples) => interleaved(size, samples, channels, 16, target),
        DynamicImage::ImageLumaA16(samples) => interleaved(size, samples, channels, 16, target),
        DynamicImage::ImageRgb16(samples) => interleaved(size, samples, channels, 16, target),
        DynamicImage::ImageRgba16(samples) => interleaved(size, samples, channels, 16, target),
        other if !wide => interleaved(size, other.as_bytes(), channels, 8, target),
        _ => return Err("its samples are of an unknown kind".into()),
    }
    .ok_or(Refusal::Memory)?;
    decoded.profile = profile;
    Ok(decoded)
}

/// A picture whose samples lie pixel by pixel: gray or red, green and blue, with or without transparency. What is
/// transparent becomes white.
pub(super) fn interleaved<T: Copy + Into<u32>>(
    size: Size,
    samples: &[T],
    channels: usize,
    depth: u32,
    target: u32,
) -> Option<Decoded> {
    let has_alpha = channels.is_multiple_of(2);
    let colours = channels - usize::from(has_alpha);
    let model = if colours == 1 {
        Model::Gray { is_full: true }
    } else {
        Model::Rgb
    };
    let planes = planes(size, samples, (channels, colours), depth, target)?;
    Some(Decoded::whole(size, planes, model, depth))
}

/// The first `colours` of so many channels, laid onto white where there is one more.
pub(super) fn planes<T: Copy + Into<u32>>(
    size: Size,
    samples: &[T],
    (channels, colours): (usize, usize),
    depth: u32,
    target: u32,
) -> Option<Vec<Plane>> {
    let white = (1_u32 << depth) - 1;
    let mut planes: Vec<Shrinking> = (0..colours)
        .map(|_| Shrinking::new(size, depth, target, STRIPE, u16::MAX))
        .collect::<Option<_>>()?;
    let row = usize::try_from(size.width).ok()?.checked_mul(channels)?;
    let stripe_length = row.checked_mul(STRIPE as usize)?;
    let mut y = 0;
    let mut stripe: Vec<u16> = Vec::new();
    for rows in samples.chunks(stripe_length) {
        let height = u32::try_from(rows.len() / row).ok()?;
        for (number, plane) in planes.iter_mut().enumerate() {
            stripe.clear();
            stripe.extend(rows.chunks_exact(channels).map(|pixel| {
                let sample: u32 = pixel[number].into();
                let sample = match pixel.get(colours) {
                    Some(&alpha) => {
                        let alpha = u64::from(alpha.into());
                        let laid = u64::from(sample) * alpha
                            + u64::from(white) * (u64::from(white) - alpha);
                        ((laid + u64::from(white / 2)) / u64::from(white)) as u32
                    }
                    None => sample,
                };
                sample.min(u32::from(u16::MAX)) as u16
            }));
            if let Some(part) = Size::new(size.width, height) {
                plane.put(Part {
                    x: 0,
                    y,
                    size: part,
                    stride: size.width as usize,
                    samples: &stripe,
                });
            }
        }
        y += height;
    }
    Some(planes.into_iter().map(Shrinking::finish).collect())
}
