//! What an app asks before it knows anything: is there a server, and is the way to it open?

use axum::{Json, response::IntoResponse};
use http::StatusCode;
use serde_json::json;

use super::VERSION;

/// `GET /status.php`. Read by nextcloud/android-library's `GetStatusRemoteOperation.java` (`installed` and `version` must
/// be there) and nextcloud/ios's `NCLogin.swift` (a product name with "owncloud" in it is refused).
pub(super) async fn status() -> impl IntoResponse {
    let [major, minor, micro] = VERSION;
    Json(json!({
        "installed": true,
        "maintenance": false,
        "needsDbUpgrade": false,
        "version": format!("{major}.{minor}.{micro}.1"),
        "versionstring": format!("{major}.{minor}.{micro}"),
        "edition": "",
        "productname": "Safelight",
        "extendedSupport": false,
    }))
}

/// `GET /index.php/204`: anything but an empty 204 makes Android believe that it is in a hotel's network whose own page
/// answers, and then it uploads nothing (nextcloud/android's `ConnectivityServiceImpl.kt`).
pub(super) async fn no_content() -> StatusCode {
    StatusCode::NO_CONTENT
}
