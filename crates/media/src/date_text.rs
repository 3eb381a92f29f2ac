//! Dates as programs write them: EXIF, XMP, ISO 8601 and what lies between them.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::Offset,
};
use safelight_core::Precision;

use crate::claim::When;

/// Reads `2024:05:31 23:59:58`, with any separators between the date's parts (`: - . /`) and a space or `T` before
/// the time, seconds and their fraction optional, and perhaps an offset at the end.
///
/// A date without a legible time is exact to the day. A time that ends in `Z` is an instant: it says nothing about
/// the wall clock.
pub(crate) fn parse(text: &str) -> Option<When> {
    let mut text = Text(text.trim_matches(|c: char| c == '\0' || c.is_whitespace()));
    let year = text.number(4)?;
    text.any_of(":-./")?;
    let month = text.number(2)?;
    text.any_of(":-./")?;
    let day = text.number(2)?;
    let date = date(year, month, day)?;
    let Some((time, zone)) = text.any_of(" T").and_then(|()| time_and_zone(text)) else {
        return Some(When::Wall {
            local: noon(date)?,
            offset: None,
            precision: Precision::Day,
        });
    };
    let local = date.to_datetime(time);
    Some(match zone {
        Zone::Utc => When::Instant(Offset::UTC.to_timestamp(local).ok()?),
        Zone::Ahead(offset) => wall(local, Some(offset)),
        Zone::Unsaid => wall(local, None),
    })
}

/// Reads an EXIF offset: `+02:00`, `-0830`, `Z`.
pub(crate) fn parse_offset(text: &str) -> Option<Offset> {
    match zone(Text(
        text.trim_matches(|c: char| c == '\0' || c.is_whitespace()),
    )) {
        Zone::Utc => Some(Offset::UTC),
        Zone::Ahead(offset) => Some(offset),
        Zone::Unsaid => None,
    }
}

/// A day of the calendar, from numbers that may be none.
pub(crate) fn date(year: u32, month: u32, day: u32) -> Option<Date> {
    Date::new(
        year.try_into().ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
    )
    .ok()
}

/// A time of day, from numbers that may be none. A leap second is read as the second before it.
pub(crate) fn time(hour: u32, minute: u32, second: u32, nanosecond: i32) -> Option<Time> {
    let second = if second == 60 { 59 } else { second };
    Time::new(
        hour.try_into().ok()?,
        minute.try_into().ok()?,
        second.try_into().ok()?,
        nanosecond,
    )
    .ok()
}

/// The time of day that stands for a day of which nothing else is known.
pub(crate) fn noon(date: Date) -> Option<DateTime> {
    Some(date.to_datetime(time(12, 0, 0, 0)?))
}

/// What an instant without a wall clock is, from seconds since 1970.
pub(crate) fn instant(seconds: i64) -> Option<When> {
    Timestamp::from_second(seconds).ok().map(When::Instant)
}

/// A time that is known to the second.
pub(crate) const fn wall(local: DateTime, offset: Option<Offset>) -> When {
    When::Wall {
        local,
        offset,
        precision: Precision::Second,
    }
}

/// Digits behind a decimal point, as nanoseconds.
pub(crate) fn fraction(digits: &str) -> Option<i32> {
    let digits: String = digits
        .chars()
        .take_while(char::is_ascii_digit)
        .take(9)
        .collect();
    if digits.is_empty() {
        return None;
    }
    format!("{digits:0<9}").parse().ok()
}

enum Zone {
    Utc,
    Ahead(Offset),
    Unsaid,
}

fn time_and_zone(mut text: Text<'_>) -> Option<(Time, Zone)> {
    let hour = text.number(2)?;
    text.any_of(":")?;
    let minute = text.number(2)?;
    let (mut second, mut nanosecond) = (0, 0);
    if text.any_of(":").is_some() {
        second = text.number(2)?;
        if text.any_of(".,").is_some() {
            nanosecond = fraction(text.0).unwrap_or(0);
            text = Text(text.0.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
    }
    // Cameras that write midnight as 24:00 mean the day that stands before it.
    let hour = if hour == 24 { 0 } else { hour };
    Some((time(hour, minute, second, nanosecond)?, zone(text)))
}

fn zone(mut text: Text<'_>) -> Zone {
    text = Text(text.0.trim_start());
    if text.any_of("Zz").is_some() {
        return Zone::Utc;
    }
    let sign = if text.any_of("+").is_some() {
        1
    } else if text.any_of("-").is_some() {
        -1
    } else {
        return Zone::Unsaid;
    };
    let Some(hours) = text.number(2) else {
        return Zone::Unsaid;
    };
    // A missing colon, or missing minutes, are common.
    text.any_of(":");
    let minutes = text.number(2).unwrap_or(0);
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok();
    match seconds
        .filter(|_| hours <= 14 && minutes < 60)
        .map(|seconds| Offset::from_seconds(sign * seconds))
    {
        Some(Ok(offset)) => Zone::Ahead(offset),
        _ => Zone::Unsaid,
    }
}

/// Text that is read from its beginning.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl Text<'_> {
    /// Exactly so many digits.
    pub(crate) fn number(&mut self, digits: usize) -> Option<u32> {
        let number = self.0.get(..digits)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0 = &self.0[digits..];
        number.parse().ok()
    }

    /// One of these (ASCII) characters.
    pub(crate) fn any_of(&mut self, wanted: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(|c: char| wanted.contains(c))?;
        Some(())
    }

    /// This word, in any case.
    pub(crate) fn word(&mut self, wanted: &str) -> Option<()> {
        let word = self.0.get(..wanted.len())?;
        if !word.eq_ignore_ascii_case(wanted) {
            return None;
        }
        self.0 = &self.0[wanted.len()..];
        Some(())
    }

    /// Whether no digit follows.
    pub(crate) fn ends_number(&self) -> bool {
        !self.0.starts_with(|c: char| c.is_ascii_digit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse(text) {
            Some(When::Wall {
                local,
                offset,
                precision,
            }) => {
                let offset = offset.map(|offset| offset.to_string()).unwrap_or_default();
                format!(
                    "{local}{offset}{}",
                    if precision == Precision::Day {
                        " day"
                    } else {
                        ""
                    }
                )
            }
            Some(When::Instant(instant)) => instant.to_string(),
            None => "-".to_owned(),
        }
    }

    #[test]
    fn reads_what_programs_write() {
        for (text, expected) in [
            ("2009:04:28 02:35:57", "2009-04-28T02:35:57"),
            ("2021-03-27 03:44:22\0", "2021-03-27T03:44:22"),
            ("2021-03-27T03:44:22.5", "2021-03-27T03:44:22.5"),
            ("2016-02-28T00:14:49+0700", "2016-02-28T00:14:49+07"),
            ("2016-02-28T00:14:49-03:30", "2016-02-28T00:14:49-03:30"),
            ("2014:01:20 02:14:33 +01:00", "2014-01-20T02:14:33+01"),
            ("2021-05-16T19:27:55Z", "2021-05-16T19:27:55Z"),
            ("2020-07-23T00:00+02:00", "2020-07-23T00:00:00+02"),
            ("2020:07:23", "2020-07-23T12:00:00 day"),
            ("2020:07:23   :  :  ", "2020-07-23T12:00:00 day"),
            ("2016:12:31 23:59:60", "2016-12-31T23:59:59"),
            ("0000:00:00 00:00:00", "-"),
            ("2021:02:29 10:00:00", "-"),
            ("    :  :     :  :  ", "-"),
            ("2019", "-"),
            ("", "-"),
            ("日本日本日本", "-"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_impossible_offset_is_none() {
        for text in ["+25:00", "+1", "", "   :  ", "02:00"] {
            assert_eq!(parse_offset(text), None, "{text:?}");
        }
        assert_eq!(parse_offset("Z\0"), Some(Offset::UTC));
        assert_eq!(parse_offset("-0830").map(Offset::seconds), Some(-30_600));
    }
}
