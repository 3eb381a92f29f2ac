//! The `safelight` program: command line, configuration, wiring. No logic of its own.

mod ask;
mod cli;
mod correct;
mod folders;
mod inspect;
mod interrupt;
mod network;
mod print;
mod progress;
mod reach;
mod serve;
mod system;
mod talk;

use std::process::ExitCode;

use clap::Parser;

/// Many short-lived buffers of every size pass through a backup; the allocator decides a noticeable part of its time.
/// Without huge pages (`no_thp`), of which a few kilobytes in use keep two megabytes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    system::start_log();
    match cli::run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            print::error(&error);
            ExitCode::from(1)
        }
    }
}
