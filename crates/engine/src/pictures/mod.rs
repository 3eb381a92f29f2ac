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
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use safelight_core::ContentHash;
use safelight_media::pictures::{Limits, WorkerProgram, Workers, find_ffmpeg};
use tokio::sync::Semaphore;

pub use look::{Look, Size};

/// The longest that one photo may take. Closing waits for it, too.
const WALL: Duration = Duration::from_secs(30);

/// What draws, and who waits for it.
pub(crate) struct Drawing {
    /// None where no worker program was named: then nothing is drawn.
    workers: Option<Workers>,
    threads: NonZeroUsize,
    state: Mutex<State>,
    changed: Condvar,
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
            lookers: Arc::new(Semaphore::new(4 * threads.get())),
        }
    }

    /// Says that there may be something to draw, or that it is time to end.
    pub(crate) fn wake(&self) {
        self.lock().woken = true;
        self.changed.notify_all();
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
