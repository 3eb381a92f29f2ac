//! What is going on, for whoever watches: the page, the terminal.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    command::{Answer, Command},
    error::EngineError,
    model::{Activity, State},
    people::Asker,
    start::Engine,
};

/// The state goes out at most this often, however fast things change.
const PUBLISH_PAUSE: Duration = Duration::from_millis(250);
/// Finished tasks that can still be asked for.
const FINISHED_TASKS: usize = 100;

/// Where a command's progress goes.
pub trait ProgressSink: Sync {
    /// Something was done. Called often; must be cheap.
    fn progress(&self, activity: &Activity);
}

/// For those who do not look.
pub struct Quiet;

impl ProgressSink for Quiet {
    fn progress(&self, _activity: &Activity) {}
}

/// A task that the page began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub u64);

/// How a task is doing.
#[derive(Clone, Debug)]
pub struct TaskState {
    /// Who began it.
    pub asker: Asker,
    /// Its last progress.
    pub progress: Option<Activity>,
    /// What came of it; none while it runs.
    pub result: Option<Result<Answer, String>>,
}

/// What is going on, and the state that is published.
pub(crate) struct Board {
    inner: Mutex<Inner>,
    changed: Condvar,
    next: AtomicU64,
    arrivals: AtomicU64,
    pairing_steps: AtomicU64,
    state: watch::Sender<Arc<State>>,
}

#[derive(Default)]
struct Inner {
    running: BTreeMap<u64, Activity>,
    tasks: BTreeMap<TaskId, TaskState>,
    dirty: bool,
    closed: bool,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self {
            inner: Mutex::default(),
            changed: Condvar::new(),
            next: AtomicU64::new(1),
            arrivals: AtomicU64::new(0),
            pairing_steps: AtomicU64::new(0),
            state: watch::Sender::new(Arc::default()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the published state is out of date.
    pub(crate) fn touch(&self) {
        // Who was told already comes by itself: this is called with every upload.
        let was_dirty = std::mem::replace(&mut self.lock().dirty, true);
        if !was_dirty {
            self.changed.notify_all();
        }
    }

    pub(crate) fn note_arrival(&self) {
        self.arrivals.fetch_add(1, Ordering::Relaxed);
        self.touch();
    }

    pub(crate) fn note_pairing_step(&self) {
        self.pairing_steps.fetch_add(1, Ordering::Relaxed);
        self.touch();
    }

    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Shows an activity until the returned guard is dropped.
    pub(crate) fn show<'a>(
        &'a self,
        kind: &str,
        what: &str,
        sink: &'a dyn ProgressSink,
    ) -> Shown<'a> {
        let activity = Activity {
            kind: kind.to_owned(),
            what: what.to_owned(),
            done_files: 0,
            total_files: None,
            done_bytes: 0,
            total_bytes: None,
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().running.insert(number, activity.clone());
        self.touch();
        Shown {
            board: self,
            number,
            sink,
            activity: Mutex::new(activity),
        }
    }
}

/// An activity that is being shown.
pub(crate) struct Shown<'a> {
    board: &'a Board,
    number: u64,
    sink: &'a dyn ProgressSink,
    activity: Mutex<Activity>,
}

impl Shown<'_> {
    pub(crate) fn update(&self, change: impl FnOnce(&mut Activity)) {
        let mut activity = self.activity.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut activity);
        self.sink.progress(&activity);
        self.board
            .lock()
            .running
            .insert(self.number, activity.clone());
        self.board.touch();
    }
}

impl safelight_vault::Monitor for Shown<'_> {
    fn progress(&self, done_files: u64, done_bytes: u64) {
        self.update(|activity| {
            activity.done_files = done_files;
            activity.done_bytes = done_bytes;
        });
    }

    fn note(&self, message: &str) {
        tracing::info!("{message}");
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.board.lock().running.remove(&self.number);
        self.board.touch();
    }
}

/// A task's own sink: what [`Engine::task`] tells.
struct TaskSink<'a> {
    board: &'a Board,
    task: TaskId,
}

impl ProgressSink for TaskSink<'_> {
    fn progress(&self, activity: &Activity) {
        if let Some(task) = self.board.lock().tasks.get_mut(&self.task) {
            task.progress = Some(activity.clone());
        }
    }
}

impl Engine {
    /// The live state: always whole, the last one wins.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<State>> {
        // Subscribed first: what is published for this watcher must not come before it.
        let watcher = self.0.board.state.subscribe();
        self.0.board.touch();
        watcher
    }

    pub(crate) fn note_arrival(&self) {
        self.0.board.note_arrival();
        self.0.scheduler.note_arrival(self.0.clock.now());
        self.0.drawing.photo_came();
    }

    /// Begins a command on a thread of its own, for a page that comes back to ask.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn begin(&self, asker: Asker, command: Command) -> Result<TaskId, EngineError> {
        let task = TaskId(self.0.board.next.fetch_add(1, Ordering::Relaxed));
        let state = TaskState {
            asker,
            progress: None,
            result: None,
        };
        {
            let mut board = self.0.board.lock();
            board.tasks.insert(task, state);
            while board.tasks.len() > FINISHED_TASKS {
                let finished = board.tasks.iter().find(|(_, task)| task.result.is_some());
                let Some(oldest) = finished.map(|(id, _)| *id) else {
                    break;
                };
                board.tasks.remove(&oldest);
            }
        }
        let engine = self.clone();
        std::thread::Builder::new()
            .name(format!("task-{}", task.0))
            .spawn(move || {
                let board = Arc::clone(&engine.0.board);
                let run = std::panic::AssertUnwindSafe(|| {
                    engine.run_for(
                        asker,
                        command,
                        &TaskSink {
                            board: &board,
                            task,
                        },
                    )
                });
                let result = match std::panic::catch_unwind(run) {
                    Ok(result) => result.map_err(|error| error.to_string()),
                    Err(_) => Err(
                        EngineError::Bug("The task panicked; the log says where".into())
                            .to_string(),
                    ),
                };
                if let Some(state) = board.lock().tasks.get_mut(&task) {
                    state.result = Some(result);
                }
                board.touch();
            })
            .map_err(|source| EngineError::File {
                attempt: "Starting a thread for",
                path: "a task".into(),
                source,
            })?;
        Ok(task)
    }

    /// How a task is doing; none if it is not known (any more), or is another's.
    #[must_use]
    pub fn task(&self, asker: Asker, task: TaskId) -> Option<TaskState> {
        let board = self.0.board.lock();
        let found = board.tasks.get(&task).cloned();
        found.filter(|found| asker.is_owner() || found.asker == asker)
    }

    /// The whole state as it is now, read afresh. [`Self::watch`] is for who wants to hear of changes.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn state(&self) -> Result<State, EngineError> {
        let status = self.status()?;
        Ok(State {
            status,
            activity: self.0.board.lock().running.values().cloned().collect(),
            arrivals_total: self.0.board.arrivals.load(Ordering::Relaxed),
            pairing_steps: self.0.board.pairing_steps.load(Ordering::Relaxed),
        })
    }

    /// As [`Self::state`], of what the asker may see.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn state_of(&self, asker: Asker) -> Result<State, EngineError> {
        if asker.is_owner() {
            return self.state();
        }
        Ok(State {
            status: self.status_of(asker)?,
            ..State::default()
        })
    }

    /// Publishes the state whenever it changed, at most four times a second, and only while somebody looks.
    pub(crate) fn start_publisher(&self) -> Result<(), EngineError> {
        let engine = self.clone();
        self.spawn("publisher", move || {
            let board = &engine.0.board;
            loop {
                {
                    let mut inner = board.lock();
                    while !inner.dirty && !inner.closed {
                        inner = board
                            .changed
                            .wait(inner)
                            .unwrap_or_else(PoisonError::into_inner);
                    }
                    if inner.closed {
                        return;
                    }
                    inner.dirty = false;
                }
                if board.state.receiver_count() > 0 {
                    match engine.state() {
                        Ok(state) => {
                            board.state.send_replace(Arc::new(state));
                        }
                        Err(error) => {
                            tracing::error!("The state for the page could not be read: {error}");
                        }
                    }
                }
                let inner = board.lock();
                if inner.closed {
                    return;
                }
                drop(
                    board
                        .changed
                        .wait_timeout_while(inner, PUBLISH_PAUSE, |inner| !inner.closed)
                        .unwrap_or_else(PoisonError::into_inner),
                );
            }
        })
    }

    /// Starts a thread of the engine's.
    pub(crate) fn spawn(
        &self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), EngineError> {
        let handle = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .map_err(|source| EngineError::File {
                attempt: "Starting the thread",
                path: name.to_owned(),
                source,
            })?;
        self.0.scheduler.adopt(handle);
        Ok(())
    }
}
