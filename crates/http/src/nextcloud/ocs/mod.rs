//! OCS, Nextcloud's API beside WebDAV (Open Collaboration Services): under `/ocs/v1.php/` and `/ocs/v2.php/`, in XML or
//! JSON, with the same answers.

mod capabilities;
mod password;
mod reply;
mod user;

use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::{HeaderMap, Method};
use safelight_engine::{AccessError, Device};

use self::reply::{Outcome, Shape, Trouble};
use crate::{App, auth, connection::Connection};

/// A request, and who answers it.
struct Call {
    app: App,
    connection: Connection,
    method: Method,
    headers: HeaderMap,
}

/// Answers every method on every address below both versions.
pub(super) async fn handle(
    State(app): State<App>,
    connection: Connection,
    Path((version, path)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let shape = Shape::of(&version, query.as_deref(), &headers);
    let call = Call {
        app,
        connection,
        method,
        headers,
    };
    let outcome = match shape {
        Some(_) => call.answer(path.trim_end_matches('/')).await,
        None => Err(Trouble::NotFound("There is no such version of OCS")),
    };
    let shape = shape.unwrap_or_default();
    shape.write(outcome, &call.headers)
}

impl Call {
    async fn answer(&self, path: &str) -> Outcome {
        let method = &self.method;
        let reads = method == Method::GET || method == Method::HEAD;
        match path {
            "cloud/capabilities" if reads => Ok(capabilities::capabilities()),
            "cloud/user" if reads => user::user(self, &self.device().await?).await,
            "core/getapppassword" if reads => password::confirm(self).await,
            "core/getapppassword-onetime" if reads => password::exchange(self).await,
            "core/apppassword" if method == Method::DELETE => password::give_back(self).await,
            _ => match path.strip_prefix("cloud/users/") {
                Some(id) if reads => {
                    let device = self.device().await?;
                    if device.user != id {
                        return Err(Trouble::NotFound("There is no such user"));
                    }
                    user::user(self, &device).await
                }
                _ => Err(Trouble::NotFound("There is no such address")),
            },
        }
    }

    /// The user's name and password that the request has.
    fn credentials(&self) -> Result<(String, String), Trouble> {
        auth::basic(&self.headers).ok_or(Trouble::Unauthorized)
    }

    /// The device that asks.
    async fn device(&self) -> Result<Device, Trouble> {
        let (user, password) = self.credentials()?;
        let engine = &self.app.engine;
        let known = engine
            .device_by_password(&user, &password, self.connection.peer)
            .await;
        Ok(known?)
    }
}

impl From<AccessError> for Trouble {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Wrong => Self::Unauthorized,
            other => Self::Transient(other.to_string()),
        }
    }
}
