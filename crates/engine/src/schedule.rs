//! What runs by itself: backups each hour and after a burst of arrivals, a weekly verification, the look at what a
//! crash left behind or another catalogue's library holds, and the manifests.
//!
//! Jobs are rows of the catalogue, so that they survive a restart. Each is idempotent: one that a crash broke off is
//! simply run again.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use jiff::SignedDuration;
use safelight_core::Timestamp;
use safelight_library::{DestinationRow, Job, NewJob, RootState};

use crate::{
    activity::Quiet,
    command::{BackupOutcome, VerifyScope},
    error::EngineError,
    start::Engine,
};

/// A destination is brought up to date at least this often.
const BACKUP_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Everything is verified this often.
const VERIFY_EVERY: SignedDuration = SignedDuration::from_hours(24 * 7);
/// A burst is over when nothing arrived for this long; then a backup follows at once.
const BURST_OVER: SignedDuration = SignedDuration::from_secs(60);
/// Fewer arrivals than this are no burst and wait for the hour.
const BURST: u64 = 20;
/// A failed job is tried again after this long, then twice as long, …
const RETRY_FIRST: SignedDuration = SignedDuration::from_mins(1);
/// … but at least this often.
const RETRY_LAST: SignedDuration = SignedDuration::from_hours(1);
/// Manifests lag behind the catalogue by at most this.
const MANIFESTS_EVERY: Duration = Duration::from_secs(2);
/// The schedule is looked at this often even if nothing woke it.
const LOOK_EVERY: Duration = Duration::from_secs(30);

const BACKUP: &str = "backup";
const VERIFY: &str = "verify";
const RECONCILE: &str = "reconcile";
const REBUILD: &str = "rebuild";

pub(crate) struct Scheduler {
    burst: Mutex<Burst>,
    wake: Condvar,
    stopping: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Burst {
    arrivals: u64,
    last: Option<Timestamp>,
    woken: bool,
}

impl Scheduler {
    pub(crate) fn new() -> Self {
        Self {
            burst: Mutex::default(),
            wake: Condvar::new(),
            stopping: AtomicBool::new(false),
            threads: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Burst> {
        self.burst.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note_arrival(&self, now: Timestamp) {
        let mut burst = self.lock();
        burst.arrivals += 1;
        burst.last = Some(now);
    }

    pub(crate) fn wake(&self) {
        self.lock().woken = true;
        self.wake.notify_all();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn adopt(&self, thread: JoinHandle<()>) {
        self.threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(thread);
    }

    /// Whether a burst has just ended; it is told only once.
    fn burst_is_over(&self, now: Timestamp) -> bool {
        let mut burst = self.lock();
        let over = burst.arrivals >= BURST
            && burst
                .last
                .is_some_and(|last| now.duration_since(last) >= BURST_OVER);
        if over {
            burst.arrivals = 0;
        }
        over
    }

    /// Waits until something may be due. False when the engine closes.
    fn pause(&self, at_most: Duration) -> bool {
        let burst = self.lock();
        let (mut burst, _) = self
            .wake
            .wait_timeout_while(burst, at_most, |burst| !burst.woken && !self.is_stopping())
            .unwrap_or_else(PoisonError::into_inner);
        burst.woken = false;
        !self.is_stopping()
    }

    /// Waits for this long, or until the engine closes. With the mutex that [`Self::pause`] has: some systems allow a
    /// condition no other.
    fn rest(&self, time: Duration) {
        drop(
            self.wake
                .wait_timeout_while(self.lock(), time, |_| !self.is_stopping())
                .unwrap_or_else(PoisonError::into_inner),
        );
    }
}

impl Engine {
    pub(crate) fn start_schedule(&self) -> Result<(), EngineError> {
        let library = self.library();
        let now = self.0.clock.now();
        library.release_claims()?;
        if self.library_is_ready() {
            library.expire_partials()?;
        }
        if !library.clean_start() {
            self.enqueue(RECONCILE, "", now)?;
        }
        self.schedule_rebuild_if_needed()?;
        for destination in library.destinations()? {
            let due = destination
                .last_snapshot_at
                .and_then(|last| last.checked_add(BACKUP_EVERY).ok())
                .map_or(now, |due| due.max(now));
            self.enqueue(BACKUP, &destination.name, due)?;
        }
        self.enqueue(VERIFY, "", later(now, VERIFY_EVERY))?;
        let engine = self.clone();
        self.spawn("schedule", move || {
            while engine.0.scheduler.pause(LOOK_EVERY) {
                engine.run_due_jobs();
                // A device's silence and a late backup come with the time alone.
                engine.0.board.touch();
            }
        })?;
        let engine = self.clone();
        self.spawn("manifests", move || {
            while !engine.0.scheduler.is_stopping() {
                if let Err(error) = engine.library().flush_manifests() {
                    tracing::warn!(
                        "The manifests could not be written and will be tried again: {error}"
                    );
                }
                if let Err(error) = engine.library().follow_capture_times() {
                    tracing::warn!(
                        "Files did not get the times of their photos and will be tried again: {error}"
                    );
                }
                engine.0.scheduler.rest(MANIFESTS_EVERY);
            }
        })?;
        self.0.scheduler.wake();
        Ok(())
    }

    pub(crate) fn stop_schedule(&self) {
        self.0.scheduler.stopping.store(true, Ordering::Relaxed);
        self.0.board.close();
        self.0.scheduler.wake();
        self.0.waiting.wake();
        self.0.drawing.wake();
        let threads: Vec<_> = std::mem::take(
            &mut *self
                .0
                .scheduler
                .threads
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for thread in threads {
            let name = thread.thread().name().unwrap_or("?").to_owned();
            if thread.join().is_err() {
                tracing::error!("The thread {name} had panicked; its work was not finished");
            }
        }
    }

    /// Has a destination brought up to date now rather than at its hour.
    pub(crate) fn schedule_backup_now(
        &self,
        destination: &DestinationRow,
    ) -> Result<(), EngineError> {
        self.enqueue(BACKUP, &destination.name, self.0.clock.now())?;
        self.0.scheduler.wake();
        Ok(())
    }

    /// Has a library that was taken over read as soon as the schedule runs.
    pub(crate) fn schedule_rebuild_if_needed(&self) -> Result<(), EngineError> {
        if self.library().needs_rebuild()? {
            self.enqueue(REBUILD, "", self.0.clock.now())?;
            self.0.scheduler.wake();
        }
        Ok(())
    }

    fn enqueue(&self, kind: &str, key: &str, run_at: Timestamp) -> Result<(), EngineError> {
        self.library().enqueue(NewJob {
            kind,
            key,
            payload: "",
            run_at,
        })?;
        Ok(())
    }

    fn run_due_jobs(&self) {
        if let Err(error) = self.try_run_due_jobs() {
            tracing::error!("The schedule could not be read and will be tried again: {error}");
        }
    }

    fn try_run_due_jobs(&self) -> Result<(), EngineError> {
        let now = self.0.clock.now();
        if self.0.scheduler.burst_is_over(now) {
            for destination in self.library().destinations()? {
                self.enqueue(BACKUP, &destination.name, now)?;
            }
        }
        while !self.0.scheduler.is_stopping()
            && let Some(job) = self.library().claim_due(self.0.clock.now())?
        {
            match self.run_job(&job) {
                Ok(next) => {
                    self.library().finish_job(job.id)?;
                    if let Some(next) = next {
                        self.enqueue(&job.kind, &job.key, next)?;
                    }
                }
                Err(error) => {
                    tracing::warn!("{} {}: {error}", job.kind, job.key);
                    let doublings = job.attempts.min(10);
                    let wait = RETRY_FIRST
                        .checked_mul(1 << doublings)
                        .map_or(RETRY_LAST, |wait| wait.min(RETRY_LAST));
                    self.library().retry_job(
                        job.id,
                        later(self.0.clock.now(), wait),
                        &error.to_string(),
                    )?;
                }
            }
        }
        Ok(())
    }

    /// Runs a job; answers when it is due again.
    fn run_job(&self, job: &Job) -> Result<Option<Timestamp>, EngineError> {
        match job.kind.as_str() {
            BACKUP => {
                // Removed since, or the library is away: nothing to copy now, and the page says why.
                let Some(destination) = self.library().destination_by_name(&job.key)? else {
                    return Ok(None);
                };
                if matches!(self.library().root_state(), RootState::Ready(_)) {
                    let mut outcome = BackupOutcome::default();
                    self.back_up_to(&destination, &mut outcome, &Quiet)?;
                }
                Ok(Some(later(self.0.clock.now(), BACKUP_EVERY)))
            }
            VERIFY => {
                if matches!(self.library().root_state(), RootState::Ready(_)) {
                    // Fetching every photo each week is the owner's to ask for: stores charge for it.
                    self.verify(VerifyScope::Listed, &Quiet)?;
                }
                Ok(Some(later(self.0.clock.now(), VERIFY_EVERY)))
            }
            RECONCILE => {
                let _one_at_a_time = self
                    .0
                    .walking
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                let shown = self.0.board.show("reconcile", "the library folder", &Quiet);
                let report = self.library().reconcile(
                    &|path, name| self.describe(path, name),
                    &mut |at| {
                        shown.update(|activity| activity.done_files = at.files);
                    },
                )?;
                tracing::info!(
                    "After the unclean end of the last run: {} files adopted, {} missing, {} broken uploads removed",
                    report.adopted,
                    report.missing,
                    report.staging_removed
                );
                Ok(None)
            }
            REBUILD => {
                // The owner may have had it done by hand.
                if self.library().needs_rebuild()? {
                    let found = self.rebuild(&Quiet)?;
                    tracing::info!(
                        "The library folder was taken over: {} photos found, {} with something wrong",
                        found.photos,
                        found.failed.len()
                    );
                }
                Ok(None)
            }
            other => {
                tracing::warn!(
                    "A job of the unknown kind {other:?} was dropped; a newer Safelight may have left it"
                );
                Ok(None)
            }
        }
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_told_once_and_only_after_it_ended() {
        let scheduler = Scheduler::new();
        let start = Timestamp::UNIX_EPOCH;
        for _ in 0..BURST {
            scheduler.note_arrival(start);
        }
        assert!(!scheduler.burst_is_over(start), "photos are still coming");
        let after = later(start, BURST_OVER);
        assert!(scheduler.burst_is_over(after));
        assert!(!scheduler.burst_is_over(after), "told only once");
    }

    #[test]
    fn a_few_photos_wait_for_the_hour() {
        let scheduler = Scheduler::new();
        scheduler.note_arrival(Timestamp::UNIX_EPOCH);
        assert!(!scheduler.burst_is_over(later(Timestamp::UNIX_EPOCH, BACKUP_EVERY)));
    }
}
