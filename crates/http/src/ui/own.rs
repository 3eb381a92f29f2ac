//! A member's first screen: are my photos safe? Of their own only.

use askama::Template;
use axum::response::Response;
use safelight_engine::{
    Status,
    model::{ArrivalRow, LibraryState},
};

use super::{
    format::{bytes, counted, number},
    page::{Page, Trouble, Visit, render},
    sentence::{Sentence, Tone},
};

/// Arrivals on the screen.
const RECENT: u32 = 12;

#[derive(Template)]
#[template(path = "own.html")]
struct Own {
    page: Page,
    sentence: Sentence,
    status: Status,
    recent: Vec<ArrivalRow>,
}

pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let (status, recent) = visit
        .ask(move |engine| {
            let recent = engine.recent(asker, None, None, RECENT)?;
            Ok((engine.status_of(asker)?, recent))
        })
        .await?;
    let sentence = sentence(&status, |at| visit.page.time(at));
    Ok(render(&Own {
        page: visit.page,
        sentence,
        status,
        recent,
    }))
}

/// Says how safe a member's photos are.
fn sentence(status: &Status, time: impl Fn(&str) -> String) -> Sentence {
    let (photos, open) = (status.photos, status.not_yet_safe);
    let (tone, headline, detail) = if status.library.state != LibraryState::Ready {
        (
            Tone::Trouble,
            "The folder with the photos is not there.".to_owned(),
            "Until it is back, no photo is taken in; your phone keeps its photos and tries again. Tell the owner of the library.".to_owned(),
        )
    } else if photos == 0 {
        (
            Tone::Waiting,
            "Ready for your first photo.".to_owned(),
            if status.devices.is_empty() {
                "Add your phone, and it gets an address and a password to send its photos with."
            } else {
                "Start the upload in your phone\u{2019}s app; this page shows the photos as they arrive."
            }
            .to_owned(),
        )
    } else if open == 0 {
        let headline = if photos == 1 {
            "Your photo is safe.".to_owned()
        } else {
            format!("All {} photos of yours are safe.", number(photos))
        };
        (
            Tone::Safe,
            headline,
            "Each was read again at home and matches, and each is in a proved offsite copy."
                .to_owned(),
        )
    } else {
        let since = status.oldest_not_yet_safe.as_deref().map(time);
        let are = if open == 1 { "is" } else { "are" };
        (
            Tone::Waiting,
            if open == photos && photos > 1 {
                format!("None of your {} photos is safe yet.", number(photos))
            } else {
                format!(
                    "{} of your {} {are} not yet safe.",
                    number(open),
                    counted(photos, "photo", "photos")
                )
            },
            match since {
                Some(since) => format!("The oldest has been waiting since {since}."),
                None => String::new(),
            },
        )
    };
    let step = status
        .devices
        .is_empty()
        .then_some(("Add a phone", "/devices"));
    Sentence {
        tone,
        headline,
        detail,
        step,
    }
}

#[cfg(test)]
mod tests {
    use safelight_engine::model::LibraryStatus;

    use super::*;

    #[test]
    fn safe_is_said_only_when_every_photo_is() {
        let mut status = Status {
            library: LibraryStatus {
                state: LibraryState::Ready,
                ..LibraryStatus::default()
            },
            photos: 3,
            not_yet_safe: 1,
            oldest_not_yet_safe: Some("then".into()),
            ..Status::default()
        };
        let said = |status: &Status| sentence(status, |at| format!("<{at}>"));
        let waiting = said(&status);
        assert_eq!(waiting.headline, "1 of your 3 photos is not yet safe.");
        assert_eq!(waiting.detail, "The oldest has been waiting since <then>.");
        assert_eq!(waiting.tone, Tone::Waiting);
        status.not_yet_safe = 3;
        assert_eq!(said(&status).headline, "None of your 3 photos is safe yet.");
        status.not_yet_safe = 0;
        assert_eq!(said(&status).tone, Tone::Safe);
        status.library.state = LibraryState::Unavailable;
        assert_eq!(said(&status).tone, Tone::Trouble);
    }
}
