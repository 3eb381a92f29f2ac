//! Wrong tries are slowed down, so that passwords cannot be guessed at speed: of an address with a name, of an address
//! with any name, and of a name from any address. Nobody is locked out for longer than a minute.
//!
//! Strangers who try a person's name from many addresses must not keep the person out: from where a name has been right
//! before, only that address's own tries with it count, and tries from the house's own network only count against those
//! from there, where a name waits for seconds only.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;
use safelight_core::Timestamp;
use sha2::{Digest, Sha256};

use crate::access::AccessError;

/// Wrong tries of one address with one name that cost nothing but themselves.
const FREE_TRIES: u32 = 5;
/// As [`FREE_TRIES`], of one address with all names, and of one name from all addresses.
const FREE_TRIES_OF_MANY: u32 = 30;
/// The longest time that a wrong try makes the next one wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// As [`LONGEST_WAIT`], of a name from the house's own network: somebody in it must not be able to keep its owner out.
const LONGEST_WAIT_NEAR: Duration = Duration::from_secs(2);
/// Wrong tries are forgotten after so long without another.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(1);
/// What is remembered of each sort at most: some 100 bytes each.
const REMEMBERED: usize = 10_000;

/// Who tried how often in vain, and who was right.
#[derive(Default)]
pub(crate) struct Pace(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    pairs: Tries<(IpAddr, NameHash)>,
    addresses: Tries<IpAddr>,
    /// Whether they came from the house's own network belongs to the key.
    names: Tries<(NameHash, bool)>,
    right: HashMap<(IpAddr, NameHash), Timestamp>,
}

/// Names come from strangers and may be long: only their hash is kept.
type NameHash = [u8; 32];

struct Tries<K>(HashMap<K, Wrong>);

#[derive(Clone, Copy)]
struct Wrong {
    tries: u32,
    last: Timestamp,
    next_at: Timestamp,
}

impl<K> Default for Tries<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> Tries<K> {
    /// How long the next try has to wait.
    fn wait(&self, key: &K, now: Timestamp) -> Option<Duration> {
        let entry = self.0.get(key)?;
        // Before the last wrong try: the clock was put back, and nobody waits until it has caught up.
        (entry.last <= now && entry.next_at > now)
            .then(|| Duration::try_from(entry.next_at.duration_since(now)).unwrap_or(LONGEST_WAIT))
    }

    fn note(&mut self, key: K, free: u32, longest: Duration, now: Timestamp) {
        let wrong = &mut self.0;
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
            last: now,
            next_at: now,
        });
        if now.duration_since(entry.last) > FORGOTTEN {
            entry.tries = 0;
        }
        entry.last = now;
        entry.tries = entry.tries.saturating_add(1);
        let seconds = entry
            .tries
            .checked_sub(free)
            .map_or(0, |over| 1_u64 << over.min(6))
            .min(longest.as_secs());
        entry.next_at = now.checked_add(Duration::from_secs(seconds)).unwrap_or(now);
    }
}

/// Who has one address of an IPv6 network has all 2⁶⁴ of it.
pub(crate) fn network(from: IpAddr) -> IpAddr {
    match from {
        IpAddr::V4(_) => from,
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => ip.into(),
            None => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        },
    }
}

/// Whether an address can only be one of the house's own network.
fn is_near(from: IpAddr) -> bool {
    match from {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_near(ip.into()),
            None => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        },
    }
}

fn hash(name: &str) -> NameHash {
    Sha256::digest(name.as_bytes()).into()
}

impl Pace {
    /// Whether a try is possible now.
    pub(crate) fn check(
        &self,
        from: IpAddr,
        name: &str,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (address, name) = (network(from), hash(name));
        let mut wait = memory.pairs.wait(&(address, name), now);
        if !memory.right.contains_key(&(address, name)) {
            wait = wait
                .max(memory.addresses.wait(&address, now))
                .max(memory.names.wait(&(name, is_near(from)), now));
        }
        match wait {
            Some(wait) => Err(AccessError::SlowDown {
                retry_after: wait.max(Duration::from_secs(1)),
            }),
            None => Ok(()),
        }
    }

    /// Notes a wrong try.
    pub(crate) fn note_wrong(&self, from: IpAddr, name: &str, now: Timestamp) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (address, name) = (network(from), hash(name));
        let near = is_near(from);
        let longest_of_name = if near {
            LONGEST_WAIT_NEAR
        } else {
            LONGEST_WAIT
        };
        memory
            .pairs
            .note((address, name), FREE_TRIES, LONGEST_WAIT, now);
        memory
            .addresses
            .note(address, FREE_TRIES_OF_MANY, LONGEST_WAIT, now);
        memory
            .names
            .note((name, near), FREE_TRIES_OF_MANY, longest_of_name, now);
    }

    /// Forgives the address this name: it was right.
    pub(crate) fn note_right(&self, from: IpAddr, name: &str, now: Timestamp) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (network(from), hash(name));
        memory.pairs.0.remove(&key);
        if memory.right.len() >= REMEMBERED {
            let oldest = memory.right.iter().min_by_key(|(_, at)| **at);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                memory.right.remove(&oldest);
            }
        }
        memory.right.insert(key, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const NEAR: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 5));
    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn stranger(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(0x0800_0000 + number).into()
    }

    fn tries(pace: &Pace, from: impl Fn(u32) -> IpAddr, name: impl Fn(u32) -> String) -> u32 {
        (0..1000)
            .take_while(|number| {
                let (from, name) = (from(*number), name(*number));
                let free = pace.check(from, &name, NOW).is_ok();
                if free {
                    pace.note_wrong(from, &name, NOW);
                }
                free
            })
            .count()
            .try_into()
            .unwrap()
    }

    #[test]
    fn one_address_with_one_name_has_few_tries() {
        let pace = Pace::default();
        assert_eq!(tries(&pace, |_| NEAR, |_| "owner".into()), FREE_TRIES);
        let later = NOW.checked_add(LONGEST_WAIT).unwrap();
        assert!(pace.check(NEAR, "owner", later).is_ok());
    }

    #[test]
    fn one_address_that_goes_through_names_is_slowed_down() {
        let pace = Pace::default();
        let spraying = tries(&pace, |_| stranger(1), |number| format!("name {number}"));
        assert_eq!(spraying, FREE_TRIES_OF_MANY);
        assert!(pace.check(stranger(2), "name 1", NOW).is_ok());
    }

    #[test]
    fn many_addresses_with_one_name_are_slowed_down_and_do_not_keep_the_owner_out() {
        let pace = Pace::default();
        let far = "2001:db8::1".parse().unwrap();
        pace.note_right(far, "owner", NOW);
        assert_eq!(
            tries(&pace, stranger, |_| "owner".into()),
            FREE_TRIES_OF_MANY
        );
        assert!(pace.check(stranger(5000), "owner", NOW).is_err());
        assert!(pace.check(NEAR, "owner", NOW).is_ok(), "at home");
        assert!(pace.check(far, "owner", NOW).is_ok(), "was right before");
    }

    #[test]
    fn somebody_in_the_house_does_not_keep_the_owner_out() {
        let pace = Pace::default();
        let near = |number: u32| Ipv4Addr::from_bits(0xc0a8_0100 + number).into();
        let tried = tries(&pace, |number| near(number % 200), |_| "owner".into());
        assert_eq!(tried, FREE_TRIES_OF_MANY);
        let soon = NOW.checked_add(LONGEST_WAIT_NEAR).unwrap();
        assert!(pace.check(near(201), "owner", soon).is_ok());
    }

    #[test]
    fn a_network_of_addresses_is_one_address() {
        let pace = Pace::default();
        let inside = |number| Ipv6Addr::from_bits((0x2001_0db8 << 96) | u128::from(number)).into();
        assert_eq!(tries(&pace, inside, |_| "owner".into()), FREE_TRIES);
    }

    #[test]
    fn a_try_now_and_then_is_forgotten() {
        let pace = Pace::default();
        let mut now = NOW;
        for _ in 0..100 {
            assert!(pace.check(NEAR, "phone", now).is_ok());
            pace.note_wrong(NEAR, "phone", now);
            now = now
                .checked_add(FORGOTTEN + SignedDuration::from_secs(1))
                .unwrap();
        }
    }

    #[test]
    fn a_clock_that_is_put_back_keeps_nobody_out() {
        let pace = Pace::default();
        assert_eq!(tries(&pace, |_| NEAR, |_| "owner".into()), FREE_TRIES);
        let yesterday = NOW.checked_sub(SignedDuration::from_hours(24)).unwrap();
        assert!(pace.check(NEAR, "owner", yesterday).is_ok());
        pace.note_wrong(NEAR, "owner", yesterday);
        assert!(
            pace.check(NEAR, "owner", yesterday).is_err(),
            "a wrong try is one"
        );
    }

    #[test]
    fn what_strangers_send_takes_bounded_memory_and_forgives_nobody_else() {
        let pace = Pace::default();
        for _ in 0..20 {
            pace.note_wrong(NEAR, "owner", NOW);
        }
        for number in 0..2 * u32::try_from(REMEMBERED).unwrap() {
            pace.note_wrong(stranger(number), &format!("name {number}"), NOW);
            pace.note_right(stranger(number), &format!("name {number}"), NOW);
        }
        let memory = pace.0.lock().unwrap();
        assert!(memory.pairs.0.len() <= REMEMBERED && memory.right.len() <= REMEMBERED);
        assert!(memory.addresses.0.len() <= REMEMBERED && memory.names.0.len() <= REMEMBERED);
        drop(memory);
        assert!(matches!(
            pace.check(NEAR, "owner", NOW),
            Err(AccessError::SlowDown { .. })
        ));
    }
}
