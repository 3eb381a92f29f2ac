//! Dates as Apple's tables write them: `Saturday June 4,2022 12:11 PM GMT`, in English, and by the clock of twelve hours.

use jiff::{Timestamp, civil::Date, tz::Offset};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Before this year there were no photos.
const FIRST_YEAR: i16 = 1826;

/// Reads a date. `None` for what is none, and for the epoch, which programs write when nobody knows.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let mut words: Vec<&str> = text
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    // The weekday says nothing more.
    if words.len() == 7 {
        words.remove(0);
    }
    let [month, day, year, time, half, zone] = words[..] else {
        return None;
    };
    if !matches!(zone, "GMT" | "UTC") || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let month = month.to_ascii_lowercase();
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let date = Date::new(
        year.parse().ok()?,
        i8::try_from(month).ok()?,
        day.parse().ok()?,
    )
    .ok()?;
    let (hour, rest) = time.split_once(':')?;
    let (minute, second) = rest.split_once(':').unwrap_or((rest, "0"));
    let hour: i8 = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    let hour = match half.to_ascii_uppercase().as_str() {
        "AM" => hour % 12,
        "PM" => hour % 12 + 12,
        _ => return None,
    };
    let time = jiff::civil::Time::new(hour, minute.parse().ok()?, second.parse().ok()?, 0).ok()?;
    let instant = Offset::UTC.to_timestamp(date.to_datetime(time)).ok()?;
    (date.year() >= FIRST_YEAR && instant != Timestamp::UNIX_EPOCH).then_some(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_is_before_one() {
        for (text, instant) in [
            ("Saturday June 4,2022 12:11 PM GMT", "2022-06-04T12:11:00Z"),
            ("Sunday June 5,2022 12:07 AM GMT", "2022-06-05T00:07:00Z"),
            ("Sunday June 5,2022 1:07 AM GMT", "2022-06-05T01:07:00Z"),
            ("Monday March 11, 2024 11:34 PM GMT", "2024-03-11T23:34:00Z"),
            (
                "March 11,2024 11:34:56\u{202f}pm GMT",
                "2024-03-11T23:34:56Z",
            ),
            ("Saturday May 26,1962 12:00 AM GMT", "1962-05-26T00:00:00Z"),
        ] {
            assert_eq!(
                read(text).map(|instant| instant.to_string()).as_deref(),
                Some(instant),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "Saturday June 4",
            "Saturday June 31,2022 12:11 PM GMT",
            "Saturday June 4,2022 13:11 PM GMT",
            "Saturday June 4,2022 0:11 PM GMT",
            "Saturday June 4,2022 12:61 PM GMT",
            "Saturday June 4,2022 12:11 PM CEST",
            "Saturday Juni 4,2022 12:11 PM GMT",
            "Saturday June 4,+022 12:11 PM GMT",
            "Thursday January 1,1970 12:00 AM GMT",
            "Saturday June 4,1022 12:11 PM GMT",
            "Saturday June 4,99999 12:11 PM GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
