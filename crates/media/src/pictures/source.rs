//! Which bytes of a file a worker gets: those of the picture, found within the same limits as a file's facts.

use std::io::{self, Read, Seek};

use crate::{
    Format,
    facts::{Orientation, Preview, Size},
    found::Found,
    jpeg,
    reader::{Reader, Span},
    sniff,
};

use super::{
    Limit, NoPicture, THUMBNAIL, Want,
    coded::Coded,
    frame::{self, First},
    order::{Codec, Colour, Container, Order, Source},
    still::{self, Stills},
};

/// The least longest side of a picture that a camera put beside the large one, for it to become the thumbnail, in pixels.
const ENOUGH: u32 = 240;
/// Where a configuration of H.265 (ISO/IEC 14496-15 section 8.3.3.1) says how colours are sampled, and how deep samples are.
const CHROMA_FORMAT: usize = 16;
const LUMA_DEPTH: usize = 17;

/// What a worker is asked, and where in the file the bytes for it are.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) order: Order,
    /// The bytes of the order's pieces, in their order.
    pub(super) spans: Vec<Span>,
    /// The size that the file's picture is shown at, if it is known and the order may be for a smaller one.
    pub(super) shown: Option<Size>,
}

/// What could be asked for one file, the best first: what one decoder cannot do, another may.
#[derive(Debug, Default)]
pub(super) struct Choices {
    pub(super) chosen: Vec<Chosen>,
    over_limit: bool,
    /// Whether ffmpeg may be able to do it.
    pub(super) is_foreign: bool,
}

/// Looks for the picture in a file. The file's position is arbitrary before and after.
///
/// # Errors
///
/// There is none, it is too large, or the file could not be read.
pub(super) fn choose(
    file: &mut (impl Read + Seek),
    want: Want,
    most: u64,
) -> Result<Choices, NoPicture> {
    let mut reader = Reader::new(file);
    let format = sniff::sniff(&mut reader);
    let mut found = Found::default();
    crate::read(&mut reader, format, &mut found);
    let mut choices = Choices::default();
    let orientation = found.orientation.unwrap_or_default();
    let whole = reader.whole();
    let file_of = |choices: &mut Choices, container, orientation| {
        choices.add(
            want,
            most,
            (Source::File(container), orientation, Colour::default()),
            vec![vec![whole]],
            None,
        );
    };
    match format {
        Format::Jpeg => file_of(&mut choices, Container::Jpeg, orientation),
        Format::Png => file_of(&mut choices, Container::Png, orientation),
        Format::Gif => file_of(&mut choices, Container::Gif, orientation),
        Format::WebP => file_of(&mut choices, Container::WebP, orientation),
        Format::Tiff => file_of(&mut choices, Container::Tiff, orientation),
        // Its decoder turns it.
        Format::Jxl => file_of(&mut choices, Container::Jxl, Orientation::default()),
        Format::Heic | Format::Heif | Format::Avif => {
            let mut stills = still::find(&mut reader);
            let is_hevc = format != Format::Avif;
            let primary = stills.primary.as_ref().map(|primary| primary.orientation);
            let turned = primary.unwrap_or(orientation);
            // A transparency has no colours, and is decoded with the whole file, if that is possible; else left out.
            let alpha = stills.alpha.take_if(|alpha| !has_decoder(alpha));
            if alpha.is_some() {
                file_of(&mut choices, Container::Heif, turned);
            }
            let has_pieces = choices.add_stills(want, most, stills);
            if !has_pieces && primary.is_none() {
                choices.add_movie(want, most, frame::find(&mut reader, &found));
            }
            if is_hevc && alpha.is_none() {
                file_of(&mut choices, Container::Heif, turned);
            }
        }
        Format::Dng
        | Format::Cr2
        | Format::Nef
        | Format::Arw
        | Format::Orf
        | Format::Rw2
        | Format::Raf
        | Format::Cr3 => {
            for preview in previews(&mut reader, &found, want) {
                choices.add(
                    want,
                    most,
                    (
                        Source::File(Container::Jpeg),
                        orientation,
                        Colour::default(),
                    ),
                    vec![vec![preview]],
                    None,
                );
            }
            if matches!(format, Format::Dng | Format::Nef | Format::Arw) {
                // The first picture of these is a small one for looking at.
                file_of(&mut choices, Container::Tiff, orientation);
            }
        }
        Format::Mp4 | Format::Mov | Format::M4v | Format::ThreeGp => {
            choices.add_movie(want, most, frame::find(&mut reader, &found));
        }
        Format::Mkv | Format::WebM | Format::MpegTs | Format::Avi => choices.is_foreign = true,
        Format::Other => {}
    }
    if reader.has_failed() {
        return Err(NoPicture::Trouble {
            what: "A file could not be read",
            error: io::ErrorKind::UnexpectedEof.into(),
        });
    }
    if choices.chosen.is_empty() && !choices.is_foreign {
        return Err(if choices.over_limit {
            NoPicture::OverLimit(Limit::Input)
        } else {
            NoPicture::undecodable(match format {
                Format::Other => "it is neither a photo nor a video",
                _ => "there is no picture in it",
            })
        });
    }
    Ok(choices)
}

impl Choices {
    fn add(
        &mut self,
        want: Want,
        most: u64,
        (source, orientation, colour): (Source, Orientation, Colour),
        pieces: Vec<Vec<Span>>,
        shown: Option<Size>,
    ) {
        let length = |piece: &Vec<Span>| piece.iter().map(|span| span.len).sum::<u64>();
        let total = pieces.iter().map(length).fold(0, u64::saturating_add);
        let lengths: Option<Vec<u32>> = pieces
            .iter()
            .map(|piece| u32::try_from(length(piece)).ok())
            .collect();
        match lengths {
            Some(lengths) if (1..=most).contains(&total) => self.chosen.push(Chosen {
                order: Order {
                    want,
                    source,
                    orientation,
                    colour,
                    pieces: lengths,
                },
                spans: pieces.into_iter().flatten().collect(),
                shown,
            }),
            _ => self.over_limit |= total > 0,
        }
    }

    /// Answers whether the primary picture was added.
    fn add_stills(&mut self, want: Want, most: u64, stills: Stills) -> bool {
        let Some(primary) = stills.primary else {
            return false;
        };
        if !want.preview && stills.alpha.is_none() {
            let thumbnail = stills
                .thumbnails
                .into_iter()
                .filter(|thumbnail| stands_for(thumbnail, &primary))
                .min_by_key(|thumbnail| {
                    let longest = longest(thumbnail.shown);
                    (longest < THUMBNAIL, longest.abs_diff(THUMBNAIL))
                });
            if let Some(thumbnail) = thumbnail {
                let colour = thumbnail.colour.or(primary.colour.clone());
                let source = Source::Coded {
                    picture: thumbnail.coding,
                    alpha: None,
                };
                let how = (source, thumbnail.orientation, colour);
                self.add(want, most, how, thumbnail.pieces, primary.shown);
            }
        }
        if !has_decoder(&primary) {
            return false;
        }
        let mut pieces = primary.pieces;
        let alpha = stills.alpha.map(|alpha| {
            pieces.extend(alpha.pieces);
            alpha.coding
        });
        let source = Source::Coded {
            picture: primary.coding,
            alpha,
        };
        let how = (source, primary.orientation, primary.colour);
        self.add(want, most, how, pieces, None);
        true
    }

    fn add_movie(&mut self, want: Want, most: u64, first: Option<First>) {
        match first {
            Some(First::Coded(coded)) => {
                let coded = *coded;
                let source = Source::Coded {
                    picture: coded.coding,
                    alpha: None,
                };
                let how = (source, coded.orientation, coded.colour);
                self.add(want, most, how, coded.pieces, None);
                self.is_foreign = true;
            }
            Some(First::Jpeg(span, orientation)) => {
                let how = (
                    Source::File(Container::Jpeg),
                    orientation,
                    Colour::default(),
                );
                self.add(want, most, how, vec![vec![span]], None);
                self.is_foreign = true;
            }
            Some(First::Foreign) => self.is_foreign = true,
            None => {}
        }
    }
}

/// Whether a smaller version shows what the picture shows: turned alike, and of the same shape.
fn stands_for(thumbnail: &Coded, primary: &Coded) -> bool {
    let (Some(small), Some(large)) = (thumbnail.shown, primary.shown) else {
        return false;
    };
    let ratio = |size: Size| f64::from(size.width) / f64::from(size.height);
    has_decoder(thumbnail)
        && longest(thumbnail.shown) >= ENOUGH
        && thumbnail.orientation == primary.orientation
        && (ratio(small) / ratio(large) - 1.0).abs() < 0.05
}

fn longest(size: Option<Size>) -> u32 {
    size.map_or(0, |size| size.width.max(size.height))
}

/// Whether the decoder for pieces can do it: of H.265 only colours at half the size, and no more than ten bits.
fn has_decoder(coded: &Coded) -> bool {
    let configuration = &coded.coding.configuration;
    coded.coding.codec != Codec::Hevc
        || matches!(
            (configuration.get(CHROMA_FORMAT), configuration.get(LUMA_DEPTH)),
            (Some(chroma), Some(depth)) if chroma & 3 == 1 && depth & 7 <= 2
        )
}

/// The JPEGs in a raw file: the best one first, which for a thumbnail is the smallest that is large enough.
fn previews(reader: &mut Reader<'_>, found: &Found, want: Want) -> Vec<Span> {
    let mut sized: Vec<(u32, Span)> = found
        .previews
        .iter()
        .filter_map(|&Preview { offset, len }| {
            let span = Span { start: offset, len };
            let size = jpeg::decodable_size(reader, span)?;
            Some((size.width.max(size.height), span))
        })
        .collect();
    let enough = if want.preview {
        super::PREVIEW
    } else {
        THUMBNAIL
    };
    sized.sort_by_key(|&(side, _)| {
        if side >= enough {
            (false, side)
        } else {
            (true, u32::MAX - side)
        }
    });
    sized.into_iter().map(|(_, span)| span).collect()
}
