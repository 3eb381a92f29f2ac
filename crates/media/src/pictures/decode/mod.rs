//! Formats to samples. Only a worker comes here.
//!
//! Each decoder hands its samples to [`super::plane::Shrinking`] as they come, and says in a [`Decoded`] what they mean.
//!
//! | format | module | decoder |
//! |---|---|---|
//! | JPEG, also within raw files and movies | `jpeg` | `zune-jpeg` |
//! | HEIC, H.265 movies | `tiles`, `hevc` | `rusty_h265` |
//! | HEIC of other kinds | `heif` | `heic-decoder` |
//! | AVIF, AV1 movies | `tiles`, `av1` | `re_rav1d` |
//! | H.264 movies | `tiles`, `avc` | `rust_h264` |
//! | PNG, GIF, WebP | `raster` | `image` |
//! | TIFF | `tiff` | `tiff` |
//! | JPEG XL | `jxl` | `jxl-oxide` |

mod av1;
mod avc;
mod heif;
mod hevc;
mod jpeg;
mod jxl;
mod layer;
mod raster;
mod tiff;
mod tiles;

use std::io::Read;

use super::{
    order::{Container, Order, Refusal, Source},
    samples::Decoded,
};

/// Decodes what an order's bytes hold, as far as `target` pixels on the longest side need it.
pub(super) fn decode(
    order: &Order,
    bytes: &mut impl Read,
    target: u32,
) -> Result<Decoded, Refusal> {
    match &order.source {
        Source::File(container) => {
            let file = read(bytes, order.payload())?;
            match container {
                Container::Jpeg => jpeg::decode(&file, target),
                Container::Png => raster::decode(&file, image::ImageFormat::Png, target),
                Container::Gif => raster::decode(&file, image::ImageFormat::Gif, target),
                Container::WebP => raster::decode(&file, image::ImageFormat::WebP, target),
                Container::Tiff => tiff::decode(&file, target),
                Container::Jxl => jxl::decode(&file, target),
                Container::Heif => heif::decode(&file, target),
            }
        }
        Source::Coded { picture, alpha } => {
            let count = usize::try_from(picture.pieces).unwrap_or(usize::MAX);
            let (pieces, rest) = order
                .pieces
                .split_at_checked(count)
                .ok_or("pieces are missing")?;
            let mut decoded = tiles::decode(picture, &order.colour, pieces, bytes, target)?;
            if let Some(alpha) = alpha {
                // Without its transparency it is still a picture.
                decoded.alpha = tiles::decode(alpha, &order.colour, rest, bytes, target)
                    .ok()
                    .and_then(Decoded::into_alpha);
            }
            Ok(decoded)
        }
    }
}

/// So many bytes.
fn read(bytes: &mut impl Read, length: u64) -> Result<Vec<u8>, Refusal> {
    let size = usize::try_from(length).map_err(|_| Refusal::Memory)?;
    let mut piece = Vec::new();
    piece.try_reserve_exact(size).map_err(|_| Refusal::Memory)?;
    match bytes.take(length).read_to_end(&mut piece) {
        Ok(read) if read == size => Ok(piece),
        Ok(_) => Err("bytes are missing".into()),
        Err(error) => Err(error.to_string().into()),
    }
}
