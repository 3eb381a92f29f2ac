//! The first picture of a movie (ISO/IEC 14496-12 section 8): the first sample that needs no other one, found in the
//! tables of its track or in the first fragment.

use crate::{
    facts::Orientation,
    found::Found,
    isobmff::{self, Node, Nodes},
    reader::{Fields, Reader, Span},
    sample_table, track,
};

use super::{
    coded::{self, Coded},
    order::Coding,
};

/// What stands before the boxes in the description of pictures.
const DESCRIPTION: u64 = 78;

/// What there is to be shown.
#[derive(Debug)]
pub(super) enum First {
    Coded(Box<Coded>),
    /// A JPEG: old cameras' movies are a row of them.
    Jpeg(Span, Orientation),
    /// There is a picture, in a codec that nothing here decodes.
    Foreign,
}

/// Looks for the first picture; `found` is what the file says about itself.
pub(super) fn find(reader: &mut Reader<'_>, found: &Found) -> Option<First> {
    let whole = reader.whole();
    let moov = isobmff::find(reader, whole, *b"moov")?;
    let mut tracks = Nodes::of(moov);
    while let Some(trak) = tracks.find(reader, *b"trak") {
        let Some(mdia) = isobmff::find(reader, trak, *b"mdia") else {
            continue;
        };
        if track::has_pictures(reader, mdia)
            && let Some(first) = read_track(reader, mdia, found)
        {
            return Some(first);
        }
    }
    None
}

fn read_track(reader: &mut Reader<'_>, mdia: Span, found: &Found) -> Option<First> {
    let minf = isobmff::find(reader, mdia, *b"minf")?;
    let table = isobmff::find(reader, minf, *b"stbl")?;
    let description = isobmff::find(reader, table, *b"stsd")?;
    // A version and a count stand before the descriptions.
    let Node { name, content } = Nodes::of(description.after(8)).next(reader)?;
    let sample = sample_table::first(reader, table).or_else(|| first_of_fragment(reader))?;
    let orientation = found.orientation.unwrap_or_default();
    if matches!(&name, b"jpeg" | b"mjpa" | b"AVDJ") {
        return Some(First::Jpeg(sample, orientation));
    }
    let (configuration, colour) = coded::read_description(reader, content.after(DESCRIPTION));
    let Some((codec, configuration)) = configuration else {
        return Some(First::Foreign);
    };
    Some(First::Coded(Box::new(Coded {
        coding: Coding {
            codec,
            configuration,
            grid: None,
            crop: None,
            shape: found.stored,
            pieces: 1,
        },
        orientation,
        colour,
        shown: found.stored.map(|stored| orientation.apply(stored)),
        pieces: vec![vec![sample]],
    })))
}

/// The first sample of the first fragment (section 8.8), which begins with a whole picture.
fn first_of_fragment(reader: &mut Reader<'_>) -> Option<Span> {
    let whole = reader.whole();
    let mut boxes = Nodes::of(whole);
    let mut start = 0;
    let fragment = loop {
        let node = boxes.next(reader)?;
        if node.name == *b"moof" {
            break node.content;
        }
        start = node.content.end();
    };
    let track = isobmff::find(reader, fragment, *b"traf")?;
    let header = isobmff::find(reader, track, *b"tfhd")?;
    let mut fields = Fields::new(reader, header);
    let flags = fields.u32()?;
    fields.u32()?; // The track's number.
    let base = if flags & 1 == 0 { start } else { fields.u64()? };
    if flags & 2 != 0 {
        fields.u32()?; // The description.
    }
    if flags & 8 != 0 {
        fields.u32()?; // The duration.
    }
    let usual = if flags & 16 == 0 { None } else { fields.u32() };
    let run = isobmff::find(reader, track, *b"trun")?;
    let mut fields = Fields::new(reader, run);
    let flags = fields.u32()?;
    if fields.u32()? == 0 {
        return None;
    }
    let offset = if flags & 1 == 0 {
        0
    } else {
        fields.u32()?.cast_signed()
    };
    if flags & 4 != 0 {
        fields.u32()?; // The first sample's flags.
    }
    if flags & 0x100 != 0 {
        fields.u32()?; // Its duration.
    }
    let len = if flags & 0x200 == 0 {
        usual
    } else {
        fields.u32()
    }?;
    sample_table::within(
        reader,
        base.checked_add_signed(i64::from(offset))?,
        u64::from(len),
    )
}
