//! Takes packs that a destination has lost or damaged out of its index, once what they held is stored anew. An index that
//! still names them makes `restic check` complain, and `restic restore` look for photos where they are no more.

mod salvage;
mod survey;

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use survey::Survey;

use crate::{
    Monitor, damage,
    error::VaultError,
    format::{
        id::Id,
        index::{IndexFile, IndexPack},
    },
    repository::{LockGuard, Repository},
    store::{File, Folder},
};

/// In the state folder as long as the index is to be looked through: the blobs that were found damaged.
fn due(state: &Path) -> PathBuf {
    state.join("index-to-mend")
}

/// Notes that the index names packs that are lost, or that hold one of these blobs damaged. What is noted survives until
/// [`run`] has done its work.
pub(crate) fn note(state: &Path, damaged: &HashSet<Id>) -> io::Result<()> {
    let mut all = damage::read_ids(&due(state))?;
    all.extend(damaged);
    damage::write_ids(&due(state), &all)
}

/// Writes index files without the packs of which that was noted, and removes those that they stand in for. New ones are
/// there, read again, before an old one goes: whenever this ends, everything that can be found through the index before
/// can be found after.
///
/// The lock becomes exclusive: who reads the index meanwhile might miss both. If another program is at work, this waits for
/// the next backup.
pub(crate) fn run(
    repository: &Repository,
    state: &Path,
    guard: &LockGuard<'_>,
    monitor: &dyn Monitor,
) -> Result<(), VaultError> {
    let failed = |attempt: String, reason: String| VaultError::Io {
        url: repository.url.clone(),
        attempt,
        reason,
    };
    let noted = |error: io::Error| {
        let attempt = format!("Looking in {} for what is to be mended", state.display());
        failed(attempt, error.to_string())
    };
    if !due(state).try_exists().map_err(noted)? {
        return Ok(());
    }
    let damaged = damage::read_ids(&due(state)).map_err(noted)?;
    match mend(repository, &damaged, guard, monitor) {
        Ok(true) => fs::remove_file(due(state)).map_err(noted),
        Ok(false) => {
            monitor.note(
                "Another program works on the repository, so its index still names packs that are lost; the next backup tries again",
            );
            Ok(())
        }
        // The new snapshot is whole, whatever is found here: no reason to take it for lost.
        Err(VaultError::Damaged { what, .. }) => Err(failed("Mending the index".to_owned(), what)),
        Err(error) => Err(error),
    }
}

/// `false` if another program is at work.
fn mend(
    repository: &Repository,
    damaged: &HashSet<Id>,
    guard: &LockGuard<'_>,
    monitor: &dyn Monitor,
) -> Result<bool, VaultError> {
    if !guard.be_alone()? {
        return Ok(false);
    }
    let mut survey = Survey::make(repository, damaged, guard, monitor)?;
    survey.salvage(repository, guard)?;
    let mut superseded = Vec::new();
    for (file, packs) in survey.lost() {
        guard.renew()?;
        let mut index: IndexFile = repository.read_json(Folder::Index, file)?;
        index.packs.retain(|pack| !packs.contains(&pack.id));
        if !index.packs.is_empty() {
            write_index(repository, index.packs)?;
        }
        superseded.push(file);
    }
    for file in superseded {
        repository
            .store
            .remove(File::In(Folder::Index, file))
            .map_err(|error| repository.store_error(error))?;
    }
    Ok(true)
}

/// Writes an index file and reads it again.
fn write_index(repository: &Repository, packs: Vec<IndexPack>) -> Result<(), VaultError> {
    let id = repository.write_json(Folder::Index, &IndexFile { packs })?;
    let file = File::In(Folder::Index, id);
    let store_error = |error| repository.store_error(error);
    repository.store.flush().map_err(store_error)?;
    if Id::of(&repository.store.read(file).map_err(store_error)?) == id {
        return Ok(());
    }
    repository.store.remove(file).map_err(store_error)?;
    Err(repository.damaged(format!(
        "{} held other bytes than were written",
        file.path()
    )))
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    use bytes::Bytes;

    use super::*;
    use crate::{
        RepositoryPassword,
        format::{index::BlobKind, pack::PackBuilder},
        repository::{self, BlobIndex},
        store::{LocalStore, Store, StoreError},
        testing::{SeededEntropy, SteppingClock},
    };

    /// A store whose index is written anew by somebody else, right after it was listed for the first time.
    struct WrittenAnew {
        inner: LocalStore,
        theirs: Repository,
        done: AtomicBool,
    }

    impl Store for WrittenAnew {
        fn prepare(&self) -> Result<(), StoreError> {
            self.inner.prepare()
        }
        fn list(&self, folder: Folder) -> Result<Vec<(Id, u64)>, StoreError> {
            let listed = self.inner.list(folder)?;
            if folder == Folder::Index && !self.done.swap(true, Ordering::Relaxed) {
                for (file, _) in &listed {
                    let index: IndexFile = self.theirs.read_json(folder, *file).unwrap();
                    write_index(&self.theirs, index.packs).unwrap();
                    self.inner.remove(File::In(folder, *file))?;
                }
            }
            Ok(listed)
        }
        fn size(&self, file: File) -> Result<Option<u64>, StoreError> {
            self.inner.size(file)
        }
        fn read(&self, file: File) -> Result<Vec<u8>, StoreError> {
            self.inner.read(file)
        }
        fn read_range(
            &self,
            file: File,
            offset: u64,
            length: usize,
        ) -> Result<Vec<u8>, StoreError> {
            self.inner.read_range(file, offset, length)
        }
        fn write(&self, file: File, bytes: &Bytes) -> Result<(), StoreError> {
            self.inner.write(file, bytes)
        }
        fn flush(&self) -> Result<(), StoreError> {
            self.inner.flush()
        }
        fn remove(&self, file: File) -> Result<(), StoreError> {
            self.inner.remove(file)
        }
        fn parallel(&self) -> usize {
            self.inner.parallel()
        }
    }

    #[test]
    fn who_reads_the_index_while_it_is_written_anew_finds_everything() {
        let folder = tempfile::tempdir().unwrap();
        let (place, state) = (folder.path().join("offsite"), folder.path().join("state"));
        let password = RepositoryPassword::new("p");
        let clock = Arc::new(SteppingClock::new());
        let entropy = Arc::new(SeededEntropy::new(0));
        let theirs = repository::create(
            Arc::new(LocalStore::new(&place)),
            "test",
            &password,
            &state,
            clock.clone(),
            entropy.clone(),
        )
        .unwrap();
        let photos = [b"one", b"two", b"six"];
        for photo in photos {
            let mut pack = PackBuilder::new(BlobKind::Data, Vec::new());
            let id = Id::of(photo);
            pack.add(id, photo, None, &theirs.cipher, theirs.entropy.as_ref());
            let sealed = pack.seal(&theirs.cipher, theirs.entropy.as_ref());
            write_index(&theirs, vec![sealed.index]).unwrap();
        }
        let store = WrittenAnew {
            inner: LocalStore::new(&place),
            theirs,
            done: AtomicBool::new(false),
        };
        let ours = repository::open(Arc::new(store), "test", &password, &state, clock, entropy);
        let index = BlobIndex::load(&ours.unwrap(), |_| true, None).unwrap();
        for photo in photos {
            assert_eq!(index.places(BlobKind::Data, Id::of(photo)).count(), 1);
        }
    }
}
