//! Colours as they are meant: whatever space a picture came in, it leaves in sRGB.

use moxcms::{ColorProfile, DataColorSpace, Layout, RenderingIntent, TransformOptions};

use crate::facts::Size;

use super::{
    order::Colour,
    samples::{Decoded, Model, Pixels},
};

/// The picture at a size in sRGB. `None` if there is not enough memory.
///
/// A colour profile that cannot be used is as good as none: then the numbers are taken for sRGB, as everybody does.
pub(super) fn to_srgb(decoded: &Decoded, stated: &Colour, size: Size) -> Option<Pixels> {
    let profile = decoded
        .profile
        .as_deref()
        .or(stated.profile.as_deref())
        .and_then(|profile| ColorProfile::new_from_slice(profile).ok());
    let Some(profile) = profile else {
        return decoded.to_rgb(size);
    };
    if profile.color_space == DataColorSpace::Cmyk {
        let inks = decoded.to_inks(&decoded.resized(size)?);
        let converted = inks.and_then(|inks| converted(&profile, Layout::Rgba, &inks));
        return match converted {
            Some(bytes) => Some(Pixels { size, bytes }),
            None => decoded.to_rgb(size),
        };
    }
    let plain = decoded.to_rgb(size)?;
    // A profile for something else than the picture is made of says nothing about it.
    let bytes = match (profile.color_space, decoded.model) {
        (DataColorSpace::Rgb, Model::Rgb | Model::Ycc(_)) => {
            converted(&profile, Layout::Rgb, &plain.bytes)
        }
        (DataColorSpace::Gray, Model::Gray) => {
            let gray: Vec<u8> = plain.bytes.iter().step_by(3).copied().collect();
            converted(&profile, Layout::Gray, &gray)
        }
        _ => None,
    };
    Some(match bytes {
        Some(bytes) => Pixels { size, bytes },
        None => plain,
    })
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
