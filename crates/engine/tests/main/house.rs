//! An engine on folders of its own.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use jiff::tz::TimeZone;
use safelight_core::{DeviceId, DevicePath, Timestamp};
use safelight_engine::{
    Answer, Checksum, Command, Engine, IntakeError, Options, Precondition, Quiet, Receipt,
    Receiving, Status, UploadRequest,
    command::{BackupOutcome, NewDevice, RestoreOutcome, VerifyOutcome, VerifyScope},
};
use safelight_testkit::{FakeClock, SeededEntropy};

pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) dir: tempfile::TempDir,
}

pub(crate) fn start_time() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

impl House {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FakeClock::at(start_time()));
        let engine = open(dir.path(), &clock);
        Self { engine, clock, dir }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn library(&self) -> PathBuf {
        self.dir.path().join("library")
    }

    /// Ends the engine in order and opens it again, after something was done to its folders.
    pub(crate) fn reopen_after(self, change: impl FnOnce(&Path)) -> Self {
        let Self { engine, clock, dir } = self;
        engine.shut_down().unwrap();
        drop(engine);
        change(dir.path());
        let engine = open(dir.path(), &clock);
        Self { engine, clock, dir }
    }

    pub(crate) fn run(&self, command: Command) -> Answer {
        self.engine.run(command, &Quiet).unwrap()
    }

    pub(crate) fn add_device(&self, name: &str) -> NewDevice {
        match self.run(Command::DeviceAdd {
            name: name.into(),
            person: None,
            acknowledge: None,
        }) {
            Answer::Device(device) => device,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn add_folder_destination(&self, name: &str) -> PathBuf {
        let place = self.dir.path().join(name);
        let url = format!("file://{}", place.display());
        match self.run(Command::DestinationAdd {
            name: name.into(),
            url,
            keys: None,
            password: None,
        }) {
            Answer::Destination(_) => place,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn upload(
        &self,
        device: i64,
        path: &str,
        bytes: &[u8],
    ) -> Result<Receipt, IntakeError> {
        self.upload_promising(device, path, bytes, Some(bytes.len() as u64), None)
            .await
    }

    pub(crate) async fn upload_promising(
        &self,
        device: i64,
        path: &str,
        bytes: &[u8],
        promised: Option<u64>,
        checksum: Option<Checksum>,
    ) -> Result<Receipt, IntakeError> {
        let request = UploadRequest {
            promised,
            checksum,
            ..request(device, path)
        };
        let mut receiving = self.engine.receive(request).await?;
        for piece in bytes.chunks(64 * 1024) {
            receiving.write(Bytes::copy_from_slice(piece)).await?;
        }
        receiving.finish().await
    }

    /// Begins an upload that promises so many bytes.
    pub(crate) async fn begin(&self, device: i64, path: &str, promised: u64) -> Receiving {
        let request = UploadRequest {
            promised: Some(promised),
            ..request(device, path)
        };
        self.engine.receive(request).await.unwrap()
    }

    pub(crate) fn back_up(&self) -> Vec<BackupOutcome> {
        match self.run(Command::Backup { destination: None }) {
            Answer::Backup { destinations } => destinations,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn verify(&self, scope: VerifyScope) -> VerifyOutcome {
        match self.run(Command::Verify { scope }) {
            Answer::Verify(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn restore_all(&self, to: &Path) -> RestoreOutcome {
        match self.run(Command::Restore {
            to: to.to_owned(),
            destination: None,
            snapshot: None,
            paths: Vec::new(),
        }) {
            Answer::Restore(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.engine.status().unwrap()
    }
}

fn open(dir: &Path, clock: &Arc<FakeClock>) -> Engine {
    let clock: Arc<FakeClock> = Arc::clone(clock);
    Engine::open(Options {
        data_dir: dir.join("data"),
        library_dir: Some(dir.join("library")),
        clock,
        entropy: Arc::new(SeededEntropy::new(7)),
        zone: TimeZone::UTC,
        media_worker: None,
    })
    .unwrap()
}

fn request(device: i64, path: &str) -> UploadRequest {
    UploadRequest {
        device: DeviceId(device),
        path: DevicePath::parse(path).unwrap(),
        promised: None,
        checksum: None,
        modified: Some(start_time()),
        created: None,
        precondition: Precondition::None,
        create_parents: true,
    }
}
