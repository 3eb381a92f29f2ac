//! Signing in and out.
//!
//! These forms come before there is a session, so they carry no token of one: that they come from our own page is
//! seen by what the browser says of their origin ([`crate::guard`]).

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use safelight_engine::{AccessError, Engine};
use serde::Deserialize;

use super::{
    address::Query,
    form::{AnyoneSent, Button},
    page::{Trouble, ask, render},
};
use crate::{App, auth, connection::Connection};

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignIn {
    next: String,
    /// Whether there is anybody but the owner, so that a name is needed.
    household: bool,
    name: String,
    error: Option<String>,
}

/// Where somebody wanted to go who has to sign in first.
#[derive(Default, Deserialize)]
pub(crate) struct Way {
    next: Option<String>,
}

/// `GET /sign-in`.
pub(crate) async fn show(
    State(app): State<App>,
    Query(way): Query<Way>,
) -> Result<Response, Trouble> {
    if !ask(&app.engine, Engine::owner_is_set).await? {
        return Ok(Redirect::to("/setup").into_response());
    }
    let household = has_members(&app).await?;
    Ok(render(&SignIn {
        next: within(way.next.as_deref()).to_owned(),
        household,
        name: String::new(),
        error: None,
    }))
}

async fn has_members(app: &App) -> Result<bool, Trouble> {
    let people = ask(&app.engine, Engine::people).await?;
    Ok(people.iter().any(|person| !person.owner && person.access))
}

/// The form.
#[derive(Deserialize)]
pub(crate) struct Password {
    #[serde(default)]
    name: String,
    password: String,
    next: Option<String>,
}

/// An address within this page; what could lead anywhere else becomes the first page.
fn within(next: Option<&str>) -> &str {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-._~".contains(c);
    next.filter(|next| {
        next.starts_with('/') && !next.starts_with("//") && next.chars().all(is_plain)
    })
    .unwrap_or("/")
}

/// `POST /sign-in`.
pub(crate) async fn sign_in(
    State(app): State<App>,
    connection: Connection,
    Form(form): Form<Password>,
) -> Result<Response, Trouble> {
    let next = within(form.next.as_deref()).to_owned();
    match enter(&app, &connection, &form.name, form.password, &next).await {
        Ok(response) => Ok(response),
        Err(error) => {
            let (status, message) = match error {
                AccessError::Wrong => (
                    StatusCode::FORBIDDEN,
                    if form.name.is_empty() {
                        "The password is wrong."
                    } else {
                        "The name or the password is wrong."
                    }
                    .to_owned(),
                ),
                AccessError::SlowDown { .. } => {
                    (StatusCode::TOO_MANY_REQUESTS, format!("{error}."))
                }
                AccessError::Unavailable(error) => return Err(error.into()),
            };
            let mut response = render(&SignIn {
                next,
                household: has_members(&app).await?,
                name: form.name,
                error: Some(message),
            });
            *response.status_mut() = status;
            Ok(response)
        }
    }
}

/// Begins a session and leads to a page.
pub(super) async fn enter(
    app: &App,
    connection: &Connection,
    name: &str,
    password: String,
    to: &str,
) -> Result<Response, AccessError> {
    let token = app.engine.sign_in(name, password, connection.peer).await?;
    let mut response = Redirect::to(to).into_response();
    if let Some(cookie) = auth::set_cookie(&token.0, connection.is_secure) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /sign-out`.
pub(crate) async fn sign_out(
    connection: Connection,
    AnyoneSent(sent): AnyoneSent<Button>,
) -> Result<Response, Trouble> {
    let cookie = sent.by.cookie;
    sent.visit
        .ask(move |engine| engine.sign_out(&cookie))
        .await?;
    Ok(signed_out(&connection))
}

/// `POST /sign-out-everywhere`: here, and on every other device.
pub(crate) async fn sign_out_everywhere(
    connection: Connection,
    AnyoneSent(sent): AnyoneSent<Button>,
) -> Result<Response, Trouble> {
    let asker = sent.visit.asker;
    sent.visit
        .ask(move |engine| engine.sign_out_everywhere(asker))
        .await?;
    Ok(signed_out(&connection))
}

fn signed_out(connection: &Connection) -> Response {
    let mut response = Redirect::to("/sign-in").into_response();
    if let Some(cookie) = auth::clear_cookie(connection.is_secure) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_else() {
        assert_eq!(within(Some("/devices/add")), "/devices/add");
        for bad in [
            "",
            "x",
            "//evil.example",
            "/\\evil.example",
            "http://evil.example",
            "/a?b",
            "/a\r\nb",
        ] {
            assert_eq!(within(Some(bad)), "/", "{bad}");
        }
        assert_eq!(within(None), "/");
    }
}
