//! Time and chance that the test decides.

use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;
use safelight_core::{Clock, Entropy, Timestamp};

use crate::Random;

/// A clock that stands still until the test moves it.
#[derive(Debug)]
pub struct FakeClock(Mutex<Timestamp>);

impl FakeClock {
    /// A clock that shows `now`.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves the clock; backwards too, as real clocks do.
    ///
    /// # Panics
    ///
    /// At the ends of the calendar.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(by).expect("a time within the calendar");
    }

    /// Sets the clock.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Default for FakeClock {
    /// 1 June 2024, noon UTC.
    fn default() -> Self {
        Self::at(Timestamp::constant(1_717_243_200, 0))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Secrets that are the same for the same seed.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<Random>);

impl SeededEntropy {
    /// The sequence that `seed` stands for.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(Random::new(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_only_when_told() {
        let clock = FakeClock::default();
        assert_eq!(clock.now().to_string(), "2024-06-01T12:00:00Z");
        clock.advance(SignedDuration::from_hours(-1));
        assert_eq!(clock.now().to_string(), "2024-06-01T11:00:00Z");
    }
}
