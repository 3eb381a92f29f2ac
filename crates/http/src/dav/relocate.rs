//! MOVE and COPY.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use safelight_core::DevicePath;
use safelight_engine::Moved;

use super::{Call, Depth, Refusal, conditions::Touched, describe, target::Mount};

pub(super) async fn relocate(call: &Call) -> Result<Response, Refusal> {
    let to = destination(call)?;
    if call.depth()? != Depth::Infinity && call.entry().await?.is_folder {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "A folder is moved with all that is in it: Depth must be infinity",
        ));
    }
    call.respect_locks(&[Touched::Name(&call.path), Touched::Name(&to)])
        .await?;
    let moved = call
        .engine
        .move_entry(call.device.id, call.path.clone(), to, overwrite(call)?)
        .await?;
    // Locks do not move with what they were on (RFC 4918, section 7.6).
    call.locks
        .gone(call.device.id, &call.path, call.engine.now());
    Ok(answer(call, &moved))
}

pub(super) async fn copy(call: &Call) -> Result<Response, Refusal> {
    let to = destination(call)?;
    let shallow = match call.depth()? {
        Depth::Zero => true,
        Depth::Infinity => false,
        Depth::One => {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "A copy's Depth is 0 or infinity",
            ));
        }
    };
    call.respect_locks(&[Touched::Name(&to)]).await?;
    let copied = call
        .engine
        .copy_entry(
            call.device.id,
            call.path.clone(),
            to,
            overwrite(call)?,
            shallow,
        )
        .await?;
    Ok(answer(call, &copied))
}

/// Where to; never the same name, nor the tree's root.
fn destination(call: &Call) -> Result<DevicePath, Refusal> {
    let header = call.header("destination").ok_or_else(|| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "The header Destination is missing or not ASCII",
        )
    })?;
    let to = Mount::destination(header, &call.device.user)?;
    if call.path.is_root() || to.is_root() {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "The whole tree cannot be moved, copied or replaced",
        ));
    }
    if to == call.path {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!("{to} cannot take its own place"),
        ));
    }
    Ok(to)
}

/// Whether what is there already may be replaced: unless the client says no (RFC 4918, section 10.6).
fn overwrite(call: &Call) -> Result<bool, Refusal> {
    match call.header("overwrite").map(str::trim) {
        None | Some("T" | "t") => Ok(true),
        Some("F" | "f") => Ok(false),
        Some(other) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("The header Overwrite is T or F, not {other:?}"),
        )),
    }
}

fn answer(call: &Call, moved: &Moved) -> Response {
    let status = if moved.replaced {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::CREATED
    };
    let mut response = status.into_response();
    describe(&mut response, &moved.entry, &call.device.user);
    response
}
