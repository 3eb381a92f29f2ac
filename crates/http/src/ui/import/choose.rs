//! Choosing a folder of the computer that Safelight runs on. A path that is typed does the same.

use std::path::{Path, PathBuf};

use askama::Template;
use axum::response::Response;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use safelight_engine::import::Chosen;
use serde::Deserialize;

use super::super::{
    address::Query,
    format::counted,
    page::{Page, Trouble, Visit, render},
};

/// What may stand in a query's value as it is.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.');

#[derive(Template)]
#[template(path = "import-choose.html")]
struct Choose {
    page: Page,
    chosen: Chosen,
    error: Option<String>,
}

impl Choose {
    /// A path as the value of a query.
    fn value(path: &Path) -> String {
        utf8_percent_encode(&path.to_string_lossy(), VALUE).to_string()
    }
}

/// Which folder to look in.
#[derive(Deserialize)]
pub(crate) struct In {
    #[serde(default, rename = "in")]
    folder: String,
}

/// `GET /import/choose`.
pub(crate) async fn show(
    visit: Visit,
    Query(In { folder }): Query<In>,
) -> Result<Response, Trouble> {
    let folder = Some(folder)
        .filter(|folder| !folder.trim().is_empty())
        .map(|folder| PathBuf::from(folder.trim()));
    let found = visit
        .ask(move |engine| engine.choose_folder(folder.as_deref()))
        .await;
    let (chosen, error) = match found {
        Ok(chosen) => (chosen, None),
        // Back to where one can go on.
        Err(trouble) => (
            visit.ask(|engine| engine.choose_folder(None)).await?,
            Some(trouble.message()),
        ),
    };
    Ok(render(&Choose {
        page: visit.page,
        chosen,
        error,
    }))
}
