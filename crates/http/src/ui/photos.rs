//! Lists of photos, and each photo's receipt: where it came from, where it is, and what was proved when.

use askama::Template;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use safelight_core::AssetId;
use safelight_engine::model::{ArrivalRow, DeviceStatus, PhotoReceipt, PhotoRow};
use serde::Deserialize;

use super::{
    address::{Path, Query},
    format::{bytes, counted, number, taken, wall_clock},
    page::{Anyone, Page, Trouble, render},
    pictures::preview_address,
};
use crate::{body, media_type};

/// Photos on a page of a list.
const LENGTH: u32 = 100;

/// Where a page of a list begins, and whether it is about one device.
#[derive(Deserialize)]
pub(crate) struct From {
    from: Option<i64>,
    device: Option<i64>,
    /// Whether photos are being chosen.
    choose: Option<u8>,
}

impl From {
    /// What the links to other pages of the list have in common.
    fn query(&self) -> String {
        let device = self.device.map(|device| format!("device={device}"));
        let choose = self.choose.map(|_| "choose=1".to_owned());
        let said: Vec<String> = device.into_iter().chain(choose).collect();
        said.join("&")
    }
}

#[derive(Template)]
#[template(path = "photos.html")]
struct Arrivals {
    page: Page,
    device: Option<DeviceStatus>,
    query: String,
    total: u64,
    rows: Vec<ArrivalRow>,
    older: Option<i64>,
    is_first: bool,
    choosing: bool,
}

/// `GET /photos`: every arrival, the newest first.
pub(crate) async fn all(
    Anyone(visit): Anyone,
    Query(list): Query<From>,
) -> Result<Response, Trouble> {
    let (asker, from, of) = (visit.asker, list.from, list.device);
    let (rows, device, total) = visit
        .ask(move |engine| {
            let rows = engine.recent(asker, of, from, LENGTH)?;
            let device = of
                .map(|id| engine.device_status_of(asker, id))
                .transpose()?;
            let total = match &device {
                Some(device) => device.photos,
                None => engine.status_of(asker)?.photos,
            };
            Ok((rows, device, total))
        })
        .await?;
    Ok(render(&Arrivals {
        page: visit.page,
        device,
        query: list.query(),
        total,
        older: older(&rows),
        rows,
        is_first: list.from.is_none(),
        choosing: list.choose.is_some(),
    }))
}

/// After which arrival the next page goes on, if there may be one.
fn older(rows: &[ArrivalRow]) -> Option<i64> {
    let last = rows.get(LENGTH as usize - 1)?;
    Some(last.id)
}

#[derive(Template)]
#[template(path = "may-forget.html")]
struct MayForget {
    page: Page,
    device: DeviceStatus,
    rows: Vec<ArrivalRow>,
    older: Option<i64>,
    is_first: bool,
}

/// `GET /devices/{id}/may-forget`: the photos that are safe, the newest arrivals first.
pub(crate) async fn may_forget(
    Anyone(visit): Anyone,
    Path(id): Path<i64>,
    Query(list): Query<From>,
) -> Result<Response, Trouble> {
    let (asker, from) = (visit.asker, list.from);
    let (rows, device) = visit
        .ask(move |engine| {
            let rows = engine.may_forget(asker, id, from, LENGTH)?;
            Ok((rows, engine.device_status_of(asker, id)?))
        })
        .await?;
    Ok(render(&MayForget {
        page: visit.page,
        device,
        older: older(&rows),
        rows,
        is_first: list.from.is_none(),
    }))
}

#[derive(Template)]
#[template(path = "not-yet-safe.html")]
struct NotYetSafe {
    page: Page,
    device: Option<DeviceStatus>,
    query: String,
    total: u64,
    rows: Vec<PhotoRow>,
    next: Option<i64>,
    is_first: bool,
}

/// `GET /photos/not-yet-safe`: the oldest first.
pub(crate) async fn not_yet_safe(
    Anyone(visit): Anyone,
    Query(list): Query<From>,
) -> Result<Response, Trouble> {
    let (asker, from, of) = (visit.asker, list.from, list.device);
    let (rows, device, total) = visit
        .ask(move |engine| {
            let rows = engine.not_yet_safe(asker, of, from, LENGTH)?;
            let device = of
                .map(|id| engine.device_status_of(asker, id))
                .transpose()?;
            let total = match &device {
                Some(device) => device.not_yet_safe,
                None => engine.status_of(asker)?.not_yet_safe,
            };
            Ok((rows, device, total))
        })
        .await?;
    let next = (rows.len() == LENGTH as usize)
        .then(|| rows.last().map(|row| row.asset))
        .flatten();
    Ok(render(&NotYetSafe {
        page: visit.page,
        device,
        query: list.query(),
        total,
        rows,
        next,
        is_first: list.from.is_none(),
    }))
}

#[derive(Template)]
#[template(path = "photo.html")]
struct Receipt {
    page: Page,
    photo: PhotoReceipt,
    /// The photos beside it in the timeline: the one taken next, and the one taken before.
    next: Option<i64>,
    before: Option<i64>,
}

impl Receipt {
    fn preview_address(&self) -> String {
        preview_address(self.photo.asset, &self.photo.hash)
    }

    /// Who says when the photo was taken.
    fn taken_from(&self) -> &str {
        match self.photo.taken_from.as_deref().unwrap_or_default() {
            "quicktime-creationdate" | "movie-header" => "the camera\u{2019}s note in the video",
            "exif-original" | "exif-digitized" | "xmp" => "the camera\u{2019}s note in the photo",
            "exif-modified" => "the photo\u{2019}s date of change",
            "file-name" => "the file\u{2019}s name",
            "person" => "a person, who put the date right",
            "sidecar" => "the collection that the photo came from",
            "client" => "the app that sent it",
            "file-modified" => "the file\u{2019}s date",
            other => other,
        }
    }
}

/// `41.9000° N, 12.5000° E`.
fn coordinates(latitude: &f64, longitude: &f64) -> String {
    let side = |degrees: f64, [ahead, behind]: [char; 2]| {
        let name = if degrees < 0.0 { behind } else { ahead };
        format!("{:.4}\u{b0} {name}", degrees.abs())
    };
    format!(
        "{}, {}",
        side(*latitude, ['N', 'S']),
        side(*longitude, ['E', 'W'])
    )
}

/// What a file is to the photo that stands for its group.
fn part(role: &Option<String>) -> &str {
    match role.as_deref() {
        None => "What is shown",
        Some("motion") => "The moving part of it",
        Some("raw") => "The camera\u{2019}s raw picture",
        Some("original") => "Before it was edited",
        Some("edited") => "Another edit",
        Some("burst") => "Of the same burst",
        Some("alternate") => "The same in another form",
        Some("sidecar") => "What a program noted about it",
        Some(other) => other,
    }
}

/// What a proof means.
fn proof(word: &str) -> &str {
    match word {
        "written" => "Written and flushed to the disk; it was not read again yet",
        "snapshot-compared" => "In a finished snapshot that was compared with what should be in it",
        "read-back" => "Read again: every byte is the photo\u{2019}s",
        other => other,
    }
}

/// `GET /photo/{id}`.
pub(crate) async fn receipt(
    Anyone(visit): Anyone,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let (found, (next, before)) = visit
        .ask(move |engine| {
            Ok((
                engine.receipt(asker, AssetId(id))?,
                engine.beside(asker, AssetId(id))?,
            ))
        })
        .await?;
    let photo =
        found.ok_or_else(|| Trouble::NotFound(format!("There is no photo number {id}.")))?;
    Ok(render(&Receipt {
        page: visit.page,
        photo,
        next,
        before,
    }))
}

/// `GET /photo/{id}/file`: the photo itself, as it was taken in.
pub(crate) async fn download(
    Anyone(visit): Anyone,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let photo = visit
        .engine
        .open_photo_for(visit.asker, AssetId(id))
        .await
        .map_err(|error| match error {
            safelight_engine::ReadError::NoAsset(_) => {
                Trouble::NotFound(format!("There is no photo number {id}."))
            }
            other => Trouble::Failed(other.to_string()),
        })?;
    let mut response = Body::empty().into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media_type::of_name(&photo.name)),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(photo.size));
    // RFC 6266: the name percent-encoded, so that no character of it can end the header early.
    let name = utf8_percent_encode(&photo.name, NON_ALPHANUMERIC);
    if let Ok(value) = format!("attachment; filename*=UTF-8''{name}").parse() {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    *response.body_mut() = body::of_file(photo.file, 0, photo.size);
    Ok(response)
}
