//! Every HTTP surface of Safelight. They share the engine, never each other's insides.
//!
//! | surface | folder |
//! |---|---|
//! | the page, for the household | `ui`, with live state from `events` |
//! | WebDAV, for phones' apps and file managers | `dav` |
//! | what Nextcloud's apps ask for beside WebDAV | `nextcloud` |
//! | token upload, for Shortcuts and scripts | `upload` |
//! | the JSON API, for the same | `api` |
//! | uploads that go on where they broke off, for browsers | `resumable` |
//! | a command line beside a running server | `control` |
//!
//! Shared by them: who is asking (`auth`, `connection`, and through which proxy: `proxy`), what stands around every
//! route (`guard`, `plain_http`), bodies (`body`), the address that a client used (`origin`), their checksums
//! (`checksums`), conditions (`if_header`), which bytes of a file (`ranges`), times (`stamps`), media types (`media_type`),
//! pictures (`pictures`), and the JSON in which those who send a token are refused (`refusal`) or hear that a photo is
//! stored (`stored`).
//! [`serve`] speaks HTTP on a socket, with and without TLS ([`tls`]), to as many at a time as there are `places`.

mod api;
mod auth;
mod body;
mod checksums;
mod connection;
mod control;
mod dav;
mod events;
mod guard;
mod if_header;
mod impatient;
mod media_type;
mod nextcloud;
mod origin;
mod pictures;
mod places;
mod plain_http;
mod proxy;
mod ranges;
mod refusal;
mod resumable;
mod server;
mod stamps;
mod stored;
pub mod tls;
mod ui;
mod upload;

use std::sync::Arc;

use axum::{
    Router,
    extract::FromRef,
    middleware,
    routing::{any, get, post, put},
};
use jiff::tz::TimeZone;
use safelight_engine::Engine;
use tower_http::catch_panic::CatchPanicLayer;

pub use server::serve;
pub use tls::Tls;

/// What the surfaces are told at the start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names under which the page may be opened, beside addresses, single names and those of a home network.
    pub hosts: Vec<String>,
    /// The zone in which the page shows times.
    pub zone: TimeZone,
    /// The library folder that the set-up proposes; empty for none.
    pub suggested_library: String,
    /// The certificate that [`serve`] shows, for the page to tell of.
    pub tls: Tls,
}

impl Default for Options {
    /// No other names, the system's zone, a folder among the user's pictures, and no certificate yet.
    fn default() -> Self {
        let home = std::env::home_dir();
        let suggested = home.map(|home| home.join("Pictures").join("Safelight"));
        Self {
            hosts: Vec::new(),
            zone: TimeZone::system(),
            suggested_library: suggested
                .map(|path| path.display().to_string())
                .unwrap_or_default(),
            tls: Tls::default(),
        }
    }
}

/// What every handler can reach.
#[derive(Clone)]
struct App {
    engine: Engine,
    options: Arc<Options>,
    locks: Arc<dav::Locks>,
}

impl FromRef<App> for Arc<Options> {
    fn from_ref(app: &App) -> Self {
        Self::clone(&app.options)
    }
}

/// Every route that there is.
pub fn router(engine: Engine, options: Options) -> Router {
    let app = App {
        engine,
        options: Arc::new(options),
        locks: Arc::default(),
    };

    let devices = Router::new()
        .route("/dav", any(dav::handle))
        .route("/dav/", any(dav::handle))
        .route("/dav/{*path}", any(dav::handle))
        .route("/remote.php/webdav", any(dav::handle))
        .route("/remote.php/webdav/", any(dav::handle))
        .route("/remote.php/webdav/{*path}", any(dav::handle))
        .route("/remote.php/dav/files/{user}", any(dav::handle))
        .route("/remote.php/dav/files/{user}/", any(dav::handle))
        .route("/remote.php/dav/files/{user}/{*path}", any(dav::handle))
        .route("/remote.php/dav/uploads/{*path}", any(dav::handle))
        .route("/upload/{*name}", put(upload::handle).post(upload::handle))
        .merge(nextcloud::routes())
        .route("/api/v1/releasable", post(api::releasable::handle))
        .layer(middleware::from_fn(guard::files));

    let page = Router::new()
        .route("/", get(ui::home::show))
        .route("/setup", get(ui::setup::resume))
        .route(
            "/setup/password",
            get(ui::setup::password).post(ui::setup::set_password),
        )
        .route(
            "/setup/library",
            get(ui::setup::library).post(ui::setup::set_library),
        )
        .route("/setup/device", get(ui::setup::device))
        .route("/setup/destination", get(ui::setup::destination))
        .route(
            "/sign-in",
            get(ui::sign_in::show).post(ui::sign_in::sign_in),
        )
        .route("/sign-out", post(ui::sign_in::sign_out))
        .route("/photos", get(ui::photos::all))
        .route("/photos/not-yet-safe", get(ui::photos::not_yet_safe))
        .route("/photo/{id}", get(ui::photos::receipt))
        .route("/photo/{id}/file", get(ui::photos::download))
        .route("/photo/{id}/thumbnail", get(ui::pictures::thumbnail))
        .route("/photo/{id}/preview", get(ui::pictures::preview))
        .route("/timeline", get(ui::timeline::newest))
        .route("/timeline/{period}", get(ui::timeline::show))
        .route("/timeline/{period}/tiles", get(ui::timeline::slice))
        .route("/devices", get(ui::devices::list).post(ui::connect::add))
        .merge(ui::connect::routes())
        .merge(ui::correct::routes())
        .merge(ui::login_flow::routes())
        .route("/devices/{id}", get(ui::device::show).post(ui::device::set))
        .route("/devices/{id}/may-forget", get(ui::photos::may_forget))
        .route("/devices/{id}/revoke", post(ui::devices::revoke))
        .route("/people", get(ui::people::list).post(ui::people::add))
        .route("/people/{id}/rename", post(ui::people::rename))
        .route("/people/{id}/reset", post(ui::people::reset))
        .route("/people/{id}/remove", post(ui::people::remove))
        .route("/destinations", get(ui::destinations::list))
        .route(
            "/destinations/folder",
            get(ui::destinations::add::folder_form).post(ui::destinations::add::add_folder),
        )
        .route(
            "/destinations/s3",
            get(ui::destinations::add::s3_form).post(ui::destinations::add::add_s3),
        )
        .route("/destinations/{id}/backup", post(ui::destinations::back_up))
        .route("/destinations/{id}/kit", get(ui::destinations::kit::show))
        .route("/destinations/{id}/remove", post(ui::destinations::remove))
        .route("/verify", post(ui::destinations::verify))
        .merge(resumable::routes())
        .merge(ui::up::routes())
        .merge(ui::import::routes())
        .route("/restore", get(ui::restore::form).post(ui::restore::begin))
        .route("/task/{id}", get(ui::task::show))
        .route("/settings", get(ui::settings::show))
        .route("/settings/password", post(ui::settings::set_password))
        .route("/settings/folders", post(ui::settings::set_folders))
        .route("/settings/reach", get(ui::reach::show).post(ui::reach::set))
        .route("/settings/silence", post(ui::settings::set_silence))
        .route("/settings/sessions/{id}", post(ui::settings::end_session))
        .route(
            "/sign-out-everywhere",
            post(ui::sign_in::sign_out_everywhere),
        )
        .route("/events", get(events::handle))
        .route("/control", post(control::handle))
        .route("/assets/{name}", get(ui::assets::serve))
        .fallback(ui::not_found)
        .layer(middleware::from_fn_with_state(app.clone(), guard::page));

    devices
        .merge(page)
        // The last layer is the outermost: first it is found out who asks, then whether it may be asked so.
        .layer(middleware::from_fn_with_state(
            app.clone(),
            plain_http::restrict,
        ))
        .layer(middleware::from_fn_with_state(app.clone(), proxy::believe))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .with_state(app)
}
