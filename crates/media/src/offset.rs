//! How far a wall clock was ahead of UTC, where no tag states it: by the GPS's clock, which is UTC; by the time zone of the
//! place; and by the zone that is assumed for want of a better one. A stated offset is never doubted.
//!
//! A wrong offset is worse than none, so a wall clock without a word about its zone keeps its offset unknown wherever the
//! place leaves a doubt (see `zone`).

use jiff::{
    civil::DateTime,
    tz::{Offset, TimeZone},
};
use safelight_core::{CaptureTime, Precision, TimeSource};

use crate::{
    claim::{Claim, When},
    facts::Place,
    zone,
};

/// How far the GPS may place the wall clock behind or ahead of UTC, in seconds: the zones that exist.
const OFFSETS: std::ops::RangeInclusive<i64> = -12 * 3600..=14 * 3600;
/// Zones differ from UTC by multiples of this, in seconds.
const QUARTER: i64 = 15 * 60;

/// From what it follows how far a wall clock was ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetSource {
    /// The one who states the time states it with its offset.
    Stated,
    /// The GPS's clock, which is UTC, beside the wall clock; to the quarter of an hour.
    GpsTime,
    /// The time zone of the place, whose offset at that time is the same everywhere some kilometres around.
    Position,
    /// The zone in [`Hints`](crate::Hints): only UTC was known, and neither the file's own zone nor its place.
    Assumed,
}

impl OffsetSource {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::GpsTime => "gps-time",
            Self::Position => "position",
            Self::Assumed => "assumed",
        }
    }
}

/// What a file says from which the offset may follow.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clues {
    /// What the GPS's clock showed: UTC.
    pub(crate) gps: Option<DateTime>,
    /// Where the photo was taken.
    pub(crate) place: Option<Place>,
}

/// What a claim amounts to: its wall clock with its offset, and from what that follows.
pub(crate) fn settle(
    claim: Claim,
    clues: &Clues,
    assumed: &TimeZone,
) -> (CaptureTime, Option<OffsetSource>) {
    let source = claim.source;
    match claim.when {
        When::Instant(instant) => {
            let there = clues
                .place
                .and_then(|place| zone::offset_at(place, instant));
            let (zone, by) = match there {
                Some(offset) => (TimeZone::fixed(offset), OffsetSource::Position),
                None => (assumed.clone(), OffsetSource::Assumed),
            };
            (CaptureTime::from_instant(instant, &zone, source), Some(by))
        }
        When::Wall {
            local,
            offset,
            precision,
        } => {
            let (offset, by) = match offset {
                Some(offset) => (Some(offset), Some(OffsetSource::Stated)),
                None if precision == Precision::Second => derived(local, source, clues).unzip(),
                None => (None, None),
            };
            let captured = CaptureTime {
                local,
                offset,
                source,
                precision,
            };
            (captured, by)
        }
    }
}

/// The offset of a wall clock that was read where the photo was taken. A file may be changed, named or sent anywhere.
fn derived(local: DateTime, source: TimeSource, clues: &Clues) -> Option<(Offset, OffsetSource)> {
    let is_cameras = matches!(source, TimeSource::ExifOriginal | TimeSource::ExifDigitized);
    let is_of_there = is_cameras || matches!(source, TimeSource::Xmp | TimeSource::MovieHeader);
    let by_gps = clues.gps.filter(|_| is_cameras);
    let by_gps = by_gps.and_then(|utc| Some((between(utc, local)?, OffsetSource::GpsTime)));
    by_gps.or_else(|| {
        let place = clues.place.filter(|_| is_of_there)?;
        Some((zone::offset_of(place, local)?, OffsetSource::Position))
    })
}

/// How far a wall clock was ahead of the GPS's, to the quarter of an hour.
fn between(utc: DateTime, local: DateTime) -> Option<Offset> {
    let seconds = |time| Some(Offset::UTC.to_timestamp(time).ok()?.as_second());
    let ahead = seconds(local)? - seconds(utc)?;
    let rounded = (ahead + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
    if !OFFSETS.contains(&rounded) {
        return None;
    }
    Offset::from_seconds(i32::try_from(rounded).ok()?).ok()
}
