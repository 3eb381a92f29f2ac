//! `/remote.php/dav`, above the users' files: where the apps look whether WebDAV is there, and how one signs in.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header};
use safelight_engine::AccessError;

use crate::{App, auth, connection::Connection, dav};

/// Without the right password 401, which names Basic authentication; HEAD and GET are all that there is with it.
pub(super) async fn handle(
    State(app): State<App>,
    connection: Connection,
    method: Method,
    headers: HeaderMap,
) -> Response {
    if method == Method::OPTIONS {
        return (
            StatusCode::OK,
            [("dav", dav::CLASSES), ("allow", "OPTIONS, GET, HEAD")],
        )
            .into_response();
    }
    let Some((user, password)) = auth::basic(&headers) else {
        return unauthorized();
    };
    let known = app
        .engine
        .device_by_password(&user, &password, connection.peer)
        .await;
    match known {
        Ok(_) if method == Method::GET || method == Method::HEAD => StatusCode::OK.into_response(),
        Ok(_) => (
            StatusCode::METHOD_NOT_ALLOWED,
            [(header::ALLOW, "OPTIONS, GET, HEAD")],
        )
            .into_response(),
        Err(AccessError::Wrong) => unauthorized(),
        // Android gives uploads up after 429.
        Err(error @ (AccessError::SlowDown { .. } | AccessError::Unavailable(_))) => {
            transient(&error)
        }
    }
}

fn unauthorized() -> Response {
    (
        StatusCode::UNAUTHORIZED,
        [(header::WWW_AUTHENTICATE, auth::BASIC_CHALLENGE)],
    )
        .into_response()
}

/// It may be better in a minute.
fn transient(error: &AccessError) -> Response {
    tracing::warn!("A device could not be let in: {error}");
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, "30")],
        format!("{error}\n"),
    )
        .into_response()
}
