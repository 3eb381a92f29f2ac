//! MKCOL and DELETE.

use axum::{
    body::BodyDataStream,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use safelight_engine::TreeError;

use super::{Call, Depth, Refusal, describe};
use crate::body::{SmallBodyError, read_small};

pub(super) async fn mkcol(call: &Call, body: &mut BodyDataStream) -> Result<Response, Refusal> {
    match read_small(body, 0).await {
        Ok(_) => {}
        Err(SmallBodyError::TooLarge(_)) => {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "A new folder's request has no body; this one has",
            ));
        }
        Err(error) => return Err(error.into()),
    }
    match call
        .engine
        .make_folder(call.device.id, call.path.clone())
        .await
    {
        Ok(entry) => {
            let mut response = StatusCode::CREATED.into_response();
            describe(&mut response, &entry, &call.device.user);
            Ok(response)
        }
        Err(error @ TreeError::AlreadyExists(_)) => Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            error.to_string(),
        )),
        Err(error) => Err(error.into()),
    }
}

/// Takes a name out of the device's tree. The photos below it stay in the library (promise 7).
pub(super) async fn delete(call: &Call) -> Result<Response, Refusal> {
    if call.path.is_root() {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "The whole tree cannot be deleted",
        ));
    }
    if call.depth()? != Depth::Infinity && call.entry().await?.is_folder {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "A folder is deleted with all that is in it: Depth must be infinity",
        ));
    }
    call.engine
        .remove_entry(call.device.id, call.path.clone())
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
