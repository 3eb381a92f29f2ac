//! How a picture is coded, as bytes of an order.

use std::io;

use crate::facts::Size;

use super::{
    order::{Cicp, Codec, Coding, Colour, Container, Crop, Grid, Source},
    wire::{self, Fields},
};

/// By their numbers on the wire.
const CONTAINERS: [Container; 7] = [
    Container::Jpeg,
    Container::Png,
    Container::Gif,
    Container::WebP,
    Container::Tiff,
    Container::Jxl,
    Container::Heif,
];
const CODECS: [Codec; 3] = [Codec::Hevc, Codec::Avc, Codec::Av1];

fn put_one_of<T: PartialEq>(out: &mut Vec<u8>, all: &[T], one: &T) {
    let number = all.iter().position(|other| other == one);
    // All are listed; what were not would be refused.
    out.push(
        number
            .and_then(|number| u8::try_from(number).ok())
            .unwrap_or(u8::MAX),
    );
}

fn one_of<T: Copy>(fields: &mut Fields<'_>, all: &[T]) -> io::Result<T> {
    let number = usize::from(fields.u8()?);
    all.get(number).copied().ok_or_else(wire::wrong)
}

pub(super) fn put_source(out: &mut Vec<u8>, source: &Source) {
    match source {
        Source::File(container) => {
            out.push(0);
            put_one_of(out, &CONTAINERS, container);
        }
        Source::Coded { picture, alpha } => {
            out.push(1);
            put_coding(out, picture);
            wire::put_maybe(out, alpha.as_ref(), put_coding);
        }
    }
}

pub(super) fn source(fields: &mut Fields<'_>) -> io::Result<Source> {
    match fields.u8()? {
        0 => one_of(fields, &CONTAINERS).map(Source::File),
        1 => Ok(Source::Coded {
            picture: coding(fields)?,
            alpha: fields.maybe(coding)?,
        }),
        _ => Err(wire::wrong()),
    }
}

fn put_coding(out: &mut Vec<u8>, coding: &Coding) {
    put_one_of(out, &CODECS, &coding.codec);
    wire::put_optional(out, Some(&coding.configuration));
    wire::put_maybe(out, coding.grid.as_ref(), |out, grid| {
        out.extend(grid.columns.to_le_bytes());
        put_size(out, &grid.tile);
        put_size(out, &grid.size);
    });
    wire::put_maybe(out, coding.crop.as_ref(), |out, crop| {
        out.extend(crop.x.to_le_bytes());
        out.extend(crop.y.to_le_bytes());
        put_size(out, &crop.size);
    });
    wire::put_maybe(out, coding.shape.as_ref(), put_size);
    out.extend(coding.pieces.to_le_bytes());
}

fn coding(fields: &mut Fields<'_>) -> io::Result<Coding> {
    Ok(Coding {
        codec: one_of(fields, &CODECS)?,
        configuration: fields.optional()?.ok_or_else(wire::wrong)?.to_vec(),
        grid: fields.maybe(|fields| {
            Ok(Grid {
                columns: fields.u32()?,
                tile: size(fields)?,
                size: size(fields)?,
            })
        })?,
        crop: fields.maybe(|fields| {
            Ok(Crop {
                x: fields.u32()?,
                y: fields.u32()?,
                size: size(fields)?,
            })
        })?,
        shape: fields.maybe(size)?,
        pieces: fields.u32()?,
    })
}

fn put_size(out: &mut Vec<u8>, size: &Size) {
    out.extend(size.width.to_le_bytes());
    out.extend(size.height.to_le_bytes());
}

pub(super) fn size(fields: &mut Fields<'_>) -> io::Result<Size> {
    let (width, height) = (fields.u32()?, fields.u32()?);
    Size::new(width, height).ok_or_else(wire::wrong)
}

pub(super) fn put_colour(out: &mut Vec<u8>, colour: &Colour) {
    wire::put_optional(out, colour.profile.as_deref());
    wire::put_maybe(out, colour.coded.as_ref(), |out, coded| {
        for number in [coded.primaries, coded.transfer, coded.matrix] {
            out.extend(number.to_le_bytes());
        }
        out.push(match coded.is_full {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        });
    });
}

pub(super) fn colour(fields: &mut Fields<'_>) -> io::Result<Colour> {
    Ok(Colour {
        profile: fields.optional()?.map(<[u8]>::to_vec),
        coded: fields.maybe(|fields| {
            Ok(Cicp {
                primaries: fields.u16()?,
                transfer: fields.u16()?,
                matrix: fields.u16()?,
                is_full: match fields.u8()? {
                    0 => None,
                    1 => Some(false),
                    2 => Some(true),
                    _ => return Err(wire::wrong()),
                },
            })
        })?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        facts::Orientation,
        pictures::{Want, order::Order},
    };

    #[test]
    fn an_order_arrives_as_it_was_given() {
        let size = |width, height| Size { width, height };
        let coding = Coding {
            codec: Codec::Av1,
            configuration: vec![1, 2, 3],
            grid: Some(Grid {
                columns: 2,
                tile: size(512, 256),
                size: size(1000, 500),
            }),
            crop: Some(Crop {
                x: 1,
                y: 2,
                size: size(3, 4),
            }),
            shape: Some(size(5, 6)),
            pieces: 4,
        };
        let plain = Coding {
            codec: Codec::Hevc,
            configuration: Vec::new(),
            grid: None,
            crop: None,
            shape: None,
            pieces: 1,
        };
        let colour = Colour {
            profile: Some(vec![7; 300]),
            coded: Some(Cicp {
                primaries: 12,
                transfer: 13,
                matrix: 6,
                is_full: Some(true),
            }),
        };
        for (source, colour) in [
            (Source::File(Container::Heif), Colour::default()),
            (
                Source::Coded {
                    picture: coding,
                    alpha: Some(plain),
                },
                colour,
            ),
        ] {
            let order = Order {
                want: Want {
                    thumbnail: true,
                    preview: false,
                },
                source,
                orientation: Orientation::from_exif(7).unwrap(),
                colour,
                pieces: vec![1, 20, 300, 4, 5],
            };
            let mut bytes = Vec::new();
            order.write(&mut bytes).unwrap();
            assert_eq!(Order::read(&mut bytes.as_slice()).unwrap().unwrap(), order);
            for cut in 1..bytes.len() {
                assert!(Order::read(&mut &bytes[..cut]).is_err());
            }
            assert!(Order::read(&mut &b""[..]).unwrap().is_none());
        }
    }
}
