//! The answer to what is not done. What may pass is 503; where the draft has a problem type (RFC 9457), it is told.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use safelight_engine::{
    AccessError, IntakeError, NotAcknowledged, PartialError, PiecesError, Refusal as StoreRefusal,
};
use serde::Serialize;

use super::headers::{COMPLETE, OFFSET, yes_no};
use crate::{auth, body::ReceiveError};

/// When a client may try again after something transient, in seconds.
const RETRY_AFTER: u64 = 30;
/// Where the draft registers its problem types.
const TYPES: &str = "https://iana.org/assignments/http-problem-types#";

/// An answer that refuses.
#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    #[serde(skip)]
    status: StatusCode,
    #[serde(skip)]
    retry_after: Option<u64>,
    /// How many bytes are here, if the request began elsewhere.
    #[serde(rename = "expected-offset", skip_serializing_if = "Option::is_none")]
    expected: Option<u64>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    error: String,
}

impl Refusal {
    fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            retry_after: None,
            expected: None,
            kind: None,
            error: error.into(),
        }
    }

    fn of_type(mut self, name: &str) -> Self {
        self.kind = Some(format!("{TYPES}{name}"));
        self
    }

    pub(super) fn bad(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    pub(super) fn nobody() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "This browser may not add photos, or not any more: open /up and connect it; a program sends the header \"Authorization: Bearer TOKEN\"",
        )
    }

    pub(super) fn no_such_upload() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "There is no such upload: it was never begun, taken back, or expired. Begin it again",
        )
    }

    pub(super) fn no_piece() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "What goes on with an upload has the Content-Type application/partial-upload",
        )
    }

    pub(super) fn completed() -> Self {
        Self::bad("The upload is complete; nothing can be added to it").of_type("completed-upload")
    }

    pub(super) fn inconsistent_length() -> Self {
        Self::bad("The bytes of this request and those that are here are not as many as the upload's length says; compare with Upload-Offset and Upload-Length of a HEAD")
            .of_type("inconsistent-upload-length")
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
        match error {
            AccessError::Wrong => Self::nobody(),
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
            NotAcknowledged::Revoked => Self::nobody(),
            _ => Self::transient(error.to_string(), RETRY_AFTER),
        }
    }
}

impl From<IntakeError> for Refusal {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Library(StoreRefusal::IsFolder(_)) => {
                Self::new(StatusCode::CONFLICT, error.to_string())
            }
            IntakeError::Library(StoreRefusal::NoDevice(_)) => Self::nobody(),
            _ => Self::transient(error.to_string(), RETRY_AFTER),
        }
    }
}

impl From<PiecesError> for Refusal {
    fn from(error: PiecesError) -> Self {
        let message = error.to_string();
        match error {
            PiecesError::Intake(error) => error.into(),
            PiecesError::Partial(error) => match error {
                PartialError::NotFound(_) => Self::no_such_upload(),
                PartialError::WrongOffset { have, .. } => Self {
                    expected: Some(have),
                    ..Self::new(StatusCode::CONFLICT, message).of_type("mismatching-upload-offset")
                },
                PartialError::WrongTotal { .. } => Self::inconsistent_length(),
                PartialError::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, message),
                PartialError::Intake(error) => IntakeError::from(error).into(),
                PartialError::Busy(_)
                | PartialError::Interrupted(_)
                | PartialError::TooManyUploads => Self::transient(message, 1),
            },
            PiecesError::Short { .. } | PiecesError::Cut { .. } | PiecesError::Engine(_) => {
                Self::transient(message, RETRY_AFTER)
            }
        }
    }
}

impl<E: std::error::Error + Into<Self> + 'static> From<ReceiveError<E>> for Refusal {
    fn from(error: ReceiveError<E>) -> Self {
        match error {
            ReceiveError::Intake(error) => error.into(),
            ReceiveError::NotAcknowledged(error) => error.into(),
            ReceiveError::Broken(_) | ReceiveError::Stalled(_) => Self::transient(
                "The request broke off; ask with HEAD what is here, and go on",
                1,
            ),
        }
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
        if let Some(have) = self.expected {
            headers.insert(OFFSET, HeaderValue::from(have));
            headers.insert(COMPLETE, yes_no(false));
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
