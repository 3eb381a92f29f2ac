//! What a client is told that does not get what it wants: a status that its app understands, and why.
//!
//! The Nextcloud app for Android gives a photo up for good after nearly every error but 503, 404 and a broken
//! connection; so whatever may be better in a minute is 503, and 500, 502 and 504 do not exist here.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use safelight_engine::{
    AccessError, IntakeError, NotAcknowledged, ReadError, Refusal as StoreRefusal, TreeError,
};

use super::{target::TargetError, xml_in::XmlError, xml_out};
use crate::{
    body::{ReceiveError, SmallBodyError},
    checksums::ChecksumError,
    if_header::IfHeaderError,
};

/// When a client may try again after something transient, in seconds.
const RETRY_AFTER: &str = "30";

/// An answer that refuses.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    /// An element of RFC 4918's section 16 that says which rule was broken.
    condition: Option<&'static str>,
    /// The address that the condition is about.
    about: Option<String>,
    retry_after: Option<HeaderValue>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            condition: None,
            about: None,
            retry_after: None,
        }
    }

    pub(super) fn with_condition(self, condition: &'static str) -> Self {
        Self {
            condition: Some(condition),
            ..self
        }
    }

    /// With a condition that names an address.
    pub(super) fn with_condition_about(self, condition: &'static str, href: String) -> Self {
        Self {
            about: Some(href),
            ..self.with_condition(condition)
        }
    }

    /// It may be better in a minute.
    pub(super) fn transient(message: impl Into<String>) -> Self {
        Self {
            retry_after: Some(HeaderValue::from_static(RETRY_AFTER)),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::warn!(status = self.status.as_u16(), "{}", self.message);
        }
        let body = xml_out::error(self.condition, self.about.as_deref(), &self.message);
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, xml_out::CONTENT_TYPE)],
            Body::from(body),
        )
            .into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

impl From<TargetError> for Refusal {
    fn from(error: TargetError) -> Self {
        let status = match error {
            TargetError::OtherUser(_) => StatusCode::FORBIDDEN,
            TargetError::Elsewhere(_) | TargetError::NotUtf8(_) | TargetError::Name(_) => {
                StatusCode::BAD_REQUEST
            }
        };
        Self::new(status, error.to_string())
    }
}

impl From<XmlError> for Refusal {
    fn from(error: XmlError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl From<ChecksumError> for Refusal {
    fn from(error: ChecksumError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl From<IfHeaderError> for Refusal {
    fn from(error: IfHeaderError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
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

impl From<TreeError> for Refusal {
    fn from(error: TreeError) -> Self {
        let message = error.to_string();
        let status = match error {
            TreeError::NotFound(_) => StatusCode::NOT_FOUND,
            TreeError::ParentMissing(_) | TreeError::NotAFolder(_) => StatusCode::CONFLICT,
            TreeError::AlreadyExists(_) => StatusCode::PRECONDITION_FAILED,
            TreeError::IntoItself(_) | TreeError::TooDeep(_) | TreeError::NoPhoto(_) => {
                StatusCode::FORBIDDEN
            }
            TreeError::TooMany { .. }
            | TreeError::TooManyProperties(_)
            | TreeError::KeepsTooMuch(_) => StatusCode::INSUFFICIENT_STORAGE,
            // Revoked in this very moment.
            TreeError::NoDevice(_) => StatusCode::UNAUTHORIZED,
            TreeError::NoSpace { .. }
            | TreeError::LibraryUnavailable(_)
            | TreeError::Disk(_)
            | TreeError::Catalogue(_) => {
                return Self::transient(message);
            }
        };
        Self::new(status, message)
    }
}

impl From<ReadError> for Refusal {
    /// A photo that is in the tree and cannot be read is not "not found": a client that mirrors would delete its own.
    fn from(error: ReadError) -> Self {
        Self::transient(error.to_string())
    }
}

impl From<IntakeError> for Refusal {
    fn from(error: IntakeError) -> Self {
        let message = error.to_string();
        let status = match error {
            IntakeError::Library(StoreRefusal::ParentMissing(_)) => StatusCode::CONFLICT,
            IntakeError::Library(StoreRefusal::IsFolder(_)) => StatusCode::METHOD_NOT_ALLOWED,
            IntakeError::Library(StoreRefusal::PreconditionFailed) => {
                StatusCode::PRECONDITION_FAILED
            }
            IntakeError::Library(StoreRefusal::NoDevice(_)) => StatusCode::UNAUTHORIZED,
            IntakeError::Library(StoreRefusal::KeepsTooMuch(_)) => StatusCode::INSUFFICIENT_STORAGE,
            _ => return Self::transient(message),
        };
        Self::new(status, message)
    }
}

impl<E: std::error::Error + Into<Self>> From<ReceiveError<E>> for Refusal {
    fn from(error: ReceiveError<E>) -> Self {
        match error {
            ReceiveError::Intake(error) => error.into(),
            ReceiveError::NotAcknowledged(error) => error.into(),
            ReceiveError::Broken(_) | ReceiveError::Stalled(_) => {
                Self::transient(error.to_string())
            }
        }
    }
}

impl From<NotAcknowledged> for Refusal {
    fn from(error: NotAcknowledged) -> Self {
        let message = error.to_string();
        match error {
            NotAcknowledged::Revoked => Self::new(StatusCode::UNAUTHORIZED, message),
            NotAcknowledged::NotYet
            | NotAcknowledged::NoDestination
            | NotAcknowledged::Unavailable(_) => Self::transient(message),
        }
    }
}

impl From<AccessError> for Refusal {
    fn from(error: AccessError) -> Self {
        let message = error.to_string();
        match error {
            AccessError::Wrong => Self::new(StatusCode::UNAUTHORIZED, message),
            // 429 would make phones give the photo up.
            AccessError::SlowDown { retry_after } => Self {
                retry_after: Some(HeaderValue::from(retry_after.as_secs().max(1))),
                ..Self::transient(message)
            },
            AccessError::Unavailable(_) => Self::transient(message),
        }
    }
}
