//! Opening and closing: one process works with a data folder at a time, and knows whether the last one ended well.

use std::{
    collections::HashMap,
    fmt, fs,
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use jiff::tz::TimeZone;
use safelight_core::{Clock, DestinationId, Entropy, SafetyRule};

use crate::{
    catalogue::Catalogue,
    committer::Committer,
    disk::Disk,
    error::{CatalogueError, DiskResult, LibraryError, OpenError},
    evidence,
    folders::Folders,
    groups::Tie,
    names::{Flights, Names},
    partial::Partials,
    pictures::Pictures,
    private,
    root::{self, Root},
    schema, settings,
};

/// The catalogue's file in the data folder.
pub(crate) const CATALOGUE: &str = "catalogue.sqlite";
/// The file that whoever works with the data folder holds a lock on.
pub(crate) const LOCK: &str = "lock";
/// `1` from the first opening until a shutdown that left nothing undone.
const RUNNING: &str = "state.running";
/// A few random digits that make the versions of this catalogue's entries different from those of another one.
const NONCE: &str = "state.nonce";

/// What the library works with.
pub struct Options {
    /// The data folder. Created (for its owner alone) if absent.
    pub data_dir: PathBuf,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// The disk of the library folder.
    pub disk: Arc<dyn Disk>,
    /// Where wall clocks without an offset are read.
    pub zone: TimeZone,
}

/// The home copy of all photos, and the catalogue of what is proved of them.
///
/// Cheap to clone; every method may be called from any thread and blocks until it is done. The last clone's end closes
/// it as [`Library::shut_down`] does not: the next start finds that it was not shut down.
#[derive(Clone)]
pub struct Library(Arc<Inner>);

struct Inner {
    core: Core,
    committer: Committer,
}

/// What the parts of the library share.
pub(crate) struct Core {
    pub(crate) data_dir: PathBuf,
    pub(crate) catalogue: Catalogue,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) zone: TimeZone,
    pub(crate) root: RwLock<Option<Root>>,
    pub(crate) names: Arc<Names>,
    /// The bytes that are being stored.
    pub(crate) flights: Arc<Flights>,
    /// What those files may have in common that are being filed.
    pub(crate) ties: Arc<Flights<Tie>>,
    pub(crate) folders: Folders,
    pub(crate) partials: Partials,
    pub(crate) pictures: Pictures,
    pub(crate) rule: RwLock<SafetyRule>,
    /// The setting of the same name: every upload asks for it.
    pub(crate) reserve: AtomicU64,
    /// Begins the names of this run's staged files, so that leftovers of earlier runs can be told from them.
    pub(crate) run: String,
    pub(crate) staged: AtomicU64,
    pub(crate) nonce: String,
    /// Grows when a device's password or token stops being good.
    pub(crate) credentials: AtomicU64,
    pub(crate) closing: AtomicBool,
    /// Something may be on disk that the catalogue does not know: unless this run looks, the next one must.
    pub(crate) unclean: AtomicBool,
    /// The revision at which each destination's list of pending photos began to be read.
    pub(crate) listed_at: Mutex<HashMap<DestinationId, i64>>,
    /// The versions of the manifests that were last listed for each destination.
    pub(crate) manifests_listed: Mutex<HashMap<(DestinationId, String), i64>>,
    /// Held while manifests are written: one writer at a time.
    pub(crate) manifest_turn: Mutex<()>,
    clean_start: bool,
    _lock: File,
}

impl Library {
    /// Opens a data folder; makes it, and the catalogue in it, if absent.
    ///
    /// # Errors
    ///
    /// Another process works with it; the catalogue is damaged or of a newer version; the disk refuses.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let Options {
            data_dir,
            clock,
            entropy,
            disk,
            zone,
        } = options;
        private::make_folder(&data_dir)?;
        let data_dir = fs::canonicalize(&data_dir).doing("find the data folder", &data_dir)?;
        let lock = lock(&data_dir)?;
        let path = data_dir.join(CATALOGUE);
        // Not before the lock: to close a file of SQLite's gives up the locks that this process has on it.
        private::make_files(&data_dir)?;
        let (catalogue, format) = Catalogue::open(&path).map_err(|error| damaged(&path, error))?;
        if format > schema::NEWEST {
            return Err(OpenError::TooNew {
                path,
                found: format,
                known: schema::NEWEST,
            });
        }
        let random = |bytes: &mut [u8]| {
            entropy.fill(bytes);
            hex::encode(bytes)
        };
        let (run, new_nonce) = (random(&mut [0; 6]), random(&mut [0; 3]));
        let (clean_start, nonce, root, rule, reserve) = catalogue.write("open it", |change| {
            let clean = settings::get(change, RUNNING)?.as_deref() != Some("1");
            settings::set(change, RUNNING, "1")?;
            let nonce = settings::get(change, NONCE)?.unwrap_or(new_nonce);
            settings::set(change, NONCE, &nonce)?;
            Ok::<_, CatalogueError>((
                clean,
                nonce,
                root::remembered(change)?,
                evidence::stored_rule(change)?,
                settings::reserve(change)?,
            ))
        })?;
        let core = Core {
            pictures: Pictures::of(&data_dir),
            data_dir,
            catalogue,
            disk,
            clock,
            entropy,
            zone,
            root: RwLock::new(root),
            names: Arc::default(),
            flights: Arc::default(),
            ties: Arc::default(),
            folders: Folders::default(),
            partials: Partials::default(),
            rule: RwLock::new(rule),
            reserve: AtomicU64::new(reserve),
            run,
            staged: AtomicU64::new(0),
            nonce,
            credentials: AtomicU64::new(0),
            closing: AtomicBool::new(false),
            unclean: AtomicBool::new(!clean_start),
            listed_at: Mutex::default(),
            manifests_listed: Mutex::default(),
            manifest_turn: Mutex::default(),
            clean_start,
            _lock: lock,
        };
        Ok(Self(Arc::new(Inner {
            core,
            committer: Committer::default(),
        })))
    }

    /// Whether the last run was shut down in order. If not, [`Library::reconcile`] must look for what it left.
    #[must_use]
    pub fn clean_start(&self) -> bool {
        self.core().clean_start
    }

    /// Takes no more uploads, waits for those that are being committed, writes the manifests and notes that all is well,
    /// if it is: after an unclean end only if [`Library::reconcile`] or [`Library::rebuild`] has looked since.
    ///
    /// # Errors
    ///
    /// The disk or the catalogue refused; the next start will look for what was left.
    pub fn shut_down(&self) -> Result<(), LibraryError> {
        let core = self.core();
        core.closing.store(true, Ordering::SeqCst);
        self.0.committer.stop();
        if self.root_state().is_ready() {
            // What is left stays due, and is no reason to look for what this run left.
            if let Err(error) = self.follow_capture_times() {
                tracing::warn!(%error, "files did not get the times of their photos; the next start tries again");
            }
            self.flush_manifests()?;
        }
        if !core.unclean.load(Ordering::SeqCst) {
            core.catalogue.write("note the shutdown", |change| {
                Ok::<_, CatalogueError>(settings::set(change, RUNNING, "0")?)
            })?;
        }
        Ok(core.catalogue.checkpoint()?)
    }

    /// Moves a catalogue that cannot be read out of the way, so that a new one can be made ([`Library::rebuild`]).
    /// Returns where it is now; `None` if there was none.
    ///
    /// # Errors
    ///
    /// Another process works with the data folder; the disk refuses.
    pub fn set_aside_catalogue(data_dir: &Path) -> Result<Option<PathBuf>, OpenError> {
        let _lock = lock(data_dir)?;
        let path = data_dir.join(CATALOGUE);
        let mut aside = None;
        for number in 1.. {
            let candidate = data_dir.join(format!("catalogue-damaged-{number}.sqlite"));
            if !candidate.exists() {
                aside = Some(candidate);
                break;
            }
        }
        let Some(aside) = aside.filter(|_| path.exists()) else {
            return Ok(None);
        };
        // The log first: a catalogue without its log is an older one, a log without its catalogue is nothing.
        for suffix in ["-wal", "-shm"] {
            let (from, to) = (with_suffix(&path, suffix), with_suffix(&aside, suffix));
            if from.exists() {
                fs::rename(&from, &to).doing("set aside the catalogue's log", &from)?;
            }
        }
        fs::rename(&path, &aside).doing("set aside the catalogue", &path)?;
        Ok(Some(aside))
    }

    pub(crate) fn core(&self) -> &Core {
        &self.0.core
    }

    pub(crate) fn committer(&self) -> &Committer {
        &self.0.committer
    }
}

/// A look over the whole folder for what the catalogue does not know. Unless it is finished, the next start looks again.
pub(crate) struct Look<'a> {
    core: &'a Core,
    finished: bool,
}

impl<'a> Look<'a> {
    /// What goes wrong after the beginning may be behind the look's back, and still makes the run unclean.
    pub(crate) fn begin(core: &'a Core) -> Self {
        core.unclean.store(false, Ordering::SeqCst);
        Self {
            core,
            finished: false,
        }
    }

    pub(crate) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.core.unclean.store(true, Ordering::SeqCst);
        }
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("data_dir", &self.core().data_dir)
            .finish_non_exhaustive()
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn damaged(path: &Path, error: rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            OpenError::Damaged {
                path: path.to_owned(),
                source: error,
            }
        }
        _ => OpenError::Catalogue(CatalogueError {
            attempt: "open it",
            source: error,
        }),
    }
}

/// The operating system frees the lock when the process ends, however it ends.
fn lock(data_dir: &Path) -> Result<File, OpenError> {
    let path = data_dir.join(LOCK);
    let mut file = private::options()
        .read(true)
        .open(&path)
        .doing("open", &path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // On Windows a locked file cannot be read: then the number stays unknown.
            let pid = file
                .read_to_string(&mut text)
                .ok()
                .and_then(|_| text.trim().parse().ok());
            return Err(OpenError::DataFolderInUse {
                path: data_dir.to_owned(),
                pid,
            });
        }
        Err(TryLockError::Error(error)) => return Err(error).doing("lock", &path)?,
    }
    file.set_len(0).doing("write", &path)?;
    file.rewind().doing("write", &path)?;
    writeln!(file, "{}", std::process::id()).doing("write", &path)?;
    Ok(file)
}
