//! What a form sends back: only from the owner, and only from a page of the owner's session.

use axum::{
    Form,
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::page::{Trouble, Visit};
use crate::{
    App,
    auth::{OwnerRejection, SignedIn},
};

/// A form of the owner's, and the visit that it belongs to.
pub(crate) struct Sent<T> {
    pub(super) visit: Visit,
    pub(super) by: SignedIn,
    pub(super) form: T,
}

/// As [`Sent`], of whoever of the household is signed in.
pub(crate) struct AnyoneSent<T>(pub(super) Sent<T>);

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
        let AnyoneSent(sent) = AnyoneSent::from_request(request, app).await?;
        if !sent.by.asker.is_owner() {
            return Err(OwnerRejection::NotOwner.into_response());
        }
        Ok(sent)
    }
}

impl<T: DeserializeOwned + Send> FromRequest<App> for AnyoneSent<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let here = parts.uri.path().to_owned();
        let by = SignedIn::from_request_parts(&mut parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        let Form(signed) = Form::<Signed<T>>::from_request(Request::from_parts(parts, body), app)
            .await
            .map_err(|error| {
                Trouble::Refused(format!("The form cannot be read: {error}")).into_response()
            })?;
        if !by.made(&signed.csrf) {
            let message =
                "The form is from another visit. Go back, load the page again, and send it again.";
            return Err(Trouble::Refused(message.to_owned()).into_response());
        }
        let visit = Visit::of(app, &by, &here);
        Ok(Self(Sent {
            visit,
            by,
            form: signed.form,
        }))
    }
}
