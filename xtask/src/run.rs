//! Running other programs.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// The project's folder.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the project's folder")
}

/// Whether a build server runs us: then nothing may be left out.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some()
}

/// The Cargo that runs us, in the project's folder.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(project());
    command
}

/// Runs a program to its end with our own input and output.
///
/// # Errors
///
/// It cannot be started, or ends badly.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command
        .status()
        .with_context(|| format!("Cannot start {shown}"))?;
    if !status.success() {
        bail!("{shown} failed ({status})");
    }
    Ok(())
}

/// Runs a program to its end and returns what it wrote to standard output.
///
/// # Errors
///
/// It cannot be started, or ends badly; then with what it wrote to standard error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("Cannot start {shown}"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("{shown} failed ({}): {}", output.status, words.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program to its end. What it writes to standard error is passed on, and the lines that start with one of the
/// `marks` are also returned.
///
/// # Errors
///
/// It cannot be started, or ends badly.
pub(crate) fn run_and_collect(command: &mut Command, marks: &[&str]) -> (Result<()>, Vec<String>) {
    let shown = show(command);
    let mut marked = Vec::new();
    let ended = (|| {
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("Cannot start {shown}"))?;
        if let Some(stderr) = child.stderr.take() {
            pass_on(stderr, marks, &mut marked)?;
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("{shown} failed ({status})");
        }
        Ok(())
    })();
    (ended, marked)
}

fn pass_on(from: impl Read, marks: &[&str], marked: &mut Vec<String>) -> Result<()> {
    for line in BufReader::new(from).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        writeln!(std::io::stderr(), "{line}")?;
        if marks.iter().any(|mark| line.starts_with(mark)) {
            marked.push(line);
        }
    }
    Ok(())
}

fn show(command: &Command) -> String {
    let mut shown = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        shown.push(' ');
        shown.push_str(&argument.to_string_lossy());
    }
    shown
}
