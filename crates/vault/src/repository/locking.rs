//! restic's locks: a shared one during a backup keeps `restic prune` away, and the lock of a `prune` keeps us away. What
//! takes something away that others may be reading needs a lock that is exclusive.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use jiff::{SignedDuration, Timestamp};

use super::Repository;
use crate::{
    error::VaultError,
    format::{file, id::Id, lock::Lock},
    store::{File, Folder},
};

/// When our lock is written anew, far before others take it for stale.
const RENEW_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// In the state folder: the locks that are ours, so that one left by a crash is removed by the next run.
const KEPT: &str = "lock-in-repository";

/// Our lock, as long as it lives. [`LockGuard::release`] it; a drop does so too, without telling of trouble.
pub(crate) struct LockGuard<'a> {
    repository: &'a Repository,
    kept: PathBuf,
    current: Mutex<Current>,
    released: bool,
}

/// The lock file that is ours now.
#[derive(Clone, Copy)]
struct Current {
    id: Id,
    written: Timestamp,
    exclusive: bool,
}

impl<'a> LockGuard<'a> {
    /// Takes a shared lock, and does a first piece of work: when it is sure that nobody works on the repository alone, a
    /// long line has brought the answer to that, too.
    ///
    /// # Errors
    ///
    /// [`VaultError::Locked`] if somebody works on the repository alone; the work's own.
    pub(crate) fn take<T: Send>(
        repository: &'a Repository,
        state: &Path,
        work: impl FnOnce() -> Result<T, VaultError>,
    ) -> Result<(Self, T), VaultError> {
        let kept = state.join(KEPT);
        remove_kept(repository, &kept)?;
        refuse_if_exclusive(repository, None)?;
        let current = write(repository, &kept, false, None)?;
        let guard = Self {
            repository,
            kept,
            current: Mutex::new(current),
            released: false,
        };
        // Both may have looked at the same time: look again now that ours can be seen, as restic does.
        let (worked, alone) = thread::scope(|scope| {
            let alone = scope.spawn(|| refuse_if_exclusive(repository, Some(current.id)));
            (work(), alone.join())
        });
        alone.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok((guard, worked?))
    }

    /// Makes the lock exclusive. `false` if somebody else is at work on the repository; there is nothing to be done alone
    /// then, and the lock is to be released.
    pub(crate) fn be_alone(&self) -> Result<bool, VaultError> {
        let shared = lock(&self.current).id;
        if others(self.repository, Some(shared))?.next().is_some() {
            return Ok(false);
        }
        self.write_anew(true)?;
        // As when it was taken.
        let exclusive = lock(&self.current).id;
        Ok(others(self.repository, Some(exclusive))?.next().is_none())
    }

    /// Writes the lock anew if it is time to.
    pub(crate) fn renew(&self) -> Result<(), VaultError> {
        let Current {
            written, exclusive, ..
        } = *lock(&self.current);
        if self.repository.clock.now().duration_since(written) < RENEW_AFTER {
            return Ok(());
        }
        self.write_anew(exclusive)
    }

    fn write_anew(&self, exclusive: bool) -> Result<(), VaultError> {
        let mut current = lock(&self.current);
        let old = current.id;
        *current = write(self.repository, &self.kept, exclusive, Some(old))?;
        remove(self.repository, old)
    }

    /// Removes the lock.
    pub(crate) fn release(mut self) -> Result<(), VaultError> {
        self.released = true;
        remove_kept(self.repository, &self.kept)
    }
}

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        if !self.released {
            // The backup has failed already and tells why; the next run removes what stays.
            drop(remove_kept(self.repository, &self.kept));
        }
    }
}

fn lock(current: &Mutex<Current>) -> MutexGuard<'_, Current> {
    current.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a lock file. Its name is kept before it is there, beside that of the lock `before` it: whenever this ends, the
/// next run can remove both.
fn write(
    repository: &Repository,
    kept: &Path,
    exclusive: bool,
    before: Option<Id>,
) -> Result<Current, VaultError> {
    let written = repository.clock.now();
    let lock = Lock {
        time: written.to_string(),
        exclusive,
        hostname: gethostname::gethostname().to_string_lossy().into_owned(),
        username: "safelight".to_owned(),
        pid: std::process::id(),
    };
    let sealed = file::seal_plain_json(&repository.cipher, &lock, repository.entropy.as_ref());
    let id = Id::of(&sealed);
    let names: Vec<String> = [Some(id), before]
        .iter()
        .flatten()
        .map(Id::to_string)
        .collect();
    crate::state::replace_file(kept, names.join("\n").as_bytes()).map_err(|error| {
        VaultError::Io {
            url: repository.url.clone(),
            attempt: format!("Writing {}", kept.display()),
            reason: error.to_string(),
        }
    })?;
    repository
        .store
        .write(File::In(Folder::Locks, id), &sealed.into())
        .and_then(|()| repository.store.flush())
        .map_err(|error| repository.store_error(error))?;
    Ok(Current {
        id,
        written,
        exclusive,
    })
}

/// Removes the locks that are ours.
fn remove_kept(repository: &Repository, kept: &Path) -> Result<(), VaultError> {
    // Whatever is wrong with this file: a lock that stays is stale in half an hour.
    for ours in fs::read_to_string(kept).unwrap_or_default().lines() {
        if let Ok(ours) = ours.parse() {
            remove(repository, ours)?;
        }
    }
    // If it stays, the next run removes locks that are not there, which is no error.
    drop(fs::remove_file(kept));
    Ok(())
}

fn remove(repository: &Repository, id: Id) -> Result<(), VaultError> {
    let removed = repository.store.remove(File::In(Folder::Locks, id));
    removed.map_err(|error| repository.store_error(error))
}

fn refuse_if_exclusive(repository: &Repository, ours: Option<Id>) -> Result<(), VaultError> {
    match others(repository, ours)?.find(|lock| lock.exclusive) {
        Some(lock) => Err(VaultError::Locked {
            url: repository.url.clone(),
            by: format!("{} (process {})", lock.hostname, lock.pid),
            since: lock.time,
        }),
        None => Ok(()),
    }
}

/// The locks of others that still forbid something.
fn others(
    repository: &Repository,
    ours: Option<Id>,
) -> Result<impl Iterator<Item = Lock>, VaultError> {
    let mut found = Vec::new();
    let locks = repository
        .store
        .list(Folder::Locks)
        .map_err(|error| repository.store_error(error))?;
    for (id, _) in locks.into_iter().filter(|(id, _)| Some(*id) != ours) {
        match repository.read_json::<Lock>(Folder::Locks, id) {
            Ok(lock) => found.push(lock),
            // Gone between the two looks, or half a lock of a store that shows unfinished files: restic ignores
            // these too.
            Err(VaultError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let now = repository.clock.now();
    found.retain(|lock| lock.is_fresh(now));
    Ok(found.into_iter())
}
