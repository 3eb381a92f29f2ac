//! App passwords: each device has one of its own, and no other.

use safelight_engine::{Command, EngineError, Quiet};
use serde_json::json;

use super::{
    Call,
    reply::{Outcome, Trouble},
};

/// `GET core/getapppassword`: turns a person's password into an app password. Whoever can sign in here has an app
/// password already, and gets the same again; iOS asks after it has scanned a code of the plain kind.
pub(super) async fn confirm(call: &Call) -> Outcome {
    call.device().await?;
    let (_, password) = call.credentials()?;
    Ok(json!({ "apppassword": password }))
}

/// `GET core/getapppassword-onetime`: turns the password of a scanned code, which dies by it, into the device's own.
pub(super) async fn exchange(call: &Call) -> Outcome {
    let (user, code) = call.credentials()?;
    let device = call
        .app
        .engine
        .accept_invitation(Some(&user), &code, call.connection.peer)
        .await?;
    Ok(json!({ "apppassword": device.password }))
}

/// `DELETE core/apppassword`: somebody signed out in the app. The device may not come back; its photos stay.
pub(super) async fn give_back(call: &Call) -> Outcome {
    let device = call.device().await?;
    let engine = call.app.engine.clone();
    let revoked = tokio::task::spawn_blocking(move || {
        let id = device.id.0;
        engine.run(Command::DeviceRevoke { id }, &Quiet)
    })
    .await
    .unwrap_or_else(|error| Err(EngineError::Bug(error.to_string())));
    match revoked {
        Ok(_) => Ok(json!([])),
        Err(error) => Err(Trouble::Transient(error.to_string())),
    }
}
