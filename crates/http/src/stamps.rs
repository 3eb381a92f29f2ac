//! Times as HTTP and the uploading programs write them.

use std::time::SystemTime;

use http::{HeaderMap, header};
use safelight_core::Timestamp;

/// The last second of the year 9999: later times are somebody's mistake, and no calendar shows them.
const LATEST: f64 = 253_402_300_799.0;

/// Seconds since 1970, whole or with a fraction (`X-OC-Mtime` of the Nextcloud apps: Android sends `1795334905`,
/// iOS `1795334905.0`). `None` for zero, negative and absurd times, which apps send when they know none.
pub(crate) fn seconds(text: &str) -> Option<Timestamp> {
    let seconds: f64 = text.trim().parse().ok()?;
    if !(seconds > 0.0 && seconds <= LATEST) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "between 0 and LATEST thousand, which an i64 holds"
    )]
    Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()
}

/// A header with seconds since 1970.
pub(crate) fn seconds_header(headers: &HeaderMap, name: &str) -> Option<Timestamp> {
    seconds(headers.get(name)?.to_str().ok()?)
}

/// An HTTP date (RFC 9110, section 5.6.7).
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    Timestamp::try_from(httpdate::parse_http_date(text.trim()).ok()?).ok()
}

/// Writes an HTTP date. Times before 1970, which it cannot express, become 1970.
pub(crate) fn to_http_date(at: Timestamp) -> String {
    httpdate::fmt_http_date(SystemTime::from(at.max(Timestamp::UNIX_EPOCH)))
}

/// RFC 3339 without the fraction of a second.
pub(crate) fn to_rfc3339(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second())
        .unwrap_or(at)
        .to_string()
}

/// When the client says the file was last changed: `X-OC-Mtime`, else `Last-Modified`.
pub(crate) fn client_modified(headers: &HeaderMap) -> Option<Timestamp> {
    seconds_header(headers, "x-oc-mtime")
        .or_else(|| http_date(headers.get(header::LAST_MODIFIED)?.to_str().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_apps_spellings_are_read() {
        let expected = Timestamp::from_second(1_795_334_905).unwrap();
        assert_eq!(seconds("1795334905"), Some(expected));
        assert_eq!(seconds(" 1795334905.0 "), Some(expected));
        assert_eq!(
            seconds("1795334905.5"),
            Timestamp::from_millisecond(1_795_334_905_500).ok()
        );
    }

    #[test]
    fn times_that_nobody_meant_are_none() {
        for text in [
            "",
            "0",
            "-1",
            "NaN",
            "inf",
            "1e300",
            "yesterday",
            "253402300800",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn http_dates_go_both_ways() {
        let at = Timestamp::from_second(784_111_777).unwrap();
        assert_eq!(to_http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(at));
        assert_eq!(
            to_http_date(Timestamp::from_second(-5).unwrap()),
            "Thu, 01 Jan 1970 00:00:00 GMT"
        );
    }

    #[test]
    fn rfc3339_has_whole_seconds() {
        assert_eq!(
            to_rfc3339(Timestamp::from_millisecond(1_500).unwrap()),
            "1970-01-01T00:00:01Z"
        );
    }
}
