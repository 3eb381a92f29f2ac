//! The server: page, uploads, schedule.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
};

use anyhow::Context;
use safelight_engine::Engine;
use tokio::sync::oneshot;

use crate::{
    cli::Serve,
    network, print,
    reach::{self, Doorway},
    talk::{CONTROL_FILE, Control},
};

/// Every network of this machine, on a port that IANA has given to nobody.
pub(crate) const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8420);

/// Serves until it is told to end.
pub(crate) fn serve(data: &Path, options: Serve) -> anyhow::Result<u8> {
    let fixed = options.reach.fixed()?;
    let library = options
        .library
        .map(|dir| {
            std::path::absolute(&dir)
                .with_context(|| format!("The library folder {} cannot be used", dir.display()))
        })
        .transpose()?;
    let engine = Engine::open(crate::talk::options(data, library))?;
    engine.fix_reach(fixed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("The system gave no threads")?;
    let served = runtime.block_on(run(engine.clone(), data, options.listen));
    // Whatever happened, what is in flight is ended in order and the library closed cleanly.
    let closed = engine.shut_down();
    runtime.shutdown_background();
    served?;
    closed?;
    Ok(0)
}

async fn run(engine: Engine, data: &Path, listen: SocketAddr) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| {
        format!("Listening on {listen} failed; another program may use the port: choose one with --listen")
    })?;
    let address = listener.local_addr()?;
    let here = reach::here(address);
    let doorway = Doorway::open(engine.clone(), data, address)?;
    let tls = doorway.tls();
    engine.start()?;
    let control = ControlFile::write(data, &engine, here)?;
    let options = safelight_http::Options {
        tls: tls.clone(),
        ..safelight_http::Options::default()
    };
    let router = safelight_http::router(engine.clone(), options);
    print::welcome(
        &engine,
        here,
        network::lan_address(address),
        tls.shown().as_deref(),
    )?;
    let (end, ends) = oneshot::channel();
    let kept = doorway.keep(ends);
    let ended = safelight_http::serve(listener, router, tls, told_to_end()).await;
    drop(end);
    control.remove();
    kept.await.context("A part of the server failed")?;
    ended.context("The server failed")
}

/// `control.json`, there while the server runs.
struct ControlFile(std::path::PathBuf);

impl ControlFile {
    fn write(data: &Path, engine: &Engine, address: SocketAddr) -> anyhow::Result<Self> {
        let control = Control {
            address,
            token: engine.make_control_token().to_owned(),
            pid: std::process::id(),
        };
        engine
            .write_private(CONTROL_FILE, &serde_json::to_vec(&control)?)
            .context("The file by which the command line finds the server could not be written")?;
        Ok(Self(data.join(CONTROL_FILE)))
    }

    fn remove(self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!("{} could not be removed: {error}", self.0.display());
        }
    }
}

/// Ctrl-C, or the system's request to end.
pub(crate) async fn told_to_end() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    let ended = async {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = interrupt => result,
            _ = terminate.recv() => Ok(()),
        }
    };
    #[cfg(not(unix))]
    let ended = interrupt;
    if let Err(error) = ended.await {
        tracing::error!(
            "Waiting for a signal failed; stop Safelight by ending its process: {error}"
        );
        std::future::pending::<()>().await;
    }
}
