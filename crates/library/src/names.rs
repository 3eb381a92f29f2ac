//! Who is about to use a name, and who is about to store which bytes: the short time between looking and committing.

use std::{
    collections::HashSet,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use safelight_core::{ContentHash, LibraryPath};

use crate::stored::PathKey;

/// The names that uploads have chosen and not yet committed.
#[derive(Default)]
pub(crate) struct Names {
    taken: Mutex<HashSet<PathKey>>,
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

    pub(crate) fn is_taken(&self, path: &LibraryPath) -> bool {
        let key = PathKey::of(path);
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&key)
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

/// The bytes that are being stored: the same bytes at the same time are stored one after the other, so that the second
/// sees the first.
#[derive(Default)]
pub(crate) struct Flights {
    air: Mutex<Air>,
    landed: Condvar,
}

#[derive(Default)]
struct Air {
    busy: HashSet<ContentHash>,
    /// How many wait for somebody to land.
    waiting: usize,
}

/// Nobody else stores these bytes while this lives.
pub(crate) struct Flight {
    flights: Arc<Flights>,
    hash: ContentHash,
}

impl Flights {
    /// Waits until nobody is storing these bytes.
    pub(crate) fn enter(self: &Arc<Self>, hash: ContentHash) -> Flight {
        let mut air = self.air();
        while !air.busy.insert(hash) {
            air.waiting += 1;
            air = self
                .landed
                .wait(air)
                .unwrap_or_else(PoisonError::into_inner);
            air.waiting -= 1;
        }
        Flight {
            flights: Arc::clone(self),
            hash,
        }
    }

    fn air(&self) -> MutexGuard<'_, Air> {
        self.air.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` while somebody is storing these bytes.
    pub(crate) fn try_enter(self: &Arc<Self>, hash: ContentHash) -> Option<Flight> {
        let new = self.air().busy.insert(hash);
        new.then(|| Flight {
            flights: Arc::clone(self),
            hash,
        })
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut air = self.flights.air();
        air.busy.remove(&self.hash);
        if air.waiting > 0 {
            self.flights.landed.notify_all();
        }
    }
}
