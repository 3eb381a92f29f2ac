//! EXIF's dates (Exif 3.0, CIPA DC-008-2023, sections 4.6.5 and 4.6.6), and what belongs to each.

use jiff::{civil::DateTime, tz::Offset};
use safelight_core::TimeSource;

use crate::{
    claim::{Claim, When},
    date_text,
};

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
    /// What the dates claim, with the offsets that tags state.
    pub(crate) fn claims(&self) -> Vec<Claim> {
        let general = self.modified.offset.as_deref();
        let claim = |source, stamp: &Stamp| {
            let mut when = date_text::parse(stamp.date.as_deref()?)?;
            // EXIF's date has no room for a zone. A `Z` in it was put there by a program that meant the wall clock.
            if let When::Instant(instant) = when {
                when = date_text::wall(Offset::UTC.to_datetime(instant), Some(Offset::UTC));
            }
            if let When::Wall { local, offset, .. } = &mut when {
                let stated = stamp.offset.as_deref().and_then(date_text::parse_offset);
                let general = || general.and_then(date_text::parse_offset);
                *offset = offset.or(stated).or_else(general);
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
            claim(TimeSource::ExifOriginal, &self.original),
            claim(TimeSource::ExifDigitized, &self.digitized),
            claim(TimeSource::ExifModified, &self.modified),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What the GPS's clock showed, which is UTC.
    pub(crate) fn gps(&self) -> Option<DateTime> {
        let When::Wall { local: day, .. } = date_text::parse(self.gps_date.as_deref()?)? else {
            return None;
        };
        let [hour, minute, second] = self.gps_time()?;
        let time = date_text::time(hour, minute, second, 0)?;
        Some(day.date().to_datetime(time))
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
