//! The first offsite run, and everything back, beside `restic` and `rustic`.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use safelight_testkit::{Delay, S3Server, tools};

use crate::{
    Plan,
    house::{House, binary},
    measure,
    table::Table,
};

const PASSWORD: &str = "for measuring only";
/// A peer's repository in an S3 bucket.
const REPOSITORY: &str = "repository";

/// The photos of the comparisons: many ordinary ones and a few videos, 8 GB at scale 1.
fn photos(plan: &Plan) -> House {
    House::filled(
        plan,
        2,
        &[
            (plan.scaled(2_000), 3_000_000),
            (plan.scaled(10), 200_000_000),
        ],
    )
}

pub(crate) fn local(plan: &Plan) {
    first_run_local(
        plan,
        "First offsite run, photos, local repository",
        &photos(plan),
    );
}

pub(crate) fn small(plan: &Plan) {
    let count = plan.scaled(200_000);
    let house = House::filled(plan, 3, &[(count, 4_096)]);
    first_run_local(
        plan,
        &format!("First offsite run, {count} files of 4 KB, local repository"),
        &house,
    );
}

fn first_run_local(plan: &Plan, title: &str, house: &House) {
    let mut table = Table::new(title);
    for round in 0..plan.rounds {
        let folder = plan.folder();
        let url = format!("file://{}", folder.path().join("repository").display());
        table.add(
            "safelight",
            backup(house, &format!("round {round}"), &url, &[]),
        );
        for (name, peer) in peers() {
            let folder = plan.folder();
            let repository = folder.path().join("repository");
            let peer = Peer {
                program: peer,
                repository: repository.display().to_string(),
                cache: folder.path().into(),
            };
            measure::program(&mut peer.command(&["init"]));
            table.add(
                name,
                measure::program(peer.command(&["backup"]).arg(house.library())),
            );
        }
    }
    table.print();
}

pub(crate) fn s3(plan: &Plan) {
    first_run_s3(plan, "photos", &photos(plan), None);
}

pub(crate) fn latency(plan: &Plan) {
    let house = House::filled(plan, 4, &[(plan.scaled(333), 3_000_000)]);
    first_run_s3(
        plan,
        "1 GB of photos through 30 ms of latency each way",
        &house,
        Some(Duration::from_millis(30)),
    );
}

fn first_run_s3(plan: &Plan, what: &str, house: &House, latency: Option<Duration>) {
    let Some(probe) = S3Server::start() else {
        return;
    };
    let mut table = Table::new(format!("First offsite run, {what}, S3 ({})", probe.program));
    drop(probe);
    let line = |s3: &S3Server| {
        latency.map(|each_way| Delay::start(s3.address, each_way).expect("a free port"))
    };
    for round in 0..plan.rounds {
        let Some(s3) = S3Server::start() else { return };
        let delay = line(&s3);
        let address = delay.as_ref().map_or(s3.address, Delay::address);
        let url = s3.destination_through(address, "safelight");
        table.add(
            "safelight",
            backup(house, &format!("round {round}"), &url, &s3.environment()),
        );
        drop((delay, s3));
        for (name, program) in peers() {
            let Some(s3) = S3Server::start() else { return };
            let delay = line(&s3);
            let address = delay.as_ref().map_or(s3.address, Delay::address);
            let folder = plan.folder();
            let is_rustic = name == "rustic";
            let peer = Peer {
                program,
                repository: if is_rustic {
                    "opendal:s3".to_owned()
                } else {
                    format!("s3:http://{address}/{}/{REPOSITORY}", s3.bucket)
                },
                cache: folder.path().into(),
            };
            let with_keys = |peer: &Peer, arguments: &[&str]| {
                let mut command = peer.command(arguments);
                command
                    .envs(s3.environment())
                    .env("AWS_DEFAULT_REGION", &s3.region)
                    .env("OPENDAL_BUCKET", &s3.bucket)
                    .env("OPENDAL_ROOT", format!("/{REPOSITORY}"))
                    .env("OPENDAL_ENDPOINT", format!("http://{address}"))
                    .env("OPENDAL_REGION", &s3.region)
                    .env("OPENDAL_ACCESS_KEY_ID", &s3.access_key_id)
                    .env("OPENDAL_SECRET_ACCESS_KEY", &s3.secret_access_key);
                command
            };
            // `rustic init` makes folders as objects, which `rclone serve s3` refuses: there it is done on its disk.
            let beside = s3.files().filter(|_| is_rustic).map(|files| Peer {
                repository: files.join(REPOSITORY).display().to_string(),
                program: peer.program.clone(),
                cache: peer.cache.clone(),
            });
            let init = beside.as_ref().unwrap_or(&peer);
            measure::program(&mut with_keys(init, &["init"]));
            table.add(
                name,
                measure::program(with_keys(&peer, &["backup"]).arg(house.library())),
            );
        }
    }
    table.print();
}

pub(crate) fn restore(plan: &Plan) {
    let house = photos(plan);
    let folder = plan.folder();
    let ours = folder.path().join("ours");
    backup(&house, "ours", &format!("file://{}", ours.display()), &[]);
    let kit = house.cli().json(&["kit", "--json"]);
    let password = kit["password"].as_str().expect("a password").to_owned();
    let prepared: Vec<_> = peers()
        .into_iter()
        .map(|(name, program)| {
            let repository = folder
                .path()
                .join(name.replace(' ', "-"))
                .display()
                .to_string();
            let peer = Peer {
                program,
                repository,
                cache: folder.path().join(format!("cache {name}")),
            };
            measure::program(&mut peer.command(&["init"]));
            measure::program(peer.command(&["backup"]).arg(house.library()));
            (name, peer)
        })
        .collect();

    let mut table = Table::new("Restore of everything, photos, local repository");
    for _ in 0..plan.rounds {
        let to = plan.folder();
        let mut command = safelight(&house);
        table.add(
            "safelight",
            measure::program(
                command
                    .args(["restore", "--to"])
                    .arg(to.path().join("back")),
            ),
        );
        drop(to);
        for (name, peer) in &prepared {
            let to = plan.folder();
            let mut command = if *name == "rustic" {
                let mut command = peer.command(&["restore", "latest"]);
                command.arg(to.path());
                command
            } else {
                let mut command = peer.command(&["restore", "latest", "--target"]);
                command.arg(to.path());
                command
            };
            table.add(name, measure::program(&mut command));
        }
        for (name, program) in peers()
            .into_iter()
            .filter(|(name, _)| name.starts_with("restic"))
        {
            let to = plan.folder();
            let repository = ours.display().to_string();
            let peer = Peer {
                program,
                repository,
                cache: folder.path().join("cache ours"),
            };
            let mut command = peer.command(&["restore", "latest", "--target"]);
            command.arg(to.path()).env("RESTIC_PASSWORD", &password);
            table.add(
                &format!("{name}, from our repository"),
                measure::program(&mut command),
            );
        }
    }
    table.print();
}

/// Adds a destination (untimed, as the others' `init`) and times its first backup.
pub(crate) fn backup(
    house: &House,
    name: &str,
    url: &str,
    keys: &[(&str, &str)],
) -> measure::Sample {
    let cli = keys
        .iter()
        .fold(house.cli(), |cli, (name, value)| cli.env(name, value));
    cli.json(&["destination", "add", name, url, "--json"]);
    measure::program(safelight(house).args(["backup", "--destination", name]))
}

/// The release binary with a house's data folder, without a server.
pub(crate) fn safelight(house: &House) -> Command {
    let mut command = Command::new(binary());
    command.arg("--data").arg(house.data()).env("TZ", "UTC");
    command
}

/// The backup programs there are.
pub(crate) fn peers() -> Vec<(&'static str, PathBuf)> {
    [
        ("restic (new)", "restic-new"),
        ("restic (old)", "restic"),
        ("rustic", "rustic"),
    ]
    .into_iter()
    .filter_map(|(name, tool)| Some((name, tools::find(tool)?)))
    .collect()
}

/// `restic` or `rustic` with a repository of its own.
pub(crate) struct Peer {
    pub(crate) program: PathBuf,
    pub(crate) repository: String,
    pub(crate) cache: PathBuf,
}

impl Peer {
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments);
        for (name, value) in [
            ("RESTIC_PASSWORD", Path::new(PASSWORD)),
            ("RUSTIC_PASSWORD", Path::new(PASSWORD)),
            ("RESTIC_REPOSITORY", Path::new(&self.repository)),
            ("RUSTIC_REPOSITORY", Path::new(&self.repository)),
            ("RUSTIC_NO_PROGRESS", Path::new("true")),
            ("RESTIC_CACHE_DIR", &self.cache),
            ("RUSTIC_CACHE_DIR", &self.cache),
        ] {
            command.env(name, value);
        }
        command
    }
}
