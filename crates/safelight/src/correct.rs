//! `safelight correct`: what is typed, and what is printed.

use std::fmt::Write as _;

use clap::{ArgGroup, Args};
use safelight_engine::{
    Command,
    command::{CorrectionOutcome, PhotoChoice, UndoOutcome, Wish},
    model::CorrectionStatus,
};

use crate::{
    cli::Output,
    print::{count, failures},
};

/// How many changes are printed; `--json` prints all.
const LISTED: usize = 20;

#[derive(Args)]
#[command(group(ArgGroup::new("how").required(true)
    .args(["set", "shift", "zone", "reset", "undo", "list"])))]
pub(crate) struct Correct {
    /// Photos or folders, as they are called in the library, or SHA-256 hashes.
    #[arg(value_name = "PHOTO", conflicts_with_all = ["device", "camera", "from", "until"])]
    photos: Vec<String>,
    /// Photos that this device brought.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Photos of this camera: its model, as `safelight inspect` prints it.
    #[arg(long, value_name = "MODEL")]
    camera: Option<String>,
    /// Photos taken on this day or at this time, or later.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Photos taken on this day or at this time, or earlier.
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// They were taken then: 2019-07-01, "2019-07-01 14:30" or 2019-07-01T14:30+02:00.
    #[arg(long, value_name = "DATE")]
    set: Option<String>,
    /// The camera's clock was off; they were taken this much later, or earlier: +2h, "-1h 30m", +1d.
    #[arg(long, value_name = "SPAN", allow_hyphen_values = true)]
    shift: Option<String>,
    /// They were taken in this time zone: Europe/Rome, or +02:00.
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    zone: Option<String>,
    /// The zone that the camera's clock was set to, if it was another one.
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true, conflicts_with_all = ["set", "shift", "reset", "undo", "list"])]
    camera_zone: Option<String>,
    /// Back to what the photos say themselves.
    #[arg(long)]
    reset: bool,
    /// Take a correction back, by its number.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["photos", "device", "camera", "from", "until", "dry_run"])]
    undo: Option<i64>,
    /// The last corrections.
    #[arg(long, conflicts_with_all = ["photos", "device", "camera", "from", "until", "dry_run"])]
    list: bool,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

impl Correct {
    /// What is asked for.
    pub(crate) fn command(self) -> Command {
        let wish = if let Some(id) = self.undo {
            return Command::CorrectionUndo { id };
        } else if self.list {
            return Command::Corrections;
        } else if let Some(date) = self.set {
            Wish::Set { date }
        } else if let Some(by) = self.shift {
            Wish::Shift { by }
        } else if let Some(place) = self.zone {
            Wish::Zone {
                place,
                camera: self.camera_zone,
            }
        } else {
            Wish::Reset
        };
        Command::Correct {
            choice: PhotoChoice {
                photos: self.photos,
                assets: Vec::new(),
                device: self.device,
                camera: self.camera,
                from: self.from,
                until: self.until,
            },
            wish,
            preview: self.dry_run,
            expect: None,
        }
    }
}

/// What was done, or would be.
pub(crate) fn outcome(outcome: &CorrectionOutcome, text: &mut String) -> std::fmt::Result {
    for change in outcome.changes.iter().take(LISTED) {
        let date = |date: &Option<String>| date.clone().unwrap_or_else(|| "no date".to_owned());
        writeln!(
            text,
            "  {}: {} → {}",
            change.path,
            date(&change.before),
            date(&change.after)
        )?;
    }
    if outcome.changes.len() > LISTED {
        writeln!(
            text,
            "  … and {} more (--json prints all)",
            count((outcome.changes.len() - LISTED) as u64)
        )?;
    }
    if outcome.unchanged > 0 {
        writeln!(
            text,
            "{} were put right so before.",
            count(outcome.unchanged)
        )?;
    }
    match outcome.id {
        Some(id) => writeln!(
            text,
            "{}: {} photos have another date now. To take it back: safelight correct --undo {id}",
            outcome.what,
            count(outcome.photos)
        )?,
        None if outcome.photos > 0 => writeln!(
            text,
            "{}: {} photos would have another date. Nothing was changed.",
            outcome.what,
            count(outcome.photos)
        )?,
        None => writeln!(text, "{}: there is nothing to change.", outcome.what)?,
    }
    failures(&outcome.failed, text)
}

/// What was taken back.
pub(crate) fn undone(outcome: &UndoOutcome, text: &mut String) -> std::fmt::Result {
    writeln!(
        text,
        "{} photos have their date of before again.",
        count(outcome.photos)
    )?;
    for path in &outcome.kept {
        writeln!(text, "  {path} was corrected again since, and keeps that.")?;
    }
    Ok(())
}

/// The last corrections.
pub(crate) fn list(corrections: &[CorrectionStatus], text: &mut String) -> std::fmt::Result {
    if corrections.is_empty() {
        writeln!(text, "No date was put right yet.")?;
    }
    for row in corrections {
        write!(
            text,
            "{}: {}, by {}: {}; {} photos",
            row.id,
            row.at,
            row.person,
            row.what,
            count(row.photos)
        )?;
        match &row.undone_at {
            Some(at) => writeln!(text, "; taken back {at}")?,
            None => writeln!(text)?,
        }
    }
    Ok(())
}
