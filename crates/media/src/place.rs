//! Places as files write them.

use crate::facts::Place;

/// Reads ISO 6709: `+27.1281+100.2508+012.345/`, also with minutes and seconds (`+2707.69+10015.05/`).
pub(crate) fn from_iso_6709(text: &str) -> Option<Place> {
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    let mut numbers = text.split_inclusive(['+', '-']);
    let mut next_sign = numbers.next()?;
    let mut number = |degree_digits: usize| {
        let chunk = numbers.next()?;
        let sign = if next_sign.ends_with('-') { -1.0 } else { 1.0 };
        next_sign = chunk;
        let digits = chunk.trim_end_matches(['+', '-', '/']);
        Some(sign * degrees(digits, degree_digits)?)
    };
    Place::new(number(2)?, number(3)?)
}

/// Degrees, or degrees and minutes, or all three, told by the number of digits before the point.
fn degrees(digits: &str, degree_digits: usize) -> Option<f64> {
    if !digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return None;
    }
    let before_point = digits.find('.').unwrap_or(digits.len());
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<f64>().ok();
    let minutes_at = degree_digits;
    let seconds_at = degree_digits + 2;
    if before_point <= degree_digits {
        digits.parse().ok()
    } else if before_point <= seconds_at {
        Some(part(0, minutes_at)? + part(minutes_at, digits.len())? / 60.0)
    } else {
        Some(
            part(0, minutes_at)?
                + part(minutes_at, seconds_at)? / 60.0
                + part(seconds_at, digits.len())? / 3600.0,
        )
    }
}

/// Reads XMP's coordinate (XMP part 2, GPSCoordinate): `52,30.5N`, `52,30,30N`; also plain degrees.
pub(crate) fn coordinate_of_xmp(text: &str) -> Option<f64> {
    let text = text.trim();
    let (numbers, sign) = match text.char_indices().next_back()? {
        (at, 'N' | 'E' | 'n' | 'e') => (&text[..at], 1.0),
        (at, 'S' | 'W' | 's' | 'w') => (&text[..at], -1.0),
        _ => (text, 1.0),
    };
    let mut sum = 0.0;
    for (number, part) in numbers.split(',').zip([1.0, 60.0, 3600.0]) {
        sum += number.trim().parse::<f64>().ok()? / part;
    }
    Some(sign * sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_iso_6709() {
        for (text, latitude, longitude) in [
            ("+27.1281+100.2508+000.000/", 27.1281, 100.2508),
            ("+08.0039-141.5643/", 8.0039, -141.5643),
            ("-33.5+151.25", -33.5, 151.25),
            ("+4852.4-00221.6/", 48.873_333, -2.36),
            ("+485224-0022136+10/", 48.873_333, -2.36),
        ] {
            let place = from_iso_6709(text).unwrap();
            assert!(
                (place.latitude - latitude).abs() < 1e-5,
                "{text}: {place:?}"
            );
            assert!(
                (place.longitude - longitude).abs() < 1e-5,
                "{text}: {place:?}"
            );
        }
        for text in [
            "",
            "+",
            "+91.0+10.0/",
            "+12.5",
            "+1e5+2/",
            "+00.0+000.0/",
            "é+1",
        ] {
            assert_eq!(from_iso_6709(text), None, "{text}");
        }
    }

    #[test]
    fn reads_xmps_coordinates() {
        for (text, degrees) in [
            ("52,30.5N", 52.508_333),
            ("13,22,48W", -13.38),
            ("-1.5", -1.5),
        ] {
            let read = coordinate_of_xmp(text).unwrap();
            assert!((read - degrees).abs() < 1e-5, "{text}: {read}");
        }
        for text in ["", "N", "a,bN", "52°N"] {
            assert_eq!(coordinate_of_xmp(text), None, "{text}");
        }
    }
}
