//! What the tests share: a library in a temporary folder, a clock that they set, chance that repeats itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use jiff::{Timestamp, civil::date, tz::TimeZone};
use safelight_core::{
    AssetId, CaptureTime, Clock, DeviceId, DevicePath, Entropy, LibraryPath, MediaKind, PersonId,
    Precision, Remarks, TimeSource,
};
use safelight_library::{
    Asset, Described, Disk, Filing, IntakeError, Library, NewDevice, Options, Period, Precondition,
    RealDisk, Receipt,
};
use tempfile::TempDir;

pub(crate) mod disks;

static HOMES: AtomicU64 = AtomicU64::new(1);

/// The second at which the tests' clock begins.
const BEGIN: i64 = 1_700_000_000;

/// Time stands still until it is advanced. On request whoever asks for it panics.
pub(crate) struct TestClock {
    second: AtomicI64,
    /// How often it may be asked.
    answers: AtomicI64,
}

impl TestClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.second.fetch_add(seconds, Ordering::SeqCst);
    }

    /// After so many answers more, asking for the time is a bug.
    pub(crate) fn break_down_after(&self, answers: i64) {
        self.answers.store(answers, Ordering::SeqCst);
    }

    /// It may be asked again.
    pub(crate) fn mend(&self) {
        self.break_down_after(i64::MAX);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        assert!(
            self.answers.fetch_sub(1, Ordering::SeqCst) > 0,
            "as planned"
        );
        Timestamp::from_second(self.second.load(Ordering::SeqCst)).unwrap()
    }
}

/// Every call gives other bytes, every run of a test the same.
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let mut number = self.0.fetch_add(1, Ordering::SeqCst);
        for byte in bytes {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *byte = (number >> 33) as u8;
        }
    }
}

/// A household: data folder, library folder, a clock.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<TestClock>,
    entropy: Arc<Counting>,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(TestClock {
                second: AtomicI64::new(BEGIN),
                answers: AtomicI64::new(i64::MAX),
            }),
            // Every home has its own chance, or two libraries would have one identity.
            entropy: Arc::new(Counting(AtomicU64::new(
                HOMES.fetch_add(1, Ordering::SeqCst) << 32,
            ))),
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("library")
    }

    pub(crate) fn options(&self, disk: Arc<dyn Disk>) -> Options {
        Options {
            data_dir: self.data(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            disk,
            zone: TimeZone::UTC,
        }
    }

    /// Opens the library as it is.
    pub(crate) fn open(&self, disk: Arc<dyn Disk>) -> Library {
        Library::open(self.options(disk)).unwrap()
    }

    /// Opens the library on a sound disk, with its folder chosen.
    pub(crate) fn ready(&self) -> Library {
        let library = self.open(Arc::new(RealDisk));
        library.set_root(&self.root()).unwrap();
        library
    }

    /// All of the owner's files, by path below the library folder.
    pub(crate) fn photos(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(&self.root(), "", &mut found);
        found
    }

    /// The names in the staging folder.
    pub(crate) fn staged(&self) -> Vec<PathBuf> {
        fs::read_dir(self.root().join(".safelight/staging"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    }
}

fn collect(folder: &Path, below: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == ".safelight" {
            continue;
        }
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &path, found);
        } else {
            found.insert(path, fs::read(entry.path()).unwrap());
        }
    }
}

pub(crate) fn device(library: &Library, user: &str) -> DeviceId {
    library
        .add_device(NewDevice {
            name: user,
            user,
            secret_hash: "hash",
            token_hash: user,
            person: PersonId::OWNER,
        })
        .unwrap()
        .id
}

pub(crate) fn dp(path: &str) -> DevicePath {
    DevicePath::parse(path).unwrap()
}

pub(crate) fn lp(path: &str) -> LibraryPath {
    LibraryPath::parse(path).unwrap()
}

/// Noon of a day, as a camera would say it.
pub(crate) fn taken(year: i16, month: i8, day: i8) -> CaptureTime {
    CaptureTime {
        local: date(year, month, day).at(12, 0, 0, 0),
        offset: None,
        source: TimeSource::ExifOriginal,
        precision: Precision::Second,
    }
}

/// A filing in 2024/05 under the entry's own name.
pub(crate) fn filing(device: DeviceId, path: &str) -> Filing {
    let path = dp(path);
    Filing {
        device: Some(device),
        person: None,
        wish: path.name().to_owned(),
        device_path: Some(path),
        kind: MediaKind::Photo,
        captured: Some(taken(2024, 5, 3)),
        remarks: Remarks::default(),
        details: None,
        client_modified: None,
        client_created: None,
        precondition: Precondition::None,
        create_parents: false,
        source: None,
    }
}

/// A filing in 2024/05 of nobody's.
pub(crate) fn found(name: &str) -> Filing {
    Filing {
        device: None,
        device_path: None,
        ..filing(DeviceId(0), name)
    }
}

pub(crate) fn put(library: &Library, bytes: &[u8], filing: Filing) -> Result<Receipt, IntakeError> {
    let mut upload = library.begin_upload()?;
    for piece in bytes.chunks(1000) {
        upload.write(piece)?;
    }
    library.commit(upload.finish()?, filing)
}

/// The bytes of a photo, by its hash.
pub(crate) fn read(library: &Library, receipt: &Receipt) -> Vec<u8> {
    let id = library.asset_by_hash(&receipt.hash).unwrap().unwrap().id;
    let (mut file, _) = library.open_asset(id).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Rot: other bytes, the same size and time.
pub(crate) fn rot(home: &Home, path: &str, bytes: &str) {
    let path = home.root().join(path);
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, bytes).unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(time)
        .unwrap();
}

/// What `describe` says of a file nobody knows: a photo of June 2020.
pub(crate) fn described(_path: &Path, _name: &str) -> Described {
    Described {
        kind: MediaKind::Photo,
        captured: Some(taken(2020, 6, 1)),
        details: None,
    }
}

/// The tallies are what counting would give.
pub(crate) fn check_tallies(library: &Library) {
    use safelight_core::{CopyState, Place, Proof};
    let totals = library.totals().unwrap();
    let assets = library.assets_after(AssetId(0), usize::MAX).unwrap();
    assert_eq!(totals.photos, assets.len() as u64);
    assert_eq!(
        totals.bytes,
        assets.iter().map(|asset| asset.size).sum::<u64>()
    );
    assert_eq!(
        totals.safe,
        assets.iter().filter(|asset| asset.safe).count() as u64
    );
    assert_eq!(totals.not_yet_safe, totals.photos - totals.safe);
    let rule = library.safety_rule();
    let mut verified = 0;
    let mut offsite = BTreeMap::<i64, u64>::new();
    for asset in &assets {
        let copies = library.copies(asset.id).unwrap();
        let is_group_safe = library
            .group(asset.id)
            .unwrap()
            .iter()
            .all(|member| rule.is_safe(&library.copies(member.id).unwrap()));
        assert_eq!(asset.safe, is_group_safe, "{asset:?} {copies:?}");
        for copy in copies.iter().filter(|copy| copy.state == CopyState::Good) {
            match copy.place {
                Place::Home => verified += u64::from(copy.proof == Proof::ReadBack),
                Place::Offsite(destination) => *offsite.entry(destination.0).or_default() += 1,
            }
        }
    }
    assert_eq!(totals.home_verified, verified);
    for destination in library.destinations().unwrap() {
        assert_eq!(
            destination.photos,
            offsite.get(&destination.id.0).copied().unwrap_or(0)
        );
        let pending = library
            .pending_offsite(destination.id, AssetId(0), usize::MAX)
            .unwrap();
        assert_eq!(destination.pending, pending.len() as u64);
    }
    check_holders(library, &assets);
}

/// A new device of a member's.
pub(crate) fn phone_of(library: &Library, person: PersonId, user: &str) -> DeviceId {
    let device = NewDevice {
        name: user,
        user,
        secret_hash: "hash",
        token_hash: user,
        person,
    };
    library.add_device(device).unwrap().id
}

/// As [`check_tallies`], of the timeline: everybody's and each member's has one tile for each group, and the tallies of
/// the days are those of the tiles.
fn check_timeline(library: &Library, assets: &[Asset]) {
    let group_of = |asset: &Asset| asset.part_of.unwrap_or(asset.id);
    let members = library
        .people()
        .unwrap()
        .into_iter()
        .map(|person| person.id);
    let members = members
        .filter(|person| *person != PersonId::OWNER)
        .map(Some);
    for of in std::iter::once(None).chain(members) {
        let held = |asset: &&Asset| of.is_none_or(|of| library.holds(of, asset.id).unwrap());
        let expected: BTreeSet<AssetId> = assets.iter().filter(held).map(group_of).collect();
        let years = library.years(of).unwrap().into_iter().map(Period::Year);
        let mut seen = Vec::new();
        for period in years.chain([Period::Undated, Period::Other]) {
            let tiles = library.tiles(of, period, None, 0, usize::MAX).unwrap();
            assert_eq!(library.tile_count(of, period).unwrap(), tiles.len() as u64);
            let mut days = BTreeMap::new();
            for taken in tiles.iter().filter_map(|tile| tile.taken) {
                *days.entry(taken.date()).or_insert(0) += 1;
            }
            if matches!(period, Period::Year(_)) {
                let counted = library.days(of, period).unwrap();
                let counted = counted.into_iter().map(|day| (day.date, day.tiles));
                assert_eq!(counted.collect::<BTreeMap<_, _>>(), days, "{of:?}");
            }
            seen.extend(tiles.into_iter().map(|tile| tile.id));
        }
        let groups = seen.iter().map(|id| {
            let asset = assets.iter().find(|asset| asset.id == *id).unwrap();
            assert!(held(&asset), "{of:?} {asset:?}");
            group_of(asset)
        });
        assert_eq!(groups.collect::<BTreeSet<_>>(), expected, "{of:?}");
        assert_eq!(seen.len(), expected.len(), "{of:?}");
    }
}

/// As [`check_tallies`], of people and devices.
fn check_holders(library: &Library, assets: &[Asset]) {
    check_timeline(library, assets);
    type Counts = (u64, u64, u64);
    fn add(counts: &mut Counts, asset: &Asset) {
        counts.0 += 1;
        counts.1 += asset.size;
        counts.2 += u64::from(!asset.safe);
    }
    let mut people = BTreeMap::<i64, Counts>::new();
    let mut devices = BTreeMap::<i64, Counts>::new();
    for asset in assets {
        let arrivals = library.arrivals_of(asset.id).unwrap();
        let whose: BTreeSet<i64> = arrivals.iter().map(|arrival| arrival.person.0).collect();
        let from: BTreeSet<i64> = arrivals
            .iter()
            .filter_map(|arrival| Some(arrival.device.as_ref()?.0.0))
            .collect();
        for person in whose {
            add(people.entry(person).or_default(), asset);
        }
        for device in from {
            add(devices.entry(device).or_default(), asset);
        }
    }
    for person in library.people().unwrap() {
        assert_eq!(
            (person.photos, person.bytes, person.not_yet_safe),
            people.get(&person.id.0).copied().unwrap_or_default(),
            "{}",
            person.name
        );
    }
    for device in library.devices().unwrap() {
        assert_eq!(
            (device.photos, device.bytes, device.not_yet_safe),
            devices.get(&device.id.0).copied().unwrap_or_default(),
            "{}",
            device.name
        );
    }
}
