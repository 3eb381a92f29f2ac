//! Colours as they are meant: whatever space a picture came in, it leaves in sRGB.

use moxcms::{ColorProfile, DataColorSpace, Layout, RenderingIntent, TransformOptions};

use crate::facts::Size;

use super::{
    hdr::Hdr,
    order::Colour,
    samples::{Decoded, Model, Pixels, byte},
};

/// Code points of primaries (ITU-T H.273 table 2) that are visibly wider than sRGB's.
const BT2020: u16 = 9;
const DISPLAY_P3: u16 = 12;

/// The picture at a size in sRGB, on white. `None` if there is not enough memory.
///
/// A colour profile that cannot be used is as good as none: then the numbers are taken for sRGB, as everybody does.
pub(super) fn to_srgb(decoded: &Decoded, stated: &Colour, size: Size) -> Option<Pixels> {
    let coded = stated.coded.or(decoded.coded);
    let mut pixels = match coded.and_then(Hdr::of) {
        Some(hdr) => decoded.to_rgb(size, |rgb| hdr.to_srgb(rgb)),
        None => {
            let profile = decoded
                .profile
                .as_deref()
                .or(stated.profile.as_deref())
                .and_then(|profile| ColorProfile::new_from_slice(profile).ok())
                .or_else(|| match coded?.primaries {
                    DISPLAY_P3 => Some(ColorProfile::new_display_p3()),
                    BT2020 => Some(ColorProfile::new_bt2020()),
                    _ => None,
                });
            with_profile(decoded, profile.as_ref(), size)
        }
    }?;
    decoded.lay_on_white(&mut pixels)?;
    Some(pixels)
}

fn with_profile(decoded: &Decoded, profile: Option<&ColorProfile>, size: Size) -> Option<Pixels> {
    let plain = || decoded.to_rgb(size, |rgb| rgb.map(|part| byte(part * 255.0)));
    let Some(profile) = profile else {
        return plain();
    };
    // A profile for something else than the picture is made of says nothing about it.
    let converted = match (profile.color_space, decoded.model) {
        (DataColorSpace::Cmyk, Model::Cmyk | Model::InvertedCmyk | Model::Ycck) => {
            let inks = decoded.to_inks(&decoded.resized(size)?)?;
            converted(profile, Layout::Rgba, &inks)
        }
        (DataColorSpace::Rgb, Model::Rgb | Model::Ycc(_)) => {
            converted(profile, Layout::Rgb, &plain()?.bytes)
        }
        (DataColorSpace::Gray, Model::Gray { .. }) => {
            let gray: Vec<u8> = plain()?.bytes.iter().step_by(3).copied().collect();
            converted(profile, Layout::Gray, &gray)
        }
        _ => None,
    };
    match converted {
        Some(bytes) => Some(Pixels { size, bytes }),
        None => plain(),
    }
}

/// Samples in a profile's space as red, green and blue in sRGB.
fn converted(profile: &ColorProfile, layout: Layout, samples: &[u8]) -> Option<Vec<u8>> {
    let options = TransformOptions {
        rendering_intent: RenderingIntent::RelativeColorimetric,
        ..TransformOptions::default()
    };
    let transform = profile
        .create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, options)
        .ok()?;
    let mut bytes = vec![0; samples.len() / layout.channels() * 3];
    transform.transform(samples, &mut bytes).ok()?;
    Some(bytes)
}
