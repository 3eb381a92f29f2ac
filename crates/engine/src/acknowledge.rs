//! What a device's 2xx means: that the photo is at home for good, or that it is offsite too, as the owner chose.
//!
//! Where it means offsite, the answer is held until the evidence of the file's own copies says "safe"; what belongs to it
//! is acknowledged by itself. Uploads that wait have a backup made after a
//! short pause in which others may join them, so that many share a snapshot. The pause and the patience are real time:
//! they are about clients that count seconds.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use safelight_core::{AssetId, DeviceId};
use safelight_library::{Acknowledge, CatalogueError};
use tokio::sync::watch;

use crate::{
    activity::Quiet,
    command::BackupOutcome,
    error::EngineError,
    intake::Receipt,
    start::{Engine, blocking},
};

/// How long the answer to a PUT is held at most: phones give up a request that is silent for 30 seconds.
pub const PUT_PATIENCE: Duration = Duration::from_secs(25);
/// When a client should try again that was told to.
pub const RETRY_AFTER: Duration = Duration::from_secs(30);
/// How much earlier than the client gives up the answer goes out.
const MARGIN: Duration = Duration::from_secs(5);
/// How long others may join an upload that waits, before the backup begins.
const GATHER: Duration = Duration::from_secs(1);
/// How long a backup that failed, or had nothing to take in, is not begun again for those who wait.
const IN_VAIN: Duration = Duration::from_secs(5);

/// How long the answer to the MOVE that completes a chunked upload is held at most. The Nextcloud app for Android waits 3
/// minutes a gigabyte for it, at least 30 seconds and at most 30 minutes
/// (`ChunkedFileUploadRemoteOperation.java`).
#[must_use]
pub fn assembly_patience(bytes: u64) -> Duration {
    let milliseconds = u128::from(bytes) * 180_000 / 1_000_000_000;
    let waits = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX))
        .clamp(Duration::from_secs(30), Duration::from_secs(30 * 60));
    waits.saturating_sub(MARGIN)
}

/// Why a device is not told yet that its photo is stored, although it is at home.
#[derive(Debug, thiserror::Error)]
pub enum NotAcknowledged {
    /// There was not enough time.
    #[error(
        "The photo is at home, and not offsite yet. This device is to hear \"stored\" only when it is; send it again later, which is quick"
    )]
    NotYet,
    /// There is nowhere to copy it to.
    #[error(
        "The photo is at home. This device is to hear \"stored\" only when it is offsite too, and there is no offsite destination: add one in the page, or let the device's \"stored\" mean home"
    )]
    NoDestination,
    /// The device's access was taken back while it waited.
    #[error("The device may not add photos any more")]
    Revoked,
    /// It could not be looked up.
    #[error(transparent)]
    Unavailable(#[from] EngineError),
}

impl From<CatalogueError> for NotAcknowledged {
    fn from(error: CatalogueError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// The uploads that wait for their photo to be offsite.
pub(crate) struct Waiting {
    /// Whether somebody waits for a backup that has not begun.
    wanted: Mutex<bool>,
    changed: Condvar,
    /// Grows when there is new evidence, or something else that those who wait should look at.
    news: watch::Sender<u64>,
}

impl Waiting {
    pub(crate) fn new() -> Self {
        Self {
            wanted: Mutex::new(false),
            changed: Condvar::new(),
            news: watch::Sender::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn want_backup(&self) {
        *self.lock() = true;
        self.changed.notify_all();
    }

    /// Has those who wait look again.
    pub(crate) fn look_again(&self) {
        self.news.send_modify(|news| *news += 1);
    }

    /// Has the thread that makes the backups look whether it must end.
    pub(crate) fn wake(&self) {
        drop(self.lock());
        self.changed.notify_all();
        self.look_again();
    }

    /// Sleeps for a time, or until the engine closes.
    fn rest(&self, time: Duration, is_stopping: impl Fn() -> bool) {
        drop(
            self.changed
                .wait_timeout_while(self.lock(), time, |_| !is_stopping())
                .unwrap_or_else(PoisonError::into_inner),
        );
    }
}

/// What a look at a photo found.
enum Look {
    Answer,
    Wait,
}

impl Engine {
    /// Returns when a device may be told that its photo is stored, as the owner chose for it. Every protocol asks here
    /// between its receipt and its 2xx.
    ///
    /// # Errors
    ///
    /// See [`NotAcknowledged`]. The photo stays at home in any case; whoever sends it again is answered at once as soon as
    /// it is offsite.
    pub async fn acknowledged(
        &self,
        device: DeviceId,
        receipt: &Receipt,
        patience: Duration,
    ) -> Result<(), NotAcknowledged> {
        // Nearly every upload: nobody is asked again. Whether the device was revoked meanwhile, and what its 2xx means, the
        // transaction has looked at that made the photo durable.
        if receipt.acknowledge == Acknowledge::Home {
            return Ok(());
        }
        // Subscribed before the first look, so that no news falls between the two.
        let mut news = self.0.waiting.news.subscribe();
        let patient_until = tokio::time::Instant::now() + patience;
        loop {
            match self.look_at_copies(device, receipt.asset).await? {
                Look::Answer => return Ok(()),
                Look::Wait if self.0.scheduler.is_stopping() => {
                    return Err(NotAcknowledged::NotYet);
                }
                Look::Wait => self.0.waiting.want_backup(),
            }
            match tokio::time::timeout_at(patient_until, news.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Err(NotAcknowledged::NotYet),
            }
        }
    }

    async fn look_at_copies(
        &self,
        device: DeviceId,
        asset: AssetId,
    ) -> Result<Look, NotAcknowledged> {
        let library = self.library().clone();
        blocking(move || {
            let row = library
                .device(device)?
                .filter(|row| row.revoked_at.is_none());
            let row = row.ok_or(NotAcknowledged::Revoked)?;
            // The file's own copies: its 2xx says nothing of the others of its group, which may not have come yet.
            let is_safe = || {
                let copies = library.copies(asset)?;
                Ok::<_, CatalogueError>(library.safety_rule().is_safe(&copies))
            };
            if row.acknowledge == Acknowledge::Home || is_safe()? {
                return Ok(Look::Answer);
            }
            if library.destinations()?.is_empty() {
                return Err(NotAcknowledged::NoDestination);
            }
            Ok(Look::Wait)
        })
        .await
    }

    /// Makes a backup whenever an upload waits for one.
    pub(crate) fn start_waiting_backups(&self) -> Result<(), EngineError> {
        let engine = self.clone();
        self.spawn("waiting-backups", move || {
            let waiting = &engine.0.waiting;
            let is_stopping = || engine.0.scheduler.is_stopping();
            loop {
                drop(
                    waiting
                        .changed
                        .wait_while(waiting.lock(), |wanted| !*wanted && !is_stopping())
                        .unwrap_or_else(PoisonError::into_inner),
                );
                waiting.rest(GATHER, is_stopping);
                if is_stopping() {
                    return;
                }
                // Whoever comes from here on needs the next one: this one may have listed its photos already.
                *waiting.lock() = false;
                let stored = engine.back_up_for_those_who_wait().inspect_err(|error| {
                    tracing::warn!("A backup that uploads wait for failed: {error}");
                });
                waiting.look_again();
                if !stored.is_ok_and(|stored| stored > 0) {
                    waiting.rest(IN_VAIN, is_stopping);
                }
            }
        })
    }

    /// How many photos are now offsite that were not before. Every destination is tried, also after one that failed; the
    /// first failure is told.
    fn back_up_for_those_who_wait(&self) -> Result<u64, EngineError> {
        let mut result = Ok(());
        let mut stored = 0;
        for destination in self.library().destinations()? {
            let mut outcome = BackupOutcome::default();
            let done = self.back_up_to(&destination, &mut outcome, &Quiet);
            stored += outcome.stored;
            result = result.and(done);
        }
        result.map(|()| stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assembled_file_is_answered_before_the_phone_gives_up() {
        for (bytes, seconds) in [
            (0, 25),
            (100_000_000, 25),
            (1_000_000_000, 175),
            (2_000_000_000, 355),
            (100_000_000_000, 1795),
            (u64::MAX, 1795),
        ] {
            assert_eq!(assembly_patience(bytes).as_secs(), seconds, "{bytes}");
        }
    }
}
