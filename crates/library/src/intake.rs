//! One photo's way in: from a staged file to an answer that promises it (promise 1).
//!
//! The upload's own thread does the file's work (times, flush, name, flush of the folders); then `committer`
//! writes the rows of all uploads that wait, in one transaction.

use std::{fs, path::Path, sync::atomic::Ordering};

use rusqlite::Connection;
use safelight_core::{
    AssetId, CaptureTime, ContentHash, CopyState, Details, DeviceId, DevicePath, FileName,
    LibraryPath, MediaKind, PersonId, Place, Remarks, Timestamp,
};
use sha2::{Digest, Sha256};

use crate::{
    asset::{self, Asset},
    committer::{Home, Row},
    devices::{self, Acknowledge},
    error::{DiskResult, IntakeError, TreeError},
    evidence,
    groups::{self, Company, Naming, New, Tie},
    imports::SourceFile,
    manifest::folder_key,
    open::{Core, Library},
    people,
    placement::{Bytes, Lying, Placed},
    remarks::Said,
    root::Root,
    staging::Staged,
    tree::{Entry, Node, find},
};

/// Where a photo belongs, and under which conditions.
#[derive(Debug, Clone)]
pub struct Filing {
    /// Which device brings it.
    pub device: Option<DeviceId>,
    /// Who brings it without a device: an import. A device is its person's.
    pub person: Option<PersonId>,
    /// Its name in the device's tree; for an import its place in the collection. Without one, or without a device, no
    /// entry is made.
    pub device_path: Option<DevicePath>,
    /// The name it would like to have in the library.
    pub wish: String,
    /// What it is.
    pub kind: MediaKind,
    /// When it was taken, as its bytes, its name or its sender say.
    pub captured: Option<CaptureTime>,
    /// What is said of it beside its bytes. Of a photo that is here already it is added to what was said before.
    pub remarks: Remarks,
    /// What it says of itself besides; `None` if nobody has read it for that.
    pub details: Option<Details>,
    /// The modification time that the device gave: what its tree shows.
    pub client_modified: Option<Timestamp>,
    /// The creation time that the device gave: what its tree shows.
    pub client_created: Option<Timestamp>,
    /// What must be true of the entry that is there already.
    pub precondition: Precondition,
    /// Whether missing folders of the device's tree are made.
    pub create_parents: bool,
    /// The file of a collection that it is: that it was brought in is noted in the same transaction.
    pub source: Option<SourceFile>,
}

impl Filing {
    /// The time that counts: decides the folder and the file's modification time.
    pub(crate) fn prevailing(&self) -> Option<CaptureTime> {
        self.said().captured()
    }

    /// What is said of the photo, if it is new.
    pub(crate) fn said(&self) -> Said {
        Said::by_itself(self.captured).with(&self.remarks)
    }
}

/// What must be true of the entry that an upload would overwrite (RFC 9110, section 13). Etags without quotes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    /// Nothing.
    #[default]
    None,
    /// It is there, with one of these etags.
    IfMatch(Vec<String>),
    /// It is there.
    IfMatchAny,
    /// It is not there.
    IfNoneMatchAny,
    /// It is not there, or has none of these etags.
    IfNoneMatch(Vec<String>),
}

/// Whether a photo was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was new.
    Stored,
    /// Its bytes were here already.
    Duplicate,
}

impl Outcome {
    /// The word used in the catalogue and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Duplicate => "duplicate",
        }
    }

    /// Reads [`Self::as_str`]'s word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Stored, Self::Duplicate]
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}

/// The promise: whoever has one may forget the photo, as far as the home copy goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The photo.
    pub asset: AssetId,
    /// Its identity.
    pub hash: ContentHash,
    /// Bytes.
    pub size: u64,
    /// Where it lies in the library folder.
    pub path: LibraryPath,
    /// Whether it was new.
    pub outcome: Outcome,
    /// The device's entry for it.
    pub entry: Option<Entry>,
    /// Whether an entry of that name was there before.
    pub replaced: bool,
    /// What the device's 2xx meant when the rows were written. Without a device it is home.
    pub acknowledge: Acknowledge,
}

impl Library {
    /// Makes a staged file a photo. When this returns `Ok`, the file is on the disk under its final name, its folder
    /// entry and those of its folders too, and the rows are in the catalogue, on the disk.
    ///
    /// # Errors
    ///
    /// See [`IntakeError`]. Sending the same upload again is always safe.
    pub fn commit(&self, staged: Staged, filing: Filing) -> Result<Receipt, IntakeError> {
        self.commit_upload(staged, filing, None)
    }

    /// As [`Self::commit`], for bytes that are a photo's already and need not be sent again. `None` if they are nobody's, or
    /// if the photo's own file is not the photo any more: then its bytes are needed.
    ///
    /// # Errors
    ///
    /// See [`IntakeError`].
    pub fn commit_known(
        &self,
        hash: ContentHash,
        filing: Filing,
    ) -> Result<Option<Receipt>, IntakeError> {
        let core = self.core();
        if core.closing.load(Ordering::SeqCst) {
            return Err(IntakeError::ShuttingDown);
        }
        let root = core.ready_root()?;
        let _flight = core.flights.enter(hash);
        let _ties = core.ties.enter_all(Tie::of(&filing));
        let before = Before::look(core, &hash, &filing)?;
        let has_company = before.company.is_there;
        let Some((known, Some(CopyState::Good))) = before.known else {
            return Ok(None);
        };
        if core.look_at(&root.file(&known.path), &known)? != Lying::Photo {
            return Ok(None);
        }
        let row = Row {
            hash,
            size: known.size,
            home: Home::There(known),
            filing,
            has_company,
            upload: None,
        };
        let answer = self.committer().commit(core, row);
        if let Ok(receipt) = &answer
            && has_company
        {
            core.bring_sidecars(&root, receipt.asset);
        }
        answer.map(Some).map_err(|refused| refused.error)
    }

    /// As [`Self::commit`], for bytes that are in memory: they are written only if no photo has them.
    ///
    /// # Errors
    ///
    /// See [`IntakeError`].
    pub fn commit_bytes(&self, bytes: &[u8], filing: Filing) -> Result<Receipt, IntakeError> {
        self.commit_coming(Coming::Bytes(bytes), filing, None)
    }

    /// As [`Self::commit`], for an upload in pieces of this name: that it is finished is noted in the same transaction.
    pub(crate) fn commit_upload(
        &self,
        staged: Staged,
        filing: Filing,
        upload: Option<String>,
    ) -> Result<Receipt, IntakeError> {
        self.commit_coming(Coming::File(staged), filing, upload)
    }

    fn commit_coming(
        &self,
        coming: Coming<'_>,
        filing: Filing,
        upload: Option<String>,
    ) -> Result<Receipt, IntakeError> {
        let core = self.core();
        if core.closing.load(Ordering::SeqCst) {
            return Err(IntakeError::ShuttingDown);
        }
        let root = core.ready_root()?;
        let bytes = coming.measured();
        let Bytes { hash, size } = bytes;
        // From here on nobody else stores these bytes, so that two at once make one photo.
        let _flight = core.flights.enter(hash);
        // And nobody else files what it may belong to, so that of two at once the second finds the first.
        let _ties = core.ties.enter_all(Tie::of(&filing));
        let before = Before::look(core, &hash, &filing)?;
        let has_company = before.company.is_there;
        let (home, placed) = self.bring_home(&root, coming, bytes, &filing, before)?;
        if let Some(placed) = &placed {
            // In each upload's own thread: file systems let flushes that come at the same time share one journal commit.
            core.flush_folders(placed.folders())
                .inspect_err(|_| placed.undo(core))?;
        }
        let row = Row {
            hash,
            size,
            home,
            filing,
            has_company,
            upload,
        };
        let answer = self.committer().commit(core, row);
        if let Ok(receipt) = &answer
            && has_company
        {
            core.bring_sidecars(&root, receipt.asset);
        }
        answer.map_err(|refused| {
            if refused.nothing_was_stored {
                if let Some(placed) = &placed {
                    placed.undo(core);
                }
            } else {
                core.unclean.store(true, Ordering::SeqCst);
            }
            refused.error
        })
    }

    /// Makes sure that the bytes are a file of the library: the one that is there already, or a new one.
    fn bring_home(
        &self,
        root: &Root,
        coming: Coming<'_>,
        bytes: Bytes,
        filing: &Filing,
        before: Before,
    ) -> Result<(Home, Option<Placed>), IntakeError> {
        let core = self.core();
        let staged = |coming| match coming {
            Coming::File(staged) => Ok(staged.staged),
            Coming::Bytes(bytes) => self.stage(root, bytes),
        };
        let Some((known, state)) = before.known else {
            let mut staged = staged(coming)?;
            let time = file_time(core, filing.prevailing().as_ref(), filing.client_modified);
            let modified = core.make_durable(&mut staged, time)?;
            let (folder, wish, naming) = match before.company.home {
                Some(home) => (home.folder, home.name, Naming::Free),
                None if filing.kind == MediaKind::Other => (
                    before.folder,
                    FileName::from_wish(&filing.wish),
                    Naming::Free,
                ),
                None => (
                    before.folder,
                    FileName::from_wish(&filing.wish),
                    Naming::Alone,
                ),
            };
            let placed = core.place_new(root, &mut staged, &folder, &wish, naming, bytes)?;
            let home = Home::New {
                path: placed.path.clone(),
                modified,
            };
            return Ok((home, Some(placed)));
        };
        // The promise is about these bytes, not about a file of that name: rot and an edit in place may keep the size.
        let lying = core.look_at(&root.file(&known.path), &known)?;
        if lying == Lying::Photo && state == Some(CopyState::Good) {
            return Ok((Home::There(known), None));
        }
        let mut staged = staged(coming)?;
        let modified = core.make_durable(&mut staged, Some(known.modified))?;
        let placed = core.place_again(root, &mut staged, &known, lying)?;
        let home = Home::Again {
            path: placed.path.clone(),
            known,
            modified,
        };
        Ok((home, Some(placed)))
    }
}

/// What the catalogue says before an upload's file is moved, in one look.
struct Before {
    /// The photo of these bytes, and what is proved of its home copy.
    known: Option<(Asset, Option<CopyState>)>,
    /// Where a new one belongs by itself.
    folder: String,
    /// What it belongs to.
    company: Company,
}

impl Before {
    /// Fails if the name that the device wants must not come to stand for these bytes.
    fn look(core: &Core, hash: &ContentHash, filing: &Filing) -> Result<Self, IntakeError> {
        core.catalogue
            .read("look for the name and the bytes", |connection| {
                // One view for all questions: each alone would take SQLite's lock, and read pages, again.
                let view = connection.unchecked_transaction()?;
                let target = target(&view, &core.nonce, filing)?;
                let known = match asset::by_hash(&view, hash)? {
                    Some(known) => {
                        let copies = evidence::copies(&view, known.id)?;
                        let home = copies.into_iter().find(|copy| copy.place == Place::Home);
                        Some((known, home.map(|copy| copy.state)))
                    }
                    None => None,
                };
                let dated = crate::settings::template(&view)?.folder(filing.prevailing().as_ref());
                let folder = people::below_whose(&view, filing.device, filing.person, dated)?;
                let person = people::bringing(&view, filing.device, filing.person)?;
                let key = folder_key(&folder);
                let mut new =
                    New::arriving(filing, *hash, core.clock.now(), person, target.folder, &key);
                new.asset = known.as_ref().map(|(known, _)| known.id);
                Ok(Self {
                    company: groups::company(&view, &new)?,
                    known,
                    folder,
                })
            })
    }
}

/// Bytes that are to become a photo's.
enum Coming<'a> {
    /// They are in a file of the staging folder.
    File(Staged),
    /// They are in memory.
    Bytes(&'a [u8]),
}

impl Coming<'_> {
    fn measured(&self) -> Bytes {
        match self {
            Self::File(staged) => Bytes {
                hash: staged.hash(),
                size: staged.size(),
            },
            Self::Bytes(bytes) => Bytes {
                hash: ContentHash::from_bytes(Sha256::digest(bytes).into()),
                size: bytes.len() as u64,
            },
        }
    }
}

/// The modification time that a file of the library gets: when it was taken, else what the device said.
pub(crate) fn file_time(
    core: &Core,
    captured: Option<&CaptureTime>,
    client_modified: Option<Timestamp>,
) -> Option<Timestamp> {
    captured
        .and_then(|taken| taken.instant(&core.zone))
        .or(client_modified)
}

/// A file's modification time, to the microsecond.
pub(crate) fn modified_of(
    metadata: &fs::Metadata,
    path: &Path,
) -> Result<Timestamp, crate::error::DiskError> {
    let time = metadata
        .modified()
        .doing("read the modification time of", path)?;
    let exact = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Timestamp::from_microsecond(exact.as_microsecond()).unwrap_or(exact))
}

/// Where an upload's name leads, if all its conditions hold.
pub(crate) struct Target {
    /// The entry that it would overwrite.
    pub(crate) existing: Option<Node>,
    /// The folder of the device's tree that it lies in, if there is one.
    pub(crate) folder: Option<i64>,
    /// What the device's 2xx means.
    pub(crate) acknowledge: Acknowledge,
}

/// Looks at the device and the name that an upload is filed under.
pub(crate) fn target(
    connection: &Connection,
    nonce: &str,
    filing: &Filing,
) -> Result<Target, IntakeError> {
    let (Some(device), Some(path)) = (filing.device, &filing.device_path) else {
        return Ok(Target {
            existing: None,
            folder: None,
            acknowledge: Acknowledge::Home,
        });
    };
    // None also for one that was revoked while its upload was under way.
    let acknowledge = devices::meaning(connection, device)?.ok_or(IntakeError::NoDevice(device))?;
    let wish = Wish {
        device,
        path,
        precondition: &filing.precondition,
        create_parents: filing.create_parents,
    };
    let (existing, folder) = wish.target(connection, nonce)?;
    Ok(Target {
        existing,
        folder,
        acknowledge,
    })
}

/// A name that is to get new content.
pub(crate) struct Wish<'a> {
    pub(crate) device: DeviceId,
    pub(crate) path: &'a DevicePath,
    pub(crate) precondition: &'a Precondition,
    pub(crate) create_parents: bool,
}

impl Wish<'_> {
    /// The entry that would be overwritten, and the folder that it lies in, if all conditions hold.
    pub(crate) fn target(
        &self,
        connection: &Connection,
        nonce: &str,
    ) -> Result<(Option<Node>, Option<i64>), IntakeError> {
        let Self {
            device,
            path,
            precondition,
            create_parents,
        } = *self;
        let found = find(connection, device, path)?;
        if found.node.as_ref().is_some_and(Node::is_folder) {
            return Err(IntakeError::IsFolder(path.clone()));
        }
        let etag = found.node.as_ref().map(|node| node.etag(nonce));
        let holds = match (precondition, &etag) {
            (Precondition::None, _) => true,
            (Precondition::IfMatch(wanted), Some(etag)) => wanted.contains(etag),
            (Precondition::IfMatch(_) | Precondition::IfMatchAny, None) => false,
            (Precondition::IfMatchAny, Some(_)) => true,
            (Precondition::IfNoneMatchAny, etag) => etag.is_none(),
            (Precondition::IfNoneMatch(unwanted), etag) => {
                !etag.as_ref().is_some_and(|etag| unwanted.contains(etag))
            }
        };
        if !holds {
            return Err(IntakeError::PreconditionFailed);
        }
        if found.parent.is_none() && !create_parents {
            return Err(IntakeError::ParentMissing(
                path.parent().unwrap_or_default(),
            ));
        }
        Ok((found.node, found.parent.map(|folder| folder.id)))
    }
}

impl From<TreeError> for IntakeError {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::NoDevice(device) => Self::NoDevice(device),
            TreeError::ParentMissing(path)
            | TreeError::NotFound(path)
            | TreeError::AlreadyExists(path)
            | TreeError::IntoItself(path)
            | TreeError::NotAFolder(path)
            | TreeError::TooDeep(path)
            | TreeError::NoPhoto(path)
            | TreeError::TooManyProperties(path)
            | TreeError::TooMany { path, .. } => Self::ParentMissing(path),
            TreeError::KeepsTooMuch(path) => Self::KeepsTooMuch(path),
            TreeError::NoSpace {
                path,
                free,
                reserve,
            } => Self::NoSpace {
                path,
                free,
                reserve,
            },
            TreeError::LibraryUnavailable(error) => Self::LibraryUnavailable(error),
            TreeError::Disk(error) => error.into(),
            TreeError::Catalogue(error) => Self::Catalogue(error),
        }
    }
}
