//! The `If` header (RFC 4918, section 10.4): lists of lock tokens and etags, one of which must hold.

/// A condition of a list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Whether it must not hold.
    pub(crate) not: bool,
    pub(crate) what: What,
}

/// What a condition names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A lock token or another state, by its URI.
    Token(String),
    /// An etag, without quotes. Weak ones match nothing.
    Etag { tag: String, weak: bool },
}

/// Conditions that must all hold for one resource.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct List {
    /// The resource's address; `None` for the request's own.
    pub(crate) resource: Option<String>,
    pub(crate) conditions: Vec<Condition>,
}

/// The whole header: one of its lists must hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct IfHeader(pub(crate) Vec<List>);

/// A header that is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("The header If cannot be read at {0:?}; it is written as (<lock token> [\"etag\"])")]
pub(crate) struct IfHeaderError(String);

/// How many conditions are read. Clients send one or two for each lock that they hold.
const MOST: usize = 256;

impl IfHeader {
    /// Reads the header's value.
    pub(crate) fn parse(value: &str) -> Result<Self, IfHeaderError> {
        let mut rest = value.trim_start();
        let mut resource = None;
        let mut lists = Vec::new();
        let mut conditions = 0;
        while !rest.is_empty() {
            if let Some((uri, after)) = between(rest, '<', '>') {
                resource = Some(uri.to_owned());
                rest = after;
                if !rest.starts_with('(') {
                    return Err(unreadable(rest));
                }
                continue;
            }
            let (list, after) = list(rest)?;
            conditions += list.len();
            if conditions > MOST {
                return Err(unreadable(rest));
            }
            lists.push(List {
                resource: resource.clone(),
                conditions: list,
            });
            rest = after;
        }
        if lists.is_empty() {
            return Err(unreadable(value));
        }
        Ok(Self(lists))
    }

    /// Every token that the client shows it has. Where it says so does not matter (section 10.4.1).
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .flat_map(|list| &list.conditions)
            .filter(|condition| !condition.not)
            .filter_map(|condition| match &condition.what {
                What::Token(token) => Some(token.as_str()),
                What::Etag { .. } => None,
            })
    }
}

/// The conditions between two parentheses, and what follows.
fn list(text: &str) -> Result<(Vec<Condition>, &str), IfHeaderError> {
    let mut rest = text
        .strip_prefix('(')
        .ok_or_else(|| unreadable(text))?
        .trim_start();
    let mut conditions = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(')') {
            if conditions.is_empty() {
                return Err(unreadable(text));
            }
            return Ok((conditions, after.trim_start()));
        }
        let not = rest
            .get(..3)
            .is_some_and(|word| word.eq_ignore_ascii_case("not"));
        if not {
            rest = rest[3..].trim_start();
        }
        let (what, after) = if let Some((uri, after)) = between(rest, '<', '>') {
            (What::Token(uri.to_owned()), after)
        } else if let Some((etag, after)) = between(rest, '[', ']') {
            let etag = etag.trim();
            let weak = etag.starts_with("W/");
            let tag = etag.trim_start_matches("W/").trim_matches('"').to_owned();
            (What::Etag { tag, weak }, after)
        } else {
            return Err(unreadable(rest));
        };
        conditions.push(Condition { not, what });
        rest = after;
    }
}

/// What stands between two signs at the text's start, and what follows.
fn between(text: &str, open: char, close: char) -> Option<(&str, &str)> {
    let (inner, after) = text.strip_prefix(open)?.split_once(close)?;
    Some((inner, after.trim_start()))
}

fn unreadable(at: &str) -> IfHeaderError {
    IfHeaderError(at.chars().take(40).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(uri: &str) -> Condition {
        Condition {
            not: false,
            what: What::Token(uri.to_owned()),
        }
    }

    fn etag(tag: &str) -> Condition {
        Condition {
            not: false,
            what: What::Etag {
                tag: tag.to_owned(),
                weak: false,
            },
        }
    }

    #[test]
    fn what_clients_send_is_read() {
        // nextcloudcmd 3.7.3, before it overwrites.
        let header = IfHeader::parse("</remote.php/dav/files/alice/b.bin> ([\"5f-2a\"])").unwrap();
        assert_eq!(
            header.0,
            [List {
                resource: Some("/remote.php/dav/files/alice/b.bin".to_owned()),
                conditions: vec![etag("5f-2a")],
            }]
        );
        // litmus 0.13.
        let header = IfHeader::parse("(<urn:uuid:1> [\"e\"]) (Not <DAV:no-lock> [\"e\"])").unwrap();
        assert_eq!(header.0.len(), 2);
        assert_eq!(header.0[0].conditions, [token("urn:uuid:1"), etag("e")]);
        assert!(header.0[1].conditions[0].not);
        assert_eq!(header.tokens().collect::<Vec<_>>(), ["urn:uuid:1"]);
        // The example of section 10.4.7, with a weak etag.
        let header = IfHeader::parse(
            "<http://h/a> (<urn:uuid:1>[W/\"w\"])(<urn:uuid:2>) <http://h/b>([\"x\"])",
        )
        .unwrap();
        let resources: Vec<_> = header
            .0
            .iter()
            .map(|list| list.resource.as_deref())
            .collect();
        assert_eq!(
            resources,
            [Some("http://h/a"), Some("http://h/a"), Some("http://h/b")]
        );
        assert_eq!(
            header.0[0].conditions[1].what,
            What::Etag {
                tag: "w".to_owned(),
                weak: true
            }
        );
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for bad in [
            "",
            "()",
            "(",
            "(x)",
            "<a>",
            "<a> <b> (<c>)",
            "(<a>) x",
            "(not)",
            "(<a",
        ] {
            assert!(IfHeader::parse(bad).is_err(), "{bad:?}");
        }
        assert!(IfHeader::parse(&"(<a>)".repeat(1000)).is_err());
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[()<>\\[\\]\"Not W/a]{0,40}|\\PC{0,40}") {
            if let Ok(header) = IfHeader::parse(&text) {
                prop_assert!(header.0.iter().all(|list| !list.conditions.is_empty()));
            }
        }
    }
}
