//! What the Nextcloud apps for Android and iOS, and Nextcloud's desktop client, ask for beside WebDAV.
//!
//! | what | module |
//! |---|---|
//! | is this a server, and which; is the network open | [`status`] |
//! | signing in: login flow, version 2 | [`login`]; its page is `ui::login_flow` |
//! | who am I, what can the server do, app passwords | [`ocs`] |
//! | pictures of photos | [`preview`] |
//! | is there a WebDAV server, and how does one sign in | [`root`] |
//!
//! All else is 404, which the apps take for "this server has no such app". Addresses with and without `/index.php` are
//! the same.

mod login;
mod ocs;
mod preview;
mod root;
mod status;

use axum::{
    Router,
    routing::{any, get, post},
};
use http::StatusCode;

use crate::App;

/// The version of Nextcloud whose answers ours are like. Android warns of 30 and older, iOS reads headers from 34 on
/// that only Nextcloud has.
const VERSION: [u32; 3] = [33, 0, 0];

/// Every route of the apps' outside of the files themselves.
pub(crate) fn routes() -> Router<App> {
    let mut routes = Router::new()
        .route("/status.php", get(status::status))
        .route("/remote.php/dav", any(root::handle))
        .route("/remote.php/dav/", any(root::handle))
        .route("/ocs/{version}/{*path}", any(ocs::handle))
        .route("/index.php/{*rest}", any(nothing));
    for prefix in ["", "/index.php"] {
        routes = routes
            .route(&format!("{prefix}/204"), get(status::no_content))
            .route(&format!("{prefix}/login/v2"), post(login::begin))
            .route(&format!("{prefix}/login/v2/poll"), post(login::poll))
            .route(&format!("{prefix}/core/preview"), get(preview::handle))
            .route(&format!("{prefix}/core/preview.png"), get(preview::handle))
            // Remote wipe (asked after a 401), pictures of users: there are none.
            .route(&format!("{prefix}/core/{{*rest}}"), any(nothing))
            .route(&format!("{prefix}/avatar/{{*rest}}"), any(nothing));
    }
    routes
}

async fn nothing() -> StatusCode {
    StatusCode::NOT_FOUND
}
