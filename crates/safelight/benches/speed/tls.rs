//! Intake over TLS beside plain HTTP, on the same port of the same program, and beside a peer with the same certificate.

use std::{fs, path::PathBuf};

use safelight_testkit::{Client, Server};

use crate::{
    Plan,
    house::{House, phone, write_flat},
    intake::{of_process, upload},
    peers::Peer,
    table::Table,
};

pub(crate) fn compare(plan: &Plan) {
    for (count, size, name) in [(2_000, 3_000_000, "3 MB"), (5_000, 100_000, "100 KB")] {
        let folder = plan.folder();
        let files = write_flat(folder.path(), 1, plan.scaled(count), size);
        for connections in [1, 4] {
            let mut table = Table::new(format!(
                "TLS, {} × {name}, {connections} connections",
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
    let mut sample = |name: &str, encrypt: fn(Client, &Server) -> Client| {
        let house = House::new(plan);
        let server = house.serve();
        let client = encrypt(phone(&server), &server);
        let sample = upload(files, connections, "/dav", || client.again());
        table.add(name, of_process(sample, server.id()));
    };
    sample("safelight, plain", |client, _| client);
    sample("safelight, TLS", |client, server| {
        client.encrypted(&server.certificate())
    });
    let folder = plan.folder();
    let house = House::new(plan);
    let server = house.serve();
    let (certificate, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    fs::write(&certificate, server.certificate()).expect("room for a certificate");
    fs::write(&key, server.certificate_key()).expect("room for a key");
    let pem = server.certificate();
    drop(server);
    let Some(peer) = Peer::rclone_tls(folder.path(), &certificate, &key) else {
        return;
    };
    let sample = upload(files, connections, "", || {
        Client::new(peer.address).encrypted(&pem)
    });
    table.add(peer.name, of_process(sample, peer.id()));
}
