//! Photos and videos made from a seed: real enough for every parser, different in every byte, fast to make.

mod jpeg;
mod mp4;

use std::{fs, io, path::Path};

use jiff::{
    Timestamp,
    civil::{DateTime, date},
    tz::Offset,
};

pub use jpeg::jpeg;
pub use mp4::mp4;

use crate::Random;

/// One file as a camera leaves it.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The name that the camera gave it.
    pub name: String,
    /// The whole file.
    pub bytes: Vec<u8>,
    /// The wall clock's time when it was taken, which the file says about itself.
    pub taken: DateTime,
    /// How far the wall clock was ahead of UTC, if the file says so.
    pub offset: Option<Offset>,
}

impl Picture {
    /// The folder in which it belongs: `YYYY/MM`.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("{:04}/{:02}", self.taken.year(), self.taken.month())
    }

    /// The instant when it was taken; a wall clock without an offset is read in UTC.
    ///
    /// # Panics
    ///
    /// Never: the generator stays far from the ends of the calendar.
    #[must_use]
    pub fn instant(&self) -> Timestamp {
        self.offset
            .unwrap_or(Offset::UTC)
            .to_timestamp(self.taken)
            .expect("a time within the calendar")
    }

    /// Writes it into `folder`, which must exist, with a modification time of its own that says nothing.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::write(folder.join(&self.name), &self.bytes)
    }
}

/// An endless camera roll, the same one for the same seed: names count up and never repeat, dates from 2010 to 2024.
///
/// Nine of ten are photos, one is a video.
#[derive(Clone, Debug)]
pub struct Photos {
    random: Random,
    number: u32,
    /// When the first may have been taken, and for how many seconds from then on.
    from: DateTime,
    seconds: u64,
}

impl Photos {
    /// The roll that `seed` stands for.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            number: 0,
            from: date(2010, 1, 1).at(0, 0, 0, 0),
            seconds: 15 * 365 * 86_400,
        }
    }

    /// As [`Self::new`], of one evening: what a phone brings at night.
    #[must_use]
    pub fn of_one_evening(seed: u64) -> Self {
        Self {
            from: date(2024, 12, 28).at(17, 0, 0, 0),
            seconds: 6 * 3_600,
            ..Self::new(seed)
        }
    }

    /// The next picture, of `size` bytes (or a little more where the smallest valid file of its kind is larger).
    pub fn next(&mut self, size: usize) -> Picture {
        self.number += 1;
        let number = self.number;
        let seconds = i64::try_from(self.random.below(self.seconds)).expect("years of seconds");
        let taken = self
            .from
            .checked_add(jiff::SignedDuration::from_secs(seconds))
            .expect("a time within the calendar");
        if number.is_multiple_of(10) {
            // A movie header counts in UTC.
            let offset = Some(Offset::UTC);
            let instant = Offset::UTC
                .to_timestamp(taken)
                .expect("a time within the calendar");
            let bytes = mp4(instant, size, &mut self.random);
            return Picture {
                name: format!("MOV_{number:05}.MP4"),
                bytes,
                taken,
                offset,
            };
        }
        let offset = [
            None,
            Some(Offset::UTC),
            Some(Offset::constant(2)),
            Some(Offset::constant(-7)),
        ][usize::try_from(self.random.below(4)).expect("below 4")];
        let name = match number % 3 {
            0 => format!("IMG_{}_{number:05}.jpg", taken.strftime("%Y%m%d_%H%M%S")),
            1 => format!("DSC{number:05}.JPG"),
            _ => format!("IMG_{number:05}.JPG"),
        };
        let bytes = jpeg(taken, offset, size, &mut self.random);
        Picture {
            name,
            bytes,
            taken,
            offset,
        }
    }

    /// The next `count` pictures, each between `smallest` and `largest` bytes.
    pub fn take(&mut self, count: usize, smallest: usize, largest: usize) -> Vec<Picture> {
        (0..count)
            .map(|_| {
                let size = self.random.between(smallest as u64, largest as u64);
                self.next(usize::try_from(size).expect("a size that came from a usize"))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_roll() {
        let roll = |seed| Photos::new(seed).take(40, 1_000, 200_000);
        let (one, again, other) = (roll(1), roll(1), roll(2));
        assert!(
            one.iter()
                .zip(&again)
                .all(|(a, b)| a.name == b.name && a.bytes == b.bytes)
        );
        assert!(one.iter().zip(&other).all(|(a, b)| a.bytes != b.bytes));
        let names: std::collections::BTreeSet<_> =
            one.iter().map(|picture| &picture.name).collect();
        assert_eq!(names.len(), 40);
    }

    #[test]
    fn a_picture_has_the_size_asked_for() {
        let mut roll = Photos::new(3);
        for size in [2_000, 65_000, 66_000, 131_500, 131_501, 3_000_000] {
            for _ in 0..10 {
                let picture = roll.next(size);
                assert_eq!(picture.bytes.len(), size, "{}", picture.name);
            }
        }
    }
}
