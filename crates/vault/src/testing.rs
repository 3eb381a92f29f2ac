//! Time and chance for tests.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use safelight_core::{Clock, Entropy, Timestamp};
use sha2::{Digest, Sha256};

/// The same bytes in each run.
pub(crate) struct SeededEntropy(Mutex<(u64, u64)>);

impl SeededEntropy {
    /// The sequence number `seed`.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Mutex::new((seed, 0)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for part in bytes.chunks_mut(32) {
            let digest = Sha256::digest([state.0.to_le_bytes(), state.1.to_le_bytes()].concat());
            state.1 += 1;
            part.copy_from_slice(&digest[..part.len()]);
        }
    }
}

/// A clock that goes on by one second whenever it is read.
pub(crate) struct SteppingClock(AtomicI64);

impl SteppingClock {
    /// Starts at 2026-01-01.
    pub(crate) const fn new() -> Self {
        Self(AtomicI64::new(1_767_225_600))
    }
}

impl Clock for SteppingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.fetch_add(1, Ordering::Relaxed))
            .expect("tests do not run for millennia")
    }
}
