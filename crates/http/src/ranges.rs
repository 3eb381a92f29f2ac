//! Which bytes of a file a GET asks for (RFC 9110, sections 13 and 14).

use http::{HeaderMap, header};
use safelight_core::Timestamp;

use crate::stamps;

/// What a GET or HEAD gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// The whole file: 200.
    Whole,
    /// A part: 206. `start <= end`, both within the file.
    Part {
        /// The first byte.
        start: u64,
        /// The last byte.
        end: u64,
    },
    /// The part lies outside of the file: 416.
    Unsatisfiable,
    /// The client has it already: 304.
    NotModified,
    /// The client wants another version of it: 412.
    PreconditionFailed,
}

/// Decides by the request's `If-…` and `Range` headers. `etag` comes without quotes.
pub(crate) fn select(headers: &HeaderMap, size: u64, etag: &str, modified: Timestamp) -> Selection {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &http::HeaderValue| value.to_str().ok())
    };
    let second = modified.as_second();
    let after = |name| {
        text(name)
            .and_then(stamps::http_date)
            .map(|date| second > date.as_second())
    };

    let failed = match text(header::IF_MATCH) {
        Some(tags) => !names_tag(tags, etag),
        None => after(header::IF_UNMODIFIED_SINCE).unwrap_or(false),
    };
    if failed {
        return Selection::PreconditionFailed;
    }
    let unchanged = match text(header::IF_NONE_MATCH) {
        Some(tags) => names_tag(tags, etag),
        None => after(header::IF_MODIFIED_SINCE).is_some_and(|changed| !changed),
    };
    if unchanged {
        return Selection::NotModified;
    }
    let Some(range) = text(header::RANGE) else {
        return Selection::Whole;
    };
    let still_the_same = match text(header::IF_RANGE) {
        None => true,
        Some(tag) if tag.starts_with('"') => tag.trim_matches('"') == etag,
        Some(date) => stamps::http_date(date).is_some_and(|date| date.as_second() == second),
    };
    if still_the_same {
        part(range, size)
    } else {
        Selection::Whole
    }
}

/// Whether a list of entity tags is `*` or has `etag`. A weak tag counts as its strong form: ours are strong, and
/// proxies that compress on the way weaken them.
pub(crate) fn names_tag(list: &str, etag: &str) -> bool {
    tags(list).any(|tag| tag == "*" || tag == etag)
}

/// The entity tags of a list, without quotes and weakness.
pub(crate) fn tags(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(|tag| {
        let tag = tag.trim();
        tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"')
    })
}

/// One range of bytes. Several ranges, other units and what cannot be read are ignored, as section 14.2 allows.
fn part(range: &str, size: u64) -> Selection {
    let Some((first, last)) = range
        .trim()
        .strip_prefix("bytes=")
        .and_then(|set| set.split_once('-'))
    else {
        return Selection::Whole;
    };
    let (first, last) = (first.trim(), last.trim());
    let number = |text: &str| {
        // `parse` would take a sign.
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse::<u64>().ok())
            .flatten()
    };
    match (number(first), number(last)) {
        (None, Some(0)) if first.is_empty() => Selection::Unsatisfiable,
        (None, Some(_)) if first.is_empty() && size == 0 => Selection::Unsatisfiable,
        (None, Some(count)) if first.is_empty() => Selection::Part {
            start: size.saturating_sub(count),
            end: size - 1,
        },
        (Some(start), _) if last.is_empty() && start < size => Selection::Part {
            start,
            end: size - 1,
        },
        (Some(start), Some(end)) if start <= end && start < size => Selection::Part {
            start,
            end: end.min(size - 1),
        },
        (Some(start), Some(end)) if start > end => Selection::Whole,
        (Some(_), Some(_)) => Selection::Unsatisfiable,
        (Some(_), None) if last.is_empty() => Selection::Unsatisfiable,
        _ => Selection::Whole,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ETAG: &str = "abc";

    fn asked(pairs: &[(&'static str, &str)], size: u64) -> Selection {
        let headers = pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        select(
            &headers,
            size,
            ETAG,
            Timestamp::from_second(784_111_777).unwrap(),
        )
    }

    proptest! {
        #[test]
        fn a_part_is_never_outside(range in "(bytes=)?[0-9]{0,20}-?[0-9]{0,20}|.{0,20}", size: u64) {
            if let Selection::Part { start, end } = part(&range, size) {
                prop_assert!(start <= end && end < size);
            }
        }
    }

    #[test]
    fn ranges() {
        let part = |start, end| Selection::Part { start, end };
        for (range, expected) in [
            ("bytes=0-0", part(0, 0)),
            ("bytes=2-5", part(2, 5)),
            ("bytes=2-", part(2, 9)),
            ("bytes=2-99", part(2, 9)),
            ("bytes=-3", part(7, 9)),
            ("bytes=-99", part(0, 9)),
            ("bytes=10-", Selection::Unsatisfiable),
            ("bytes=10-12", Selection::Unsatisfiable),
            ("bytes=-0", Selection::Unsatisfiable),
            ("bytes=5-2", Selection::Whole),
            ("bytes=0-1,4-5", Selection::Whole),
            ("bytes=-", Selection::Whole),
            ("bytes=a-b", Selection::Whole),
            ("bytes=+1-2", Selection::Whole),
            ("bytes=1-99999999999999999999999", Selection::Whole),
            ("items=0-1", Selection::Whole),
        ] {
            assert_eq!(asked(&[("range", range)], 10), expected, "{range}");
        }
        assert_eq!(asked(&[("range", "bytes=0-")], 0), Selection::Unsatisfiable);
        assert_eq!(asked(&[("range", "bytes=-5")], 0), Selection::Unsatisfiable);
    }

    #[test]
    fn a_range_of_another_version_gets_the_whole() {
        let range = ("range", "bytes=0-1");
        assert_eq!(
            asked(&[range, ("if-range", "\"abc\"")], 10),
            Selection::Part { start: 0, end: 1 }
        );
        assert_eq!(
            asked(&[range, ("if-range", "\"abd\"")], 10),
            Selection::Whole
        );
        assert_eq!(
            asked(&[range, ("if-range", "W/\"abc\"")], 10),
            Selection::Whole
        );
        let date = ("if-range", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(
            asked(&[range, date], 10),
            Selection::Part { start: 0, end: 1 }
        );
        assert_eq!(
            asked(&[range, ("if-range", "Sun, 06 Nov 1994 08:49:38 GMT")], 10),
            Selection::Whole
        );
    }

    #[test]
    fn conditions() {
        use Selection::{NotModified, PreconditionFailed, Whole};
        for (name, value, expected) in [
            ("if-none-match", "\"abc\"", NotModified),
            ("if-none-match", "\"x\", W/\"abc\"", NotModified),
            ("if-none-match", "*", NotModified),
            ("if-none-match", "\"x\"", Whole),
            ("if-match", "\"abc\"", Whole),
            ("if-match", "*", Whole),
            ("if-match", "\"x\"", PreconditionFailed),
            (
                "if-modified-since",
                "Sun, 06 Nov 1994 08:49:37 GMT",
                NotModified,
            ),
            ("if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT", Whole),
            ("if-modified-since", "soon", Whole),
            (
                "if-unmodified-since",
                "Sun, 06 Nov 1994 08:49:37 GMT",
                Whole,
            ),
            (
                "if-unmodified-since",
                "Sun, 06 Nov 1994 08:49:36 GMT",
                PreconditionFailed,
            ),
        ] {
            assert_eq!(asked(&[(name, value)], 10), expected, "{name}: {value}");
        }
    }
}
