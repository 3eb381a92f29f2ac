//! Progress of long work, on standard error.

use std::{
    io::{IsTerminal, Write},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use safelight_engine::{Activity, ProgressSink};

use crate::print::{count, size};

/// One line that is written over in a terminal; a line now and then in a log.
pub(crate) struct Terminal {
    last: Mutex<Option<Instant>>,
    live: bool,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        Self {
            last: Mutex::new(None),
            live: std::io::stderr().is_terminal(),
        }
    }

    fn write(&self, line: &str) {
        let mut stderr = std::io::stderr().lock();
        let written = if self.live {
            write!(stderr, "\r\x1b[K{line}").and_then(|()| stderr.flush())
        } else {
            writeln!(stderr, "{line}")
        };
        // Nobody can be told that standard error is gone.
        drop(written);
    }
}

impl ProgressSink for Terminal {
    fn progress(&self, activity: &Activity) {
        let pause = if self.live {
            Duration::from_millis(200)
        } else {
            Duration::from_secs(10)
        };
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_some_and(|last| last.elapsed() < pause) {
                return;
            }
            *last = Some(Instant::now());
        }
        let total = activity
            .total_files
            .map_or_else(String::new, |total| format!(" of {}", count(total)));
        self.write(&format!(
            "{} {}: {}{total} files, {}",
            activity.kind,
            activity.what,
            count(activity.done_files),
            size(activity.done_bytes)
        ));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let shown = self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some();
        if self.live && shown {
            self.write("");
        }
    }
}
