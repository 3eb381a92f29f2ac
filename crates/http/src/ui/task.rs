//! How something long is going, and what came of it.

use askama::Template;
use axum::response::Response;
use safelight_engine::{Activity, Answer, TaskId, command::FileFailure};

use super::{
    address::Path,
    format::{bytes, counted, number},
    page::{Anyone, Page, Trouble, render},
};

/// Failures that a page lists; there may be as many as photos.
const LISTED: usize = 200;

/// One activity, in words.
pub(super) struct Progress {
    pub(super) title: String,
    /// For the bar: done and all, in the unit in which all is known. Without it the bar only says that it goes on.
    pub(super) bar: Option<(u64, u64)>,
    pub(super) detail: String,
}

impl Progress {
    pub(super) fn of(activity: &Activity) -> Self {
        let what = &activity.what;
        let title = match (activity.kind.as_str(), what.is_empty()) {
            ("backup", false) => format!("Copying new photos to {what}"),
            ("backup", true) => "Copying new photos offsite".to_owned(),
            ("verify", false) => format!("Checking copies: {what}"),
            ("verify", true) => "Checking every copy".to_owned(),
            ("restore", false) => format!("Bringing photos back to {what}"),
            ("restore", true) => "Bringing photos back".to_owned(),
            ("rebuild", _) => "Making the catalogue anew from the library folder".to_owned(),
            ("pictures", _) => "Making pictures of photos".to_owned(),
            ("import", _) => format!("Bringing in {what}"),
            ("import-look", _) => format!("Looking through {what}"),
            ("reconcile", _) => "Looking at what the last stop left behind".to_owned(),
            (other, _) => format!("{other} {what}"),
        };
        let bar = match (activity.total_bytes, activity.total_files) {
            (Some(total), _) if total > 0 => Some((activity.done_bytes.min(total), total)),
            (_, Some(total)) if total > 0 => Some((activity.done_files.min(total), total)),
            _ => None,
        };
        let files = match activity.total_files {
            Some(total) => format!(
                "{} of {}",
                number(activity.done_files),
                counted(total, "photo", "photos")
            ),
            None => counted(activity.done_files, "photo", "photos"),
        };
        let size = match activity.total_bytes {
            Some(total) => format!("{} of {}", bytes(activity.done_bytes), bytes(total)),
            None => bytes(activity.done_bytes),
        };
        // Pictures are counted only.
        let detail = if activity.kind == "pictures" {
            files
        } else {
            format!("{files}, {size}")
        };
        Self { title, bar, detail }
    }
}

#[derive(Template)]
#[template(path = "task.html")]
struct Task {
    page: Page,
    progress: Option<Progress>,
    result: Option<Outcome>,
}

/// What came of a task, in words.
struct Outcome {
    good: bool,
    headline: String,
    notes: Vec<String>,
    failed: Vec<FileFailure>,
    /// How many failures are not listed.
    unlisted: usize,
}

/// `GET /task/{id}`.
pub(crate) async fn show(Anyone(visit): Anyone, Path(id): Path<u64>) -> Result<Response, Trouble> {
    let task = visit
        .engine
        .task(visit.asker, TaskId(id))
        .ok_or_else(|| Trouble::NotFound("This was too long ago, or before the last start; the first page shows how things are now.".to_owned()))?;
    let progress = task.progress.as_ref().map(Progress::of);
    let result = task.result.map(|result| match result {
        Ok(answer) => Outcome::of(answer),
        Err(message) => Outcome {
            good: false,
            headline: "It did not work.".to_owned(),
            notes: vec![message],
            failed: vec![],
            unlisted: 0,
        },
    });
    Ok(render(&Task {
        page: visit.page,
        progress,
        result,
    }))
}

impl Outcome {
    fn all(&self) -> u64 {
        (self.failed.len() + self.unlisted) as u64
    }

    fn of(answer: Answer) -> Self {
        let mut notes = Vec::new();
        let mut failed = Vec::new();
        let (mut good, headline);
        match answer {
            Answer::Backup { destinations } => {
                good = destinations
                    .iter()
                    .all(|destination| destination.error.is_none());
                let stored: u64 = destinations
                    .iter()
                    .map(|destination| destination.stored)
                    .sum();
                headline = match (good, stored) {
                    (false, _) => "Some photos could not be copied.".to_owned(),
                    (true, 0) => "Nothing was new; every photo was there already.".to_owned(),
                    (true, _) => format!(
                        "{} copied, and proved to be there.",
                        counted(stored, "photo was", "photos were")
                    ),
                };
                for destination in destinations {
                    let name = &destination.name;
                    match destination.error {
                        Some(error) => notes.push(format!("{name}: {error}")),
                        None => notes.push(format!(
                            "{name}: {}, {} sent",
                            counted(destination.stored, "photo", "photos"),
                            bytes(destination.bytes_added)
                        )),
                    }
                    failed.extend(destination.failed);
                }
            }
            Answer::Verify(found) => {
                good = true;
                headline = if found.failed.is_empty() {
                    "Every copy that was read is good.".to_owned()
                } else {
                    "Some copies are not good.".to_owned()
                };
                notes.push(format!(
                    "At home: {}, {}",
                    counted(found.home_good, "good photo", "good photos"),
                    bytes(found.home_bytes)
                ));
                notes.extend(found.offsite_good.iter().map(|(name, count)| {
                    format!("{name}: {}", counted(*count, "good photo", "good photos"))
                }));
                failed = found.failed;
            }
            Answer::Rebuild(found) => {
                good = true;
                headline = format!(
                    "The library has {}, {}.",
                    counted(found.photos, "photo", "photos"),
                    bytes(found.bytes)
                );
                failed = found.failed;
            }
            Answer::Restore(found) => {
                good = true;
                headline = format!(
                    "{} back, {}.",
                    counted(found.files, "file is", "files are"),
                    bytes(found.bytes)
                );
                notes.push(format!(
                    "They came from {}, and each was compared with what was taken in. Where everything was brought back, Safelight\u{2019}s own lists are among them, by which the photos can be checked again at any time.",
                    found.destination
                ));
                failed = found.failed;
            }
            Answer::Status(_)
            | Answer::People { .. }
            | Answer::Person(_)
            | Answer::Device(_)
            | Answer::Destination(_)
            | Answer::Corrected(_)
            | Answer::Undone(_)
            | Answer::Corrections { .. }
            | Answer::Settings(_)
            | Answer::Kit { .. }
            | Answer::Import(_)
            | Answer::Done => {
                good = true;
                headline = "Done.".to_owned();
            }
        }
        good &= failed.is_empty();
        let unlisted = failed.len().saturating_sub(LISTED);
        failed.truncate(LISTED);
        Self {
            good,
            headline,
            notes,
            failed,
            unlisted,
        }
    }
}
