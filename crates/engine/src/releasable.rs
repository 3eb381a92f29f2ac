//! Which photos a phone may forget.

use safelight_core::{ContentHash, DeviceId};
use safelight_library::{Missing, Release};

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

impl Engine {
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
    }
}
