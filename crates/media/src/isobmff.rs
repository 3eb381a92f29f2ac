//! The boxes of the ISO base media file format (ISO/IEC 14496-12 section 4.2), of which HEIF, CR3, MP4, QuickTime and
//! JPEG XL's container are made.

use crate::reader::{Fields, Reader, Span};

/// The most boxes of one level that are looked at. A HEIF of 200 megapixels has 1,000; a video in fragments has as
/// many as it has seconds.
const MAX_BOXES: usize = 8192;

/// A box: what it is called, and what is in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// Its four-letter name.
    pub(crate) name: [u8; 4],
    /// Its content, cut off where its parent ends.
    pub(crate) content: Span,
}

/// The boxes that follow each other in a span.
pub(crate) struct Nodes {
    rest: Span,
    left: usize,
    is_cut: bool,
}

impl Nodes {
    pub(crate) const fn of(span: Span) -> Self {
        Self {
            rest: span,
            left: MAX_BOXES,
            is_cut: false,
        }
    }

    /// Whether the last box that was looked at is larger than what is left for it.
    pub(crate) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The next box; `None` at the end and at whatever is not a box.
    pub(crate) fn next(&mut self, reader: &mut Reader<'_>) -> Option<Node> {
        self.left = self.left.checked_sub(1)?;
        let mut fields = Fields::new(reader, self.rest);
        let size = fields.u32()?;
        let name = fields.array()?;
        let (header, size) = match size {
            // To the end of what it is in.
            0 => (8, self.rest.len),
            1 => (16, fields.u64()?),
            size => (8, u64::from(size)),
        };
        self.is_cut = size > self.rest.len;
        let content = self.rest.part(header, size.checked_sub(header)?)?;
        self.rest = self.rest.after(size);
        Some(Node { name, content })
    }

    /// The content of the next box with a name.
    pub(crate) fn find(&mut self, reader: &mut Reader<'_>, name: [u8; 4]) -> Option<Span> {
        while let Some(node) = self.next(reader) {
            if node.name == name {
                return Some(node.content);
            }
        }
        None
    }
}

/// The content of the first box with a name in a span.
pub(crate) fn find(reader: &mut Reader<'_>, span: Span, name: [u8; 4]) -> Option<Span> {
    Nodes::of(span).find(reader, name)
}

/// The boxes in a `meta` box: ISO's has a version number before them, QuickTime's has not.
pub(crate) fn in_meta(reader: &mut Reader<'_>, meta: Span) -> Span {
    let versioned = reader
        .array::<8>(meta.start)
        .is_none_or(|head| head[4..] != *b"hdlr");
    meta.after(if versioned { 4 } else { 0 })
}
