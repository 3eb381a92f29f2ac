//! `POST /control`: a command line on the same machine asks the running server to do something.
//!
//! The body is a [`Command`] as JSON. The answer is one JSON document a line: any number of `{"progress": …}`, then
//! `{"answer": …}` or `{"error": {"message": …}}`. Who may: peers on the loopback address that know the token in the
//! data folder's `control.json`, which only its owner can read.

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{StatusCode, header};
use safelight_engine::{Activity, Answer, Command, ProgressSink};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

use crate::{App, auth, body, connection::Connection};

/// The largest command, in bytes. A restore names its photos.
const LIMIT: usize = 4 * 1024 * 1024;
/// Lines that wait for the other end. Progress that does not fit is left out; the next one says more.
const WAITING: usize = 16;

/// One line of the answer.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Line<'a> {
    Progress(&'a Activity),
    Answer(&'a Answer),
    Error {
        message: String,
        /// What to do, if the message does not say it.
        hint: &'static str,
    },
}

/// Answers `POST`.
pub(crate) async fn handle(
    State(app): State<App>,
    connection: Connection,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    if !connection.is_local(&parts.headers) {
        return refuse(
            StatusCode::FORBIDDEN,
            "Only this machine may do this".to_owned(),
        );
    }
    if !auth::bearer(&parts.headers).is_some_and(|token| app.engine.is_control_token(token)) {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "The token of control.json is needed".to_owned(),
        );
    }
    let read = body::read_small(&mut body.into_data_stream(), LIMIT).await;
    let command: Command = match read.map_err(|error| error.to_string()).and_then(|bytes| {
        serde_json::from_slice(&bytes).map_err(|error| format!("This is not a command: {error}"))
    }) {
        Ok(command) => command,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, message),
    };
    let (lines, waiting) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        // What was asked for is done even if the other end goes away: a backup half done helps nobody.
        let last = match app.engine.run(command, &Lines(&lines)) {
            Ok(answer) => write(&Line::Answer(&answer)),
            Err(error) => write(&Line::Error {
                message: error.to_string(),
                hint: "",
            }),
        };
        if lines.blocking_send(last).is_err() {
            tracing::debug!("The command line went away before its answer");
        }
    });
    let lines = ReceiverStream::new(waiting).map(Ok::<_, std::convert::Infallible>);
    (
        [(header::CONTENT_TYPE, "application/x-ndjson")],
        Body::from_stream(lines),
    )
        .into_response()
}

struct Lines<'a>(&'a mpsc::Sender<Bytes>);

impl ProgressSink for Lines<'_> {
    fn progress(&self, activity: &Activity) {
        // A full channel is a slow terminal, a closed one has nobody at its end: neither matters.
        drop(self.0.try_send(write(&Line::Progress(activity))));
    }
}

fn refuse(status: StatusCode, message: String) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/x-ndjson")],
        write(&Line::Error { message, hint: "" }),
    )
        .into_response()
}

fn write(line: &Line<'_>) -> Bytes {
    // Only maps with odd keys and failing Serialize implementations fail; neither is in a Line.
    let mut text = serde_json::to_vec(line).unwrap_or_else(|error| {
        format!(
            "{{\"error\":{{\"message\":{:?},\"hint\":\"\"}}}}",
            error.to_string()
        )
        .into_bytes()
    });
    text.push(b'\n');
    text.into()
}
