//! What uploads in pieces ask beside the bytes: plain PUT, the Nextcloud app for Android's way and the browser page's with the
//! same files, each over plain HTTP and over TLS, and a peer's PUT.
//!
//! The app's pieces over Wi-Fi have 40,960,000 bytes, and files of up to 10,240,000 bytes go in one request
//! (`UploadFileOperation.java`, `ChunkedFileUploadRemoteOperation.java`). The page sends files of up to 4 MiB in one request,
//! and of others all that is missing in one piece (`crates/http/assets/upload.js`).

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use safelight_testkit::{Client, Server, phone::Pieces};

use crate::{
    Plan,
    house::{House, browser, phone, phone_and_user, write_flat},
    intake::{of_process, share, upload},
    measure::Sample,
    peers::Peer,
    table::Table,
};

/// What the app looks for before it goes on with an upload.
const PIECES: &[u8] = br#"<?xml version="1.0"?><d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getcontenttype/>
    <d:getcontentlength/></d:prop></d:propfind>"#;

/// Up to this size the page sends a file in one request.
const IN_ONE: u64 = 4 << 20;

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
            "Uploads in pieces, {count} × {:.1} MB, {connections} connections",
            size as f64 / 1e6
        ));
        for _ in 0..plan.rounds {
            round(plan, &files, connections, &mut table);
        }
        table.print();
    }
}

/// A kind of connection.
type Line = (&'static str, fn(Client, &Server) -> Client);

const LINES: [Line; 2] = [
    ("", |client, _| client),
    (", TLS", |client, server| {
        client.encrypted(&server.certificate())
    }),
];

fn round(plan: &Plan, files: &[PathBuf], connections: usize, table: &mut Table) {
    for (over, line) in LINES {
        let mut sample = |way: &str, upload: &dyn Fn(&Server) -> Sample| {
            let house = House::new(plan);
            let server = house.serve();
            let sample = upload(&server);
            let name = format!("safelight, {way}{over}");
            table.add(&name, of_process(sample, server.id()));
        };
        sample("plain PUT", &|server| {
            let client = line(phone(server), server);
            upload(files, connections, "/dav", || client.again())
        });
        sample("as the app sends", &|server| {
            let (client, user) = phone_and_user(server);
            upload_as_app(files, connections, &line(client, server), &user)
        });
        sample("as the page sends", &|server| {
            upload_as_page(files, connections, &line(browser(server), server))
        });
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

fn upload_as_page(files: &[PathBuf], connections: usize, client: &Client) -> Sample {
    let clients = (0..connections).map(|_| client.again()).collect();
    share(files, clients, |client, name, path| {
        let about = path.metadata().expect("a file");
        let length = about.len();
        let changed = about.modified().expect("a file's time");
        let since = changed.duration_since(UNIX_EPOCH).expect("a time of today");
        let target = format!("/up/files?name={name}&modified={}", since.as_millis());
        let mut file = File::open(path).expect("a file");
        let answer = if length <= IN_ONE {
            let headers = [("Upload-Complete", "?1")];
            client.send_part("POST", &target, &headers, &mut file, length)
        } else {
            let total = length.to_string();
            let headers = [("Upload-Complete", "?0"), ("Upload-Length", total.as_str())];
            let begun = client.send("POST", &target, &headers, b"");
            let begun = begun.expect("an answer");
            assert_eq!(begun.status, 201, "{target}: {begun:?}");
            let address = begun.header("location").expect("an address");
            let headers = [
                ("Upload-Complete", "?1"),
                ("Upload-Offset", "0"),
                ("Content-Type", "application/partial-upload"),
            ];
            client.send_part("PATCH", address, &headers, &mut file, length)
        };
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 201, "{target}: {answer:?}");
    })
}
