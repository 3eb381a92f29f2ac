//! From an address to an upload or a piece of one.

use http::StatusCode;
use percent_encoding::percent_decode_str;

use super::{super::Refusal, PREFIX};

/// The longest name of an upload, in bytes; the apps' names have 32 to 36.
const LONGEST_NAME: usize = 255;
/// The most digits of a piece's number; nextcloudcmd pads to so many.
const MOST_DIGITS: usize = 16;
/// What is moved in the end.
const WHOLE: &str = ".file";

/// What an address names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// All uploads of the device.
    All,
    /// The upload of a name.
    Upload(String),
    /// A piece of it.
    Piece(String, u64),
    /// All pieces of it together.
    Whole(String),
}

/// Reads the path of a request's address (still percent-encoded), as `user` may see it.
pub(super) fn locate(address: &str, user: &str) -> Result<Place, Refusal> {
    let rest = address.strip_prefix(PREFIX).unwrap_or_default();
    let mut segments = rest.trim_end_matches('/').split('/').map(|encoded| {
        percent_decode_str(encoded)
            .decode_utf8()
            .map_err(|_| bad("A name in the address is not UTF-8"))
    });
    let mut next = || segments.next().transpose();
    if next()?.is_none_or(|owner| owner != user) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "These uploads belong to another device",
        ));
    }
    let (name, piece) = (next()?, next()?);
    let Some(name) = name else {
        return Ok(Place::All);
    };
    if name.is_empty() || name.len() > LONGEST_NAME || next()?.is_some() {
        return Err(bad("There is no upload of such a name"));
    }
    let name = name.into_owned();
    match piece.as_deref() {
        None => Ok(Place::Upload(name)),
        Some(WHOLE) => Ok(Place::Whole(name)),
        Some(piece) => match number(piece) {
            Some(number) => Ok(Place::Piece(name, number)),
            None => Err(bad(
                "A piece's name is a number of 1 to 16 digits, and the whole is called .file",
            )),
        },
    }
}

/// A number; or a range of bytes, of which the first counts (`000000010485760-000000020971520`, as rclone names pieces).
fn number(piece: &str) -> Option<u64> {
    let (first, last) = piece.split_once('-').unwrap_or((piece, piece));
    let is_number = |digits: &str| {
        digits.len() <= MOST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let number = first.parse().ok()?;
    (is_number(first) && is_number(last) && !last.is_empty()).then_some(number)
}

fn bad(message: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(rest: &str) -> Option<Place> {
        locate(&format!("{PREFIX}{rest}"), "anna k").ok()
    }

    #[test]
    fn addresses_are_read() {
        let name = || "0a1b".to_owned();
        for (rest, expected) in [
            ("anna%20k", Place::All),
            ("anna%20k/", Place::All),
            ("anna%20k/0a1b", Place::Upload(name())),
            ("anna%20k/0a1b/", Place::Upload(name())),
            ("anna%20k/0a1b/.file", Place::Whole(name())),
            ("anna%20k/0a1b/7", Place::Piece(name(), 7)),
            ("anna%20k/0a1b/000007", Place::Piece(name(), 7)),
            ("anna%20k/0a1b/0000000000000000", Place::Piece(name(), 0)),
            (
                "anna%20k/0a1b/9999999999999999",
                Place::Piece(name(), 9_999_999_999_999_999),
            ),
            (
                "anna%20k/0a1b/000000010485760-000000020971520",
                Place::Piece(name(), 10_485_760),
            ),
            // A name is only ever compared.
            ("anna%20k/..%2f..", Place::Upload("../..".to_owned())),
        ] {
            assert_eq!(at(rest), Some(expected), "{rest}");
        }
    }

    #[test]
    fn others_are_refused() {
        let long = format!("anna%20k/{}", "n".repeat(256));
        for rest in [
            "",
            "anna",
            "anna/0a1b",
            "anna%20k//1",
            "anna%20k/0a1b/1/2",
            "anna%20k/0a1b/00000000000000001",
            "anna%20k/0a1b/-1",
            "anna%20k/0a1b/+1",
            "anna%20k/0a1b/1a",
            "anna%20k/0a1b/1-",
            "anna%20k/0a1b/1-2-3",
            "anna%20k/0a1b/.files",
            "anna%20k/0a1b/%D9%A1",
            "anna%20k/%ff",
            &long,
        ] {
            assert_eq!(at(rest), None, "{rest}");
        }
    }
}
