//! What a correction does to each photo, worked out before anything is done.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, civil::DateTime, tz::Offset};
use safelight_core::{AssetId, CannotCorrect, CaptureTime, Correction, Timestamp};
use safelight_library::{Asset, Corrected, NewDate, Said};
use sha2::{Digest, Sha256};

use super::words::iso;
use crate::{
    command::{CorrectionOutcome, DateChange, FileFailure},
    commands::failure,
    error::EngineError,
};

/// The clocks that are furthest ahead: no photo was taken later than it is there.
const FURTHEST_AHEAD: SignedDuration = SignedDuration::from_hours(14);

/// Members of a group that were taken within this time of each other keep their distance when one of them gets a date.
const TOGETHER: SignedDuration = SignedDuration::from_hours(24);

/// What is going to be done.
pub(super) struct Plan {
    what: String,
    changes: Vec<Change>,
    unchanged: u64,
    failed: Vec<FileFailure>,
}

struct Change {
    photo: Asset,
    /// What the person says.
    said: Option<CaptureTime>,
    /// What counts then.
    counts: Option<CaptureTime>,
}

impl Plan {
    /// Works out what becomes of `photos`: those that were chosen, and the other members of their groups.
    pub(super) fn make(
        correction: &Correction,
        what: String,
        chosen: &[AssetId],
        photos: Vec<(Asset, Said)>,
        now: Timestamp,
    ) -> Result<Self, EngineError> {
        let latest = Offset::UTC
            .to_datetime(now)
            .checked_add(FURTHEST_AHEAD)
            .map_err(|error| EngineError::Bug(error.to_string()))?;
        let leaders = Leaders::of(correction, chosen, &photos);
        let mut plan = Self {
            what,
            changes: Vec::new(),
            unchanged: 0,
            failed: Vec::new(),
        };
        for (photo, before) in photos {
            let said = match leaders.date(&photo, latest) {
                Some(said) => said,
                None => correction.apply(photo.captured.as_ref(), latest),
            };
            match said {
                Err(error) => plan
                    .failed
                    .push(failure(photo.path.to_string(), error.to_string())),
                Ok(said) if said == before.person => plan.unchanged += 1,
                Ok(said) => {
                    let after = Said {
                        person: said,
                        ..before
                    };
                    plan.changes.push(Change {
                        photo,
                        said,
                        counts: after.captured(),
                    });
                }
            }
        }
        Ok(plan)
    }

    pub(super) fn what(&self) -> &str {
        &self.what
    }

    pub(super) fn dates(&self) -> Vec<NewDate> {
        let date = |change: &Change| NewDate {
            asset: change.photo.id,
            before: change.photo.captured,
            after: change.said,
        };
        self.changes.iter().map(date).collect()
    }

    /// What two plans have in common that do the same.
    pub(super) fn fingerprint(&self) -> String {
        let mut hasher = Sha256::new();
        for change in &self.changes {
            let DateChange { before, after, .. } = change.shown();
            hasher.update(format!("{} {before:?} {after:?}\n", change.photo.id));
        }
        hex::encode(&hasher.finalize()[..16])
    }

    pub(super) fn outcome(&self, id: Option<i64>) -> CorrectionOutcome {
        CorrectionOutcome {
            id,
            what: self.what.clone(),
            photos: self.changes.len() as u64,
            unchanged: self.unchanged,
            changes: self.changes.iter().map(Change::shown).collect(),
            failed: self.failed.clone(),
            fingerprint: self.fingerprint(),
        }
    }

    /// What was done of it.
    pub(super) fn done(self, made: &Corrected) -> CorrectionOutcome {
        let mut outcome = self.outcome(made.id.map(|id| id.0));
        outcome.photos = made.photos;
        let outdated: HashSet<i64> = made.outdated.iter().map(|id| id.0).collect();
        let (left, done) = std::mem::take(&mut outcome.changes)
            .into_iter()
            .partition(|change: &DateChange| outdated.contains(&change.asset));
        outcome.changes = done;
        for change in left {
            outcome.failed.push(failure(
                change.path,
                "Somebody else put its date right just now; it was left alone",
            ));
        }
        outcome
    }
}

impl Change {
    fn shown(&self) -> DateChange {
        DateChange {
            asset: self.photo.id.0,
            path: self.photo.path.to_string(),
            before: self.photo.captured.as_ref().map(iso),
            after: self.counts.as_ref().map(iso),
        }
    }
}

/// Where a date is said of a photo, the other members of its group move with it: the video of a Live Photo begins a second
/// before its picture, and the pictures of a burst follow one another.
struct Leaders<'a> {
    set: Option<&'a Correction>,
    chosen: HashSet<AssetId>,
    /// By the photo that stands for the group: what the chosen member had.
    had: HashMap<AssetId, Option<CaptureTime>>,
}

impl<'a> Leaders<'a> {
    fn of(correction: &'a Correction, chosen: &[AssetId], photos: &[(Asset, Said)]) -> Self {
        let set = matches!(correction, Correction::Set { .. }).then_some(correction);
        let chosen: HashSet<AssetId> = chosen.iter().copied().collect();
        let mut had = HashMap::new();
        for (photo, _) in photos
            .iter()
            .filter(|(photo, _)| chosen.contains(&photo.id))
        {
            had.entry(group_of(photo)).or_insert(photo.captured);
        }
        Self { set, chosen, had }
    }

    /// The date of a member that nobody chose, if it moves with one that somebody did.
    fn date(
        &self,
        photo: &Asset,
        latest: DateTime,
    ) -> Option<Result<Option<CaptureTime>, CannotCorrect>> {
        let Correction::Set { local, offset, .. } = self.set? else {
            return None;
        };
        if self.chosen.contains(&photo.id) {
            return None;
        }
        let (had, has) = (
            self.had.get(&group_of(photo)).copied().flatten()?,
            photo.captured?,
        );
        let apart = has.local.duration_since(had.local);
        if apart.abs() > TOGETHER {
            return None;
        }
        let moved = Correction::Set {
            local: local.checked_add(apart).ok()?,
            offset: *offset,
            precision: has.precision,
        };
        Some(moved.apply(Some(&has), latest))
    }
}

fn group_of(photo: &Asset) -> AssetId {
    photo.part_of.unwrap_or(photo.id)
}
