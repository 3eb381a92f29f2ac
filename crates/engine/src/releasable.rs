//! Which photos a phone may forget, and which it need not send.

use safelight_core::{ContentHash, DeviceId, DevicePath, Timestamp};
use safelight_library::{Missing, Release, TreeError};

use crate::{
    error::EngineError,
    start::{Engine, blocking},
};

/// How many hashes one question may have.
pub const MOST_HASHES: usize = 100_000;

/// The answer to a device's question. Each hash that was asked for is in one of the lists, in the order of the question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Releasable {
    /// The owner's rule calls these safe: the phone may forget them.
    pub releasable: Vec<ContentHash>,
    /// These are here, and something is still to be proved.
    pub not_yet: Vec<(ContentHash, &'static str)>,
    /// These are not here, or are only other people's: the phone must keep them, and send them.
    pub unknown: Vec<ContentHash>,
}

/// A file of a device's, as its own system lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name that it would be sent with.
    pub path: DevicePath,
    /// Bytes.
    pub size: u64,
    /// Its modification time.
    pub modified: Timestamp,
}

impl Engine {
    /// Which of these files a device has sent before, by name, size and modification time, in the order of the question;
    /// a photo whose home copy is missing or damaged counts as not sent.
    ///
    /// # Errors
    ///
    /// The device is unknown; the catalogue cannot be read.
    pub async fn sent_before(
        &self,
        device: DeviceId,
        files: Vec<Listed>,
    ) -> Result<Vec<Option<ContentHash>>, TreeError> {
        let library = self.library().clone();
        blocking(move || {
            let person = library
                .device(device)?
                .ok_or(TreeError::NoDevice(device))?
                .person;
            let mut sent = Vec::with_capacity(files.len());
            for file in &files {
                let entry = library.entry(device, &file.path)?;
                let same = entry
                    .filter(|entry| entry.size == file.size && entry.modified == file.modified);
                sent.push(same.and_then(|entry| entry.asset.and(entry.hash)));
            }
            let hashes: Vec<ContentHash> = sent.iter().flatten().copied().collect();
            let mut found = library.releasable(person, &hashes)?.into_iter();
            for hash in sent.iter_mut().filter(|hash| hash.is_some()) {
                let is_here = match found.next() {
                    Some(Release::Safe) => true,
                    Some(Release::NotYet(missing)) => {
                        matches!(
                            missing,
                            Missing::HomeUnread | Missing::Offsite | Missing::Group
                        )
                    }
                    Some(Release::Unknown) | None => false,
                };
                if !is_here {
                    *hash = None;
                }
            }
            Ok(sent)
        })
        .await
    }

    /// Which of these photos the owner's rule lets a device's phone forget. Only evidence says so, and only of photos
    /// that the device's person has.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] for over [`MOST_HASHES`]; the device is unknown; the catalogue cannot be read.
    pub async fn releasable(
        &self,
        device: DeviceId,
        hashes: Vec<ContentHash>,
    ) -> Result<Releasable, EngineError> {
        if hashes.len() > MOST_HASHES {
            return Err(EngineError::Invalid(format!(
                "{} hashes were sent, and {MOST_HASHES} are possible at once; send them in parts",
                hashes.len()
            )));
        }
        let library = self.library().clone();
        blocking(move || {
            let person = library
                .device(device)?
                .ok_or_else(|| {
                    EngineError::NotFound(format!("There is no device number {device}"))
                })?
                .person;
            let found = library.releasable(person, &hashes)?;
            let mut answer = Releasable::default();
            for (hash, release) in hashes.into_iter().zip(found) {
                match release {
                    Release::Safe => answer.releasable.push(hash),
                    Release::NotYet(missing) => answer.not_yet.push((hash, why(missing))),
                    Release::Unknown => answer.unknown.push(hash),
                }
            }
            Ok(answer)
        })
        .await
    }
}

const fn why(missing: Missing) -> &'static str {
    match missing {
        Missing::HomeMissing => "the file at home is missing; send the photo again",
        Missing::HomeDamaged => "the file at home is damaged; send the photo again",
        Missing::HomeUnread => "the file at home was not yet read again",
        Missing::Offsite => "there are not yet enough proved offsite copies",
        Missing::Group => "another file that belongs to it is not safe yet",
    }
}
