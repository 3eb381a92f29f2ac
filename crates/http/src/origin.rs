//! The base URL under which a client reached this server, for answers that must name whole addresses.

use std::fmt;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header, request::Parts, uri::Authority};

use crate::connection::Connection;

/// `http://nas.local:8420`, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    /// Reads it off the request, of which a trusted proxy's word is a part by now ([`crate::proxy`]). `None` if the request names no host, or none that an address can hold: what a client
    /// sends is repeated to it, so nothing but a host and a port may be in it.
    fn of(headers: &HeaderMap, is_secure: bool) -> Option<Self> {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        let authority: Authority = host.parse().ok()?;
        let is_plain = !host.contains('@') && !authority.host().is_empty();
        let scheme = if is_secure { "https" } else { "http" };
        is_plain.then(|| Self(format!("{scheme}://{authority}")))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The request does not say which host it is for (RFC 9112, section 3.2).
pub(crate) struct NoHost;

impl IntoResponse for NoHost {
    fn into_response(self) -> Response {
        let message = "The request names no host in its header Host, so no address can be given\n";
        (StatusCode::BAD_REQUEST, message).into_response()
    }
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = NoHost;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, NoHost> {
        let connection = parts.extensions.get::<Connection>();
        let is_secure = connection.is_some_and(|connection| connection.is_secure);
        Self::of(&parts.headers, is_secure).ok_or(NoHost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(host: &str, is_secure: bool) -> Option<String> {
        let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
        Origin::of(&headers, is_secure).map(|origin| origin.to_string())
    }

    #[test]
    fn it_is_what_the_client_used() {
        for host in [
            "nas:8420",
            "192.168.1.5:8420",
            "[fe80::1]:8420",
            "photos.example",
        ] {
            assert_eq!(of(host, false), Some(format!("http://{host}")));
            assert_eq!(of(host, true), Some(format!("https://{host}")));
        }
    }

    #[test]
    fn nothing_but_a_host_gets_into_it() {
        for host in [
            "", "a b", "nas/path", "user@nas", "nas?x", "nas\"", ":8420", "<nas>",
        ] {
            assert_eq!(of(host, false), None, "{host}");
        }
        assert_eq!(Origin::of(&HeaderMap::new(), false), None);
    }
}
