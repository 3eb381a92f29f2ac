//! PROPFIND: what is there.

use std::{collections::HashMap, convert::Infallible};

use axum::{
    body::{Body, BodyDataStream},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{StatusCode, header};
use safelight_core::Timestamp;
use safelight_engine::{Entry, Property, Room};

use super::{
    Call, Depth, Refusal, XML_LIMIT,
    locks::Lock,
    properties::{self, Subject},
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
    let lists = depth == Depth::One && entry.is_folder;
    let mut kept = HashMap::new();
    if properties::needs_kept(&wanted) {
        if lists {
            kept = call.engine.properties_in(entry.id).await?;
        }
        kept.insert(entry.id, call.engine.properties(entry.id).await?);
    }
    let room = if properties::needs_room(&wanted) {
        // A library that is not there has no room, which is said by leaving it out.
        call.engine.room().await.ok()
    } else {
        None
    };
    let mut entries = vec![entry];
    if lists {
        entries.extend(call.engine.list(call.device.id, call.path.clone()).await?);
    }
    let now = call.engine.now();
    let listing = Listing {
        mount: call.mount.clone(),
        user: call.device.user.clone(),
        wanted,
        entries: entries.into_iter(),
        kept,
        locks: call.locks.of(call.device.id, now),
        now,
        room,
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
    /// What programs keep with each entry, by its number.
    kept: HashMap<i64, Vec<Property>>,
    locks: Vec<Lock>,
    now: Timestamp,
    room: Option<Room>,
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
            let of = Subject {
                entry: &entry,
                user: &self.user,
                mount: &self.mount,
                kept: self.kept.get(&entry.id).map_or(&[], Vec::as_slice),
                locks: &self.locks,
                now: self.now,
                room: self.room,
            };
            properties::write(&mut out, &self.wanted, &of);
            xml_out::end_response(&mut out);
        }
        if self.entries.as_slice().is_empty() {
            out.push_str(xml_out::END_MULTISTATUS);
            self.part = Part::Done;
        }
        Some(out.into())
    }
}
