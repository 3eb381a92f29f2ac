//! What a form sends back: only from the owner, and only from a page of the owner's session.

use axum::{
    Form,
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::page::{Page, Trouble, Visit};
use crate::{App, auth::Owner};

/// A form of the owner's, and the visit that it belongs to.
pub(crate) struct Sent<T> {
    pub(super) visit: Visit,
    pub(super) owner: Owner,
    pub(super) form: T,
}

/// A form without fields of its own: only a button.
#[derive(Deserialize)]
pub(crate) struct Button {}

#[derive(Deserialize)]
struct Signed<T> {
    #[serde(default)]
    csrf: String,
    #[serde(flatten)]
    form: T,
}

impl<T: DeserializeOwned + Send> FromRequest<App> for Sent<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let here = parts.uri.path().to_owned();
        let owner = Owner::from_request_parts(&mut parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        let Form(signed) = Form::<Signed<T>>::from_request(Request::from_parts(parts, body), app)
            .await
            .map_err(|error| {
                Trouble::Refused(format!("The form cannot be read: {error}")).into_response()
            })?;
        if !owner.made(&signed.csrf) {
            let message =
                "The form is from another visit. Go back, load the page again, and send it again.";
            return Err(Trouble::Refused(message.to_owned()).into_response());
        }
        let visit = Visit {
            engine: app.engine.clone(),
            page: Page::of(app, &owner, &here),
        };
        Ok(Self {
            visit,
            owner,
            form: signed.form,
        })
    }
}
