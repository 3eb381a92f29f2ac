//! The JPEGs that makers' raw formats have in the maker's own note: a directory whose form and offsets are the maker's.
//! What is known of them is what exiftool's `MakerNotes.pm`, `Nikon.pm` and `Olympus.pm` say.

use crate::{
    facts::Preview,
    jpeg,
    reader::{Reader, Span},
    tiff::{Directory, Tiff},
    tiff_file::{JPEG_LENGTH, JPEG_OFFSET},
};

/// Nikon: a name, a version, and a TIFF structure. `PreviewIFD` in it is the directory of a picture.
const NIKON: &[u8] = b"Nikon\0\x02";
const NIKON_TIFF: u64 = 10;
const NIKON_PREVIEW: u16 = 0x0011;

/// Olympus: a name, in newer notes the byte order and a version, and a directory. Offsets count from the beginning of the
/// note; in the oldest notes from that of the file.
const OLYMPUS: [(&[u8], u64); 3] = [
    (b"OM SYSTEM\0\0\0", 16),
    (b"OLYMPUS\0", 12),
    (b"OLYMP\0", 8),
];
const OLYMPUS_OLDEST: u64 = 8;
/// `CameraSettings`, and `PreviewImageStart` and `PreviewImageLength` in it; and both in the note itself.
const OLYMPUS_SETTINGS: u16 = 0x2020;
const SETTINGS_PREVIEW: (u16, u16) = (0x0101, 0x0102);
const OLYMPUS_PREVIEW: (u16, u16) = (0x1036, 0x1037);

/// The JPEGs that a note of a raw file tells of. `tiff` is the structure that the note is in.
pub(crate) fn previews(reader: &mut Reader<'_>, tiff: &Tiff, note: Span) -> Vec<Preview> {
    let head = reader.prefix(note, 16);
    // The note tells of bytes that lie behind it.
    let behind = reader.whole().end().saturating_sub(note.start);
    let to_the_end = Span {
        start: note.start,
        len: behind,
    };
    if head.starts_with(NIKON) {
        return nikon(reader, to_the_end).into_iter().collect();
    }
    let olympus = OLYMPUS.iter().find(|(name, _)| head.starts_with(name));
    let Some(&(_, directory)) = olympus else {
        return Vec::new();
    };
    if directory == OLYMPUS_OLDEST {
        let offset = note
            .start
            .checked_sub(tiff.place(0))
            .map(|at| at + directory);
        return offset.map_or_else(Vec::new, |offset| olympus_previews(reader, tiff, offset));
    }
    let is_big_endian = reader.array(note.start + directory - 4) == Some(*b"MM");
    let notes = Tiff::headless(to_the_end, is_big_endian);
    olympus_previews(reader, &notes, directory)
}

fn nikon(reader: &mut Reader<'_>, note: Span) -> Option<Preview> {
    let notes = Tiff::open(reader, note.after(NIKON_TIFF))?;
    let main = notes.directory(reader, notes.first);
    let offset = notes.number(reader, main.find(NIKON_PREVIEW)?)?;
    let picture = notes.directory(reader, offset);
    pointed(reader, &notes, &picture, (JPEG_OFFSET, JPEG_LENGTH))
}

fn olympus_previews(reader: &mut Reader<'_>, notes: &Tiff, offset: u64) -> Vec<Preview> {
    let main = notes.directory(reader, offset);
    let settings = main.find(OLYMPUS_SETTINGS).and_then(|entry| {
        // Old notes have the directory itself as a value of bytes, newer ones its offset.
        let offset = match notes.data(entry) {
            Some(value) => value.start.checked_sub(notes.place(0))?,
            None => notes.number(reader, entry)?,
        };
        Some(notes.directory(reader, offset))
    });
    let settings = settings.unwrap_or_default();
    [(&main, OLYMPUS_PREVIEW), (&settings, SETTINGS_PREVIEW)]
        .into_iter()
        .filter_map(|(directory, tags)| pointed(reader, notes, directory, tags))
        .collect()
}

/// The JPEG whose offset and length two entries state.
fn pointed(
    reader: &mut Reader<'_>,
    notes: &Tiff,
    directory: &Directory,
    (start, length): (u16, u16),
) -> Option<Preview> {
    let mut number = |tag| notes.number(reader, directory.find(tag)?);
    let (start, len) = (notes.place(number(start)?), number(length)?);
    jpeg::preview(reader, Span { start, len })
}
