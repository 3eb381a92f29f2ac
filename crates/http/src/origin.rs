//! The base URL under which a client reached this server, for answers that must name whole addresses.

use std::fmt;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header, request::Parts, uri::Authority};

/// `http://nas.local:8420`, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    /// Reads it off the request. `None` if the request names no host, or none that an address can hold: what a client
    /// sends is repeated to it, so nothing but a host and a port may be in it.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        let authority: Authority = host.parse().ok()?;
        let is_plain = !host.contains('@') && !authority.host().is_empty();
        is_plain.then(|| Self(format!("http://{authority}")))
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
        Self::of(&parts.headers).ok_or(NoHost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(host: &str) -> Option<String> {
        let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
        Origin::of(&headers).map(|origin| origin.to_string())
    }

    #[test]
    fn it_is_what_the_client_used() {
        for host in [
            "nas:8420",
            "192.168.1.5:8420",
            "[fe80::1]:8420",
            "photos.example",
        ] {
            assert_eq!(of(host), Some(format!("http://{host}")));
        }
    }

    #[test]
    fn nothing_but_a_host_gets_into_it() {
        for host in [
            "", "a b", "nas/path", "user@nas", "nas?x", "nas\"", ":8420", "<nas>",
        ] {
            assert_eq!(of(host), None, "{host}");
        }
        assert_eq!(Origin::of(&HeaderMap::new()), None);
    }
}
