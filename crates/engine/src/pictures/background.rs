//! All photos drawn, the newest first. Whoever looks at a photo goes first; so does who sends some: drawing rests while
//! photos come one after the other, and the workers have the lowest priority that the system has.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use safelight_library::Asset;
use safelight_media::pictures::Want;

use super::draw::{NEEDS_FFMPEG, OVER_LIMIT, UNDECODABLE};
use crate::{activity::Quiet, activity::Shown, error::EngineError, start::Engine};

/// Photos that are given out at a time. Newer ones wait at most for these.
const BATCH: usize = 32;
/// The catalogue is asked for new photos this often even if nothing woke us: files may be found in the folder.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// After trouble that is not a single photo's.
const PAUSE_AFTER_TROUBLE: Duration = Duration::from_secs(30);
/// The setting with the version of the decoders that refused photos.
const DECODERS: &str = "pictures.decoders";

impl Engine {
    /// Starts to draw what is not drawn.
    pub(crate) fn start_drawing(&self) -> Result<(), EngineError> {
        if self.0.drawing.workers.is_none() {
            return Ok(());
        }
        self.reconsider_refusals()?;
        let engine = self.clone();
        self.spawn("pictures", move || engine.draw_all())
    }

    /// Photos that other decoders may do better, or a program that was installed since.
    fn reconsider_refusals(&self) -> Result<(), EngineError> {
        let library = self.library();
        let now = self.0.clock.now();
        library.reconsider(NEEDS_FFMPEG, now)?;
        let version = env!("CARGO_PKG_VERSION");
        if library.setting(DECODERS)?.as_deref() != Some(version) {
            for kind in [UNDECODABLE, OVER_LIMIT] {
                library.reconsider(kind, now)?;
            }
            library.set_setting(DECODERS, version)?;
        }
        Ok(())
    }

    fn draw_all(&self) {
        let board = Arc::clone(&self.0.board);
        let is_stopping = || self.0.scheduler.is_stopping();
        let mut shown: Option<Shown<'_>> = None;
        let mut seen = 0;
        while !is_stopping() {
            self.0.drawing.let_photos_come(&mut seen, is_stopping);
            let pause = match self.draw_some(|total| {
                let shown = shown.get_or_insert_with(|| board.show("pictures", "", &Quiet));
                shown.update(|activity| activity.total_files = Some(activity.done_files + total));
                shown
            }) {
                Ok(true) => continue,
                Ok(false) => LOOK_EVERY,
                Err(error) => {
                    tracing::warn!("Making pictures is interrupted and goes on later: {error}");
                    PAUSE_AFTER_TROUBLE
                }
            };
            shown = None;
            self.0.drawing.pause(pause, is_stopping);
        }
    }

    /// Draws the next few photos; false if there are none. `show` is told how many there are in all.
    fn draw_some<'s, 'b: 's>(
        &self,
        show: impl FnOnce(u64) -> &'s mut Shown<'b>,
    ) -> Result<bool, EngineError> {
        if !self.library_is_ready() {
            return Ok(false);
        }
        if let Some(undrawn) = self.library().undrawn(BATCH)? {
            self.draw_these(&undrawn.photos, show(undrawn.left))?;
            if !self.0.scheduler.is_stopping() {
                self.library().drawn(&undrawn)?;
            }
            return Ok(true);
        }
        let due = self.library().due_again(self.0.clock.now(), BATCH)?;
        if due.is_empty() {
            return Ok(false);
        }
        self.draw_these(&due, show(due.len() as u64))?;
        Ok(true)
    }

    fn draw_these(&self, photos: &[Asset], shown: &Shown<'_>) -> Result<(), EngineError> {
        let next = AtomicUsize::new(0);
        let draw = || {
            let is_stopping = || self.0.scheduler.is_stopping();
            loop {
                self.0.drawing.give_way(is_stopping);
                let photo = photos.get(next.fetch_add(1, Ordering::Relaxed));
                let Some(photo) = photo.filter(|_| !is_stopping()) else {
                    return Ok(());
                };
                self.draw_thumbnail(photo)?;
                shown.update(|activity| activity.done_files += 1);
            }
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..self.0.drawing.threads.get().min(photos.len()))
                .map(|_| scope.spawn(draw))
                .collect();
            let mut result = draw();
            for other in others {
                let ended = other.join().unwrap_or_else(|_| {
                    Err(EngineError::Bug("A thread that draws panicked".to_owned()))
                });
                result = result.and(ended);
            }
            result
        })
    }

    fn draw_thumbnail(&self, photo: &Asset) -> Result<(), EngineError> {
        let _turn = self.0.drawing.turn(photo.hash);
        // Somebody may have looked at it meanwhile.
        if self.library().thumbnail(&photo.hash)?.is_none() {
            let want = Want {
                thumbnail: true,
                preview: false,
            };
            self.draw(photo, want)?;
        }
        Ok(())
    }
}
