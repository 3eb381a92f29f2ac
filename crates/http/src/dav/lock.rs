//! LOCK and UNLOCK (RFC 4918, sections 9.10 and 9.11).

use axum::{
    body::BodyDataStream,
    response::{IntoResponse, Response},
};
use http::{HeaderName, StatusCode, header};
use safelight_engine::{IntakeError, NewNote, Precondition};

use super::{
    Call, Depth, Refusal, XML_LIMIT,
    conditions::Touched,
    locks::{self, Agent, Lock, MOST_OWNER, Refused},
    properties, set, xml_in, xml_out,
};
use crate::body::{ReceiveError, read_small};

const LOCK_TOKEN: HeaderName = HeaderName::from_static("lock-token");

pub(super) async fn lock(call: &Call, body: &mut BodyDataStream) -> Result<Response, Refusal> {
    let body = read_small(body, XML_LIMIT).await?;
    let seconds = locks::seconds(call.header("timeout"));
    if body.trim_ascii().is_empty() {
        return refresh(call, seconds);
    }
    let info = xml_in::lock(&body)?;
    if info.owner.len() > MOST_OWNER {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("A lock's owner has at most {MOST_OWNER} bytes of XML; this one has more"),
        ));
    }
    let deep = match call.depth()? {
        Depth::Zero => false,
        Depth::Infinity => true,
        Depth::One => {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "A lock's Depth is 0 or infinity",
            ));
        }
    };
    let existing = call.engine.entry(call.device.id, call.path.clone()).await?;
    if existing.is_none() {
        call.respect_locks(&[Touched::Name(&call.path)]).await?;
    }
    let now = call.engine.now();
    let lock = Lock {
        token: call.engine.fresh_urn(),
        path: call.path.clone(),
        deep,
        shared: info.shared,
        owner: info.owner,
        agent: Agent::named(call.user_agent()),
        until: locks::end(now, seconds),
    };
    let taken = call.locks.take(call.device.id, lock.clone(), now);
    taken.map_err(|refused| refusal(call, &refused))?;
    let status = if existing.is_some() {
        StatusCode::OK
    } else if let Err(error) = make_empty(call).await {
        call.locks
            .release(call.device.id, &call.path, &lock.token, now);
        return Err(error);
    } else {
        StatusCode::CREATED
    };
    let mut response = answer(call, &lock, status);
    set(&mut response, LOCK_TOKEN, &format!("<{}>", lock.token));
    Ok(response)
}

/// A lock on a name that nothing has makes an empty file (section 7.3). Nobody has sent it, so it is no photo.
async fn make_empty(call: &Call) -> Result<(), Refusal> {
    let empty = NewNote {
        device: call.device.id,
        path: call.path.clone(),
        bytes: Vec::new(),
        modified: None,
        precondition: Precondition::IfNoneMatchAny,
        create_parents: false,
    };
    match call.engine.put_note(empty).await {
        Ok(_) => Ok(()),
        Err(error) => Err(ReceiveError::Intake(IntakeError::from(error)).into()),
    }
}

fn refresh(call: &Call, seconds: u32) -> Result<Response, Refusal> {
    let tokens: Vec<&str> = call.conditions.tokens().collect();
    if tokens.is_empty() {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "A lock without a body is refreshed, and the header If names it; this one names none",
        ));
    }
    let now = call.engine.now();
    let refreshed = call
        .locks
        .refresh(call.device.id, &call.path, &tokens, seconds, now);
    refreshed
        .map(|lock| answer(call, &lock, StatusCode::OK))
        .ok_or_else(|| {
            Refusal::new(
                StatusCode::PRECONDITION_FAILED,
                format!("{} has no such lock (any more)", call.path),
            )
            .with_condition("lock-token-matches-request-uri")
        })
}

fn answer(call: &Call, lock: &Lock, status: StatusCode) -> Response {
    let now = call.engine.now();
    let mut out = xml_out::begin_prop();
    out.push_str("<d:lockdiscovery>");
    properties::active_lock(&mut out, &call.mount, lock, now);
    out.push_str("</d:lockdiscovery>");
    out.push_str(xml_out::END_PROP);
    (status, [(header::CONTENT_TYPE, xml_out::CONTENT_TYPE)], out).into_response()
}

fn refusal(call: &Call, refused: &Refused) -> Refusal {
    match refused {
        Refused::Conflict(path) => Refusal::new(
            StatusCode::LOCKED,
            format!("{} cannot be locked: {path} is locked already", call.path),
        )
        .with_condition_about("no-conflicting-lock", call.mount.href(path, false)),
        Refused::TooMany => Refusal::transient(
            "There are too many locks in this tree; they end by themselves within an hour",
        ),
    }
}

pub(super) fn unlock(call: &Call) -> Result<Response, Refusal> {
    let token = call
        .header(LOCK_TOKEN)
        .and_then(|token| token.trim().strip_prefix('<')?.strip_suffix('>'))
        .ok_or_else(|| {
            Refusal::new(
                StatusCode::BAD_REQUEST,
                "The header Lock-Token is missing or not written as <token>",
            )
        })?;
    let now = call.engine.now();
    if call.locks.release(call.device.id, &call.path, token, now) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Err(Refusal::new(
        StatusCode::CONFLICT,
        format!("{} has no such lock (any more)", call.path),
    )
    .with_condition("lock-token-matches-request-uri"))
}
