//! Pictures of photos, for looking at: drawn soon after the photos came, and at once when somebody looks at one that is
//! not drawn yet.
//!
//! What a picture is made by is `safelight_media::pictures`, in worker processes; where it is kept is
//! `safelight_library::pictures`. Nothing here is needed to keep a photo, and nothing is ever made of bytes that are not
//! the photo's.
//!
//! | what | module |
//! |---|---|
//! | one photo drawn, and what came of it kept | `draw` |
//! | all photos, the newest first, while nobody waits for anything | `background` |
//! | one photo's picture, for who asks | `look` |

mod background;
mod draw;
mod look;

use std::{
    collections::HashSet,
    num::NonZeroUsize,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use safelight_core::ContentHash;
use safelight_media::pictures::{Limits, WorkerProgram, Workers, find_ffmpeg};
use tokio::sync::Semaphore;

pub use look::{Look, Size};

/// The longest that one photo may take. Closing waits for it, too.
const WALL: Duration = Duration::from_secs(30);
/// Photos that come with no longer pauses than this between them come one after the other.
const LULL: Duration = Duration::from_millis(200);
/// For how many such pauses the background rests at most before it draws some all the same: 5 seconds.
const MOST_RESTS: u32 = 25;

/// What draws, and who waits for it.
pub(crate) struct Drawing {
    /// None where no worker program was named: then nothing is drawn.
    workers: Option<Workers>,
    threads: NonZeroUsize,
    state: Mutex<State>,
    changed: Condvar,
    /// How many photos have come since the start.
    came: AtomicU64,
    /// How many may wait for a picture to be drawn at the same time, each on a thread.
    lookers: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    /// The photos that are being drawn.
    under_way: HashSet<ContentHash>,
    /// How many people wait for a picture.
    looked_for: usize,
    /// Photos may have come since the last look.
    woken: bool,
}

impl Drawing {
    /// With one worker for each processor.
    pub(crate) fn new(program: Option<WorkerProgram>) -> Self {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let limits = Limits {
            wall: WALL,
            ..Limits::default()
        };
        Self {
            workers: program
                .map(|program| Workers::new(program, limits, threads).with_ffmpeg(find_ffmpeg())),
            threads,
            state: Mutex::default(),
            changed: Condvar::new(),
            came: AtomicU64::new(0),
            lookers: Arc::new(Semaphore::new(4 * threads.get())),
        }
    }

    /// Says that it is time to end.
    pub(crate) fn wake(&self) {
        self.lock().woken = true;
        self.changed.notify_all();
    }

    /// Says that there is something to draw.
    pub(crate) fn photo_came(&self) {
        self.came.fetch_add(1, Ordering::Relaxed);
        // Who was told already comes by itself: to wake a thread with every upload would cost each of them.
        let was_told = std::mem::replace(&mut self.lock().woken, true);
        if !was_told {
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody else draws a photo. Then it is for the caller to look whether it is drawn.
    fn turn(&self, photo: ContentHash) -> Turn<'_> {
        let mut state = self.lock();
        while !state.under_way.insert(photo) {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        Turn {
            drawing: self,
            photo,
        }
    }

    /// Notes that somebody waits for a picture.
    fn looked_for(&self) -> LookedFor<'_> {
        self.lock().looked_for += 1;
        LookedFor(self)
    }

    /// Waits while somebody waits for a picture, who goes first.
    fn give_way(&self, is_stopping: impl Fn() -> bool) {
        let state = self.lock();
        drop(
            self.changed
                .wait_while(state, |state| state.looked_for > 0 && !is_stopping())
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// Rests while photos come one after the other. To read and hash each of them meanwhile, at the priority of everything
    /// else, would make those who send wait.
    fn let_photos_come(&self, seen: &mut u64, is_stopping: impl Fn() -> bool) {
        let came = || self.came.load(Ordering::Relaxed);
        rest_while_more_come(seen, came, || {
            drop(
                self.changed
                    .wait_timeout_while(self.lock(), LULL, |_| !is_stopping())
                    .unwrap_or_else(PoisonError::into_inner),
            );
            !is_stopping()
        });
    }

    /// Waits until there may be something to draw.
    fn pause(&self, at_most: Duration, is_stopping: impl Fn() -> bool) {
        let state = self.lock();
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, at_most, |state| !state.woken && !is_stopping())
            .unwrap_or_else(PoisonError::into_inner);
        state.woken = false;
    }
}

/// Rests until none came during a rest, or there were enough of them: who sends for hours does not keep all pictures out.
/// `seen` is how many had come when this was last asked; `rest` says whether to go on.
fn rest_while_more_come(seen: &mut u64, came: impl Fn() -> u64, mut rest: impl FnMut() -> bool) {
    for _ in 0..MOST_RESTS {
        let now = came();
        if std::mem::replace(seen, now) == now || !rest() {
            return;
        }
    }
    *seen = came();
}

/// The right to draw a photo.
struct Turn<'a> {
    drawing: &'a Drawing,
    photo: ContentHash,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.drawing.lock().under_way.remove(&self.photo);
        self.drawing.changed.notify_all();
    }
}

/// Somebody waits.
struct LookedFor<'a>(&'a Drawing);

impl Drop for LookedFor<'_> {
    fn drop(&mut self) {
        self.0.lock().looked_for -= 1;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How often is rested when one photo comes during each of the first `coming` rests.
    fn rests(seen: u64, came: u64, coming: u32) -> (u32, u64) {
        let (mut seen, came, rests) = (seen, Cell::new(came), Cell::new(0));
        rest_while_more_come(
            &mut seen,
            || came.get(),
            || {
                rests.set(rests.get() + 1);
                came.set(came.get() + u64::from(rests.get() <= coming));
                true
            },
        );
        assert_eq!(seen, came.get());
        (rests.get(), seen)
    }

    #[test]
    fn uploads_go_before_the_background_but_not_for_ever() {
        assert_eq!(rests(7, 7, 0), (0, 7));
        assert_eq!(rests(7, 8, 0), (1, 8));
        assert_eq!(rests(7, 8, 3), (4, 11));
        assert_eq!(
            rests(0, 1, u32::MAX),
            (MOST_RESTS, u64::from(MOST_RESTS) + 1)
        );
    }

    #[test]
    fn who_is_to_end_does_not_rest() {
        let (mut seen, rests) = (0, Cell::new(0));
        rest_while_more_come(
            &mut seen,
            || 1,
            || {
                rests.set(rests.get() + 1);
                false
            },
        );
        assert_eq!(rests.get(), 1);
    }
}
