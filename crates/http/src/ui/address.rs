//! What stands in a page's address: which thing it is about, and what is asked of it. As axum's own, but whoever comes with an
//! address that makes no sense is told so by a page.

use axum::extract::{self, FromRequestParts};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::page::{Trouble, not_found};

/// The parts of the path that have names in the route.
pub(crate) struct Path<T>(pub(super) T);

/// What comes after the question mark.
pub(crate) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Trouble> {
        match extract::Path::from_request_parts(parts, state).await {
            Ok(extract::Path(named)) => Ok(Self(named)),
            Err(error) if error.status().is_server_error() => {
                // The route has no such part: our mistake, whatever was asked for.
                Err(Trouble::Failed(error.body_text()))
            }
            // `/photo/x`: there is no photo of that number.
            Err(_) => Err(not_found().await),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Trouble> {
        match extract::Query::from_request_parts(parts, state).await {
            Ok(extract::Query(asked)) => Ok(Self(asked)),
            Err(error) => {
                tracing::debug!(page = parts.uri.path(), "{}", error.body_text());
                Err(Trouble::Refused(
                    "This page's address asks for something that makes no sense. Look for it from the first page."
                        .to_owned(),
                ))
            }
        }
    }
}
