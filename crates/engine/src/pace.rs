//! Wrong tries are slowed down, per address and name, so that passwords cannot be guessed at speed. Nobody is locked out
//! for longer than a minute.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use safelight_core::Timestamp;
use sha2::{Digest, Sha256};

use crate::access::AccessError;

/// Wrong tries that cost nothing but themselves.
const FREE_TRIES: u32 = 5;
/// The longest time that a wrong try makes the next one wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Addresses and names with wrong tries that are remembered at most: some 100 bytes each.
const REMEMBERED: usize = 10_000;

/// Who tried how often in vain.
#[derive(Default)]
pub(crate) struct Pace(Mutex<HashMap<(IpAddr, NameHash), Wrong>>);

/// Names come from strangers and may be long: only their hash is kept.
type NameHash = [u8; 32];

#[derive(Clone, Copy)]
struct Wrong {
    tries: u32,
    next_at: Timestamp,
}

fn key(from: IpAddr, name: &str) -> (IpAddr, NameHash) {
    (from, Sha256::digest(name.as_bytes()).into())
}

impl Pace {
    /// Whether a try is possible now.
    pub(crate) fn check(
        &self,
        from: IpAddr,
        name: &str,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        let wrong = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match wrong.get(&key(from, name)) {
            Some(entry) if entry.next_at > now => Err(AccessError::SlowDown {
                retry_after: Duration::try_from(entry.next_at.duration_since(now))
                    .unwrap_or(LONGEST_WAIT)
                    .max(Duration::from_secs(1)),
            }),
            _ => Ok(()),
        }
    }

    /// Notes a wrong try.
    pub(crate) fn note_wrong(&self, from: IpAddr, name: &str, now: Timestamp) {
        let mut wrong = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(from, name);
        if wrong.len() >= REMEMBERED && !wrong.contains_key(&key) {
            wrong.retain(|_, entry| entry.next_at > now);
            // All are still waiting: the one who waits least is forgiven, not everybody.
            let first = wrong.iter().min_by_key(|(_, entry)| entry.next_at);
            if wrong.len() >= REMEMBERED
                && let Some(first) = first.map(|(key, _)| *key)
            {
                wrong.remove(&first);
            }
        }
        let entry = wrong.entry(key).or_insert(Wrong {
            tries: 0,
            next_at: now,
        });
        entry.tries = entry.tries.saturating_add(1);
        let seconds = entry
            .tries
            .checked_sub(FREE_TRIES)
            .map_or(0, |over| 1_u64 << over.min(6))
            .min(LONGEST_WAIT.as_secs());
        entry.next_at = now.checked_add(Duration::from_secs(seconds)).unwrap_or(now);
    }

    /// Forgives: it was right.
    pub(crate) fn note_right(&self, from: IpAddr, name: &str) {
        let mut wrong = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.remove(&key(from, name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn what_strangers_send_takes_bounded_memory_and_forgives_nobody_else() {
        let pace = Pace::default();
        let now = Timestamp::UNIX_EPOCH;
        for _ in 0..20 {
            pace.note_wrong(HERE, "owner", now);
        }
        for number in 0..2 * REMEMBERED {
            pace.note_wrong(HERE, &format!("name {number}"), now);
        }
        assert!(pace.0.lock().unwrap().len() <= REMEMBERED);
        assert!(matches!(
            pace.check(HERE, "owner", now),
            Err(AccessError::SlowDown { .. })
        ));
    }
}
