//! One component of a picture (its brightness, say), kept small while it is decoded.

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U16,
};

use crate::facts::Size;

/// Samples in rows from top to bottom. Those of `depth` bits stand in the upper bits of 16, so that averages lose nothing.
#[derive(Clone, Debug)]
pub(super) struct Plane {
    pub(super) size: Size,
    pub(super) samples: Vec<U16>,
}

impl Plane {
    /// A plane of the same sample everywhere; `None` if there is not so much memory.
    pub(super) fn new(size: Size, sample: u16) -> Option<Self> {
        let count = usize::try_from(u64::from(size.width) * u64::from(size.height)).ok()?;
        let mut samples = Vec::new();
        samples.try_reserve_exact(count).ok()?;
        samples.resize(count, U16::new(sample));
        Some(Self { size, samples })
    }

    /// The same picture, or a part of it, at another size.
    pub(super) fn resized(&self, part: Option<Share>, size: Size) -> Option<Self> {
        let mut resized = Self::new(size, 0)?;
        let mut options =
            ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
        if let Some(part) = part {
            let (width, height) = (f64::from(self.size.width), f64::from(self.size.height));
            options = options.crop(
                part.x * width,
                part.y * height,
                part.width * width,
                part.height * height,
            );
        }
        let from = TypedImageRef::new(self.size.width, self.size.height, &self.samples).ok()?;
        let mut to =
            TypedImage::from_pixels_slice(size.width, size.height, &mut resized.samples).ok()?;
        Resizer::new().resize_typed(&from, &mut to, &options).ok()?;
        Some(resized)
    }
}

/// A part of a picture, all in shares of its width and height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A plane that takes the samples of a picture as they are decoded, in stripes or tiles, and keeps averages of squares.
///
/// So a picture of 200 megapixels needs a few megabytes, if its decoder hands it out in parts.
#[derive(Debug)]
pub(super) struct Shrinking {
    full: Size,
    /// The squares' side is 2 to the power of this.
    shift: u32,
    /// How far samples are moved to the left, so that their highest bit is that of 16.
    lift: u32,
    plane: Plane,
    sums: Vec<u32>,
}

/// Where a part of a picture belongs, and its samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'s, T> {
    /// From the left; a multiple of what [`Shrinking::new`] was told.
    pub(super) x: u32,
    /// From the top; a multiple of the same.
    pub(super) y: u32,
    pub(super) size: Size,
    /// From one row to the next.
    pub(super) stride: usize,
    pub(super) samples: &'s [T],
}

impl Shrinking {
    /// The largest side of the squares.
    const LARGEST: u32 = 8;

    /// For a picture of a full size with samples of `depth` bits, of which no more is needed than `target` pixels on the
    /// longest side. Its parts begin at multiples of `grain`. Those that do not come have `sample` (at 16 bits).
    pub(super) fn new(
        full: Size,
        depth: u32,
        target: u32,
        grain: u32,
        sample: u16,
    ) -> Option<Self> {
        // What is kept has a little more than is needed, so that it can still be resized with a good filter.
        let enough = u64::from(target) * 5 / 4;
        let longest = u64::from(full.width.max(full.height));
        let shift = (0..=Self::LARGEST.ilog2().min(grain.trailing_zeros()))
            .rev()
            .find(|shift| longest >> shift >= enough)
            .unwrap_or(0);
        let size = Size {
            width: full.width.div_ceil(1 << shift),
            height: full.height.div_ceil(1 << shift),
        };
        Some(Self {
            full,
            shift,
            lift: 16_u32.checked_sub(depth)?,
            plane: Plane::new(size, sample)?,
            sums: Vec::new(),
        })
    }

    /// Takes a part; what lies outside of the picture is left out. A part without all of its samples is not taken.
    pub(super) fn put<T: Copy + Into<u32>>(&mut self, part: Part<'_, T>) {
        match self.shift {
            0 => self.put_squares::<T, 1>(part),
            1 => self.put_squares::<T, 2>(part),
            2 => self.put_squares::<T, 4>(part),
            _ => self.put_squares::<T, 8>(part),
        }
    }

    fn put_squares<T: Copy + Into<u32>, const SIDE: usize>(&mut self, part: Part<'_, T>) {
        let width = part.size.width.min(self.full.width.saturating_sub(part.x)) as usize;
        let height = part
            .size
            .height
            .min(self.full.height.saturating_sub(part.y)) as usize;
        let needed = height.saturating_sub(1) * part.stride + width;
        if width == 0 || height == 0 || width > part.stride || part.samples.len() < needed {
            return;
        }
        let across = width.div_ceil(SIDE);
        let (whole, rest) = (width / SIDE, width % SIDE);
        let rows: Vec<&[T]> = part
            .samples
            .chunks(part.stride)
            .take(height)
            .map(|row| &row[..width.min(row.len())])
            .collect();
        let row_length = self.plane.size.width as usize;
        let (left, top) = (
            (part.x >> self.shift) as usize,
            (part.y >> self.shift) as usize,
        );
        self.sums.resize(across, 0);
        for (number, square_rows) in rows.chunks(SIDE).enumerate() {
            self.sums.fill(0);
            for row in square_rows {
                let (squares, last) = row.split_at(whole * SIDE);
                for (sum, square) in self.sums.iter_mut().zip(squares.chunks_exact(SIDE)) {
                    *sum += square.iter().map(|&sample| sample.into()).sum::<u32>();
                }
                if let (Some(sum), true) = (self.sums.get_mut(whole), rest > 0) {
                    *sum += last.iter().map(|&sample| sample.into()).sum::<u32>();
                }
            }
            let start = (top + number) * row_length + left;
            let Some(to) = self.plane.samples.get_mut(start..start + across) else {
                return;
            };
            let lift = self.lift;
            if square_rows.len() == SIDE {
                let count_shift = 2 * self.shift;
                for (to, sum) in to.iter_mut().zip(&self.sums[..whole]) {
                    to.0 = narrow((sum << lift) >> count_shift);
                }
            } else {
                let count = (square_rows.len() * SIDE) as u32;
                for (to, sum) in to.iter_mut().zip(&self.sums[..whole]) {
                    to.0 = narrow((sum << lift) / count);
                }
            }
            if let (Some(to), Some(sum)) = (to.get_mut(whole), self.sums.get(whole)) {
                to.0 = narrow((sum << lift) / (square_rows.len() * rest) as u32);
            }
        }
    }

    /// The plane as far as it has come.
    pub(super) fn finish(self) -> Plane {
        self.plane
    }
}

/// The average of samples of 16 bits, which has no more.
fn narrow(average: u32) -> u16 {
    average.min(u32::from(u16::MAX)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    #[test]
    fn squares_become_their_average_also_at_the_edges() {
        // 19 × 9 samples, of which 4 pixels a side are needed: squares of 2.
        let samples: Vec<u8> = (0..19 * 9).map(|n| (n % 19) as u8 * 10).collect();
        let mut shrinking = Shrinking::new(size(19, 9), 8, 4, 2, 0).unwrap();
        assert_eq!(shrinking.shift, 1);
        shrinking.put(Part {
            x: 0,
            y: 0,
            size: size(19, 9),
            stride: 19,
            samples: &samples,
        });
        let plane = shrinking.finish();
        assert_eq!(plane.size, size(10, 5));
        for row in plane.samples.chunks(10) {
            let found: Vec<u16> = row.iter().map(|sample| sample.0 >> 8).collect();
            assert_eq!(found, [5, 25, 45, 65, 85, 105, 125, 145, 165, 180]);
        }
    }

    #[test]
    fn tiles_make_the_same_picture_as_one_part() {
        let full = size(100, 50);
        let samples: Vec<u16> = (0..5000).map(|n| (n * 37 % 1024) as u16).collect();
        let mut whole = Shrinking::new(full, 10, 20, 16, 0).unwrap();
        whole.put(Part {
            x: 0,
            y: 0,
            size: full,
            stride: 100,
            samples: &samples,
        });
        let mut tiled = Shrinking::new(full, 10, 20, 16, 0).unwrap();
        assert_eq!(tiled.shift, 2);
        for y in (0..50).step_by(16) {
            for x in (0..100).step_by(32) {
                // Tiles reach over the edges, as HEIF's do.
                let tile: Vec<u16> = (0..16 * 32)
                    .map(|n| {
                        let (x, y) = (x + n % 32, y + n / 32);
                        if x < 100 && y < 50 {
                            samples[y * 100 + x]
                        } else {
                            1023
                        }
                    })
                    .collect();
                tiled.put(Part {
                    x: x as u32,
                    y: y as u32,
                    size: size(32, 16),
                    stride: 32,
                    samples: &tile,
                });
            }
        }
        assert_eq!(tiled.finish().samples, whole.finish().samples);
    }

    #[test]
    fn what_does_not_fit_is_not_taken() {
        let mut shrinking = Shrinking::new(size(8, 8), 8, 8, 8, 7).unwrap();
        for (x, y, samples) in [(8, 0, 64), (0, 16, 64), (0, 0, 63), (0, 0, 0)] {
            shrinking.put(Part {
                x,
                y,
                size: size(8, 8),
                stride: 8,
                samples: &vec![255_u8; samples],
            });
        }
        assert!(
            shrinking
                .finish()
                .samples
                .iter()
                .all(|sample| sample.0 == 7)
        );
    }
}
