//! Why a request with a device's token is refused, as JSON: `{"error": "…"}`, with a `hint` where a person may read it, and
//! with a problem type (RFC 9457) where a program does. What may pass is 503, the one status that every client tries again
//! after.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use safelight_engine::{
    AccessError, EngineError, IntakeError, NotAcknowledged, Refusal as StoreRefusal,
};
use serde::Serialize;

use crate::{
    auth,
    body::{ReceiveError, SmallBodyError},
    checksums::ChecksumError,
};

/// When a client may try again after something transient, in seconds.
const RETRY_AFTER: u64 = 30;

/// An answer that refuses.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal {
    #[serde(skip)]
    status: StatusCode,
    #[serde(skip)]
    retry_after: Option<u64>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// How many bytes are here of an upload, if the request began elsewhere.
    #[serde(rename = "expected-offset", skip_serializing_if = "Option::is_none")]
    expected: Option<u64>,
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            retry_after: None,
            kind: None,
            expected: None,
            error: error.into(),
            hint: None,
        }
    }

    /// The same request never succeeds.
    pub(crate) fn bad(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// The same request may succeed in so many seconds.
    pub(crate) fn transient(error: impl Into<String>, retry_after: u64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, error)
        }
    }

    /// The request has no token.
    pub(crate) fn no_token() -> Self {
        Self::nobody("A device's token is needed")
    }

    /// The token is nobody's.
    fn wrong_token() -> Self {
        Self::nobody("The token is wrong, or was taken back")
    }

    fn nobody(error: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error).hinting(
            "Send the header \"Authorization: Bearer TOKEN\"; the token was shown when the device was added. A browser is connected at /up",
        )
    }

    /// What the person at the other end can do.
    pub(crate) fn hinting(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Of an upload of which so many bytes are here: the request began elsewhere.
    pub(crate) fn expecting(mut self, offset: u64) -> Self {
        self.expected = Some(offset);
        self
    }

    /// See [`Self::expecting`].
    pub(crate) const fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// With a problem type, by its address.
    pub(crate) fn of_type(mut self, address: String) -> Self {
        self.kind = Some(address);
        self
    }
}

impl From<AccessError> for Refusal {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Wrong => Self::wrong_token(),
            AccessError::SlowDown { retry_after } => {
                Self::transient(error.to_string(), retry_after.as_secs().max(1))
            }
            AccessError::Unavailable(_) => Self::transient(error.to_string(), RETRY_AFTER),
        }
    }
}

impl From<NotAcknowledged> for Refusal {
    fn from(error: NotAcknowledged) -> Self {
        match error {
            NotAcknowledged::Revoked => Self::wrong_token(),
            _ => Self::transient(error.to_string(), RETRY_AFTER)
                .hinting("Keep the file and send it again later"),
        }
    }
}

impl From<IntakeError> for Refusal {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Library(StoreRefusal::IsFolder(_)) => {
                Self::new(StatusCode::CONFLICT, error.to_string()).hinting("Choose another name")
            }
            IntakeError::Library(StoreRefusal::NoDevice(_)) => Self::wrong_token(),
            _ => nothing_stored(error.to_string()),
        }
    }
}

fn nothing_stored(error: String) -> Refusal {
    Refusal::transient(error, RETRY_AFTER)
        .hinting("Nothing was stored. Keep the file and send it again later")
}

impl From<ReceiveError> for Refusal {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Intake(error) => error.into(),
            ReceiveError::NotAcknowledged(error) => error.into(),
            ReceiveError::Broken(_) | ReceiveError::Stalled(_) => nothing_stored(error.to_string()),
        }
    }
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        let message = error.to_string();
        match error {
            EngineError::Invalid(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, message),
            EngineError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, message),
            EngineError::NotAllowed => Self::new(StatusCode::FORBIDDEN, message),
            _ => Self::transient(message, RETRY_AFTER),
        }
    }
}

impl From<SmallBodyError> for Refusal {
    fn from(error: SmallBodyError) -> Self {
        let status = match error {
            SmallBodyError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            SmallBodyError::Broken(_) | SmallBodyError::Stalled(_) => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.to_string())
    }
}

impl From<ChecksumError> for Refusal {
    fn from(error: ChecksumError) -> Self {
        Self::bad(error.to_string()).hinting("Write it as SHA256:digits, or leave it out")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::warn!(status = self.status.as_u16(), "{}", self.error);
        }
        let mut response = (self.status, Json(&self)).into_response();
        let headers = response.headers_mut();
        if self.kind.is_some() {
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/problem+json"),
            );
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(auth::BEARER_CHALLENGE),
            );
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
