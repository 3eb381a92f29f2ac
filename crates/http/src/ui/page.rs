//! What every page has: who looks at it, where it is in the house, and what happens when it cannot be shown.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::FromRequestParts,
    response::{Html, IntoResponse, Response},
};
use http::{StatusCode, header, request::Parts};
use safelight_engine::{Asker, Engine, EngineError, RowError};

use super::{assets, format};
use crate::{
    App, Options,
    auth::{Owner, OwnerRejection, SignedIn},
};

/// What each template for who is signed in is given as `page`.
#[derive(Clone)]
pub(super) struct Page {
    /// Goes into each form.
    pub(super) csrf: String,
    /// Whether the navigation leads to what only the owner may see.
    pub(super) is_owner: bool,
    /// The address, for the navigation.
    here: String,
    options: Arc<Options>,
}

impl Page {
    /// A page of somebody's, at an address.
    pub(super) fn of(app: &App, somebody: &SignedIn, here: &str) -> Self {
        Self {
            csrf: somebody.csrf.clone(),
            is_owner: somebody.asker.is_owner(),
            here: here.to_owned(),
            options: Arc::clone(&app.options),
        }
    }

    /// Whether this page is in the part of the house that begins with an address.
    pub(super) fn is_in(&self, part: &str) -> bool {
        self.here == part || (part != "/" && self.here.starts_with(part))
    }

    /// The address of a style sheet or script.
    pub(super) fn asset(&self, name: &str) -> &'static str {
        assets::address(name)
    }

    /// A time for people, in the zone of the house.
    pub(super) fn time(&self, rfc3339: &str) -> String {
        format::time(rfc3339, &self.options.zone)
    }
}

/// As an extractor: the owner and what their pages need. Members of the household are refused; what is for them too takes
/// [`Anyone`].
pub(crate) struct Visit {
    pub(super) engine: Engine,
    pub(super) page: Page,
    /// Who it is; each question to the engine says so.
    pub(super) asker: Asker,
}

/// As an extractor: whoever of the household is signed in.
pub(crate) struct Anyone(pub(super) Visit);

impl FromRequestParts<App> for Anyone {
    type Rejection = OwnerRejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, OwnerRejection> {
        let somebody = SignedIn::from_request_parts(parts, app).await?;
        Ok(Self(Visit::of(app, &somebody, parts.uri.path())))
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = OwnerRejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, OwnerRejection> {
        let owner = Owner::from_request_parts(parts, app).await?;
        Ok(Self::of(app, &owner, parts.uri.path()))
    }
}

impl Visit {
    /// A visit of somebody's, at an address.
    pub(super) fn of(app: &App, somebody: &SignedIn, here: &str) -> Self {
        Self {
            engine: app.engine.clone(),
            page: Page::of(app, somebody, here),
            asker: somebody.asker,
        }
    }

    /// Asks the engine something that may wait for the disk.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, Trouble> {
        ask(&self.engine, question).await
    }
}

/// As [`Visit::ask`], for who is not signed in.
pub(super) async fn ask<T: Send + 'static>(
    engine: &Engine,
    question: impl FnOnce(&Engine) -> Result<T, EngineError> + Send + 'static,
) -> Result<T, Trouble> {
    let engine = engine.clone();
    match tokio::task::spawn_blocking(move || question(&engine)).await {
        Ok(answer) => Ok(answer?),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Trouble::Failed(error.to_string())),
        },
    }
}

/// Why a page cannot be shown.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// There is no such thing.
    NotFound(String),
    /// What was asked for makes no sense.
    Refused(String),
    /// The house's fault; it may be better in a minute.
    Failed(String),
}

impl Trouble {
    /// For a form that is shown again.
    pub(super) fn message(self) -> String {
        let (Self::NotFound(message) | Self::Refused(message) | Self::Failed(message)) = self;
        if message.ends_with(['.', '!', '?']) {
            message
        } else {
            format!("{message}.")
        }
    }
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotFound(message) => Self::NotFound(message),
            EngineError::Invalid(message) => Self::Refused(message),
            EngineError::NotAllowed => Self::Refused(error.to_string()),
            EngineError::Row(RowError::NameTaken(_)) => Self::Refused(error.to_string()),
            other => Self::Failed(other.to_string()),
        }
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    title: &'static str,
    message: &'a str,
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (status, title, message) = match &self {
            Self::NotFound(message) => (StatusCode::NOT_FOUND, "This page does not exist", message),
            Self::Refused(message) => (StatusCode::BAD_REQUEST, "This did not work", message),
            Self::Failed(message) => {
                tracing::warn!("A page could not be shown: {message}");
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "This did not work just now",
                    message,
                )
            }
        };
        let mut response = render(&TroublePage { title, message });
        *response.status_mut() = status;
        if status.is_server_error() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, http::HeaderValue::from_static("30"));
        }
        response
    }
}

/// Answers every address that there is not.
pub(crate) async fn not_found() -> Trouble {
    Trouble::NotFound("Look for it from the first page.".to_owned())
}

/// Writes a page.
pub(super) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!("A page could not be written: {error}");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "This page could not be written\n",
            )
                .into_response()
        }
    }
}
