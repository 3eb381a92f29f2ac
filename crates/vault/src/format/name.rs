//! Names in trees: escaped as Go's `strconv.Quote` does without the quotes, so that any bytes can stand in JSON.

use std::{borrow::Cow, fmt::Write};

/// Escapes a name.
pub(crate) fn escape(name: &str) -> Cow<'_, str> {
    if !name.contains(|c: char| c == '"' || c == '\\' || c.is_control()) {
        return Cow::Borrowed(name);
    }
    let mut escaped = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a String cannot fail.
                write!(escaped, "\\u{:04x}", u32::from(c)).unwrap_or_default();
            }
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Reads an escaped name. `None` if it is not a text that could be a file's name here: a broken escape, or bytes that
/// are not UTF-8.
pub(crate) fn unescape(escaped: &str) -> Option<Cow<'_, str>> {
    if !escaped.contains('\\') {
        return Some(Cow::Borrowed(escaped));
    }
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let kind = rest[at + 1..].chars().next()?;
        rest = &rest[at + 1 + kind.len_utf8()..];
        let digits = |rest: &mut &str, count: usize, radix| {
            let (digits, after) = rest.split_at_checked(count)?;
            *rest = after;
            u32::from_str_radix(digits, radix).ok()
        };
        match kind {
            'a' => bytes.push(7),
            'b' => bytes.push(8),
            'f' => bytes.push(12),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            'v' => bytes.push(11),
            '\\' | '"' | '\'' | '`' => bytes.push(u8::try_from(u32::from(kind)).ok()?),
            'x' => bytes.push(u8::try_from(digits(&mut rest, 2, 16)?).ok()?),
            'u' | 'U' => {
                let c = char::from_u32(digits(&mut rest, if kind == 'u' { 4 } else { 8 }, 16)?)?;
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return None,
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Whether a name from a tree may become a file's or folder's name on this computer. Trees are somebody else's word.
pub(crate) fn is_harmless(name: &str) -> bool {
    !name.is_empty()
        && name != "."
        && name != ".."
        && !name.contains(['/', '\0'])
        && !(cfg!(windows) && name.contains(['\\', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_go_writes() {
        assert_eq!(
            unescape(r#"a\"b\\c\n\x41\u00e9\U0001f600"#).unwrap(),
            "a\"b\\c\nA\u{e9}\u{1f600}"
        );
        for broken in ["\\", "\\q", "\\x4", "\\u12", "\\xff", "\\ud800"] {
            assert_eq!(unescape(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_not_harmless() {
        for bad in ["", ".", "..", "a/b", "/", "a\0"] {
            assert!(!is_harmless(bad), "{bad:?}");
        }
        assert!(is_harmless("...") && is_harmless(".safelight"));
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "\\PC*|.*") {
            let escaped = escape(&name).into_owned();
            prop_assert_eq!(unescape(&escaped).unwrap(), name);
        }
    }
}
