//! MOVE of `.file`: the pieces become a photo.

use axum::response::Response;
use http::StatusCode;
use safelight_engine::{Precondition, UploadRequest, Whole, acknowledge::assembly_patience};

use super::{
    super::{Call as InTree, Refusal, put, target::Mount},
    Call, OURS,
};
use crate::{checksums, if_header::IfHeader, stamps};

/// Always 201 when it is stored, also over something and when asked again after a lost answer: nextcloudcmd refuses 200.
pub(super) async fn assemble(call: &Call, name: String) -> Result<Response, Refusal> {
    let mut in_tree = in_tree(call)?;
    // Asked again, nothing is written any more, and what the client knows of the place is what was there before.
    if call.engine.has_pieces(call.id(&name)).await? {
        in_tree.judge_conditions().await?;
        in_tree.respect_locks_of_file().await?;
    }
    let upload = UploadRequest {
        device: call.device.id,
        path: in_tree.path.clone(),
        promised: call.bytes("oc-total-length")?,
        checksum: checksums::promised(&call.headers)?,
        modified: stamps::client_modified(&call.headers),
        created: stamps::seconds_header(&call.headers, "x-oc-ctime"),
        precondition: precondition(&in_tree)?,
        // The app for iOS makes no folders for a server of version 33 or newer: they are to come with the file. It says so
        // with a PUT (X-NC-WebDAV-Auto-Mkcol), and not with this MOVE.
        create_parents: true,
    };
    let whole = call
        .engine
        .finish_pieces(format!("{OURS}{name}"), upload)
        .await?;
    let entry = match whole {
        Whole::Photo(receipt) => {
            let patience = assembly_patience(receipt.size);
            call.engine
                .acknowledged(call.device.id, &receipt, patience)
                .await?;
            receipt.entry
        }
        Whole::Note(entry) => entry,
    };
    Ok(put::stored(&entry, &call.device.user, &call.headers))
}

/// The same request, as one on the place in the device's tree that the whole is to have: it writes there as a PUT does.
/// An `If` header without an address is about that place too, for the pieces have neither etags nor locks. nextcloudcmd
/// names it: `If: </remote.php/dav/files/anna/b.bin> (["etag"])` (RFC 4918, section 10.4).
fn in_tree(call: &Call) -> Result<InTree, Refusal> {
    let destination = call.header("destination").ok_or_else(|| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "The header Destination is missing or not ASCII",
        )
    })?;
    let (mount, path) = Mount::locate_destination(destination, &call.device.user)?;
    if path.is_root() {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "The folder itself cannot be replaced by a file",
        ));
    }
    Ok(InTree {
        engine: call.engine.clone(),
        locks: call.locks.clone(),
        device: call.device.clone(),
        mount,
        path,
        headers: call.headers.clone(),
        conditions: IfHeader::default(),
    })
}

/// `Overwrite: F` as of every MOVE, else as of a PUT.
fn precondition(in_tree: &InTree) -> Result<Precondition, Refusal> {
    match in_tree.header("overwrite").map(str::trim) {
        Some("F" | "f") => Ok(Precondition::IfNoneMatchAny),
        None | Some("T" | "t") => Ok(in_tree.precondition()),
        Some(other) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("The header Overwrite is T or F, not {other:?}"),
        )),
    }
}
