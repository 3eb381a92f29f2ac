//! Backups over a store that fails. At every single operation, in every way that a store can fail: whatever is
//! reported as stored can be restored.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use safelight_core::{AssetId, ContentHash, LibraryPath, Timestamp};

use crate::{
    Backup, BackupReport, NewFile, RepositoryPassword, Restore, Vault, VaultError, Verify,
    VerifyOutcome,
    format::{
        id::Id,
        index::{BlobKind, IndexFile, IndexPack},
    },
    repository,
    store::{File, Folder, LocalStore, Store, StoreError, Trouble},
    testing::{SeededEntropy, SteppingClock},
};

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It says so.
    Error(Trouble),
    /// It says so, and has done its work.
    LateError,
    /// A write says that all is well and has written nothing.
    Drop,
    /// A write says that all is well and has written half.
    Truncate,
    /// A write says that all is well and has changed a bit; a read returns a changed bit.
    Flip,
}

/// A store that fails at its n-th operation, and from then on if it is `for_good`.
struct Faulty {
    inner: LocalStore,
    fault: Fault,
    at: u64,
    for_good: bool,
    operations: AtomicU64,
}

impl Faulty {
    /// The fault, if this operation has one.
    fn next(&self) -> Option<Fault> {
        let number = self.operations.fetch_add(1, Ordering::Relaxed);
        (number == self.at || (self.for_good && number > self.at)).then_some(self.fault)
    }

    fn error(&self) -> StoreError {
        StoreError {
            trouble: match self.fault {
                Fault::Error(trouble) => trouble,
                _ => Trouble::Other,
            },
            attempt: "Testing".to_owned(),
            reason: "a fault that was ordered".to_owned(),
        }
    }

    fn simple<T>(
        &self,
        operation: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.next() {
            Some(Fault::Error(_)) => Err(self.error()),
            Some(Fault::LateError) => operation().and(Err(self.error())),
            _ => operation(),
        }
    }

    fn reading(
        &self,
        read: impl FnOnce() -> Result<Vec<u8>, StoreError>,
    ) -> Result<Vec<u8>, StoreError> {
        match self.next() {
            Some(Fault::Error(_) | Fault::LateError) => Err(self.error()),
            Some(Fault::Flip) => read().map(|mut bytes| {
                let middle = bytes.len() / 2;
                if let Some(byte) = bytes.get_mut(middle) {
                    *byte ^= 1;
                }
                bytes
            }),
            _ => read(),
        }
    }
}

impl Store for Faulty {
    fn prepare(&self) -> Result<(), StoreError> {
        self.inner.prepare()
    }
    fn list(&self, folder: Folder) -> Result<Vec<(Id, u64)>, StoreError> {
        self.simple(|| self.inner.list(folder))
    }
    fn size(&self, file: File) -> Result<Option<u64>, StoreError> {
        self.simple(|| self.inner.size(file))
    }
    fn read(&self, file: File) -> Result<Vec<u8>, StoreError> {
        self.reading(|| self.inner.read(file))
    }
    fn read_range(&self, file: File, offset: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        self.reading(|| self.inner.read_range(file, offset, length))
    }
    fn write(&self, file: File, bytes: &Bytes) -> Result<(), StoreError> {
        match self.next() {
            Some(Fault::Error(_)) => Err(self.error()),
            Some(Fault::LateError) => self.inner.write(file, bytes).and(Err(self.error())),
            Some(Fault::Drop) => Ok(()),
            Some(Fault::Truncate) => self.inner.write(file, &bytes.slice(..bytes.len() / 2)),
            Some(Fault::Flip) => {
                let mut changed = bytes.to_vec();
                changed[bytes.len() / 2] ^= 1;
                self.inner.write(file, &Bytes::from(changed))
            }
            None => self.inner.write(file, bytes),
        }
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.simple(|| self.inner.flush())
    }
    fn remove(&self, file: File) -> Result<(), StoreError> {
        self.simple(|| self.inner.remove(file))
    }
    fn parallel(&self) -> usize {
        2
    }
}

/// What a store refuses or hides for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bounds {
    /// Nothing can be removed, as where a key may only add. `None`: from no folder at all.
    NoRemoving(Option<Folder>),
    /// No listing has any pack, as where listings lag behind.
    NoListing,
}

/// A store that is whole, within bounds.
struct Bounded {
    inner: LocalStore,
    bounds: Bounds,
}

impl Store for Bounded {
    fn prepare(&self) -> Result<(), StoreError> {
        self.inner.prepare()
    }
    fn list(&self, folder: Folder) -> Result<Vec<(Id, u64)>, StoreError> {
        if (self.bounds, folder) == (Bounds::NoListing, Folder::Data) {
            return Ok(Vec::new());
        }
        self.inner.list(folder)
    }
    fn size(&self, file: File) -> Result<Option<u64>, StoreError> {
        self.inner.size(file)
    }
    fn read(&self, file: File) -> Result<Vec<u8>, StoreError> {
        self.inner.read(file)
    }
    fn read_range(&self, file: File, offset: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        self.inner.read_range(file, offset, length)
    }
    fn write(&self, file: File, bytes: &Bytes) -> Result<(), StoreError> {
        self.inner.write(file, bytes)
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.inner.flush()
    }
    fn remove(&self, file: File) -> Result<(), StoreError> {
        let refused = match (self.bounds, file) {
            (Bounds::NoRemoving(Some(only)), File::In(folder, _)) => folder == only,
            (Bounds::NoRemoving(None), _) => true,
            _ => false,
        };
        if !refused {
            return self.inner.remove(file);
        }
        Err(StoreError {
            trouble: Trouble::Denied,
            attempt: "Testing".to_owned(),
            reason: "removing is refused".to_owned(),
        })
    }
    fn parallel(&self) -> usize {
        2
    }
}

struct Bench {
    folder: tempfile::TempDir,
    clock: Arc<SteppingClock>,
    entropy: Arc<SeededEntropy>,
    files: BTreeMap<i64, NewFile>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Self {
            folder,
            clock: Arc::new(SteppingClock::new()),
            entropy: Arc::new(SeededEntropy::new(1)),
            files: BTreeMap::new(),
        };
        for number in 1..=4 {
            bench.put(number);
        }
        copy(empty_repository(), bench.folder.path());
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&mut self, number: i64) {
        let bytes = format!("photo {number}").repeat(100 * usize::try_from(number).unwrap());
        let path = LibraryPath::parse(&format!("2024/{:02}/{number}.jpg", number % 3)).unwrap();
        let place = self.path("library").join(path.to_relative());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, &bytes).unwrap();
        let file = NewFile {
            asset: AssetId(number),
            path,
            hash: ContentHash::from_bytes(Id::of(bytes.as_bytes()).0),
            size: bytes.len() as u64,
            modified: Timestamp::UNIX_EPOCH,
        };
        self.files.insert(number, file);
    }

    fn open(&self, store: Arc<dyn Store>) -> Result<Vault, VaultError> {
        let password = RepositoryPassword::new("p");
        let state = self.path("state");
        let opened = repository::open(
            store,
            "test",
            &password,
            &state,
            self.clock.clone(),
            self.entropy.clone(),
        )?;
        Ok(Vault::of(opened, &state))
    }

    fn sound(&self) -> Vault {
        self.open(Arc::new(LocalStore::new(&self.path("offsite"))))
            .unwrap()
    }

    fn backup(&self, vault: &Vault) -> Result<BackupReport, VaultError> {
        let request = Backup {
            library: &self.path("library"),
            files: &mut self.files.values().cloned(),
            continues: None,
            plain_files: &[],
            removed: &[],
            cancel: &|| false,
            enough: &|| false,
        };
        vault.backup(request, &())
    }

    /// Removes a pack of photos, and notices that it is gone.
    fn lose_a_pack(&self) {
        let mut packs = self.indexed().into_iter();
        let pack = packs.find(|pack| pack.blobs[0].kind == BlobKind::Data);
        let file = File::In(Folder::Data, pack.unwrap().id);
        LocalStore::new(&self.path("offsite")).remove(file).unwrap();
        let mut photos = self
            .files
            .values()
            .map(|file| (file.asset, file.path.clone(), file.hash));
        let request = Verify {
            photos: &mut photos,
            read_back: false,
        };
        let report = self.sound().verify(request, &mut |_, _| {}, &()).unwrap();
        assert!(report.damaged > 0, "{report:?}");
    }

    /// The packs that the index names.
    fn indexed(&self) -> Vec<IndexPack> {
        let store = LocalStore::new(&self.path("offsite"));
        let indexes = store.list(Folder::Index).unwrap();
        let (password, state) = (RepositoryPassword::new("p"), self.path("state"));
        let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
        let repository =
            repository::open(Arc::new(store), "test", &password, &state, clock, entropy).unwrap();
        let read = |(file, _)| repository.read_json(Folder::Index, file).unwrap();
        indexes
            .into_iter()
            .map(read)
            .flat_map(|index: IndexFile| index.packs)
            .collect()
    }

    /// Every pack that the index names is there, as long as it should be.
    fn assert_index_is_true(&self, what: &str) {
        let store = LocalStore::new(&self.path("offsite"));
        let packs: BTreeMap<Id, u64> = store.list(Folder::Data).unwrap().into_iter().collect();
        for pack in self.indexed() {
            assert_eq!(packs.get(&pack.id), Some(&pack.file_size()), "{what}");
        }
    }

    fn bounded(&self, bounds: Bounds) -> Vault {
        let inner = LocalStore::new(&self.path("offsite"));
        self.open(Arc::new(Bounded { inner, bounds })).unwrap()
    }

    /// What a report claims can be had back from a sound store, byte for byte.
    fn assert_honest(&self, stored: &[AssetId], what: &str) {
        if stored.is_empty() {
            return;
        }
        let vault = self.sound();
        let paths: Vec<LibraryPath> = stored
            .iter()
            .map(|asset| self.files[&asset.0].path.clone())
            .collect();
        let to = tempfile::tempdir().unwrap();
        let request = Restore {
            snapshot: None,
            paths: &paths,
            also: &[],
            to: to.path(),
        };
        let report = vault
            .restore(&request, &())
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(report.failures, [], "{what}");
        assert_eq!(report.files as usize, stored.len(), "{what}");
        for file in stored.iter().map(|asset| &self.files[&asset.0]) {
            let restored = fs::read(to.path().join(file.path.to_relative())).unwrap();
            let hash = ContentHash::from_bytes(Id::of(&restored).0);
            assert_eq!(hash, file.hash, "{what}: {}", file.path);
        }
    }
}

/// `offsite` and `state` of a new repository. Deriving a key from a password takes long on purpose, so once is enough.
fn empty_repository() -> &'static Path {
    static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("offsite");
        let store: Arc<dyn Store> = Arc::new(LocalStore::new(&place));
        let (password, state) = (RepositoryPassword::new("p"), folder.path().join("state"));
        let (clock, entropy) = (
            Arc::new(SteppingClock::new()),
            Arc::new(SeededEntropy::new(0)),
        );
        repository::create(store, "test", &password, &state, clock, entropy).unwrap();
        // Some programs make these folders only when they need them.
        for empty in fs::read_dir(place.join("data")).unwrap() {
            fs::remove_dir(empty.unwrap().path()).unwrap();
        }
        folder
    });
    made.path()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Whether the store has lost a pack before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    AllIsWell,
    PackLost,
}

/// Runs a backup with a fault at each of its operations in turn, until one needs no more operations.
fn at_every_operation(fault: Fault, for_good: bool, before: Before) {
    let mut bench = Bench::new();
    bench.backup(&bench.sound()).unwrap();
    if before == Before::PackLost {
        bench.lose_a_pack();
    }
    for number in 5..=7 {
        bench.put(number);
    }
    // The state between two backups, to begin each round with.
    for part in ["offsite", "state"] {
        fs::rename(bench.path(part), bench.path(&format!("{part}-before"))).unwrap();
    }
    for at in 0.. {
        for part in ["offsite", "state"] {
            drop(fs::remove_dir_all(bench.path(part)));
            copy(&bench.path(&format!("{part}-before")), &bench.path(part));
        }
        let faulty = Arc::new(Faulty {
            inner: LocalStore::new(&bench.path("offsite")),
            fault,
            at,
            for_good,
            operations: AtomicU64::new(0),
        });
        let what = format!("{fault:?} at {at}, for good: {for_good}");
        let outcome = bench
            .open(faulty.clone())
            .and_then(|vault| bench.backup(&vault));
        let needed = faulty.operations.load(Ordering::Relaxed);
        match &outcome {
            Ok(report) => {
                assert_eq!(
                    report.stored.len() + report.failed.len(),
                    7,
                    "{what}: every photo is told of"
                );
                bench.assert_honest(&report.stored, &what);
            }
            Err(error) => assert!(
                error.to_string().contains("test"),
                "{what}: names the destination: {error}"
            ),
        }
        // Whatever happened, the four photos of the backup before are still there (a snapshot that was written and
        // not reported may have more), unless the fault wrote rubbish: that is what is found out next.
        if matches!(fault, Fault::Error(_) | Fault::LateError) {
            if before == Before::AllIsWell {
                let kept: Vec<AssetId> = (1..=4).map(AssetId).collect();
                bench.assert_honest(&kept, &what);
            }
            let again = bench
                .backup(&bench.sound())
                .unwrap_or_else(|error| panic!("{what}, and then: {error}"));
            assert_eq!(again.stored.len(), 7, "{what}: the next backup mends it");
            bench.assert_honest(&again.stored, &what);
            bench.assert_index_is_true(&what);
        }
        if needed <= at {
            assert!(at > 15, "a backup has more operations than {at}");
            assert_eq!(outcome.unwrap().stored.len(), 7);
            return;
        }
    }
}

#[test]
fn a_store_that_fails_once() {
    at_every_operation(Fault::Error(Trouble::Unreachable), false, Before::AllIsWell);
}

#[test]
fn a_store_that_fails_from_then_on() {
    at_every_operation(Fault::Error(Trouble::Full), true, Before::AllIsWell);
}

#[test]
fn a_store_that_fails_after_its_work() {
    at_every_operation(Fault::LateError, false, Before::AllIsWell);
}

#[test]
fn a_store_that_loses_what_it_acknowledged() {
    at_every_operation(Fault::Drop, false, Before::AllIsWell);
}

#[test]
fn a_store_that_cuts_what_it_acknowledged() {
    at_every_operation(Fault::Truncate, false, Before::AllIsWell);
}

#[test]
fn a_store_that_lost_a_pack_and_fails_while_that_is_mended() {
    at_every_operation(Fault::Error(Trouble::Unreachable), false, Before::PackLost);
    at_every_operation(Fault::Error(Trouble::Full), true, Before::PackLost);
    at_every_operation(Fault::LateError, false, Before::PackLost);
}

#[test]
fn a_store_that_lost_a_pack_and_refuses_removing_has_the_photos_all_the_same() {
    // Where not even locks can be removed, the one backup that was begun is finished; the next needs its lock removed.
    for (folder, tries) in [(Some(Folder::Index), 3), (None, 1)] {
        let mut bench = Bench::new();
        bench.backup(&bench.sound()).unwrap();
        bench.put(5);
        bench.backup(&bench.sound()).unwrap();
        bench.lose_a_pack();
        let indexes = || {
            let store = LocalStore::new(&bench.path("offsite"));
            store.list(Folder::Index).unwrap().len()
        };
        let vault = bench.bounded(Bounds::NoRemoving(folder));
        let what = format!("{folder:?}");
        let mut grown = Vec::new();
        for _ in 0..tries {
            let report = bench.backup(&vault).unwrap();
            assert_eq!(report.stored.len(), 5, "{what}");
            assert!(report.untidy.unwrap().contains("removing is refused"));
            bench.assert_honest(&report.stored, &what);
            grown.push(indexes());
        }
        assert!(grown.iter().all(|count| *count == grown[0]), "{grown:?}");
        // Once it may be removed, all is well.
        let report = bench.backup(&bench.sound()).unwrap();
        assert_eq!((report.untidy, report.lost), (None, 0), "{what}");
        bench.assert_index_is_true(&what);
    }
}

#[test]
fn a_pack_that_is_there_stays_in_the_index_although_no_listing_shows_it() {
    let bench = Bench::new();
    bench.backup(&bench.sound()).unwrap();
    bench.lose_a_pack();
    let report = bench.backup(&bench.bounded(Bounds::NoListing)).unwrap();
    assert_eq!((report.lost, report.untidy), (0, None));
    bench.assert_honest(&report.stored, "not listed");
    bench.assert_index_is_true("not listed");
}

#[test]
fn a_full_store_and_a_refusing_one_are_named() {
    for (trouble, at) in [
        (Trouble::Full, 12),
        (Trouble::Denied, 12),
        (Trouble::Unreachable, 12),
    ] {
        let bench = Bench::new();
        let faulty = Faulty {
            inner: LocalStore::new(&bench.path("offsite")),
            fault: Fault::Error(trouble),
            at,
            for_good: true,
            operations: AtomicU64::new(0),
        };
        let error = bench
            .backup(&bench.open(Arc::new(faulty)).unwrap())
            .unwrap_err();
        let named = match trouble {
            Trouble::Full => matches!(error, VaultError::Full { .. }),
            Trouble::Denied => matches!(error, VaultError::Denied { .. }),
            _ => matches!(error, VaultError::Unreachable { .. }) && error.is_transient(),
        };
        assert!(named, "{trouble:?}: {error:?}");
    }
}

/// The one fault that only reading everything back can find: a store that changes a pack's bytes and keeps its length.
#[test]
fn a_store_that_changes_bits_is_found_out_by_reading_back() {
    let mut found_out = 0;
    for at in 0..40 {
        let bench = Bench::new();
        let faulty = Faulty {
            inner: LocalStore::new(&bench.path("offsite")),
            fault: Fault::Flip,
            at,
            for_good: false,
            operations: AtomicU64::new(0),
        };
        let Ok(report) = bench
            .open(Arc::new(faulty))
            .and_then(|vault| bench.backup(&vault))
        else {
            found_out += 1;
            continue;
        };
        let vault = bench.sound();
        let claimed: Vec<_> = report
            .stored
            .iter()
            .map(|asset| bench.files[&asset.0].clone())
            .collect();
        let mut good = Vec::new();
        let request = Verify {
            photos: &mut claimed
                .iter()
                .map(|file| (file.asset, file.path.clone(), file.hash)),
            read_back: true,
        };
        vault
            .verify(
                request,
                &mut |asset, outcome| match outcome {
                    VerifyOutcome::Good => good.push(asset),
                    _ => found_out += 1,
                },
                &(),
            )
            .unwrap();
        bench.assert_honest(&good, &format!("flip at {at}"));
        // What was found damaged is stored anew by the next backup, and good then.
        let again = bench.backup(&vault).unwrap();
        bench.assert_honest(&again.stored, &format!("after the flip at {at}"));
        assert_eq!(again.stored.len(), 4);
    }
    assert!(found_out > 4, "{found_out}");
}
