//! A phone's camera roll: made from a seed, picture by picture, and made anew each time that it is read.

use jiff::{SignedDuration, Timestamp, tz::Offset};
use safelight_core::ContentHash;

use crate::{
    Random,
    photos::{jpeg, mp4},
    tree,
};

/// When the first picture was taken: 1 June 2024, noon UTC.
const BEGIN: Timestamp = Timestamp::constant(1_717_243_200, 0);

/// One picture on the phone.
#[derive(Clone, Debug)]
pub struct Shot {
    /// The camera's name for it.
    pub name: String,
    /// When it was taken, which is also the file's modification time.
    pub taken: Timestamp,
    /// Its bytes' hash.
    pub hash: ContentHash,
    /// Decides its bytes, and tells it from a picture of the same name before a wipe.
    seed: u64,
    size: usize,
    is_video: bool,
}

impl Shot {
    /// The whole file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut random = Random::new(self.seed);
        if self.is_video {
            return mp4(self.taken, self.size, &mut random);
        }
        let wall_clock = Offset::UTC.to_datetime(self.taken);
        jpeg(wall_clock, Some(Offset::UTC), self.size, &mut random)
    }

    /// The folder that an app with subfolders by month puts it in: `2024/06`.
    #[must_use]
    pub fn month(&self) -> String {
        Offset::UTC
            .to_datetime(self.taken)
            .strftime("%Y/%m")
            .to_string()
    }
}

/// A picture that is only on the server any more, if it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The name that it had on the phone.
    pub name: String,
    /// Its bytes' hash.
    pub hash: ContentHash,
}

/// The pictures of one phone.
#[derive(Clone, Debug)]
pub struct Roll {
    random: Random,
    /// The camera's counter, which restarts when the phone is wiped.
    counter: u32,
    now: Timestamp,
    sizes: (u64, u64),
    shots: Vec<Shot>,
    taken: Vec<ContentHash>,
    deleted: Vec<Deleted>,
}

impl Roll {
    /// An empty roll whose pictures will have from `smallest` to `largest` bytes.
    #[must_use]
    pub fn new(seed: u64, smallest: u64, largest: u64) -> Self {
        Self {
            random: Random::new(seed),
            counter: 0,
            now: BEGIN,
            sizes: (smallest, largest),
            shots: Vec::new(),
            taken: Vec::new(),
            deleted: Vec::new(),
        }
    }

    /// Takes pictures, a minute to an hour apart. One of ten is a video.
    ///
    /// # Panics
    ///
    /// At the end of the calendar.
    pub fn shoot(&mut self, count: usize) {
        for _ in 0..count {
            let later = i64::try_from(self.random.between(60, 3_600)).expect("an hour");
            self.now = self
                .now
                .checked_add(SignedDuration::from_secs(later))
                .expect("a time within the calendar");
            self.counter += 1;
            let is_video = self.random.below(10) == 0;
            let extension = if is_video { "MOV" } else { "JPG" };
            let size = self.random.between(self.sizes.0, self.sizes.1);
            let mut shot = Shot {
                name: format!("IMG_{:04}.{extension}", self.counter),
                taken: self.now,
                hash: ContentHash::from_bytes([0; 32]),
                seed: self.random.next_u64(),
                size: usize::try_from(size).expect("a picture's size"),
                is_video,
            };
            shot.hash = tree::hash(&shot.bytes());
            self.taken.push(shot.hash);
            self.shots.push(shot);
        }
    }

    /// Empties the phone, as somebody does who was told that everything is stored. The camera counts from one again.
    ///
    /// What was still on it is lost by its owner's own hand, and no app has deleted it.
    pub fn wipe(&mut self) {
        self.shots.clear();
        self.counter = 0;
    }

    /// What is on the phone.
    #[must_use]
    pub fn shots(&self) -> &[Shot] {
        &self.shots
    }

    /// Every picture that was ever taken with it.
    #[must_use]
    pub fn taken(&self) -> &[ContentHash] {
        &self.taken
    }

    /// What apps have deleted from it, wiped or not.
    #[must_use]
    pub fn deleted(&self) -> &[Deleted] {
        &self.deleted
    }

    /// An app deletes a picture.
    pub(super) fn delete(&mut self, shot: &Shot) {
        self.shots.retain(|other| other.seed != shot.seed);
        self.deleted.push(Deleted {
            name: shot.name.clone(),
            hash: shot.hash,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wiped_phone_uses_its_names_again_for_other_pictures() {
        let mut roll = Roll::new(1, 3_000, 9_000);
        roll.shoot(12);
        let first = roll.shots()[0].clone();
        assert_eq!(first.hash, tree::hash(&first.bytes()));
        roll.delete(&first);
        roll.wipe();
        roll.shoot(1);
        let again = &roll.shots()[0];
        assert_eq!(first.name[..8], again.name[..8]);
        assert_ne!(first.hash, again.hash);
        assert_eq!(roll.deleted().len(), 1);
    }
}
