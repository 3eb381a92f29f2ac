//! A decoded picture: its components, what they mean, and how they become red, green and blue.

use crate::facts::Size;

use super::{
    order::Cicp,
    plane::{Plane, Share},
};

/// A decoded picture, shrunk already, before it is turned.
#[derive(Debug)]
pub(super) struct Decoded {
    /// The size at which it is stored, which `planes` had before they were shrunk. Those of the colours may have been stored
    /// at half of it.
    pub(super) size: Size,
    /// As many as the model has.
    pub(super) planes: Vec<Plane>,
    pub(super) model: Model,
    /// What a sample with all bits set is: 65,280 for one of 8 bits, which stand in the upper half of 16.
    pub(super) peak: f32,
    /// The colour profile (ICC) that came with it.
    pub(super) profile: Option<Vec<u8>>,
    /// What the stream says about colours.
    pub(super) coded: Option<Cicp>,
    /// How opaque it is, and what wholly opaque is.
    pub(super) alpha: Option<(Plane, f32)>,
    /// The part of it that is to be shown, and has `size`.
    pub(super) part: Option<Share>,
}

/// What a picture's components are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Model {
    Gray {
        /// Whether the samples use their whole range.
        is_full: bool,
    },
    Rgb,
    /// Brightness and two differences of colour.
    Ycc(Ycc),
    /// Inks, 0 being none.
    Cmyk,
    /// Inks as Adobe's programs store them: full is none.
    InvertedCmyk,
    /// The same, with cyan, magenta and yellow as brightness and differences.
    Ycck,
}

/// How brightness and differences of colour are made of red, green and blue (ITU-T H.273 section 8.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ycc {
    /// How much of the brightness is red.
    pub(super) red: f32,
    /// How much of the brightness is blue.
    pub(super) blue: f32,
    /// Whether the samples use their whole range, or keep clear of its ends, as television's do.
    pub(super) is_full: bool,
}

impl Ycc {
    pub(super) const BT601: (f32, f32) = (0.299, 0.114);
    pub(super) const BT709: (f32, f32) = (0.2126, 0.0722);
    pub(super) const BT2020: (f32, f32) = (0.2627, 0.0593);

    /// What JPEG uses (ITU-T T.871).
    pub(super) const JPEG: Self = Self {
        red: Self::BT601.0,
        blue: Self::BT601.1,
        is_full: true,
    };

    /// The shares of red and blue by their code point; `None` if it names none.
    pub(super) const fn of_matrix(matrix: u16) -> Option<(f32, f32)> {
        match matrix {
            1 => Some(Self::BT709),
            4..=7 => Some(Self::BT601),
            9 | 10 => Some(Self::BT2020),
            _ => None,
        }
    }
}

/// Red, green and blue of 8 bits each, in rows.
#[derive(Clone, Debug)]
pub(super) struct Pixels {
    pub(super) size: Size,
    /// Three bytes a pixel.
    pub(super) bytes: Vec<u8>,
}

impl Decoded {
    /// A picture of which nothing else is known.
    pub(super) fn whole(size: Size, planes: Vec<Plane>, model: Model, depth: u32) -> Self {
        Self {
            size,
            planes,
            model,
            peak: Self::peak(depth),
            profile: None,
            coded: None,
            alpha: None,
            part: None,
        }
    }

    /// What a sample of so many bits with all bits set is.
    pub(super) fn peak(depth: u32) -> f32 {
        65_536.0 - 65_536.0 / (1_u32 << depth.min(16)) as f32
    }

    /// What it is as another picture's transparency.
    pub(super) fn into_alpha(self) -> Option<(Plane, f32)> {
        Some((self.planes.into_iter().next()?, self.peak))
    }

    /// The picture at a size; `finish` makes bytes of red, green and blue, which go from 0 to 1, and a little beyond where
    /// colours do not exist.
    pub(super) fn to_rgb(
        &self,
        size: Size,
        finish: impl Fn([f32; 3]) -> [u8; 3],
    ) -> Option<Pixels> {
        let planes = self.resized(size)?;
        let mut bytes = Vec::with_capacity(planes.first()?.samples.len() * 3);
        let scale = 1.0 / self.peak;
        match (self.model, planes.as_slice()) {
            (Model::Gray { is_full }, [gray, ..]) => {
                let convert = Ycc {
                    is_full,
                    ..Ycc::JPEG
                }
                .conversion(self.peak);
                for gray in &gray.samples {
                    bytes.extend(finish([convert.brightness(gray.0); 3]));
                }
            }
            (Model::Rgb, [red, green, blue, ..]) => {
                for ((red, green), blue) in
                    red.samples.iter().zip(&green.samples).zip(&blue.samples)
                {
                    let rgb = [red, green, blue].map(|sample| f32::from(sample.0) * scale);
                    bytes.extend(finish(rgb));
                }
            }
            (Model::Ycc(model), [y, cb, cr, ..]) => {
                let convert = model.conversion(self.peak);
                for ((y, cb), cr) in y.samples.iter().zip(&cb.samples).zip(&cr.samples) {
                    bytes.extend(finish(convert.rgb(y.0, cb.0, cr.0)));
                }
            }
            (Model::Cmyk | Model::InvertedCmyk | Model::Ycck, [_, _, _, _]) => {
                for inks in self.to_inks(&planes)?.chunks_exact(4) {
                    let light = |ink: u8| f32::from(255 - ink) / 255.0;
                    let paper = light(inks[3]);
                    bytes.extend(finish([0, 1, 2].map(|ink| light(inks[ink]) * paper)));
                }
            }
            _ => return None,
        }
        Some(Pixels { size, bytes })
    }

    /// The planes at a size.
    pub(super) fn resized(&self, size: Size) -> Option<Vec<Plane>> {
        self.planes
            .iter()
            .map(|plane| plane.resized(self.part, size))
            .collect()
    }

    /// Cyan, magenta, yellow and black, 0 being none, four bytes a pixel. `None` for other models.
    pub(super) fn to_inks(&self, planes: &[Plane]) -> Option<Vec<u8>> {
        let [first, second, third, black] = planes else {
            return None;
        };
        let scale = 255.0 / self.peak;
        let mut bytes = Vec::with_capacity(first.samples.len() * 4);
        let convert = Ycc::JPEG.conversion(self.peak);
        for (((a, b), c), k) in first
            .samples
            .iter()
            .zip(&second.samples)
            .zip(&third.samples)
            .zip(&black.samples)
        {
            let plain = [a, b, c, k].map(|sample| f32::from(sample.0) * scale);
            let inks = match self.model {
                Model::Cmyk => plain,
                Model::InvertedCmyk => plain.map(|ink| 255.0 - ink),
                Model::Ycck => {
                    let [red, green, blue] = convert.rgb(a.0, b.0, c.0).map(|part| part * 255.0);
                    [red, green, blue, plain[3]].map(|ink| 255.0 - ink)
                }
                _ => return None,
            };
            bytes.extend(inks.map(byte));
        }
        Some(bytes)
    }

    /// Lays the picture onto white where it is transparent.
    pub(super) fn lay_on_white(&self, pixels: &mut Pixels) -> Option<()> {
        let Some((alpha, opaque)) = &self.alpha else {
            return Some(());
        };
        let alpha = alpha.resized(self.part, pixels.size)?;
        for (pixel, alpha) in pixels.bytes.chunks_exact_mut(3).zip(&alpha.samples) {
            let share = (f32::from(alpha.0) / opaque).min(1.0);
            for part in pixel {
                *part = byte(f32::from(*part) * share + 255.0 * (1.0 - share));
            }
        }
        Some(())
    }
}

/// A number from 0 to 255, rounded; what lies outside is cut off.
pub(super) fn byte(value: f32) -> u8 {
    // Rust's conversion stops at the ends.
    (value + 0.5) as u8
}

/// The numbers that one conversion needs for every pixel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conversion {
    black: f32,
    middle: f32,
    luma: f32,
    red_of_cr: f32,
    blue_of_cb: f32,
    green_of_cr: f32,
    green_of_cb: f32,
}

impl Ycc {
    /// For samples whose largest one is `peak`.
    pub(super) fn conversion(self, peak: f32) -> Conversion {
        // Limited range is defined by powers of two: 16 to 235 of 256, whatever the depth.
        let (black, luma, chroma) = if self.is_full {
            (0.0, peak, peak)
        } else {
            (4096.0, 219.0 * 256.0, 224.0 * 256.0)
        };
        let green = 1.0 - self.red - self.blue;
        let (cr, cb) = (2.0 * (1.0 - self.red), 2.0 * (1.0 - self.blue));
        Conversion {
            black,
            middle: 32_768.0,
            luma: 1.0 / luma,
            red_of_cr: cr / chroma,
            blue_of_cb: cb / chroma,
            green_of_cr: cr * self.red / green / chroma,
            green_of_cb: cb * self.blue / green / chroma,
        }
    }
}

impl Conversion {
    fn brightness(&self, y: u16) -> f32 {
        (f32::from(y) - self.black) * self.luma
    }

    /// Red, green and blue from 0 to 1, and a little beyond where the colours do not exist.
    pub(super) fn rgb(&self, y: u16, cb: u16, cr: u16) -> [f32; 3] {
        let y = self.brightness(y);
        let (cb, cr) = (f32::from(cb) - self.middle, f32::from(cr) - self.middle);
        [
            y + cr * self.red_of_cr,
            y - cr * self.green_of_cr - cb * self.green_of_cb,
            y + cb * self.blue_of_cb,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pure_colours_come_out_pure() {
        let bt709 = Ycc {
            red: 0.2126,
            blue: 0.0722,
            is_full: false,
        };
        for (model, ycc, rgb) in [
            (Ycc::JPEG, [255, 128, 128], [255, 255, 255]),
            (Ycc::JPEG, [0, 128, 128], [0, 0, 0]),
            (Ycc::JPEG, [76, 85, 255], [254, 0, 0]),
            (bt709, [235, 128, 128], [255, 255, 255]),
            (bt709, [16, 128, 128], [0, 0, 0]),
            (bt709, [63, 102, 240], [255, 1, 0]),
        ] {
            let [y, cb, cr] = ycc.map(|sample| sample << 8);
            let found = model.conversion(65_280.0).rgb(y, cb, cr);
            assert_eq!(
                found.map(|part| byte(part * 255.0)),
                rgb,
                "{model:?} {ycc:?}"
            );
        }
    }
}
