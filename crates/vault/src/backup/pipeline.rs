//! The threads of a backup: this one pulls files, some read and encrypt them, some bring packs to the store.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel},
    },
    thread,
    time::Duration,
};

use safelight_core::LibraryPath;

use super::{
    Backup, Failure, FileOutcome, NewFile,
    folders::Folders,
    known::Known,
    read::{Job, Packed, Reader},
    upload::Uploader,
};
use crate::{
    Monitor,
    error::VaultError,
    format::pack::SealedPack,
    repository::{LockGuard, Repository},
    state,
};

/// Files are handed over together, up to so many …
const BATCH_FILES: usize = 64;
/// … or so many bytes, so that thousands of small files cost no more than their bytes.
const BATCH_BYTES: u64 = 8 << 20;

/// What was read.
#[derive(Default)]
pub(crate) struct Outcomes {
    pub(crate) packed: Vec<Packed>,
    pub(crate) failed: Vec<FileOutcome>,
    pub(crate) plain_failed: Vec<(String, Failure)>,
}

/// How many threads read.
pub(crate) fn readers() -> usize {
    // One more than cores would only take memory; more than four outrun every disk.
    thread::available_parallelism()
        .map_or(2, usize::from)
        .clamp(2, 4)
}

/// Runs `work` while packs are stored and the lock is renewed, and returns when all packs are.
pub(crate) fn with_uploads<T>(
    repository: &Repository,
    uploader: &Uploader<'_>,
    guard: &LockGuard<'_>,
    work: impl FnOnce(&SyncSender<SealedPack>) -> T,
) -> T {
    let (packs, arriving) = sync_channel(1);
    let arriving = Mutex::new(arriving);
    let (alive, ended) = channel::<()>();
    thread::scope(|scope| {
        // More threads than packs may be on their way, which the buffers bound: some are looking at what was written.
        let uploads: Vec<_> = (0..repository.store.parallel() * 2)
            .map(|_| scope.spawn(|| uploader.run(&arriving)))
            .collect();
        scope.spawn(move || renew(&ended, guard, uploader));
        let result = work(&packs);
        drop(packs);
        for upload in uploads {
            if let Err(panic) = upload.join() {
                std::panic::resume_unwind(panic);
            }
        }
        drop(alive);
        result
    })
}

/// Renews the lock until the run has ended.
fn renew(ended: &Receiver<()>, guard: &LockGuard<'_>, uploader: &Uploader<'_>) {
    while ended.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
        if let Err(error) = guard.renew() {
            uploader.stop(error);
            return;
        }
    }
}

/// Reads all files of the request into packs.
pub(crate) fn read_all(
    request: &mut Backup<'_>,
    repository: &Repository,
    folders: &mut Folders<'_>,
    known: &Known,
    uploader: &Uploader<'_>,
    packs: &SyncSender<SealedPack>,
    monitor: &dyn Monitor,
) -> Outcomes {
    let (batches, waiting) = sync_channel::<Vec<Job>>(readers());
    let waiting = Mutex::new(waiting);
    let (files, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    let (library, cancel) = (request.library, request.cancel);
    let (waiting, files, bytes) = (&waiting, &files, &bytes);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..readers())
            .map(|_| {
                let packs = packs.clone();
                scope.spawn(move || {
                    let mut outcomes = Outcomes::default();
                    let secrets = (&repository.cipher, repository.entropy.as_ref());
                    let mut reader = match Reader::new(library, secrets, uploader, known, packs) {
                        Ok(reader) => reader,
                        Err(error) => {
                            uploader.stop(VaultError::Io {
                                url: repository.url.clone(),
                                attempt: "Preparing compression".to_owned(),
                                reason: error.to_string(),
                            });
                            drain(waiting);
                            return outcomes;
                        }
                    };
                    while let Some(batch) = next(waiting) {
                        for job in batch {
                            if cancel() {
                                uploader.stop(VaultError::Cancelled {
                                    url: repository.url.clone(),
                                });
                            }
                            if uploader.is_stopped() {
                                break;
                            }
                            let read = reader.read(job);
                            let size = outcomes.note(read);
                            let done = files.fetch_add(1, Ordering::Relaxed) + 1;
                            let sum = bytes.fetch_add(size, Ordering::Relaxed) + size;
                            if size > BATCH_BYTES / 8 || done.is_multiple_of(64) {
                                monitor.progress(done, sum);
                            }
                        }
                    }
                    reader.finish_pack();
                    outcomes
                })
            })
            .collect();
        let mut all = Outcomes::default();
        let mut plain = Vec::new();
        for path in request.plain_files {
            match LibraryPath::parse(path) {
                Ok(path) => plain.push(Job {
                    path,
                    photo: None,
                    modified: None,
                }),
                Err(error) => all
                    .plain_failed
                    .push((path.clone(), Failure::Unreadable(error.to_string()))),
            }
        }
        pull(request, folders, known, uploader, &batches, plain);
        drop(batches);
        for thread in threads {
            match thread.join() {
                Ok(outcomes) => all.extend(outcomes),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        monitor.progress(files.load(Ordering::Relaxed), bytes.load(Ordering::Relaxed));
        all
    })
}

fn next(waiting: &Mutex<Receiver<Vec<Job>>>) -> Option<Vec<Job>> {
    waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .recv()
        .ok()
}

fn drain(waiting: &Mutex<Receiver<Vec<Job>>>) {
    while next(waiting).is_some() {}
}

/// Pulls files and hands them over in batches; before the first of a folder, what the last snapshot has there becomes
/// known.
fn pull(
    request: &mut Backup<'_>,
    folders: &mut Folders<'_>,
    known: &Known,
    uploader: &Uploader<'_>,
    batches: &SyncSender<Vec<Job>>,
    plain: Vec<Job>,
) {
    let mut looked_at = std::collections::HashSet::new();
    let (mut batch, mut batch_bytes) = (Vec::with_capacity(BATCH_FILES), 0);
    let enough = request.enough;
    let photos = std::iter::from_fn(|| if enough() { None } else { request.files.next() }).map(
        |file: NewFile| {
            let job = Job {
                path: file.path,
                photo: Some((file.asset, file.hash)),
                modified: Some(file.modified),
            };
            (file.size, job)
        },
    );
    // The manifests come last, so that they are not older than the photos.
    for (size, job) in photos
        .fuse()
        .chain(plain.into_iter().map(|job| (BATCH_BYTES / 8, job)))
    {
        if uploader.is_stopped() {
            return;
        }
        if !looked_at.contains(job.path.folder()) {
            looked_at.insert(job.path.folder().to_owned());
            if folders.has(job.path.folder()) {
                // Reading its list takes a while; what is gathered need not wait for it.
                batch_bytes = 0;
                if !hand_over(&mut batch, batches) {
                    return;
                }
            }
            match folders.content(job.path.folder()) {
                Ok(ids) => known.add(ids.into_iter()),
                Err(error) => return uploader.stop(error),
            }
        }
        batch.push(job);
        batch_bytes += size;
        if batch.len() == BATCH_FILES || batch_bytes >= BATCH_BYTES {
            batch_bytes = 0;
            if !hand_over(&mut batch, batches) {
                return;
            }
        }
    }
    hand_over(&mut batch, batches);
}

/// `false` if the readers are gone, which they are only after a panic, which their end tells.
fn hand_over(batch: &mut Vec<Job>, batches: &SyncSender<Vec<Job>>) -> bool {
    if batch.is_empty() {
        return true;
    }
    let full = std::mem::replace(batch, Vec::with_capacity(BATCH_FILES));
    batches.send(full).is_ok()
}

impl Outcomes {
    /// Takes one file's outcome and returns its bytes.
    fn note(&mut self, read: Result<Packed, Box<(Job, Failure)>>) -> u64 {
        match read {
            Ok(packed) => {
                let size = packed.size;
                self.packed.push(packed);
                size
            }
            Err(failed) => {
                let (job, why) = *failed;
                match job.photo {
                    Some((asset, _)) => self.failed.push(FileOutcome {
                        asset,
                        path: job.path,
                        why,
                    }),
                    None => self.plain_failed.push((job.path.as_str().to_owned(), why)),
                }
                0
            }
        }
    }

    fn extend(&mut self, other: Self) {
        self.packed.extend(other.packed);
        self.failed.extend(other.failed);
        self.plain_failed.extend(other.plain_failed);
    }
}

/// What the last snapshot has in the folders of files that are to leave it becomes known: a photo that only moved is
/// not stored again.
pub(crate) fn know_removed(
    request: &Backup<'_>,
    folders: &mut Folders<'_>,
    known: &Known,
) -> Result<(), VaultError> {
    let places: std::collections::BTreeSet<&str> = request
        .removed
        .iter()
        .map(|path| state::split(path.as_str()).0)
        .collect();
    for folder in places {
        known.add(folders.content(folder)?.into_iter());
    }
    Ok(())
}
