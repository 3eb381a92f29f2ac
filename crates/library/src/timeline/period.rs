//! Which part of the timeline.

use std::fmt;

use jiff::civil::Date;

/// A part of the timeline, or what stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A year.
    Year(i16),
    /// A year's month, from 1 to 12.
    Month(i16, i8),
    /// One day.
    Day(Date),
    /// The photos of which nobody knows when they were taken.
    Undated,
    /// The files that are neither photos nor videos, nor called like one: they stand aside from the timeline.
    Other,
}

impl Period {
    /// Reads `2024`, `2024-05`, `2024-05-17`, `undated` or `other`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str, count: usize| {
            let all = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
            all.then(|| text.parse::<i16>().ok()).flatten()
        };
        let mut parts = text.split('-');
        let (first, second, third) = (parts.next()?, parts.next(), parts.next());
        if parts.next().is_some() {
            return None;
        }
        match (first, second) {
            ("undated", None) => return Some(Self::Undated),
            ("other", None) => return Some(Self::Other),
            _ => {}
        }
        let year = digits(first, 4)?;
        let Some(month) = second else {
            return Some(Self::Year(year));
        };
        let month = i8::try_from(digits(month, 2)?).ok()?;
        match third {
            None => (1..=12)
                .contains(&month)
                .then_some(Self::Month(year, month)),
            Some(day) => {
                let day = i8::try_from(digits(day, 2)?).ok()?;
                Date::new(year, month, day).ok().map(Self::Day)
            }
        }
    }

    /// The texts between which the capture times of the period lie: not before the first, before the second. None for
    /// those that have none.
    pub(super) fn bounds(self) -> Option<(String, String)> {
        // The times' texts go on with `-` or `T`, which `.` and `U` follow.
        let (goes_on, follows) = match self {
            Self::Year(_) | Self::Month(..) => ('-', '.'),
            Self::Day(_) => ('T', 'U'),
            Self::Undated | Self::Other => return None,
        };
        Some((format!("{self}{goes_on}"), format!("{self}{follows}")))
    }

    /// The texts between which the tally's days of the period lie: not before the first, before the second.
    pub(super) fn days(self) -> (String, String) {
        match self {
            // No day's text begins with `!`, or with what is before it.
            Self::Undated => (String::new(), "!".to_owned()),
            _ => (self.to_string(), format!("{self}.")),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Self::Day(day) => write!(f, "{day}"),
            Self::Undated => f.write_str("undated"),
            Self::Other => f.write_str("other"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_as_they_are_written() {
        for text in ["2024", "0000", "2024-05", "2024-02-29", "undated", "other"] {
            assert_eq!(Period::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "24",
            "20240",
            "-2024",
            "2024-",
            "2024-13",
            "2024-00",
            "2024-5",
            "2024-05-32",
            "2023-02-29",
            "2024-05-17-1",
            "undated-05",
            "other-05",
            "+024",
            "２０２４",
        ] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }
}
