//! Fujifilm's raw files: their header says where a complete JPEG is, which has the metadata, and where the sensor's
//! properties are.

use crate::{
    facts::Size,
    found::Found,
    jpeg,
    reader::{Fields, Reader, Span},
};

/// Where the header says where the JPEG is, and after it the sensor's properties: an offset and a length each.
const PLACES: u64 = 84;
/// Properties that state the picture's size, the better one first: as it is shown, as it was read.
const SIZES: [u16; 2] = [0x0111, 0x0100];
/// The most properties that are looked at.
const MAX_PROPERTIES: u32 = 256;

/// Reads the file.
pub(crate) fn read(reader: &mut Reader<'_>, found: &mut Found) {
    let whole = reader.whole();
    let mut fields = Fields::new(reader, whole.after(PLACES));
    let mut place = || {
        let (offset, length) = (fields.u32()?, fields.u32()?);
        whole.part(u64::from(offset), u64::from(length))
    };
    let (picture, properties) = (place(), place());
    let sizes = properties
        .map(|properties| sizes(reader, properties))
        .unwrap_or_default();
    found.stored = sizes[0].or(sizes[1]);
    match picture {
        Some(span) => jpeg::read_embedded(reader, span, found),
        None => found.damaged("the picture in it is missing"),
    }
}

fn sizes(reader: &mut Reader<'_>, properties: Span) -> [Option<Size>; 2] {
    let mut found = [None; 2];
    let mut fields = Fields::new(reader, properties);
    let count = fields.u32().unwrap_or(0).min(MAX_PROPERTIES);
    let mut rest = properties.after(4);
    for _ in 0..count {
        let mut fields = Fields::new(reader, rest);
        let (Some(tag), Some(length)) = (fields.u16(), fields.u16()) else {
            break;
        };
        if let Some(wanted) = SIZES.iter().position(|size| *size == tag)
            && let (Some(height), Some(width)) = (fields.u16(), fields.u16())
        {
            found[wanted] = Size::new(width, height);
        }
        rest = rest.after(4 + u64::from(length));
    }
    found
}
