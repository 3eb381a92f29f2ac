//! What the readers of containers find in a file, before it is judged.

use std::time::Duration;

use crate::{
    claim::Claim,
    facts::{Orientation, Preview, Problem, Size},
    offset::Clues,
};

/// What was found so far. Readers put the better word first: what is known stays.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Who says what about the time.
    pub(crate) claims: Vec<Claim>,
    /// The picture's size as it is stored.
    pub(crate) stored: Option<Size>,
    /// A size for want of a better one: that EXIF states of a missing picture, or of a track that is not played.
    pub(crate) stated: Option<Size>,
    /// What is to be done with the stored picture.
    pub(crate) orientation: Option<Orientation>,
    /// Where and, by the GPS's clock, when.
    pub(crate) clues: Clues,
    pub(crate) make: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) duration: Option<Duration>,
    pub(crate) content_id: Option<String>,
    pub(crate) burst_id: Option<String>,
    /// Where a video may begin.
    pub(crate) motion: Motion,
    /// JPEGs within the file.
    pub(crate) previews: Vec<Preview>,
    pub(crate) problems: Vec<Problem>,
}

/// What is said about a video within a photo; nothing of it is believed before a video was seen there.
#[derive(Debug, Default)]
pub(crate) struct Motion {
    /// Whether the file says that it is a Motion Photo.
    pub(crate) is_promised: bool,
    /// Where the video may begin, in bytes before the end of the file.
    pub(crate) before_end: Vec<u64>,
    /// Where the video may begin, in bytes from the beginning of the file.
    pub(crate) places: Vec<u64>,
}

impl Found {
    /// What is known stays; what is not is asked for.
    pub(crate) fn fill<T>(field: &mut Option<T>, find: impl FnOnce() -> Option<T>) {
        if field.is_none() {
            *field = find();
        }
    }

    /// Something to read, without the zero bytes and blanks that writers pad it with.
    pub(crate) fn fill_text(field: &mut Option<String>, text: Option<&str>) {
        Self::fill(field, || {
            let text = text?.trim_matches(|c: char| c == '\0' || c.is_whitespace());
            (!text.is_empty()).then(|| text.to_owned())
        });
    }

    /// A fault of the file.
    pub(crate) fn damaged(&mut self, what: &'static str) {
        self.problems.push(Problem::Damaged { what });
    }
}
