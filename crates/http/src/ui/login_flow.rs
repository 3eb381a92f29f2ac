//! An app asks to be let in, and a person of the household answers in a browser: the page of Nextcloud's login flow, version 2.

use askama::Template;
use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use safelight_engine::{Engine, Grant, Invited, LoginRequest, command::NewDevice};
use serde::Deserialize;

use super::{
    address::Path,
    form::{AnyoneSent, Sent},
    page::{Page, Trouble, Visit, ask, render},
};
use crate::{
    App,
    auth::{OwnerRejection, SignedIn},
};

/// Its address is in the answer that begins a flow.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/index.php/login/v2/flow/{token}", get(show).post(decide))
        .route("/login/v2/flow/{token}", get(show).post(decide))
}

#[derive(Template)]
#[template(path = "login-flow.html")]
struct Ask {
    page: Page,
    request: LoginRequest,
    token: String,
    name: String,
    /// Devices with an open code: it may be one of them, and only the person knows. None is proposed, since whoever is let
    /// in as one of them takes its place, its photos and its password.
    invited: Vec<Invited>,
    error: Option<String>,
}

/// `GET /index.php/login/v2/flow/{token}`.
async fn show(
    State(app): State<App>,
    somebody: Result<SignedIn, OwnerRejection>,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    let somebody = match somebody {
        Ok(somebody) => somebody,
        Err(OwnerRejection::SignIn) => {
            let is_set = ask(&app.engine, Engine::owner_is_set).await?;
            let to = format!("/sign-in?next=/index.php/login/v2/flow/{token}");
            let to = if is_set && is_token(&token) {
                &to
            } else {
                "/setup"
            };
            return Ok(Redirect::to(to).into_response());
        }
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let request = app.engine.login_request(&token).ok_or_else(gone)?;
    let visit = Visit::of(&app, &somebody, "/devices");
    let name = device_name(&request.client);
    Ok(asked(visit, token, request, name, None))
}

fn asked(
    visit: Visit,
    token: String,
    request: LoginRequest,
    name: String,
    error: Option<String>,
) -> Response {
    render(&Ask {
        invited: visit.engine.invited(visit.asker),
        page: visit.page,
        request,
        token,
        name,
        error,
    })
}

fn is_token(token: &str) -> bool {
    token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn gone() -> Trouble {
    Trouble::NotFound("No app waits here any more. Begin again in the app.".to_owned())
}

/// The owner's answer.
#[derive(Deserialize)]
struct Decision {
    answer: String,
    /// The number of an invited device; none, or what is no number, for a new one.
    #[serde(default)]
    device: String,
    #[serde(default)]
    name: String,
}

#[derive(Template)]
#[template(path = "login-flow-done.html")]
struct Done {
    /// None if it was refused.
    device: Option<NewDevice>,
    /// Where the rest of its set-up is explained.
    platform: &'static str,
}

/// `POST /index.php/login/v2/flow/{token}`.
async fn decide(
    Path(token): Path<String>,
    AnyoneSent(sent): AnyoneSent<Decision>,
) -> Result<Response, Trouble> {
    let Sent { visit, form, .. } = sent;
    let request = visit.engine.login_request(&token).ok_or_else(gone)?;
    let is_apple = ["ios", "iphone", "ipad"]
        .iter()
        .any(|word| request.client.to_ascii_lowercase().contains(word));
    let platform = if is_apple { "iphone" } else { "android" };
    if form.answer != "allow" {
        visit.engine.refuse_login(&token);
        return Ok(render(&Done {
            device: None,
            platform,
        }));
    }
    let grant = match form.device.parse() {
        Ok(id) => Grant::Invited(id),
        Err(_) => Grant::New(form.name.clone()),
    };
    match visit
        .engine
        .grant_login(visit.asker, &token, grant)
        .await
        .map_err(Trouble::from)
    {
        Ok(device) => Ok(render(&Done {
            device: Some(device),
            platform,
        })),
        Err(Trouble::Failed(message)) => Err(Trouble::Failed(message)),
        Err(trouble) => {
            let (name, error) = (form.name, Some(trouble.message()));
            Ok(asked(visit, token, request, name, error))
        }
    }
}

/// A name to begin with, from what the app says of itself: Android sends `Fairphone FP5 (Android)`, iOS
/// `Mozilla/5.0 (iOS) Nextcloud-iOS/7.4.1`, the desktop client `Mozilla/5.0 (Linux) mirall/3.7.3 …`.
fn device_name(client: &str) -> String {
    let lower = client.to_ascii_lowercase();
    let name = match client.split_once(" (") {
        Some((name, _)) if !lower.starts_with("mozilla/") => name.trim(),
        _ if lower.contains("ios") => "iPhone",
        _ if lower.contains("android") => "Android phone",
        _ if lower.contains("mirall") => "Computer",
        _ => "",
    };
    name.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_to_begin_with() {
        for (client, name) in [
            ("Fairphone FP5 (Android)", "Fairphone FP5"),
            ("Mozilla/5.0 (iOS) Nextcloud-iOS/7.4.1", "iPhone"),
            (
                "Mozilla/5.0 (Android) Nextcloud-android/34.1.1",
                "Android phone",
            ),
            (
                "Mozilla/5.0 (Linux) mirall/3.7.3 (build 20230712)",
                "Computer",
            ),
            (
                "Anna\u{2019}s iPhone (Nextcloud iOS)",
                "Anna\u{2019}s iPhone",
            ),
            ("curl/8", ""),
            ("", ""),
        ] {
            assert_eq!(device_name(client), name, "{client}");
        }
    }
}
