//! "Add a phone": which phone, which app, three steps with a code to scan, and then the first photos as they come.
//!
//! | what | module |
//! |---|---|
//! | phones, the apps for each | [`program`] |
//! | the choice, and the new device | [`mod@add`] |
//! | the three steps, for the owner | [`steps`] |
//! | what a code leads to, on the phone | [`handover`] |
//! | codes as pictures | [`qr`] |

mod add;
mod handover;
mod program;
mod qr;
mod steps;

use axum::{
    Router,
    routing::{get, post},
};

use crate::App;

/// Every page of this part.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/devices/add", get(add::platforms))
        .route("/devices/add/{platform}", get(add::programs))
        .route("/devices/{id}/connect", get(steps::again))
        .route(
            "/devices/{id}/connect/{platform}/{program}",
            get(steps::show),
        )
        .route(
            "/devices/{id}/connect/{platform}/{program}/code",
            post(steps::new_code),
        )
        .route(
            "/devices/{id}/connect/{platform}/{program}/password",
            // Scripts ask the address of the page again that shows the password, for what else is on it.
            get(steps::show).post(steps::show_here),
        )
        .route(
            "/connect/{program}/{code}",
            get(handover::ask).post(handover::show),
        )
}

pub(crate) use add::add;
