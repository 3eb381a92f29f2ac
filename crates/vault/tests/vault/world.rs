//! A library and a destination in a temporary folder, and the real programs that look at it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use safelight_core::{AssetId, ContentHash, LibraryPath, Timestamp};
use safelight_testkit::{FakeClock, Random, SeededEntropy, tools, tree};
use safelight_vault::{
    Backup, BackupReport, NewFile, RepositoryPassword, Restore, RestoreReport, S3Keys, StoreConfig,
    StoreUrl, Vault, VaultError, Verify, VerifyOutcome, VerifyReport,
};
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) config: StoreConfig,
    /// What was put into the library: path, bytes, asset.
    pub(crate) photos: BTreeMap<String, (Vec<u8>, i64)>,
    next_asset: i64,
}

impl World {
    /// A destination in a folder.
    pub(crate) fn local() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::File(folder.path().join("offsite"));
        Self::at(folder, StoreConfig { url, keys: None })
    }

    /// A destination on a running server.
    pub(crate) fn s3(server: &safelight_testkit::S3Server, prefix: &str) -> Self {
        let config = StoreConfig {
            url: server.destination(prefix).parse().unwrap(),
            keys: Some(S3Keys {
                access_key_id: server.access_key_id.clone(),
                secret_access_key: server.secret_access_key.clone(),
            }),
        };
        Self::at(tempfile::tempdir().unwrap(), config)
    }

    fn at(folder: TempDir, config: StoreConfig) -> Self {
        fs::create_dir(folder.path().join("library")).unwrap();
        Self {
            folder,
            clock: Arc::new(FakeClock::default()),
            config,
            photos: BTreeMap::new(),
            next_asset: 1,
        }
    }

    pub(crate) fn library(&self) -> PathBuf {
        self.folder.path().join("library")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.folder.path().join("offsite")
    }

    pub(crate) fn create(&self) -> Vault {
        let password = RepositoryPassword::new(PASSWORD);
        Vault::create(
            &self.config,
            &password,
            &self.state(),
            self.clock.clone(),
            self.entropy(),
        )
        .unwrap()
    }

    pub(crate) fn open(&self) -> Result<Vault, VaultError> {
        self.open_with(PASSWORD)
    }

    pub(crate) fn open_with(&self, password: &str) -> Result<Vault, VaultError> {
        let password = RepositoryPassword::new(password);
        Vault::open(
            &self.config,
            &password,
            &self.state(),
            self.clock.clone(),
            self.entropy(),
        )
    }

    fn entropy(&self) -> Arc<SeededEntropy> {
        // Nonces must differ between two openings of one test's repository.
        Arc::new(SeededEntropy::new(
            fs::read_dir(self.folder.path()).unwrap().count() as u64 + u64::from(rand()),
        ))
    }

    /// Puts a photo into the library folder.
    pub(crate) fn put(&mut self, path: &str, bytes: &[u8]) -> NewFile {
        let place = self.library().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
        let asset = self.next_asset;
        self.next_asset += 1;
        self.photos.insert(path.to_owned(), (bytes.to_vec(), asset));
        self.file(path)
    }

    /// Puts incompressible photos of random sizes into dated folders.
    pub(crate) fn put_many(&mut self, seed: u64, count: usize, largest: u64) -> Vec<NewFile> {
        let mut random = Random::new(seed);
        (0..count)
            .map(|number| {
                let mut bytes = vec![0; usize::try_from(random.between(1, largest)).unwrap()];
                random.fill(&mut bytes);
                let folder = format!(
                    "20{:02}/{:02}",
                    random.between(20, 24),
                    random.between(1, 12)
                );
                self.put(&format!("{folder}/IMG_{seed}_{number:05}.jpg"), &bytes)
            })
            .collect()
    }

    /// A photo of the library, as the catalogue knows it.
    pub(crate) fn file(&self, path: &str) -> NewFile {
        let (bytes, asset) = &self.photos[path];
        NewFile {
            asset: AssetId(*asset),
            path: LibraryPath::parse(path).unwrap(),
            hash: tree::hash(bytes),
            size: bytes.len() as u64,
            modified: Timestamp::from_second(1_600_000_000 + asset).unwrap(),
        }
    }

    pub(crate) fn all(&self) -> Vec<NewFile> {
        self.photos.keys().map(|path| self.file(path)).collect()
    }

    pub(crate) fn backup(
        &self,
        vault: &Vault,
        files: Vec<NewFile>,
    ) -> Result<BackupReport, VaultError> {
        self.backup_removing(vault, files, &[], &[])
    }

    pub(crate) fn backup_removing(
        &self,
        vault: &Vault,
        files: Vec<NewFile>,
        plain_files: &[String],
        removed: &[&str],
    ) -> Result<BackupReport, VaultError> {
        let removed: Vec<LibraryPath> = removed
            .iter()
            .map(|path| LibraryPath::parse(path).unwrap())
            .collect();
        let request = Backup {
            library: &self.library(),
            files: &mut files.into_iter(),
            continues: None,
            plain_files,
            removed: &removed,
            cancel: &|| false,
            enough: &|| false,
        };
        vault.backup(request, &())
    }

    pub(crate) fn backup_from(
        &self,
        vault: &Vault,
        files: &mut dyn Iterator<Item = NewFile>,
    ) -> Result<BackupReport, VaultError> {
        let request = Backup {
            library: &self.library(),
            files,
            continues: None,
            plain_files: &[],
            removed: &[],
            cancel: &|| false,
            enough: &|| false,
        };
        vault.backup(request, &())
    }

    /// Backs up everything, which must succeed for every photo.
    pub(crate) fn backup_all(&self, vault: &Vault) -> BackupReport {
        let report = self.backup(vault, self.all()).unwrap();
        assert!(report.failed.is_empty(), "{:?}", report.failed);
        assert_eq!(report.stored.len(), self.photos.len());
        report
    }

    pub(crate) fn restore(&self, vault: &Vault, to: &Path, paths: &[&str]) -> RestoreReport {
        let paths: Vec<LibraryPath> = paths
            .iter()
            .map(|path| LibraryPath::parse(path).unwrap())
            .collect();
        let request = Restore {
            snapshot: None,
            paths: &paths,
            also: &[],
            to,
        };
        vault.restore(&request, &()).unwrap()
    }

    /// Restores everything and compares it with what was put in.
    pub(crate) fn assert_restores(&self, vault: &Vault) {
        let to = tempfile::tempdir().unwrap();
        let report = self.restore(vault, to.path(), &[]);
        assert_eq!(report.failures, []);
        self.assert_same(to.path());
        assert_eq!(report.files as usize, self.photos.len());
    }

    pub(crate) fn assert_same(&self, folder: &Path) {
        let wanted: BTreeMap<String, ContentHash> = self
            .photos
            .iter()
            .map(|(path, (bytes, _))| (path.clone(), tree::hash(bytes)))
            .collect();
        let found = tree::hashes(folder).unwrap();
        let differs = |path: &&String| found.get(*path) != wanted.get(*path);
        let different: Vec<&String> = wanted.keys().chain(found.keys()).filter(differs).collect();
        assert!(different.is_empty(), "these differ: {different:?}");
    }

    pub(crate) fn verify(
        &self,
        vault: &Vault,
        read_back: bool,
    ) -> (VerifyReport, BTreeMap<String, VerifyOutcome>) {
        let names: BTreeMap<i64, &String> = self
            .photos
            .iter()
            .map(|(path, (_, asset))| (*asset, path))
            .collect();
        let mut photos = self
            .all()
            .into_iter()
            .map(|file| (file.asset, file.path, file.hash));
        let mut outcomes = BTreeMap::new();
        let request = Verify {
            photos: &mut photos,
            read_back,
        };
        let report = vault
            .verify(
                request,
                &mut |asset, outcome| {
                    let before = outcomes.insert(names[&asset.0].clone(), outcome);
                    assert_eq!(before, None, "a photo is told of once");
                },
                &(),
            )
            .unwrap();
        (report, outcomes)
    }

    /// Runs one of the restics; `None` without it.
    pub(crate) fn restic(&self, program: &str, arguments: &[&str]) -> Option<Output> {
        let restic = tools::require(program)?;
        let mut command = Command::new(restic);
        if let Some(keys) = &self.config.keys {
            command.env("AWS_ACCESS_KEY_ID", &keys.access_key_id);
            command.env("AWS_SECRET_ACCESS_KEY", &keys.secret_access_key);
        }
        if let StoreUrl::S3 {
            region: Some(region),
            ..
        } = &self.config.url
        {
            command.env("AWS_DEFAULT_REGION", region);
        }
        let output = command
            .args(["--no-cache", "-r", &self.config.url.restic_repository()])
            .args(arguments)
            .env("RESTIC_PASSWORD", PASSWORD)
            .output()
            .unwrap();
        Some(output)
    }

    /// As [`Self::restic`], and it must succeed. Standard output, or nothing without restic.
    pub(crate) fn restic_ok(&self, program: &str, arguments: &[&str]) -> String {
        let Some(output) = self.restic(program, arguments) else {
            return String::new();
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{program} {arguments:?}\n{text}\n{errors}"
        );
        text
    }

    /// Both restics, old and new, find nothing wrong and restore every byte.
    pub(crate) fn assert_restic_agrees(&self) {
        for program in ["restic", "restic-new"] {
            let checked = self.restic_ok(program, &["check", "--read-data"]);
            assert!(
                checked.is_empty() || checked.contains("no errors were found"),
                "{program}: {checked}"
            );
            let to = tempfile::tempdir().unwrap();
            let target = to.path().to_str().unwrap();
            if !self
                .restic_ok(program, &["restore", "latest", "--target", target])
                .is_empty()
            {
                self.assert_same(to.path());
            }
        }
    }
}

/// Differs with every call.
fn rand() -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
