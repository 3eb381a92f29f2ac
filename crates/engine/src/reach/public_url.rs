//! The address under which the house is reached from everywhere.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// `https://photos.example`, without a path and without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl {
    is_https: bool,
    /// The name or address in lower case, IPv6 in brackets, and the port if there is one.
    authority: String,
}

/// Why a text is no public address.
#[derive(Debug, thiserror::Error)]
pub enum PublicUrlError {
    /// It does not begin as one.
    #[error("The public address {0:?} must begin with https:// or http://")]
    Scheme(String),
    /// It has a path or more.
    #[error(
        "The public address {0:?} must end after the name: Safelight cannot live in a folder of another site. Give it a name of its own, such as photos.example.org"
    )]
    Path(String),
    /// There is no usable name in it.
    #[error("The public address {0:?} has no name such as photos.example.org in it")]
    Name(String),
}

impl PublicUrl {
    /// Whether it is encrypted.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.is_https
    }

    /// The name and the port, as `Host` has them.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The name or address alone, IPv6 without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        match self.authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => self.authority.split(':').next().unwrap_or_default(),
        }
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        let (is_https, rest) = if let Some(rest) = lower.strip_prefix("https://") {
            (true, rest)
        } else if let Some(rest) = lower.strip_prefix("http://") {
            (false, rest)
        } else {
            return Err(PublicUrlError::Scheme(text.to_owned()));
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(PublicUrlError::Path(text.to_owned()));
        }
        if !is_authority(authority) {
            return Err(PublicUrlError::Name(text.to_owned()));
        }
        Ok(Self {
            is_https,
            authority: authority.to_owned(),
        })
    }
}

/// A name or address and perhaps a port; no user, no escapes (RFC 3986, section 3.2, as far as it is used).
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((address, rest)) = rest.split_once(']') else {
                return false;
            };
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            if rest.is_empty() {
                return true;
            }
            let Some(port) = rest.strip_prefix(':') else {
                return false;
            };
            (None, Some(port))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(text), None),
        },
    };
    let is_name = |host: &str| {
        (1..=253).contains(&host.len())
            && host.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            })
    };
    host.is_none_or(is_name)
        && port.is_none_or(|port| {
            port.bytes().all(|byte| byte.is_ascii_digit())
                && port.parse::<u16>().is_ok_and(|port| port > 0)
        })
}

impl TryFrom<String> for PublicUrl {
    type Error = PublicUrlError;

    fn try_from(text: String) -> Result<Self, PublicUrlError> {
        text.parse()
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> Self {
        url.to_string()
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_understood() {
        for (typed, url, host) in [
            (
                "https://photos.example",
                "https://photos.example",
                "photos.example",
            ),
            (
                " HTTPS://Photos.Example/ ",
                "https://photos.example",
                "photos.example",
            ),
            ("http://nas:8420", "http://nas:8420", "nas"),
            (
                "https://[2001:db8::1]:8420",
                "https://[2001:db8::1]:8420",
                "2001:db8::1",
            ),
            ("https://203.0.113.9", "https://203.0.113.9", "203.0.113.9"),
        ] {
            let parsed: PublicUrl = typed.parse().unwrap();
            assert_eq!((parsed.to_string().as_str(), parsed.host()), (url, host));
        }
    }

    #[test]
    fn what_cannot_work_is_refused_with_a_reason() {
        for (typed, reason) in [
            ("photos.example", "must begin"),
            ("ftp://photos.example", "must begin"),
            ("https://photos.example/safelight", "end after the name"),
            ("https://photos.example?x", "end after the name"),
            ("https://", "no name"),
            ("https://user@photos.example", "no name"),
            ("https://photos..example", "no name"),
            ("https://photos.example:0", "no name"),
            ("https://photos.example:99999", "no name"),
            ("https://[photos]", "no name"),
            ("https://pho tos.example", "no name"),
            ("https://phötos.example", "no name"),
        ] {
            let error = typed.parse::<PublicUrl>().unwrap_err().to_string();
            assert!(error.contains(reason), "{typed}: {error}");
        }
    }
}
