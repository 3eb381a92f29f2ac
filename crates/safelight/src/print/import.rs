//! What a person reads of an import.

use std::fmt::Write as _;

use safelight_engine::{
    command::ImportOutcome,
    import::{Counts, Stage, item::Reason, request::UNDATED},
};

use super::{count, size};

/// Files that are named of each kind; the page and `--json` have all of them.
const NAMED: usize = 10;

pub(super) fn describe(outcome: &ImportOutcome, text: &mut String) -> std::fmt::Result {
    let nothing = Counts::default();
    let counts = outcome.counts().unwrap_or(&nothing);
    let stage = outcome.import.standing.stage;
    let new = format!("{} ({})", count(counts.new), size(counts.new_bytes));
    match stage {
        Stage::Looked => writeln!(
            text,
            "{new} would be new, {} are in the library already. Nothing was written.",
            count(counts.known)
        )?,
        Stage::Done => writeln!(
            text,
            "{new} are new, {} were in the library already.",
            count(counts.known)
        )?,
        _ => writeln!(
            text,
            "Stopped. {new} are new so far, {} were in the library already. The same command goes on.",
            count(counts.known)
        )?,
    }
    if counts.paired > 0 {
        let share = match stage {
            Stage::Looked => "would share",
            _ => "share",
        };
        writeln!(
            text,
            "{} of the new ones {share} a tile with others: Live Photos, raw pictures and their JPEGs, edits, bursts, notes \
             of programs.",
            count(counts.paired)
        )?;
    }
    if counts.shared > 0 {
        writeln!(text, "{} take no room twice.", count(counts.shared))?;
    }
    let all = Reason::ALL
        .map(|reason| (reason.as_str(), counts.left_for(reason), title(reason)))
        .into_iter()
        .chain([(UNDATED, counts.undated, "Without a certain date")]);
    for (what, number, title) in all {
        if number == 0 {
            continue;
        }
        writeln!(text, "\n{title} ({}):", count(number))?;
        let files = outcome.files.iter().filter(|file| file.what == what);
        for file in files.take(NAMED) {
            writeln!(text, "  {}: {}", file.path, file.message)?;
        }
        if number > NAMED as u64 {
            writeln!(
                text,
                "  and {} more; --json names all",
                count(number - NAMED as u64)
            )?;
        }
    }
    if counts.passed_over > 0 {
        writeln!(
            text,
            "\n{} of the system's or the camera's own were passed over.",
            count(counts.passed_over)
        )?;
    }
    Ok(())
}

const fn title(reason: Reason) -> &'static str {
    match reason {
        Reason::Unreadable => "Could not be read",
        Reason::Changing => "Were being changed",
        Reason::UnsafeName => "With a name that leads elsewhere",
        Reason::MissingPart => "Missing parts",
        Reason::Link => "Links",
        Reason::NotAPhoto => "Not photos",
        Reason::ThrownAway => "Thrown away there",
        Reason::Refused => "Could not be stored",
        Reason::NotLookedInto => "Not looked into",
    }
}
