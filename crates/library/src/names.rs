//! Who is about to use a name, and who is about to store which bytes: the short time between looking and committing.

use std::{
    collections::{BTreeSet, HashSet},
    hash::Hash,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use safelight_core::{ContentHash, LibraryPath, group::GroupName};

use crate::stored::PathKey;

/// The names that uploads have chosen and not yet committed.
#[derive(Default)]
pub(crate) struct Names {
    taken: Mutex<BTreeSet<PathKey>>,
}

/// A name that nobody else chooses while this lives.
pub(crate) struct Reservation {
    names: Arc<Names>,
    key: PathKey,
}

impl Names {
    /// Takes a name, unless somebody has it. Look into the catalogue only afterwards: who had it may just have committed.
    pub(crate) fn reserve(self: &Arc<Self>, path: &LibraryPath) -> Option<Reservation> {
        let key = PathKey::of(path);
        let new = self
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.clone());
        new.then(|| Reservation {
            names: Arc::clone(self),
            key,
        })
    }

    /// As [`Self::reserve`], for a name whose stem nobody else must be about to use either.
    pub(crate) fn reserve_alone(
        self: &Arc<Self>,
        path: &LibraryPath,
        stem: &Stem,
    ) -> Option<Reservation> {
        let key = PathKey::of(path);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if stem.is_among(&taken) {
            return None;
        }
        taken.insert(key.clone()).then(|| Reservation {
            names: Arc::clone(self),
            key,
        })
    }

    /// Whether somebody is about to use a name of this stem.
    pub(crate) fn is_stem_taken(&self, stem: &Stem) -> bool {
        stem.is_among(&self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn is_taken(&self, path: &LibraryPath) -> bool {
        let key = PathKey::of(path);
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&key)
    }
}

/// The names of a folder that a file and those of its group may have, besides their marks: each range is from the first one
/// up to, not including, the second one.
pub(crate) struct Stem(pub(crate) Vec<(PathKey, PathKey)>);

impl Stem {
    /// The names with a file's stem.
    pub(crate) fn of(path: &LibraryPath) -> Self {
        let name = GroupName::of(path.name());
        let mut beginnings = name.beginnings(path.name());
        if beginnings.is_empty() {
            beginnings.push(path.name()[..name.stem_end()].to_owned());
        }
        let ranges = beginnings.iter().filter_map(|beginning| {
            let spelled = match path.folder() {
                "" => LibraryPath::parse(beginning),
                folder => LibraryPath::parse(&format!("{folder}/{beginning}")),
            };
            let mut from = PathKey::of(&spelled.ok()?);
            let mut to = from.clone();
            from.name.push('.');
            // It follows the dot in ASCII.
            to.name.push('/');
            Some((from, to))
        });
        Self(ranges.collect())
    }

    fn is_among(&self, taken: &BTreeSet<PathKey>) -> bool {
        let mut ranges = self.0.iter();
        ranges.any(|(from, to)| taken.range(from..to).next().is_some())
    }
}

impl Reservation {
    pub(crate) fn key(&self) -> &PathKey {
        &self.key
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.names
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.key);
    }
}

/// What is being stored, by something that is to be one photo's, or one group's, affair at a time: the same bytes at the
/// same time are stored one after the other, so that the second sees the first.
pub(crate) struct Flights<K = ContentHash> {
    air: Mutex<Air<K>>,
    landed: Condvar,
}

struct Air<K> {
    busy: HashSet<K>,
    /// How many wait for somebody to land.
    waiting: usize,
}

/// Nobody else stores anything of these keys while this lives.
pub(crate) struct Flight<K: Eq + Hash = ContentHash> {
    flights: Arc<Flights<K>>,
    keys: Vec<K>,
}

impl<K> Default for Flights<K> {
    fn default() -> Self {
        Self {
            air: Mutex::new(Air {
                busy: HashSet::new(),
                waiting: 0,
            }),
            landed: Condvar::new(),
        }
    }
}

impl<K> Flights<K> {
    fn air(&self) -> MutexGuard<'_, Air<K>> {
        self.air.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash + Clone> Flights<K> {
    /// Waits until nobody is storing anything of this key.
    pub(crate) fn enter(self: &Arc<Self>, key: K) -> Flight<K> {
        self.enter_all(vec![key])
    }

    /// Waits until nobody is storing anything of these keys: all are taken at once, so that no two wait for each other.
    pub(crate) fn enter_all(self: &Arc<Self>, keys: Vec<K>) -> Flight<K> {
        if !keys.is_empty() {
            let mut air = self.air();
            while keys.iter().any(|key| air.busy.contains(key)) {
                air.waiting += 1;
                air = self
                    .landed
                    .wait(air)
                    .unwrap_or_else(PoisonError::into_inner);
                air.waiting -= 1;
            }
            air.busy.extend(keys.iter().cloned());
        }
        Flight {
            flights: Arc::clone(self),
            keys,
        }
    }

    /// `None` while somebody is storing something of this key.
    pub(crate) fn try_enter(self: &Arc<Self>, key: K) -> Option<Flight<K>> {
        let new = self.air().busy.insert(key.clone());
        new.then(|| Flight {
            flights: Arc::clone(self),
            keys: vec![key],
        })
    }
}

impl<K: Eq + Hash> Drop for Flight<K> {
    fn drop(&mut self) {
        if self.keys.is_empty() {
            return;
        }
        let mut air = self.flights.air();
        for key in &self.keys {
            air.busy.remove(key);
        }
        if air.waiting > 0 {
            self.flights.landed.notify_all();
        }
    }
}
