//! PATCH as Nextcloud has it: a file's checksum is computed anew from the bytes that are stored.
//!
//! rclone asks so after each PUT, and counts the upload as failed without an answer.

use axum::{
    body::BodyDataStream,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use safelight_engine::checksum::{Algorithm, Checksum};

use super::{Call, Refusal, read, set};
use crate::{
    body::{SmallBodyError, read_small},
    checksums,
};

/// Names the algorithm: `sha1`.
const ASKED: &str = "x-recalculate-hash";

pub(super) async fn recalculate(
    call: &Call,
    body: &mut BodyDataStream,
) -> Result<Response, Refusal> {
    let Some(name) = call.header(ASKED) else {
        return Err(no_changes());
    };
    match read_small(body, 0).await {
        Ok(_) => {}
        Err(SmallBodyError::TooLarge(_)) => return Err(no_changes()),
        Err(error) => return Err(error.into()),
    }
    let algorithm = Algorithm::named(name.trim()).ok_or_else(|| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("The checksum {name:?} is not known; sha1, md5, sha256 and adler32 are"),
        )
    })?;
    let entry = call.entry().await?;
    if entry.is_folder {
        return Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("{} is a folder and has no checksum", call.path),
        ));
    }
    let checksum = match entry.asset {
        Some(asset) => call.engine.photo_checksum(asset, algorithm).await?,
        None => Checksum::of(algorithm, &read::note(call, &entry).await?),
    };
    let mut response = StatusCode::NO_CONTENT.into_response();
    set(&mut response, checksums::HEADER, &checksum.to_string());
    Ok(response)
}

/// There is no patch document that we accept (RFC 5789, section 2.2).
fn no_changes() -> Refusal {
    Refusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "Parts of files are not changed here: PATCH has no body and says with X-Recalculate-Hash which checksum is wanted",
    )
}
