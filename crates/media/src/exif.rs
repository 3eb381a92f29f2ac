//! EXIF (Exif 3.0, CIPA DC-008-2023): the directories of a TIFF structure that describe a photo.

use crate::{
    exif_dates::Dates,
    facts::{Orientation, Place, Size},
    found::Found,
    reader::{Reader, Span},
    tiff::{self, Directory, Tiff},
};

const MODEL: u16 = 0x0110;
const ORIENTATION: u16 = 0x0112;
const DATE_TIME: u16 = 0x0132;
const EXIF_DIRECTORY: u16 = 0x8769;
const GPS_DIRECTORY: u16 = 0x8825;

const DATE_TIME_ORIGINAL: u16 = 0x9003;
const DATE_TIME_DIGITIZED: u16 = 0x9004;
const OFFSET_TIME: u16 = 0x9010;
const OFFSET_TIME_ORIGINAL: u16 = 0x9011;
const OFFSET_TIME_DIGITIZED: u16 = 0x9012;
const MAKER_NOTE: u16 = 0x927C;
const SUBSEC_TIME: u16 = 0x9290;
const SUBSEC_TIME_ORIGINAL: u16 = 0x9291;
const SUBSEC_TIME_DIGITIZED: u16 = 0x9292;
const PIXEL_X_DIMENSION: u16 = 0xA002;
const PIXEL_Y_DIMENSION: u16 = 0xA003;

const GPS_LATITUDE_REF: u16 = 0x0001;
const GPS_LATITUDE: u16 = 0x0002;
const GPS_LONGITUDE_REF: u16 = 0x0003;
const GPS_LONGITUDE: u16 = 0x0004;
const GPS_TIME_STAMP: u16 = 0x0007;
const GPS_DATE_STAMP: u16 = 0x001D;

/// What stands before the directory in Apple's notes: a name, a version, the byte order.
const APPLE: &[u8; 10] = b"Apple iOS\0";
/// Where the directory begins in Apple's notes.
const APPLE_DIRECTORY: u64 = 14;
/// `ContentIdentifier` (exiftool before 13 calls it MediaGroupUUID): what the parts of a Live Photo have in common.
const APPLE_CONTENT_IDENTIFIER: u16 = 0x0011;

/// `BurstUUID`: what the pictures of a burst have in common.
const APPLE_BURST_UUID: u16 = 0x000B;

/// What EXIF's directories say, which some raw formats scatter over several TIFF structures.
#[derive(Debug, Default)]
pub(crate) struct Exif {
    dates: Dates,
    make: Option<String>,
    model: Option<String>,
    orientation: Option<Orientation>,
    place: Option<Place>,
    content_id: Option<String>,
    burst_id: Option<String>,
    /// Where the maker's own note is.
    pub(crate) maker_note: Option<Span>,
    /// `PixelXDimension` and `PixelYDimension`: what the picture had when it was taken.
    pub(crate) pixels: Option<(u64, u64)>,
}

/// Reads the EXIF in a span (a TIFF structure); answers whether there was a date in it.
pub(crate) fn read(reader: &mut Reader<'_>, span: Span, found: &mut Found) -> bool {
    let mut exif = Exif::default();
    exif.read_picture_span(reader, span);
    let before = found.claims.len();
    exif.tell(found);
    found.claims.len() > before
}

impl Exif {
    /// Reads a TIFF structure whose first directory is the picture's, and the directories it points to.
    pub(crate) fn read_main(&mut self, reader: &mut Reader<'_>, tiff: &Tiff) -> Directory {
        let main = tiff.directory(reader, tiff.first);
        let mut pointed = |tag| {
            let offset = tiff.number(reader, main.find(tag)?)?;
            Some(tiff.directory(reader, offset))
        };
        let (exif, gps) = (pointed(EXIF_DIRECTORY), pointed(GPS_DIRECTORY));
        if let Some(directory) = exif {
            self.read_exif(reader, tiff, &directory);
        }
        if let Some(directory) = gps {
            self.read_gps(reader, tiff, &directory);
        }
        // TIFF/EP, which raw formats use, has EXIF's tags in the first directory.
        self.read_exif(reader, tiff, &main);
        let mut text = |field: &mut Option<String>, tag| {
            let text = main.find(tag).and_then(|entry| tiff.text(reader, entry));
            Found::fill_text(field, text.as_deref());
        };
        text(&mut self.dates.modified.date, DATE_TIME);
        text(&mut self.make, tiff::MAKE);
        text(&mut self.model, MODEL);
        Found::fill(&mut self.orientation, || {
            Orientation::from_exif(tiff.number(reader, main.find(ORIENTATION)?)?)
        });
        main
    }

    /// Reads a TIFF structure whose first directory is the picture's (`CMT1` of Canon's CR3).
    pub(crate) fn read_picture_span(&mut self, reader: &mut Reader<'_>, span: Span) {
        if let Some(tiff) = Tiff::open(reader, span) {
            self.read_main(reader, &tiff);
        }
    }

    /// Reads a TIFF structure whose first directory is EXIF's (`CMT2` of Canon's CR3).
    pub(crate) fn read_exif_span(&mut self, reader: &mut Reader<'_>, span: Span) {
        if let Some(tiff) = Tiff::open(reader, span) {
            let directory = tiff.directory(reader, tiff.first);
            self.read_exif(reader, &tiff, &directory);
        }
    }

    /// Reads a TIFF structure whose first directory is the GPS's (`CMT4` of Canon's CR3).
    pub(crate) fn read_gps_span(&mut self, reader: &mut Reader<'_>, span: Span) {
        if let Some(tiff) = Tiff::open(reader, span) {
            let directory = tiff.directory(reader, tiff.first);
            self.read_gps(reader, &tiff, &directory);
        }
    }

    fn read_exif(&mut self, reader: &mut Reader<'_>, tiff: &Tiff, directory: &Directory) {
        let dates = &mut self.dates;
        let mut read = |field: &mut Option<String>, tag| {
            Found::fill(field, || tiff.text(reader, directory.find(tag)?));
        };
        read(&mut dates.original.date, DATE_TIME_ORIGINAL);
        read(&mut dates.original.subsec, SUBSEC_TIME_ORIGINAL);
        read(&mut dates.original.offset, OFFSET_TIME_ORIGINAL);
        read(&mut dates.digitized.date, DATE_TIME_DIGITIZED);
        read(&mut dates.digitized.subsec, SUBSEC_TIME_DIGITIZED);
        read(&mut dates.digitized.offset, OFFSET_TIME_DIGITIZED);
        read(&mut dates.modified.subsec, SUBSEC_TIME);
        read(&mut dates.modified.offset, OFFSET_TIME);
        let mut number = |tag| tiff.number(reader, directory.find(tag)?);
        let pixels = number(PIXEL_X_DIMENSION).zip(number(PIXEL_Y_DIMENSION));
        Found::fill(&mut self.pixels, || pixels);
        if let Some(note) = directory.find(MAKER_NOTE).and_then(|note| tiff.data(note)) {
            self.read_apple(reader, note);
            Found::fill(&mut self.maker_note, || Some(note));
        }
    }

    fn read_gps(&mut self, reader: &mut Reader<'_>, tiff: &Tiff, directory: &Directory) {
        Found::fill(&mut self.dates.gps_date, || {
            tiff.text(reader, directory.find(GPS_DATE_STAMP)?)
        });
        Found::fill(&mut self.dates.gps_time, || {
            Some(tiff.fractions(reader, directory.find(GPS_TIME_STAMP)?))
        });
        let mut coordinate = |tag, side_tag, negative: &str| {
            let parts = tiff.fractions(reader, directory.find(tag)?);
            let side = tiff.text(reader, directory.find(side_tag)?)?;
            let degrees: f64 = parts
                .iter()
                .zip([1.0, 60.0, 3600.0])
                .map(|(part, unit)| part / unit)
                .sum();
            let side = side.trim();
            // Without the side it is not known which of two places is meant.
            (!parts.is_empty() && !side.is_empty()).then(|| {
                if side.eq_ignore_ascii_case(negative) {
                    -degrees
                } else {
                    degrees
                }
            })
        };
        let latitude = coordinate(GPS_LATITUDE, GPS_LATITUDE_REF, "S");
        let longitude = coordinate(GPS_LONGITUDE, GPS_LONGITUDE_REF, "W");
        Found::fill(&mut self.place, || Place::new(latitude?, longitude?));
    }

    /// Hands over what was read.
    pub(crate) fn tell(self, found: &mut Found) {
        found.claims.extend(self.dates.claims());
        Found::fill(&mut found.clues.gps, || self.dates.gps());
        Found::fill_text(&mut found.make, self.make.as_deref());
        Found::fill_text(&mut found.model, self.model.as_deref());
        Found::fill(&mut found.stated, || {
            let (width, height) = self.pixels?;
            Size::new(width, height)
        });
        Found::fill(&mut found.orientation, || self.orientation);
        Found::fill(&mut found.clues.place, || self.place);
        Found::fill_text(&mut found.content_id, self.content_id.as_deref());
        Found::fill_text(&mut found.burst_id, self.burst_id.as_deref());
    }

    /// Apple's identifiers, from a maker's note.
    fn read_apple(&mut self, reader: &mut Reader<'_>, note: Span) {
        if note.len < APPLE_DIRECTORY || reader.array(note.start) != Some(*APPLE) {
            return;
        }
        let big_endian = reader.array(note.start + APPLE_DIRECTORY - 2) == Some(*b"MM");
        let notes = Tiff::headless(note, big_endian);
        let directory = notes.directory(reader, APPLE_DIRECTORY);
        let mut text = |tag| notes.text(reader, directory.find(tag)?);
        let (content, burst) = (text(APPLE_CONTENT_IDENTIFIER), text(APPLE_BURST_UUID));
        Found::fill(&mut self.content_id, || content);
        Found::fill(&mut self.burst_id, || burst);
    }
}
