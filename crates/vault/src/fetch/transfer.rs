//! Fetches files' bytes: what lies together in a pack is fetched together, by several threads at a time.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use crate::{
    error::VaultError,
    format::{id::Id, index::BlobKind},
    repository::{BlobIndex, Location, Plain, Repository, open_blob},
    store::{File, Folder, Trouble},
};

/// No more is fetched at once, so that memory is bounded by this times the threads.
const SPAN: u32 = 16 << 20;
/// Bytes between two blobs that are rather fetched and thrown away than asked around.
const GAP: u32 = 128 << 10;

/// Who takes the bytes. Called from several threads, for one file from one thread.
pub(crate) trait Receiver: Sync {
    /// What it needs while a file's bytes arrive.
    type Open;
    /// Whether it wants to hear of every blob that is at fault, not only of a file's first.
    const ALL_DAMAGE: bool = false;

    /// A file's bytes are coming.
    fn begin(&self, file: usize) -> Result<Self::Open, String>;

    /// The next bytes, proved to be those that the snapshot names.
    fn take(&self, open: &mut Self::Open, bytes: &[u8]) -> Result<(), String>;

    /// That was all.
    fn end(&self, file: usize, open: Self::Open) -> Result<(), String>;

    /// The file cannot be had; `damaged` names the blob that is at fault, if one is.
    fn fail(&self, file: usize, damaged: Option<Id>, why: String);
}

/// A blob to be fetched for a file of one blob.
struct Piece {
    place: Location,
    id: Id,
    file: usize,
}

/// Fetches files, given by their blobs.
pub(crate) fn run<'c, R: Receiver>(
    repository: &Repository,
    index: &BlobIndex,
    files: impl Iterator<Item = &'c [Id]>,
    receiver: &R,
) -> Result<(), VaultError> {
    let (mut pieces, mut large) = (Vec::new(), Vec::new());
    for (file, content) in files.enumerate() {
        match content {
            [id] => match index.places(BlobKind::Data, *id).next() {
                Some(place) => pieces.push(Piece {
                    place,
                    id: *id,
                    file,
                }),
                None => receiver.fail(file, Some(*id), "Its data is in no index".to_owned()),
            },
            _ => large.push((file, content)),
        }
    }
    pieces.sort_unstable_by_key(|piece| (piece.place.pack, piece.place.offset));
    let packs: Vec<&[Piece]> = pieces
        .chunk_by(|a, b| a.place.pack == b.place.pack)
        .collect();
    let transfer = Transfer {
        repository,
        index,
        receiver,
        trouble: Mutex::new(None),
        stopped: AtomicBool::new(false),
    };
    // The large files first: the small ones fill the time while the last of them end.
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..repository.store.parallel() {
            scope.spawn(|| {
                while !transfer.stopped.load(Ordering::Acquire) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let done = if let Some((file, content)) = large.get(number) {
                        transfer.large(*file, content)
                    } else if let Some(pack) = packs.get(number - large.len()) {
                        transfer.pack(pack)
                    } else {
                        return;
                    };
                    if let Err(error) = done {
                        transfer
                            .trouble
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .get_or_insert(error);
                        transfer.stopped.store(true, Ordering::Release);
                    }
                }
            });
        }
    });
    match transfer
        .trouble
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
    {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

struct Transfer<'a, R> {
    repository: &'a Repository,
    index: &'a BlobIndex,
    receiver: &'a R,
    trouble: Mutex<Option<VaultError>>,
    stopped: AtomicBool,
}

impl<R: Receiver> Transfer<'_, R> {
    /// Files of one blob each, all in one pack.
    fn pack(&self, pieces: &[Piece]) -> Result<(), VaultError> {
        let mut rest = pieces;
        while let Some(first) = rest.first() {
            let start = first.place.offset;
            let mut end = start.saturating_add(first.place.length);
            let mut count = 1;
            while let Some(next) = rest.get(count) {
                let next_end = next.place.offset.saturating_add(next.place.length);
                if next.place.offset > end.saturating_add(GAP)
                    || next_end.saturating_sub(start) > SPAN
                {
                    break;
                }
                end = end.max(next_end);
                count += 1;
            }
            let (together, later) = rest.split_at(count);
            self.span(together, start, end)?;
            rest = later;
        }
        Ok(())
    }

    fn span(&self, pieces: &[Piece], start: u32, end: u32) -> Result<(), VaultError> {
        let Some(first) = pieces.first() else {
            return Ok(());
        };
        let file = File::In(Folder::Data, first.place.pack);
        let mut bytes =
            match self
                .repository
                .store
                .read_range(file, start.into(), (end - start) as usize)
            {
                Ok(bytes) => bytes,
                Err(error) if matches!(error.trouble, Trouble::NotFound | Trouble::TooShort) => {
                    // The pack is gone or cut: perhaps not all of it is, and perhaps a blob lies elsewhere too.
                    for piece in pieces {
                        self.alone(piece)?;
                    }
                    return Ok(());
                }
                Err(error) => return Err(self.repository.store_error(error)),
            };
        for same in pieces.chunk_by(|a, b| a.place.offset == b.place.offset) {
            let piece = &same[0];
            let at = (piece.place.offset - start) as usize;
            let sealed = &mut bytes[at..at + piece.place.length as usize];
            match open_blob(
                &self.repository.cipher,
                sealed,
                piece.id,
                piece.place.uncompressed_length,
            ) {
                Ok(plain) => {
                    let plain = match &plain {
                        Plain::InPlace(range) => &sealed[range.clone()],
                        Plain::Owned(plain) => plain,
                    };
                    for piece in same {
                        self.deliver(piece.file, plain);
                    }
                }
                Err(_) => {
                    for piece in same {
                        self.alone(piece)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn deliver(&self, file: usize, plain: &[u8]) {
        let delivered = self.receiver.begin(file).and_then(|mut open| {
            self.receiver.take(&mut open, plain)?;
            self.receiver.end(file, open)
        });
        if let Err(why) = delivered {
            self.receiver.fail(file, None, why);
        }
    }

    /// A file whose blob was not sound where it was looked for first.
    fn alone(&self, piece: &Piece) -> Result<(), VaultError> {
        match self.blob(piece.id)? {
            Ok(plain) => self.deliver(piece.file, &plain),
            Err(why) => self.receiver.fail(piece.file, Some(piece.id), why),
        }
        Ok(())
    }

    /// A file of several blobs, or of none.
    fn large(&self, file: usize, content: &[Id]) -> Result<(), VaultError> {
        let mut open = match self.receiver.begin(file) {
            Ok(open) => open,
            Err(why) => {
                self.receiver.fail(file, None, why);
                return Ok(());
            }
        };
        let mut rest = content.iter();
        while let Some(id) = rest.next() {
            if self.stopped.load(Ordering::Acquire) {
                return Ok(());
            }
            let taken = match self.blob(*id)? {
                Ok(plain) => self
                    .receiver
                    .take(&mut open, &plain)
                    .map_err(|why| (None, why)),
                Err(why) => Err((Some(*id), why)),
            };
            if let Err((damaged, why)) = taken {
                self.receiver.fail(file, damaged, why);
                if R::ALL_DAMAGE {
                    for id in rest {
                        if let Err(why) = self.blob(*id)? {
                            self.receiver.fail(file, Some(*id), why);
                        }
                    }
                }
                return Ok(());
            }
        }
        if let Err(why) = self.receiver.end(file, open) {
            self.receiver.fail(file, None, why);
        }
        Ok(())
    }

    /// A blob from the first of its places that is sound. The outer error stops everything.
    fn blob(&self, id: Id) -> Result<Result<Vec<u8>, String>, VaultError> {
        let mut why = "Its data is in no index".to_owned();
        for place in self.index.places(BlobKind::Data, id) {
            match self.repository.read_blob(id, &place) {
                Ok(plain) => return Ok(Ok(plain)),
                Err(VaultError::Damaged { what, .. }) => {
                    why = format!("Its data is damaged: {what}");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Err(why))
    }
}
