//! An import in words.

use safelight_engine::import::{Counts, ImportStatus, Stage, Way, item::Reason, request::UNDATED};

/// How far it is.
pub(super) fn stage(import: &ImportStatus) -> &'static str {
    match (import.standing.stage, import.at_work) {
        (Stage::Looking, _) => "looking",
        (Stage::Looked, _) => "waits for you",
        (Stage::Bringing, true) => "going on",
        (Stage::Bringing, false) => "goes on at the next start",
        (Stage::Stopped, _) => "stopped",
        (Stage::Failed, _) => "could not go on",
        (Stage::Done, _) => "done",
    }
}

/// How the bytes come in.
pub(super) fn way(way: Way) -> &'static str {
    match way {
        Way::Copy => "As copies; the originals stay as they are",
        Way::Link => "Without taking room twice; the originals stay where they are",
        Way::InPlace => "Where they lie; nothing is moved",
    }
}

/// One line of what was found, which leads to its files.
pub(super) struct Line {
    /// The word in the address.
    pub(super) what: &'static str,
    pub(super) count: u64,
    pub(super) label: &'static str,
    /// What it means, where that is not plain.
    pub(super) hint: &'static str,
    pub(super) trouble: bool,
}

/// What is not simply new or known.
pub(super) fn lines(counts: &Counts) -> Vec<Line> {
    let mut lines: Vec<Line> = Reason::ALL
        .into_iter()
        .map(|reason| {
            let (label, hint) = label(reason.as_str());
            Line {
                what: reason.as_str(),
                count: counts.left_for(reason),
                label,
                hint,
                trouble: reason.is_trouble(),
            }
        })
        .collect();
    let (label, hint) = label(UNDATED);
    lines.push(Line {
        what: UNDATED,
        count: counts.undated,
        label,
        hint,
        trouble: false,
    });
    lines.retain(|line| line.count > 0);
    lines
}

/// What a kind of files is called, and what it means.
pub(super) fn label(what: &str) -> (&'static str, &'static str) {
    let Some(reason) = Reason::from_word(what) else {
        return match what {
            UNDATED => (
                "Without a certain date",
                "They come in, under the date of the file itself, which may be that of a copy.",
            ),
            "known" => (
                "In the library already",
                "The same photo is kept once, however often it comes.",
            ),
            _ => ("New", ""),
        };
    };
    match reason {
        Reason::Unreadable => ("Cannot be read", "They stay where they are."),
        Reason::MissingPart => ("Missing parts", "Add the parts, and look again."),
        Reason::Changing => ("Being changed", "Something writes them just now."),
        Reason::Refused => ("Not taken", "They stay where they are."),
        Reason::UnsafeName => ("With an unsafe name", "They stay where they are."),
        Reason::Link => ("Links", "Links are not followed."),
        Reason::ThrownAway => ("Thrown away", "They lie in the collection\u{2019}s trash."),
        Reason::NotLookedInto => (
            "Folders not looked into",
            "Choose them by themselves if they are wanted.",
        ),
        Reason::NotAPhoto => ("Not photos", "They stay where they are."),
    }
}
