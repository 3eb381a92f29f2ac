//! Looking at pictures: what a JPEG of ours shows, and how far two pictures are apart.

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

/// Two pictures are compared in so many squares across and down.
pub(crate) const SIDE: usize = 16;

/// A picture in red, green and blue.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Picture {
    pub(crate) fn of_jpeg(jpeg: &[u8]) -> Self {
        let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(jpeg), options);
        let bytes = decoder.decode().unwrap();
        let (width, height) = decoder.dimensions().unwrap();
        Self {
            width,
            height,
            bytes,
        }
    }

    /// Averages of so many squares across and down.
    pub(crate) fn squares(&self, side: usize) -> Vec<[f64; 3]> {
        let mut sums = vec![([0.0; 3], 0.0); side * side];
        for y in 0..self.height {
            for x in 0..self.width {
                let at = y * side / self.height * side + x * side / self.width;
                let (sum, count) = &mut sums[at];
                for (sum, part) in sum.iter_mut().zip(&self.bytes[(y * self.width + x) * 3..]) {
                    *sum += f64::from(*part);
                }
                *count += 1.0;
            }
        }
        sums.into_iter()
            .map(|(sum, count)| sum.map(|sum| sum / count))
            .collect()
    }

    /// The average of red, of green and of blue.
    pub(crate) fn mean(&self) -> [f64; 3] {
        self.squares(1)[0]
    }

    /// How far the squares of two pictures are apart on average, of 255.
    pub(crate) fn distance(&self, other: &Self) -> f64 {
        let apart: f64 = self
            .squares(SIDE)
            .iter()
            .zip(other.squares(SIDE))
            .flat_map(|(ours, theirs)| {
                ours.iter()
                    .zip(theirs)
                    .map(|(a, b)| (a - b).abs())
                    .collect::<Vec<_>>()
            })
            .sum();
        apart / (SIDE * SIDE * 3) as f64
    }
}
