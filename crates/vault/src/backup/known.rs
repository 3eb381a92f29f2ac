//! Which blobs need not be stored.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use crate::format::id::Id;

/// Blobs that the repository has, or that are on their way there in this run.
#[derive(Default)]
pub(crate) struct Known(Mutex<Sets>);

#[derive(Default)]
struct Sets {
    /// Named by the newest snapshot, or by packs of a run that was broken off.
    before: HashSet<Id>,
    /// Packed in this run.
    now: HashSet<Id>,
    /// Found missing or damaged by a verification: whatever names them, they are stored again.
    damaged: HashSet<Id>,
}

impl Known {
    /// `damaged` are never taken for known until they are stored again.
    pub(crate) fn new(damaged: HashSet<Id>) -> Self {
        Self(Mutex::new(Sets {
            damaged,
            ..Sets::default()
        }))
    }

    /// Adds blobs that the repository has.
    pub(crate) fn add(&self, ids: impl Iterator<Item = Id>) {
        let mut sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Sets {
            before, damaged, ..
        } = &mut *sets;
        before.extend(ids.filter(|id| !damaged.contains(id)));
    }

    /// Whether the blob must be stored. Asked for the second time it need not: the first who asked stores it.
    pub(crate) fn is_new(&self, id: Id) -> bool {
        let mut sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !sets.before.contains(&id) && sets.now.insert(id)
    }

    /// What the repository had before this run.
    pub(crate) fn into_before(self) -> HashSet<Id> {
        self.0
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .before
    }
}
