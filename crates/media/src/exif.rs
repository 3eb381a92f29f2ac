//! EXIF's dates (Exif 3.0, CIPA DC-008-2023, sections 4.6.5 and 4.6.6).

use jiff::tz::Offset;
use safelight_core::TimeSource;

use crate::{
    claim::{Claim, When},
    date_text, jpeg,
    reader::{Reader, Span},
    tiff::{Directory, Flavour, Tiff},
    xmp,
};

const DATE_TIME: u16 = 0x0132;
const XMP: u16 = 0x02BC;
const EXIF_DIRECTORY: u16 = 0x8769;
const GPS_DIRECTORY: u16 = 0x8825;
const PANASONIC_JPEG: u16 = 0x002E;

const DATE_TIME_ORIGINAL: u16 = 0x9003;
const DATE_TIME_DIGITIZED: u16 = 0x9004;
const OFFSET_TIME: u16 = 0x9010;
const OFFSET_TIME_ORIGINAL: u16 = 0x9011;
const OFFSET_TIME_DIGITIZED: u16 = 0x9012;
const SUBSEC_TIME: u16 = 0x9290;
const SUBSEC_TIME_ORIGINAL: u16 = 0x9291;
const SUBSEC_TIME_DIGITIZED: u16 = 0x9292;

const GPS_TIME_STAMP: u16 = 0x0007;
const GPS_DATE_STAMP: u16 = 0x001D;

/// How far the GPS may place the wall clock behind or ahead of UTC, in seconds: the zones that exist.
const OFFSETS: std::ops::RangeInclusive<i64> = -12 * 3600..=14 * 3600;
/// Zones differ from UTC by multiples of this, in seconds.
const QUARTER: i64 = 15 * 60;

/// A date of EXIF with what belongs to it.
#[derive(Debug, Default)]
struct Stamp {
    date: Option<String>,
    subsec: Option<String>,
    offset: Option<String>,
}

/// EXIF's dates as they stand in the directories, which some raw formats scatter over several TIFF structures.
#[derive(Debug, Default)]
pub(crate) struct Dates {
    original: Stamp,
    digitized: Stamp,
    modified: Stamp,
    gps_date: Option<String>,
    gps_time: Option<[u32; 3]>,
}

/// What the EXIF in a span (a TIFF structure) claims.
pub(crate) fn claims(reader: &mut Reader<'_>, span: Span) -> Vec<Claim> {
    let mut dates = Dates::default();
    if let Some(tiff) = Tiff::open(reader, span) {
        dates.read_main(reader, &tiff);
    }
    dates.claims()
}

/// What a file that is itself a TIFF structure claims: EXIF, XMP, and the JPEG that Panasonic puts into its raw files.
pub(crate) fn claims_of_file(reader: &mut Reader<'_>) -> Vec<Claim> {
    let whole = reader.whole();
    let Some(tiff) = Tiff::open(reader, whole) else {
        return Vec::new();
    };
    let mut dates = Dates::default();
    let main = dates.read_main(reader, &tiff);
    let mut claims = dates.claims();
    if let Some(span) = main.find(XMP).and_then(|entry| tiff.data(entry)) {
        claims.extend(xmp::claim(reader, span));
    }
    if tiff.flavour == Flavour::Panasonic
        && let Some(span) = main.find(PANASONIC_JPEG).and_then(|entry| tiff.data(entry))
    {
        claims.extend(jpeg::claims(reader, span));
    }
    claims
}

impl Dates {
    /// Reads a TIFF structure whose first directory is the picture's, and the directories it points to.
    fn read_main(&mut self, reader: &mut Reader<'_>, tiff: &Tiff) -> Directory {
        if tiff.flavour == Flavour::Big {
            return Directory::default();
        }
        let main = tiff.directory(reader, tiff.first);
        if let Some(offset) = main
            .find(EXIF_DIRECTORY)
            .and_then(|entry| tiff.pointer(entry))
        {
            let directory = tiff.directory(reader, offset);
            self.read_exif(reader, tiff, &directory);
        }
        if let Some(offset) = main
            .find(GPS_DIRECTORY)
            .and_then(|entry| tiff.pointer(entry))
        {
            let directory = tiff.directory(reader, offset);
            self.read_gps(reader, tiff, &directory);
        }
        // TIFF/EP, which raw formats use, has EXIF's tags in the first directory.
        self.read_exif(reader, tiff, &main);
        fill(&mut self.modified.date, || {
            tiff.text(reader, main.find(DATE_TIME)?)
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
        let mut read = |field: &mut Option<String>, tag| {
            fill(field, || tiff.text(reader, directory.find(tag)?));
        };
        read(&mut self.original.date, DATE_TIME_ORIGINAL);
        read(&mut self.original.subsec, SUBSEC_TIME_ORIGINAL);
        read(&mut self.original.offset, OFFSET_TIME_ORIGINAL);
        read(&mut self.digitized.date, DATE_TIME_DIGITIZED);
        read(&mut self.digitized.subsec, SUBSEC_TIME_DIGITIZED);
        read(&mut self.digitized.offset, OFFSET_TIME_DIGITIZED);
        read(&mut self.modified.subsec, SUBSEC_TIME);
        read(&mut self.modified.offset, OFFSET_TIME);
    }

    fn read_gps(&mut self, reader: &mut Reader<'_>, tiff: &Tiff, directory: &Directory) {
        fill(&mut self.gps_date, || {
            tiff.text(reader, directory.find(GPS_DATE_STAMP)?)
        });
        fill(&mut self.gps_time, || {
            tiff.three_fractions(reader, directory.find(GPS_TIME_STAMP)?)
        });
    }

    /// What the dates claim. An offset that no tag states is taken from the GPS, which knows UTC.
    pub(crate) fn claims(&self) -> Vec<Claim> {
        let general = self.modified.offset.as_deref();
        let claim = |source, stamp: &Stamp, gps: bool| {
            let mut when = date_text::parse(stamp.date.as_deref()?)?;
            // EXIF's date has no room for a zone. A `Z` in it was put there by a program that meant the wall clock.
            if let When::Instant(instant) = when {
                when = date_text::wall(Offset::UTC.to_datetime(instant), Some(Offset::UTC));
            }
            if let When::Wall { local, offset, .. } = &mut when {
                let stated = stamp.offset.as_deref().and_then(date_text::parse_offset);
                let general = || general.and_then(date_text::parse_offset);
                let derived = || {
                    if gps {
                        self.offset_by_gps(*local)
                    } else {
                        None
                    }
                };
                *offset = offset.or(stated).or_else(general).or_else(derived);
                if let Some(nanosecond) = stamp
                    .subsec
                    .as_deref()
                    .and_then(|digits| date_text::fraction(digits.trim()))
                    && let Ok(exact) = local.with().subsec_nanosecond(nanosecond).build()
                {
                    *local = exact;
                }
            }
            Some(Claim { source, when })
        };
        [
            claim(TimeSource::ExifOriginal, &self.original, true),
            claim(TimeSource::ExifDigitized, &self.digitized, true),
            // The file may have been changed anywhere, long after the GPS was asked.
            claim(TimeSource::ExifModified, &self.modified, false),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// How far the wall clock was ahead of the GPS's UTC, to the quarter of an hour.
    fn offset_by_gps(&self, local: jiff::civil::DateTime) -> Option<Offset> {
        let When::Wall { local: day, .. } = date_text::parse(self.gps_date.as_deref()?)? else {
            return None;
        };
        let [hour, minute, second] = self.gps_time?;
        let utc = day
            .date()
            .to_datetime(date_text::time(hour, minute, second, 0)?);
        let ahead = Offset::UTC.to_timestamp(local).ok()?.as_second()
            - Offset::UTC.to_timestamp(utc).ok()?.as_second();
        let rounded = (ahead + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
        if !OFFSETS.contains(&rounded) {
            return None;
        }
        Offset::from_seconds(i32::try_from(rounded).ok()?).ok()
    }
}

/// What is known stays; what is not is asked for.
fn fill<T>(field: &mut Option<T>, find: impl FnOnce() -> Option<T>) {
    if field.is_none() {
        *field = find();
    }
}
