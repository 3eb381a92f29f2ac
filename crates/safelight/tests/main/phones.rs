//! A household's phones through several nights: whatever an app has deleted is at home, whatever the line did.
//!
//! A short run in the ordinary tests; `cargo xtask night` for 5 phones with 5,000 photos each.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
};

use safelight_core::ContentHash;
use safelight_testkit::{
    Browser, Client, Random,
    phone::{Account, Android, Ios, Line, Names, Night, Pieces, Roll, Shot, Trouble, login},
    tree,
};
use serde_json::{Value, json};

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

/// What a phone's pictures are like, and which of them go in pieces.
#[derive(Clone, Copy)]
struct Habits {
    smallest: u64,
    largest: u64,
    android: Pieces,
    ios: Pieces,
    trouble: Trouble,
}

/// Small pictures, so that there can be many; the apps are told smaller limits than their own, so that every third still goes
/// in pieces.
const MANY: Habits = Habits {
    smallest: 3_000,
    largest: 60_000,
    android: Pieces {
        above: 40_000,
        size: 16_000,
    },
    ios: Pieces {
        above: 40_000,
        size: 13_000,
    },
    trouble: BAD_LINE,
};

/// Videos that the apps send in pieces of their own sizes, over a line on which hardly a video comes through at once.
const LARGE: Habits = Habits {
    smallest: 10_240_001,
    largest: 32_000_000,
    android: Pieces::ANDROID_MOBILE,
    ios: Pieces::IOS_MOBILE,
    trouble: Trouble {
        cuts: 60,
        vanishings: 60,
        lost_answers: 60,
        kills: 30,
    },
};

#[test]
fn no_video_of_the_apps_own_pieces_is_missing_either() {
    let plan = Plan {
        phones: 2,
        photos: 3,
        seed: 1,
    };
    household_passes_its_nights(plan, LARGE);
}

#[test]
fn no_photo_that_a_phone_deleted_is_missing() {
    let plan = Plan {
        phones: from_environment("SAFELIGHT_NIGHT_PHONES", 4),
        photos: from_environment("SAFELIGHT_NIGHT_PHOTOS", 60),
        seed: from_environment("SAFELIGHT_NIGHT_SEED", 1),
    };
    household_passes_its_nights(plan, MANY);
}

#[derive(Clone, Copy)]
struct Plan {
    phones: u64,
    /// Of each phone.
    photos: u64,
    seed: u64,
}

fn household_passes_its_nights(plan: Plan, habits: Habits) {
    let Plan {
        phones,
        photos,
        seed,
    } = plan;
    eprintln!("{phones} phones with {photos} photos each, from seed {seed}");
    let mut house = House::new();
    let mut browser = house.browser();
    let mut household: Vec<Handset> = (0..phones)
        .map(|number| Handset::new(&house, &mut browser, number, seed, habits))
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
        eprintln!("night {night}: {deleted} deleted so far, all at home");
    }
    for handset in &mut household {
        handset.finish();
    }
    judge(&house, &household, &mut known);
    for handset in &household {
        let (held, at_home) = handset.held_back(&known);
        eprintln!(
            "{}: {held} pictures stay on the phone, {at_home} of them are at home too",
            handset.name
        );
    }
    assert_eq!(house.count("photos"), known.len() as u64);
    release(&house, &household, &known);
    assert!(house.server.stop().success());
    check_manifests(house.library());
}

/// After a backup everything that the phones have sent may be forgotten, and what they never sent is unknown.
fn release(house: &House, household: &[Handset], known: &BTreeMap<String, ContentHash>) {
    let url = format!("file://{}", house.path("away").display());
    let away = ["destination", "add", "away", &url, "--json"];
    house.cli().json(&away);
    house.cli().ok(&["backup"]);
    let at_home: BTreeSet<_> = known.values().copied().collect();
    let taken: Vec<_> = household
        .iter()
        .flat_map(|phone| phone.roll().taken())
        .collect();
    let asked: Vec<_> = taken.iter().map(ToString::to_string).collect();
    let answer = house
        .server
        .client()
        .bearer(&house.phone.token)
        .send(
            "POST",
            "/api/v1/releasable",
            &[],
            json!(asked).to_string().as_bytes(),
        )
        .unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    let of = |name: &str| answer[name].as_array().unwrap().len();
    let sent = taken.iter().filter(|hash| at_home.contains(hash)).count();
    assert_eq!(
        (of("releasable"), of("not_yet"), of("unknown")),
        (sent, 0, taken.len() - sent)
    );
    eprintln!(
        "{sent} of {} pictures were sent and are released",
        taken.len()
    );
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

/// What the owner shows to an Android phone: a new device's code, which the page has as a link too.
fn code(browser: &mut Browser, name: &str) -> String {
    let fields = [
        ("name", name),
        ("platform", "android"),
        ("program", "nextcloud"),
    ];
    let added = browser.fill("/devices/add/android", "/devices", &fields);
    assert_eq!(added.status, 303, "{}", added.text());
    let page = browser.get(added.header("location").unwrap()).text();
    let (_, link) = page.split_once("href=\"nc://").expect(&page);
    let link = link.split('"').next().unwrap_or_default();
    format!("nc://{}", link.replace("&#38;", "&"))
}

/// The app asks to be let in, and the owner allows it.
fn let_in(client: &Client, browser: &mut Browser, name: &str) -> Account {
    login::by_browser(client, |page| {
        let allowed = browser.fill(page, page, &[("answer", "allow"), ("name", name)]);
        assert_eq!(allowed.status, 200, "{}", allowed.text());
    })
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
    trouble: Trouble,
}

impl Handset {
    /// Every other one is an iPhone, and every other iPhone keeps the camera's names. Androids scan the code of "Add a
    /// phone"; on iPhones the owner lets the app in.
    fn new(house: &House, browser: &mut Browser, number: u64, seed: u64, habits: Habits) -> Self {
        let own = seed.wrapping_mul(1_000).wrapping_add(number);
        let name = format!("phone {number}");
        let roll = Roll::new(own, habits.smallest, habits.largest);
        let client = house.server.client();
        let (account, app) = if number.is_multiple_of(2) {
            let account = login::by_code(&client, &code(browser, &name));
            let phone = Android::new(&account.user, habits.android, roll);
            (account, App::Android(phone))
        } else {
            let account = let_in(&client, browser, &name);
            let names = if number % 4 == 1 {
                Names::Dated
            } else {
                Names::Original
            };
            let phone = Ios::new(account.user.clone(), names, habits.ios, roll);
            (account, App::Ios(phone))
        };
        Self {
            name,
            app,
            client: client.basic(&account.user, &account.password),
            random: Random::new(own),
            trouble: habits.trouble,
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
            if self.run(self.trouble).is_complete {
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
