//! The one sentence: are my photos safe?

use safelight_engine::{Status, model::LibraryState};

use super::format::{counted, number};

/// The colour of the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing to do, nothing to wait for.
    Safe,
    /// Something is on its way, or somebody could make it better.
    Waiting,
    /// Somebody has to do something.
    Trouble,
}

impl Tone {
    /// The word that the style sheet knows.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Waiting => "waiting",
            Self::Trouble => "trouble",
        }
    }
}

/// What the first screen says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    pub(super) tone: Tone,
    /// The answer.
    pub(super) headline: String,
    /// Why, and what is being done about it.
    pub(super) detail: String,
    /// Where the owner can do something about it: the button's text and its address.
    pub(super) step: Option<(&'static str, &'static str)>,
}

/// Says how safe the photos are. `time` writes a time for people; `backing_up` is whether a backup is running.
pub(super) fn sentence(
    status: &Status,
    backing_up: bool,
    time: impl Fn(&str) -> String,
) -> Sentence {
    let say = |tone, headline: String, detail: &str, step| Sentence {
        tone,
        headline,
        detail: detail.to_owned(),
        step,
    };
    match status.library.state {
        LibraryState::NotChosen => {
            return say(
                Tone::Trouble,
                "Your photos have no home yet.".to_owned(),
                "Choose the folder that they will be kept in.",
                Some(("Choose a folder", "/setup/library")),
            );
        }
        LibraryState::Unavailable => {
            let unexplained =
                "Until it is back, no photo is taken in; phones keep theirs and try again.";
            return say(
                Tone::Trouble,
                "The folder with your photos is not there.".to_owned(),
                status.library.message.as_deref().unwrap_or(unexplained),
                None,
            );
        }
        LibraryState::Ready => {}
    }
    let (photos, open) = (status.photos, status.not_yet_safe);
    if photos == 0 {
        return if status.devices.is_empty() {
            say(
                Tone::Waiting,
                "Ready for the first phone.".to_owned(),
                "Give it a name here, and it gets an address and a password to send its photos with.",
                Some(("Add a phone", "/devices/add")),
            )
        } else {
            say(
                Tone::Waiting,
                "Ready for the first photo.".to_owned(),
                "Start the upload in the phone\u{2019}s app; this page shows the photos as they arrive.",
                None,
            )
        };
    }
    if status.destinations.is_empty() {
        let headline = if photos == 1 {
            "1 photo is at home, and nowhere else.".to_owned()
        } else {
            format!("{} photos are at home, and nowhere else.", number(photos))
        };
        return say(
            Tone::Waiting,
            headline,
            "A broken disk, a theft or a fire would take them all. They are safe once there is a copy somewhere else.",
            Some(("Add an offsite copy", "/destinations")),
        );
    }
    if open == 0 {
        let headline = if photos == 1 {
            "Your photo is safe.".to_owned()
        } else {
            format!("All {} photos are safe.", number(photos))
        };
        return if status.problems.is_empty() {
            say(
                Tone::Safe,
                headline,
                "Each was read again at home and matches, and each is in a proved offsite copy.",
                None,
            )
        } else {
            say(
                Tone::Waiting,
                headline,
                "But something needs your attention; it is listed below.",
                None,
            )
        };
    }
    let headline = if open == photos {
        if photos == 1 {
            "Your photo is not yet safe.".to_owned()
        } else {
            format!("None of your {} photos is safe yet.", number(photos))
        }
    } else {
        let are = if open == 1 { "is" } else { "are" };
        format!(
            "{} of {} {are} not yet safe.",
            number(open),
            counted(photos, "photo", "photos")
        )
    };
    let mut detail = String::new();
    if let Some(oldest) = &status.oldest_not_yet_safe {
        let who = if open == 1 {
            "It has been waiting"
        } else {
            "The oldest has been waiting"
        };
        detail = format!("{who} since {}. ", time(oldest));
    }
    let (tone, rest) = if !status.problems.is_empty() {
        (
            Tone::Trouble,
            "Something is in the way; it is listed below.",
        )
    } else if backing_up {
        (Tone::Waiting, "A backup is running now.")
    } else {
        (
            Tone::Waiting,
            "The next backup starts by itself, within the hour.",
        )
    };
    detail.push_str(rest);
    Sentence {
        tone,
        headline,
        detail,
        step: None,
    }
}

#[cfg(test)]
mod tests {
    use safelight_engine::model::{DestinationStatus, DeviceStanding, LibraryStatus, Problem};

    use super::*;

    fn status(photos: u64, not_yet_safe: u64) -> Status {
        Status {
            library: LibraryStatus {
                state: LibraryState::Ready,
                ..LibraryStatus::default()
            },
            photos,
            not_yet_safe,
            safe: photos - not_yet_safe,
            devices: vec![device()],
            destinations: vec![DestinationStatus {
                id: 1,
                name: "cloud".into(),
                url: "s3://photos".into(),
                photos: 0,
                pending: 0,
                last_snapshot_at: None,
                last_verified_at: None,
            }],
            ..Status::default()
        }
    }

    fn device() -> DeviceStanding {
        DeviceStanding {
            name: "phone".into(),
            person: "Owner".into(),
            last_seen_at: None,
            photos: 0,
            not_yet_safe: 0,
            oldest_not_yet_safe_at: None,
            releasable: 0,
        }
    }

    fn said(status: &Status) -> (Tone, String) {
        let sentence = sentence(status, false, |at| format!("<{at}>"));
        (sentence.tone, sentence.headline)
    }

    fn problem() -> Problem {
        Problem {
            kind: "offsite".into(),
            message: "No".into(),
            path: String::new(),
            since: String::new(),
        }
    }

    #[test]
    fn safe_is_said_only_when_every_photo_is() {
        assert_eq!(
            said(&status(1234, 0)),
            (Tone::Safe, "All 1,234 photos are safe.".into())
        );
        assert_eq!(
            said(&status(1, 0)),
            (Tone::Safe, "Your photo is safe.".into())
        );
        for open in 1..=5 {
            let (tone, headline) = said(&status(5, open));
            assert_ne!(tone, Tone::Safe);
            assert!(!headline.starts_with("All"), "{headline}");
        }
        assert_eq!(
            said(&status(1234, 12)).1,
            "12 of 1,234 photos are not yet safe."
        );
        assert_eq!(
            said(&status(1234, 1)).1,
            "1 of 1,234 photos is not yet safe."
        );
        assert_eq!(said(&status(7, 7)).1, "None of your 7 photos is safe yet.");
    }

    #[test]
    fn a_missing_folder_comes_before_everything() {
        let mut status = status(10, 0);
        status.library.state = LibraryState::Unavailable;
        status.library.message = Some("No disk is mounted".into());
        let sentence = sentence(&status, false, str::to_owned);
        assert_eq!(sentence.tone, Tone::Trouble);
        assert_eq!(sentence.detail, "No disk is mounted");
    }

    #[test]
    fn home_alone_is_never_safe() {
        let mut status = status(3, 3);
        status.destinations.clear();
        assert_eq!(
            said(&status),
            (
                Tone::Waiting,
                "3 photos are at home, and nowhere else.".into()
            )
        );
    }

    #[test]
    fn problems_change_the_colour() {
        let mut all_safe = status(3, 0);
        all_safe.problems.push(problem());
        assert_eq!(said(&all_safe).0, Tone::Waiting);
        let mut waiting = status(3, 1);
        waiting.oldest_not_yet_safe = Some("then".into());
        assert_eq!(
            sentence(&waiting, true, |at| format!("<{at}>")).detail,
            "It has been waiting since <then>. A backup is running now."
        );
        waiting.problems.push(problem());
        assert_eq!(said(&waiting).0, Tone::Trouble);
    }

    #[test]
    fn the_first_steps() {
        let mut empty = status(0, 0);
        assert_eq!(said(&empty).1, "Ready for the first photo.");
        empty.devices.clear();
        assert_eq!(said(&empty).1, "Ready for the first phone.");
        empty.library.state = LibraryState::NotChosen;
        assert_eq!(said(&empty).0, Tone::Trouble);
    }
}
