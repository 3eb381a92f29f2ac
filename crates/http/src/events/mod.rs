//! `GET /events`: the live state, as server-sent events, for the page. A member of the household is
//! sent what concerns their own photos.
//!
//! Each message is the whole state as JSON and the first comes at once, so a message that was missed cannot matter:
//! a browser that reconnects is up to date with its first message.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use http::StatusCode;
use safelight_engine::{Asker, Engine, EngineError, State as LiveState};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::{
    App,
    auth::{OwnerRejection, SignedIn},
    connection::Connection,
};

/// Two messages are at least this far apart, however fast the photos come.
const PAUSE: Duration = Duration::from_millis(500);
/// A comment goes out when nothing else does, so that a connection that broke is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Answers `GET`.
pub(crate) async fn handle(
    State(app): State<App>,
    somebody: Result<SignedIn, OwnerRejection>,
    mut connection: Connection,
) -> Response {
    let somebody = match somebody {
        Ok(somebody) => somebody,
        // A redirect to the sign-in page would only make EventSource try for ever.
        Err(OwnerRejection::SignIn) => return StatusCode::UNAUTHORIZED.into_response(),
        Err(rejection) => return rejection.into_response(),
    };
    let (messages, waiting) = mpsc::channel(1);
    tokio::spawn(async move {
        // The engine publishes for each new watcher, so the first message is on its way.
        let mut state = app.engine.watch();
        let mut last = None;
        loop {
            tokio::select! {
                changed = state.changed() => if changed.is_err() { return },
                () = messages.closed() => return,
                // The sender is gone or says that the server closes.
                _ = connection.closing.wait_for(|closing| *closing) => return,
            }
            // Whoever signs out elsewhere, or whose session ends, sees no more.
            let still = SignedIn::of(app.engine.clone(), somebody.cookie.clone(), connection.peer);
            let Ok(somebody) = still.await else {
                return;
            };
            let whole = state.borrow_and_update().clone();
            let now = if somebody.asker.is_owner() {
                whole
            } else {
                match own_state(app.engine.clone(), somebody.asker).await {
                    Ok(own) => Arc::new(own),
                    Err(error) => {
                        tracing::error!("A member's state could not be read: {error}");
                        return;
                    }
                }
            };
            // The engine also publishes when somebody begins to watch; a page that asked itself again for that would
            // never stop.
            if last.as_ref() == Some(&now) {
                continue;
            }
            let event = match Event::default().event("state").json_data(&*now) {
                Ok(event) => event,
                Err(error) => {
                    tracing::error!("The state could not be written as JSON: {error}");
                    return;
                }
            };
            if messages.send(Ok::<_, Infallible>(event)).await.is_err() {
                return;
            }
            last = Some(now);
            tokio::time::sleep(PAUSE).await;
        }
    });
    Sse::new(ReceiverStream::new(waiting))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response()
}

/// What a member may see of the state.
async fn own_state(engine: Engine, asker: Asker) -> Result<LiveState, EngineError> {
    match tokio::task::spawn_blocking(move || engine.state_of(asker)).await {
        Ok(state) => state,
        Err(error) => Err(EngineError::Bug(error.to_string())),
    }
}
