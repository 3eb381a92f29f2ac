//! The style sheet, the scripts and the icon: part of the program, under names with a hash of their content, so that
//! a browser may keep them for ever and still gets the new ones after an update.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use sha2::{Digest, Sha256};

struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static str,
    /// `/assets/style.0123456789ab.css`.
    address: String,
}

static ASSETS: LazyLock<[Asset; 7]> = LazyLock::new(|| {
    [
        asset(
            "style.css",
            "text/css; charset=utf-8",
            include_str!("../../assets/style.css"),
        ),
        asset(
            "live.js",
            "text/javascript; charset=utf-8",
            include_str!("../../assets/live.js"),
        ),
        asset(
            "copy.js",
            "text/javascript; charset=utf-8",
            include_str!("../../assets/copy.js"),
        ),
        asset(
            "upload.js",
            "text/javascript; charset=utf-8",
            include_str!("../../assets/upload.js"),
        ),
        asset(
            "timeline.js",
            "text/javascript; charset=utf-8",
            include_str!("../../assets/timeline.js"),
        ),
        asset(
            "thumbhash.js",
            "text/javascript; charset=utf-8",
            include_str!("../../assets/thumbhash.js"),
        ),
        asset(
            "icon.svg",
            "image/svg+xml",
            include_str!("../../assets/icon.svg"),
        ),
    ]
});

fn asset(name: &'static str, media_type: &'static str, content: &'static str) -> Asset {
    let hash = hex::encode(&Sha256::digest(content)[..6]);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    Asset {
        name,
        media_type,
        content,
        address: format!("/assets/{stem}.{hash}.{extension}"),
    }
}

/// Where a page finds an asset. Asking for one that does not exist is a bug that every page's test finds.
pub(super) fn address(name: &str) -> &'static str {
    let found = ASSETS.iter().find(|asset| asset.name == name);
    found.map_or("/assets/missing", |asset| asset.address.as_str())
}

/// Answers `GET /assets/{name}`.
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let wanted = format!("/assets/{name}");
    match ASSETS.iter().find(|asset| asset.address == wanted) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.media_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            asset.content,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
