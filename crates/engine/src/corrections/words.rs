//! Dates, spans and zones as a person types them.

use jiff::{
    SignedDuration, Span, SpanRelativeTo, Unit,
    civil::{DateTime, Time},
    fmt::temporal::{DateTimeParser, Pieces, PiecesOffset},
    tz::{Offset, TimeZone},
};
use safelight_core::{CaptureTime, Correction, Precision};

use crate::{command::Wish, error::EngineError};

/// The longest that a clock can have been off: whoever set it wrongly was not born a century later.
const LONGEST_SHIFT: SignedDuration = SignedDuration::from_hours(24 * 366 * 200);

/// Reads what a person wishes, and says it in words.
pub(super) fn correction(wish: &Wish) -> Result<(Correction, String), EngineError> {
    Ok(match wish {
        Wish::Set { date } => {
            let (local, offset, precision) = moment(date)?;
            let set = Correction::Set {
                local,
                offset,
                precision,
            };
            (set, format!("Taken on {}", said(local, offset, precision)))
        }
        Wish::Shift { by } => {
            let span = span(by)?;
            let way = if span.is_negative() {
                "earlier"
            } else {
                "later"
            };
            let what = format!("{:#} {way}", span.abs());
            (Correction::Shift(span), what)
        }
        Wish::Zone { place, camera } => {
            let what = match camera {
                Some(camera) => format!("Taken in {place}, by a camera set to {camera}"),
                None => format!("Taken in {place}"),
            };
            let zones = Correction::Zone {
                place: zone(place)?,
                clock: camera.as_deref().map(zone).transpose()?,
            };
            (zones, what)
        }
        Wish::Reset => (
            Correction::Reset,
            "Back to what the photo itself says".to_owned(),
        ),
    })
}

/// `2019-07-01`, `2019-07-01T12:00`, `2019-07-01 12:00:30+02:00`. A date alone is a day of which the time is not known.
fn moment(text: &str) -> Result<(DateTime, Option<Offset>, Precision), EngineError> {
    let invalid = || {
        EngineError::Invalid(format!(
            "{text:?} is no date; write it like 2019-07-01 or 2019-07-01 14:30, with +02:00 after it if you know how far \
             the clock there was ahead of UTC"
        ))
    };
    let pieces = Pieces::parse(text.trim()).map_err(|_| invalid())?;
    if pieces.time_zone_annotation().is_some() {
        return Err(EngineError::Invalid(format!(
            "{text:?} names a zone; say the date first, and the zone with another correction"
        )));
    }
    let offset = match pieces.offset() {
        Some(PiecesOffset::Numeric(numeric)) => Some(numeric.offset()),
        Some(PiecesOffset::Zulu) => Some(Offset::UTC),
        Some(_) => return Err(invalid()),
        None => None,
    };
    Ok(match (pieces.time(), offset) {
        (Some(time), offset) => (pieces.date().to_datetime(time), offset, Precision::Second),
        (None, None) => (
            pieces.date().to_datetime(Time::constant(12, 0, 0, 0)),
            None,
            Precision::Day,
        ),
        (None, Some(_)) => return Err(invalid()),
    })
}

/// The beginning (`last` is false) or the end of what a person means by a date or a time: `2019-07-01` is a whole day.
pub(super) fn bound(text: &str, last: bool) -> Result<DateTime, EngineError> {
    let (local, _, precision) = moment(text)?;
    let (begin, length) = match precision {
        Precision::Day => (
            local.date().to_datetime(Time::midnight()),
            SignedDuration::from_hours(24),
        ),
        Precision::Second => (local, SignedDuration::from_secs(1)),
    };
    if !last {
        return Ok(begin);
    }
    begin
        .checked_add(length)
        .map_err(|_| EngineError::Invalid(format!("{text:?} is beyond the calendar")))
}

/// `+2h`, `-1h 30m`, `3 days`, `-00:45`.
fn span(text: &str) -> Result<SignedDuration, EngineError> {
    let invalid = |why: &str| {
        EngineError::Invalid(format!(
            "{text:?} is no span of time{why}; write it like +2h, -1h 30m or +1d"
        ))
    };
    let trimmed = text.trim();
    let (negative, rest) = match trimmed.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let rest = rest.trim();
    let clock = rest
        .split_once(':')
        .and_then(|(hours, minutes)| {
            Some((hours.parse::<u16>().ok()?, minutes.parse::<u8>().ok()?))
        })
        .filter(|(_, minutes)| *minutes < 60);
    let length = match clock {
        Some((hours, minutes)) => {
            SignedDuration::from_secs(i64::from(hours) * 3600 + i64::from(minutes) * 60)
        }
        None if rest.starts_with(['-', '+']) => return Err(invalid("")),
        None => {
            let span: Span = rest.parse().map_err(|_| invalid(""))?;
            if span.get_years() != 0 || span.get_months() != 0 {
                return Err(invalid(" that is always of one length"));
            }
            span.to_duration(SpanRelativeTo::days_are_24_hours())
                .map_err(|_| invalid(""))?
        }
    };
    let by = if negative { -length } else { length };
    if by.is_zero() {
        return Err(invalid(" that changes anything"));
    }
    if by.abs() > LONGEST_SHIFT {
        return Err(invalid(" that a clock can be off by"));
    }
    Ok(by)
}

/// `Europe/Rome`, `+02:00`.
fn zone(name: &str) -> Result<TimeZone, EngineError> {
    DateTimeParser::new()
        .parse_time_zone(name.trim())
        .map_err(|_| {
            EngineError::Invalid(format!(
                "{name:?} is no time zone that is known here; name it like Europe/Rome or America/New_York, or say how far \
                 it is ahead of UTC, like +02:00"
            ))
        })
}

/// The names of the zones that are known here.
pub(super) fn zones() -> Vec<String> {
    jiff::tz::db()
        .available()
        .map(|zone| zone.as_str().to_owned())
        .collect()
}

/// A capture time in ISO 8601, a day without a time of day.
pub(crate) fn iso(taken: &CaptureTime) -> String {
    said(taken.local, taken.offset, taken.precision).replacen(' ', "T", 1)
}

fn said(local: DateTime, offset: Option<Offset>, precision: Precision) -> String {
    // Fractions of a second say nothing to anybody.
    let local = local.round(Unit::Second).unwrap_or(local);
    match (precision, offset) {
        (Precision::Day, _) => local.date().to_string(),
        (Precision::Second, None) => local.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        (Precision::Second, Some(offset)) => {
            let (sign, seconds) = (
                if offset.is_negative() { '-' } else { '+' },
                offset.seconds().unsigned_abs(),
            );
            format!(
                "{}{sign}{:02}:{:02}",
                local.strftime("%Y-%m-%d %H:%M:%S"),
                seconds / 3600,
                seconds / 60 % 60
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_date_may_have_a_time_and_an_offset() {
        let noon = date(2019, 7, 1).at(12, 0, 0, 0);
        for (text, found) in [
            ("2019-07-01", (noon, None, Precision::Day)),
            ("2019-07-01T12:00", (noon, None, Precision::Second)),
            (" 2019-07-01 12:00:00 ", (noon, None, Precision::Second)),
            (
                "2019-07-01 12:00+02:00",
                (noon, Some(Offset::constant(2)), Precision::Second),
            ),
            (
                "2019-07-01T12:00Z",
                (noon, Some(Offset::UTC), Precision::Second),
            ),
        ] {
            assert_eq!(moment(text).unwrap(), found, "{text}");
        }
        for wrong in [
            "",
            "1.7.2019",
            "2019-02-30",
            "2019-07-01 25:00",
            "2019-07-01T12:00[Europe/Rome]",
            "2019-07-01+02:00",
        ] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_is_chosen_to_its_end() {
        assert_eq!(
            bound("2019-12-31", false).unwrap(),
            date(2019, 12, 31).at(0, 0, 0, 0)
        );
        assert_eq!(
            bound("2019-12-31", true).unwrap(),
            date(2020, 1, 1).at(0, 0, 0, 0)
        );
        assert_eq!(
            bound("2019-12-31 23:59:59", true).unwrap(),
            date(2020, 1, 1).at(0, 0, 0, 0)
        );
    }

    #[test]
    fn a_span_is_hours_minutes_or_days() {
        let minutes = |text: &str| span(text).unwrap().as_mins();
        for (text, found) in [
            ("+2h", 120),
            ("2h", 120),
            ("-1h 30m", -90),
            ("-1h30m", -90),
            ("\u{2212}45m", -45),
            ("+1d", 24 * 60),
            ("3 days 1 hour", 73 * 60),
            ("+02:30", 150),
            ("-0:45", -45),
        ] {
            assert_eq!(minutes(text), found, "{text}");
        }
        for wrong in [
            "",
            "2",
            "two hours",
            "0h",
            "+1 month",
            "--2h",
            "1000000d",
            "2:75",
            "P1D; x",
        ] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_zone_is_named_or_counted() {
        assert!(zone("Europe/Rome").is_ok() && zone(" +05:30").is_ok());
        for wrong in ["", "Rome", "../etc/passwd", "Europe/", "+99:00"] {
            assert!(zone(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_done_is_said_in_words() {
        let words = |wish| correction(&wish).unwrap().1;
        assert_eq!(
            words(Wish::Shift {
                by: "-1h30m".into()
            }),
            "1h 30m earlier"
        );
        assert_eq!(
            words(Wish::Set {
                date: "2019-07-01".into()
            }),
            "Taken on 2019-07-01"
        );
        assert_eq!(
            words(Wish::Set {
                date: "2019-07-01 12:00-03:30".into()
            }),
            "Taken on 2019-07-01 12:00:00-03:30"
        );
    }
}
