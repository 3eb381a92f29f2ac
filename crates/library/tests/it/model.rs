//! The model test: any order of uploads, changes of names, backups, losses, crashes and restarts. One judgement: whatever
//! was acknowledged is there byte for byte, and nothing is called safe that is not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use proptest::prelude::*;
use safelight_core::{AssetId, CopyState, DeviceId, DevicePath, Place};
use safelight_library::{Library, NewDestination, StoredPhoto};

use crate::support::{Home, check_tallies, described, device, dp, filing, put, taken};

#[derive(Clone, Debug)]
enum Step {
    Put {
        device: usize,
        name: usize,
        bytes: u8,
        year: i16,
    },
    Move {
        device: usize,
        from: usize,
        to: usize,
    },
    Remove {
        device: usize,
        name: usize,
    },
    LoseFile(u8),
    BackUp,
    Flush,
    Crash,
    Restart,
    Rebuild,
}

const NAMES: [&str; 6] = [
    "IMG_0001.JPG",
    "img_0001.jpg",
    "x.tmp",
    "DCIM/a.jpg",
    "DCIM/x.tmp",
    "CON.jpg",
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..2_usize, 0..NAMES.len(), 0..9_u8, 2023..2025_i16)
            .prop_map(|(device, name, bytes, year)| Step::Put { device, name, bytes, year }),
        4 => (0..2_usize, 0..NAMES.len(), 0..NAMES.len()).prop_map(|(device, from, to)| Step::Move { device, from, to }),
        2 => (0..2_usize, 0..NAMES.len()).prop_map(|(device, name)| Step::Remove { device, name }),
        1 => any::<u8>().prop_map(Step::LoseFile),
        2 => Just(Step::BackUp),
        2 => Just(Step::Flush),
        1 => Just(Step::Crash),
        1 => Just(Step::Restart),
        1 => Just(Step::Rebuild),
    ]
}

/// What should be true.
#[derive(Default)]
struct Model {
    /// Bytes that were acknowledged and not lost by the disk since.
    kept: BTreeSet<Vec<u8>>,
    /// Bytes whose file the disk lost.
    lost: BTreeSet<Vec<u8>>,
    /// What each device's names stand for.
    trees: BTreeMap<(usize, &'static str), Vec<u8>>,
}

struct House {
    home: Home,
    library: Option<Library>,
    devices: Vec<DeviceId>,
    model: Model,
    snapshots: u32,
}

impl House {
    fn new() -> Self {
        let home = Home::new();
        let library = home.ready();
        let devices = vec![device(&library, "ann"), device(&library, "bob")];
        for device in &devices {
            library.make_folder(*device, &dp("DCIM"), &[]).unwrap();
        }
        library
            .add_destination(NewDestination {
                name: "cloud",
                url: "",
                repository_id: "",
            })
            .unwrap();
        Self {
            home,
            library: Some(library),
            devices,
            model: Model::default(),
            snapshots: 0,
        }
    }

    fn library(&self) -> &Library {
        self.library.as_ref().unwrap()
    }

    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Put {
                device,
                name,
                bytes,
                year,
            } => {
                let bytes = vec![bytes; usize::from(bytes)];
                let mut filing = filing(self.devices[device], NAMES[name]);
                filing.captured = Some(taken(year, 7, 7));
                put(self.library(), &bytes, filing).unwrap();
                self.model.lost.remove(&bytes);
                self.model.kept.insert(bytes.clone());
                self.model.trees.insert((device, NAMES[name]), bytes);
            }
            Step::Move { device, from, to } => {
                let moved = self.library().move_entry(
                    self.devices[device],
                    &dp(NAMES[from]),
                    &dp(NAMES[to]),
                    true,
                );
                let expected = from != to && self.model.trees.contains_key(&(device, NAMES[from]));
                assert_eq!(moved.is_ok(), expected, "{step:?}: {moved:?}");
                if expected {
                    let bytes = self.model.trees.remove(&(device, NAMES[from])).unwrap();
                    let replaced = self
                        .model
                        .trees
                        .insert((device, NAMES[to]), bytes)
                        .is_some();
                    assert_eq!(moved.unwrap().replaced, replaced);
                }
            }
            Step::Remove { device, name } => {
                let removed = self
                    .library()
                    .remove_entry(self.devices[device], &dp(NAMES[name]));
                let was_there = self.model.trees.remove(&(device, NAMES[name])).is_some();
                assert_eq!(removed.is_ok(), was_there);
            }
            Step::LoseFile(which) => {
                let photos = self.home.photos();
                if let Some((path, bytes)) =
                    photos.iter().nth(usize::from(which) % photos.len().max(1))
                {
                    fs::remove_file(self.home.root().join(path)).unwrap();
                    self.model.kept.remove(bytes);
                    self.model.lost.insert(bytes.clone());
                    let report = self.library().reconcile(&described, &mut |_| {}).unwrap();
                    assert_eq!(report.missing, self.model.lost.len() as u64);
                }
            }
            Step::BackUp => self.back_up(),
            Step::Flush => self.library().flush_manifests().unwrap(),
            Step::Crash => {
                self.library = None;
                self.library = Some(self.home.ready());
                assert!(!self.library().clean_start());
                self.library().reconcile(&described, &mut |_| {}).unwrap();
            }
            Step::Restart => {
                self.library().shut_down().unwrap();
                self.library = None;
                self.library = Some(self.home.ready());
                assert!(self.library().clean_start());
            }
            Step::Rebuild => {
                let report = self.library().rebuild(&mut |_| {}, &described).unwrap();
                assert_eq!(
                    report.problems.len(),
                    self.model.lost.len(),
                    "{:?}",
                    report.problems
                );
            }
        }
    }

    /// Stores what can be read, as the vault would.
    fn back_up(&mut self) {
        let library = self.library();
        let cloud = library.destinations().unwrap()[0].id;
        let removals: Vec<i64> = library
            .pending_removals(cloud, 100)
            .unwrap()
            .iter()
            .map(|(id, _)| *id)
            .collect();
        let pending = library.pending_offsite(cloud, AssetId(0), 100).unwrap();
        let stored: Vec<StoredPhoto> = pending
            .iter()
            .filter(|photo| self.home.root().join(photo.path.to_relative()).exists())
            .map(|photo| StoredPhoto {
                asset: photo.asset,
                home_read_back: true,
            })
            .collect();
        let at = jiff::Timestamp::UNIX_EPOCH;
        let name = format!("s{}", self.snapshots);
        library
            .finish_snapshot(cloud, &name, at, &stored, &removals)
            .unwrap();
        self.snapshots += 1;
    }

    fn check(&self) {
        let library = self.library();
        let on_disk: BTreeSet<Vec<u8>> = self.home.photos().into_values().collect();
        assert_eq!(on_disk, self.model.kept);
        assert_eq!(
            self.home.photos().len(),
            self.model.kept.len(),
            "one file a photo"
        );
        let assets = library.assets_after(AssetId(0), 1000).unwrap();
        assert_eq!(assets.len(), self.model.kept.len() + self.model.lost.len());
        for asset in &assets {
            let home = library
                .copies(asset.id)
                .unwrap()
                .into_iter()
                .find(|copy| copy.place == Place::Home)
                .unwrap();
            let file = fs::read(self.home.root().join(asset.path.to_relative()));
            match home.state {
                CopyState::Good => assert_eq!(file.unwrap().len() as u64, asset.size),
                CopyState::Missing => assert!(file.is_err() && !asset.safe),
                CopyState::Damaged => panic!("nothing was damaged"),
            }
        }
        for (number, device) in self.devices.iter().enumerate() {
            let mut seen = BTreeMap::new();
            for folder in [DevicePath::root(), dp("DCIM")] {
                for entry in library.list(*device, &folder).unwrap() {
                    if !entry.is_folder {
                        seen.insert(entry.path.as_str().to_owned(), entry.size);
                    }
                }
            }
            let expected: BTreeMap<String, u64> = self
                .model
                .trees
                .iter()
                .filter(|((device, _), _)| *device == number)
                .map(|((_, name), bytes)| ((*name).to_owned(), bytes.len() as u64))
                .collect();
            assert_eq!(seen, expected);
        }
        check_tallies(library);
        assert!(self.home.staged().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_acknowledged_is_there(steps in prop::collection::vec(step(), 1..25)) {
        let mut house = House::new();
        for step in &steps {
            house.apply(step);
            house.check();
        }
    }
}
