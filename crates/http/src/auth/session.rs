//! A person's session: a cookie that scripts cannot read and other sites cannot send, and a token for each form.

use std::net::IpAddr;

use axum::{
    extract::{FromRef, FromRequestParts},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use safelight_engine::{Asker, Engine};

use crate::{App, connection::Connection};

/// The cookie's name over plain HTTP.
const NAME: &str = "safelight";
/// Its name over HTTPS. The prefix makes browsers refuse it from plain HTTP and from other names (RFC 6265bis, section
/// 4.1.3); a name of its own, since a browser lets no plain page replace a cookie that is `Secure`.
const SECURE_NAME: &str = "__Host-safelight";
/// How long a browser keeps it, in seconds; the engine's sessions last as long.
const MAX_AGE: u64 = 30 * 24 * 60 * 60;

/// Somebody of the household, signed in. As an extractor it sends everybody else to the sign-in page.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    /// What each form must carry back.
    pub(crate) csrf: String,
    /// The cookie's value.
    pub(crate) cookie: String,
    /// Who it is.
    pub(crate) asker: Asker,
}

/// The owner, signed in. As an extractor it also refuses the household's other members.
#[derive(Clone, Debug)]
pub(crate) struct Owner(SignedIn);

impl std::ops::Deref for Owner {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

/// Why a request is nobody's, or not the owner's.
pub(crate) enum OwnerRejection {
    /// To the sign-in page.
    SignIn,
    /// A member asks for what is the owner's.
    NotOwner,
    /// The catalogue cannot be read.
    Unavailable(String),
}

impl IntoResponse for OwnerRejection {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn => Redirect::to("/sign-in").into_response(),
            Self::NotOwner => (
                StatusCode::FORBIDDEN,
                "This page is for the owner of the library only\n",
            )
                .into_response(),
            Self::Unavailable(message) => (
                StatusCode::SERVICE_UNAVAILABLE,
                [(header::RETRY_AFTER, "30")],
                message,
            )
                .into_response(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn
where
    App: FromRef<S>,
{
    type Rejection = OwnerRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OwnerRejection> {
        let engine = App::from_ref(state).engine;
        let Ok(connection) = Connection::from_request_parts(parts, state).await;
        let Some(cookie) = cookie(&parts.headers, connection.is_secure).map(str::to_owned) else {
            return Err(OwnerRejection::SignIn);
        };
        Self::of(engine, cookie, connection.peer).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Owner
where
    App: FromRef<S>,
{
    type Rejection = OwnerRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OwnerRejection> {
        let somebody = SignedIn::from_request_parts(parts, state).await?;
        if somebody.asker.is_owner() {
            Ok(Self(somebody))
        } else {
            Err(OwnerRejection::NotOwner)
        }
    }
}

impl SignedIn {
    /// Looks a cookie's session up, on a thread that may wait for the disk.
    pub(crate) async fn of(
        engine: Engine,
        cookie: String,
        from: IpAddr,
    ) -> Result<Self, OwnerRejection> {
        let found =
            tokio::task::spawn_blocking(move || (engine.session(&cookie, from), cookie)).await;
        match found {
            Ok((Ok(Some(session)), cookie)) => Ok(Self {
                csrf: session.csrf,
                cookie,
                asker: session.asker,
            }),
            Ok((Ok(None), _)) => Err(OwnerRejection::SignIn),
            Ok((Err(error), _)) => Err(OwnerRejection::Unavailable(error.to_string())),
            Err(error) => Err(OwnerRejection::Unavailable(error.to_string())),
        }
    }

    /// Whether a form was made by a page of this session.
    pub(crate) fn made(&self, csrf: &str) -> bool {
        is_same(&self.csrf, csrf)
    }
}

/// Compares texts. Takes the same time wherever the first difference is.
pub(super) fn is_same(ours: &str, sent: &str) -> bool {
    let (ours, sent) = (ours.as_bytes(), sent.as_bytes());
    let difference = ours
        .iter()
        .zip(sent)
        .fold(0, |difference, (a, b)| difference | (a ^ b));
    ours.len() == sent.len() && std::hint::black_box(difference) == 0
}

const fn name(is_secure: bool) -> &'static str {
    if is_secure { SECURE_NAME } else { NAME }
}

/// The session cookie's value, if the request has one. What plain HTTP set, anybody on the way may have set: it is not
/// taken over HTTPS.
pub(crate) fn cookie(headers: &HeaderMap, is_secure: bool) -> Option<&str> {
    find(headers, name(is_secure))
}

/// A cookie's value.
pub(super) fn find<'a>(headers: &'a HeaderMap, ours: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == ours && !value.is_empty()).then_some(value))
}

/// The header that gives the browser its cookie; `Secure` where it came encrypted. At home the page is also reached over
/// plain HTTP.
pub(crate) fn set_cookie(value: &str, is_secure: bool) -> Option<HeaderValue> {
    set(name(is_secure), value, MAX_AGE, is_secure).parse().ok()
}

/// The header that takes it away.
pub(crate) fn clear_cookie(is_secure: bool) -> Option<HeaderValue> {
    set(name(is_secure), "", 0, is_secure).parse().ok()
}

/// A `Set-Cookie` header's value.
pub(super) fn set(name: &str, value: &str, max_age: u64, is_secure: bool) -> String {
    let secure = if is_secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_cookie_is_found_among_others() {
        let headers =
            HeaderMap::from_iter([(header::COOKIE, "a=b; safelight=xyz;c=d".parse().unwrap())]);
        assert_eq!(cookie(&headers, false), Some("xyz"));
        let headers = HeaderMap::from_iter([(
            header::COOKIE,
            "notsafelight=xyz; safelight=".parse().unwrap(),
        )]);
        assert_eq!(cookie(&headers, false), None);
    }

    #[test]
    fn what_plain_http_set_is_nothing_over_https() {
        let both = "safelight=plain; __Host-safelight=secure";
        let headers = HeaderMap::from_iter([(header::COOKIE, both.parse().unwrap())]);
        assert_eq!(cookie(&headers, false), Some("plain"));
        assert_eq!(cookie(&headers, true), Some("secure"));
        let headers = HeaderMap::from_iter([(header::COOKIE, "safelight=plain".parse().unwrap())]);
        assert_eq!(cookie(&headers, true), None);
        let set = set_cookie("x", true).unwrap();
        assert!(
            set.to_str()
                .unwrap()
                .starts_with("__Host-safelight=x; Path=/;")
        );
        assert!(set.to_str().unwrap().ends_with("; Secure"));
        assert!(
            !set_cookie("x", false)
                .unwrap()
                .to_str()
                .unwrap()
                .contains("Secure")
        );
    }

    #[test]
    fn a_form_of_another_session_is_not_ours() {
        let owner = SignedIn {
            csrf: "abcdef".to_owned(),
            cookie: String::new(),
            asker: Asker::Owner,
        };
        assert!(owner.made("abcdef"));
        for other in ["", "abcde", "abcdeg", "abcdeff"] {
            assert!(!owner.made(other), "{other}");
        }
    }
}
