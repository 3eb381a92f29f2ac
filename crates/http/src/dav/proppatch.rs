//! PROPPATCH: times can be set; the apps' own marks are accepted and forgotten; all else is refused.

use axum::{
    body::BodyDataStream,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use safelight_core::Timestamp;

use super::{
    Call, Refusal, XML_LIMIT,
    xml_in::{self, Change, DAV},
    xml_out::{self, NC, OC},
};
use crate::{body::read_small, stamps};

/// What Windows sets after each upload, though it never asks for it again.
const WINDOWS: &str = "urn:schemas-microsoft-com:";

enum Verdict {
    Modified(Timestamp),
    Forgotten,
    Refused,
}

pub(super) async fn proppatch(call: &Call, body: &mut BodyDataStream) -> Result<Response, Refusal> {
    let changes = xml_in::proppatch(&read_small(body, XML_LIMIT).await?)?;
    let entry = call.entry().await?;
    let verdicts: Vec<Verdict> = changes.iter().map(judge).collect();
    let refused = |verdict: &Verdict| matches!(verdict, Verdict::Refused);
    // All or nothing (RFC 4918, section 9.2): what would have been possible then fails because of the rest.
    let possible = !verdicts.iter().any(refused);
    if possible {
        for verdict in &verdicts {
            if let Verdict::Modified(modified) = verdict {
                call.engine
                    .set_modified(call.device.id, call.path.clone(), *modified)
                    .await?;
            }
        }
    }
    let (mut good, mut bad) = (String::new(), String::new());
    for (change, verdict) in changes.iter().zip(&verdicts) {
        xml_out::element(
            if refused(verdict) {
                &mut bad
            } else {
                &mut good
            },
            &change.name,
            "",
        );
    }
    let mut out = xml_out::begin_multistatus();
    xml_out::begin_response(&mut out, &call.mount.href(&entry.path, entry.is_folder));
    let status = if possible {
        StatusCode::OK
    } else {
        StatusCode::FAILED_DEPENDENCY
    };
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

fn judge(change: &Change) -> Verdict {
    let time = || {
        change
            .value
            .as_deref()
            .and_then(|text| stamps::seconds(text).or_else(|| stamps::http_date(text)))
    };
    match (change.name.namespace.as_str(), change.name.local.as_str()) {
        (DAV, "getlastmodified" | "lastmodified") => {
            time().map_or(Verdict::Refused, Verdict::Modified)
        }
        (NC, "metadata-files-live-photo" | "creation_time") | (OC, "favorite") => {
            Verdict::Forgotten
        }
        (WINDOWS, _) => Verdict::Forgotten,
        _ => Verdict::Refused,
    }
}
