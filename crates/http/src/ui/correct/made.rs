//! Corrections that were made, each with a way back.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use safelight_engine::model::CorrectionStatus;
use serde::Deserialize;

use crate::ui::{
    address::{Path, Query},
    form::{AnyoneSent, Button, Sent},
    format::counted,
    page::{Anyone, Page, Trouble, render},
};

#[derive(Template)]
#[template(path = "corrections.html")]
struct Corrections {
    page: Page,
    corrections: Vec<CorrectionStatus>,
}

/// `GET /corrections`.
pub(crate) async fn list(Anyone(visit): Anyone) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let corrections = visit.ask(move |engine| engine.corrections(asker)).await?;
    Ok(render(&Corrections {
        page: visit.page,
        corrections,
    }))
}

#[derive(Template)]
#[template(path = "correction.html")]
struct Correction {
    page: Page,
    correction: CorrectionStatus,
    /// How many photos kept what was said of them since, right after it was taken back.
    kept: Option<u64>,
}

/// What taking it back has left.
#[derive(Deserialize)]
pub(crate) struct Left {
    kept: Option<u64>,
}

/// `GET /corrections/{id}`.
pub(crate) async fn one(
    Anyone(visit): Anyone,
    Path(id): Path<i64>,
    Query(left): Query<Left>,
) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let correction = visit
        .ask(move |engine| engine.correction(asker, id))
        .await?;
    Ok(render(&Correction {
        page: visit.page,
        correction,
        kept: left.kept,
    }))
}

/// `POST /corrections/{id}/undo`.
pub(crate) async fn undo(
    Path(id): Path<i64>,
    AnyoneSent(Sent { visit, .. }): AnyoneSent<Button>,
) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let undone = visit
        .ask(move |engine| engine.undo_correction(asker, id))
        .await?;
    let kept = undone.kept.len();
    Ok(Redirect::to(&format!("/corrections/{id}?kept={kept}")).into_response())
}
