//! Bringing in what exists: choosing a folder, seeing what would happen, watching it happen, and what came of it. All of
//! it is the owner's: it reads folders of the computer that Safelight runs on.

mod choose;
mod one;
mod words;

use std::path::PathBuf;

use askama::Template;
use axum::{
    Router,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use safelight_core::PersonId;
use safelight_engine::{
    import::{ImportStatus, Request, Stage, Way},
    model::PersonStatus,
};
use serde::Deserialize;

use super::{
    address::Query,
    form::Sent,
    page::{Page, Trouble, Visit, render},
};
use crate::App;
use words::stage;

/// The addresses of importing.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/import", get(show).post(begin))
        .route("/import/choose", get(choose::show))
        .route("/import/{id}", get(one::show))
        .route("/import/{id}/begin", post(one::begin))
        .route("/import/{id}/look", post(one::look))
        .route("/import/{id}/stop", post(one::stop))
        .route("/import/{id}/files", get(one::files))
}

/// What is asked for.
#[derive(Default, Deserialize)]
pub(crate) struct Wish {
    /// A folder or file a line.
    #[serde(default)]
    paths: String,
    /// `copy`, `link` or `in-place`.
    #[serde(default)]
    way: String,
    #[serde(default)]
    everything: Option<String>,
    #[serde(default)]
    person: Option<i64>,
}

#[derive(Template)]
#[template(path = "import.html")]
struct Import {
    page: Page,
    imports: Vec<ImportStatus>,
    people: Vec<PersonStatus>,
    form: Wish,
    error: Option<String>,
}

/// What the chooser fills in.
#[derive(Deserialize)]
pub(crate) struct Prefilled {
    #[serde(default)]
    path: String,
}

/// `GET /import`.
async fn show(
    visit: Visit,
    Query(Prefilled { path }): Query<Prefilled>,
) -> Result<Response, Trouble> {
    let form = Wish {
        paths: path,
        ..Wish::default()
    };
    shown(visit, form, None).await
}

async fn shown(visit: Visit, form: Wish, error: Option<String>) -> Result<Response, Trouble> {
    let (imports, mut people) = visit
        .ask(|engine| Ok((engine.imports()?, engine.people()?)))
        .await?;
    people.retain(|person| person.access);
    Ok(render(&Import {
        page: visit.page,
        imports,
        people,
        form,
        error,
    }))
}

/// `POST /import`: looks at what is there.
async fn begin(Sent { visit, form, .. }: Sent<Wish>) -> Result<Response, Trouble> {
    let paths = form
        .paths
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let request = Request {
        paths: paths.map(PathBuf::from).collect(),
        way: match form.way.as_str() {
            "link" => Way::Link,
            "in-place" => Way::InPlace,
            _ => Way::Copy,
        },
        everything: form.everything.is_some(),
    };
    let person = form.person.map_or(PersonId::OWNER, PersonId);
    let begun = visit
        .ask(move |engine| {
            let id = engine.new_import(person, &request)?;
            engine.begin_import(id, Stage::Looking)?;
            Ok(id)
        })
        .await;
    match begun {
        Ok(id) => Ok(Redirect::to(&format!("/import/{id}")).into_response()),
        Err(trouble) => shown(visit, form, Some(trouble.message())).await,
    }
}
