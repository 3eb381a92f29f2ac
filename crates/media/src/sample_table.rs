//! The tables that say where a track's samples are (ISO/IEC 14496-12 sections 8.6 and 8.7).

use crate::{
    isobmff::Nodes,
    reader::{Fields, Reader, Span},
};

/// How far into a track the first sample may be that needs no other one, in samples.
const MAX_SAMPLE: u32 = 4096;
/// The most entries of the table that tells how many samples are in a chunk.
const MAX_RUNS: u32 = 4096;

/// Where the first sample is that can be shown without others, by the box `stbl`.
pub(crate) fn first(reader: &mut Reader<'_>, table: Span) -> Option<Span> {
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

/// A span of the file that has bytes.
pub(crate) fn within(reader: &Reader<'_>, start: u64, len: u64) -> Option<Span> {
    let span = Span { start, len };
    (len > 0 && start.checked_add(len)? <= reader.whole().end()).then_some(span)
}
