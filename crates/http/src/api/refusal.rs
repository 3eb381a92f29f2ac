//! The answer to what cannot be answered.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use safelight_engine::{AccessError, EngineError};
use serde::Serialize;

use crate::{auth, body::SmallBodyError};

/// When a client may try again after something transient, in seconds.
const RETRY_AFTER: u64 = 30;

/// An answer that refuses.
#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    #[serde(skip)]
    status: StatusCode,
    #[serde(skip)]
    retry_after: Option<u64>,
    error: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            retry_after: None,
            error: error.into(),
        }
    }

    pub(super) fn no_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "A device's token is needed: send the header \"Authorization: Bearer TOKEN\"",
        )
    }

    fn transient(error: impl Into<String>, retry_after: u64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, error)
        }
    }
}

impl From<AccessError> for Refusal {
    fn from(error: AccessError) -> Self {
        let message = error.to_string();
        match error {
            AccessError::Wrong => Self::new(StatusCode::UNAUTHORIZED, message),
            AccessError::SlowDown { retry_after } => {
                Self::transient(message, retry_after.as_secs().max(1))
            }
            AccessError::Unavailable(_) => Self::transient(message, RETRY_AFTER),
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

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::warn!(status = self.status.as_u16(), "{}", self.error);
        }
        let mut response = (self.status, Json(&self)).into_response();
        let headers = response.headers_mut();
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
