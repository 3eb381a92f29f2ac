//! Takes packs that a destination has lost or damaged out of its index, once everything that they held lies in others. What
//! lies in no other is told and stays named, so that nothing is lost in silence. An index that names packs that are gone
//! makes `restic check` complain, and `restic restore` look for photos where they are no more.

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
        index::{BlobKind, IndexFile, IndexPack},
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

/// What mending came to.
#[derive(Default)]
pub(crate) struct Mended {
    /// Blobs of photos that lie in no sound pack. They are noted as damaged.
    pub(crate) lost: u64,
    /// Why it was not finished; what was noted stays.
    pub(crate) trouble: Option<VaultError>,
}

/// Writes index files without the packs of which that was noted, and removes those that they stand in for. New ones are
/// there, read again, before an old one goes: whenever this ends, everything that can be found through the index before
/// can be found after. A pack stays named while one of its blobs lies in no sound pack; such blobs of photos are noted as
/// damaged, so that the next backup of these stores them anew. The packs in `proved` are there, whatever the store lists.
///
/// The lock becomes exclusive: who reads the index meanwhile might miss both. If another program is at work, this waits for
/// the next backup, and so it does when `cancel` says so.
pub(crate) fn run(
    repository: &Repository,
    state: &Path,
    proved: &HashSet<Id>,
    guard: &LockGuard<'_>,
    cancel: &(dyn Fn() -> bool + Sync),
    monitor: &dyn Monitor,
) -> Mended {
    let mut mended = Mended::default();
    let work = Mending {
        repository,
        state,
        proved,
        guard,
        cancel,
        monitor,
    };
    mended.trouble = work.run(&mut mended.lost).err();
    mended
}

struct Mending<'a> {
    repository: &'a Repository,
    state: &'a Path,
    proved: &'a HashSet<Id>,
    guard: &'a LockGuard<'a>,
    cancel: &'a (dyn Fn() -> bool + Sync),
    monitor: &'a dyn Monitor,
}

impl Mending<'_> {
    fn run(&self, lost: &mut u64) -> Result<(), VaultError> {
        let due = due(self.state);
        if !due.try_exists().map_err(|error| self.noted(&error))? {
            return Ok(());
        }
        let damaged = damage::read_ids(&due).map_err(|error| self.noted(&error))?;
        if !self.guard.be_alone()? {
            self.monitor.note(
                "Another program works on the repository, so its index still names packs that are lost; the next backup tries again",
            );
            return Ok(());
        }
        let Some(mut survey) = Survey::make(self, &damaged)? else {
            return Ok(());
        };
        survey.salvage(self.repository, self.guard)?;
        let unknown = self.note_lost(&survey, lost)?;
        if !self.rewrite(&survey)? {
            return Ok(());
        }
        if unknown {
            // Told once more by the next backup, in case nobody lives to hear of it now.
            return Ok(());
        }
        fs::remove_file(due).map_err(|error| self.noted(&error))
    }

    /// Notes the blobs of photos that are lost, before anything is taken out of the index. Whether one was not known.
    fn note_lost(&self, survey: &Survey, lost: &mut u64) -> Result<bool, VaultError> {
        let blobs = survey.nowhere_else.iter();
        let found: HashSet<Id> = blobs
            .filter(|(kind, _)| *kind == BlobKind::Data)
            .map(|(_, id)| *id)
            .collect();
        let known = damage::read(self.state).map_err(|error| self.noted(&error))?;
        damage::add(self.state, &found).map_err(|error| self.noted(&error))?;
        *lost = found.len() as u64;
        if !found.is_empty() {
            self.monitor.note(&format!(
                "{lost} pieces of photos at {} are lost with their packs; the photos are to be stored again",
                self.repository.url
            ));
        }
        Ok(!found.is_subset(&known))
    }

    /// `false` if it was broken off.
    fn rewrite(&self, survey: &Survey) -> Result<bool, VaultError> {
        let lost = survey.lost();
        let mut superseded = Vec::new();
        for (file, packs) in &lost {
            if (self.cancel)() {
                return Ok(false);
            }
            self.guard.renew()?;
            let mut index: IndexFile = self.repository.read_json(Folder::Index, *file)?;
            index.packs.retain(|pack| !packs.contains(&pack.id));
            // Where the old file could not be removed, what stands in for it is there since then.
            let is_named = |pack: &IndexPack| survey.is_named_beside(pack, &lost);
            if !index.packs.iter().all(is_named) {
                write_index(self.repository, index.packs)?;
            }
            superseded.push(*file);
        }
        for file in superseded {
            if (self.cancel)() {
                return Ok(false);
            }
            self.guard.renew()?;
            self.repository
                .store
                .remove(File::In(Folder::Index, file))
                .map_err(|error| self.repository.store_error(error))?;
        }
        Ok(true)
    }

    fn noted(&self, error: &io::Error) -> VaultError {
        VaultError::Io {
            url: self.repository.url.clone(),
            attempt: format!(
                "Looking in {} for what is to be mended",
                self.state.display()
            ),
            reason: error.to_string(),
        }
    }
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
        format::pack::PackBuilder,
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
