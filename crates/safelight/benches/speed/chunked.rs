//! What the Nextcloud app for Android asks beside the bytes: plain PUT, the app's way with the same files, and a peer's PUT.
//!
//! The app's pieces over Wi-Fi have 40,960,000 bytes, and files of up to 10,240,000 bytes go in one request
//! (`UploadFileOperation.java`, `ChunkedFileUploadRemoteOperation.java`).

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use safelight_testkit::{Client, phone::Pieces};

use crate::{
    Plan,
    house::{House, phone, phone_and_user, write_flat},
    intake::{of_process, share, upload},
    measure::Sample,
    peers::Peer,
    table::Table,
};

/// What the app looks for before it goes on with an upload.
const PIECES: &[u8] = br#"<?xml version="1.0"?><d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getcontenttype/>
    <d:getcontentlength/></d:prop></d:propfind>"#;

pub(crate) fn compare(plan: &Plan) {
    for (count, size, connections) in [
        (1, plan.scaled(2_000_000_000), 1),
        (4, plan.scaled(500_000_000), 4),
        (plan.scaled(500), 3_000_000, 1),
        (plan.scaled(500), 3_000_000, 4),
    ] {
        let folder = plan.folder();
        let files = write_flat(folder.path(), 1, count, size);
        let mut table = Table::new(format!(
            "Nextcloud's app, {count} × {:.1} MB, {connections} connections",
            size as f64 / 1e6
        ));
        for _ in 0..plan.rounds {
            round(plan, &files, connections, &mut table);
        }
        table.print();
    }
}

fn round(plan: &Plan, files: &[PathBuf], connections: usize, table: &mut Table) {
    {
        let house = House::new(plan);
        let server = house.serve();
        let client = phone(&server);
        let sample = upload(files, connections, "/dav", || client.again());
        table.add("safelight, plain PUT", of_process(sample, server.id()));
    }
    {
        let house = House::new(plan);
        let server = house.serve();
        let (client, user) = phone_and_user(&server);
        let sample = upload_as_app(files, connections, &client, &user);
        table.add(
            "safelight, as the app sends",
            of_process(sample, server.id()),
        );
    }
    let folder = plan.folder();
    if let Some(peer) = Peer::rclone(folder.path()) {
        let sample = upload(files, connections, "", || Client::new(peer.address));
        table.add(peer.name, of_process(sample, peer.id()));
    }
}

fn upload_as_app(files: &[PathBuf], connections: usize, client: &Client, user: &str) -> Sample {
    let clients = (0..connections).map(|_| client.again()).collect();
    let tree = format!("/remote.php/dav/files/{user}");
    let uploads = format!("/remote.php/dav/uploads/{user}");
    share(files, clients, |client, name, path| {
        let target = format!("{tree}/{name}");
        let mut ask = |method: &str, target: &str, expected: u16| {
            let answer = client.send(method, target, &[("Depth", "0")], b"");
            let status = answer.expect("an answer").status;
            assert_eq!(status, expected, "{method} {target}");
        };
        ask("HEAD", &tree, 200);
        ask("HEAD", &target, 404);
        let length = path.metadata().expect("a file").len();
        if length > Pieces::ANDROID_WIFI.above as u64 {
            in_pieces(client, &format!("{uploads}/{name}"), &target, path, length);
        } else {
            let mut file = File::open(path).expect("a file");
            let total = length.to_string();
            let headers = [("OC-Total-Length", total.as_str())];
            let answer = client.put_part(&target, &headers, &mut file, length);
            assert_eq!(answer.expect("an answer").status, 201, "{target}");
        }
        let seen = client.send("PROPFIND", &target, &[("Depth", "0")], b"");
        assert_eq!(seen.expect("an answer").status, 207, "{target}");
    })
}

fn in_pieces(client: &mut Client, upload: &str, target: &str, path: &Path, length: u64) {
    let to = [("Destination", target), ("Overwrite", "T")];
    let begun = client.send("MKCOL", upload, &to[..1], b"");
    assert_eq!(begun.expect("an answer").status, 201, "{upload}");
    let listed = client.send("PROPFIND", upload, &[("Depth", "1")], PIECES);
    assert_eq!(listed.expect("an answer").status, 207, "{upload}");
    let mut file = File::open(path).expect("a file");
    let (mut left, mut number) = (length, 1);
    while left > 0 {
        let size = left.min(Pieces::ANDROID_WIFI.size as u64);
        let piece = format!("{upload}/{number:06}");
        let answer = client.put_part(&piece, &to[..1], &mut file, size);
        assert_eq!(answer.expect("an answer").status, 201, "{piece}");
        left -= size;
        number += 1;
    }
    let made = client.send("MOVE", &format!("{upload}/.file"), &to, b"");
    assert_eq!(made.expect("an answer").status, 201, "{target}");
}
