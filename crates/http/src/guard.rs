//! What stands around every route: panics become answers, the page is only shown under names that are ours, forms
//! only come from our own pages, and browsers are told what they must not do.

use std::{any::Any, net::IpAddr};

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts, uri::Authority,
};

use safelight_engine::reach::PublicUrl;

use crate::{
    App,
    connection::Connection,
    tls::{Identity, Issuer},
};

/// What the page may load: its own style sheet, scripts and pictures, nothing else, from nowhere else.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// What a stored file may do when a browser shows it: nothing.
const FILE_POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

/// The answer when a handler of ours panicked: a bug, but the client's next try may well succeed, and 500 would make
/// phones give the photo up.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the form that tower-http calls"
)]
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!("A request failed by a bug: {message}");
    let text =
        "Safelight itself failed while it worked on this. Nothing was acknowledged; try again\n";
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, "30")],
        text,
    )
        .into_response()
}

/// On every answer of the devices' surfaces: what is sent is data, whatever a browser may think.
pub(crate) async fn files(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    harden(response.headers_mut(), FILE_POLICY);
    response
}

/// On every answer of the page; and what is asked under a name that is not ours is refused.
pub(crate) async fn page(
    State(app): State<App>,
    connection: Connection,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let insists = connection.is_secure && may_insist(&app, headers);
    let refusal = if !is_asked_under_our_name(&app, headers) {
        Some(NotOurName.into_response())
    } else if changes_something(request.method()) && !is_same_origin(headers) {
        let message = "This form was sent by another site and is refused\n";
        Some((StatusCode::FORBIDDEN, message).into_response())
    } else {
        None
    };
    let mut response = match refusal {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    let policy = if response.headers().contains_key(header::CONTENT_DISPOSITION) {
        FILE_POLICY
    } else {
        PAGE_POLICY
    };
    harden(response.headers_mut(), policy);
    if insists {
        response.headers_mut().insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=15552000"),
        );
    }
    response
}

/// Whether the browser may be told to ask under this name with encryption only (HSTS, RFC 6797).
///
/// Only with a certificate that others vouch for: a browser that has seen this lets nobody past a warning, and our own
/// certificate begins with one.
fn may_insist(app: &App, headers: &HeaderMap) -> bool {
    let vouched = |identity: &Identity| identity.issuer() != Issuer::Safelight;
    let reach = app.engine.reach();
    app.options.tls.shown().as_deref().is_some_and(vouched)
        && reach
            .public_url
            .as_ref()
            .is_some_and(|public| is_usual_port_of(public, headers))
}

/// Whether a request was sent to the public address, and that is `https://` on port 443. What is said there binds every
/// port of the name (RFC 6797, section 8.3): on another port the name may be that of a machine with other pages, which
/// have no encryption.
fn is_usual_port_of(public: &PublicUrl, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST);
    let asked = host
        .and_then(|host| host.to_str().ok())
        .and_then(|host| host.parse::<Authority>().ok());
    let public = public
        .is_https()
        .then(|| public.authority().parse::<Authority>().ok())
        .flatten();
    let is_usual = |authority: &Authority| authority.port_u16().unwrap_or(443) == 443;
    match (asked, public) {
        (Some(asked), Some(public)) => {
            is_usual(&asked)
                && is_usual(&public)
                && asked.host().eq_ignore_ascii_case(public.host())
        }
        _ => false,
    }
}

fn harden(headers: &mut HeaderMap, policy: &'static str) {
    let set = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
    ];
    for (name, value) in set {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Pages tell about the household's photos; only what says otherwise (assets with a hash in their name) is kept.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

const fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A request was sent under a name that is ours: see [`host_is_ours`].
pub(crate) struct OurName;

/// The answer to one under another name.
pub(crate) struct NotOurName;

impl IntoResponse for NotOurName {
    fn into_response(self) -> Response {
        let message = "Safelight does not answer under this name. Open it by its address, or allow the name where Safelight is started\n";
        (StatusCode::MISDIRECTED_REQUEST, message).into_response()
    }
}

impl FromRequestParts<App> for OurName {
    type Rejection = NotOurName;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, NotOurName> {
        if is_asked_under_our_name(app, &parts.headers) {
            Ok(Self)
        } else {
            Err(NotOurName)
        }
    }
}

fn is_asked_under_our_name(app: &App, headers: &HeaderMap) -> bool {
    let reach = app.engine.reach();
    let public = reach.public_url.as_ref().map(PublicUrl::host);
    let configured = app.options.hosts.iter().map(String::as_str).chain(public);
    host_is_ours(headers, configured)
}

/// Whether the page may be shown under the name in `Host`: an address, a name that only a home network resolves, or
/// one that the owner configured. Any other name may have been pointed at us by the site that owns it (DNS
/// rebinding), whose scripts could then read the page.
fn host_is_ours<'a>(headers: &HeaderMap, mut configured: impl Iterator<Item = &'a str>) -> bool {
    let Some(host) = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
    else {
        return false;
    };
    let name = without_port(host)
        .trim_end_matches('.')
        .to_ascii_lowercase();
    if name.is_empty() {
        return false;
    }
    name.parse::<IpAddr>().is_ok()
        || !name.contains('.')
        || [".local", ".localhost", ".home.arpa", ".internal"]
            .iter()
            .any(|end| name.ends_with(end))
        || configured.any(|host| host.eq_ignore_ascii_case(&name))
}

/// Whether a request that changes something was made by our own page. Browsers say so in `Sec-Fetch-Site`, older ones
/// in `Origin`; what says neither is no browser, and has no cookie that another site could abuse.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin" || site == "none";
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, from)| from.eq_ignore_ascii_case(host)),
        (Some(_), None) => false,
    }
}

/// A `Host` header's name or address, without brackets and port.
pub(crate) fn without_port(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    host.rsplit_once(':').map_or(host, |(name, _port)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[tokio::test]
    async fn a_bug_of_ours_is_no_reason_to_give_a_photo_up() {
        async fn panics() -> StatusCode {
            panic!("a bug")
        }
        let router = axum::Router::<()>::new()
            .route("/", axum::routing::get(panics))
            .layer(tower_http::catch_panic::CatchPanicLayer::custom(panicked));
        let answer = tower::ServiceExt::oneshot(router, Request::<axum::body::Body>::default())
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key(header::RETRY_AFTER));
    }

    #[test]
    fn names_of_a_home_network_are_ours() {
        let configured = ["photos.example"];
        for host in [
            "192.168.1.5:8787",
            "[fe80::1]:8787",
            "127.0.0.1",
            "localhost:8787",
            "nas",
            "NAS.local:8787",
            "nas.local.",
            "Photos.example:443",
            "server.home.arpa",
        ] {
            assert!(
                host_is_ours(&headers(&[("host", host)]), configured.into_iter()),
                "{host}"
            );
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "local.evil.example:8787",
            "",
            ":8787",
        ] {
            assert!(
                !host_is_ours(&headers(&[("host", host)]), configured.into_iter()),
                "{host}"
            );
        }
        assert!(!host_is_ours(&headers(&[]), configured.into_iter()));
    }

    #[test]
    fn browsers_are_bound_on_the_usual_port_of_the_public_address_only() {
        for (public, host, binds) in [
            ("https://photos.example", "photos.example", true),
            ("https://photos.example", "Photos.Example:443", true),
            ("https://photos.example:443", "photos.example", true),
            ("https://[2001:db8::1]", "[2001:db8::1]", true),
            ("https://photos.example:8420", "photos.example:8420", false),
            ("https://photos.example:8420", "photos.example", false),
            ("https://photos.example:1443", "photos.example:1443", false),
            ("https://photos.example", "photos.example:8420", false),
            ("https://photos.example", "nas", false),
            ("http://photos.example", "photos.example", false),
            ("http://photos.example:443", "photos.example:443", false),
        ] {
            let found = is_usual_port_of(&public.parse().unwrap(), &headers(&[("host", host)]));
            assert_eq!(found, binds, "{public} {host}");
        }
        let nowhere = is_usual_port_of(&"https://photos.example".parse().unwrap(), &headers(&[]));
        assert!(!nowhere);
    }

    #[test]
    fn other_sites_forms_are_refused() {
        let host = ("host", "nas:8787");
        for good in [
            &[host][..],
            &[host, ("sec-fetch-site", "same-origin")],
            &[host, ("sec-fetch-site", "none")],
            &[host, ("origin", "http://nas:8787")],
            &[host, ("origin", "https://NAS:8787")],
        ] {
            assert!(is_same_origin(&headers(good)), "{good:?}");
        }
        for bad in [
            &[host, ("sec-fetch-site", "cross-site")][..],
            &[host, ("sec-fetch-site", "same-site")],
            &[
                host,
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://nas:8787"),
            ],
            &[host, ("origin", "http://nas:9999")],
            &[host, ("origin", "null")],
            &[("origin", "http://nas:8787")],
        ] {
            assert!(!is_same_origin(&headers(bad)), "{bad:?}");
        }
    }
}
