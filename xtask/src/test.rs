//! `cargo xtask test`: everything that must hold, on a machine with nothing but Rust and a C compiler.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::{
    arrows, deny,
    run::{self, cargo},
    tools,
};

/// How a test says that it was left out for want of a program: a failure on a build server.
const SKIPPED: &str = "SKIPPED: ";

/// How a test says that it was left out for want of the corpus, which nobody can install: never a failure.
const NO_CORPUS: &str = "NO CORPUS: ";

/// How a test says that it was left out because the system cannot mount a file system with clones: never a failure.
const NO_CLONES: &str = "NO CLONES: ";

/// Sets up, runs every check although an earlier one has failed, and says at the end what failed and what was left out.
///
/// # Errors
///
/// A check failed; on a build server also if one was left out.
pub(crate) fn test() -> Result<()> {
    let mut report = Report::default();
    report.step("tools", tools::set_up);
    report.step("formatting", || {
        run::run(&mut cargo(&["fmt", "--all", "--check"]))?;
        Ok(Vec::new())
    });
    report.step("arrows", || {
        arrows::check()?;
        Ok(Vec::new())
    });
    report.step("licences and sources", || match tools::find("cargo-deny") {
        Some(_) => deny::check().map(|()| Vec::new()),
        None => Ok(vec!["licences and sources need cargo-deny".to_owned()]),
    });
    report.step("lints", || {
        let mut clippy = cargo(&["clippy", "--workspace", "--all-targets"]);
        run::run(locked(&mut clippy).args(["--", "-D", "warnings"]))?;
        Ok(Vec::new())
    });
    report.step("documents", || {
        let mut doc = cargo(&[
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ]);
        run::run(locked(&mut doc).env("RUSTDOCFLAGS", "-D warnings"))?;
        Ok(Vec::new())
    });
    report.step("tests", || {
        let mut tests = cargo(&["test", "--workspace", "--no-fail-fast"]);
        let (ended, skipped) =
            run::run_and_collect(locked(&mut tests), &[SKIPPED, NO_CORPUS, NO_CLONES]);
        ended.map(|()| skipped)
    });
    report.end()
}

/// On a build server the lock file is what was tested; elsewhere it may follow a changed manifest.
fn locked(command: &mut std::process::Command) -> &mut std::process::Command {
    if run::in_ci() {
        command.arg("--locked");
    }
    command
}

#[derive(Default)]
struct Report {
    failed: Vec<String>,
    skipped: Vec<String>,
}

impl Report {
    /// Runs one check, which returns what it left out.
    fn step(&mut self, name: &str, check: impl FnOnce() -> Result<Vec<String>>) {
        eprintln!("── {name}");
        let start = Instant::now();
        match check() {
            Ok(skipped) => self.skipped.extend(skipped),
            Err(problem) => self.failed.push(format!("{name}: {problem:#}")),
        }
        eprintln!("── {name}: {:.0} s", start.elapsed().as_secs_f64());
    }

    fn end(self) -> Result<()> {
        for skipped in &self.skipped {
            eprintln!("left out: {}", skipped.trim_start_matches(SKIPPED));
        }
        for failed in &self.failed {
            eprintln!("failed: {failed}");
        }
        if !self.failed.is_empty() {
            bail!("{} of the checks failed", self.failed.len());
        }
        let avoidable = self
            .skipped
            .iter()
            .filter(|line| !line.starts_with(NO_CORPUS) && !line.starts_with(NO_CLONES))
            .count();
        if avoidable > 0 && run::in_ci() {
            bail!("{avoidable} left out, which a build server must not do");
        }
        eprintln!("all checks passed; {} left out", self.skipped.len());
        Ok(())
    }
}
