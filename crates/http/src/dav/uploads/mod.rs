//! Nextcloud's chunked upload, version 2: `/remote.php/dav/uploads/USER/NAME/`, where files too large for one request
//! come in pieces and are put together by a MOVE of `.file` to their place in the device's tree.
//!
//! | method | on | |
//! |---|---|---|
//! | MKCOL | the upload | 201, or 405: it goes on |
//! | PROPFIND | the upload | [`listing`]: the pieces that are here, from which the app for Android resumes |
//! | PUT | a piece | [`place`]: a number, padded or not; the whole has them in the order of numbers |
//! | MOVE | `.file` | [`assembly`] |
//! | DELETE | the upload | 204 |

mod assembly;
mod listing;
mod place;

use std::sync::Arc;

use axum::{
    body::BodyDataStream,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header};
use safelight_engine::{About, Device, Engine, PartialId, PiecesError, Slot};

use self::place::Place;
use super::{Locks, Refusal, set};
use crate::{App, body};

/// Below this, a user's name follows.
pub(super) const PREFIX: &str = "/remote.php/dav/uploads/";

/// Keeps the clients' names of uploads apart from those of other protocols.
const OURS: &str = "chunks:";

/// A request of a device on its own uploads.
struct Call {
    engine: Engine,
    locks: Arc<Locks>,
    device: Device,
    headers: HeaderMap,
    /// The address, percent-encoded, without a slash at its end.
    address: String,
}

/// Answers every method on every address below [`PREFIX`].
pub(super) async fn answer(
    app: App,
    device: Device,
    method: Method,
    address: &str,
    headers: HeaderMap,
    body: &mut BodyDataStream,
) -> Result<Response, Refusal> {
    let place = place::locate(address, &device.user)?;
    let call = Call {
        engine: app.engine,
        locks: app.locks,
        device,
        headers,
        address: address.trim_end_matches('/').to_owned(),
    };
    match (method.as_str(), place) {
        ("MKCOL", Place::Upload(name)) => begin(&call, name).await,
        ("PROPFIND", Place::All) => listing::none(&call, body).await,
        ("PROPFIND", Place::Upload(name)) => listing::pieces(&call, call.id(&name), body).await,
        ("DELETE", Place::Upload(name)) => {
            call.engine.drop_pieces(call.id(&name)).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        ("PUT", Place::Piece(name, number)) => put(&call, name, number, body).await,
        ("MOVE", Place::Whole(name)) => assembly::assemble(&call, name).await,
        (method, _) => Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("{method} is not possible on this part of an upload"),
        )),
    }
}

impl Call {
    fn id(&self, name: &str) -> PartialId {
        PartialId {
            device: self.device.id,
            name: format!("{OURS}{name}"),
        }
    }

    fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header with a number of bytes.
    fn bytes(&self, name: &str) -> Result<Option<u64>, Refusal> {
        super::put::bytes(&self.headers, name)
    }
}

async fn begin(call: &Call, name: String) -> Result<Response, Refusal> {
    let about = About {
        total: call.bytes("oc-total-length")?,
        ..About::default()
    };
    if !call.engine.begin_pieces(call.id(&name), about).await? {
        return Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "This upload was begun already; it goes on",
        ));
    }
    Ok(StatusCode::CREATED.into_response())
}

async fn put(
    call: &Call,
    name: String,
    number: u64,
    body: &mut BodyDataStream,
) -> Result<Response, Refusal> {
    let promised = call.bytes(header::CONTENT_LENGTH.as_str())?;
    let receiving = call
        .engine
        .receive_piece(call.id(&name), Slot::Numbered(number), promised)
        .await?;
    body::receive_piece(receiving, body).await?;
    let mut response = StatusCode::CREATED.into_response();
    // nextcloudcmd looks for one; what it says nobody compares.
    set(&mut response, header::ETAG, &format!("\"{number}\""));
    Ok(response)
}

impl From<PiecesError> for Refusal {
    fn from(error: PiecesError) -> Self {
        use safelight_engine::PartialError;

        let message = error.to_string();
        let status = match error {
            PiecesError::Partial(PartialError::NotFound(_)) => StatusCode::NOT_FOUND,
            PiecesError::Partial(PartialError::WrongTotal { .. }) => StatusCode::BAD_REQUEST,
            PiecesError::Partial(PartialError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            PiecesError::Partial(PartialError::WrongOffset { .. }) => StatusCode::CONFLICT,
            PiecesError::Partial(PartialError::Intake(error)) => {
                return safelight_engine::IntakeError::Library(error).into();
            }
            PiecesError::Intake(error) => return error.into(),
            PiecesError::Partial(
                PartialError::Busy(_) | PartialError::Interrupted(_) | PartialError::TooManyUploads,
            )
            | PiecesError::Short { .. }
            | PiecesError::Cut { .. }
            | PiecesError::Engine(_) => return Self::transient(message),
        };
        Self::new(status, message)
    }
}
