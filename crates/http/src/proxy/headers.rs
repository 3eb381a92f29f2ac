//! The headers in which proxies say what they know: `Forwarded` (RFC 7239), and the older `X-Forwarded-For`, `-Proto`
//! and `-Host`.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderValue};

/// More hops than any real way has: what a client makes up beyond is not read.
const MOST_HOPS: usize = 20;

/// What one proxy says of who came to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hop {
    /// None if the proxy does not know or hides it.
    pub(super) from: Option<IpAddr>,
    pub(super) is_secure: Option<bool>,
    pub(super) host: Option<HeaderValue>,
}

/// What a request's headers say in all.
#[derive(Debug)]
pub(super) enum Said {
    /// Each hop, the client's own first.
    Hops(Vec<Hop>),
    /// The two kinds of header name different clients.
    Contradiction,
}

/// Reads both kinds. Most proxies write one of them and pass the other on as the client sent it.
pub(super) fn said(headers: &HeaderMap) -> Said {
    let (standard, older) = (forwarded(headers), x_forwarded(headers));
    match (standard, older) {
        (Some(hops), None) | (None, Some(hops)) => Said::Hops(hops),
        (None, None) => Said::Hops(Vec::new()),
        (Some(standard), Some(older)) => {
            let addresses = |hops: &[Hop]| hops.iter().map(|hop| hop.from).collect::<Vec<_>>();
            if addresses(&standard) == addresses(&older) {
                Said::Hops(standard)
            } else {
                Said::Contradiction
            }
        }
    }
}

/// The values of a header that may come several times, as one list; the newest [`MOST_HOPS`].
fn list(headers: &HeaderMap, name: &str, separator: fn(&str) -> Vec<&str>) -> Option<Vec<String>> {
    let mut all: Vec<String> = Vec::new();
    for value in headers.get_all(name) {
        all.extend(
            separator(value.to_str().unwrap_or_default())
                .into_iter()
                .map(|entry| entry.trim().to_owned()),
        );
    }
    let beyond = all.len().saturating_sub(MOST_HOPS);
    (!all.is_empty()).then(|| all.split_off(beyond))
}

fn x_forwarded(headers: &HeaderMap) -> Option<Vec<Hop>> {
    fn by_comma(text: &str) -> Vec<&str> {
        text.split(',').collect()
    }
    let addresses = list(headers, "x-forwarded-for", by_comma);
    let protocols = list(headers, "x-forwarded-proto", by_comma).unwrap_or_default();
    let hosts = list(headers, "x-forwarded-host", by_comma).unwrap_or_default();
    if addresses.is_none() && protocols.is_empty() && hosts.is_empty() {
        return None;
    }
    let addresses = addresses.unwrap_or_else(|| vec!["unknown".to_owned()]);
    let count = addresses.len();
    // One entry a hop, or, from proxies that replace rather than add, one in all: the nearest proxy's.
    let of_hop = |list: &[String], index: usize| {
        if list.len() == count {
            list.get(index).cloned()
        } else {
            list.last().cloned()
        }
    };
    Some(
        addresses
            .iter()
            .enumerate()
            .map(|(index, address)| Hop {
                from: node(address),
                is_secure: of_hop(&protocols, index).and_then(|protocol| is_secure(&protocol)),
                host: of_hop(&hosts, index).and_then(|name| host(&name)),
            })
            .collect(),
    )
}

fn forwarded(headers: &HeaderMap) -> Option<Vec<Hop>> {
    let elements = list(headers, "forwarded", |text| split(text, ','))?;
    Some(
        elements
            .iter()
            .map(|element| {
                let mut hop = Hop::default();
                for pair in split(element, ';') {
                    let Some((name, value)) = pair.split_once('=') else {
                        continue;
                    };
                    let value = unquoted(value.trim());
                    match name.trim().to_ascii_lowercase().as_str() {
                        "for" => hop.from = node(&value),
                        "proto" => hop.is_secure = is_secure(&value),
                        "host" => hop.host = host(&value),
                        _ => {}
                    }
                }
                hop
            })
            .collect(),
    )
}

/// Cuts at a separator, except within quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|c: char| {
        if escaped {
            escaped = false;
        } else if quoted && c == '\\' {
            escaped = true;
        } else if c == '"' {
            quoted = !quoted;
        }
        c == separator && !quoted
    })
    .collect()
}

fn unquoted(text: &str) -> String {
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return text.to_owned();
    };
    let mut escaped = false;
    inner
        .chars()
        .filter(|c| {
            escaped = *c == '\\' && !escaped;
            !escaped
        })
        .collect()
}

/// An address with or without a port (RFC 7239, section 6).
fn node(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare
        .unwrap_or(text)
        .parse()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

fn is_secure(protocol: &str) -> Option<bool> {
    if protocol.eq_ignore_ascii_case("https") {
        Some(true)
    } else if protocol.eq_ignore_ascii_case("http") {
        Some(false)
    } else {
        None
    }
}

fn host(text: &str) -> Option<HeaderValue> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    (!text.is_empty() && text.bytes().all(allowed))
        .then(|| HeaderValue::from_str(text).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(value: &str) -> Vec<Hop> {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("forwarded"),
            value.parse().unwrap(),
        )]);
        forwarded(&headers).unwrap()
    }

    #[test]
    fn the_standards_examples() {
        let from = |value: &str| one(value)[0].from.map(|ip| ip.to_string());
        assert_eq!(from("for=\"_gazonk\""), None);
        assert_eq!(
            from("For=\"[2001:db8:cafe::17]:4711\"").as_deref(),
            Some("2001:db8:cafe::17")
        );
        assert_eq!(
            from("for=192.0.2.60;proto=http;by=203.0.113.43").as_deref(),
            Some("192.0.2.60")
        );
        let two = one("for=192.0.2.43, for=198.51.100.17");
        assert_eq!(two.len(), 2);
        assert_eq!(two[1].from.unwrap().to_string(), "198.51.100.17");
    }

    #[test]
    fn separators_in_quotes_are_no_separators() {
        let hops = one("by=\"a,b;for=10.0.0.1\\\"\";for=192.0.2.60");
        assert_eq!(hops.len(), 1);
        assert_eq!(hops[0].from.unwrap().to_string(), "192.0.2.60");
        assert_eq!(unquoted("\"a\\\"b\\\\c\""), "a\"b\\c");
    }

    #[test]
    fn a_long_tale_is_cut_at_its_beginning() {
        let long = format!("{}192.0.2.60", "10.0.0.1, ".repeat(1000));
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-forwarded-for"),
            long.parse().unwrap(),
        )]);
        let hops = x_forwarded(&headers).unwrap();
        assert_eq!(hops.len(), MOST_HOPS);
        assert_eq!(hops[MOST_HOPS - 1].from.unwrap().to_string(), "192.0.2.60");
    }

    #[test]
    fn names_that_are_none_are_left_out() {
        for name in ["", "a b", "a/b", "a\"b", "evil\u{e9}"] {
            assert!(host(name).is_none(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_no_panic(value in "[ -~]{0,80}") {
            if let Ok(value) = HeaderValue::from_str(&value) {
                let mut headers = HeaderMap::new();
                headers.insert("forwarded", value.clone());
                headers.insert("x-forwarded-for", value);
                said(&headers);
            }
        }
    }
}
