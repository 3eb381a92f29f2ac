//! The properties of HEIF's pictures (ISO/IEC 23008-12 section 6.5): size, crop, turns and mirrors, which are applied in
//! the order in which they are associated with a picture.

use crate::{
    facts::{Orientation, Size},
    isobmff::{self, Node, Nodes},
    reader::{Fields, Reader, Span},
};

/// The most properties of a file that are looked at. A picture in tiles shares few properties among many tiles.
const MAX_PROPERTIES: usize = 1024;

/// What the properties say about a picture.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shown {
    /// Its size after the crop and before the turns.
    pub(crate) stored: Option<Size>,
    /// Its turns and mirrors.
    pub(crate) orientation: Orientation,
}

/// What the properties in a span (the box `iprp`) say about the item.
pub(crate) fn read(reader: &mut Reader<'_>, iprp: Span, item: u32) -> Shown {
    let mut shown = Shown::default();
    for property in of_item(reader, iprp, item) {
        shown.apply(reader, property);
    }
    shown
}

/// The properties of an item, in the order in which they are to be applied.
pub(crate) fn of_item(reader: &mut Reader<'_>, iprp: Span, item: u32) -> Vec<Node> {
    let mut found = Vec::new();
    let Some(container) = isobmff::find(reader, iprp, *b"ipco") else {
        return found;
    };
    let mut properties = Vec::new();
    let mut boxes = Nodes::of(container);
    while let Some(node) = boxes.next(reader) {
        properties.push(node);
        if properties.len() == MAX_PROPERTIES {
            break;
        }
    }
    let mut boxes = Nodes::of(iprp);
    while let Some(associations) = boxes.find(reader, *b"ipma") {
        let Some(numbers) = associated(reader, associations, item) else {
            continue;
        };
        for number in numbers {
            // They are counted from 1; 0 is none.
            if let Some(property) = number
                .checked_sub(1)
                .and_then(|place| properties.get(usize::from(place)))
            {
                found.push(*property);
            }
        }
    }
    found
}

/// The numbers of the properties that a box of associations gives an item.
fn associated(reader: &mut Reader<'_>, ipma: Span, item: u32) -> Option<Vec<u16>> {
    let mut fields = Fields::new(reader, ipma);
    let version_and_flags = fields.u32()?;
    let wide_items = version_and_flags >> 24 > 0;
    let wide_numbers = version_and_flags & 1 == 1;
    let entries = fields.u32()?;
    for _ in 0..entries {
        let id = if wide_items {
            fields.u32()?
        } else {
            u32::from(fields.u16()?)
        };
        let count = fields.u8()?;
        let mut numbers = Vec::new();
        for _ in 0..count {
            // The highest bit says whether a reader must understand the property.
            numbers.push(if wide_numbers {
                fields.u16()? & 0x7FFF
            } else {
                u16::from(fields.u8()? & 0x7F)
            });
        }
        if id == item {
            return Some(numbers);
        }
    }
    None
}

impl Shown {
    pub(crate) fn apply(&mut self, reader: &mut Reader<'_>, property: Node) {
        let content = property.content;
        match &property.name {
            b"ispe" => {
                let mut fields = Fields::new(reader, content.after(4));
                if let (Some(width), Some(height)) = (fields.u32(), fields.u32()) {
                    self.stored = Size::new(width, height);
                }
            }
            b"clap" => {
                if let (Some(stored), Some(crop)) = (self.stored, crop(reader, content))
                    && crop.width <= stored.width
                    && crop.height <= stored.height
                {
                    self.stored = Some(crop);
                }
            }
            // Quarters against the clock.
            b"irot" => {
                if let Some([angle]) = reader.array(content.start) {
                    self.orientation = self.orientation.turned(4 - (angle & 3));
                }
            }
            b"imir" => {
                if let Some([axis]) = reader.array(content.start) {
                    let mirrored = self.orientation.then_mirrored();
                    // Axis 0 exchanges top and bottom: left and right exchanged, and half a turn.
                    self.orientation = mirrored.turned(if axis & 1 == 0 { 2 } else { 0 });
                }
            }
            _ => {}
        }
    }
}

/// The clean aperture's size: two fractions.
fn crop(reader: &mut Reader<'_>, clap: Span) -> Option<Size> {
    let mut fields = Fields::new(reader, clap);
    let mut side = || {
        let (numerator, denominator) = (fields.u32()?, fields.u32()?);
        numerator.checked_div(denominator)
    };
    Size::new(side()?, side()?)
}
