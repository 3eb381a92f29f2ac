//! MOVE of `.file`: the pieces become a photo.

use axum::response::Response;
use http::StatusCode;
use safelight_engine::{Precondition, UploadRequest, acknowledge::assembly_patience};

use super::{
    super::{Refusal, put, target::Mount},
    Call, OURS,
};
use crate::{checksums, stamps};

/// Always 201 when it is stored, also over something and when asked again after a lost answer: nextcloudcmd refuses 200.
pub(super) async fn assemble(call: &Call, name: String) -> Result<Response, Refusal> {
    let destination = call.header("destination").ok_or_else(|| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "The header Destination is missing or not ASCII",
        )
    })?;
    let path = Mount::destination(destination, &call.device.user)?;
    if path.is_root() {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "The folder itself cannot be replaced by a file",
        ));
    }
    let upload = UploadRequest {
        device: call.device.id,
        path,
        promised: call.bytes("oc-total-length")?,
        checksum: checksums::promised(&call.headers)?,
        modified: stamps::client_modified(&call.headers),
        created: stamps::seconds_header(&call.headers, "x-oc-ctime"),
        precondition: precondition(call)?,
        create_parents: put::makes_parents(&call.headers),
    };
    let receipt = call
        .engine
        .finish_pieces(format!("{OURS}{name}"), upload)
        .await?;
    call.engine
        .acknowledged(call.device.id, &receipt, assembly_patience(receipt.size))
        .await?;
    Ok(put::stored(
        &receipt.entry,
        &call.device.user,
        &call.headers,
    ))
}

/// `Overwrite: F`, `If-Match` and `If-None-Match` as everywhere; nextcloudcmd writes its etag as
/// `If: </remote.php/dav/files/anna/b.bin> (["etag"])` (RFC 4918, section 10.4).
fn precondition(call: &Call) -> Result<Precondition, Refusal> {
    match call.header("overwrite").map(str::trim) {
        Some("F" | "f") => return Ok(Precondition::IfNoneMatchAny),
        None | Some("T" | "t") => {}
        Some(other) => {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                format!("The header Overwrite is T or F, not {other:?}"),
            ));
        }
    }
    let stated = put::precondition(&call.headers);
    let listed = call.header("if").map(etags).unwrap_or_default();
    if stated == Precondition::None && !listed.is_empty() {
        return Ok(Precondition::IfMatch(listed));
    }
    Ok(stated)
}

/// The etags in an `If` header, without quotes.
fn etags(header: &str) -> Vec<String> {
    header
        .split('[')
        .skip(1)
        .filter_map(|rest| rest.split_once(']'))
        .map(|(etag, _)| {
            etag.trim()
                .trim_start_matches("W/")
                .trim_matches('"')
                .to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nextcloudcmds_condition_is_read() {
        let header = "</remote.php/dav/files/alice/b.bin> ([\"1-2-3\"])";
        assert_eq!(etags(header), ["1-2-3"]);
        assert_eq!(
            etags("(<opaquelocktoken:a> [W/\"x\"]) ([\"y\"])"),
            ["x", "y"]
        );
        assert!(etags("(<opaquelocktoken:a>)").is_empty());
        assert!(etags("([").is_empty());
    }
}
