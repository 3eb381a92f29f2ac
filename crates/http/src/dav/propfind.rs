//! PROPFIND: what is there.

use std::convert::Infallible;

use axum::{
    body::{Body, BodyDataStream},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{StatusCode, header};
use safelight_engine::Entry;

use super::{
    Call, Depth, Refusal, XML_LIMIT, properties,
    target::Mount,
    xml_in::{self, Wanted},
    xml_out,
};
use crate::body::read_small;

/// Entries that are written at a time, so that a folder of 20,000 photos is never one text in memory.
const PIECE: usize = 200;

pub(super) async fn propfind(call: &Call, body: &mut BodyDataStream) -> Result<Response, Refusal> {
    let wanted = xml_in::propfind(&read_small(body, XML_LIMIT).await?)?;
    let depth = call.depth()?;
    if depth == Depth::Infinity {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "Only the Depths 0 and 1 are answered: ask folder by folder",
        )
        .with_condition("propfind-finite-depth"));
    }
    let entry = call.entry().await?;
    let mut entries = Vec::new();
    if depth == Depth::One && entry.is_folder {
        entries = call.engine.list(call.device.id, call.path.clone()).await?;
    }
    entries.insert(0, entry);
    let listing = Listing {
        mount: call.mount.clone(),
        user: call.device.user.clone(),
        wanted,
        entries: entries.into_iter(),
        part: Part::Beginning,
    };
    let body = Body::from_stream(tokio_stream::iter(listing.map(Ok::<_, Infallible>)));
    Ok((
        StatusCode::MULTI_STATUS,
        [(header::CONTENT_TYPE, xml_out::CONTENT_TYPE)],
        body,
    )
        .into_response())
}

/// A multi-status, written piece by piece as the client takes it.
struct Listing {
    mount: Mount,
    user: String,
    wanted: Wanted,
    entries: std::vec::IntoIter<Entry>,
    part: Part,
}

enum Part {
    Beginning,
    Entries,
    Done,
}

impl Iterator for Listing {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut out = match self.part {
            Part::Beginning => xml_out::begin_multistatus(),
            Part::Entries => String::new(),
            Part::Done => return None,
        };
        self.part = Part::Entries;
        for entry in self.entries.by_ref().take(PIECE) {
            xml_out::begin_response(&mut out, &self.mount.href(&entry.path, entry.is_folder));
            properties::write(&mut out, &self.wanted, &entry, &self.user);
            xml_out::end_response(&mut out);
        }
        if self.entries.as_slice().is_empty() {
            out.push_str(xml_out::END_MULTISTATUS);
            self.part = Part::Done;
        }
        Some(out.into())
    }
}
