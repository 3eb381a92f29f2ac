//! The pictures of HEIF and AVIF (ISO/IEC 23008-12): the primary one, whole or in tiles, its transparency, and the smaller
//! version that cameras put beside it.

use std::collections::HashMap;

use crate::{
    facts::Size,
    heif::{self, Parts},
    heif_properties::{self, Shown},
    isobmff::{self, Nodes},
    reader::{Fields, Reader, Span},
};

use super::{
    coded::{self, Coded},
    order::{Coding, Colour, Crop, Grid},
};

/// The most items that are looked at. A picture of 200 megapixels has 800 tiles.
const MAX_ITEMS: usize = 4096;

/// What is found in a file.
#[derive(Debug, Default)]
pub(super) struct Stills {
    /// The picture that the file shows.
    pub(super) primary: Option<Coded>,
    /// Its transparency.
    pub(super) alpha: Option<Coded>,
    /// Smaller versions of it.
    pub(super) thumbnails: Vec<Coded>,
}

/// Looks for the pictures in a file.
pub(super) fn find(reader: &mut Reader<'_>) -> Stills {
    read(reader).unwrap_or_default()
}

fn read(reader: &mut Reader<'_>) -> Option<Stills> {
    let whole = reader.whole();
    let meta = isobmff::find(reader, whole, *b"meta")?;
    let inner = isobmff::in_meta(reader, meta);
    let parts = Parts::of(reader, inner);
    let mut table = Table {
        kinds: kinds(reader, parts.infos?),
        references: parts
            .references
            .map(|iref| references(reader, iref))
            .unwrap_or_default(),
        places: HashMap::new(),
        properties: parts.properties?,
    };
    let (kinds, places) = (&table.kinds, &mut table.places);
    heif::locate_items(reader, parts.locations?, parts.data, |id, extents| {
        if kinds.contains_key(&id) {
            places.insert(id, extents);
        }
    });
    let primary = parts.primary?;
    let mut stills = Stills {
        primary: table.picture(reader, primary),
        ..Stills::default()
    };
    for reference in &table.references {
        if !reference.to.contains(&primary) {
            continue;
        }
        match &reference.kind {
            b"thmb" => stills
                .thumbnails
                .extend(table.picture(reader, reference.from)),
            b"auxl" if table.is_alpha(reader, reference.from) => {
                stills.alpha = table.picture(reader, reference.from);
            }
            _ => {}
        }
    }
    Some(stills)
}

/// What the file says about its items.
struct Table {
    kinds: HashMap<u32, [u8; 4]>,
    references: Vec<Reference>,
    places: HashMap<u32, Vec<Span>>,
    properties: Span,
}

/// One item's relation to others.
struct Reference {
    kind: [u8; 4],
    from: u32,
    to: Vec<u32>,
}

impl Table {
    /// A picture that is coded as it is, or in tiles.
    fn picture(&self, reader: &mut Reader<'_>, item: u32) -> Option<Coded> {
        let properties = Properties::of(reader, self.properties, item);
        let (grid, pieces, (codec, configuration), inner) = match self.kinds.get(&item)? {
            b"grid" => {
                let tiles = self
                    .references
                    .iter()
                    .find(|reference| reference.kind == *b"dimg" && reference.from == item)?;
                let first = Properties::of(reader, self.properties, *tiles.to.first()?);
                let (rows, columns, size) = grid(reader, *self.places.get(&item)?.first()?)?;
                if tiles.to.len() as u64 != u64::from(rows) * u64::from(columns) {
                    return None;
                }
                let pieces: Option<Vec<Vec<Span>>> = tiles
                    .to
                    .iter()
                    .map(|tile| self.places.get(tile).cloned())
                    .collect();
                let grid = Grid {
                    columns,
                    tile: first.shown.stored?,
                    size,
                };
                (Some(grid), pieces?, first.configuration?, first.colour)
            }
            b"hvc1" | b"av01" | b"avc1" => (
                None,
                vec![self.places.get(&item)?.clone()],
                properties.configuration?,
                Colour::default(),
            ),
            _ => return None,
        };
        Some(Coded {
            shown: properties
                .shown
                .stored
                .map(|stored| properties.shown.orientation.apply(stored)),
            coding: Coding {
                codec,
                configuration,
                grid,
                crop: properties.crop,
                shape: None,
                pieces: u32::try_from(pieces.len()).ok()?,
            },
            orientation: properties.shown.orientation,
            colour: properties.colour.or(inner),
            pieces,
        })
    }

    /// Whether an auxiliary picture is the transparency of another (ISO/IEC 23008-12 section 6.6.2.1.1, and AVIF's name).
    fn is_alpha(&self, reader: &mut Reader<'_>, item: u32) -> bool {
        heif_properties::of_item(reader, self.properties, item)
            .iter()
            .filter(|property| property.name == *b"auxC")
            .any(|property| {
                let name = reader.prefix(property.content.after(4), 64);
                name.starts_with(b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")
                    || name.starts_with(b"urn:mpeg:hevc:2015:auxid:1\0")
            })
    }
}

/// What is said about one item.
struct Properties {
    shown: Shown,
    crop: Option<Crop>,
    configuration: Option<(super::order::Codec, Vec<u8>)>,
    colour: Colour,
}

impl Properties {
    fn of(reader: &mut Reader<'_>, iprp: Span, item: u32) -> Self {
        let mut found = Self {
            shown: Shown::default(),
            crop: None,
            configuration: None,
            colour: Colour::default(),
        };
        for property in heif_properties::of_item(reader, iprp, item) {
            match &property.name {
                b"colr" => coded::read_colour(reader, property.content, &mut found.colour),
                b"clap" => {
                    let uncut = found.shown.stored;
                    found.shown.apply(reader, property);
                    found.crop = uncut
                        .zip(found.shown.stored)
                        .filter(|(uncut, cut)| uncut != cut)
                        .and_then(|(uncut, cut)| crop(reader, property.content, uncut, cut));
                }
                _ => {
                    found.shown.apply(reader, property);
                    if found.configuration.is_none() {
                        found.configuration =
                            coded::configuration(reader, property.name, property.content);
                    }
                }
            }
        }
        found
    }
}

/// Where the clean aperture lies (ISO/IEC 14496-12 section 12.1.4): its centre is so far from the picture's.
fn crop(reader: &mut Reader<'_>, clap: Span, uncut: Size, cut: Size) -> Option<Crop> {
    // Its width and height stand before, a fraction each.
    let mut fields = Fields::new(reader, clap.after(16));
    let mut start = |whole: u32, part: u32| {
        let (numerator, denominator) = (fields.u32()?.cast_signed(), fields.u32()?);
        let offset = f64::from(numerator) / f64::from(denominator.max(1));
        let start = f64::from(whole - part) / 2.0 + offset;
        Some(start.clamp(0.0, f64::from(whole - part)) as u32)
    };
    Some(Crop {
        x: start(uncut.width, cut.width)?,
        y: start(uncut.height, cut.height)?,
        size: cut,
    })
}

/// Rows, columns and the size of a picture in tiles (ISO/IEC 23008-12 section 6.6.2.3.2).
fn grid(reader: &mut Reader<'_>, place: Span) -> Option<(u32, u32, Size)> {
    let mut fields = Fields::new(reader, place);
    let [_, flags, rows, columns] = fields.array()?;
    let size = if flags & 1 == 0 {
        Size::new(fields.u16()?, fields.u16()?)
    } else {
        Size::new(fields.u32()?, fields.u32()?)
    }?;
    Some((u32::from(rows) + 1, u32::from(columns) + 1, size))
}

/// The items' kinds, from `iinf`.
fn kinds(reader: &mut Reader<'_>, iinf: Span) -> HashMap<u32, [u8; 4]> {
    let mut kinds = HashMap::new();
    let counted = match reader.array(iinf.start) {
        Some([0_u8]) => 2,
        _ => 4,
    };
    let mut entries = Nodes::of(iinf.after(4 + counted));
    while let Some(entry) = entries.find(reader, *b"infe") {
        let mut fields = Fields::new(reader, entry);
        let kind = fields.u32().map(|head| head >> 24).and_then(|version| {
            let id = heif::item_id(&mut fields, version > 2)?;
            fields.u16()?; // The protection's index.
            Some((id, fields.array()?))
        });
        kinds.extend(kind);
        if kinds.len() == MAX_ITEMS {
            break;
        }
    }
    kinds
}

/// How the items relate, from `iref`.
fn references(reader: &mut Reader<'_>, iref: Span) -> Vec<Reference> {
    let wide = reader
        .array(iref.start)
        .is_some_and(|[version]: [u8; 1]| version > 0);
    let mut found = Vec::new();
    let mut left = MAX_ITEMS;
    let mut boxes = Nodes::of(iref.after(4));
    while let Some(node) = boxes.next(reader) {
        if !matches!(&node.name, b"dimg" | b"thmb" | b"auxl") {
            continue;
        }
        let mut fields = Fields::new(reader, node.content);
        let (Some(from), Some(count)) = (heif::item_id(&mut fields, wide), fields.u16()) else {
            continue;
        };
        let to: Vec<u32> = (0..count)
            .map_while(|_| heif::item_id(&mut fields, wide))
            .take(left)
            .collect();
        left -= to.len();
        found.push(Reference {
            kind: node.name,
            from,
            to,
        });
        if left == 0 {
            break;
        }
    }
    found
}
