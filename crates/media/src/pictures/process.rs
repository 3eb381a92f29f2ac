//! One worker process, and the thread that watches over its time.

use std::{
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
};

use super::{
    Limits, WorkerProgram,
    order::{self, Answer, GREETING, Opening},
    source::Chosen,
};

/// How much of a file is copied at once, in bytes.
const PIECE: usize = 64 << 10;
/// How much of what a dying worker says is listened to, in bytes.
const LAST_WORDS: u64 = 4096;

/// A worker that has greeted and waits for orders.
#[derive(Debug)]
pub(super) struct Process {
    orders: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
    errors: ChildStderr,
    watch: Sender<Watch>,
    watcher: JoinHandle<Ended>,
}

/// What the watching thread is told.
#[derive(Clone, Copy, Debug)]
enum Watch {
    Working,
    Idle,
}

/// How a worker came to its end.
#[derive(Debug)]
pub(super) enum Ended {
    /// We ended it because it had nothing to do.
    Idle,
    /// We ended it because it took too long.
    TooLong,
    /// It ended, and this is what it said last.
    ByItself(ExitStatus, String),
    /// The system does not say.
    Unknown(io::Error),
}

/// Why there was no answer.
#[derive(Debug)]
pub(super) enum Silent {
    /// The file could not be read.
    File(io::Error),
    /// The worker has ended, or no longer makes sense; so it goes.
    Worker,
}

impl Process {
    /// Starts a worker and waits for its greeting.
    pub(super) fn start(program: &WorkerProgram, limits: &Limits) -> io::Result<Self> {
        let mut child = Command::new(&program.program)
            .args(&program.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (watch, told) = mpsc::channel();
        let limits = *limits;
        let watcher = thread::spawn(move || watch_over(child, &told, &limits));
        let (Some(orders), Some(answers), Some(errors)) = pipes else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut process = Self {
            orders: BufWriter::with_capacity(PIECE, orders),
            answers: BufReader::with_capacity(PIECE, answers),
            errors,
            watch,
            watcher,
        };
        match process.greet(&limits) {
            Ok(()) => Ok(process),
            Err(error) => {
                let said = match process.end() {
                    Ended::ByItself(status, said) => format!("{status}: {said}"),
                    Ended::TooLong => "it did not say a word".to_owned(),
                    Ended::Idle | Ended::Unknown(_) => error.to_string(),
                };
                Err(io::Error::new(error.kind(), said))
            }
        }
    }

    fn greet(&mut self, limits: &Limits) -> io::Result<()> {
        Opening {
            memory: limits.memory,
            cpu_seconds: u32::try_from(limits.cpu.as_secs()).unwrap_or(u32::MAX),
        }
        .write(&mut self.orders)?;
        let mut greeting = [0; GREETING.len()];
        self.answers.read_exact(&mut greeting)?;
        if greeting != *GREETING {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(())
    }

    /// Gives an order and the bytes for it, and waits for the answer. After anything but an answer the worker is of no
    /// more use.
    pub(super) fn give(
        &mut self,
        chosen: &Chosen,
        file: &mut (impl Read + Seek),
    ) -> Result<Answer, Silent> {
        let gone = |_| Silent::Worker;
        // If the watcher is gone, so is the worker, which the pipes will tell.
        let told = self.watch.send(Watch::Working);
        told.map_err(|_| Silent::Worker)?;
        chosen.order.write(&mut self.orders).map_err(gone)?;
        let mut buffer = vec![0; PIECE];
        for span in &chosen.spans {
            file.seek(SeekFrom::Start(span.start))
                .map_err(Silent::File)?;
            let mut left = span.len;
            while left > 0 {
                let now = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
                file.read_exact(&mut buffer[..now]).map_err(Silent::File)?;
                io::Write::write_all(&mut self.orders, &buffer[..now]).map_err(gone)?;
                left -= now as u64;
            }
        }
        io::Write::flush(&mut self.orders).map_err(gone)?;
        let answer = order::read_answer(&mut self.answers).map_err(gone)?;
        self.watch.send(Watch::Idle).map_err(|_| Silent::Worker)?;
        Ok(answer)
    }

    /// Ends the worker, if it has not ended, and tells how it came to that.
    pub(super) fn end(self) -> Ended {
        let Self {
            orders,
            answers,
            errors,
            watch,
            watcher,
        } = self;
        // Without its pipes and its watcher's attention it is ended at once. What is not written yet is not wanted.
        let (unwritten, _) = orders.into_parts();
        drop((unwritten, answers, watch));
        let ended = watcher.join().unwrap_or_else(|_| {
            Ended::Unknown(io::Error::other("The thread that watched it is gone"))
        });
        match ended {
            Ended::ByItself(status, _) => {
                let mut said = Vec::new();
                let read = errors.take(LAST_WORDS).read_to_end(&mut said);
                let said = String::from_utf8_lossy(&said).trim().to_owned();
                match read {
                    Ok(_) => Ended::ByItself(status, said),
                    Err(error) => Ended::Unknown(error),
                }
            }
            ended => ended,
        }
    }
}

/// Ends the process when it takes too long, has nothing to do for too long, or is given up.
fn watch_over(mut child: Child, told: &Receiver<Watch>, limits: &Limits) -> Ended {
    let mut working = true;
    let why = loop {
        let patience = if working { limits.wall } else { limits.idle };
        match told.recv_timeout(patience) {
            Ok(Watch::Working) => working = true,
            Ok(Watch::Idle) => working = false,
            Err(RecvTimeoutError::Timeout) if working => break Some(Ended::TooLong),
            Err(RecvTimeoutError::Timeout) => break Some(Ended::Idle),
            Err(RecvTimeoutError::Disconnected) => break None,
        }
    };
    // One that has ended already keeps the status that it ended with.
    match child.kill().and_then(|()| child.wait()) {
        Ok(status) => why.unwrap_or(Ended::ByItself(status, String::new())),
        Err(error) => Ended::Unknown(error),
    }
}
