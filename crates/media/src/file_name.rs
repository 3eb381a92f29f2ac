//! Capture times in file names, as phones and messengers write them.
//!
//! | name | means |
//! |---|---|
//! | `IMG_20240531_235958`, `VID_…`, `MVIMG_…`, `20240531_235958[_001]` | wall clock |
//! | `Screenshot_20240531-235958`, `Screenshot_2024-05-31-23-59-58`, `signal-2024-05-31-235958` | wall clock |
//! | `WhatsApp Image 2024-05-31 at 23.59.58`, `Photo 31.05.24, 23 59 58` | wall clock |
//! | `PXL_20240531_215958123` | **UTC** |
//! | `IMG-20240531-WA0001` | the day when it was received |
//! | `1717192798000`, `FB_IMG_1717192798000` | milliseconds since 1970, UTC |
//!
//! Eight digits are not always a date: only these patterns are read, and only what the calendar has.

use jiff::{Timestamp, civil::Date, civil::DateTime, tz::Offset};
use safelight_core::{Precision, TimeSource};

use crate::{
    claim::{Claim, When},
    date_text::{self, Text},
};

/// What stands before a wall clock's date and time.
const WALL_CLOCK: [&str; 7] = [
    "IMG_",
    "VID_",
    "MVIMG_",
    "Screenshot_",
    "signal-",
    "WhatsApp Image ",
    "WhatsApp Video ",
];
/// What stands before a date and time in UTC.
const UTC: [&str; 1] = ["PXL_"];
/// What stands before the milliseconds since 1970.
const EPOCH: [&str; 1] = ["FB_IMG_"];

/// What a file's name claims.
pub(crate) fn claim(name: &str) -> Option<Claim> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let when = wall_clock(name)
        .or_else(|| utc(name))
        .or_else(|| day_received(name))
        .or_else(|| photo_shared(name))
        .or_else(|| epoch(name))?;
    Some(Claim {
        source: TimeSource::FileName,
        when,
    })
}

fn wall_clock(name: &str) -> Option<When> {
    date_time(after_any(name, &WALL_CLOCK).unwrap_or(Text(name)))
        .map(|local| date_text::wall(local, None))
}

fn utc(name: &str) -> Option<When> {
    let written = date_time(after_any(name, &UTC)?)?;
    Offset::UTC.to_timestamp(written).ok().map(When::Instant)
}

/// `IMG-20240531-WA0001`: WhatsApp names what it received or sent by the day and a number.
fn day_received(name: &str) -> Option<When> {
    let mut text = ["IMG-", "VID-"]
        .iter()
        .find_map(|prefix| after(name, prefix))?;
    let day = date(&mut text, None)?;
    text.word("-WA")?;
    text.number(4)?;
    Some(When::Wall {
        local: date_text::noon(day)?,
        offset: None,
        precision: Precision::Day,
    })
}

/// `Photo 31.05.24, 23 59 58`: what iOS shares, day first.
fn photo_shared(name: &str) -> Option<When> {
    let mut text = after(name, "Photo ")?;
    let day = text.number(2)?;
    text.any_of(".")?;
    let month = text.number(2)?;
    text.any_of(".")?;
    let year = 2000 + text.number(2)?;
    text.word(", ")?;
    let time = time(&mut text, Some(" "))?;
    let local = date_text::date(year, month, day)?.to_datetime(time);
    text.ends_number().then(|| date_text::wall(local, None))
}

/// Thirteen digits: milliseconds since 1970.
fn epoch(name: &str) -> Option<When> {
    let mut text = after_any(name, &EPOCH).unwrap_or(Text(name));
    let (high, low) = (text.number(7)?, text.number(6)?);
    let milliseconds = i64::from(high) * 1_000_000 + i64::from(low);
    // Before September 2001 it would have had a digit less; zeros in front are not how anybody writes it.
    if !text.ends_number() || milliseconds < 1_000_000_000_000 {
        return None;
    }
    Timestamp::from_millisecond(milliseconds)
        .ok()
        .map(When::Instant)
}

/// A date, a separator and a time, both with or without separators of their own, and perhaps milliseconds.
fn date_time(mut text: Text<'_>) -> Option<DateTime> {
    let day = date(&mut text, None).or_else(|| date(&mut text, Some("-")))?;
    text.word(" at ").or_else(|| text.any_of("_-"))?;
    let mut time = time(&mut text, None).or_else(|| time(&mut text, Some("-.")))?;
    if !text.ends_number() {
        let milliseconds = text.number(3)?;
        time = time
            .with()
            .millisecond(i16::try_from(milliseconds).ok()?)
            .build()
            .ok()?;
    }
    text.ends_number().then(|| day.to_datetime(time))
}

/// Eight digits, or ten characters with separators. What is not a date is not consumed.
fn date(text: &mut Text<'_>, separators: Option<&str>) -> Option<Date> {
    let mut ahead = *text;
    let year = ahead.number(4)?;
    separator(&mut ahead, separators)?;
    let month = ahead.number(2)?;
    separator(&mut ahead, separators)?;
    let day = ahead.number(2)?;
    let date = date_text::date(year, month, day)?;
    *text = ahead;
    Some(date)
}

/// Six digits, or eight characters with separators. What is not a time is not consumed.
fn time(text: &mut Text<'_>, separators: Option<&str>) -> Option<jiff::civil::Time> {
    let mut ahead = *text;
    let hour = ahead.number(2)?;
    separator(&mut ahead, separators)?;
    let minute = ahead.number(2)?;
    separator(&mut ahead, separators)?;
    let second = ahead.number(2)?;
    let time = date_text::time(hour, minute, second, 0)?;
    *text = ahead;
    Some(time)
}

fn separator(text: &mut Text<'_>, separators: Option<&str>) -> Option<()> {
    separators.map_or(Some(()), |separators| text.any_of(separators))
}

fn after<'a>(name: &'a str, prefix: &str) -> Option<Text<'a>> {
    let mut text = Text(name);
    text.word(prefix)?;
    Some(text)
}

fn after_any<'a>(name: &'a str, prefixes: &[&str]) -> Option<Text<'a>> {
    prefixes.iter().find_map(|prefix| after(name, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str) -> String {
        match claim(name).map(|claim| claim.when) {
            Some(When::Wall {
                local,
                precision: Precision::Second,
                ..
            }) => local.to_string(),
            Some(When::Wall {
                local,
                precision: Precision::Day,
                ..
            }) => local.date().to_string(),
            Some(When::Instant(instant)) => instant.to_string(),
            None => "-".to_owned(),
        }
    }

    #[test]
    fn reads_the_names_that_phones_and_messengers_give() {
        for (name, expected) in [
            ("IMG_20240531_235958.jpg", "2024-05-31T23:59:58"),
            ("img_20240531_235958_1.jpg", "2024-05-31T23:59:58"),
            ("IMG_20240531_235958123.jpg", "2024-05-31T23:59:58.123"),
            ("VID_20240531_235958.mp4", "2024-05-31T23:59:58"),
            ("MVIMG_20240531_235958.jpg", "2024-05-31T23:59:58"),
            ("20240531_235958.jpg", "2024-05-31T23:59:58"),
            ("20240531_235958_001.jpg", "2024-05-31T23:59:58"),
            ("20240531_235958(1).jpg", "2024-05-31T23:59:58"),
            (
                "Screenshot_20240531-235958_Chrome.png",
                "2024-05-31T23:59:58",
            ),
            (
                "Screenshot_20240531_235958_Chrome.png",
                "2024-05-31T23:59:58",
            ),
            ("Screenshot_2024-05-31-23-59-58.png", "2024-05-31T23:59:58"),
            (
                "Screenshot_2024-05-31-23-59-58-123_com.app.png",
                "2024-05-31T23:59:58",
            ),
            ("signal-2024-05-31-235958.jpeg", "2024-05-31T23:59:58"),
            ("signal-2024-05-31-23-59-58-123.jpeg", "2024-05-31T23:59:58"),
            (
                "WhatsApp Image 2024-05-31 at 23.59.58.jpeg",
                "2024-05-31T23:59:58",
            ),
            (
                "WhatsApp Video 2024-05-31 at 23.59.58 (2).mp4",
                "2024-05-31T23:59:58",
            ),
            ("Photo 31.05.24, 23 59 58.jpg", "2024-05-31T23:59:58"),
            ("PXL_20231006_063000139.jpg", "2023-10-06T06:30:00.139Z"),
            ("PXL_20231006_063000139.MP.jpg", "2023-10-06T06:30:00.139Z"),
            ("IMG-20240531-WA0001.jpg", "2024-05-31"),
            ("VID-20240531-WA0001.mp4", "2024-05-31"),
            ("1208263840000.jpg", "2008-04-15T12:50:40Z"),
            ("FB_IMG_1500000000000.jpg", "2017-07-14T02:40:00Z"),
            ("DCIM/Camera/IMG_20240531_235958.jpg", "2024-05-31T23:59:58"),
        ] {
            assert_eq!(shown(name), expected, "{name}");
        }
    }

    #[test]
    fn digits_are_not_always_a_date() {
        for name in [
            "12345678_901234.jpg",
            "DSC_20991399.jpg",
            "IMG_0042.JPG",
            "20240531.jpg",
            "IMG_20240531.jpg",
            "IMG_20240531_245958.jpg",
            "IMG_20240230_235958.jpg",
            "IMG_20240531_2359581.jpg",
            "IMG_20240531_2359581234.jpg",
            "IMG-20241331-WA0001.jpg",
            "120826384000.jpg",
            "12082638400001.jpg",
            "0000000000000.jpg",
            "Photo 31.05.24.jpg",
            "Photo 31.13.24, 23 59 58.jpg",
            "WhatsApp Image 2024-05-31.jpeg",
            "ünïcödé.jpg",
            "IMG_２０２４.jpg",
            "",
        ] {
            assert_eq!(shown(name), "-", "{name}");
        }
    }
}
