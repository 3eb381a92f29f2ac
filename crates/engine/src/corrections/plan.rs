//! What a correction does to each photo, worked out before anything is done.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, civil::DateTime, tz::Offset};
use safelight_core::{
    AssetId, CannotCorrect, CaptureTime, Correction, Timestamp, correction::TOGETHER,
};
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
                // A note beside a photo, or a video without a date, has none to move: the photo is what was chosen.
                Err(CannotCorrect::Undated) if !leaders.chosen.contains(&photo.id) => {}
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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use safelight_core::{ContentHash, LibraryPath, MediaKind, Precision, TimeSource, group::Role};

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn camera(local: DateTime) -> CaptureTime {
        CaptureTime {
            local,
            offset: None,
            source: TimeSource::ExifOriginal,
            precision: Precision::Second,
        }
    }

    fn photo(id: i64, part_of: Option<i64>, captured: Option<CaptureTime>) -> (Asset, Said) {
        let asset = Asset {
            id: AssetId(id),
            hash: ContentHash::from_bytes([0; 32]),
            size: 1,
            kind: MediaKind::Photo,
            path: LibraryPath::parse(&format!("{id}.jpg")).unwrap(),
            original_name: String::new(),
            captured,
            added_at: now(),
            modified: now(),
            safe: false,
            part_of: part_of.map(AssetId),
            role: part_of.map(|_| Role::Motion),
        };
        let said = Said {
            own: captured,
            ..Said::default()
        };
        (asset, said)
    }

    fn set(local: DateTime) -> Correction {
        Correction::Set {
            local,
            offset: None,
            precision: Precision::Second,
        }
    }

    fn after(correction: &Correction, chosen: &[i64], photos: Vec<(Asset, Said)>) -> Vec<DateTime> {
        let chosen: Vec<_> = chosen.iter().copied().map(AssetId).collect();
        let plan = Plan::make(correction, String::new(), &chosen, photos, now()).unwrap();
        assert!(plan.failed.is_empty(), "{:?}", plan.failed);
        let local = |change: &Change| change.counts.unwrap().local;
        plan.changes.iter().map(local).collect()
    }

    #[test]
    fn a_group_keeps_its_distances_when_one_of_it_gets_a_date() {
        let day = |hour, second| date(2001, 1, 1).at(hour, 0, second, 0);
        let group = || {
            vec![
                photo(1, None, Some(camera(day(8, 10)))),
                photo(2, Some(1), Some(camera(day(8, 8)))),
                photo(3, Some(1), None),
            ]
        };
        let right = date(2019, 7, 1).at(12, 0, 10, 0);
        let moved = date(2019, 7, 1).at(12, 0, 8, 0);
        assert_eq!(after(&set(right), &[1], group()), [right, moved, right]);
        // Also where the part is the one that was chosen, and not where each was.
        assert_eq!(after(&set(moved), &[2], group()), [right, moved, moved]);
        assert_eq!(after(&set(right), &[1, 2, 3], group()), [right; 3]);
    }

    #[test]
    fn a_note_beside_a_photo_has_no_date_to_move_and_is_no_failure() {
        let noon = date(2019, 7, 1).at(12, 0, 0, 0);
        let hour = Correction::Shift(SignedDuration::from_hours(1));
        let group = vec![photo(1, None, Some(camera(noon))), photo(2, Some(1), None)];
        let one = date(2019, 7, 1).at(13, 0, 0, 0);
        assert_eq!(after(&hour, &[1], group), [one]);
    }

    #[test]
    fn what_lies_far_apart_gets_the_same_date() {
        let wrong = photo(2, Some(1), Some(camera(date(1980, 1, 1).at(0, 0, 0, 0))));
        let photos = vec![
            photo(1, None, Some(camera(date(2001, 1, 1).at(8, 0, 0, 0)))),
            wrong,
        ];
        let right = date(2019, 7, 1).at(12, 0, 0, 0);
        assert_eq!(after(&set(right), &[1], photos), [right; 2]);
    }

    #[test]
    fn a_fingerprint_is_of_what_is_done() {
        let at = |local| vec![photo(1, None, Some(camera(local)))];
        let morning = date(2001, 1, 1).at(8, 0, 0, 0);
        let print = |correction: &Correction, photos| {
            Plan::make(correction, String::new(), &[AssetId(1)], photos, now())
                .unwrap()
                .fingerprint()
        };
        let hour = Correction::Shift(SignedDuration::from_hours(1));
        let same = set(date(2001, 1, 1).at(9, 0, 0, 0));
        assert_eq!(print(&hour, at(morning)), print(&same, at(morning)));
        assert_ne!(
            print(&hour, at(morning)),
            print(&hour, at(date(2001, 1, 1).at(9, 0, 0, 0)))
        );
    }
}
