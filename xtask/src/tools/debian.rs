//! Debian packages.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};

use super::scratch;
use crate::run;

/// The Debian whose packages count as the newer ones.
const NEWER: &str = "trixie";

/// Installs a package, as root; says what to do for anybody else.
///
/// # Errors
///
/// This is not a Debian, we are not root, or the installation failed.
pub(super) fn install(package: &str) -> Result<()> {
    if run::output(Command::new("id").arg("-u"))?.trim() != "0" {
        bail!("installing needs root: sudo apt-get install {package}");
    }
    let mut install = apt_get(&["install", "--yes", "--no-install-recommends", package]);
    if run::output(&mut install).is_err() {
        // A fresh image has no package lists.
        run::output(&mut apt_get(&["update"]))?;
        run::output(&mut install)?;
    }
    Ok(())
}

/// Unpacks the program of a newer Debian's package to `program`. Works for programs that link statically.
///
/// Uses package lists of its own; the machine's stay as they are. The signatures are checked as ever.
///
/// # Errors
///
/// This is not a Debian, the package cannot be downloaded, or has no such program.
pub(super) fn unpack_newer(package: &str, program: &Path) -> Result<()> {
    let scratch = scratch(package)?;
    fs::create_dir_all(scratch.join("lists/partial"))?;
    let list = scratch.join("sources.list");
    let keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
    fs::write(
        &list,
        format!("deb [signed-by={keys}] {} {NEWER} main\n", mirror()?),
    )?;
    let apt = |arguments: &[&str]| {
        let mut command = apt_get(arguments);
        command
            .arg("-o")
            .arg(format!("Dir::Etc::sourcelist={}", list.display()))
            .args(["-o", "Dir::Etc::sourceparts=-", "-o", "APT::Sandbox::User="])
            .arg("-o")
            .arg(format!(
                "Dir::State::Lists={}",
                scratch.join("lists").display()
            ))
            .arg("-o")
            .arg(format!("Dir::Cache={}", scratch.display()))
            .current_dir(&scratch);
        command
    };
    run::output(&mut apt(&["update"]))?;
    run::output(&mut apt(&["download", package]))?;
    let archive = fs::read_dir(&scratch)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get downloaded no package")?;
    let unpacked = scratch.join("unpacked");
    run::output(
        Command::new("dpkg-deb")
            .arg("--extract")
            .args([&archive, &unpacked]),
    )?;
    fs::copy(unpacked.join("usr/bin").join(package), program)
        .with_context(|| format!("The package {package} has no program of its name"))?;
    fs::remove_dir_all(&scratch)?;
    Ok(())
}

/// Where this machine gets its Debian packages from.
fn mirror() -> Result<String> {
    let ask = || {
        run::output(&mut apt_get(&[
            "indextargets",
            "--format",
            "$(LABEL) $(REPO_URI)",
        ]))
    };
    let find = |targets: &str| {
        targets
            .lines()
            .find_map(|line| line.strip_prefix("Debian "))
            .map(ToOwned::to_owned)
    };
    if let Some(mirror) = find(&ask()?) {
        return Ok(mirror);
    }
    // Without package lists apt does not know its sources' labels.
    run::output(&mut apt_get(&["update"]))?;
    find(&ask()?).context("this machine has no Debian package source")
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("LC_ALL", "C");
    command
}
