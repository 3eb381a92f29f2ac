//! From a decoded picture to what is shown: small, in sRGB, upright, as a JPEG.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
    pixels::U8x3,
};
use jpeg_encoder::{ColorType, Encoder};

use crate::facts::{Orientation, Size};

use super::{
    PREVIEW, Pictures, THUMBNAIL, Want, colour,
    order::{Order, Refusal},
    samples::{Decoded, Pixels},
};

/// How good JPEGs are, of 100.
const QUALITY: u8 = 80;
/// Pictures of so few pixels are shown enlarged: every mistake can be seen, and hardly a byte is saved by it.
const SMALL: u16 = 64;
/// From 90 on, colours have their full size.
const QUALITY_OF_SMALL: u8 = 95;
/// The longest side that a thumbhash is made from: it has at most seven waves a side, and its time grows with the pixels.
const HASHED: u32 = 32;

/// The pictures that an order asks for.
pub(super) fn show(decoded: &Decoded, order: &Order) -> Result<Pictures, Refusal> {
    let largest = fitted(decoded.size, longest(order.want));
    let stored = colour::to_srgb(decoded, &order.colour, largest).ok_or(Refusal::Memory)?;
    let shown = upright(&stored, order.orientation);
    let small = fitted(shown.size, THUMBNAIL);
    let thumbnail = if small == shown.size {
        shown.clone()
    } else {
        resized(&shown, small).ok_or(Refusal::Memory)?
    };
    Ok(Pictures {
        placeholder: placeholder(&thumbnail).ok_or(Refusal::Memory)?,
        thumbnail: order
            .want
            .thumbnail
            .then(|| encode(&thumbnail))
            .transpose()?,
        preview: order.want.preview.then(|| encode(&shown)).transpose()?,
        size: order.orientation.apply(decoded.size),
    })
}

/// The longest side of what is wanted.
pub(super) fn longest(want: Want) -> u32 {
    if want.preview { PREVIEW } else { THUMBNAIL }
}

/// A size with the same proportions, and no side longer than `longest`; no larger than it is.
fn fitted(size: Size, longest: u32) -> Size {
    let Size { width, height } = size;
    let most = width.max(height);
    if most <= longest {
        return size;
    }
    let side = |side: u32| {
        let scaled = (u64::from(side) * u64::from(longest) + u64::from(most) / 2) / u64::from(most);
        u32::try_from(scaled).unwrap_or(longest).max(1)
    };
    Size {
        width: side(width),
        height: side(height),
    }
}

fn resized(pixels: &Pixels, size: Size) -> Option<Pixels> {
    let from = ImageRef::new(
        pixels.size.width,
        pixels.size.height,
        &pixels.bytes,
        PixelType::U8x3,
    )
    .ok()?;
    let mut to = Image::new(size.width, size.height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    // With the kind of pixel known here, the program has the code for it alone: 3 MB less.
    Resizer::new()
        .resize_typed(
            &from.typed_image::<U8x3>()?,
            &mut to.typed_image_mut::<U8x3>()?,
            &options,
        )
        .ok()?;
    Some(Pixels {
        size,
        bytes: to.into_vec(),
    })
}

/// As it is to be shown: mirrored first, then turned.
fn upright(stored: &Pixels, orientation: Orientation) -> Pixels {
    if orientation == Orientation::default() {
        return stored.clone();
    }
    let (width, height) = (stored.size.width as usize, stored.size.height as usize);
    let size = orientation.apply(stored.size);
    let across = size.width as usize;
    let mut bytes = Vec::with_capacity(stored.bytes.len());
    for y in 0..size.height as usize {
        for x in 0..across {
            // Back from the shown place to the stored one: turned back, then mirrored.
            let (from_x, from_y) = match orientation.degrees() {
                90 => (y, height - 1 - x),
                180 => (width - 1 - x, height - 1 - y),
                270 => (width - 1 - y, x),
                _ => (x, y),
            };
            let from_x = if orientation.mirrored {
                width - 1 - from_x
            } else {
                from_x
            };
            let at = (from_y * width + from_x) * 3;
            bytes.extend_from_slice(&stored.bytes[at..at + 3]);
        }
    }
    Pixels { size, bytes }
}

fn encode(pixels: &Pixels) -> Result<Vec<u8>, Refusal> {
    let mut jpeg = Vec::new();
    let (Ok(width), Ok(height)) = (
        u16::try_from(pixels.size.width),
        u16::try_from(pixels.size.height),
    ) else {
        return Err("it is too large".into());
    };
    let quality = if width.max(height) <= SMALL {
        QUALITY_OF_SMALL
    } else {
        QUALITY
    };
    Encoder::new(&mut jpeg, quality)
        .encode(&pixels.bytes, width, height, ColorType::Rgb)
        .map_err(|error| error.to_string())?;
    Ok(jpeg)
}

fn placeholder(thumbnail: &Pixels) -> Option<Vec<u8>> {
    let tiny = resized(thumbnail, fitted(thumbnail.size, HASHED))?;
    let opaque: Vec<u8> = tiny
        .bytes
        .chunks_exact(3)
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255])
        .collect();
    Some(thumbhash::rgba_to_thumb_hash(
        tiny.size.width as usize,
        tiny.size.height as usize,
        &opaque,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_enlarged_and_nothing_vanishes() {
        let size = |width, height| Size { width, height };
        for (from, longest, to) in [
            ((4032, 3024), 1440, (1440, 1080)),
            ((3024, 4032), 320, (240, 320)),
            ((320, 100), 320, (320, 100)),
            ((30_000, 2), 1440, (1440, 1)),
            ((1, 1), 320, (1, 1)),
            ((u32::MAX, 1), 320, (320, 1)),
        ] {
            assert_eq!(fitted(size(from.0, from.1), longest), size(to.0, to.1));
        }
    }

    #[test]
    fn each_orientation_brings_the_letter_f_upright() {
        // The letter F, three by four pixels; EXIF says for each of the eight where its top row and left column are.
        const UPRIGHT: [&str; 4] = ["###", "#..", "##.", "#.."];
        const STORED: [&[&str]; 8] = [
            &["###", "#..", "##.", "#.."],
            &["###", "..#", ".##", "..#"],
            &["..#", ".##", "..#", "###"],
            &["#..", "##.", "#..", "###"],
            &["####", "#.#.", "#..."],
            &["#...", "#.#.", "####"],
            &["...#", ".#.#", "####"],
            &["####", ".#.#", "...#"],
        ];
        for (value, rows) in (1..).zip(STORED) {
            let stored = Pixels {
                size: Size::new(rows[0].len(), rows.len()).unwrap(),
                bytes: rows
                    .concat()
                    .bytes()
                    .flat_map(|dot| [dot, dot, dot])
                    .collect(),
            };
            let shown = upright(&stored, Orientation::from_exif(value).unwrap());
            let found: String = shown
                .bytes
                .chunks(3)
                .map(|pixel| char::from(pixel[0]))
                .collect();
            assert_eq!(found, UPRIGHT.concat(), "{value}");
        }
    }
}
