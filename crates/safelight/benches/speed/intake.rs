//! Intake: photos by PUT over keep-alive connections, every answer durable with us and not with the peers.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
};

use safelight_testkit::Client;

use crate::{
    Plan,
    house::{House, phone, write_flat},
    limit,
    measure::{self, Sample},
    peers::Peer,
    table::Table,
};

pub(crate) fn compare(plan: &Plan) {
    for (count, size, name) in [(2_000, 3_000_000, "3 MB"), (5_000, 100_000, "100 KB")] {
        let folder = plan.folder();
        let files = write_flat(folder.path(), 1, plan.scaled(count), size);
        for connections in [1, 4] {
            let mut table = Table::new(format!(
                "Intake, {} × {name}, {connections} connections",
                files.len()
            ));
            for _ in 0..plan.rounds {
                round(plan, &files, connections, &mut table);
            }
            table.print();
        }
    }
}

fn round(plan: &Plan, files: &[PathBuf], connections: usize, table: &mut Table) {
    {
        let house = House::new(plan);
        let server = house.serve();
        let client = phone(&server);
        let sample = upload(files, connections, "/dav", || client.again());
        table.add("safelight", of_process(sample, server.id()));
    }
    for start in Peer::all() {
        let folder = plan.folder();
        let Some(peer) = start(folder.path()) else {
            continue;
        };
        let sample = upload(files, connections, "", || Client::new(peer.address));
        table.add(peer.name, of_process(sample, peer.id()));
    }
    let folder = plan.folder();
    let sample = measure::timed(|| limit::copy(files, folder.path(), 4));
    table.add("limit: local copy, hash, flush, rename, 4 threads", sample);
}

/// What the server, which runs on, has used so far.
pub(crate) fn of_process(sample: Sample, id: u32) -> Sample {
    Sample {
        cpu_seconds: measure::cpu_seconds(id),
        peak_megabytes: measure::peak_megabytes(id),
        ..sample
    }
}

/// Uploads files in one request each, over several connections.
pub(crate) fn upload(
    files: &[PathBuf],
    connections: usize,
    prefix: &str,
    connect: impl Fn() -> Client,
) -> Sample {
    let clients = (0..connections).map(|_| connect()).collect();
    share(files, clients, |client, name, path| {
        let mut file = File::open(path).expect("a file");
        let answer = client
            .put_file(&format!("{prefix}/{name}"), &mut file)
            .expect("an answer");
        assert!(matches!(answer.status, 200..=204), "{name}: {answer:?}");
    })
}

/// Clients take files from one heap, each the next when it is done with one.
pub(crate) fn share(
    files: &[PathBuf],
    clients: Vec<Client>,
    send: impl Fn(&mut Client, &str, &Path) + Sync,
) -> Sample {
    let waiting = Mutex::new(files.iter());
    measure::timed(|| {
        thread::scope(|scope| {
            for mut client in clients {
                let (waiting, send) = (&waiting, &send);
                scope.spawn(move || {
                    loop {
                        let next = waiting.lock().expect("no panic").next();
                        let Some(path) = next else { return };
                        let name = path.file_name().expect("a name").to_string_lossy();
                        send(&mut client, &name, path);
                    }
                });
            }
        });
    })
}
