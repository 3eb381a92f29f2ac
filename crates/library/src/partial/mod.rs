//! Uploads that come in pieces: bytes of a photo that is not whole yet, kept over broken connections and restarts.
//!
//! Never visible in the library: they lie in `.safelight/partial`, an index, a body and perhaps single pieces for each.
//! Pieces that come one after the other are written to the body and hashed as they come, so that making a photo of them
//! costs no more than of an upload in one piece: the body is flushed and renamed, by [`Library::commit`]'s own means.
//! Whatever comes in another order has a file of its own and is copied once, at the end.
//!
//! **What a received piece promises:** the bytes are handed to the system, so that they survive the end of this process,
//! however it comes. They are not flushed: a phone forgets nothing before the whole photo is acknowledged, and a flush
//! for each piece would make large videos half as fast. After a restart every piece is read and compared with its hash
//! before anything is said of it; what a power cut took is not listed, and the client sends it again. The whole is made
//! only for a client that has asked since, or says how long the whole is; and never of no pieces, unless that is the length.
//!
//! | what | module |
//! |---|---|
//! | the text file that tells of an upload | `index` |
//! | an upload in this run: its files, its lock, the look at what a restart left | `state` |
//! | a piece's way in | `piece` |
//! | from pieces to a photo; the answer told again | `finish`, `finished` |

mod finish;
pub(crate) mod finished;
mod index;
mod piece;
mod state;

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};

use safelight_core::{DeviceId, Timestamp};

pub use self::{
    index::About,
    piece::{PieceUpload, Slot},
};
use self::{index::Index, state::Open};
use crate::{
    error::{DiskResult, IntakeError, LibraryError},
    open::{Core, Library},
    root::{PARTIAL, Root, make_folders},
};

/// How many uploads in pieces a device may have at a time.
const MAX_UPLOADS: usize = 256;
/// How many pieces one may have; Nextcloud has the same limit.
const MAX_PIECES: usize = 10_000;
/// How many bytes one may have: 256 GiB.
const MAX_BYTES: u64 = 256 << 30;
/// How long one is kept of which nothing comes any more.
const IDLE: jiff::SignedDuration = jiff::SignedDuration::from_hours(7 * 24);
/// After how long without a piece one may have to make room for another of its device. The app for iOS leaves uploads
/// behind that it never goes on with.
const LEFT: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// Which upload: its name is the client's choice, and each device has names of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartialId {
    /// Whose.
    pub device: DeviceId,
    /// What the client calls it: any text, which never becomes a file's name.
    pub name: String,
}

/// A piece that is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its number: the whole has the pieces in this order.
    pub number: u64,
    /// Bytes.
    pub length: u64,
}

/// What is here of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// What was said when it began.
    pub about: About,
    /// Its pieces, by number.
    pub pieces: Vec<Piece>,
    /// The bytes of all of them.
    pub received: u64,
    /// When the last of them came.
    pub touched: Timestamp,
}

/// Why an upload in pieces could not go on. Nothing that was received before is lost by it.
#[derive(Debug, thiserror::Error)]
pub enum PartialError {
    /// There is no such upload: never begun, finished more than a day ago, removed, or expired.
    #[error("There is no upload {:?}; begin it again", .0.name)]
    NotFound(PartialId),
    /// Something else is being done with it.
    #[error("The upload {:?} is busy with another request; try again in a moment", .0.name)]
    Busy(PartialId),
    /// Whoever wants the whole does not say how long it is, and may believe in pieces that are not here: Safelight was
    /// restarted since, and a power cut may have taken some; or there are none at all. Transient: asking helps.
    #[error(
        "Pieces of the upload {:?} may be missing; ask which pieces are here, and send the others again", .0.name
    )]
    Interrupted(PartialId),
    /// The bytes do not follow those that are here.
    #[error("The next byte of the upload {:?} is number {have}", .id.name)]
    WrongOffset {
        /// The upload.
        id: PartialId,
        /// How many bytes are here.
        have: u64,
    },
    /// The pieces are not as many bytes as promised.
    #[error("{have} of {promised} bytes of the upload {:?} are here", .id.name)]
    WrongTotal {
        /// The upload.
        id: PartialId,
        /// Bytes promised.
        promised: u64,
        /// Bytes here.
        have: u64,
    },
    /// The device has too many uploads that are not finished, and something came of each within the last hour. Transient.
    #[error(
        "The device has {MAX_UPLOADS} unfinished uploads; finish or cancel one of them, or wait until they expire"
    )]
    TooManyUploads,
    /// Too many pieces, or too many bytes.
    #[error("The upload {:?} would have more than {MAX_PIECES} pieces or {MAX_BYTES} bytes", .0.name)]
    TooLarge(PartialId),
    /// The library could not, or must not, take it.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

impl PartialError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Intake(error) => error.is_transient(),
            Self::Busy(_) | Self::Interrupted(_) | Self::TooManyUploads => true,
            Self::NotFound(_)
            | Self::WrongOffset { .. }
            | Self::WrongTotal { .. }
            | Self::TooLarge(_) => false,
        }
    }
}

/// The uploads of the library folder that was last worked with.
#[derive(Default)]
pub(crate) struct Partials(Mutex<Known>);

#[derive(Default)]
struct Known {
    folder: Option<PathBuf>,
    uploads: HashMap<PartialId, Arc<Mutex<Open>>>,
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Partials {
    /// All uploads of a library folder; at first those that earlier runs left there.
    fn of(&self, core: &Core, root: &Root) -> Result<MutexGuard<'_, Known>, IntakeError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = root.folder(PARTIAL);
        if known.folder.as_ref() != Some(&folder) {
            make_folders(core.disk.as_ref(), &folder)?;
            known.uploads = left_behind(core, &folder)?;
            known.folder = Some(folder);
        }
        Ok(known)
    }
}

/// What earlier runs left. Files that belong to no upload are removed, and those of one that is a photo by now: a crash came
/// between the two.
fn left_behind(
    core: &Core,
    folder: &std::path::Path,
) -> Result<HashMap<PartialId, Arc<Mutex<Open>>>, IntakeError> {
    let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for entry in fs::read_dir(folder).doing("list", folder)? {
        let entry = entry.doing("list", folder)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let stem = name.split('.').next().unwrap_or_default().to_owned();
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            files.entry(stem).or_default().push(entry.path());
        }
    }
    let finished = finished::all(core)?;
    let mut uploads = HashMap::new();
    for (stem, paths) in files {
        let path = folder.join(format!("{stem}.index"));
        let index = match fs::read(&path) {
            Ok(text) => index::parse(&core.nonce, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).doing("read", path)?,
        };
        match index {
            Some(Index {
                id,
                about,
                begun,
                lines,
            }) if state::stem(core, &id) == stem && !finished.contains(&id) => {
                let open = Open::found(core, folder, id.clone(), about, begun, lines);
                uploads.insert(id, Arc::new(Mutex::new(open)));
            }
            _ => {
                for path in paths {
                    core.disk.remove(&path).doing("remove", &path)?;
                }
            }
        }
    }
    Ok(uploads)
}

impl Library {
    /// Begins an upload in pieces. `false` if it was begun already, and goes on. Where the device has as many as it may, the
    /// one goes of which nothing has come for the longest time.
    ///
    /// # Errors
    ///
    /// The device has too many of them; the library folder is not there, or its disk is full; Safelight is shutting down.
    pub fn begin_partial(&self, id: &PartialId, about: About) -> Result<bool, PartialError> {
        let (core, root) = self.for_partials()?;
        // First: what nobody goes on with may be what fills the disk.
        self.expire_partials()?;
        self.has_room(&root)?;
        if core.partials.of(core, &root)?.uploads.contains_key(id) {
            return Ok(false);
        }
        self.make_room_for_partial(&root, id.device)?;
        finished::forget(core, id).map_err(IntakeError::from)?;
        let mut known = core.partials.of(core, &root)?;
        if known.uploads.contains_key(id) {
            return Ok(false);
        }
        let of_device = known.uploads.keys().filter(|one| one.device == id.device);
        if of_device.count() >= MAX_UPLOADS {
            return Err(PartialError::TooManyUploads);
        }
        let open = Open::begin(core, &root.folder(PARTIAL), id.clone(), about)?;
        known.uploads.insert(id.clone(), Arc::new(Mutex::new(open)));
        Ok(true)
    }

    /// What is here of an upload. The first question after a restart reads all of it.
    ///
    /// # Errors
    ///
    /// There is no such upload; the library folder is not there, or cannot be read.
    pub fn partial(&self, id: &PartialId) -> Result<Partial, PartialError> {
        let open = self.find_partial(id)?;
        let mut open = lock(&open);
        open.must_be_there()?;
        open.check(self.core())?;
        // Whoever asks where to go on has lost the connection over which bytes may still seem to come.
        open.take_over(self.core())?;
        open.note_told();
        Ok(open.state())
    }

    /// Whether there is such an upload. Says nothing of its pieces.
    ///
    /// # Errors
    ///
    /// The library folder is not there, or cannot be read.
    pub fn has_partial(&self, id: &PartialId) -> Result<bool, PartialError> {
        match self.find_partial(id) {
            Ok(open) => Ok(lock(&open).is_there()),
            Err(PartialError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes an upload back, with all that was received of it.
    ///
    /// # Errors
    ///
    /// There is no such upload; the disk refuses.
    pub fn remove_partial(&self, id: &PartialId) -> Result<(), PartialError> {
        let open = self.find_partial(id)?;
        let mut open = lock(&open);
        open.must_be_there()?;
        self.forget_partial(&mut open)
    }

    /// Removes uploads of which nothing has come for a week, and forgets which became photos more than a day ago. Returns
    /// how many were removed.
    ///
    /// # Errors
    ///
    /// The library folder is not there; the disk or the catalogue refuses.
    pub fn expire_partials(&self) -> Result<u64, LibraryError> {
        let core = self.core();
        let root = core.ready_root()?;
        let now = core.clock.now();
        finished::expire(core, now)?;
        let open: Vec<_> = core
            .partials
            .of(core, &root)
            .map_err(LibraryError::from_naming)?
            .uploads
            .values()
            .cloned()
            .collect();
        let mut removed = 0;
        for open in open {
            // One that somebody is working with is not idle.
            let Ok(mut open) = open.try_lock() else {
                continue;
            };
            let is_idle = |since| now.duration_since(since) > IDLE;
            if open.idle_since().is_some_and(is_idle) {
                self.forget_partial(&mut open)
                    .map_err(|error| LibraryError::from_naming(error.into_intake()))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Lets the device's upload go that was left the longest ago, if it has as many as it may.
    fn make_room_for_partial(&self, root: &Root, device: DeviceId) -> Result<(), PartialError> {
        let core = self.core();
        let of_device: Vec<_> = {
            let known = core.partials.of(core, root)?;
            let uploads = known.uploads.iter();
            uploads
                .filter(|(id, _)| id.device == device)
                .map(|(_, open)| Arc::clone(open))
                .collect()
        };
        if of_device.len() < MAX_UPLOADS {
            return Ok(());
        }
        let now = core.clock.now();
        // One that somebody is working with was not left.
        let left_at = |open: &Mutex<Open>| open.try_lock().ok()?.idle_since();
        let left = of_device
            .iter()
            .filter_map(|open| Some((left_at(open)?, open)))
            .filter(|(since, _)| now.duration_since(*since) > LEFT)
            .min_by_key(|(since, _)| *since);
        let Some((since, open)) = left else {
            return Ok(());
        };
        let mut open = lock(open);
        if open.idle_since() == Some(since) {
            tracing::info!(upload = %open.id().name, "an upload that nobody went on with made room for another of its device");
            self.forget_partial(&mut open)?;
        }
        Ok(())
    }

    fn for_partials(&self) -> Result<(&Core, Root), PartialError> {
        let core = self.core();
        if core.closing.load(Ordering::SeqCst) {
            return Err(IntakeError::ShuttingDown.into());
        }
        let root = core.ready_root().map_err(IntakeError::from)?;
        Ok((core, root))
    }

    fn find_partial(&self, id: &PartialId) -> Result<Arc<Mutex<Open>>, PartialError> {
        let (core, root) = self.for_partials()?;
        let known = core.partials.of(core, &root)?;
        let found = known.uploads.get(id).cloned();
        found.ok_or_else(|| PartialError::NotFound(id.clone()))
    }

    /// Files that cannot be removed now are when an upload of this name begins again, or expires.
    fn forget_partial(&self, open: &mut Open) -> Result<(), PartialError> {
        let removed = open.remove_files(self.core());
        let mut known = self
            .core()
            .partials
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.uploads.remove(open.id());
        Ok(removed?)
    }
}

impl PartialError {
    fn into_intake(self) -> IntakeError {
        match self {
            Self::Intake(error) => error,
            other => IntakeError::Disk(crate::error::DiskError::new(
                "remove an upload in pieces from",
                "the library folder",
                std::io::Error::other(other),
            )),
        }
    }
}

impl From<LibraryError> for PartialError {
    fn from(error: LibraryError) -> Self {
        Self::Intake(match error {
            LibraryError::LibraryUnavailable(error) => error.into(),
            LibraryError::Disk(error) => error.into(),
            LibraryError::Catalogue(error) => IntakeError::Catalogue(error),
        })
    }
}

impl From<crate::error::DiskError> for PartialError {
    fn from(error: crate::error::DiskError) -> Self {
        Self::Intake(error.into())
    }
}
