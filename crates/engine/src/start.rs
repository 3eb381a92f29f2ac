//! Opening the engine, its threads, and closing it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, atomic::AtomicBool},
};

use jiff::tz::TimeZone;
use safelight_core::{Clock, Entropy, Timestamp};
use safelight_library::{Library, RealDisk, RootState};
use safelight_media::pictures::WorkerProgram;

use crate::{
    access::Access, acknowledge::Waiting, activity::Board, error::EngineError, import::AtWork,
    intake::SmallUploads, offsite::Offsite, pairing::Pairing, pictures::Drawing, reach::Reaching,
    schedule::Scheduler, secrets::write_private,
};

/// The setting that holds how devices reach the server.
const ADDRESS: &str = "address";
/// The setting that holds the fingerprint of the server's certificate.
const FINGERPRINT: &str = "fingerprint";
/// The file of the data folder that holds the library folder's path.
const LIBRARY_FILE: &str = "library.json";

/// What the engine runs on.
pub struct Options {
    /// The data folder: catalogue, secrets, the vaults' own state. Made if it is not there.
    pub data_dir: PathBuf,
    /// The library folder to use from now on; none keeps the one chosen before.
    pub library_dir: Option<PathBuf>,
    /// The present time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for passwords and names in staging.
    pub entropy: Arc<dyn Entropy>,
    /// The zone in which times without a zone are read.
    pub zone: TimeZone,
    /// What makes pictures of photos; without it none are made.
    pub media_worker: Option<WorkerProgram>,
}

/// Why the engine could not be opened.
pub use safelight_library::OpenError;

/// The engine. A clone is another handle to the same one.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) library: Library,
    pub(crate) data_dir: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) zone: TimeZone,
    pub(crate) access: Access,
    pub(crate) pairing: Pairing,
    pub(crate) offsite: Offsite,
    pub(crate) board: Arc<Board>,
    pub(crate) scheduler: Arc<Scheduler>,
    pub(crate) waiting: Waiting,
    /// How devices reach this server, without a slash at its end.
    pub(crate) address: RwLock<String>,
    pub(crate) reaching: Reaching,
    pub(crate) setup_code: String,
    /// Held by whatever walks through the whole library and puts the catalogue right: two at once would each take the
    /// other's half-done work for loss.
    pub(crate) walking: Mutex<()>,
    /// Whether the page may be showing that the library's disk is full. True at first: an earlier run may have said so.
    pub(crate) disk_is_full: AtomicBool,
    pub(crate) control_token: OnceLock<String>,
    pub(crate) small_uploads: SmallUploads,
    pub(crate) drawing: Drawing,
    /// The imports at work.
    pub(crate) imports: AtWork,
}

impl Engine {
    /// Opens the data folder, which nobody else may have open, and the library folder if one is chosen.
    ///
    /// Nothing runs by itself before [`Self::start`]: a command line without a server opens the engine, runs its
    /// command and closes it.
    ///
    /// # Errors
    ///
    /// [`OpenError::DataFolderInUse`] if another process has it; a folder or catalogue that cannot be used.
    pub fn open(options: Options) -> Result<Self, EngineError> {
        let library = Library::open(safelight_library::Options {
            data_dir: options.data_dir.clone(),
            clock: Arc::clone(&options.clock),
            entropy: Arc::clone(&options.entropy),
            disk: Arc::new(RealDisk),
            zone: options.zone.clone(),
        })?;
        let setup_code = crate::access::readable_secret(options.entropy.as_ref(), 2);
        let engine = Self(Arc::new(Inner {
            access: Access::new(),
            pairing: Pairing::default(),
            offsite: Offsite::new(
                options.data_dir.clone(),
                Arc::clone(&options.clock),
                Arc::clone(&options.entropy),
            ),
            board: Arc::new(Board::new()),
            scheduler: Arc::new(Scheduler::new()),
            waiting: Waiting::new(),
            address: RwLock::new(library.setting(ADDRESS)?.unwrap_or_default()),
            reaching: Reaching::read(&options.data_dir)?,
            data_dir: options.data_dir,
            setup_code,
            walking: Mutex::default(),
            disk_is_full: AtomicBool::new(true),
            small_uploads: SmallUploads::default(),
            drawing: Drawing::new(options.media_worker),
            imports: AtWork::default(),
            control_token: OnceLock::new(),
            library,
            clock: options.clock,
            entropy: options.entropy,
            zone: options.zone,
        }));
        match options.library_dir {
            Some(dir) => engine.set_library(&dir)?,
            None => engine.recall_library()?,
        }
        engine.recall_destinations()?;
        Ok(engine)
    }

    /// Opens a data folder whose catalogue cannot be read any more: the catalogue is set aside, and a new one begun for
    /// [`crate::Command::Rebuild`] to fill.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_anew(options: Options) -> Result<Self, EngineError> {
        if let Some(aside) = Library::set_aside_catalogue(&options.data_dir)? {
            tracing::warn!("The damaged catalogue was set aside as {}", aside.display());
        }
        Self::open(options)
    }

    /// Starts what runs by itself: schedule, manifests, pictures, live state, and the look at what a crash left behind.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read or written, or the system gives no thread.
    pub fn start(&self) -> Result<(), EngineError> {
        self.start_schedule()?;
        self.start_waiting_backups()?;
        self.start_drawing()?;
        self.resume_imports()?;
        self.start_publisher()
    }

    /// Ends what runs by itself and closes the library cleanly. Uploads that are not acknowledged yet are refused.
    ///
    /// # Errors
    ///
    /// What could not be written down; everything acknowledged is safe all the same.
    pub fn shut_down(&self) -> Result<(), EngineError> {
        self.stop_schedule();
        self.0.board.close();
        self.0.library.shut_down()?;
        Ok(())
    }

    /// Tells the engine how devices reach this server, for the addresses in its answers. It is remembered for a command
    /// line without a server.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be written.
    pub fn set_address(&self, base_url: &str) -> Result<(), EngineError> {
        let base_url = base_url.trim_end_matches('/');
        self.0.library.set_setting(ADDRESS, base_url)?;
        let mut address = self
            .0
            .address
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        base_url.clone_into(&mut address);
        Ok(())
    }

    /// Tells the engine the SHA-256 of the certificate that the server shows, for those who add a device. It is remembered
    /// for a command line without a server.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be written.
    pub fn set_fingerprint(&self, fingerprint: &str) -> Result<(), EngineError> {
        Ok(self.0.library.set_setting(FINGERPRINT, fingerprint)?)
    }

    /// What was told with [`Self::set_fingerprint`].
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn fingerprint(&self) -> Result<Option<String>, EngineError> {
        Ok(self.0.library.setting(FINGERPRINT)?)
    }

    /// Whether it is known how devices reach the server.
    #[must_use]
    pub fn has_address(&self) -> bool {
        !self.address().is_empty()
    }

    /// Writes a file of the data folder that only its owner may read, whole or not at all.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write_private(&self, name: &str, bytes: &[u8]) -> Result<(), EngineError> {
        let path = self.0.data_dir.join(name);
        write_private(&self.0.data_dir, &path, bytes).map_err(|source| EngineError::File {
            attempt: "Writing",
            path: path.display().to_string(),
            source,
        })
    }

    /// Uses a folder as the library from now on. Its path is also kept outside the catalogue, which may be lost.
    pub(crate) fn set_library(&self, dir: &Path) -> Result<(), EngineError> {
        self.0.library.set_root(dir)?;
        let json = serde_json::to_vec(dir)
            .map_err(|error| EngineError::Bug(format!("a path as JSON: {error}")))?;
        self.write_private(LIBRARY_FILE, &json)?;
        self.schedule_rebuild_if_needed()
    }

    /// A catalogue that was made anew does not know its library folder; the file beside it does.
    fn recall_library(&self) -> Result<(), EngineError> {
        if self.0.library.root().is_some() {
            return Ok(());
        }
        let path = self.0.data_dir.join(LIBRARY_FILE);
        let json = match std::fs::read(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => {
                return Err(EngineError::File {
                    attempt: "Reading",
                    path: path.display().to_string(),
                    source,
                });
            }
        };
        let dir: PathBuf = serde_json::from_slice(&json).map_err(|error| {
            EngineError::Invalid(format!(
                "{} is not what Safelight wrote: {error}",
                path.display()
            ))
        })?;
        self.0.library.set_root(&dir)?;
        Ok(())
    }

    /// How devices reach the server, without a slash at its end; empty as long as nobody knows.
    #[must_use]
    pub fn address(&self) -> String {
        self.0
            .address
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The present time, by the engine's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// A name that nothing else has, ever: a random UUID (RFC 9562, section 5.4), as a URN.
    #[must_use]
    pub fn fresh_urn(&self) -> String {
        let mut bytes = [0; 16];
        self.0.entropy.fill(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let digits = hex::encode(bytes);
        let groups = [
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..],
        ];
        format!("urn:uuid:{}", groups.join("-"))
    }

    /// Whether the library folder can be used now.
    #[must_use]
    pub fn library_is_ready(&self) -> bool {
        matches!(self.0.library.root_state(), RootState::Ready(_))
    }

    /// The library folder that was chosen.
    #[must_use]
    pub fn library_dir(&self) -> Option<PathBuf> {
        self.0.library.root()
    }
}

/// Runs blocking work on a thread that may block. A panic there goes on here, where the edge turns it into its answer.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    result_of(tokio::task::spawn_blocking(work)).await
}

/// Runs what must not be left half-way: it goes on when whoever awaits it goes away, as a request's handler does when the
/// client's connection ends. A panic in it goes on here, as with [`blocking`].
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    result_of(tokio::spawn(work)).await
}

async fn result_of<T>(task: tokio::task::JoinHandle<T>) -> T {
    match task.await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Tasks are only ever cancelled when the runtime ends, and then nobody awaits this.
            Err(error) => panic!("work was cancelled: {error}"),
        },
    }
}
