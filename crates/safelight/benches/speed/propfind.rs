//! PROPFIND of a folder with very many photos, with what the Nextcloud app for Android asks for.

use std::fs;

use safelight_testkit::{Client, Photos};

use crate::{
    Plan,
    house::{House, phone},
    measure::{self, Sample},
    peers::Peer,
    table::Table,
};

/// What is in the folder at scale 1.
const PHOTOS: usize = 20_000;
/// How many photos are on their way at once while the folder is filled.
const CONNECTIONS: usize = 4;

/// The properties of `WebdavUtils.getAllPropSet`, as far as anybody answers them.
const ASKED: &[u8] = br#"<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"
    xmlns:nc="http://nextcloud.org/ns"><d:prop><d:displayname/><d:getcontenttype/><d:resourcetype/><d:getcontentlength/>
    <d:getlastmodified/><d:creationdate/><d:getetag/><d:quota-used-bytes/><d:quota-available-bytes/><oc:permissions/>
    <oc:fileid/><oc:id/><oc:size/><oc:favorite/><oc:owner-id/><oc:owner-display-name/><oc:share-types/><oc:tags/>
    <nc:is-encrypted/><nc:mount-type/><nc:has-preview/><nc:creation_time/><nc:upload_time/><nc:metadata-photos-size/>
    <nc:metadata-files-live-photo/><nc:hidden/><nc:lock/></d:prop></d:propfind>"#;

pub(crate) fn compare(plan: &Plan) {
    let count = plan.scaled(PHOTOS);
    let mut table = Table::new(format!("PROPFIND of a folder with {count} photos"));
    let house = House::new(plan);
    let filled = {
        let mut server = house.serve();
        let client = phone(&server);
        fill(&client, count);
        server.stop();
        client
    };
    let served = plan.folder();
    let mut peers = Vec::new();
    for start in Peer::all() {
        let folder = served.path().join(peers.len().to_string());
        let photos = folder.join("served/many");
        fs::create_dir_all(&photos).expect("a folder");
        let mut roll = Photos::new(8);
        for _ in 0..count {
            roll.next(600).write(&photos).expect("room for a photo");
        }
        peers.push((start, folder));
    }
    for _ in 0..plan.rounds {
        // A server of its own each round: its memory is that of one answer.
        let mut server = house.serve();
        let mut client = filled.moved_to(server.address());
        let sample = ask(&mut client, "/dav/many", count);
        table.add("safelight", of_process(sample, server.id()));
        server.stop();
        for (start, folder) in &peers {
            let Some(peer) = start(folder) else {
                continue;
            };
            let sample = ask(&mut Client::new(peer.address), "/many", count);
            table.add(peer.name, of_process(sample, peer.id()));
        }
    }
    table.print();
}

fn fill(client: &Client, count: usize) {
    let made = client
        .again()
        .send("MKCOL", "/dav/many", &[], b"")
        .expect("an answer");
    assert_eq!(made.status, 201, "{made:?}");
    std::thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let mut client = client.again();
            scope.spawn(move || {
                let mut roll = Photos::new(8 + connection as u64);
                for number in (connection..count).step_by(CONNECTIONS) {
                    let picture = roll.next(600);
                    let target = format!("/dav/many/{number:05}-{}", picture.name);
                    let answer = client
                        .send("PUT", &target, &[], &picture.bytes)
                        .expect("an answer");
                    assert_eq!(answer.status, 201, "{target}: {answer:?}");
                }
            });
        }
    });
}

fn ask(client: &mut Client, target: &str, count: usize) -> Sample {
    measure::timed(|| {
        let answer = client
            .send("PROPFIND", target, &[("Depth", "1")], ASKED)
            .expect("an answer");
        let text = answer.text();
        let found = text.matches(":response>").count() / 2;
        assert_eq!((answer.status, found), (207, count + 1), "{target}");
    })
}

fn of_process(sample: Sample, id: u32) -> Sample {
    Sample {
        cpu_seconds: measure::cpu_seconds(id),
        peak_megabytes: measure::peak_megabytes(id),
        ..sample
    }
}
