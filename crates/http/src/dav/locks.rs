//! The write locks of every device's tree (RFC 4918, sections 6 and 7). They live in memory: a restart frees everything,
//! as a lock's end does.
//!
//! Locks are for programs that lock: the Finder and Windows Explorer ask for them, and write only with them. A phone's
//! app knows nothing of locks, and gives a photo up for good when it is told 423; and since no write destroys anything
//! (promise 2), nothing needs to be protected from it. So a lock binds only the programs, by their `User-Agent`, of which
//! one holds a lock in the same tree right now.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::SignedDuration;
use safelight_core::{DeviceId, DevicePath, Timestamp};
use sha2::{Digest, Sha256};

/// The longest time that a lock is given for, in seconds. Whoever still works asks again before it ends; whoever has
/// gone does not block others for longer.
const LONGEST: u32 = 3600;
/// What a lock is given for if its client does not say, in seconds.
const USUAL: u32 = 600;
/// Locks in one tree at a time. Programs hold one for each file that they write. PROPFIND tells of every lock of every
/// entry, so this and [`MOST_OWNER`] bound what one entry's answer can be.
const MOST: usize = 32;
/// The longest owner of a lock, in bytes of XML. The Finder sends an address, Windows a user's name.
pub(super) const MOST_OWNER: usize = 1024;

/// A program, by its `User-Agent`: of which only the hash is kept, since clients may send one of any length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agent([u8; 32]);

impl Agent {
    /// The program that calls itself so.
    pub(super) fn named(user_agent: &str) -> Self {
        Self(Sha256::digest(user_agent).into())
    }
}

/// One lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lock {
    /// Its name, a URI.
    pub(super) token: String,
    /// What was locked.
    pub(super) path: DevicePath,
    /// Whether all below is locked too.
    pub(super) deep: bool,
    /// Whether others may have shared locks on the same.
    pub(super) shared: bool,
    /// Who asked for it, in the client's own words: XML as it stands in answers, of at most [`MOST_OWNER`] bytes.
    pub(super) owner: String,
    /// The program that holds it.
    pub(super) agent: Agent,
    /// When it ends.
    pub(super) until: Timestamp,
}

impl Lock {
    /// Whether a path is locked by it.
    pub(super) fn covers(&self, path: &DevicePath) -> bool {
        self.path == *path || (self.deep && path.is_within(&self.path))
    }
}

/// Why a lock is not given.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Another one is in the way: on this path.
    Conflict(DevicePath),
    /// There are too many.
    TooMany,
}

/// All locks. Every call first forgets those that have ended.
#[derive(Debug, Default)]
pub(crate) struct Locks(Mutex<HashMap<DeviceId, Vec<Arc<Lock>>>>);

impl Locks {
    /// Takes a new lock.
    pub(super) fn take(&self, device: DeviceId, lock: Lock, now: Timestamp) -> Result<(), Refused> {
        let mut trees = self.living(now);
        let tree = trees.entry(device).or_default();
        let conflict = tree.iter().find(|other| {
            !(lock.shared && other.shared) && (other.covers(&lock.path) || lock.covers(&other.path))
        });
        if let Some(other) = conflict {
            return Err(Refused::Conflict(other.path.clone()));
        }
        if tree.len() >= MOST {
            return Err(Refused::TooMany);
        }
        tree.push(Arc::new(lock));
        Ok(())
    }

    /// Gives a lock that covers `path`, one of `tokens`, for a new time.
    pub(super) fn refresh(
        &self,
        device: DeviceId,
        path: &DevicePath,
        tokens: &[&str],
        seconds: u32,
        now: Timestamp,
    ) -> Option<Arc<Lock>> {
        let mut trees = self.living(now);
        let lock = trees
            .get_mut(&device)?
            .iter_mut()
            .find(|lock| tokens.contains(&lock.token.as_str()) && lock.covers(path))?;
        // Whoever was given it before keeps what it was then.
        Arc::make_mut(lock).until = end(now, seconds);
        Some(Arc::clone(lock))
    }

    /// Ends a lock that covers `path`. Whether there was such a one.
    pub(super) fn release(
        &self,
        device: DeviceId,
        path: &DevicePath,
        token: &str,
        now: Timestamp,
    ) -> bool {
        let mut trees = self.living(now);
        let Some(tree) = trees.get_mut(&device) else {
            return false;
        };
        let before = tree.len();
        tree.retain(|lock| lock.token != token || !lock.covers(path));
        tree.len() < before
    }

    /// What was at a path, and all below, is not there any more: neither are its locks.
    pub(super) fn gone(&self, device: DeviceId, path: &DevicePath, now: Timestamp) {
        if let Some(tree) = self.living(now).get_mut(&device) {
            tree.retain(|lock| !lock.path.is_within(path));
        }
    }

    /// The locks of one tree.
    pub(super) fn of(&self, device: DeviceId, now: Timestamp) -> Vec<Arc<Lock>> {
        self.living(now).get(&device).cloned().unwrap_or_default()
    }

    /// Those that bind a program: all of the tree, or none, if it holds none of them.
    pub(super) fn binding(&self, device: DeviceId, agent: Agent, now: Timestamp) -> Vec<Arc<Lock>> {
        let trees = self.living(now);
        let tree = trees.get(&device).map_or(&[][..], Vec::as_slice);
        if tree.iter().any(|lock| lock.agent == agent) {
            tree.to_vec()
        } else {
            Vec::new()
        }
    }

    fn living(&self, now: Timestamp) -> MutexGuard<'_, HashMap<DeviceId, Vec<Arc<Lock>>>> {
        let mut trees = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        trees.retain(|_, tree| {
            tree.retain(|lock| lock.until > now);
            !tree.is_empty()
        });
        trees
    }
}

/// How long a lock is given for: the first time of a `Timeout` header that we know (section 10.7), within bounds.
pub(super) fn seconds(header: Option<&str>) -> u32 {
    let asked = header.unwrap_or_default().split(',').find_map(|time| {
        let time = time.trim();
        if time.eq_ignore_ascii_case("infinite") {
            return Some(LONGEST);
        }
        let number: u64 = time.strip_prefix("Second-")?.parse().ok()?;
        Some(u32::try_from(number).unwrap_or(u32::MAX))
    });
    asked.unwrap_or(USUAL).clamp(1, LONGEST)
}

/// When a lock that is given now ends.
pub(super) fn end(now: Timestamp, seconds: u32) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(i64::from(seconds)))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: DeviceId = DeviceId(1);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn path(text: &str) -> DevicePath {
        DevicePath::parse(text).unwrap()
    }

    fn lock(token: &str, at_path: &str, deep: bool, shared: bool) -> Lock {
        Lock {
            token: token.to_owned(),
            path: path(at_path),
            deep,
            shared,
            owner: String::new(),
            agent: Agent::named("Finder"),
            until: at(10),
        }
    }

    #[test]
    fn exclusive_locks_exclude_and_shared_ones_share() {
        let locks = Locks::default();
        locks
            .take(DEVICE, lock("1", "a/b", true, false), at(0))
            .unwrap();
        for (other, shared, conflicts) in [
            ("a/b", false, true),
            ("a/b", true, true),
            ("a/b/c", false, true),
            ("a", false, false),
            ("a/x", false, false),
            ("a/bc", false, false),
        ] {
            let taken = locks.take(DEVICE, lock("2", other, false, shared), at(0));
            assert_eq!(taken.is_err(), conflicts, "{other}");
            locks.release(DEVICE, &path(other), "2", at(0));
        }
        let above = locks.take(DEVICE, lock("2", "a", true, false), at(0));
        assert_eq!(above, Err(Refused::Conflict(path("a/b"))));
        locks
            .take(DEVICE, lock("3", "s", false, true), at(0))
            .unwrap();
        locks
            .take(DEVICE, lock("4", "s", false, true), at(0))
            .unwrap();
        assert!(
            locks
                .take(DEVICE, lock("5", "s", false, false), at(0))
                .is_err()
        );
        // Other trees are other trees.
        locks
            .take(DeviceId(2), lock("1", "a/b", true, false), at(0))
            .unwrap();
    }

    #[test]
    fn locks_end() {
        let locks = Locks::default();
        let take = |token: &str, now| locks.take(DEVICE, lock(token, "a", false, false), at(now));
        take("1", 0).unwrap();
        assert!(take("2", 9).is_err());
        assert_eq!(locks.of(DEVICE, at(10)), []);
        let mut second = lock("2", "a", true, false);
        second.until = at(20);
        locks.take(DEVICE, second, at(10)).unwrap();
        let refreshed = locks
            .refresh(DEVICE, &path("a/b"), &["x", "2"], 100, at(19))
            .unwrap();
        assert_eq!(refreshed.until, at(119));
        assert_eq!(locks.refresh(DEVICE, &path("b"), &["2"], 100, at(19)), None);
        assert!(!locks.release(DEVICE, &path("a"), "1", at(20)));
        assert!(!locks.release(DEVICE, &path("b"), "2", at(20)));
        assert!(locks.release(DEVICE, &path("a"), "2", at(20)));
        take("3", 0).unwrap();
        locks.gone(DEVICE, &path(""), at(0));
        assert_eq!(locks.of(DEVICE, at(0)), []);
    }

    #[test]
    fn their_number_is_bounded() {
        let locks = Locks::default();
        for number in 0..MOST {
            let name = number.to_string();
            locks
                .take(DEVICE, lock(&name, &name, false, false), at(0))
                .unwrap();
        }
        let more = locks.take(DEVICE, lock("more", "more", false, false), at(0));
        assert_eq!(more, Err(Refused::TooMany));
    }

    #[test]
    fn times_are_within_bounds() {
        for (header, expected) in [
            (None, 600),
            (Some("Infinite, Second-4100000000"), 3600),
            (Some("Second-99999999999"), 3600),
            (Some("Second-0"), 1),
            (Some("Minute-5, Second-30"), 30),
            (Some("soon"), 600),
        ] {
            assert_eq!(seconds(header), expected, "{header:?}");
        }
    }
}
