//! Pictures in answers: their headers, and what is said where there is none.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use safelight_engine::{EngineError, Look, Size};

/// For how long whoever asked for a picture that is not there yet should wait, in seconds.
const AGAIN: &str = "5";

/// How long a picture may be kept by who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// For ever: the address names the photo's bytes.
    Always,
    /// As long as it is asked for each time whether it is still the same.
    Asking,
}

/// The answer to a request for a picture. Whether the asker may see the photo was found out before.
pub(crate) fn answer(
    look: Result<Look, EngineError>,
    size: Size,
    keep: Keep,
    headers: &HeaderMap,
) -> Response {
    match look {
        Ok(Look::Picture { of, jpeg, is_final }) => {
            let kind = match size {
                Size::Preview if is_final => "p",
                _ => "t",
            };
            let tag = format!("\"{kind}-{of}\"");
            let cache = match keep {
                Keep::Always => "private, max-age=31536000, immutable",
                Keep::Asking => "private, no-cache",
            };
            let about = [
                (header::ETAG, tag.as_str()),
                (header::CACHE_CONTROL, cache),
                (header::CONTENT_TYPE, "image/jpeg"),
                // Shown, and nothing but a picture, whatever a browser may think.
                (header::CONTENT_DISPOSITION, "inline"),
            ];
            if is_known(headers, &tag) {
                (StatusCode::NOT_MODIFIED, about).into_response()
            } else {
                (about, jpeg).into_response()
            }
        }
        Ok(Look::NoPhoto) => (StatusCode::NOT_FOUND, "There is no such photo\n").into_response(),
        Ok(Look::Never { reason }) => (StatusCode::NOT_FOUND, reason + "\n").into_response(),
        Ok(Look::Later { reason }) => later(reason),
        Err(error) => {
            tracing::warn!("A picture could not be shown: {error}");
            later(error.to_string())
        }
    }
}

fn later(reason: String) -> Response {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, AGAIN)],
        reason + "\n",
    )
        .into_response()
}

/// Whether the asker has it already (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|value| value.trim().trim_start_matches("W/"))
        .any(|value| value == tag || value == "*")
}
