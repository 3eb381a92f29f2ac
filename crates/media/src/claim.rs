//! What somebody says about when a photo was taken, before anybody has judged it.

use jiff::{Timestamp, civil::DateTime, tz::Offset};
use safelight_core::{Precision, TimeSource};

/// One source's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Whose word.
    pub(crate) source: TimeSource,
    /// What it says.
    pub(crate) when: When,
}

/// A time as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The wall clock where the photo was taken.
    Wall {
        local: DateTime,
        offset: Option<Offset>,
        precision: Precision,
    },
    /// An instant; nobody says what the wall clock showed.
    Instant(Timestamp),
}
