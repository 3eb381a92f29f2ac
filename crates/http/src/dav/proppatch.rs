//! PROPPATCH: times can be set, what programs want to keep with a name is kept, and what is ours to say is refused.

use axum::{
    body::BodyDataStream,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use safelight_core::Timestamp;
use safelight_engine::{EntryChange, Property};

use super::{
    Call, Refusal, XML_LIMIT,
    conditions::Touched,
    properties::{self, FAVORITE},
    xml_in::{self, Change, DAV, PropertyName},
    xml_out::{self, NC},
};
use crate::{body::read_small, stamps};

/// What Windows Explorer sets after each upload: attributes, and the times of the file that it copied.
const WINDOWS: &str = "urn:schemas-microsoft-com:";

/// What becomes of one change.
pub(super) enum Verdict {
    Done(Vec<EntryChange>),
    Refused,
}

pub(super) async fn proppatch(call: &Call, body: &mut BodyDataStream) -> Result<Response, Refusal> {
    let changes = xml_in::proppatch(&read_small(body, XML_LIMIT).await?)?;
    let entry = call.entry().await?;
    call.respect_locks(&[Touched::Content(&call.path)]).await?;
    let verdicts: Vec<Verdict> = changes.iter().map(judge).collect();
    let (mut good, mut bad) = (String::new(), String::new());
    let mut steps = Vec::new();
    for (change, verdict) in changes.iter().zip(verdicts) {
        match verdict {
            Verdict::Done(more) => {
                steps.extend(more);
                xml_out::element(&mut good, &change.name, "");
            }
            Verdict::Refused => xml_out::element(&mut bad, &change.name, ""),
        }
    }
    // All or nothing (RFC 4918, section 9.2): what would have been possible then fails because of the rest.
    let status = if bad.is_empty() {
        call.engine
            .change_entry(call.device.id, call.path.clone(), steps)
            .await?;
        StatusCode::OK
    } else {
        StatusCode::FAILED_DEPENDENCY
    };
    let mut out = xml_out::begin_multistatus();
    xml_out::begin_response(&mut out, &call.mount.href(&entry.path, entry.is_folder));
    xml_out::propstat(&mut out, &good, status, None);
    xml_out::propstat(
        &mut out,
        &bad,
        StatusCode::FORBIDDEN,
        Some("cannot-modify-protected-property"),
    );
    xml_out::end_response(&mut out);
    out.push_str(xml_out::END_MULTISTATUS);
    Ok((
        StatusCode::MULTI_STATUS,
        [(header::CONTENT_TYPE, xml_out::CONTENT_TYPE)],
        out,
    )
        .into_response())
}

/// What a change does.
pub(super) fn judge(change: &Change) -> Verdict {
    let PropertyName { namespace, local } = &change.name;
    let time = || time(change).map(EntryChange::Modified);
    let one =
        |step: Option<EntryChange>| step.map_or(Verdict::Refused, |step| Verdict::Done(vec![step]));
    match (namespace.as_str(), local.as_str()) {
        (DAV, "getlastmodified" | "lastmodified") => one(time()),
        (NC, "creation_time") => one(self::time(change).map(EntryChange::Created)),
        FAVORITE => {
            let is_one = change
                .value
                .as_ref()
                .is_some_and(|value| matches!(value.text.as_str(), "1" | "true"));
            Verdict::Done(vec![keep(&change.name, is_one.then_some("1"))])
        }
        (DAV, _) => Verdict::Refused,
        _ if properties::is_live(&change.name) => Verdict::Refused,
        (WINDOWS, local) => {
            let means = match local {
                "Win32LastModifiedTime" => time(),
                "Win32CreationTime" => self::time(change).map(EntryChange::Created),
                _ => None,
            };
            Verdict::Done(means.into_iter().chain([kept(change)]).collect())
        }
        _ => Verdict::Done(vec![kept(change)]),
    }
}

/// The time that a change sets: seconds since 1970 as Nextcloud's apps write it, or an HTTP date.
fn time(change: &Change) -> Option<Timestamp> {
    let text = &change.value.as_ref()?.text;
    stamps::seconds(text).or_else(|| stamps::http_date(text))
}

fn kept(change: &Change) -> EntryChange {
    keep(
        &change.name,
        change.value.as_ref().map(|value| value.xml.as_str()),
    )
}

fn keep(name: &PropertyName, value: Option<&str>) -> EntryChange {
    let PropertyName { namespace, local } = name.clone();
    match value {
        Some(value) => EntryChange::Set(Property {
            namespace,
            name: local,
            value: value.to_owned(),
        }),
        None => EntryChange::Remove {
            namespace,
            name: local,
        },
    }
}
