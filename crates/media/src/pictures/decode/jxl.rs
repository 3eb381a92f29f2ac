//! JPEG XL.

use jxl_oxide::{AllocTracker, EnumColourEncoding, JxlImage, RenderingIntent};

use crate::facts::Size;

use super::{
    super::{order::Refusal, samples::Decoded},
    raster::{self, MEMORY},
};

/// Decodes the first picture of a file, upright.
pub(super) fn decode(file: &[u8], target: u32) -> Result<Decoded, Refusal> {
    let refused =
        |error: Box<dyn std::error::Error + Send + Sync>| Refusal::Because(error.to_string());
    let memory = usize::try_from(MEMORY).unwrap_or(usize::MAX);
    let mut image = JxlImage::builder()
        .alloc_tracker(AllocTracker::with_limit(memory))
        .read(file)
        .map_err(refused)?;
    image.request_color_encoding(EnumColourEncoding::srgb(RenderingIntent::Relative));
    let profile = image.rendered_icc();
    let picture = image.render_frame(0).map_err(refused)?;
    let mut stream = picture.stream();
    let size = Size::new(stream.width(), stream.height()).ok_or("it has no size")?;
    let channels = usize::try_from(stream.channels()).unwrap_or(0);
    if !(1..=4).contains(&channels) {
        return Err("its colours are of an unknown kind".into());
    }
    let count = u64::from(size.width) * u64::from(size.height) * channels as u64;
    let mut samples: Vec<u16> = Vec::new();
    let count = usize::try_from(count).map_err(|_| Refusal::Memory)?;
    samples
        .try_reserve_exact(count)
        .map_err(|_| Refusal::Memory)?;
    samples.resize(count, 0);
    stream.write_to_buffer(&mut samples);
    let mut decoded =
        raster::interleaved(size, &samples, channels, 16, target).ok_or(Refusal::Memory)?;
    decoded.profile = Some(profile);
    Ok(decoded)
}
