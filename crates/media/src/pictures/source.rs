//! Which bytes of a file a worker gets: those of the picture, found within the same limits as a file's facts.

use std::io::{Read, Seek};

use crate::{
    Format,
    facts::Orientation,
    found::Found,
    reader::{Reader, Span},
    sniff,
};

use super::{
    Limit, NoPicture, Want,
    order::{Colour, Container, Order, Source},
};

/// What a worker is asked, and where in the file the bytes for it are.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) order: Order,
    /// As many as the order has pieces, and as long.
    pub(super) spans: Vec<Span>,
}

/// Looks for the picture in a file. The file's position is arbitrary before and after.
pub(super) fn choose(
    file: &mut (impl Read + Seek),
    want: Want,
    most: u64,
) -> Result<Chosen, NoPicture> {
    let mut reader = Reader::new(file);
    let format = sniff::sniff(&mut reader);
    let mut found = Found::default();
    crate::read(&mut reader, format, &mut found);
    let whole = reader.whole();
    let orientation = found.orientation.unwrap_or_default();
    let (source, span, orientation) = match format {
        Format::Jpeg => (Source::File(Container::Jpeg), whole, orientation),
        _ if !found.previews.is_empty() => {
            let preview = found.previews.iter().max_by_key(|preview| preview.len);
            let span = preview.map_or(whole, |preview| Span {
                start: preview.offset,
                len: preview.len,
            });
            (Source::File(Container::Jpeg), span, orientation)
        }
        _ => {
            return Err(NoPicture::undecodable(format!(
                "there is no decoder for {}",
                format.mime()
            )));
        }
    };
    if reader.has_failed() {
        return Err(NoPicture::Trouble {
            what: "A file could not be read",
            error: std::io::ErrorKind::UnexpectedEof.into(),
        });
    }
    pieces(
        want,
        source,
        orientation,
        Colour::default(),
        vec![span],
        most,
    )
}

fn pieces(
    want: Want,
    source: Source,
    orientation: Orientation,
    colour: Colour,
    spans: Vec<Span>,
    most: u64,
) -> Result<Chosen, NoPicture> {
    let total = spans
        .iter()
        .map(|span| span.len)
        .fold(0, u64::saturating_add);
    let lengths: Option<Vec<u32>> = spans
        .iter()
        .map(|span| u32::try_from(span.len).ok())
        .collect();
    match lengths {
        Some(pieces) if total <= most => Ok(Chosen {
            order: Order {
                want,
                source,
                orientation,
                colour,
                pieces,
            },
            spans,
        }),
        _ => Err(NoPicture::OverLimit(Limit::Input)),
    }
}
