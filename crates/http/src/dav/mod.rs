//! WebDAV, classes 1, 2 and 3 (RFC 4918): a device's own tree, under `/dav/` and `/remote.php/dav/files/USER/`.
//!
//! | method | module |
//! |---|---|
//! | PROPFIND | [`propfind`], with [`properties`] and [`xml_out`] |
//! | PROPPATCH | [`proppatch`] |
//! | GET, HEAD | [`read`] |
//! | PUT | [`put`] |
//! | MKCOL, DELETE | [`folders`] |
//! | MOVE, COPY | [`relocate`] |
//! | LOCK, UNLOCK | [`lock`], with [`locks`] |
//! | PATCH | [`recalculate`] |
//!
//! Beside the tree, [`uploads`]: files that come in pieces.
//!
//! [`target`] turns addresses into names, [`conditions`] judges the `If` header and other programs' locks, [`refusal`]
//! turns errors into statuses, [`xml_in`] reads bodies, by [`xml_walk`].

mod conditions;
mod folders;
mod lock;
mod locks;
mod properties;
mod propfind;
mod proppatch;
mod put;
mod read;
mod recalculate;
mod refusal;
mod relocate;
mod target;
mod uploads;
mod xml_in;
mod xml_out;
mod xml_walk;

use std::sync::Arc;

use axum::{
    body::BodyDataStream,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use safelight_core::DevicePath;
use safelight_engine::{Device, Engine, Entry};

pub(crate) use self::locks::Locks;
use self::{refusal::Refusal, target::Mount};
use crate::{App, auth, body, connection::Connection, if_header::IfHeader};

/// The methods that there are.
const ALLOW: &str =
    "OPTIONS, GET, HEAD, PUT, DELETE, PATCH, PROPFIND, PROPPATCH, MKCOL, COPY, MOVE, LOCK, UNLOCK";
/// What we comply with: RFC 4918's classes and RFC 5689.
pub(crate) const CLASSES: &str = "1, 2, 3, extended-mkcol";
/// The largest XML body that is read, in bytes.
const XML_LIMIT: usize = 64 * 1024;

/// A request of a device whose password was right, on something in its own tree.
struct Call {
    engine: Engine,
    locks: Arc<Locks>,
    device: Device,
    mount: Mount,
    path: DevicePath,
    headers: HeaderMap,
    /// The `If` header, once it was found to hold.
    conditions: IfHeader,
}

/// Answers every method on every address below both trees.
pub(crate) async fn handle(
    State(app): State<App>,
    connection: Connection,
    request: Request,
) -> Response {
    if request.method() == Method::OPTIONS {
        // Some clients ask what is possible before they say who they are. It is the same for everybody.
        return options();
    }
    let (parts, body) = request.into_parts();
    let waits_for_continue = parts.headers.contains_key(header::EXPECT);
    let mut body = body.into_data_stream();
    let answer = answer(
        app,
        &connection,
        parts.method,
        parts.uri.path(),
        parts.headers,
        &mut body,
    )
    .await;
    if answer.is_err() && !waits_for_continue {
        body::drain(&mut body).await;
    }
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    match response.status() {
        StatusCode::UNAUTHORIZED => set(
            &mut response,
            header::WWW_AUTHENTICATE,
            auth::BASIC_CHALLENGE,
        ),
        StatusCode::METHOD_NOT_ALLOWED => set(&mut response, header::ALLOW, ALLOW),
        _ => {}
    }
    response
}

async fn answer(
    app: App,
    connection: &Connection,
    method: Method,
    address: &str,
    headers: HeaderMap,
    body: &mut BodyDataStream,
) -> Result<Response, Refusal> {
    let (user, password) = auth::basic(&headers).ok_or_else(|| {
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "The user name and password of a device are needed",
        )
    })?;
    let device = app
        .engine
        .device_by_password(&user, &password, connection.peer)
        .await?;
    if address.starts_with(uploads::PREFIX) {
        return uploads::answer(app, device, method, address, headers, body).await;
    }
    let (mount, path) = Mount::locate(address, &device.user)?;
    let mut call = Call {
        engine: app.engine,
        locks: app.locks,
        device,
        mount,
        path,
        headers,
        conditions: IfHeader::default(),
    };
    call.judge_conditions().await?;
    match method.as_str() {
        "GET" => read::get(&call).await,
        "HEAD" => read::head(&call).await,
        "PUT" => put::put(&call, body).await,
        "DELETE" => folders::delete(&call).await,
        "MKCOL" => folders::mkcol(&call, body).await,
        "PROPFIND" => propfind::propfind(&call, body).await,
        "PROPPATCH" => proppatch::proppatch(&call, body).await,
        "COPY" => relocate::copy(&call).await,
        "MOVE" => relocate::relocate(&call).await,
        "PATCH" => recalculate::recalculate(&call, body).await,
        "LOCK" => lock::lock(&call, body).await,
        "UNLOCK" => lock::unlock(&call),
        "POST" => Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("{method} is not possible here"),
        )),
        _ => Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            format!("{method} is not known here"),
        )),
    }
}

fn options() -> Response {
    let headers = [("dav", CLASSES), ("allow", ALLOW), ("ms-author-via", "DAV")];
    (StatusCode::OK, headers).into_response()
}

impl Call {
    /// The entry that the request is about.
    async fn entry(&self) -> Result<Entry, Refusal> {
        let found = self.engine.entry(self.device.id, self.path.clone()).await?;
        found.ok_or_else(|| {
            Refusal::new(
                StatusCode::NOT_FOUND,
                format!("{} does not exist", self.path),
            )
        })
    }

    fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The `Depth` header; without one it means infinity (RFC 4918, section 10.2).
    fn depth(&self) -> Result<Depth, Refusal> {
        match self.header("depth").map(str::trim) {
            Some("0") => Ok(Depth::Zero),
            Some("1") => Ok(Depth::One),
            None => Ok(Depth::Infinity),
            Some(text) if text.eq_ignore_ascii_case("infinity") => Ok(Depth::Infinity),
            Some(text) => Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                format!("The Depth {text:?} is none of 0, 1 and infinity"),
            )),
        }
    }
}

/// How far below a folder a request reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Zero,
    One,
    Infinity,
}

/// What the apps want to hear about an entry that they made: its identity and its version.
fn describe(response: &mut Response, entry: &Entry, user: &str) {
    set(
        response,
        HeaderName::from_static("oc-fileid"),
        &properties::file_id(entry),
    );
    set(
        response,
        HeaderName::from_static("oc-etag"),
        &quoted(&entry.etag),
    );
    set(response, header::ETAG, &quoted(&entry.etag));
    set(
        response,
        HeaderName::from_static("x-nc-permissions"),
        properties::permissions(entry),
    );
    set(response, HeaderName::from_static("x-nc-ownerid"), user);
}

fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// Sets a header. A value that no header can hold (a user name with a control character) is left out.
fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
