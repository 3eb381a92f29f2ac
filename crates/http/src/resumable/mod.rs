//! `/up/files`: uploads that go on where they broke off, for the page in a phone's browser and for agents.
//!
//! The draft "Resumable Uploads for HTTP" (draft-ietf-httpbis-resumable-upload, interop version 8) without its interim
//! response 104: the upload's address is told in the answer to its creation.
//!
//! | request | does |
//! |---|---|
//! | `POST /up/files?name=N&modified=MS`, `Upload-Complete: ?1` | stores the body, as every upload in one piece |
//! | the same with `Upload-Complete: ?0`, `Upload-Length` | begins an upload; the answer's `Location` is its address |
//! | `HEAD` of that address | says in `Upload-Offset` how much is here, and in `Upload-Complete` whether it is a photo |
//! | `PATCH` with `application/partial-upload` | appends at `Upload-Offset`; with `Upload-Complete: ?1` it is the end |
//! | `DELETE` | takes the upload back |
//!
//! The answer to what is complete is that of token upload, `{"id", "sha256", "status", "path"}`, and 201 means the same:
//! durable. Whoever sends is a device, by bearer token or by a browser's cookie, and sees no upload but its own.
//!
//! Beyond the draft: a creation without a body, of a name, length and time whose upload was begun before, finds that one,
//! and says in `Upload-Offset` how much of it is here. So a page that was loaded anew needs no memory, and an answer that
//! was lost leaves nothing behind. If it is a photo by now, all of it is here, and only its empty end is left to be sent for
//! the answer: a device whose 2xx means offsite asks so until it is. Which file the rest comes from is the client's word, as
//! in every resumable upload.

mod headers;
mod refusal;

use axum::{
    Json, Router,
    body::BodyDataStream,
    extract::{Path, Query, Request, State},
    response::{IntoResponse, Response},
    routing::{head, post},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use safelight_core::{DevicePath, Timestamp};
use safelight_engine::{
    About, Device, Engine, PUT_PATIENCE, PartialError, PartialId, PiecesError, Precondition,
    Receipt, Slot, UploadRequest, Whole,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use self::{
    headers::{COMPLETE, LENGTH, OFFSET, content_length, number, offset, yes_no},
    refusal::{completed, inconsistent_length, no_piece, no_such_upload},
};
use crate::{App, auth, body, checksums, connection::Connection, refusal::Refusal, stored::Stored};

/// What our names of uploads in pieces begin with, beside those of other surfaces.
const OURS: &str = "resumable:";
/// Where uploads have their addresses.
const FILES: &str = "/up/files";
/// The type of a piece.
const PIECE: &str = "application/partial-upload";

/// Every route of this part.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/up/files", post(create))
        .route("/up/files/{id}", head(look).patch(append).delete(take_back))
}

/// What a creation's address says of the file.
#[derive(Deserialize)]
struct Named {
    name: String,
    /// When it was last changed, in milliseconds since 1970.
    modified: Option<i64>,
}

/// A request, and the device that it comes from.
struct Call {
    engine: Engine,
    device: Device,
    parts: Parts,
}

impl Call {
    async fn of(app: &App, connection: &Connection, parts: Parts) -> Result<Self, Refusal> {
        let token = auth::token(&parts.headers, connection).ok_or_else(Refusal::no_token)?;
        let device = app.engine.device_by_token(token, connection.peer).await?;
        Ok(Self {
            engine: app.engine.clone(),
            device,
            parts,
        })
    }

    const fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    fn upload(&self, id: &str) -> PartialId {
        PartialId {
            device: self.device.id,
            name: format!("{OURS}{id}"),
        }
    }

    fn request(&self, path: DevicePath, about: &About) -> Result<UploadRequest, Refusal> {
        Ok(UploadRequest {
            device: self.device.id,
            path,
            promised: about.total,
            checksum: checksums::promised(self.headers())?,
            modified: about.modified,
            created: None,
            precondition: Precondition::None,
            create_parents: true,
        })
    }
}

/// Runs a request, and hears a refused body out, so that the client hears why.
async fn answer<F>(
    app: App,
    connection: Connection,
    request: Request,
    work: impl FnOnce(Call, BodyDataStream) -> F,
) -> Response
where
    F: Future<Output = (Result<Response, Refusal>, BodyDataStream)>,
{
    let (parts, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let expects = parts.headers.contains_key(header::EXPECT);
    let answered = match Call::of(&app, &connection, parts).await {
        Ok(call) => {
            let (answered, rest) = work(call, body).await;
            body = rest;
            answered
        }
        Err(refusal) => Err(refusal),
    };
    match answered {
        Ok(response) => response,
        Err(refusal) => {
            if !expects {
                body::drain(&mut body).await;
            }
            refusal::answer(refusal)
        }
    }
}

/// `POST /up/files`.
async fn create(State(app): State<App>, connection: Connection, request: Request) -> Response {
    answer(app, connection, request, async |call, mut body| {
        (begin(&call, &mut body).await, body)
    })
    .await
}

async fn begin(call: &Call, body: &mut BodyDataStream) -> Result<Response, Refusal> {
    let Query(named) = Query::<Named>::try_from_uri(&call.parts.uri)
        .map_err(|error| Refusal::bad(format!("The address has no file's name: {error}")))?;
    let path = file_name(&named.name)?;
    let is_complete = headers::is_complete(call.headers())?;
    let content = content_length(call.headers())?;
    let total = match number(call.headers(), &LENGTH)? {
        None if is_complete => content,
        Some(total) if is_complete && content.is_some_and(|content| content != total) => {
            return Err(inconsistent_length());
        }
        told => told,
    };
    let about = About {
        total,
        path: Some(path.clone()),
        modified: named.modified.and_then(modified),
    };
    if is_complete {
        let receipt = body::receive(&call.engine, call.request(path, &about)?, body).await?;
        return Ok(stored(&receipt));
    }
    let id = match known_name(&named, total).filter(|_| content == Some(0)) {
        Some(name) => {
            let finished = call.engine.finished_pieces(call.upload(&name)).await?;
            if let Some(receipt) = finished {
                return Ok(begun(&name, receipt.size, total));
            }
            name
        }
        None => call.engine.new_pieces_name(),
    };
    let upload = call.upload(&id);
    call.engine.begin_pieces(upload.clone(), about).await?;
    if content != Some(0) {
        let piece = call
            .engine
            .receive_piece(upload.clone(), Slot::At(0), content);
        body::receive_piece(piece.await?, body).await?;
    }
    match call.engine.pieces(upload).await {
        Ok(here) => Ok(begun(&id, here.received, here.about.total)),
        // It became a photo just now, for a request whose connection broke before the answer.
        Err(PiecesError::Partial(PartialError::NotFound(_))) => {
            let receipt = finished(call, &id).await?;
            Ok(begun(&id, receipt.size, total))
        }
        Err(error) => Err(error.into()),
    }
}

fn begun(id: &str, received: u64, total: Option<u64>) -> Response {
    let location = [(header::LOCATION, format!("{FILES}/{id}"))];
    let mut response = (StatusCode::CREATED, location).into_response();
    tell(&mut response, received, false, total);
    response
}

/// `HEAD /up/files/{id}`.
async fn look(
    State(app): State<App>,
    connection: Connection,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    answer(app, connection, request, async |call, body| {
        (stand(&call, &id).await, body)
    })
    .await
}

async fn stand(call: &Call, id: &str) -> Result<Response, Refusal> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    match call.engine.pieces(call.upload(id)).await {
        Ok(here) => tell(&mut response, here.received, false, here.about.total),
        Err(PiecesError::Partial(PartialError::NotFound(_))) => {
            let size = finished(call, id).await?.size;
            tell(&mut response, size, true, Some(size));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(response)
}

/// `PATCH /up/files/{id}`.
async fn append(
    State(app): State<App>,
    connection: Connection,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    answer(app, connection, request, async |call, mut body| {
        (go_on(&call, &id, &mut body).await, body)
    })
    .await
}

async fn go_on(call: &Call, id: &str, body: &mut BodyDataStream) -> Result<Response, Refusal> {
    let headers = call.headers();
    let is_piece = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(PIECE.as_bytes()));
    if !is_piece {
        return Err(no_piece());
    }
    let (at, is_complete) = (offset(headers)?, headers::is_complete(headers)?);
    let content = content_length(headers)?;
    let upload = call.upload(id);
    let here = match call.engine.pieces(upload.clone()).await {
        Ok(here) => here,
        Err(PiecesError::Partial(PartialError::NotFound(_))) => {
            // Whoever did not hear the last answer asks for it again with nothing at the end.
            let receipt = finished(call, id).await?;
            if at != receipt.size || content != Some(0) || !is_complete {
                return Err(completed());
            }
            return acknowledged(call, &receipt).await;
        }
        Err(error) => return Err(error.into()),
    };
    let end = content.map(|content| at.saturating_add(content));
    if let (Some(total), Some(end)) = (here.about.total, end)
        && at == here.received
        && (end > total || is_complete && end != total)
    {
        return Err(inconsistent_length());
    }
    let piece = call
        .engine
        .receive_piece(upload.clone(), Slot::At(at), content)
        .await?;
    let received = body::receive_piece(piece, body).await?;
    if !is_complete {
        let mut response = StatusCode::NO_CONTENT.into_response();
        tell(&mut response, at + received, false, here.about.total);
        return Ok(response);
    }
    let path = here.about.path.clone().ok_or_else(no_such_upload)?;
    let request = call.request(path, &here.about)?;
    match call.engine.finish_pieces(upload.name, request).await? {
        Whole::Photo(receipt) => acknowledged(call, &receipt).await,
        // What an operating system writes beside photos; nobody picks it on purpose.
        Whole::Note(_) => Err(Refusal::bad(
            "This is a file that an operating system keeps for itself, and no photo; it does not go to the library",
        )),
    }
}

async fn acknowledged(call: &Call, receipt: &Receipt) -> Result<Response, Refusal> {
    call.engine
        .acknowledged(call.device.id, receipt, PUT_PATIENCE)
        .await?;
    Ok(stored(receipt))
}

/// `DELETE /up/files/{id}`.
async fn take_back(
    State(app): State<App>,
    connection: Connection,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    answer(app, connection, request, async |call, body| {
        let dropped = call.engine.drop_pieces(call.upload(&id)).await;
        let response = dropped.map(|()| StatusCode::NO_CONTENT.into_response());
        (response.map_err(Refusal::from), body)
    })
    .await
}

/// The photo that an upload became within the last day.
async fn finished(call: &Call, id: &str) -> Result<Receipt, Refusal> {
    let finished = call.engine.finished_pieces(call.upload(id)).await?;
    finished.ok_or_else(no_such_upload)
}

fn tell(response: &mut Response, offset: u64, is_complete: bool, total: Option<u64>) {
    let headers = response.headers_mut();
    headers.insert(OFFSET, HeaderValue::from(offset));
    headers.insert(COMPLETE, yes_no(is_complete));
    if let Some(total) = total {
        headers.insert(LENGTH, HeaderValue::from(total));
    }
}

fn stored(receipt: &Receipt) -> Response {
    let mut response = (StatusCode::CREATED, Json(Stored::from(receipt))).into_response();
    tell(&mut response, receipt.size, true, Some(receipt.size));
    response
}

/// A file's name, of which folders that a browser may have put before it are no part.
fn file_name(text: &str) -> Result<DevicePath, Refusal> {
    let name = text.rsplit(['/', '\\']).next().unwrap_or_default();
    match DevicePath::parse(name) {
        Ok(path) if path.is_root() => Err(Refusal::bad("The file has no name")),
        Ok(path) => Ok(path),
        Err(error) => Err(Refusal::bad(error.to_string())),
    }
}

/// The time of a file. `None` for zero and negative ones, which browsers send when they know none.
fn modified(milliseconds: i64) -> Option<Timestamp> {
    let at = Timestamp::from_millisecond(milliseconds).ok()?;
    (at > Timestamp::UNIX_EPOCH).then_some(at)
}

/// What an upload is called that a later creation may find: made from all that is said of the file, and nothing if that is
/// too little.
fn known_name(named: &Named, total: Option<u64>) -> Option<String> {
    let (total, modified) = (total?, named.modified.filter(|modified| *modified > 0)?);
    let said = format!("{total} {modified} {}", named.name);
    Some(hex::encode(&Sha256::digest(said)[..16]))
}
