//! Time, processor time and memory of programs, from `/proc`.

use std::{
    fmt, fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Wall time.
    pub(crate) seconds: f64,
    /// Processor time of all threads, if known.
    pub(crate) cpu_seconds: Option<f64>,
    /// The highest resident memory, if known.
    pub(crate) peak_megabytes: Option<f64>,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} s", self.seconds)?;
        if let Some(cpu) = self.cpu_seconds {
            write!(f, ", {cpu:.1} s CPU")?;
        }
        if let Some(peak) = self.peak_megabytes {
            write!(f, ", {peak:.0} MB")?;
        }
        Ok(())
    }
}

/// Flushes everything written before, then times `work`.
pub(crate) fn timed(work: impl FnOnce()) -> Sample {
    flush();
    let start = Instant::now();
    work();
    Sample {
        seconds: start.elapsed().as_secs_f64(),
        cpu_seconds: None,
        peak_megabytes: None,
    }
}

/// Flushes everything written before, then times a program to its end.
///
/// Memory and processor time are looked at every few milliseconds: what happens in the last of them is not seen.
pub(crate) fn program(command: &mut Command) -> Sample {
    flush();
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|problem| panic!("cannot start {command:?}: {problem}"));
    let mut stderr = child.stderr.take().expect("a pipe");
    let words = thread::spawn(move || {
        let mut words = String::new();
        std::io::Read::read_to_string(&mut stderr, &mut words).map(|_| words)
    });
    let id = child.id();
    let (mut cpu_seconds, mut peak_megabytes) = (None, None);
    let status = loop {
        cpu_seconds = self::cpu_seconds(id).or(cpu_seconds);
        peak_megabytes = self::peak_megabytes(id).or(peak_megabytes);
        if let Some(status) = child.try_wait().expect("the state of our own child") {
            break status;
        }
        pause(Duration::from_millis(3));
    };
    let seconds = start.elapsed().as_secs_f64();
    let words = words.join().expect("a reader").unwrap_or_default();
    assert!(status.success(), "{command:?} ended with {status}: {words}");
    Sample {
        seconds,
        cpu_seconds,
        peak_megabytes,
    }
}

/// The highest resident memory of a running program so far.
pub(crate) fn peak_megabytes(id: u32) -> Option<f64> {
    memory(id, "VmHWM:")
}

/// The resident memory of a running program.
pub(crate) fn megabytes(id: u32) -> Option<f64> {
    memory(id, "VmRSS:")
}

fn memory(id: u32, field: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}

/// The processor time of a running program so far (proc(5): fields 14 and 15, in ticks of 10 ms).
pub(crate) fn cpu_seconds(id: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name before may hold spaces and brackets of its own.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// Flushes every file system.
pub(crate) fn flush() {
    let status = Command::new("sync").status().expect("sync starts");
    assert!(status.success(), "sync failed");
}

/// Which machine this is.
pub(crate) fn machine() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("an unknown processor", |(_, model)| model.trim());
    format!("{cores} cores, {model}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "/proc sends no event; this paces looking at it"
)]
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}
