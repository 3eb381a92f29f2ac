//! Landlock and seccomp.

use std::{collections::BTreeMap, io};

use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

/// System calls that decoding needs: its pipes, memory, threads, time, chance, and its end. All others fail.
const ALLOWED: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_gettid,
    libc::SYS_getpid,
    // To itself, by `abort`.
    libc::SYS_tgkill,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_prlimit64,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Closes all paths and the network to this process, as far as the kernel can.
pub(super) fn forbid_paths() -> io::Result<()> {
    restrict().map_err(io::Error::other)
}

fn restrict() -> Result<(), landlock::RulesetError> {
    let newest = ABI::V5;
    // No rule: nothing is allowed. What the kernel does not know is left out.
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(newest))?
        .handle_access(AccessNet::from_all(newest))?
        .create()?
        .restrict_self()?;
    Ok(())
}

/// Lets only those system calls through that decoding needs.
pub(super) fn allow_few_calls() -> io::Result<()> {
    // On other processors there is no filter.
    let Ok(processor) = TargetArch::try_from(std::env::consts::ARCH) else {
        return Ok(());
    };
    let rules: BTreeMap<i64, _> = ALLOWED.iter().map(|&call| (call, Vec::new())).collect();
    let refused = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let filter = SeccompFilter::new(rules, refused, SeccompAction::Allow, processor)
        .and_then(BpfProgram::try_from)
        .map_err(io::Error::other)?;
    match seccompiler::apply_filter_all_threads(&filter) {
        Ok(()) => Ok(()),
        // A kernel without it.
        Err(seccompiler::Error::Seccomp(error) | seccompiler::Error::Prctl(error))
            if error.raw_os_error() == Some(libc::EINVAL) =>
        {
            Ok(())
        }
        Err(error) => Err(io::Error::other(error)),
    }
}
