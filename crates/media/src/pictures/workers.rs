//! The pool of worker processes, as the rest of the program sees it.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek},
    num::NonZeroUsize,
    path::PathBuf,
    process::ExitStatus,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use super::{
    Limit, Limits, NoPicture, Pictures, Want, WorkerProgram, ffmpeg,
    order::{Answer, Refusal},
    process::{Ended, Process, Silent},
    source::{self, Chosen},
};

/// Makes pictures in processes of their own. Shared by as many threads as want pictures; each waits for its own.
///
/// A worker is started when it is needed, ended when it has had nothing to do for a while ([`Limits::idle`]), and a new one
/// takes the place of one that has died. All end with this.
#[derive(Debug)]
pub struct Workers {
    program: WorkerProgram,
    limits: Limits,
    pool: Mutex<Pool>,
    one_is_free: Condvar,
    ffmpeg: Option<PathBuf>,
}

#[derive(Debug)]
struct Pool {
    /// Workers without an order.
    idle: Vec<Process>,
    /// How many more orders may be given.
    free: usize,
}

impl Workers {
    /// At most `count` at a time. Starts none yet.
    #[must_use]
    pub const fn new(program: WorkerProgram, limits: Limits, count: NonZeroUsize) -> Self {
        Self {
            program,
            limits,
            pool: Mutex::new(Pool {
                idle: Vec::new(),
                free: count.get(),
            }),
            one_is_free: Condvar::new(),
            ffmpeg: None,
        }
    }

    /// With the program ffmpeg, as a rule the one that [`find_ffmpeg`](super::find_ffmpeg) finds.
    #[must_use]
    pub fn with_ffmpeg(mut self, ffmpeg: Option<PathBuf>) -> Self {
        self.ffmpeg = ffmpeg;
        self
    }

    /// Makes pictures of a photo or a video, and waits until a worker is free and has done it. The file's position is
    /// arbitrary before and after. A file in which nothing is wanted still gets its placeholder.
    ///
    /// # Errors
    ///
    /// There is no picture, for a reason that lies in the file ([`NoPicture::is_lasting`]), or because the file could not
    /// be read or no worker could be started.
    pub fn render(&self, file: &mut (impl Read + Seek), want: Want) -> Result<Pictures, NoPicture> {
        let choices = source::choose(file, want, self.limits.input)?;
        let _turn = self.turn();
        let mut failed = None;
        for chosen in &choices.chosen {
            match self.render_chosen(chosen, file) {
                Ok(pictures) => {
                    return Ok(Pictures {
                        size: chosen.shown.unwrap_or(pictures.size),
                        ..pictures
                    });
                }
                Err(trouble @ NoPicture::Trouble { .. }) => return Err(trouble),
                // Another way may be open; if not, what the best one said counts.
                Err(no_picture) => {
                    failed.get_or_insert(no_picture);
                }
            }
        }
        Err(match failed {
            Some(no_picture) if !choices.is_foreign => no_picture,
            _ => NoPicture::NeedsFfmpeg,
        })
    }

    /// Makes pictures of a video by the program ffmpeg, to be asked when [`render`](Self::render) needs it. It gets the
    /// open file, no path, and as much time as a worker; on Linux it has twice a worker's memory and can write no file.
    /// The file's position is arbitrary before and after.
    ///
    /// # Errors
    ///
    /// As [`render`](Self::render); [`NoPicture::NeedsFfmpeg`] if [`with_ffmpeg`](Self::with_ffmpeg) was told of none.
    pub fn render_by_ffmpeg(&self, video: &File, want: Want) -> Result<Pictures, NoPicture> {
        let ffmpeg = self.ffmpeg.as_deref().ok_or(NoPicture::NeedsFfmpeg)?;
        let picture = {
            let _turn = self.turn();
            ffmpeg::first_picture(ffmpeg, video, &self.limits)?
        };
        self.render(&mut Cursor::new(picture), want)
    }

    fn render_chosen(
        &self,
        chosen: &Chosen,
        file: &mut (impl Read + Seek),
    ) -> Result<Pictures, NoPicture> {
        loop {
            let idle = self.pool().idle.pop();
            let was_idle = idle.is_some();
            let mut process = match idle {
                Some(process) => process,
                None => Process::start(&self.program, &self.limits).map_err(|error| {
                    NoPicture::Trouble {
                        what: "The worker that makes pictures could not be started",
                        error,
                    }
                })?,
            };
            match self.judge(process.give(chosen, file), process) {
                // It had been idle for too long in the same moment: nothing is known about the file.
                Err(Failed::AsIdle) if was_idle => {}
                Err(Failed::AsIdle) => {
                    return Err(trouble(io::Error::other("It was ended too early")));
                }
                Err(Failed::For(no_picture)) => return Err(no_picture),
                Ok(pictures) => return Ok(pictures),
            }
        }
    }

    /// What came of an order; the worker is kept if it can be used again.
    fn judge(&self, given: Result<Answer, Silent>, process: Process) -> Result<Pictures, Failed> {
        match given {
            Ok(answer) => {
                self.pool().idle.push(process);
                answer.map_err(|refusal| {
                    Failed::For(match refusal {
                        Refusal::Memory => NoPicture::OverLimit(Limit::Memory),
                        Refusal::Because(why) => NoPicture::undecodable(for_people(&why)),
                    })
                })
            }
            Err(Silent::File(error)) => {
                process.end();
                Err(Failed::For(NoPicture::Trouble {
                    what: "A file could not be read",
                    error,
                }))
            }
            Err(Silent::Worker) => match process.end() {
                Ended::Idle => Err(Failed::AsIdle),
                Ended::TooLong => Err(Failed::For(NoPicture::OverLimit(Limit::Time))),
                Ended::ByItself(status, said) => Err(Failed::For(judged(status, &said))),
                Ended::Unknown(error) => Err(Failed::For(trouble(error))),
            },
        }
    }

    /// Waits until an order may be given.
    fn turn(&self) -> Turn<'_> {
        let mut pool = self.pool();
        while pool.free == 0 {
            pool = self
                .one_is_free
                .wait(pool)
                .unwrap_or_else(PoisonError::into_inner);
        }
        pool.free -= 1;
        Turn(self)
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        // Nothing is done under the lock that could leave it half done.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for process in self.pool().idle.drain(..) {
            process.end();
        }
    }
}

/// The right to give an order; given back when it is dropped.
struct Turn<'w>(&'w Workers);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.pool().free += 1;
        self.0.one_is_free.notify_one();
    }
}

enum Failed {
    /// The worker had been ended before the order, for want of orders.
    AsIdle,
    For(NoPicture),
}

fn trouble(error: io::Error) -> NoPicture {
    NoPicture::Trouble {
        what: "The worker that makes pictures was lost",
        error,
    }
}

/// What a worker's death with an order says about the file.
fn judged(status: ExitStatus, said: &str) -> NoPicture {
    // Said by Rust's allocation in a process that may not have more.
    if said.contains("memory allocation of") {
        return NoPicture::OverLimit(Limit::Memory);
    }
    #[cfg(unix)]
    {
        use rustix::process::Signal;
        use std::os::unix::process::ExitStatusExt;

        let signal = status.signal();
        if signal == Some(Signal::XCPU.as_raw()) {
            return NoPicture::OverLimit(Limit::Time);
        }
        // Not by us, nor by itself: by a person, or by a system that is short of memory.
        if signal == Some(Signal::KILL.as_raw()) || signal == Some(Signal::TERM.as_raw()) {
            return trouble(io::Error::other("It was ended from outside"));
        }
    }
    NoPicture::undecodable(format!("the decoder broke down over it ({status})"))
}

/// How much of a decoder's own words is passed on, in characters.
const DECODERS_WORDS: usize = 120;

/// What a decoder says, for somebody who knows no decoders: its own words only help who looks into it.
fn for_people(why: &str) -> String {
    let words: Vec<&str> = why.split_whitespace().collect();
    let words: String = words.join(" ").chars().take(DECODERS_WORDS).collect();
    format!("it is damaged, cut off, or of an unusual kind ({words})")
}
