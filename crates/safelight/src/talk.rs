//! Getting a command done: by the server that is running, or, if none is, by this process itself.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, anyhow, bail};
use safelight_engine::{
    Activity, Answer, Command, Engine, EngineError, OpenError, Options, ProgressSink, Quiet,
    WorkerProgram,
};
use serde::{Deserialize, Serialize};

use crate::{
    interrupt::on_interrupt,
    network, print,
    progress::Terminal,
    serve,
    system::{SystemClock, SystemEntropy},
};

/// `control.json` in the data folder: how a command line on the same machine reaches the server. Readable by the owner
/// only.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Control {
    /// Where the server listens, as this machine reaches it.
    pub(crate) address: std::net::SocketAddr,
    /// What it wants to see.
    pub(crate) token: String,
    /// Its process.
    pub(crate) pid: u32,
}

/// The file's name.
pub(crate) const CONTROL_FILE: &str = "control.json";

/// A line of the server's answer to `POST /control`.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Progress(Activity),
    Answer(Box<Answer>),
    Error { message: String },
}

/// Gets the commands done, one after the other; answers the last one's answer.
pub(crate) fn ask(data: &Path, commands: Vec<Command>) -> anyhow::Result<Answer> {
    let progress = Terminal::new();
    let rebuilds = commands
        .iter()
        .any(|command| matches!(command, Command::Rebuild));
    let imports = commands
        .iter()
        .any(|command| matches!(command, Command::Import { .. }));
    let engine = match Engine::open(options(data, None)) {
        Ok(engine) => engine,
        Err(EngineError::Open(OpenError::Damaged { .. })) if rebuilds => {
            Engine::open_anew(options(data, None))?
        }
        Err(EngineError::Open(OpenError::DataFolderInUse { .. })) => {
            let control = read_control(data)?;
            if imports {
                let control = control.clone();
                on_interrupt(move || {
                    let stopped = ask_server(&control, &Command::ImportStop, &Quiet);
                    if let Err(error) = stopped {
                        print::error(&error);
                    }
                })?;
            }
            return last(commands, |command| {
                ask_server(&control, &command, &progress)
            });
        }
        Err(error) => return Err(error.into()),
    };
    if !engine.has_address() {
        let listen = serve::DEFAULT_LISTEN;
        engine.set_address(&print::url(network::lan_address(listen).unwrap_or(listen)))?;
    }
    if imports {
        let engine = engine.clone();
        on_interrupt(move || engine.stop_imports())?;
    }
    let answer = last(commands, |command| Ok(engine.run(command, &progress)?));
    engine.shut_down()?;
    answer
}

pub(crate) fn options(data: &Path, library: Option<std::path::PathBuf>) -> Options {
    Options {
        data_dir: data.to_owned(),
        library_dir: library,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        zone: jiff::tz::TimeZone::system(),
        media_worker: media_worker(),
    }
}

/// This program itself, told to make pictures. Without knowing where it lies it makes none, and says so.
fn media_worker() -> Option<WorkerProgram> {
    std::env::current_exe()
        .inspect_err(|error| {
            tracing::warn!(
                "No pictures are made: where Safelight's own program lies is not known: {error}"
            );
        })
        .ok()
        .map(|program| WorkerProgram {
            program,
            arguments: vec![safelight_engine::MEDIA_WORKER.into()],
        })
}

fn last(
    commands: Vec<Command>,
    mut run: impl FnMut(Command) -> anyhow::Result<Answer>,
) -> anyhow::Result<Answer> {
    let mut answer = Answer::Done;
    for command in commands {
        answer = run(command)?;
    }
    Ok(answer)
}

fn read_control(data: &Path) -> anyhow::Result<Control> {
    let path = data.join(CONTROL_FILE);
    let json = std::fs::read(&path).with_context(|| {
        format!(
            "The data folder {} is in use by another Safelight, and how to reach it could not be read from {}",
            data.display(),
            path.display()
        )
    })?;
    serde_json::from_slice(&json)
        .with_context(|| format!("{} is not what Safelight wrote", path.display()))
}

fn ask_server(
    control: &Control,
    command: &Command,
    progress: &dyn ProgressSink,
) -> anyhow::Result<Answer> {
    let response = ureq::post(format!("http://{}/control", control.address))
        .header("Authorization", format!("Bearer {}", control.token))
        .header("Content-Type", "application/json")
        .send(serde_json::to_vec(command)?)
        .with_context(|| {
            format!(
                "The Safelight that is running did not answer at {}",
                control.address
            )
        })?;
    let lines = BufReader::new(response.into_body().into_reader()).lines();
    for line in lines {
        let line = line.context("The Safelight that is running broke off its answer")?;
        match serde_json::from_str(&line)
            .with_context(|| format!("An answer that is not understood: {line}"))?
        {
            Line::Progress(activity) => progress.progress(&activity),
            Line::Answer(answer) => return Ok(*answer),
            Line::Error { message } => bail!(message),
        }
    }
    Err(anyhow!(
        "The Safelight that is running ended before it answered"
    ))
}
