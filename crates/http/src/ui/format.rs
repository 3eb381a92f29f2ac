//! Numbers, sizes and times for people. Templates hand numbers over by reference, code by value.

use std::borrow::Borrow;

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// `1,234`.
pub(super) fn number(count: impl Borrow<u64>) -> String {
    let digits = count.borrow().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 photo`, `1,234 photos`.
pub(super) fn counted(count: impl Borrow<u64>, one: &str, many: &str) -> String {
    let count = *count.borrow();
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// `532 bytes`, `4.2 MB`: powers of 1,000, as disks are sold.
pub(super) fn bytes(size: impl Borrow<u64>) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    let size = *size.borrow();
    if size < 1000 {
        return counted(size, "byte", "bytes");
    }
    // What would be written as 1000.0 of one unit is 1.0 of the next.
    let mut tenths = size / 100 + u64::from(size % 100 >= 50);
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths = (tenths + 500) / 1000;
        unit += 1;
    }
    let whole = number(tenths / 10);
    if tenths < 1000 {
        format!("{whole}.{} {}", tenths % 10, UNITS[unit])
    } else {
        format!("{whole} {}", UNITS[unit])
    }
}

/// `22 Nov 2026, 15:40` in `zone`. What is no time is shown as it is.
pub(super) fn time(rfc3339: &str, zone: &TimeZone) -> String {
    match rfc3339.parse::<Timestamp>() {
        Ok(at) => at
            .to_zoned(zone.clone())
            .strftime("%-d %b %Y, %H:%M")
            .to_string(),
        Err(_) => rfc3339.to_owned(),
    }
}

/// As [`time`], for a wall clock's time.
pub(super) fn wall_clock(iso: &str) -> String {
    match iso.parse::<DateTime>() {
        Ok(at) => at.strftime("%-d %b %Y, %H:%M:%S").to_string(),
        Err(_) => iso.to_owned(),
    }
}

/// When a photo was taken, `2019-07-01T12:00:00+02:00`, `2019-07-01T12:00:00` or `2019-07-01`, for people. What is none of
/// these is shown as it is.
pub(super) fn taken(iso: &str) -> String {
    let (date, rest) = iso.split_at_checked(10).unwrap_or((iso, ""));
    if rest.is_empty() {
        return match date.parse::<Date>() {
            Ok(day) => day.strftime("%-d %b %Y").to_string(),
            Err(_) => iso.to_owned(),
        };
    }
    match rest.rfind(['+', '-']) {
        Some(at) => {
            let (time, offset) = rest.split_at(at);
            format!("{} (UTC{offset})", wall_clock(&format!("{date}{time}")))
        }
        None => wall_clock(iso),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(count), text);
        }
        assert_eq!(counted(1, "photo", "photos"), "1 photo");
        assert_eq!(counted(0, "photo", "photos"), "0 photos");
    }

    #[test]
    fn sizes_have_two_or_three_figures() {
        for (size, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (99_949, "99.9 kB"),
            (99_950, "100 kB"),
            (999_949, "999 kB"),
            (999_950, "1.0 MB"),
            (4_200_000, "4.2 MB"),
            (5_600_000_000, "5.6 GB"),
            (u64::MAX, "18,446 PB"),
        ] {
            assert_eq!(bytes(size), text, "{size}");
        }
    }

    #[test]
    fn times_are_those_of_the_house() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(time("2026-11-22T23:05:09Z", &zone), "23 Nov 2026, 01:05");
        assert_eq!(time("soon", &zone), "soon");
        assert_eq!(wall_clock("2024-05-17T14:03:09"), "17 May 2024, 14:03:09");
        for (iso, text) in [
            (
                "2024-05-17T14:03:09-04:00",
                "17 May 2024, 14:03:09 (UTC-04:00)",
            ),
            ("2024-05-17T14:03:09", "17 May 2024, 14:03:09"),
            ("2024-05-17", "17 May 2024"),
            ("some day", "some day"),
        ] {
            assert_eq!(taken(iso), text);
        }
    }
}
