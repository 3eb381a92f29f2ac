//! Pictures as video codecs code them, found in HEIF, AVIF and movies: what a worker needs to decode them, and where in
//! the file it is.

use crate::{
    facts::{Orientation, Size},
    isobmff::Nodes,
    reader::{Fields, Reader, Span},
};

use super::order::{Cicp, Codec, Coding, Colour};

/// The longest configuration of a decoder, in bytes. Real ones have about a hundred.
pub(super) const MAX_CONFIGURATION: u64 = 64 << 10;
/// The longest colour profile, in bytes.
const MAX_PROFILE: u64 = 1 << 20;

/// A coded picture, and where its pieces are.
#[derive(Debug)]
pub(super) struct Coded {
    pub(super) coding: Coding,
    pub(super) orientation: Orientation,
    pub(super) colour: Colour,
    /// Its size as it is shown, if the file says so.
    pub(super) shown: Option<Size>,
    /// The pieces in their order, each in one or several parts.
    pub(super) pieces: Vec<Vec<Span>>,
}

/// A decoder's configuration, by the name of its box (ISO/IEC 14496-15 and AV1's binding to the file format).
pub(super) fn configuration(
    reader: &mut Reader<'_>,
    name: [u8; 4],
    content: Span,
) -> Option<(Codec, Vec<u8>)> {
    let codec = match &name {
        b"hvcC" => Codec::Hevc,
        b"avcC" => Codec::Avc,
        b"av1C" => Codec::Av1,
        _ => return None,
    };
    let bytes = reader.prefix(content, MAX_CONFIGURATION);
    (bytes.len() as u64 == content.len).then_some((codec, bytes))
}

/// Reads a box `colr` (ISO/IEC 14496-12 section 12.1.5): a profile, or numbers for what is common.
pub(super) fn read_colour(reader: &mut Reader<'_>, content: Span, colour: &mut Colour) {
    let kind: Option<[u8; 4]> = reader.array(content.start);
    let rest = content.after(4);
    match kind.as_ref() {
        Some(b"prof" | b"rICC") if rest.len <= MAX_PROFILE => {
            colour.profile = reader.bytes(rest);
        }
        // The second is QuickTime's, which does not say whether the samples use their whole range.
        Some(kind @ (b"nclx" | b"nclc")) => {
            let mut fields = Fields::new(reader, rest);
            let (Some(primaries), Some(transfer), Some(matrix)) =
                (fields.u16(), fields.u16(), fields.u16())
            else {
                return;
            };
            let is_full = (kind == b"nclx").then(|| fields.u8()).flatten();
            colour.coded = Some(Cicp {
                primaries,
                transfer,
                matrix,
                is_full: is_full.map(|flags| flags & 0x80 != 0),
            });
        }
        _ => {}
    }
}

/// The colours and the configuration among the boxes of a span.
pub(super) fn read_description(
    reader: &mut Reader<'_>,
    boxes: Span,
) -> (Option<(Codec, Vec<u8>)>, Colour) {
    let mut found = None;
    let mut colour = Colour::default();
    let mut boxes = Nodes::of(boxes);
    while let Some(node) = boxes.next(reader) {
        match &node.name {
            b"colr" => read_colour(reader, node.content, &mut colour),
            _ => found = found.or_else(|| configuration(reader, node.name, node.content)),
        }
    }
    (found, colour)
}
