//! Reads files from home into packs: each byte is read once, hashed and encrypted where it lies.

use std::{
    fs,
    io::{self, Read},
    path::Path,
    sync::mpsc::SyncSender,
};

use jiff::Timestamp;
use safelight_core::{AssetId, ContentHash, Entropy, LibraryPath};
use sha2::{Digest, Sha256};

use super::{Failure, known::Known, upload::Uploader};
use crate::format::{
    crypto::Cipher,
    id::Id,
    index::BlobKind,
    pack::{PackBuilder, SealedPack},
};

/// Files are cut into pieces of this size. Most photos are one piece, whose id is the photo's hash. Fixed pieces suit
/// photos: nobody inserts bytes into them.
pub(crate) const CHUNK: usize = 8 << 20;
/// Manifests are cut finer: they grow at their ends, so all but the last piece is there already.
const PLAIN_CHUNK: usize = 512 << 10;
/// How much of a piece is compressed for trial.
const SAMPLE: usize = 16 << 10;
/// zstd's level: restic's "auto" is its default too.
pub(super) const LEVEL: i32 = 3;

/// A file to be read.
pub(crate) struct Job {
    /// Where it lies.
    pub(crate) path: LibraryPath,
    /// Which photo it is, and the hash that it must have; `None` for a file that is stored as it is now.
    pub(crate) photo: Option<(AssetId, ContentHash)>,
    /// What is recorded as its time; `None` for what the file system says.
    pub(crate) modified: Option<Timestamp>,
}

/// A file whose pieces are in packs.
pub(crate) struct Packed {
    pub(crate) path: LibraryPath,
    pub(crate) photo: Option<(AssetId, ContentHash)>,
    pub(crate) modified: Timestamp,
    pub(crate) size: u64,
    pub(crate) content: Content,
}

/// A file's pieces. One needs no memory of its own.
pub(crate) enum Content {
    /// One piece.
    One(Id),
    /// Any other number.
    Many(Box<[Id]>),
}

impl Content {
    /// The pieces in order.
    pub(crate) fn ids(&self) -> &[Id] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Many(ids) => ids,
        }
    }

    fn from_ids(ids: Vec<Id>) -> Self {
        match ids[..] {
            [id] => Self::One(id),
            _ => Self::Many(ids.into()),
        }
    }
}

/// One thread's work: a pack that is being filled, and what filling takes.
pub(crate) struct Reader<'a> {
    library: &'a Path,
    known: &'a Known,
    filling: Filling<'a>,
    compressor: zstd::bulk::Compressor<'static>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        library: &'a Path,
        (cipher, entropy): (&'a Cipher, &'a dyn Entropy),
        uploader: &'a Uploader<'a>,
        known: &'a Known,
        packs: SyncSender<SealedPack>,
    ) -> io::Result<Self> {
        Ok(Self {
            library,
            known,
            filling: Filling {
                cipher,
                entropy,
                uploader,
                packs,
                pack: None,
            },
            compressor: zstd::bulk::Compressor::new(LEVEL)?,
        })
    }

    /// Reads one file.
    pub(crate) fn read(&mut self, job: Job) -> Result<Packed, Box<(Job, Failure)>> {
        match self.try_read(&job) {
            Ok((content, size, modified)) => Ok(Packed {
                path: job.path,
                photo: job.photo,
                modified,
                size,
                content,
            }),
            Err(why) => Err(Box::new((job, why))),
        }
    }

    fn try_read(&mut self, job: &Job) -> Result<(Content, u64, Timestamp), Failure> {
        let mut file = fs::File::open(self.library.join(job.path.to_relative()))?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(Failure::Unreadable("it is not an ordinary file".to_owned()));
        }
        let modified = match job.modified {
            Some(modified) => modified,
            None => Timestamp::try_from(metadata.modified()?).unwrap_or(Timestamp::UNIX_EPOCH),
        };
        let expected = job.photo.map(|(_, hash)| hash);
        let chunk = match expected {
            Some(_) => CHUNK,
            None => PLAIN_CHUNK,
        };
        let mut ids = Vec::new();
        let (mut size, mut whole) = (0, None::<Sha256>);
        loop {
            let left = usize::try_from(metadata.len().saturating_sub(size))
                .unwrap_or(chunk)
                .min(chunk);
            let Filling {
                cipher, entropy, ..
            } = self.filling;
            let pack = self.filling.with_room(left);
            let mut draft = pack.draft();
            let read = (&mut file).take(chunk as u64).read_to_end(draft.buffer());
            let length = match read {
                Ok(length) => length,
                Err(error) => {
                    draft.undo();
                    return Err(error.into());
                }
            };
            if length == 0 {
                draft.undo();
                break;
            }
            let is_last = length < chunk;
            let id = Id::of(draft.plain());
            if let Some(whole) = &mut whole {
                whole.update(draft.plain());
            } else if is_last {
                // The only piece: its id is the file's hash, so nothing wrong is ever packed.
                if let Some(expected) = expected
                    && id != Id::of_photo(expected)
                {
                    draft.undo();
                    return Err(Failure::NotThePhoto {
                        found: ContentHash::from_bytes(id.0),
                    });
                }
            } else if expected.is_some() {
                let mut first = Sha256::new();
                first.update(draft.plain());
                whole = Some(first);
            }
            ids.push(id);
            size += length as u64;
            if self.known.is_new(id) {
                let packed = compress(&mut self.compressor, draft.plain());
                let uncompressed = packed.as_ref().and_then(|_| u32::try_from(length).ok());
                if let Some(packed) = packed {
                    draft.replace(&packed);
                }
                draft.keep(id, uncompressed, cipher, entropy);
            } else {
                draft.undo();
            }
            if is_last {
                break;
            }
        }
        if let Some(expected) = expected {
            let found = match (whole, ids.first()) {
                (Some(whole), _) => ContentHash::from_bytes(whole.finalize().into()),
                (None, Some(only)) => ContentHash::from_bytes(only.0),
                (None, None) => ContentHash::from_bytes(Sha256::digest([]).into()),
            };
            if found != expected {
                return Err(Failure::NotThePhoto { found });
            }
        }
        Ok((Content::from_ids(ids), size, modified))
    }

    /// Sends the pack that is being filled on its way.
    pub(crate) fn finish_pack(&mut self) {
        self.filling.finish();
    }
}

/// The pack that one thread fills, and where it goes when it is full.
struct Filling<'a> {
    cipher: &'a Cipher,
    entropy: &'a dyn Entropy,
    uploader: &'a Uploader<'a>,
    packs: SyncSender<SealedPack>,
    pack: Option<PackBuilder>,
}

impl Filling<'_> {
    fn with_room(&mut self, length: usize) -> &mut PackBuilder {
        if self
            .pack
            .as_ref()
            .is_some_and(|pack| !pack.has_room(length))
        {
            self.finish();
        }
        self.pack
            .get_or_insert_with(|| PackBuilder::new(BlobKind::Data, self.uploader.buffer()))
    }

    fn finish(&mut self) {
        let Some(pack) = self.pack.take() else {
            return;
        };
        if pack.is_empty() {
            self.uploader.give_back(pack.into_buffer());
        } else if let Err(refused) = self.packs.send(pack.seal(self.cipher, self.entropy)) {
            // Nobody receives only after a panic, which the run's end tells.
            self.uploader.give_back(refused.0.bytes);
        }
    }
}

/// The compressed bytes, if that saves a tenth. Photos and videos are compressed by themselves, which a sample shows.
fn compress(compressor: &mut zstd::bulk::Compressor<'_>, plain: &[u8]) -> Option<Vec<u8>> {
    let pays = |packed: &[u8], plain: &[u8]| packed.len() < plain.len() / 10 * 9;
    if plain.len() > 2 * SAMPLE {
        // From the middle: the beginning of a photo is its description and often its thumbnail.
        let middle = &plain[plain.len() / 2..][..SAMPLE];
        // A compressor that fails only costs the saving.
        if !compressor
            .compress(middle)
            .is_ok_and(|packed| pays(&packed, middle))
        {
            return None;
        }
    }
    compressor
        .compress(plain)
        .ok()
        .filter(|packed| pays(packed, plain))
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            _ => Self::Unreadable(error.to_string()),
        }
    }
}
