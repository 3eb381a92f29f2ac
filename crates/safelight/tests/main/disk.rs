//! File systems that tests mount for themselves: full ones, and one that can clone files. Mounting needs root.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use safelight_testkit::tools;

use crate::judges::{must, run};

/// A mounted file system, unmounted on drop.
pub(crate) struct MountedDisk {
    // Unmounted before its folder goes.
    mounted: Mounted,
    _folder: tempfile::TempDir,
}

struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: a failed test may still have a program with its files open.
        run(Command::new("umount").arg("--lazy").arg(&self.0));
    }
}

impl MountedDisk {
    /// One of a given size, in memory.
    pub(crate) fn small(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder.path()));
        if !mounted.status.success() {
            tools::skipped("needs leave to mount a file system (root)");
            return None;
        }
        Some(Self {
            mounted: Mounted(folder.path().to_owned()),
            _folder: folder,
        })
    }

    /// One whose files can be clones of each other: Btrfs, in a file. Where the system has no loop device for it or cannot read
    /// it, one plain line says so; nobody can install that, so that it is no failure anywhere.
    pub(crate) fn with_clones() -> Option<Self> {
        let format = tools::require("mkfs.btrfs")?;
        let folder = tempfile::tempdir().unwrap();
        let (file, place) = (folder.path().join("disk"), folder.path().join("mounted"));
        fs::File::create(&file).unwrap().set_len(2 << 30).unwrap();
        fs::create_dir(&place).unwrap();
        must(Command::new(format).arg("--quiet").arg(&file));
        let mounted = run(Command::new("mount")
            .args(["-o", "loop"])
            .args([&file, &place]));
        if !mounted.status.success() {
            tools::say(&format!(
                "NO CLONES: Btrfs could not be mounted: {}",
                String::from_utf8_lossy(&mounted.stderr).trim()
            ));
            return None;
        }
        Some(Self {
            mounted: Mounted(place),
            _folder: folder,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.mounted.0
    }

    /// Gives a [`Self::small`] one another size.
    pub(crate) fn resize(&self, megabytes: u32) {
        must(
            Command::new("mount")
                .args(["-o", &format!("remount,size={megabytes}m")])
                .arg(self.path()),
        );
    }
}
