//! HEIF and AVIF: pictures and their metadata are items (ISO/IEC 14496-12 section 8.11, ISO/IEC 23008-12). One picture is
//! the primary one; sequences may have a movie's tracks instead.

use std::io::Cursor;

use crate::{
    exif,
    facts::Orientation,
    found::Found,
    heif_properties,
    isobmff::{self, Nodes},
    movie,
    reader::{Fields, Reader, Span},
    sniff, xmp,
};

/// The most metadata items that are looked at. Real files have at most a handful.
const MAX_ITEMS: usize = 32;
/// The most extents that an item may be scattered over.
const MAX_EXTENTS: u16 = 64;
/// The largest item that is put together from extents, in bytes. EXIF with an embedded thumbnail has 64 KiB.
const MAX_ITEM: u64 = 512 << 10;

/// What an item holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Exif,
    Xmp,
}

/// A metadata item, with what is known about it.
#[derive(Debug)]
struct Item {
    id: u32,
    kind: Kind,
    /// How well it describes the picture that the file shows: the lower, the better.
    distance: u8,
    extents: Vec<Span>,
}

/// Reads the file. An image sequence without items has a movie's header and tracks instead.
pub(crate) fn read(reader: &mut Reader<'_>, found: &mut Found) {
    let mut boxes = Nodes::of(reader.whole());
    let mut movie = None;
    while let Some(node) = boxes.next(reader) {
        match &node.name {
            b"meta" => {
                let inner = isobmff::in_meta(reader, node.content);
                read_items(reader, inner, found);
            }
            b"moov" => movie = Some(node.content),
            // The video of a Motion Photo.
            b"mpvd" => found.motion.places.push(node.content.start),
            _ => {}
        }
    }
    if let Some(moov) = movie {
        movie::read_header(reader, moov, found);
    }
    if found.stored.is_none() {
        found.damaged("the picture is missing");
    } else if boxes.is_cut() {
        found.damaged("its end is missing");
    }
}

fn read_items(reader: &mut Reader<'_>, meta: Span, found: &mut Found) {
    let parts = Parts::of(reader, meta);
    if let (Some(properties), Some(primary)) = (parts.properties, parts.primary) {
        let shown = heif_properties::read(reader, properties, primary);
        Found::fill(&mut found.stored, || shown.stored);
        // EXIF's orientation does not count here: what is to be done stands in the properties.
        found.orientation = Some(shown.orientation);
    } else {
        found.orientation = Some(Orientation::default());
    }
    let items = items(reader, &parts).unwrap_or_default();
    // Of several, only the one that describes the picture best speaks, unless it has nothing to say.
    for kind in [Kind::Exif, Kind::Xmp] {
        for item in items.iter().filter(|item| item.kind == kind) {
            if read_item(reader, item, found) {
                break;
            }
        }
    }
}

/// Reads an item; answers whether it says something about the time.
fn read_item(reader: &mut Reader<'_>, item: &Item, found: &mut Found) -> bool {
    match item.extents.as_slice() {
        [] => false,
        [whole] => read_bytes(reader, item.kind, *whole, found),
        several => {
            let size: u64 = several
                .iter()
                .map(|extent| extent.len)
                .fold(0, u64::saturating_add);
            if size > MAX_ITEM {
                return false;
            }
            let bytes: Option<Vec<Vec<u8>>> =
                several.iter().map(|extent| reader.bytes(*extent)).collect();
            let mut together = Cursor::new(bytes.unwrap_or_default().concat());
            let mut reader = Reader::new(&mut together);
            let whole = reader.whole();
            read_bytes(&mut reader, item.kind, whole, found)
        }
    }
}

fn read_bytes(reader: &mut Reader<'_>, kind: Kind, span: Span, found: &mut Found) -> bool {
    match kind {
        Kind::Xmp => {
            let before = found.claims.len();
            xmp::read(reader, span, found);
            found.claims.len() > before
        }
        Kind::Exif => {
            // The first four bytes say where the TIFF structure begins after them; some writers get it wrong.
            let skip = reader.array(span.start).map_or(0, u32::from_be_bytes);
            let stated = span.after(4 + u64::from(skip));
            let tiff = sniff::find_tiff(reader, stated).or_else(|| sniff::find_tiff(reader, span));
            tiff.is_some_and(|tiff| exif::read(reader, tiff, found))
        }
    }
}

/// The parts of a `meta` box.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) primary: Option<u32>,
    pub(crate) infos: Option<Span>,
    pub(crate) references: Option<Span>,
    pub(crate) locations: Option<Span>,
    pub(crate) data: Option<Span>,
    pub(crate) properties: Option<Span>,
}

impl Parts {
    pub(crate) fn of(reader: &mut Reader<'_>, meta: Span) -> Self {
        let mut parts = Self::default();
        let mut boxes = Nodes::of(meta);
        while let Some(node) = boxes.next(reader) {
            match &node.name {
                b"pitm" => parts.primary = primary_item(reader, node.content),
                b"iinf" => parts.infos = Some(node.content),
                b"iref" => parts.references = Some(node.content),
                b"iloc" => parts.locations = Some(node.content),
                b"idat" => parts.data = Some(node.content),
                b"iprp" => parts.properties = Some(node.content),
                _ => {}
            }
        }
        parts
    }
}

/// The metadata items, those first that describe the primary picture, then those that describe none in particular.
fn items(reader: &mut Reader<'_>, parts: &Parts) -> Option<Vec<Item>> {
    let mut items = item_infos(reader, parts.infos?);
    if let Some(references) = parts.references {
        describe_items(reader, references, parts.primary, &mut items);
    }
    // What could not be located keeps no extents, and so says nothing.
    locate_items(reader, parts.locations?, parts.data, |id, extents| {
        if let Some(item) = items.iter_mut().find(|item| item.id == id) {
            item.extents = extents;
        }
    });
    items.sort_by_key(|item| item.distance);
    Some(items)
}

fn primary_item(reader: &mut Reader<'_>, pitm: Span) -> Option<u32> {
    let mut fields = Fields::new(reader, pitm);
    let version = fields.u32()? >> 24;
    item_id(&mut fields, version > 0)
}

pub(crate) fn item_id(fields: &mut Fields<'_, '_>, wide: bool) -> Option<u32> {
    if wide {
        fields.u32()
    } else {
        fields.u16().map(u32::from)
    }
}

/// The items of `iinf` that hold metadata.
fn item_infos(reader: &mut Reader<'_>, iinf: Span) -> Vec<Item> {
    let mut items = Vec::new();
    // The count before the entries is not needed: they end where their box ends.
    let counted = if reader
        .array(iinf.start)
        .is_some_and(|[version]: [u8; 1]| version == 0)
    {
        2
    } else {
        4
    };
    let mut entries = Nodes::of(iinf.after(4 + counted));
    while let Some(entry) = entries.find(reader, *b"infe") {
        if let Some((id, kind)) = item_info(reader, entry) {
            items.push(Item {
                id,
                kind,
                distance: 1,
                extents: Vec::new(),
            });
        }
        if items.len() == MAX_ITEMS {
            break;
        }
    }
    items
}

fn item_info(reader: &mut Reader<'_>, infe: Span) -> Option<(u32, Kind)> {
    let mut fields = Fields::new(reader, infe);
    let version = fields.u32()? >> 24;
    if version < 2 {
        return None;
    }
    let id = item_id(&mut fields, version > 2)?;
    fields.u16()?; // The protection's index.
    let kind: [u8; 4] = fields.array()?;
    let rest = fields.rest();
    match &kind {
        b"Exif" => Some((id, Kind::Exif)),
        // The item's name, then its media type, each with a zero at its end.
        b"mime" => {
            let text = reader.prefix(rest, 128);
            let media_type = text.split(|&byte| byte == 0).nth(1)?;
            (media_type == b"application/rdf+xml").then_some((id, Kind::Xmp))
        }
        _ => None,
    }
}

/// Finds out from `iref` which picture each item describes.
fn describe_items(reader: &mut Reader<'_>, iref: Span, primary: Option<u32>, items: &mut [Item]) {
    let wide = reader
        .array(iref.start)
        .is_some_and(|[version]: [u8; 1]| version > 0);
    let mut references = Nodes::of(iref.after(4));
    while let Some(reference) = references.find(reader, *b"cdsc") {
        let mut fields = Fields::new(reader, reference);
        let (Some(from), Some(count)) = (item_id(&mut fields, wide), fields.u16()) else {
            continue;
        };
        let mut described = (0..count).map_while(|_| item_id(&mut fields, wide));
        let distance = if described.any(|described| Some(described) == primary) {
            0
        } else {
            2
        };
        for item in items.iter_mut().filter(|item| item.id == from) {
            item.distance = distance;
        }
    }
}

/// Finds out from `iloc` where the items are, and hands each one's number and extents over. `None` where it cannot be read
/// further.
pub(crate) fn locate_items(
    reader: &mut Reader<'_>,
    iloc: Span,
    idat: Option<Span>,
    mut found_item: impl FnMut(u32, Vec<Span>),
) -> Option<()> {
    let whole = reader.whole();
    let mut fields = Fields::new(reader, iloc);
    let version = fields.u32()? >> 24;
    let [sizes, more] = fields.array()?;
    let (offset_size, length_size, base_size) = (sizes >> 4, sizes & 15, more >> 4);
    let index_size = if version > 0 { more & 15 } else { 0 };
    let count = if version < 2 {
        u32::from(fields.u16()?)
    } else {
        fields.u32()?
    };
    for _ in 0..count {
        let id = item_id(&mut fields, version > 1)?;
        // 0: in the file; 1: in `idat`; 2: in another item, which nobody does with metadata.
        let method = if version > 0 { fields.u16()? & 15 } else { 0 };
        let within = match method {
            0 => Some(whole),
            1 => idat,
            _ => None,
        };
        fields.u16()?; // The data reference: other files are not read, and nobody has any.
        let base = fields.sized(base_size)?;
        let extents = fields.u16()?;
        if extents > 1 && length_size == 0 {
            // Extents of unknown length end where? Nowhere, and a file can have 4 billion of them in 12 bytes.
            return None;
        }
        let mut found = Vec::new();
        for number in 0..extents {
            fields.sized(index_size)?;
            let offset = fields.sized(offset_size)?;
            let length = fields.sized(length_size)?;
            // A length of 0 means everything there is.
            let length = if length == 0 { u64::MAX } else { length };
            let part = within.and_then(|within| within.part(base.checked_add(offset)?, length));
            if number < MAX_EXTENTS {
                found.extend(part);
            }
        }
        found_item(id, found);
    }
    Some(())
}
