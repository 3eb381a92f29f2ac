//! Photos of an older catalogue are read for what they say of themselves, a part of them at a time: new ones are read when
//! they arrive.

use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use safelight_core::AssetId;
use safelight_library::ReadError;
use safelight_media::Hints;

use crate::{details::details, error::EngineError, start::Engine};

/// How many photos are read in one go: a second's work at most, since a few kilobytes of each are read.
const AT_ONCE: usize = 1024;
/// How many are written down in one transaction: short enough that an upload does not wait long for its turn.
const WRITTEN_AT_ONCE: usize = 64;
/// The rest between two goes, so that uploads and backups have the disk.
pub(crate) const REST: SignedDuration = SignedDuration::from_secs(5);

impl Engine {
    /// Reads the next photos that nobody has described. Answers whether there may be more.
    pub(crate) fn describe_some(&self) -> Result<bool, EngineError> {
        if !self.library_is_ready() {
            return Ok(true);
        }
        let library = self.library();
        let cursor = &self.0.described_to;
        let photos = library.not_described(AssetId(cursor.load(Ordering::Relaxed)), AT_ONCE)?;
        for some in photos.chunks(WRITTEN_AT_ONCE) {
            if self.0.scheduler.is_stopping() {
                return Ok(true);
            }
            let mut read = Vec::with_capacity(some.len());
            for photo in some {
                let (mut file, asset) = match library.open_asset(*photo) {
                    Ok(opened) => opened,
                    // Missing, or not to be read now: verification tells, and the next start tries again.
                    Err(ReadError::Disk(error)) => {
                        tracing::debug!(%photo, %error, "a photo could not be read for what it says of itself");
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                };
                let hints = Hints {
                    name: &asset.original_name,
                    client_created: None,
                    modified: Some(asset.modified),
                    zone: &self.0.zone,
                    now: self.0.clock.now(),
                };
                let facts = safelight_media::describe(&mut file, &hints);
                read.push((*photo, details(&facts)));
            }
            library.keep_details(&read)?;
            if let Some(last) = some.last() {
                cursor.store(last.0, Ordering::Relaxed);
            }
        }
        Ok(!photos.is_empty())
    }
}
