//! PROPFIND: what is there.

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::{Body, BodyDataStream},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{StatusCode, header};
use safelight_core::{ContentHash, Timestamp};
use safelight_engine::{Engine, Entry, Property, Room, TreeError};
use tokio_stream::wrappers::ReceiverStream;

use super::{
    Call, Depth, Refusal, XML_LIMIT,
    locks::Lock,
    properties::{self, Needed, Subject},
    target::Mount,
    xml_in::{self, Wanted},
    xml_out,
};
use crate::body::read_small;

/// A piece of the answer ends with the entry that makes it so long, in bytes: a folder of 20,000 photos is never one text in
/// memory, nor is one whose entries have much to say.
const PIECE: usize = 64 * 1024;
/// Of how many entries the kept properties are read at a time. One entry has at most 8 KiB of them.
const AHEAD: usize = 64;

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
    let room = if properties::needs_room(&wanted) {
        // A library that is not there has no room, which is said by leaving it out.
        call.engine.room().await.ok()
    } else {
        None
    };
    let lists = depth == Depth::One && entry.is_folder;
    let mut entries = vec![entry];
    if lists {
        entries.extend(call.engine.list(call.device.id, call.path.clone()).await?);
    }
    let now = call.engine.now();
    let mut listing = Listing {
        engine: call.engine.clone(),
        mount: call.mount.clone(),
        user: call.device.user.clone(),
        needed: properties::needed(&wanted),
        needs_pictures: properties::needs_pictures(&wanted),
        wanted,
        entries: entries.into_iter(),
        kept: HashMap::new(),
        without_picture: Vec::new(),
        ahead: 0,
        locks: call.locks.of(call.device.id, now),
        now,
        room,
        part: Part::Beginning,
    };
    // Before the answer begins a fault can still be said by its status.
    let body = match listing.next().await? {
        Some(whole) if matches!(listing.part, Part::Done) => whole.into(),
        first => listing.streamed(first),
    };
    Ok((
        StatusCode::MULTI_STATUS,
        [(header::CONTENT_TYPE, xml_out::CONTENT_TYPE)],
        body,
    )
        .into_response())
}

/// A multi-status, written piece by piece as the client takes it.
struct Listing {
    engine: Engine,
    mount: Mount,
    user: String,
    wanted: Wanted,
    needed: Needed,
    entries: std::vec::IntoIter<Entry>,
    /// What programs keep with the entries that come next, by their numbers.
    kept: HashMap<i64, Vec<Property>>,
    needs_pictures: bool,
    /// Of which of them there can be no picture.
    without_picture: Vec<ContentHash>,
    /// Of how many entries that is known.
    ahead: usize,
    locks: Vec<Arc<Lock>>,
    now: Timestamp,
    room: Option<Room>,
    part: Part,
}

enum Part {
    Beginning,
    Entries,
    Done,
}

impl Listing {
    /// Sends `first` and then the rest, at most two pieces ahead of the client. What cannot be read breaks the
    /// connection: a list that merely ended early would be taken for whole.
    fn streamed(mut self, first: Option<Bytes>) -> Body {
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            let mut piece = Ok(first);
            while let Some(found) = piece.transpose() {
                let failed = found.is_err();
                if sender.send(found).await.is_err() || failed {
                    // Nobody listens, or nothing more can be said.
                    return;
                }
                piece = self.next().await;
            }
        });
        Body::from_stream(ReceiverStream::new(receiver))
    }

    /// The next piece; none after the last.
    async fn next(&mut self) -> Result<Option<Bytes>, TreeError> {
        let mut out = match self.part {
            Part::Beginning => xml_out::begin_multistatus(),
            Part::Entries => String::new(),
            Part::Done => return Ok(None),
        };
        self.part = Part::Entries;
        while out.len() < PIECE {
            if self.ahead == 0 {
                self.look_ahead().await?;
            }
            let Some(entry) = self.entries.next() else {
                out.push_str(xml_out::END_MULTISTATUS);
                self.part = Part::Done;
                break;
            };
            self.ahead -= 1;
            self.write(&mut out, &entry);
        }
        Ok(Some(out.into()))
    }

    async fn look_ahead(&mut self) -> Result<(), TreeError> {
        let next = self.entries.as_slice();
        let next = &next[..next.len().min(AHEAD)];
        self.ahead = next.len();
        if self.needs_pictures {
            let photos = next.iter().filter_map(|entry| entry.hash).collect();
            let without = self.engine.without_picture(photos).await;
            // Pictures that cannot be asked for are still to be had later.
            self.without_picture = without.unwrap_or_else(|error| {
                tracing::warn!("What is said of previews may be wrong: {error}");
                Vec::new()
            });
        }
        let next: Vec<i64> = next.iter().map(|entry| entry.id).collect();
        let names = match &self.needed {
            Needed::Nothing => return Ok(()),
            Needed::These(names) => Some(names.clone()),
            Needed::Everything => None,
        };
        if !next.is_empty() {
            self.kept = self.engine.properties(next, names).await?;
        }
        Ok(())
    }

    fn write(&self, out: &mut String, entry: &Entry) {
        xml_out::begin_response(out, &self.mount.href(&entry.path, entry.is_folder));
        let of = Subject {
            entry,
            user: &self.user,
            mount: &self.mount,
            kept: self.kept.get(&entry.id).map_or(&[], Vec::as_slice),
            locks: &self.locks,
            now: self.now,
            room: self.room,
            without_picture: entry
                .hash
                .is_some_and(|hash| self.without_picture.contains(&hash)),
        };
        properties::write(out, &self.wanted, &of);
        xml_out::end_response(out);
    }
}
