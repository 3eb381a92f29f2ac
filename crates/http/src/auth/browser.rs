//! A browser that may add photos: a device whose token is a cookie, which scripts cannot read and other sites cannot
//! send. It is another cookie than the page's: whoever has it can send photos, and opens no page of the household's.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};
use safelight_engine::{AccessError, Device, Engine};
use sha2::{Digest, Sha256};

use super::{
    credentials::bearer,
    session::{find, is_same, set},
};
use crate::connection::Connection;

/// The cookie's name over plain HTTP, and over HTTPS; why there are two is said of the page's own
/// ([`super::session`]).
const NAME: &str = "safelight-browser";
const SECURE_NAME: &str = "__Host-safelight-browser";
/// How long a browser keeps it, in seconds: as long as browsers keep any (RFC 6265bis, section 5.5); each visit begins the
/// time anew.
const MAX_AGE: u64 = 400 * 24 * 60 * 60;

/// A browser that proved which device it is.
pub(crate) struct Browser {
    pub(crate) device: Device,
    token: String,
}

impl Browser {
    /// The browser that a request comes from, if it was connected and may still add photos.
    ///
    /// # Errors
    ///
    /// Too many wrong tries came from its address, or the catalogue cannot be read.
    pub(crate) async fn of(
        engine: &Engine,
        headers: &HeaderMap,
        connection: &Connection,
    ) -> Result<Option<Self>, AccessError> {
        let Some(token) = cookie(headers, connection.is_secure) else {
            return Ok(None);
        };
        match engine.device_by_token(token, connection.peer).await {
            Ok(device) => Ok(Some(Self {
                device,
                token: token.to_owned(),
            })),
            Err(AccessError::Wrong) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What each form of this browser's must carry back: made from the cookie, which other sites do not know.
    pub(crate) fn form_token(&self) -> String {
        hex::encode(Sha256::digest(format!("safelight form {}", self.token)))
    }

    /// Whether a form was made for this browser.
    pub(crate) fn made(&self, form_token: &str) -> bool {
        is_same(&self.form_token(), form_token)
    }

    /// Has the browser keep its cookie from now on.
    pub(crate) fn keep(&self, response: Response, is_secure: bool) -> Response {
        keep(response, &self.token, is_secure)
    }
}

/// Gives a browser the cookie of a device.
pub(crate) fn keep(response: impl IntoResponse, token: &str, is_secure: bool) -> Response {
    with_cookie(response, token, MAX_AGE, is_secure)
}

/// Takes the cookie away.
pub(crate) fn forget(response: impl IntoResponse, is_secure: bool) -> Response {
    with_cookie(response, "", 0, is_secure)
}

/// A device's token, from the `Authorization` header or a browser's cookie.
pub(crate) fn token<'a>(headers: &'a HeaderMap, connection: &Connection) -> Option<&'a str> {
    bearer(headers).or_else(|| cookie(headers, connection.is_secure))
}

fn cookie(headers: &HeaderMap, is_secure: bool) -> Option<&str> {
    find(headers, name(is_secure))
}

const fn name(is_secure: bool) -> &'static str {
    if is_secure { SECURE_NAME } else { NAME }
}

fn with_cookie(
    response: impl IntoResponse,
    token: &str,
    max_age: u64,
    is_secure: bool,
) -> Response {
    let mut response = response.into_response();
    // A token is hexadecimal digits: always a value that a header may have.
    if let Ok(value) = set(name(is_secure), token, max_age, is_secure).parse::<HeaderValue>() {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
