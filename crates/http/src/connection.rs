//! What a request's connection tells: who is at its other end, and whether the server is about to close.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
};

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use tokio::sync::watch;

/// What a reverse proxy adds to a request that it passes on.
const FORWARDED: [&str; 5] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// Put into each request by [`crate::serve`]; of one that came through a trusted proxy, [`crate::proxy`] puts the
/// client in the proxy's place.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// The other end's address, for which wrong passwords are counted.
    pub(crate) peer: IpAddr,
    /// The address of ours that it reached.
    pub(crate) local: IpAddr,
    /// Whether nobody on the way could read along: TLS, here or at a trusted proxy.
    pub(crate) is_secure: bool,
    /// Becomes true when the server is about to close; answers without an end then end.
    pub(crate) closing: watch::Receiver<bool>,
}

impl Connection {
    /// Whether it comes from this very machine: both ends are the same address or the loopback's, the request names
    /// this machine by that address, and no reverse proxy stands between (which would have said so).
    pub(crate) fn is_local(&self, headers: &HeaderMap) -> bool {
        let is_here = |ip: IpAddr| ip.is_loopback() || ip == self.local;
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let names_here = |host: &str| {
            let name = crate::guard::without_port(host);
            name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_here)
        };
        is_here(self.peer) && host.is_some_and(names_here) && !self.is_proxied(headers)
    }

    /// Whether a reverse proxy stands between, trusted or not.
    pub(crate) fn is_proxied(&self, headers: &HeaderMap) -> bool {
        FORWARDED.iter().any(|name| headers.contains_key(*name))
    }
}

impl<S: Sync> FromRequestParts<S> for Connection {
    type Rejection = Infallible;

    /// Without [`crate::serve`] the other end is unknown, hence not local.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self {
            peer: Ipv4Addr::UNSPECIFIED.into(),
            local: Ipv4Addr::BROADCAST.into(),
            is_secure: false,
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
            local: "192.168.1.5".parse().unwrap(),
            is_secure: false,
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
        assert!(is_local("127.0.0.1", &[("host", "localhost:8787")]));
        assert!(is_local("::1", &[("host", "[::1]:8787")]));
        assert!(is_local("192.168.1.5", &[("host", "192.168.1.5:8787")]));
        assert!(!is_local("192.168.1.6", &[("host", "192.168.1.5:8787")]));
        assert!(!is_local("192.168.1.6", &[("host", "localhost")]));
        assert!(!is_local("127.0.0.1", &[("host", "photos.example")]));
        let proxied = [("host", "localhost"), ("x-forwarded-for", "203.0.113.9")];
        assert!(!is_local("127.0.0.1", &proxied));
        assert!(!is_local("127.0.0.1", &[]));
    }
}
