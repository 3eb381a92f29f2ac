//! `POST /api/v1/releasable`: which photos may the phone forget?
//!
//! The body is a JSON list of SHA-256 hashes, in hexadecimal, at most 100,000. The answer sorts them:
//! `{"releasable": ["…"], "not_yet": [{"sha256": "…", "why": "…"}], "unknown": ["…"]}`.

use std::fmt;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use safelight_core::ContentHash;
use safelight_engine::{Releasable, releasable::MOST_HASHES};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{SeqAccess, Visitor},
};

use crate::{App, auth, body, connection::Connection, refusal::Refusal};

/// The largest body, in bytes: each hash with its quotes, a comma and some space between.
const LIMIT: usize = MOST_HASHES * 80;

/// The hashes of a question.
struct Asked(Vec<ContentHash>);

impl<'de> Deserialize<'de> for Asked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Asked;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MOST_HASHES} SHA-256 hashes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Asked, A::Error> {
                let mut hashes = Vec::new();
                while let Some(text) = list.next_element::<&str>()? {
                    hashes.push(text.parse().map_err(serde::de::Error::custom)?);
                }
                Ok(Asked(hashes))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// The answer.
#[derive(Serialize)]
struct Sorted {
    releasable: Vec<String>,
    not_yet: Vec<NotYet>,
    unknown: Vec<String>,
}

/// A photo that the phone must keep for now.
#[derive(Serialize)]
struct NotYet {
    sha256: String,
    why: &'static str,
}

impl From<Releasable> for Sorted {
    fn from(found: Releasable) -> Self {
        let texts = |hashes: Vec<ContentHash>| hashes.iter().map(ToString::to_string).collect();
        Self {
            releasable: texts(found.releasable),
            not_yet: found
                .not_yet
                .into_iter()
                .map(|(hash, why)| NotYet {
                    sha256: hash.to_string(),
                    why,
                })
                .collect(),
            unknown: texts(found.unknown),
        }
    }
}

/// Answers `POST`.
pub(crate) async fn handle(
    State(app): State<App>,
    connection: Connection,
    request: Request,
) -> Response {
    match answer(app, connection, request).await {
        Ok(sorted) => Json(sorted).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn answer(app: App, connection: Connection, request: Request) -> Result<Sorted, Refusal> {
    let (parts, body) = request.into_parts();
    let token = auth::token(&parts.headers, &connection).ok_or_else(Refusal::no_token)?;
    let device = app.engine.device_by_token(token, connection.peer).await?;
    let bytes = body::read_small(&mut body.into_data_stream(), LIMIT).await?;
    let Asked(hashes) = serde_json::from_slice(&bytes).map_err(|error| {
        Refusal::bad(format!(
            "The body is not a JSON list of SHA-256 hashes in hexadecimal: {error}"
        ))
    })?;
    Ok(app.engine.releasable(device.id, hashes).await?.into())
}
