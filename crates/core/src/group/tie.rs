//! Whether two files belong together. The answer depends on nothing but the two, and on their order neither: so groups are
//! the same in whatever order their files arrive.

use std::time::Duration;

use jiff::SignedDuration;

use super::{GroupName, Mark, Member};
use crate::{CaptureTime, MediaKind, Precision, TimeSource};

/// The video of a Live Photo lasts some 3 seconds.
const LIVE_AT_MOST: Duration = Duration::from_millis(4500);
/// How far apart a Live Photo's picture and the beginning of its video may be.
const LIVE_WITHIN: SignedDuration = SignedDuration::from_secs(5);
/// How far apart two files of one exposure may be: some write fractions of a second, others cut them off.
const SHOT_WITHIN: SignedDuration = SignedDuration::from_secs(2);
/// How far apart two pictures of one burst may be that say so by their names.
const BURST_WITHIN: SignedDuration = SignedDuration::from_secs(60);

/// What a file is within a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Still,
    Raw,
    Video,
    Sidecar,
    Other,
}

/// A file with its name taken apart.
pub(super) struct Looked<'a> {
    pub(super) member: &'a Member,
    pub(super) name: GroupName,
    pub(super) sort: Sort,
}

impl<'a> Looked<'a> {
    pub(super) fn at(member: &'a Member) -> Self {
        let name = GroupName::of(&member.name);
        // Content decides: a `.MOV` that is a picture is no video.
        let sort = match member.kind {
            MediaKind::Video => Sort::Video,
            MediaKind::Photo if is_raw(&member.details.mime) => Sort::Raw,
            MediaKind::Photo => Sort::Still,
            MediaKind::Other if name.sidecar.is_some() => Sort::Sidecar,
            MediaKind::Other => Sort::Other,
        };
        Self { member, name, sort }
    }

    const fn is_burst(&self) -> bool {
        matches!(self.name.mark, Mark::Burst { .. })
    }

    const fn is_of_an_edit(&self) -> bool {
        matches!(self.name.mark, Mark::Edited | Mark::Original)
    }
}

/// Cameras' own formats have no registered type.
fn is_raw(mime: &str) -> bool {
    mime.starts_with("image/x-")
}

/// Whether two files belong together by what they say of themselves, or, being photos or videos of neighbouring names, by
/// these. Sidecars say nothing: they belong where [`super::arrange()`] finds one place for them.
pub(super) fn belong_together(one: &Looked<'_>, other: &Looked<'_>) -> bool {
    if [one.sort, other.sort]
        .iter()
        .any(|sort| matches!(sort, Sort::Sidecar | Sort::Other))
    {
        return false;
    }
    let (a, b) = (&one.member.details, &other.member.details);
    match (&a.content_id, &b.content_id) {
        (Some(a), Some(b)) if a == b => return true,
        // Two Live Photos, however much their names are alike.
        (Some(_), Some(_)) => return false,
        _ => {}
    }
    match (&a.burst_id, &b.burst_id) {
        (Some(a), Some(b)) if a == b => {
            return one.sort != Sort::Video && other.sort != Sort::Video;
        }
        _ => {}
    }
    one.name.stem == other.name.stem && belong_by_name(one, other)
}

/// Whether two files of one stem belong together.
fn belong_by_name(one: &Looked<'_>, other: &Looked<'_>) -> bool {
    let within = |limit| {
        one.member
            .captured
            .zip(other.member.captured)
            .is_some_and(|(one, other)| are_within(&one, &other, limit))
    };
    match (one.sort, other.sort) {
        (Sort::Video, Sort::Video) => {
            one.name.mark != other.name.mark
                && (one.is_of_an_edit() || other.is_of_an_edit())
                && within(SHOT_WITHIN)
        }
        (Sort::Video, _) => is_short(one) && within(LIVE_WITHIN),
        (_, Sort::Video) => is_short(other) && within(LIVE_WITHIN),
        _ if one.is_burst() || other.is_burst() => {
            one.is_burst()
                && other.is_burst()
                && has_one_camera(one, other, true)
                && within(BURST_WITHIN)
        }
        (Sort::Raw, Sort::Still) | (Sort::Still, Sort::Raw) => {
            has_one_camera(one, other, false) && within(SHOT_WITHIN)
        }
        (Sort::Still, Sort::Still) => {
            one.name.mark != other.name.mark
                && (one.is_of_an_edit() || other.is_of_an_edit())
                && has_one_camera(one, other, false)
                && within(SHOT_WITHIN)
        }
        _ => false,
    }
}

fn is_short(video: &Looked<'_>) -> bool {
    video
        .member
        .details
        .duration
        .is_some_and(|duration| duration <= LIVE_AT_MOST)
}

/// Whether both were taken by the same model. `or_unknown`: or nothing is said of either's.
fn has_one_camera(one: &Looked<'_>, other: &Looked<'_>, or_unknown: bool) -> bool {
    match (&one.member.details.model, &other.member.details.model) {
        (Some(one), Some(other)) => one == other,
        (None, None) => or_unknown,
        _ => false,
    }
}

/// Whether two capture times are known to be so close. By their instants if both are known, else by the wall clock; never
/// by a word that may be about something else, such as when the file was sent.
fn are_within(one: &CaptureTime, other: &CaptureTime, limit: SignedDuration) -> bool {
    if !is_exact(one) || !is_exact(other) {
        return false;
    }
    let apart = match (one.offset, other.offset) {
        (Some(a), Some(b)) => match (a.to_timestamp(one.local), b.to_timestamp(other.local)) {
            (Ok(one), Ok(other)) => one.duration_since(other),
            _ => return false,
        },
        _ => one.local.duration_since(other.local),
    };
    apart.abs() <= limit
}

const fn is_exact(taken: &CaptureTime) -> bool {
    matches!(taken.precision, Precision::Second)
        && !matches!(
            taken.source,
            TimeSource::Person
                | TimeSource::ExifModified
                | TimeSource::Client
                | TimeSource::FileModified
        )
}
