//! Login flow, version 2, as the app sees it (nextcloud/server, `core/Controller/ClientFlowLoginV2Controller.php`).

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use safelight_engine::LoginRequest;
use serde::Deserialize;
use serde_json::json;

use crate::{
    App, body, connection::Connection, guard::OurName, origin::Origin, plain_http::is_from_home,
};

/// The most that is read of a poll's body, in bytes.
const POLL_LIMIT: usize = 4 * 1024;

/// `POST /index.php/login/v2`. The addresses in the answer are under the name that the app used, which must be one of
/// ours: a page that pointed its own name at us could otherwise begin a flow from inside the house, and wait for a
/// person who takes it for their phone's.
pub(super) async fn begin(
    State(app): State<App>,
    _: OurName,
    connection: Connection,
    origin: Origin,
    headers: HeaderMap,
) -> Response {
    let client = headers
        .get(header::USER_AGENT)
        .map(|client| String::from_utf8_lossy(client.as_bytes()).into_owned())
        .unwrap_or_default();
    let request = LoginRequest {
        client,
        from: connection.peer,
        is_home: is_from_home(&app.engine.reach(), &connection, &headers),
    };
    let started = match app.engine.begin_login(request, &origin.to_string()) {
        Ok(started) => started,
        Err(error) => {
            let seconds = error.retry_after.as_secs().to_string();
            return (
                StatusCode::SERVICE_UNAVAILABLE,
                [(header::RETRY_AFTER, seconds)],
                format!("{error}\n"),
            )
                .into_response();
        }
    };
    Json(json!({
        "poll": {
            "token": started.poll_token,
            "endpoint": format!("{origin}/index.php/login/v2/poll"),
        },
        "login": format!("{origin}/index.php/login/v2/flow/{}", started.page_token),
    }))
    .into_response()
}

#[derive(Default, Deserialize)]
struct Poll {
    token: Option<String>,
}

/// `POST /index.php/login/v2/poll`: Android sends the token in the body, iOS in the query.
///
/// As long as there is nothing to tell the body is empty: Android takes any other for the end of the flow
/// (nextcloud/android's `AuthenticatorActivity.java`), although Nextcloud itself sends `[]`.
pub(super) async fn poll(
    State(app): State<App>,
    _: OurName,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    let Ok(body) = body::read_small(&mut body.into_data_stream(), POLL_LIMIT).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let token = token(&body).or_else(|| token(query.unwrap_or_default().as_bytes()));
    let Some(granted) = token.and_then(|token| app.engine.poll_login(&token)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    Json(json!({
        "server": granted.server,
        "loginName": granted.user,
        "appPassword": granted.password,
    }))
    .into_response()
}

fn token(form: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(form).ok()?;
    axum::extract::Query::<Poll>::try_from_uri(&format!("/?{text}").parse().ok()?)
        .ok()?
        .0
        .token
        .filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_in_forms() {
        assert_eq!(token(b"token=abc").as_deref(), Some("abc"));
        assert_eq!(token(b"x=1&token=a%20b").as_deref(), Some("a b"));
        for none in [
            &b""[..],
            b"token=",
            b"tokens=abc",
            b"\xff",
            b"token",
            b"a b\n",
        ] {
            assert_eq!(token(none), None, "{none:?}");
        }
    }
}
