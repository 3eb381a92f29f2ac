//! Copies, what was proved of them, and the owner's rule that turns proofs into "safe" (promise 5).

use jiff::Timestamp;

use crate::ids::DestinationId;

/// Where a copy of a photo is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The library folder.
    Home,
    /// An offsite repository.
    Offsite(DestinationId),
}

/// How a copy was proved good, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proof {
    /// It was written, flushed to disk and acknowledged by the disk; nobody has read it since.
    Written,
    /// It is in a finished snapshot whose tree was read again and compared with what should be in it.
    SnapshotCompared,
    /// All its bytes were read again and their SHA-256 is the photo's.
    ReadBack,
}

impl Proof {
    /// The word used in the catalogue and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::SnapshotCompared => "snapshot-compared",
            Self::ReadBack => "read-back",
        }
    }

    /// Reads [`Self::as_str`]'s word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Written, Self::SnapshotCompared, Self::ReadBack]
            .into_iter()
            .find(|proof| proof.as_str() == word)
    }
}

/// What the last look at a copy found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CopyState {
    /// The proof held.
    Good,
    /// The copy is not where it should be.
    Missing,
    /// The copy is there, and its bytes are not the photo's, or the disk does not give them.
    Damaged,
}

impl CopyState {
    /// The word used in the catalogue and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Missing => "missing",
            Self::Damaged => "damaged",
        }
    }

    /// Reads [`Self::as_str`]'s word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Good, Self::Missing, Self::Damaged]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// What was found out about one copy of one photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Which copy.
    pub place: Place,
    /// What was found.
    pub state: CopyState,
    /// How it was looked at.
    pub proof: Proof,
    /// When.
    pub at: Timestamp,
}

/// The owner's rule: what must be proved before a photo is called safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SafetyRule {
    /// The weakest proof that counts for the home copy.
    pub home: Proof,
    /// How many offsite copies there must be, in different destinations. At least 1.
    pub offsite_copies: u8,
    /// The weakest proof that counts for an offsite copy.
    pub offsite: Proof,
}

impl Default for SafetyRule {
    /// Home read again and matching, and one offsite copy in a finished snapshot that was compared.
    fn default() -> Self {
        Self {
            home: Proof::ReadBack,
            offsite_copies: 1,
            offsite: Proof::SnapshotCompared,
        }
    }
}

impl SafetyRule {
    /// Whether the evidence, one entry a copy, makes a photo safe.
    ///
    /// ```
    /// use safelight_core::{CopyState, DestinationId, Evidence, Place, Proof, SafetyRule, Timestamp};
    /// let at = Timestamp::UNIX_EPOCH;
    /// let home = Evidence { place: Place::Home, state: CopyState::Good, proof: Proof::ReadBack, at };
    /// let offsite = Evidence { place: Place::Offsite(DestinationId(1)), proof: Proof::SnapshotCompared, ..home };
    /// let rule = SafetyRule::default();
    /// assert!(rule.is_safe(&[home, offsite]));
    /// assert!(!rule.is_safe(&[home]));
    /// assert!(!rule.is_safe(&[Evidence { proof: Proof::Written, ..home }, offsite]));
    /// ```
    #[must_use]
    pub fn is_safe(&self, copies: &[Evidence]) -> bool {
        let good = |copy: &&Evidence| copy.state == CopyState::Good;
        let home = copies
            .iter()
            .filter(good)
            .any(|copy| copy.place == Place::Home && copy.proof >= self.home);
        let mut offsite: Vec<Place> = copies
            .iter()
            .filter(good)
            .filter(|copy| copy.place != Place::Home && copy.proof >= self.offsite)
            .map(|copy| copy.place)
            .collect();
        offsite.sort_unstable();
        offsite.dedup();
        home && offsite.len() >= usize::from(self.offsite_copies.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Evidence = Evidence {
        place: Place::Home,
        state: CopyState::Good,
        proof: Proof::ReadBack,
        at: Timestamp::UNIX_EPOCH,
    };

    fn offsite(number: i64) -> Evidence {
        Evidence {
            place: Place::Offsite(DestinationId(number)),
            proof: Proof::SnapshotCompared,
            ..HOME
        }
    }

    #[test]
    fn a_damaged_or_missing_copy_never_counts() {
        let rule = SafetyRule::default();
        for state in [CopyState::Missing, CopyState::Damaged] {
            assert!(!rule.is_safe(&[Evidence { state, ..HOME }, offsite(1)]));
            assert!(!rule.is_safe(&[
                HOME,
                Evidence {
                    state,
                    ..offsite(1)
                }
            ]));
        }
    }

    #[test]
    fn the_same_destination_twice_is_one_copy() {
        let rule = SafetyRule {
            offsite_copies: 2,
            ..SafetyRule::default()
        };
        assert!(!rule.is_safe(&[HOME, offsite(1), offsite(1)]));
        assert!(rule.is_safe(&[HOME, offsite(1), offsite(2)]));
    }

    #[test]
    fn a_rule_without_offsite_copies_is_read_as_one() {
        let rule = SafetyRule {
            offsite_copies: 0,
            ..SafetyRule::default()
        };
        assert!(!rule.is_safe(&[HOME]));
    }
}
