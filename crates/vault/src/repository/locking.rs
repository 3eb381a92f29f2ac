//! restic's locks: a shared one during a backup keeps `restic prune` away, and the lock of a `prune` keeps us away.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use super::Repository;
use crate::{
    error::VaultError,
    format::{id::Id, lock::Lock},
    store::{File, Folder},
};

/// When our lock is written anew, far before others take it for stale.
const RENEW_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// In the state folder: the lock that is ours, so that one left by a crash is removed by the next run.
const KEPT: &str = "lock-in-repository";

/// Our lock, as long as it lives. [`LockGuard::release`] it; a drop does so too, without telling of trouble.
pub(crate) struct LockGuard<'a> {
    repository: &'a Repository,
    kept: PathBuf,
    current: Mutex<(Id, Timestamp)>,
    released: bool,
}

impl<'a> LockGuard<'a> {
    /// Takes a shared lock.
    ///
    /// # Errors
    ///
    /// [`VaultError::Locked`] if somebody works on the repository alone.
    pub(crate) fn take(repository: &'a Repository, state: &Path) -> Result<Self, VaultError> {
        let kept = state.join(KEPT);
        if let Some(left) = fs::read_to_string(&kept)
            .ok()
            .and_then(|text| text.trim().parse().ok())
        {
            remove(repository, left)?;
        }
        refuse_if_exclusive(repository, None)?;
        let now = repository.clock.now();
        let id = write(repository, &kept, now)?;
        let guard = Self {
            repository,
            kept,
            current: Mutex::new((id, now)),
            released: false,
        };
        // Both may have looked at the same time: look again now that ours can be seen, as restic does.
        refuse_if_exclusive(repository, Some(id))?;
        Ok(guard)
    }

    /// Writes the lock anew if it is time to.
    pub(crate) fn renew(&self) -> Result<(), VaultError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.repository.clock.now();
        if now.duration_since(current.1) < RENEW_AFTER {
            return Ok(());
        }
        let old = current.0;
        *current = (write(self.repository, &self.kept, now)?, now);
        remove(self.repository, old)
    }

    /// Removes the lock.
    pub(crate) fn release(mut self) -> Result<(), VaultError> {
        self.released = true;
        self.remove_current()
    }

    fn remove_current(&self) -> Result<(), VaultError> {
        let id = self
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        remove(self.repository, id)?;
        // If it stays, the next run removes a lock that is not there, which is no error.
        drop(fs::remove_file(&self.kept));
        Ok(())
    }
}

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        if !self.released {
            // The backup has failed already and tells why; the next run removes what stays.
            drop(self.remove_current());
        }
    }
}

fn write(repository: &Repository, kept: &Path, now: Timestamp) -> Result<Id, VaultError> {
    let lock = Lock {
        time: now.to_string(),
        exclusive: false,
        hostname: gethostname::gethostname().to_string_lossy().into_owned(),
        username: "safelight".to_owned(),
        pid: std::process::id(),
    };
    let id = repository.write_json(Folder::Locks, &lock)?;
    repository
        .store
        .flush()
        .map_err(|error| repository.store_error(error))?;
    crate::state::replace_file(kept, id.to_string().as_bytes()).map_err(|error| {
        VaultError::Io {
            url: repository.url.clone(),
            attempt: format!("Writing {}", kept.display()),
            reason: error.to_string(),
        }
    })?;
    Ok(id)
}

fn remove(repository: &Repository, id: Id) -> Result<(), VaultError> {
    let removed = repository.store.remove(File::In(Folder::Locks, id));
    removed.map_err(|error| repository.store_error(error))
}

fn refuse_if_exclusive(repository: &Repository, ours: Option<Id>) -> Result<(), VaultError> {
    let locks = repository
        .store
        .list(Folder::Locks)
        .map_err(|error| repository.store_error(error))?;
    for (id, _) in locks.into_iter().filter(|(id, _)| Some(*id) != ours) {
        match repository.read_json::<Lock>(Folder::Locks, id) {
            Ok(lock) if lock.exclusive && lock.is_fresh(repository.clock.now()) => {
                return Err(VaultError::Locked {
                    url: repository.url.clone(),
                    by: format!("{} (process {})", lock.hostname, lock.pid),
                    since: lock.time,
                });
            }
            Ok(_) => {}
            // Gone between the two looks, or half a lock of a store that shows unfinished files: restic ignores
            // these too.
            Err(VaultError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
