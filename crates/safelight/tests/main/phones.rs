//! A household's phones through several nights: whatever an app has deleted is at home, whatever the line did.
//!
//! A short run in the ordinary tests; `cargo xtask night` for 5 phones with 5,000 photos each.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
};

use safelight_core::ContentHash;
use safelight_testkit::{
    Client, Random,
    phone::{Android, Ios, Line, Names, Night, Roll, Shot, Trouble},
    tree,
};

use crate::{crash::from_environment, house::House, judges::check_manifests};

/// Nights with new pictures.
const NIGHTS: u64 = 3;
/// How often the system wakes an app in one night at most: every few minutes, until it has nothing left to do.
const RUNS: u64 = 100;
/// After this night whoever has an empty phone has wiped it, and the camera counts from one again.
const WIPED_AFTER: u64 = 2;

const BAD_LINE: Trouble = Trouble {
    cuts: 20,
    vanishings: 20,
    lost_answers: 20,
    kills: 4,
};

#[test]
fn no_photo_that_a_phone_deleted_is_missing() {
    let phones = from_environment("SAFELIGHT_NIGHT_PHONES", 4);
    let photos = from_environment("SAFELIGHT_NIGHT_PHOTOS", 60);
    let seed = from_environment("SAFELIGHT_NIGHT_SEED", 1);
    println!("{phones} phones with {photos} photos each, from seed {seed}");
    let mut house = House::new();
    let mut household: Vec<Handset> = (0..phones)
        .map(|number| Handset::new(&house, number, seed))
        .collect();
    let mut known = BTreeMap::new();
    for night in 1..=NIGHTS {
        let new = photos * night / NIGHTS - photos * (night - 1) / NIGHTS;
        thread::scope(|scope| {
            for handset in &mut household {
                scope.spawn(move || handset.pass(night, new));
            }
        });
        judge(&house, &household, &mut known);
        let deleted: usize = household
            .iter()
            .map(|phone| phone.roll().deleted().len())
            .sum();
        println!("night {night}: {deleted} deleted so far, all at home");
    }
    for handset in &mut household {
        handset.finish();
    }
    judge(&house, &household, &mut known);
    for handset in &household {
        let (held, at_home) = handset.held_back(&known);
        println!(
            "{}: {held} pictures stay on the phone, {at_home} of them are at home too",
            handset.name
        );
    }
    assert_eq!(house.count("photos"), known.len() as u64);
    assert!(house.server.stop().success());
    check_manifests(house.library());
}

/// Everything that any phone has deleted is in the library, and nothing is there that no phone has taken.
fn judge(house: &House, household: &[Handset], known: &mut BTreeMap<String, ContentHash>) {
    for path in tree::files(house.library()).unwrap() {
        let file = house.library().join(&path);
        known
            .entry(path)
            .or_insert_with(|| tree::hash_file(&file).unwrap());
    }
    let at_home: BTreeSet<_> = known.values().copied().collect();
    assert_eq!(at_home.len(), known.len(), "no photo lies there twice");
    let mut taken: BTreeSet<ContentHash> = BTreeSet::new();
    for handset in household {
        taken.extend(handset.roll().taken());
        for deleted in handset.roll().deleted() {
            assert!(
                at_home.contains(&deleted.hash),
                "{}: {} was deleted and is not at home",
                handset.name,
                deleted.name
            );
        }
    }
    let strange = known.iter().find(|(_, hash)| !taken.contains(*hash));
    assert_eq!(strange, None, "no phone has taken it whole");
}

enum App {
    Android(Android),
    Ios(Ios),
}

/// A phone with its app and its line.
struct Handset {
    name: String,
    app: App,
    client: Client,
    random: Random,
}

impl Handset {
    /// Every other one is an iPhone, and every other iPhone keeps the camera's names.
    fn new(house: &House, number: u64, seed: u64) -> Self {
        let own = seed.wrapping_mul(1_000).wrapping_add(number);
        let name = format!("phone {number}");
        let device = house.add_device(&name);
        let roll = Roll::new(own, 3_000, 60_000);
        let app = match number % 4 {
            1 => App::Ios(Ios::new(device.user.clone(), Names::Dated, roll)),
            3 => App::Ios(Ios::new(device.user.clone(), Names::Original, roll)),
            _ => App::Android(Android::new(&device.user, roll)),
        };
        Self {
            name,
            app,
            client: house.server.client().basic(&device.user, &device.password),
            random: Random::new(own),
        }
    }

    fn roll(&self) -> &Roll {
        match &self.app {
            App::Android(phone) => &phone.roll,
            App::Ios(phone) => &phone.roll,
        }
    }

    /// A day with new pictures, and the night after it.
    fn pass(&mut self, night: u64, new: u64) {
        let new = usize::try_from(new).unwrap();
        match &mut self.app {
            App::Android(phone) => phone.roll.shoot(new),
            App::Ios(phone) => phone.roll.shoot(new),
        }
        for _ in 0..RUNS {
            if self.run(BAD_LINE).is_complete {
                break;
            }
        }
        if night == WIPED_AFTER {
            self.finish();
            match &mut self.app {
                App::Android(phone) if phone.roll.shots().is_empty() => phone.wipe(),
                App::Ios(phone) if phone.roll.shots().len() == phone.dropped().len() => {
                    phone.wipe();
                }
                _ => {}
            }
        }
    }

    /// A night in which the line holds.
    fn finish(&mut self) {
        let night = self.run(Trouble::default());
        assert!(night.is_complete, "{}: {night:?}", self.name);
    }

    fn run(&mut self, trouble: Trouble) -> Night {
        let random = Random::new(self.random.next_u64());
        let mut line = Line::new(self.client.again(), random, trouble);
        match &mut self.app {
            App::Android(phone) => phone.night(&mut line),
            App::Ios(phone) => phone.night(&mut line),
        }
    }

    /// How many pictures are left on the phone after a good night, and how many of them are at home.
    ///
    /// An Android phone is empty. On an iPhone stays what the app found the name of on the server: because its answer was
    /// lost, or, where the camera's names are kept, because a wiped camera uses them again.
    fn held_back(&self, known: &BTreeMap<String, ContentHash>) -> (usize, usize) {
        let shots = self.roll().shots();
        let at_home = |shot: &&Shot| known.values().any(|hash| *hash == shot.hash);
        let (held, stored) = (shots.len(), shots.iter().filter(at_home).count());
        match &self.app {
            App::Android(phone) => {
                assert_eq!(phone.given_up(), &BTreeSet::new(), "{}", self.name);
                assert_eq!(held, 0, "{}", self.name);
            }
            App::Ios(phone) => {
                for shot in shots {
                    assert!(phone.dropped().contains(&shot.name), "{}", shot.name);
                }
                if phone.names() == Names::Dated {
                    assert_eq!(held, stored, "{}", self.name);
                }
            }
        }
        (held, stored)
    }
}
