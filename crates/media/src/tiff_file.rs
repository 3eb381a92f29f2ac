//! Files that are themselves a TIFF structure: TIFF, DNG, and most makers' raw formats. They hold several pictures,
//! one directory for each; which of them is the photo is told here.

use crate::{
    exif::Exif,
    facts::{Preview, Size},
    format::Format,
    found::Found,
    jpeg, maker_note,
    reader::{Reader, Span},
    tiff::{self, Directory, Tiff},
    xmp,
};

const NEW_SUBFILE_TYPE: u16 = 0x00FE;
const IMAGE_WIDTH: u16 = 0x0100;
const IMAGE_LENGTH: u16 = 0x0101;
const COMPRESSION: u16 = 0x0103;
const STRIP_OFFSETS: u16 = 0x0111;
const STRIP_BYTE_COUNTS: u16 = 0x0117;
pub(crate) const JPEG_OFFSET: u16 = 0x0201;
pub(crate) const JPEG_LENGTH: u16 = 0x0202;
const XMP: u16 = 0x02BC;

/// Panasonic's directory has tags of its own in the low numbers: the sensor's borders, and a complete JPEG.
const PANASONIC_BORDERS: [u16; 4] = [0x0004, 0x0005, 0x0006, 0x0007];
const PANASONIC_JPEG: u16 = 0x002E;

/// The most directories that are looked at, and the most of them that follow each other.
const MAX_SUB_DIRECTORIES: usize = 8;
const MAX_CHAIN: usize = 4;

/// Reads the file.
pub(crate) fn read(reader: &mut Reader<'_>, format: Format, found: &mut Found) {
    let whole = reader.whole();
    let Some(tiff) = Tiff::open(reader, whole) else {
        return found.damaged("it has no directory");
    };
    let mut exif = Exif::default();
    let main = exif.read_main(reader, &tiff);
    let pictures = pictures(reader, &tiff, &main);
    found.stored = match format {
        Format::Rw2 => panasonic_size(reader, &tiff, &main),
        // Canon's first directory describes a smaller JPEG.
        Format::Cr2 => exif.pixels.and_then(|(x, y)| Size::new(x, y)),
        _ => None,
    }
    .or_else(|| full_size(reader, &tiff, &main, &pictures));
    if found.stored.is_none() {
        found.damaged("it has no picture");
    }
    let note = exif.maker_note;
    exif.tell(found);
    if let Some(span) = main.find(XMP).and_then(|entry| tiff.data(entry)) {
        xmp::read(reader, span, found);
    }
    if format == Format::Rw2
        && let Some(span) = main.find(PANASONIC_JPEG).and_then(|entry| tiff.data(entry))
    {
        jpeg::read_embedded(reader, span, found);
    }
    if format != Format::Tiff {
        for directory in [&main].into_iter().chain(&pictures) {
            found.previews.extend(preview(reader, &tiff, directory));
        }
        if let Some(note) = note {
            found
                .previews
                .extend(maker_note::previews(reader, &tiff, note));
        }
    }
}

/// The directories besides the first: those it points to, and those that follow it.
fn pictures(reader: &mut Reader<'_>, tiff: &Tiff, main: &Directory) -> Vec<Directory> {
    let pointed = main
        .find(tiff::SUB_IFDS)
        .map(|entry| tiff.numbers(reader, entry))
        .unwrap_or_default();
    let mut pictures: Vec<Directory> = pointed
        .into_iter()
        .take(MAX_SUB_DIRECTORIES)
        .map(|offset| tiff.directory(reader, offset))
        .collect();
    let mut next = main.next;
    for _ in 0..MAX_CHAIN {
        if next == 0 {
            break;
        }
        let directory = tiff.directory(reader, next);
        next = directory.next;
        pictures.push(directory);
    }
    pictures
}

/// The size of the first picture that is neither a smaller version of another nor a page of several.
fn full_size(
    reader: &mut Reader<'_>,
    tiff: &Tiff,
    main: &Directory,
    others: &[Directory],
) -> Option<Size> {
    let mut is_full = |directory: &Directory| {
        let kind = directory
            .find(NEW_SUBFILE_TYPE)
            .and_then(|entry| tiff.number(reader, entry));
        kind == Some(0)
    };
    let full = if is_full(main) {
        Some(main)
    } else {
        others.iter().find(|directory| is_full(directory))
    };
    full.and_then(|directory| size(reader, tiff, directory))
        .or_else(|| size(reader, tiff, main))
}

fn size(reader: &mut Reader<'_>, tiff: &Tiff, directory: &Directory) -> Option<Size> {
    let mut number = |tag| tiff.number(reader, directory.find(tag)?);
    Size::new(number(IMAGE_WIDTH)?, number(IMAGE_LENGTH)?)
}

/// Panasonic states the sensor's borders: top, left, bottom, right.
fn panasonic_size(reader: &mut Reader<'_>, tiff: &Tiff, main: &Directory) -> Option<Size> {
    let mut number = |tag| tiff.number(reader, main.find(tag)?);
    let [top, left, bottom, right] = PANASONIC_BORDERS.map(&mut number);
    Size::new(right?.checked_sub(left?)?, bottom?.checked_sub(top?)?)
}

/// The JPEG that a directory describes, if it is one.
fn preview(reader: &mut Reader<'_>, tiff: &Tiff, directory: &Directory) -> Option<Preview> {
    let mut numbers = |tag| {
        directory
            .find(tag)
            .map(|entry| tiff.numbers(reader, entry))
            .unwrap_or_default()
    };
    let (offset, len) = match (
        numbers(JPEG_OFFSET).as_slice(),
        numbers(JPEG_LENGTH).as_slice(),
    ) {
        (&[offset], &[len]) => (offset, len),
        // 6 and 7 are JPEG; raw data compressed like that come in many strips or tiles.
        _ if matches!(numbers(COMPRESSION).as_slice(), [6 | 7]) => match (
            numbers(STRIP_OFFSETS).as_slice(),
            numbers(STRIP_BYTE_COUNTS).as_slice(),
        ) {
            (&[offset], &[len]) => (offset, len),
            _ => return None,
        },
        _ => return None,
    };
    jpeg::preview(reader, Span { start: offset, len })
}
