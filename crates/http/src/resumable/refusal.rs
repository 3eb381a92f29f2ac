//! What is refused of a resumable upload, with the draft's problem types (RFC 9457) where it has one.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use safelight_engine::{IntakeError, PartialError, PiecesError};

use super::headers::{COMPLETE, OFFSET, yes_no};
use crate::{body::ReceiveError, refusal::Refusal};

/// When a client that has lost its connection, or is faster than the server, may go on, in seconds.
const SOON: u64 = 1;
/// When a client may try again after something else that passes, in seconds.
const LATER: u64 = 30;
/// Where the draft registers its problem types.
const TYPES: &str = "https://iana.org/assignments/http-problem-types#";

pub(super) fn no_such_upload() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "There is no such upload: it was never begun, taken back, or expired. Begin it again",
    )
}

pub(super) fn no_piece() -> Refusal {
    Refusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "What goes on with an upload has the Content-Type application/partial-upload",
    )
}

pub(super) fn completed() -> Refusal {
    Refusal::bad("The upload is complete; nothing can be added to it")
        .of_type(format!("{TYPES}completed-upload"))
}

pub(super) fn inconsistent_length() -> Refusal {
    Refusal::bad("The bytes of this request and those that are here are not as many as the upload's length says; compare with Upload-Offset and Upload-Length of a HEAD")
        .of_type(format!("{TYPES}inconsistent-upload-length"))
}

/// The answer; one about the offset tells the right one in the headers too.
pub(super) fn answer(refusal: Refusal) -> Response {
    let expected = refusal.expected();
    let mut response = refusal.into_response();
    if let Some(have) = expected {
        let headers = response.headers_mut();
        headers.insert(OFFSET, have.into());
        headers.insert(COMPLETE, yes_no(false));
    }
    response
}

impl From<PiecesError> for Refusal {
    fn from(error: PiecesError) -> Self {
        let message = error.to_string();
        match error {
            PiecesError::Intake(error) => error.into(),
            PiecesError::Partial(error) => match error {
                PartialError::NotFound(_) => no_such_upload(),
                PartialError::WrongOffset { have, .. } => Self::new(StatusCode::CONFLICT, message)
                    .of_type(format!("{TYPES}mismatching-upload-offset"))
                    .expecting(have),
                PartialError::WrongTotal { .. } => inconsistent_length(),
                PartialError::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, message),
                PartialError::Intake(error) => IntakeError::from(error).into(),
                PartialError::Busy(_)
                | PartialError::Interrupted(_)
                | PartialError::TooManyUploads => Self::transient(message, SOON),
            },
            PiecesError::Short { .. } | PiecesError::Cut { .. } | PiecesError::Engine(_) => {
                Self::transient(message, LATER)
            }
        }
    }
}

impl From<ReceiveError<PiecesError>> for Refusal {
    fn from(error: ReceiveError<PiecesError>) -> Self {
        match error {
            ReceiveError::Intake(error) => error.into(),
            ReceiveError::NotAcknowledged(error) => error.into(),
            ReceiveError::Broken(_) | ReceiveError::Stalled(_) => Self::transient(
                "The request broke off; ask with HEAD what is here, and go on",
                SOON,
            ),
        }
    }
}
