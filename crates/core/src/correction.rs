//! How a person puts a photo's date right: by the date itself, by how far the camera's clock was off, or by the zone that it
//! ran in.

use jiff::{
    SignedDuration,
    civil::{DateTime, date},
    tz::{Offset, TimeZone},
};

use crate::{CaptureTime, Precision, TimeSource};

/// What a person says of the dates of one photo or many.
#[derive(Clone, Debug, PartialEq)]
pub enum Correction {
    /// They were taken at this time.
    Set {
        /// The wall clock of the place where they were taken.
        local: DateTime,
        /// How far that was ahead of UTC, if the person knows.
        offset: Option<Offset>,
        /// Whether the time of day is known.
        precision: Precision,
    },
    /// The camera's clock was off: they were taken this much later (or earlier, if it is negative).
    Shift(SignedDuration),
    /// They were taken in this zone.
    Zone {
        /// The zone of the place where they were taken.
        place: TimeZone,
        /// The zone that the camera's clock was set to. Without one: a photo whose offset is known was taken at that very
        /// moment, and the camera of any other showed the time of the place.
        clock: Option<TimeZone>,
    },
    /// What people said of them before is taken back.
    Reset,
}

/// Why a photo's date cannot be put right so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotCorrect {
    /// There is no time to start from.
    #[error("Nobody knows when it was taken; say its date first")]
    Undated,
    /// There is a day, and no time of day.
    #[error("Only its day is known; say its date and time, or move it by whole days")]
    OnlyDay,
    /// Before the first photo that there is.
    #[error("It would be taken on {0}, before there were photos")]
    TooEarly(DateTime),
    /// In the future.
    #[error("It would be taken on {0}, which is in the future")]
    TooLate(DateTime),
    /// Beyond the calendar.
    #[error("The date would be one that the calendar does not have")]
    NoDate,
}

/// The oldest photo that is kept, Niépce's view from his window, was taken in 1826 or 1827.
const FIRST: DateTime = date(1826, 1, 1).at(0, 0, 0, 0);

impl Correction {
    /// The time that a person says, of a photo of which `now` counts; `None` if no person says anything any more. `latest`
    /// is the last time that can be: no photo is taken in the future.
    ///
    /// Where clocks are set back an hour comes twice: the first of the two is meant. In the hour that is left out when they
    /// are set forward, the time after it is meant.
    ///
    /// # Errors
    ///
    /// [`CannotCorrect`].
    pub fn apply(
        &self,
        now: Option<&CaptureTime>,
        latest: DateTime,
    ) -> Result<Option<CaptureTime>, CannotCorrect> {
        let said = match self {
            Self::Reset => return Ok(None),
            Self::Set {
                local,
                offset,
                precision,
            } => person(*local, *offset, *precision),
            Self::Shift(by) => shifted(now.ok_or(CannotCorrect::Undated)?, *by)?,
            Self::Zone { place, clock } => {
                let now = now.ok_or(CannotCorrect::Undated)?;
                in_zone(now, place, clock.as_ref())?
            }
        };
        if said.local < FIRST {
            return Err(CannotCorrect::TooEarly(said.local));
        }
        if said.local > latest {
            return Err(CannotCorrect::TooLate(said.local));
        }
        Ok(Some(said))
    }
}

/// Members of a group that were taken within this time of each other keep their distance when one of them gets a date.
pub const TOGETHER: SignedDuration = SignedDuration::from_hours(24);

/// The date of a photo that belongs to one of which a person says `right`: where the times without the person, `had` and
/// `has`, are near each other, the distance stays; else the date is the same.
#[must_use]
pub fn beside(
    right: &CaptureTime,
    had: Option<&CaptureTime>,
    has: Option<&CaptureTime>,
) -> CaptureTime {
    let moved = had.zip(has).and_then(|(had, has)| {
        let apart = has.local.duration_since(had.local);
        let local = right.local.checked_add(apart).ok()?;
        (apart.abs() <= TOGETHER).then(|| person(local, right.offset, has.precision))
    });
    moved.unwrap_or(*right)
}

fn person(local: DateTime, offset: Option<Offset>, precision: Precision) -> CaptureTime {
    CaptureTime {
        local,
        offset,
        source: TimeSource::Person,
        precision,
    }
}

fn shifted(now: &CaptureTime, by: SignedDuration) -> Result<CaptureTime, CannotCorrect> {
    if now.precision == Precision::Day && by.as_secs() % (24 * 3600) != 0 {
        return Err(CannotCorrect::OnlyDay);
    }
    let local = now
        .local
        .checked_add(by)
        .map_err(|_| CannotCorrect::NoDate)?;
    Ok(person(local, now.offset, now.precision))
}

fn in_zone(
    now: &CaptureTime,
    place: &TimeZone,
    clock: Option<&TimeZone>,
) -> Result<CaptureTime, CannotCorrect> {
    if now.precision == Precision::Day {
        return Err(CannotCorrect::OnlyDay);
    }
    let instant = match (clock, now.offset) {
        (Some(clock), _) => clock.to_timestamp(now.local),
        (None, Some(offset)) => offset.to_timestamp(now.local),
        (None, None) => place.to_timestamp(now.local),
    }
    .map_err(|_| CannotCorrect::NoDate)?;
    Ok(CaptureTime::from_instant(
        instant,
        place,
        TimeSource::Person,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LATEST: DateTime = date(2026, 11, 26).at(0, 0, 0, 0);

    fn camera(local: DateTime, offset: Option<i8>) -> CaptureTime {
        CaptureTime {
            local,
            offset: offset.map(Offset::constant),
            source: TimeSource::ExifOriginal,
            precision: Precision::Second,
        }
    }

    fn zone(hours: i8) -> TimeZone {
        TimeZone::fixed(Offset::constant(hours))
    }

    fn apply(
        correction: &Correction,
        now: Option<CaptureTime>,
    ) -> Result<Option<CaptureTime>, CannotCorrect> {
        correction.apply(now.as_ref(), LATEST)
    }

    #[test]
    fn a_clock_that_was_off_is_set_right_and_keeps_its_zone() {
        let now = camera(date(2019, 12, 31).at(23, 30, 15, 0), Some(1));
        let by = Correction::Shift(SignedDuration::from_hours(2));
        let said = apply(&by, Some(now)).unwrap().unwrap();
        assert_eq!(said.local, date(2020, 1, 1).at(1, 30, 15, 0));
        assert_eq!((said.offset, said.source), (now.offset, TimeSource::Person));
        let back = Correction::Shift(SignedDuration::from_hours(-2));
        assert_eq!(apply(&back, Some(said)).unwrap().unwrap().local, now.local);
    }

    #[test]
    fn a_camera_that_ran_at_home_is_brought_to_where_it_was() {
        let noon = date(2019, 7, 1).at(12, 0, 0, 0);
        let rome_to_tokyo = Correction::Zone {
            place: zone(9),
            clock: Some(zone(2)),
        };
        for offset in [None, Some(2), Some(-5)] {
            let said = apply(&rome_to_tokyo, Some(camera(noon, offset)))
                .unwrap()
                .unwrap();
            assert_eq!(said.local, date(2019, 7, 1).at(19, 0, 0, 0));
            assert_eq!(said.offset, Some(Offset::constant(9)));
        }
    }

    #[test]
    fn the_place_alone_keeps_a_wall_clock_and_a_moment_alike() {
        let noon = date(2019, 7, 1).at(12, 0, 0, 0);
        let tokyo = Correction::Zone {
            place: zone(9),
            clock: None,
        };
        let wall = apply(&tokyo, Some(camera(noon, None))).unwrap().unwrap();
        assert_eq!((wall.local, wall.offset), (noon, Some(Offset::constant(9))));
        let moment = apply(&tokyo, Some(camera(noon, Some(0)))).unwrap().unwrap();
        assert_eq!(moment.local, date(2019, 7, 1).at(21, 0, 0, 0));
    }

    #[test]
    fn of_an_hour_that_comes_twice_the_first_is_meant() {
        let place = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let rome = Correction::Zone { place, clock: None };
        let twice = camera(date(2019, 10, 27).at(2, 30, 0, 0), None);
        let said = apply(&rome, Some(twice)).unwrap().unwrap();
        assert_eq!(
            (said.local, said.offset),
            (twice.local, Some(Offset::constant(2)))
        );
        let never = camera(date(2019, 3, 31).at(2, 30, 0, 0), None);
        let said = apply(&rome, Some(never)).unwrap().unwrap();
        assert_eq!(said.local, date(2019, 3, 31).at(3, 30, 0, 0));
    }

    #[test]
    fn a_late_part_keeps_its_distance_to_what_was_put_right() {
        let had = camera(date(2001, 1, 1).at(8, 0, 10, 0), None);
        let right = person(
            date(2019, 7, 1).at(12, 0, 10, 0),
            Some(Offset::constant(2)),
            Precision::Second,
        );
        let has = camera(date(2001, 1, 1).at(8, 0, 8, 0), Some(1));
        let near = beside(&right, Some(&had), Some(&has));
        assert_eq!(near.local, date(2019, 7, 1).at(12, 0, 8, 0));
        assert_eq!((near.offset, near.source), (right.offset, right.source));
        let far = camera(date(1980, 1, 1).at(0, 0, 0, 0), None);
        for has in [Some(&far), None] {
            assert_eq!(beside(&right, Some(&had), has), right);
        }
        assert_eq!(beside(&right, None, Some(&has)), right);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let day = CaptureTime {
            precision: Precision::Day,
            ..camera(date(2019, 7, 1).at(12, 0, 0, 0), None)
        };
        let hour = Correction::Shift(SignedDuration::from_hours(1));
        assert_eq!(apply(&hour, None), Err(CannotCorrect::Undated));
        assert_eq!(apply(&hour, Some(day)), Err(CannotCorrect::OnlyDay));
        let days = Correction::Shift(SignedDuration::from_hours(-48));
        let said = apply(&days, Some(day)).unwrap().unwrap();
        assert_eq!((said.local.day(), said.precision), (29, Precision::Day));
        let set = |local| Correction::Set {
            local,
            offset: None,
            precision: Precision::Second,
        };
        let (early, late) = (
            date(1825, 12, 31).at(0, 0, 0, 0),
            date(2062, 1, 1).at(0, 0, 0, 0),
        );
        assert_eq!(
            apply(&set(early), None),
            Err(CannotCorrect::TooEarly(early))
        );
        assert_eq!(apply(&set(late), None), Err(CannotCorrect::TooLate(late)));
        let forever = Correction::Shift(SignedDuration::MAX);
        assert_eq!(
            apply(&forever, Some(camera(early, None))),
            Err(CannotCorrect::NoDate)
        );
        assert_eq!(apply(&Correction::Reset, Some(day)), Ok(None));
    }

    proptest! {
        #[test]
        fn a_shift_and_its_opposite_are_nothing(
            seconds in -4_000_000_000_i64..1_700_000_000,
            by in -400_000_i64..400_000,
            offset in proptest::option::of(-12..14_i8),
        ) {
            let local = Offset::UTC.to_datetime(jiff::Timestamp::from_second(seconds).unwrap());
            let there = Correction::Shift(SignedDuration::from_secs(by));
            let back = Correction::Shift(SignedDuration::from_secs(-by));
            let now = camera(local, offset);
            let said = apply(&there, Some(now)).unwrap();
            let again = apply(&back, said).unwrap().unwrap();
            prop_assert_eq!((again.local, again.offset), (now.local, now.offset));
        }

        #[test]
        fn a_zone_never_changes_the_moment_of_a_photo_that_has_one(
            seconds in -4_000_000_000_i64..1_700_000_000,
            offset in -12..14_i8,
            place in -12..14_i8,
        ) {
            let local = Offset::UTC.to_datetime(jiff::Timestamp::from_second(seconds).unwrap());
            let now = camera(local, Some(offset));
            let to = Correction::Zone { place: zone(place), clock: None };
            let said = apply(&to, Some(now)).unwrap().unwrap();
            prop_assert_eq!(said.instant(&TimeZone::UTC), now.instant(&TimeZone::UTC));
        }
    }
}
