//! Who is believed about when a photo was taken.
//!
//! The order is that of [`TimeSource`], with one exception. EXIF's `DateTime` says when the file was last changed; a
//! name with a full date and time was given by the camera when it made the file, so it comes first. A name that has
//! only the day (messengers name what they received by the day of receipt) does not.

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use safelight_core::{CaptureTime, Precision, TimeSource};

use crate::{
    Format, Hints,
    claim::{Claim, When},
    facts::Problem,
    offset::{self, Clues, OffsetSource},
};

/// Before this year there were no digital cameras to speak of; clocks that were never set say 1904, 1970 or 1980.
const FIRST_YEAR: i16 = 1990;
/// How far in the future a time may lie: clocks go wrong, and zones lie up to 14 hours ahead of UTC.
const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// What is claimed by those who sent the file, not by the file.
pub(crate) fn outer_claims(hints: &Hints<'_>) -> impl Iterator<Item = Claim> {
    let claim = |source, instant: Option<Timestamp>| {
        instant.map(|instant| Claim {
            source,
            when: When::Instant(instant),
        })
    };
    [
        claim(TimeSource::Client, hints.client_created),
        claim(TimeSource::FileModified, hints.modified),
    ]
    .into_iter()
    .flatten()
}

/// What is wrong with a file as a whole, or with what it is called.
pub(crate) fn outer_problems(
    name: &str,
    format: Format,
    is_empty: bool,
) -> impl Iterator<Item = Problem> {
    let other_extension = || {
        let (stem, extension) = name.rsplit_once('.')?;
        let extension = extension.to_ascii_lowercase();
        let is_other = !stem.is_empty() && format.is_called_otherwise(&extension);
        is_other.then_some(Problem::OtherExtension { extension, format })
    };
    if is_empty {
        Some(Problem::Empty)
    } else {
        other_extension()
    }
    .into_iter()
}

/// Whether it is a time that cameras show whose clock was never set. It may still be true, and is kept.
pub(crate) fn is_factory_default(captured: &CaptureTime) -> bool {
    let at = |year, month, day, hour| {
        let day = civil::Date::new(year, month, day);
        day.is_ok_and(|day| day.at(hour, 0, 0, 0) == captured.local)
    };
    let from_camera = captured.source <= TimeSource::ExifModified;
    from_camera
        && (at(captured.local.year(), 1, 1, 0)
            || at(captured.local.year(), 1, 1, 12)
            || at(2002, 12, 8, 12))
}

/// The most trustworthy claim that can be true; of several by one source, the first. With it, from what its offset
/// follows; instants become local times in `zone` where the clues say nothing.
pub(crate) fn believe(
    mut claims: Vec<Claim>,
    clues: &Clues,
    zone: &TimeZone,
    now: Timestamp,
) -> Option<(CaptureTime, Option<OffsetSource>)> {
    claims.sort_by_key(rank);
    claims
        .into_iter()
        .map(|claim| offset::settle(claim, clues, zone))
        .find(|(captured, _)| is_believable(captured, zone, now))
}

/// The lower, the more trustworthy.
fn rank(claim: &Claim) -> (TimeSource, bool) {
    let names_the_time = matches!(
        claim.when,
        When::Instant(_)
            | When::Wall {
                precision: Precision::Second,
                ..
            }
    );
    match claim.source {
        TimeSource::FileName if names_the_time => (TimeSource::ExifModified, false),
        source => (source, true),
    }
}

fn is_believable(captured: &CaptureTime, zone: &TimeZone, now: Timestamp) -> bool {
    // A `now` at the very end of the calendar cannot be exceeded.
    let latest = now.checked_add(MOST_AHEAD).unwrap_or(Timestamp::MAX);
    captured.local.year() >= FIRST_YEAR
        && captured
            .instant(zone)
            .is_some_and(|instant| instant <= latest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{civil::date, tz::Offset};

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn claim(source: TimeSource, year: i16) -> Claim {
        let when = When::Wall {
            local: date(year, 6, 1).at(1, 2, 3, 0),
            offset: None,
            precision: Precision::Second,
        };
        Claim { source, when }
    }

    fn believed(claims: &[Claim]) -> Option<TimeSource> {
        let zone = TimeZone::UTC;
        believe(claims.to_vec(), &Clues::default(), &zone, NOW).map(|(captured, _)| captured.source)
    }

    #[test]
    fn a_name_with_the_time_is_believed_before_the_date_of_the_last_change() {
        let modified = claim(TimeSource::ExifModified, 2020);
        let name = claim(TimeSource::FileName, 2020);
        assert_eq!(believed(&[modified, name]), Some(TimeSource::FileName));
        let When::Wall { local, offset, .. } = name.when else {
            unreachable!()
        };
        let day = Claim {
            when: When::Wall {
                local,
                offset,
                precision: Precision::Day,
            },
            ..name
        };
        assert_eq!(believed(&[modified, day]), Some(TimeSource::ExifModified));
        assert_eq!(
            believed(&[name, claim(TimeSource::MovieHeader, 2020)]),
            Some(TimeSource::MovieHeader)
        );
    }

    #[test]
    fn what_cannot_be_true_is_passed_over() {
        let good = claim(TimeSource::FileModified, 2020);
        for year in [1904, 1970, 1980, 1989, 2028, 9999] {
            assert_eq!(
                believed(&[claim(TimeSource::ExifOriginal, year), good]),
                Some(TimeSource::FileModified),
                "{year}"
            );
        }
        assert_eq!(
            believed(&[claim(TimeSource::ExifOriginal, 1990), good]),
            Some(TimeSource::ExifOriginal)
        );
        assert_eq!(believed(&[]), None);
    }

    #[test]
    fn a_day_ahead_is_the_limit() {
        let at = |ahead: i64| Claim {
            source: TimeSource::Client,
            when: When::Instant(NOW + SignedDuration::from_secs(ahead)),
        };
        assert!(believed(&[at(24 * 3600)]).is_some());
        assert!(believed(&[at(24 * 3600 + 1)]).is_none());
    }

    #[test]
    fn an_instant_is_placed_in_the_zone_before_the_day_is_chosen() {
        let zone = TimeZone::fixed(Offset::constant(9));
        let late = Claim {
            source: TimeSource::MovieHeader,
            when: When::Instant("2011-02-28T23:15:42Z".parse().unwrap()),
        };
        let (captured, by) = believe(vec![late], &Clues::default(), &zone, NOW).unwrap();
        assert_eq!(captured.local, date(2011, 3, 1).at(8, 15, 42, 0));
        assert_eq!(captured.offset, Some(Offset::constant(9)));
        assert_eq!(by, Some(OffsetSource::Assumed));
    }
}
