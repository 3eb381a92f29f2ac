//! What a request's connection tells: who is at its other end, and whether the server is about to close.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use tokio::sync::watch;

/// Put into each request by [`crate::serve`].
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// The other end.
    pub(crate) peer: SocketAddr,
    /// Becomes true when the server is about to close; answers without an end then end.
    pub(crate) closing: watch::Receiver<bool>,
}

impl Connection {
    /// The address that wrong passwords are counted for.
    pub(crate) fn ip(&self) -> IpAddr {
        self.peer.ip().to_canonical()
    }

    /// Whether a person sits at this very machine: the peer is the loopback address, the page was asked for by a
    /// name of it, and no reverse proxy stands between (which would have said so).
    pub(crate) fn is_local(&self, headers: &HeaderMap) -> bool {
        let forwarded = [
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-real-ip",
        ];
        self.ip().is_loopback()
            && !forwarded.iter().any(|name| headers.contains_key(*name))
            && headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok())
                .is_some_and(names_loopback)
    }
}

fn names_loopback(host: &str) -> bool {
    let name = crate::guard::without_port(host);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl<S: Sync> FromRequestParts<S> for Connection {
    type Rejection = Infallible;

    /// Without [`crate::serve`] the other end is unknown, hence not local.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self {
                peer: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
                closing: watch::channel(false).1,
            }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_local(peer: &str, headers: &[(&'static str, &str)]) -> bool {
        let connection = Connection {
            peer: peer.parse().unwrap(),
            closing: watch::channel(false).1,
        };
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        connection.is_local(&headers)
    }

    #[test]
    fn only_this_machine_is_local() {
        assert!(is_local("127.0.0.1:5000", &[("host", "localhost:8787")]));
        assert!(is_local("[::1]:5000", &[("host", "[::1]:8787")]));
        assert!(is_local(
            "[::ffff:127.0.0.1]:5000",
            &[("host", "127.0.0.1")]
        ));
        assert!(!is_local("192.168.1.5:5000", &[("host", "localhost")]));
        assert!(!is_local("127.0.0.1:5000", &[("host", "photos.example")]));
        assert!(!is_local(
            "127.0.0.1:5000",
            &[("host", "localhost"), ("x-forwarded-for", "203.0.113.9")]
        ));
        assert!(!is_local("127.0.0.1:5000", &[]));
    }
}
