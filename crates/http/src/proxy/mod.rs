//! Requests that came through a reverse proxy: who really asks, under which name, and whether encrypted on the way.
//!
//! Anybody can write such headers, so they are believed from the proxies that the owner named and from nobody else, and
//! of their lists only as far back as each hop is such a proxy.

mod headers;

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, header};
use safelight_engine::reach::{PublicUrl, Reach};

use self::headers::{Said, said};
use crate::{App, connection::Connection};

/// Puts what a trusted proxy says in the place of what the connection says: the client's address, whether it came
/// encrypted, and the name that it asked for, as `Host`. Everything behind this sees the client as if there were no
/// proxy.
pub(crate) async fn believe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let reach = app.engine.reach();
    if let Some(mut connection) = request.extensions().get::<Connection>().cloned()
        && reach.trusts(connection.peer)
    {
        let client = client(said(request.headers()), connection.peer, &reach);
        if let Some(host) = client.host {
            request.headers_mut().insert(header::HOST, host);
        }
        connection.peer = client.address;
        connection.is_secure = client.is_secure.unwrap_or_else(|| {
            // A proxy that does not say it, but has the name that the owner said is reached with HTTPS.
            connection.is_secure
                || reach
                    .public_url
                    .as_ref()
                    .is_some_and(|url| url.is_https() && is_asked_of(&request, url))
        });
        request.extensions_mut().insert(connection);
    }
    next.run(request).await
}

fn is_asked_of(request: &Request, url: &PublicUrl) -> bool {
    request.headers().get(header::HOST).is_some_and(|host| {
        host.as_bytes()
            .eq_ignore_ascii_case(url.authority().as_bytes())
    })
}

/// What is believed of a client.
#[derive(Debug, PartialEq, Eq)]
struct Client {
    address: IpAddr,
    /// None if the proxy does not say.
    is_secure: Option<bool>,
    host: Option<HeaderValue>,
}

/// The client behind a trusted proxy.
fn client(said: Said, proxy: IpAddr, reach: &Reach) -> Client {
    let mut client = Client {
        address: proxy,
        is_secure: None,
        host: None,
    };
    let hops = match said {
        Said::Hops(hops) => hops,
        Said::Contradiction => {
            // Some client wrote the one that this proxy does not write: then neither can be told from the truth.
            tracing::debug!(%proxy, "Forwarded and X-Forwarded-For contradict each other; neither is believed");
            return client;
        }
    };
    // The last entry is the nearest proxy's; each further one is worth as much as the proxy that wrote it.
    for hop in hops.into_iter().rev() {
        client.is_secure = hop.is_secure;
        client.host = hop.host;
        let Some(from) = hop.from else { break };
        client.address = from;
        if !reach.trusts(from) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName};

    use super::*;

    fn behind(pairs: &[(&'static str, &str)]) -> (String, Option<bool>, Option<String>) {
        let reach = Reach {
            trusted_proxies: vec!["127.0.0.1".parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
            ..Reach::default()
        };
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        let found = client(said(&headers), "127.0.0.1".parse().unwrap(), &reach);
        (
            found.address.to_string(),
            found.is_secure,
            found.host.map(|host| host.to_str().unwrap().to_owned()),
        )
    }

    #[test]
    fn the_client_is_the_last_address_that_no_trusted_proxy_has() {
        for (list, address) in [
            ("203.0.113.9", "203.0.113.9"),
            ("203.0.113.9, 10.1.2.3", "203.0.113.9"),
            // What stands before was written by the client itself.
            ("192.168.1.1, 203.0.113.9", "203.0.113.9"),
            ("192.168.1.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
            ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            // Nobody knows: the last one who is known.
            ("203.0.113.9, unknown", "127.0.0.1"),
            ("203.0.113.9, unknown, 10.1.2.3", "10.1.2.3"),
            ("", "127.0.0.1"),
        ] {
            let found = behind(&[("x-forwarded-for", list)]);
            assert_eq!(found, (address.to_owned(), None, None), "{list}");
        }
        let two_headers = [
            ("x-forwarded-for", "192.168.1.1"),
            ("x-forwarded-for", "203.0.113.9"),
        ];
        assert_eq!(behind(&two_headers).0, "203.0.113.9");
    }

    #[test]
    fn protocol_and_name_are_taken_along() {
        assert_eq!(
            behind(&[
                ("x-forwarded-for", "203.0.113.9"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-host", "photos.example"),
            ]),
            (
                "203.0.113.9".into(),
                Some(true),
                Some("photos.example".into())
            )
        );
        assert_eq!(
            behind(&[(
                "forwarded",
                "for=203.0.113.9;proto=http;host=\"photos.example:80\""
            )]),
            (
                "203.0.113.9".into(),
                Some(false),
                Some("photos.example:80".into())
            )
        );
        // The client's own claim stands first in the list and is not taken.
        let claimed = [
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-proto", "https, http"),
        ];
        assert_eq!(behind(&claimed).1, Some(false));
        let through_two =
            "for=203.0.113.9;proto=https;host=photos.example, for=10.1.2.3;proto=http;host=inner";
        assert_eq!(
            behind(&[("forwarded", through_two)]),
            (
                "203.0.113.9".into(),
                Some(true),
                Some("photos.example".into())
            )
        );
    }

    #[test]
    fn a_contradiction_is_believed_by_nobody() {
        let found = behind(&[
            ("forwarded", "for=192.168.1.1;proto=https"),
            ("x-forwarded-for", "203.0.113.9"),
        ]);
        assert_eq!(found, ("127.0.0.1".into(), None, None));
        let agreed = behind(&[
            ("forwarded", "for=\"203.0.113.9:1\";proto=https"),
            ("x-forwarded-for", "203.0.113.9"),
        ]);
        assert_eq!(agreed.0, "203.0.113.9");
    }
}
