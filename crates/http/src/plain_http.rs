//! What may be asked without encryption, as the owner set it. What may not is sent to HTTPS, on the same port.

use std::net::{IpAddr, Ipv6Addr};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use safelight_engine::reach::{PlainHttp, Reach};

use crate::{App, body, connection::Connection};

/// Lets a request through, or answers where it may be asked.
pub(crate) async fn restrict(
    State(app): State<App>,
    connection: Connection,
    request: Request,
    next: Next,
) -> Response {
    let rule = app.engine.reach().plain_http;
    if connection.is_secure || is_allowed(rule, &connection, request.headers()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    if !parts.headers.contains_key(header::EXPECT) {
        body::drain(&mut body.into_data_stream()).await;
    }
    let host = parts
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| !host.is_empty());
    let Some(host) = host else {
        return (StatusCode::BAD_REQUEST, "The header Host is missing\n").into_response();
    };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    // 307: the method stays, which 301 does not promise; a browser does not remember it when the owner changes the
    // rule again; and the Nextcloud app for Android follows it, where any refusal would make it give the photo up.
    (
        StatusCode::TEMPORARY_REDIRECT,
        [(header::LOCATION, format!("https://{host}{path}"))],
        "Safelight only answers with encryption here; the address begins with https://\n",
    )
        .into_response()
}

fn is_allowed(rule: PlainHttp, connection: &Connection, headers: &HeaderMap) -> bool {
    match rule {
        PlainHttp::Everything => true,
        PlainHttp::HomeNetwork => {
            !connection.is_proxied(headers) && is_home(connection.peer, connection.local)
        }
        // Nobody listens between a machine and itself.
        PlainHttp::RedirectOnly => {
            !connection.is_proxied(headers)
                && (connection.peer.is_loopback() || connection.peer == connection.local)
        }
    }
}

/// Whether a request surely comes from the home network: not where only some proxy's address is known.
pub(crate) fn is_from_home(reach: &Reach, connection: &Connection, headers: &HeaderMap) -> bool {
    let is_believed = !reach.trusted_proxies.is_empty();
    let is_client = is_believed || !connection.is_proxied(headers);
    is_client && !reach.trusts(connection.peer) && is_home(connection.peer, connection.local)
}

/// Whether an address is one of a home network's: private (RFC 1918, RFC 4193), of the link, this machine's own, or of
/// the same IPv6 network as the address of ours that was reached.
pub(crate) fn is_home(peer: IpAddr, local: IpAddr) -> bool {
    match (peer, local) {
        (IpAddr::V4(peer), _) => peer.is_loopback() || peer.is_private() || peer.is_link_local(),
        (IpAddr::V6(peer), local) => {
            let network = |address: Ipv6Addr| address.to_bits() >> 64;
            peer.is_loopback()
                || peer.is_unique_local()
                || peer.is_unicast_link_local()
                || matches!(local, IpAddr::V6(local) if network(local) == network(peer))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_network() {
        let home = |peer: &str, local: &str| is_home(peer.parse().unwrap(), local.parse().unwrap());
        for peer in [
            "127.0.0.1",
            "192.168.7.8",
            "10.1.2.3",
            "172.31.0.1",
            "169.254.1.1",
        ] {
            assert!(home(peer, "192.168.1.5"), "{peer}");
        }
        for peer in ["203.0.113.9", "100.64.0.1", "172.32.0.1"] {
            assert!(!home(peer, "192.168.1.5"), "{peer}");
        }
        for peer in ["::1", "fe80::1", "fd00:1::2", "2001:db8:0:1::99"] {
            assert!(home(peer, "2001:db8:0:1::5"), "{peer}");
        }
        for peer in ["2001:db8:0:2::99", "2001:db9::1"] {
            assert!(!home(peer, "2001:db8:0:1::5"), "{peer}");
        }
    }
}
