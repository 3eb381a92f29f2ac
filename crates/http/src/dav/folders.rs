//! MKCOL, also with properties (RFC 5689), and DELETE.

use axum::{
    body::BodyDataStream,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use safelight_engine::{EntryChange, TreeError};

use super::{
    Call, Depth, Refusal, XML_LIMIT,
    conditions::Touched,
    describe,
    proppatch::{Verdict, judge},
    xml_in::{self, DAV},
};
use crate::body::read_small;

pub(super) async fn mkcol(call: &Call, body: &mut BodyDataStream) -> Result<Response, Refusal> {
    let body = read_small(body, XML_LIMIT).await?;
    let changes = wanted_properties(call, &body)?;
    call.respect_locks(&[Touched::Name(&call.path)]).await?;
    match call
        .engine
        .make_folder(call.device.id, call.path.clone(), changes)
        .await
    {
        Ok(entry) => {
            let mut response = StatusCode::CREATED.into_response();
            describe(&mut response, &entry, &call.device.user);
            Ok(response)
        }
        Err(error @ TreeError::AlreadyExists(_)) => Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            error.to_string(),
        )),
        Err(error) => Err(error.into()),
    }
}

/// What an extended MKCOL wants the folder to have. The folder's kind is the one that there is.
fn wanted_properties(call: &Call, body: &[u8]) -> Result<Vec<EntryChange>, Refusal> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let is_xml = call
        .header(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.to_ascii_lowercase().contains("xml"));
    if !is_xml {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "A new folder's request has no body but the XML of RFC 5689; this one has another",
        ));
    }
    let mut changes = Vec::new();
    for change in xml_in::mkcol(body)? {
        if change.name.namespace == DAV && change.name.local == "resourcetype" {
            let kind = change.value.map(|value| value.xml).unwrap_or_default();
            if kind.trim() != "<d:collection/>" {
                return Err(Refusal::new(
                    StatusCode::FORBIDDEN,
                    "Only plain folders can be made here",
                )
                .with_condition("valid-resourcetype"));
            }
            continue;
        }
        match judge(&change) {
            Verdict::Done(steps) => changes.extend(steps),
            Verdict::Refused => {
                return Err(Refusal::new(
                    StatusCode::FORBIDDEN,
                    format!("The property {} cannot be set", change.name.local),
                )
                .with_condition("cannot-modify-protected-property"));
            }
        }
    }
    Ok(changes)
}

/// Takes a name out of the device's tree. The photos below it stay in the library (promise 7).
pub(super) async fn delete(call: &Call) -> Result<Response, Refusal> {
    if call.path.is_root() {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "The whole tree cannot be deleted",
        ));
    }
    if call.depth()? != Depth::Infinity && call.entry().await?.is_folder {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "A folder is deleted with all that is in it: Depth must be infinity",
        ));
    }
    call.respect_locks(&[Touched::Name(&call.path)]).await?;
    call.engine
        .remove_entry(call.device.id, call.path.clone())
        .await?;
    call.locks
        .gone(call.device.id, &call.path, call.engine.now());
    Ok(StatusCode::NO_CONTENT.into_response())
}
