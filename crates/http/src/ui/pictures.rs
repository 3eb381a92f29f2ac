//! Photos' pictures, for the page.

use axum::response::Response;
use http::HeaderMap;
use safelight_core::AssetId;
use safelight_engine::{Look, Size};
use serde::Deserialize;

use super::{
    address::{Path, Query},
    page::Anyone,
};
use crate::pictures::{Keep, answer};

/// How many digits of a photo's hash its pictures' addresses have.
const DIGITS: usize = 16;

/// Which bytes the address is about.
#[derive(Deserialize)]
pub(crate) struct Of {
    of: Option<String>,
}

/// The address of a photo's thumbnail, which browsers may keep: other bytes have another one.
pub(super) fn thumbnail_address(photo: i64, hash: &str) -> String {
    address(photo, "thumbnail", hash)
}

/// The same of its preview.
pub(super) fn preview_address(photo: i64, hash: &str) -> String {
    address(photo, "preview", hash)
}

fn address(photo: i64, what: &str, hash: &str) -> String {
    let of = hash.get(..DIGITS).unwrap_or(hash);
    format!("/photo/{photo}/{what}?of={of}")
}

/// `GET /photo/{id}/thumbnail`.
pub(crate) async fn thumbnail(
    visit: Anyone,
    Path(id): Path<i64>,
    Query(of): Query<Of>,
    headers: HeaderMap,
) -> Response {
    show(visit, id, of, &headers, Size::Thumbnail).await
}

/// `GET /photo/{id}/preview`.
pub(crate) async fn preview(
    visit: Anyone,
    Path(id): Path<i64>,
    Query(of): Query<Of>,
    headers: HeaderMap,
) -> Response {
    show(visit, id, of, &headers, Size::Preview).await
}

async fn show(
    Anyone(visit): Anyone,
    id: i64,
    asked: Of,
    headers: &HeaderMap,
    size: Size,
) -> Response {
    let look = visit.engine.picture(visit.asker, AssetId(id), size).await;
    let keep = match (&look, asked.of) {
        (
            Ok(Look::Picture {
                of, is_final: true, ..
            }),
            Some(asked),
        ) if asked.len() == DIGITS && of.to_string().starts_with(&asked) => Keep::Always,
        _ => Keep::Asking,
    };
    answer(look, size, keep, headers)
}
