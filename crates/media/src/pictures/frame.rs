//! The first picture of a movie (ISO/IEC 14496-12 section 8): the first sample that needs no other one, found in the
//! tables of its track or in the first fragment.

use crate::{
    facts::Orientation,
    found::Found,
    isobmff::{self, Node, Nodes},
    reader::{Fields, Reader, Span},
    track,
};

use super::{
    coded::{self, Coded},
    order::Coding,
};

/// How far into a movie the first whole picture may be, in samples.
const MAX_SAMPLE: u32 = 4096;
/// The most entries of the table that tells how many samples are in a chunk.
const MAX_RUNS: u32 = 4096;
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
    let sample = first_sample(reader, table).or_else(|| first_of_fragment(reader))?;
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

/// Where the first sample is that can be shown without others.
fn first_sample(reader: &mut Reader<'_>, table: Span) -> Option<Span> {
    let mut wanted = 1;
    let (mut sizes, mut runs, mut chunks) = (None, None, None);
    let mut boxes = Nodes::of(table);
    while let Some(node) = boxes.next(reader) {
        // A version stands before all of them, a count before the entries.
        match &node.name {
            b"stss" => wanted = Fields::new(reader, node.content.after(8)).u32()?,
            b"stsz" => sizes = Some(node.content.after(4)),
            b"stsc" => runs = Some(node.content.after(4)),
            b"stco" => chunks = Some((node.content.after(4), 4)),
            b"co64" => chunks = Some((node.content.after(4), 8)),
            _ => {}
        }
    }
    if wanted == 0 || wanted > MAX_SAMPLE {
        return None;
    }
    let (chunk, first) = chunk_of(reader, runs?, wanted)?;
    let (places, width) = chunks?;
    let place = places.after(4 + u64::from(chunk - 1) * u64::from(width));
    let start = Fields::new(reader, place).sized(width)?;
    let sizes = sizes?;
    let mut before = 0_u64;
    for sample in first..wanted {
        before = before.checked_add(size_of(reader, sizes, sample)?)?;
    }
    let len = size_of(reader, sizes, wanted)?;
    within(reader, start.checked_add(before)?, len)
}

/// The chunk that a sample is in, and the chunk's first sample; all are counted from 1.
fn chunk_of(reader: &mut Reader<'_>, runs: Span, sample: u32) -> Option<(u32, u32)> {
    let mut fields = Fields::new(reader, runs);
    let count = fields.u32()?.min(MAX_RUNS);
    let mut entries = (0..count).map_while(|_| {
        let (chunk, samples) = (fields.u32()?, fields.u32()?);
        fields.u32()?; // The description.
        Some((chunk, samples))
    });
    let (mut chunk, mut samples) = entries.next().filter(|(chunk, _)| *chunk == 1)?;
    let mut first = 1_u32;
    loop {
        let next = entries.next();
        if samples == 0 {
            return None;
        }
        let until = next.map_or(u32::MAX, |(chunk, _)| chunk);
        let ahead = (sample - first) / samples;
        let here = until.checked_sub(chunk)?;
        if ahead < here {
            return Some((chunk.checked_add(ahead)?, first + ahead * samples));
        }
        first = first.checked_add(here.checked_mul(samples)?)?;
        (chunk, samples) = next?;
    }
}

/// How many bytes a sample has.
fn size_of(reader: &mut Reader<'_>, sizes: Span, sample: u32) -> Option<u64> {
    let mut fields = Fields::new(reader, sizes);
    let (all, count) = (fields.u32()?, fields.u32()?);
    if sample > count {
        return None;
    }
    if all > 0 {
        return Some(u64::from(all));
    }
    let entry = sizes.after(8 + u64::from(sample - 1) * 4);
    Fields::new(reader, entry).u32().map(u64::from)
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
    within(
        reader,
        base.checked_add_signed(i64::from(offset))?,
        u64::from(len),
    )
}

/// A span of the file that has bytes.
fn within(reader: &Reader<'_>, start: u64, len: u64) -> Option<Span> {
    let span = Span { start, len };
    (len > 0 && start.checked_add(len)? <= reader.whole().end()).then_some(span)
}
