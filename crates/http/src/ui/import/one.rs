//! One import: what was found, how it is going, what came of it, and its files.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use safelight_engine::import::{Counts, ImportStatus, Stage};
use serde::Deserialize;

use super::{
    super::{
        address::{Path, Query},
        form::{Button, Sent},
        format::{bytes, counted, number},
        page::{Page, Trouble, Visit, render},
        task::Progress,
    },
    words::{self, Line},
};

/// Files on one page of a list.
const LISTED: usize = 200;

#[derive(Template)]
#[template(path = "import-one.html")]
struct One {
    page: Page,
    import: ImportStatus,
    progress: Option<Progress>,
    /// What was found or done, as far as it is known.
    counts: Option<Counts>,
    lines: Vec<Line>,
    people: usize,
}

impl One {
    fn is_working(&self) -> bool {
        self.import.at_work
            || matches!(self.import.standing.stage, Stage::Looking | Stage::Bringing)
    }

    /// Whether anything would come in.
    fn has_new(&self) -> bool {
        self.counts.as_ref().is_some_and(|counts| counts.new > 0)
    }

    /// Whether the look is the last that happened.
    fn is_looked(&self) -> bool {
        matches!(self.import.standing.stage, Stage::Looking | Stage::Looked)
            || self.import.standing.brought.is_none()
    }

    fn way(&self) -> &'static str {
        words::way(self.import.request.way)
    }

    fn tone(&self) -> &'static str {
        let troubles = self.counts.as_ref().map_or(0, Counts::troubles);
        match self.import.standing.stage {
            Stage::Failed => "trouble",
            Stage::Done if troubles == 0 => "safe",
            _ => "waiting",
        }
    }

    fn headline(&self) -> String {
        let nothing = Counts::default();
        let counts = self.counts.as_ref().unwrap_or(&nothing);
        match self.import.standing.stage {
            Stage::Looking => "Looking at what is there".to_owned(),
            Stage::Looked if counts.new == 0 => "Nothing in there is new".to_owned(),
            Stage::Looked => format!(
                "{} would come in",
                counted(counts.new, "new file", "new files")
            ),
            Stage::Bringing => "Bringing photos in".to_owned(),
            Stage::Stopped => "Stopped; it can go on where it was".to_owned(),
            Stage::Failed => "This could not go on".to_owned(),
            Stage::Done if counts.new == 0 => "Everything was in the library already".to_owned(),
            Stage::Done => format!("{} in", counted(counts.new, "file came", "files came")),
        }
    }
}

/// `GET /import/{id}`.
pub(super) async fn show(visit: Visit, Path(id): Path<i64>) -> Result<Response, Trouble> {
    let (import, people) = visit
        .ask(move |engine| Ok((engine.import(id)?, engine.people()?.len())))
        .await?;
    let standing = &import.standing;
    let counts = match standing.stage {
        Stage::Looking | Stage::Looked => standing.looked.clone(),
        _ => standing.brought.clone().or_else(|| standing.looked.clone()),
    };
    Ok(render(&One {
        page: visit.page,
        progress: import.progress.as_ref().map(Progress::of),
        lines: counts.as_ref().map(words::lines).unwrap_or_default(),
        counts,
        import,
        people,
    }))
}

/// `POST /import/{id}/begin`.
pub(super) async fn begin(path: Path<i64>, sent: Sent<Button>) -> Result<Response, Trouble> {
    work(path, sent, Stage::Bringing).await
}

/// `POST /import/{id}/look`.
pub(super) async fn look(path: Path<i64>, sent: Sent<Button>) -> Result<Response, Trouble> {
    work(path, sent, Stage::Looking).await
}

async fn work(
    Path(id): Path<i64>,
    Sent { visit, .. }: Sent<Button>,
    stage: Stage,
) -> Result<Response, Trouble> {
    visit
        .ask(move |engine| {
            // Pressed twice: it is on its way.
            if engine.import(id)?.at_work {
                return Ok(());
            }
            engine.begin_import(id, stage)
        })
        .await?;
    Ok(Redirect::to(&format!("/import/{id}")).into_response())
}

/// `POST /import/{id}/stop`.
pub(super) async fn stop(
    Path(id): Path<i64>,
    Sent { visit, .. }: Sent<Button>,
) -> Result<Response, Trouble> {
    visit.engine.stop_import(id);
    Ok(Redirect::to(&format!("/import/{id}")).into_response())
}

/// Which files of an import.
#[derive(Deserialize)]
pub(super) struct Which {
    what: String,
    #[serde(default)]
    after: String,
}

/// One file of a list.
struct File {
    path: String,
    /// Where it lies in the library, or what is to be told of it.
    told: String,
}

#[derive(Template)]
#[template(path = "import-files.html")]
struct Files {
    page: Page,
    id: i64,
    what: String,
    label: &'static str,
    hint: &'static str,
    files: Vec<File>,
    /// Where the list goes on.
    next: Option<String>,
}

/// `GET /import/{id}/files`.
pub(super) async fn files(
    visit: Visit,
    Path(id): Path<i64>,
    Query(Which { what, after }): Query<Which>,
) -> Result<Response, Trouble> {
    let (label, hint) = words::label(&what);
    let wanted = what.clone();
    let (mut files, mut marks) = visit
        .ask(move |engine| {
            engine.import(id)?;
            // One more than is shown says whether there are more.
            let limit = LISTED + 1;
            Ok(match wanted.as_str() {
                "new" | "known" => engine
                    .import_files(id, wanted == "new", &after, limit)?
                    .into_iter()
                    .map(|file| {
                        let told = file.library_path;
                        (
                            File {
                                path: file.path,
                                told,
                            },
                            file.next,
                        )
                    })
                    .unzip(),
                _ => engine
                    .import_notes(id, &wanted, &after, limit)?
                    .into_iter()
                    .map(|note| {
                        let mark = note.path.clone();
                        let told = note.message;
                        (
                            File {
                                path: note.path,
                                told,
                            },
                            mark,
                        )
                    })
                    .unzip::<_, _, Vec<_>, Vec<_>>(),
            })
        })
        .await?;
    let more = files.len() > LISTED;
    files.truncate(LISTED);
    marks.truncate(LISTED);
    Ok(render(&Files {
        page: visit.page,
        id,
        what,
        label,
        hint,
        files,
        next: marks.pop().filter(|_| more),
    }))
}
