//! What a worker gives up before it reads a byte of a file.
//!
//! | | Linux | macOS | Windows |
//! |---|---|---|---|
//! | memory (`RLIMIT_AS`) | yes | no | no |
//! | processor time (`RLIMIT_CPU`), renewed for each order | yes | yes | no |
//! | no new files, no core dumps (`RLIMIT_NOFILE`, `RLIMIT_CORE`) | yes | yes | no |
//! | no path, no network (Landlock) | since 5.13 and 6.7 | no | no |
//! | only the system calls that decoding needs (seccomp) | x86-64, ARM, RISC-V of 64 bits | no | no |
//!
//! What a kernel does not have is done without; the limits must hold. Everywhere the program ends a worker that takes too
//! long.

use std::io;

#[cfg(target_os = "linux")]
mod linux;

/// Gives up what decoding does not need.
pub(super) fn confine(memory: u64) -> io::Result<()> {
    // Each step takes away what the one before it needed.
    #[cfg(target_os = "linux")]
    linux::forbid_paths()?;
    #[cfg(unix)]
    limits::set(memory)?;
    #[cfg(target_os = "linux")]
    linux::allow_few_calls()?;
    #[cfg(not(unix))]
    let _ = memory;
    Ok(())
}

/// Allows so much more processor time from now on.
pub(super) fn allow_time(seconds: u32) -> io::Result<()> {
    #[cfg(unix)]
    limits::allow_time(seconds)?;
    #[cfg(not(unix))]
    let _ = seconds;
    Ok(())
}

#[cfg(unix)]
mod limits {
    use std::io;

    use rustix::{
        process::{Resource, Rlimit, getrlimit, setrlimit},
        time::{ClockId, clock_gettime},
    };

    pub(super) fn set(memory: u64) -> io::Result<()> {
        // macOS has the call and does not keep to it.
        #[cfg(target_os = "linux")]
        lower(Resource::As, memory)?;
        #[cfg(not(target_os = "linux"))]
        let _ = memory;
        lower(Resource::Core, 0)?;
        // Those that are open stay open: the pipes.
        lower(Resource::Nofile, 0)
    }

    fn lower(resource: Resource, to: u64) -> io::Result<()> {
        let limit = Some(getrlimit(resource).maximum.map_or(to, |now| now.min(to)));
        setrlimit(
            resource,
            Rlimit {
                current: limit,
                maximum: limit,
            },
        )?;
        Ok(())
    }

    pub(super) fn allow_time(seconds: u32) -> io::Result<()> {
        let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec;
        // The second that has begun counts as used.
        let until = u64::try_from(used).unwrap_or_default() + 1 + u64::from(seconds);
        let maximum = getrlimit(Resource::Cpu).maximum;
        setrlimit(
            Resource::Cpu,
            Rlimit {
                current: Some(maximum.map_or(until, |most| most.min(until))),
                maximum,
            },
        )?;
        Ok(())
    }
}
