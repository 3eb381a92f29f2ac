//! EXIF's dates (Exif 3.0, CIPA DC-008-2023, sections 4.6.5 and 4.6.6), and what belongs to each.

use jiff::tz::Offset;
use safelight_core::TimeSource;

use crate::{
    claim::{Claim, When},
    date_text,
};

/// How far the GPS may place the wall clock behind or ahead of UTC, in seconds: the zones that exist.
const OFFSETS: std::ops::RangeInclusive<i64> = -12 * 3600..=14 * 3600;
/// Zones differ from UTC by multiples of this, in seconds.
const QUARTER: i64 = 15 * 60;

/// A date of EXIF with what belongs to it.
#[derive(Debug, Default)]
pub(crate) struct Stamp {
    pub(crate) date: Option<String>,
    pub(crate) subsec: Option<String>,
    pub(crate) offset: Option<String>,
}

/// EXIF's dates as they stand in the directories.
#[derive(Debug, Default)]
pub(crate) struct Dates {
    pub(crate) original: Stamp,
    pub(crate) digitized: Stamp,
    pub(crate) modified: Stamp,
    pub(crate) gps_date: Option<String>,
    /// Hours, minutes and seconds of the GPS's time, which is UTC.
    pub(crate) gps_time: Option<Vec<f64>>,
}

impl Dates {
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
        let [hour, minute, second] = self.gps_time()?;
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

    /// The GPS's time in whole numbers.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is too large for its type is no time either way"
    )]
    fn gps_time(&self) -> Option<[u32; 3]> {
        let [hour, minute, second] = *self.gps_time.as_ref()?.first_chunk()?;
        let whole = [hour, minute, second].map(f64::floor);
        whole
            .iter()
            .all(|number| (0.0..100.0).contains(number))
            .then(|| whole.map(|number| number as u32))
    }
}
