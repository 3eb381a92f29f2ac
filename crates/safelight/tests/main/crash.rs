//! Promise 1 under SIGKILL: whatever was acknowledged is there, byte for byte, and nothing half-written is seen.
//!
//! A dozen kills in the ordinary tests; `cargo xtask crash --kills 300` for more.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use safelight_core::ContentHash;
use safelight_testkit::{Photos, Picture, Random, process, tree};

use crate::{
    house::{House, number},
    judges::check_manifests,
};

/// How many connections upload at once.
const CONNECTIONS: u64 = 4;

/// A number that `cargo xtask` gives to a test that it makes long.
pub(crate) fn from_environment(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}"))
    })
}

#[test]
fn no_kill_loses_an_acknowledged_photo() {
    let kills = from_environment("SAFELIGHT_CRASH_KILLS", 12);
    let seed = from_environment("SAFELIGHT_CRASH_SEED", 1);
    println!("{kills} kills from seed {seed}");
    let mut random = Random::new(seed);
    let mut house = House::new();
    let mut phones: Vec<_> = (0..CONNECTIONS)
        .map(|number| Uploader::new(number, seed))
        .collect();
    let mut known = BTreeMap::new();
    for kill in 1..=kills {
        let before = acknowledged(&phones);
        load_and_kill(&mut house, &mut phones, &mut random);
        house
            .server
            .restart()
            .unwrap_or_else(|problem| panic!("after kill {kill}: {problem}"));
        check(&house, &phones, &mut known);
        println!(
            "kill {kill}: {} acknowledged, all there",
            acknowledged(&phones) - before
        );
    }
    // What was broken off is begun again, and is there once.
    for phone in &mut phones {
        phone.finish_begun(&house);
    }
    check(&house, &phones, &mut known);
    let distinct: BTreeSet<_> = phones
        .iter()
        .flat_map(|phone| phone.acknowledged.values())
        .collect();
    assert_eq!(known.len(), distinct.len(), "one file for each photo");
    assert_eq!(number(&house.status(), "photos"), distinct.len() as u64);
    assert_eq!(
        tree::hashes(house.library()).unwrap(),
        known,
        "nothing has changed since it was first seen"
    );
    assert!(house.server.stop().success());
    check_manifests(house.library());
    println!("{} photos survived {kills} kills", distinct.len());
}

fn acknowledged(phones: &[Uploader]) -> usize {
    phones.iter().map(|phone| phone.acknowledged.len()).sum()
}

/// Uploads over all connections, and kills the server in the midst of it.
fn load_and_kill(house: &mut House, phones: &mut [Uploader], random: &mut Random) {
    let after = random.between(0, 40);
    let moment = Duration::from_micros(random.below(15_000));
    let killed = AtomicBool::new(false);
    let (told, tells) = mpsc::channel();
    thread::scope(|scope| {
        for phone in phones {
            let (house, killed, told) = (&*house, &killed, told.clone());
            let mut client = house.client();
            scope.spawn(move || {
                while !killed.load(Ordering::SeqCst) && phone.upload(&mut client) {
                    // Nobody listens any more after the kill.
                    told.send(()).ok();
                }
            });
        }
        for _ in 0..after {
            tells
                .recv_timeout(Duration::from_secs(60))
                .expect("uploads go on");
        }
        // Somewhere inside what comes next.
        let deadline = Instant::now() + moment;
        while tells
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .is_ok()
        {}
        house.server.shoot();
        killed.store(true, Ordering::SeqCst);
    });
    house.server.kill();
}

/// Looks at everything that is new since the last look: files in dated folders, and what the phones were told.
fn check(house: &House, phones: &[Uploader], known: &mut BTreeMap<String, ContentHash>) {
    let sent: BTreeSet<_> = phones
        .iter()
        .flat_map(|phone| &phone.sent)
        .copied()
        .collect();
    let files = tree::files(house.library()).unwrap();
    let gone = known.keys().find(|path| files.binary_search(path).is_err());
    assert_eq!(gone, None, "was there once");
    for path in files {
        if known.contains_key(&path) {
            continue;
        }
        let hash = tree::hash_file(&house.library().join(&path)).unwrap();
        assert!(
            sent.contains(&hash),
            "{path} is no file that was ever sent whole"
        );
        known.insert(path, hash);
    }
    let on_disk: BTreeSet<_> = known.values().copied().collect();
    assert_eq!(on_disk.len(), known.len(), "no photo lies there twice");
    for phone in phones {
        let mut client = house.client();
        for (name, hash) in &phone.acknowledged {
            assert!(
                on_disk.contains(hash),
                "{name} was acknowledged and is not in the library"
            );
        }
        // Downloading everything each time would make long runs quadratic: the newest, which are the ones at risk.
        for name in phone.newest() {
            let answer = client
                .send("GET", &format!("/dav/{name}"), &[], b"")
                .unwrap();
            assert_eq!(answer.status, 200, "{name} was acknowledged: {answer:?}");
            assert_eq!(tree::hash(&answer.body), phone.acknowledged[name], "{name}");
        }
    }
    // What was renamed into place and not yet in the catalogue is taken in by the reconciliation, which runs beside the
    // uploads.
    let all = known.len() as u64;
    process::until("the catalogue and the folder agree", || {
        (house.count("photos") == all).then_some(())
    });
}

/// One connection's roll of photos, and what it was told about them.
struct Uploader {
    roll: Photos,
    sizes: Random,
    number: u64,
    /// Begun and not acknowledged; the next upload is this one again.
    begun: Option<Picture>,
    order: Vec<String>,
    acknowledged: BTreeMap<String, ContentHash>,
    sent: Vec<ContentHash>,
}

impl Uploader {
    fn new(number: u64, seed: u64) -> Self {
        let own = seed.wrapping_mul(1_000).wrapping_add(number);
        Self {
            roll: Photos::new(own),
            sizes: Random::new(own),
            number,
            begun: None,
            order: Vec::new(),
            acknowledged: BTreeMap::new(),
            sent: Vec::new(),
        }
    }

    /// Uploads the next photo, or the one that was broken off. Whether it was acknowledged.
    fn upload(&mut self, client: &mut safelight_testkit::Client) -> bool {
        let picture = self.begun.take().unwrap_or_else(|| self.next());
        let answer = client.send(
            "PUT",
            &format!("/dav/{}", picture.name),
            &[],
            &picture.bytes,
        );
        match answer {
            Ok(answer) if answer.status == 201 => {
                self.order.push(picture.name.clone());
                self.acknowledged
                    .insert(picture.name, tree::hash(&picture.bytes));
                true
            }
            Ok(answer) => panic!("{}: {answer:?} {}", picture.name, answer.text()),
            Err(_) => {
                self.begun = Some(picture);
                false
            }
        }
    }

    fn next(&mut self) -> Picture {
        let size = match self.sizes.below(20) {
            0 => 4_000_000,
            1..=4 => 500_000,
            _ => self.sizes.between(500, 50_000),
        };
        let mut picture = self
            .roll
            .next(usize::try_from(size).expect("a few megabytes"));
        picture.name = format!("{}-{}", self.number, picture.name);
        self.sent.push(tree::hash(&picture.bytes));
        picture
    }

    fn finish_begun(&mut self, house: &House) {
        if self.begun.is_some() {
            assert!(self.upload(&mut house.client()));
        }
    }

    fn newest(&self) -> &[String] {
        &self.order[self.order.len().saturating_sub(40)..]
    }
}
