//! What belongs together lies together, is one tile, and has one fate, in whatever order it arrives.

mod collections;
mod late;
mod orders;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::{Timestamp, civil::date, tz::Offset};
use safelight_core::{
    AssetId, CaptureTime, CopyState, Details, DeviceId, Evidence, MediaKind, PersonId, Place,
    Precision, Proof, TimeSource,
};
use safelight_library::{Filing, Library, Missing, NewDevice, Receipt, Release, StoredPhoto};

use crate::support::{
    Home, check_tallies, device,
    disks::{Fault, FaultyDisk},
    filing, found, lp, put, read,
};

/// A file of a phone: its bytes are its text, which says what `describe` would read from them.
#[derive(Clone, Debug)]
struct Shot {
    name: &'static str,
    kind: MediaKind,
    mime: &'static str,
    at: Option<CaptureTime>,
    id: Option<&'static str>,
    milliseconds: Option<u64>,
}

fn at(month: i8, day: i8, hour: i8, second: i8) -> Option<CaptureTime> {
    Some(CaptureTime {
        local: date(2024, month, day).at(hour, 0, second, 0),
        offset: Some(Offset::constant(2)),
        source: TimeSource::ExifOriginal,
        precision: Precision::Second,
    })
}

fn still(name: &'static str, at: Option<CaptureTime>) -> Shot {
    Shot {
        name,
        kind: MediaKind::Photo,
        mime: "image/heic",
        at,
        id: None,
        milliseconds: None,
    }
}

fn video(name: &'static str, at: Option<CaptureTime>) -> Shot {
    Shot {
        kind: MediaKind::Video,
        mime: "video/quicktime",
        milliseconds: Some(2900),
        ..still(name, at)
    }
}

fn sidecar(name: &'static str) -> Shot {
    Shot {
        kind: MediaKind::Other,
        mime: "application/octet-stream",
        ..still(name, None)
    }
}

impl Shot {
    fn id(self, id: &'static str) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }

    fn bytes(&self, salt: &str) -> Vec<u8> {
        format!("{self:?} {salt}").into_bytes()
    }

    fn details(&self) -> Details {
        Details {
            reader: 1,
            mime: self.mime.to_owned(),
            duration: self.milliseconds.map(Duration::from_millis),
            model: (self.kind == MediaKind::Photo).then(|| "iPhone 15".to_owned()),
            content_id: self.id.map(str::to_owned),
            ..Details::default()
        }
    }

    fn filing(&self, device: DeviceId) -> Filing {
        Filing {
            kind: self.kind,
            captured: self.at,
            details: Some(self.details()),
            create_parents: true,
            ..filing(device, &format!("DCIM/{}", self.name))
        }
    }

    fn put(&self, library: &Library, device: DeviceId) -> Receipt {
        put(
            library,
            &self.bytes(&device.to_string()),
            self.filing(device),
        )
        .unwrap()
    }
}

/// What the files of a group are, by their paths: the one that stands for it, and the others with their roles.
fn shown(library: &Library, id: AssetId) -> Vec<String> {
    library
        .group(id)
        .unwrap()
        .into_iter()
        .map(|file| match file.role {
            Some(role) => format!("{} {}", role.as_str(), file.path),
            None => file.path.to_string(),
        })
        .collect()
}

/// All groups of a library.
fn groups(library: &Library) -> BTreeMap<String, Vec<String>> {
    library
        .assets_after(AssetId(0), usize::MAX)
        .unwrap()
        .into_iter()
        .filter(|file| file.part_of.is_none())
        .map(|lead| {
            let mut group = shown(library, lead.id);
            group[1..].sort();
            (lead.path.to_string(), group)
        })
        .collect()
}

fn live() -> [Shot; 2] {
    [
        still("IMG_1234.HEIC", at(5, 3, 12, 0)).id("A"),
        video("IMG_1234.MOV", at(5, 3, 12, 1)).id("A"),
    ]
}

#[test]
fn a_live_photo_is_one_tile_whichever_part_comes_first() {
    for order in [[0, 1], [1, 0]] {
        let home = Home::new();
        let library = home.ready();
        let phone = device(&library, "phone");
        let files = live();
        let receipts = order.map(|file| {
            home.clock.advance(3600);
            files[file].put(&library, phone)
        });
        for receipt in &receipts {
            assert_eq!(
                shown(&library, receipt.asset),
                ["2024/05/IMG_1234.HEIC", "motion 2024/05/IMG_1234.MOV"]
            );
            assert_eq!(read(&library, receipt).len() as u64, receipt.size);
        }
        check_tallies(&library);
    }
}

#[test]
fn names_join_only_in_one_folder_of_one_phone() {
    let home = Home::new();
    let library = home.ready();
    let [mine, yours] = ["mine", "yours"].map(|name| device(&library, name));
    let photo = still("IMG_1234.HEIC", at(5, 3, 12, 0)).put(&library, mine);
    let clip = video("IMG_1234.MOV", at(5, 3, 12, 1));
    let other = clip.put(&library, yours);
    assert_eq!(shown(&library, photo.asset).len(), 1);
    let elsewhere = Filing {
        device_path: Some(crate::support::dp("Other/IMG_1234.MOV")),
        ..clip.filing(mine)
    };
    let elsewhere = put(&library, b"elsewhere", elsewhere).unwrap();
    assert_eq!(shown(&library, elsewhere.asset).len(), 1);
    // What has the stem of others keeps away from it, so that there is room for what belongs to them.
    assert_eq!(other.path, lp("2024/05/IMG_1234-2.MOV"));
    assert_eq!(elsewhere.path, lp("2024/05/IMG_1234-3.MOV"));
    let own = put(&library, b"own", clip.filing(mine)).unwrap();
    assert_eq!(
        shown(&library, photo.asset),
        ["2024/05/IMG_1234.HEIC", "motion 2024/05/IMG_1234.MOV"]
    );
    assert_eq!(own.path, lp("2024/05/IMG_1234.MOV"));
}

#[test]
fn all_files_of_a_group_have_the_same_number() {
    let home = Home::new();
    let library = home.ready();
    let [mine, yours] = ["mine", "yours"].map(|name| device(&library, name));
    let files = [
        still("IMG_1234.HEIC", at(5, 3, 12, 0)).id("A"),
        video("IMG_1234_HEVC.MOV", at(5, 3, 12, 1)).id("A"),
        still("IMG_E1234.JPG", at(5, 3, 12, 0)),
        sidecar("IMG_1234.AAE"),
        sidecar("IMG_1234.HEIC.xmp"),
    ];
    still("IMG_1234.HEIC", at(5, 9, 12, 0)).put(&library, mine);
    let last = files
        .map(|file| file.put(&library, yours))
        .into_iter()
        .next_back();
    assert_eq!(
        shown(&library, last.unwrap().asset),
        [
            "2024/05/IMG_E1234-2.JPG",
            "motion 2024/05/IMG_1234-2_HEVC.MOV",
            "original 2024/05/IMG_1234-2.HEIC",
            "sidecar 2024/05/IMG_1234-2.AAE",
            "sidecar 2024/05/IMG_1234-2.HEIC.xmp",
        ]
    );
}

#[test]
fn a_part_of_another_month_lies_beside_the_first() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    still("IMG_1234.HEIC", at(5, 31, 23, 59))
        .id("A")
        .put(&library, phone);
    // Of a video whose zone is not known.
    let clip = video("IMG_1234.MOV", at(6, 1, 1, 0))
        .id("A")
        .put(&library, phone);
    assert_eq!(clip.path, lp("2024/05/IMG_1234.MOV"));
}

#[test]
fn a_sidecar_that_came_first_is_brought_to_its_photo() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let destination = crate::copies::destination(&library, "cloud").id;
    let note = sidecar("IMG_1234.AAE");
    let receipt = note.put(&library, phone);
    assert_eq!(receipt.path, lp("unknown/IMG_1234.AAE"));
    library.flush_manifests().unwrap();
    library
        .finish_snapshot(destination, "one", Timestamp::UNIX_EPOCH, &[], &[])
        .unwrap();
    let photo = still("IMG_1234.HEIC", at(5, 3, 12, 0)).put(&library, phone);
    assert_eq!(
        shown(&library, photo.asset),
        ["2024/05/IMG_1234.HEIC", "sidecar 2024/05/IMG_1234.AAE"]
    );
    let at_home = home.photos();
    assert_eq!(at_home.len(), 2);
    assert_eq!(
        at_home["2024/05/IMG_1234.AAE"],
        note.bytes(&phone.to_string())
    );
    // Its old place goes from the next snapshot but one.
    let waiting = library.pending_offsite(destination, AssetId(0), 9).unwrap();
    assert!(
        waiting
            .iter()
            .any(|waiting| waiting.path == lp("2024/05/IMG_1234.AAE"))
    );
    let stored: Vec<StoredPhoto> = waiting
        .iter()
        .map(|waiting| StoredPhoto {
            asset: waiting.asset,
            home_read_back: false,
        })
        .collect();
    library
        .finish_snapshot(destination, "two", Timestamp::UNIX_EPOCH, &stored, &[])
        .unwrap();
    let gone = library.pending_removals(destination, 9).unwrap();
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].1, lp("unknown/IMG_1234.AAE"));
    check_tallies(&library);
}

#[test]
fn a_sidecar_that_cannot_be_moved_stays_and_belongs_to_its_photo_all_the_same() {
    // How many operations the upload of the photo has on a sound disk, so that each of them may fail once.
    for number in 1.. {
        let home = Home::new();
        let disk = Arc::new(FaultyDisk::default());
        let library = home.open(disk.clone());
        library.set_root(&home.root()).unwrap();
        let phone = device(&library, "phone");
        sidecar("IMG_1234.AAE").put(&library, phone);
        disk.fail_at(number, Fault::Broken);
        let photo = still("IMG_1234.HEIC", at(5, 3, 12, 0));
        let put = put(&library, &photo.bytes(""), photo.filing(phone));
        let failed = disk.has_failed();
        disk.mend();
        if let Ok(receipt) = put {
            let group = library.group(receipt.asset).unwrap();
            assert_eq!(group.len(), 2);
            for file in group {
                assert!(
                    home.root().join(file.path.to_relative()).exists(),
                    "{file:?}"
                );
            }
        }
        if !failed {
            break;
        }
        assert!(number < 100);
    }
}

#[test]
fn a_wiped_phones_sidecar_goes_to_the_new_photo() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let old = still("IMG_0001.HEIC", at(5, 3, 12, 0)).put(&library, phone);
    home.clock.advance(3 * 86_400);
    let note = sidecar("IMG_0001.AAE").put(&library, phone);
    assert_eq!(
        shown(&library, old.asset).len(),
        2,
        "nobody can know better yet"
    );
    let new = still("IMG_0001.HEIC", at(6, 4, 12, 0)).put(&library, phone);
    assert_eq!(shown(&library, old.asset).len(), 1);
    assert_eq!(
        shown(&library, note.asset),
        ["2024/06/IMG_0001.HEIC", "sidecar 2024/06/IMG_0001.AAE"]
    );
    assert_eq!(new.path, lp("2024/06/IMG_0001.HEIC"));
    home.clock.advance(3 * 86_400);
    let newest = still("IMG_0001.HEIC", at(7, 5, 12, 0)).put(&library, phone);
    assert_eq!(shown(&library, newest.asset).len(), 1);
    assert_eq!(shown(&library, new.asset).len(), 2, "the note came with it");
    check_tallies(&library);
}

#[test]
fn two_peoples_photos_are_never_one_group() {
    let home = Home::new();
    let library = home.ready();
    let mine = device(&library, "mine");
    let person = library.add_person("Ada", "Ada", "hash").unwrap().id;
    let hers = library
        .add_device(NewDevice {
            name: "hers",
            user: "hers",
            secret_hash: "hash",
            token_hash: "hers",
            person,
        })
        .unwrap()
        .id;
    let [photo, clip] = live();
    let mine = photo.put(&library, mine);
    let hers = clip.put(&library, hers);
    assert_eq!(shown(&library, mine.asset), ["2024/05/IMG_1234.HEIC"]);
    assert_eq!(shown(&library, hers.asset), ["Ada/2024/05/IMG_1234.MOV"]);
}

#[test]
fn a_group_is_safe_when_all_of_it_is() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let destination = crate::copies::destination(&library, "cloud").id;
    let [photo, clip] = live().map(|file| (file.clone(), file));
    let photo = photo.0.put(&library, phone);
    let prove = |receipt: &Receipt| {
        let pending = library.pending_offsite(destination, AssetId(0), 9).unwrap();
        assert!(pending.iter().any(|pending| pending.asset == receipt.asset));
        let stored = [StoredPhoto {
            asset: receipt.asset,
            home_read_back: true,
        }];
        library
            .finish_snapshot(destination, "s", Timestamp::UNIX_EPOCH, &stored, &[])
            .unwrap();
    };
    let safe = |receipt: &Receipt| library.asset(receipt.asset).unwrap().unwrap().safe;
    let release = |receipt: &Receipt| {
        library
            .releasable(PersonId::OWNER, &[receipt.hash])
            .unwrap()[0]
    };
    prove(&photo);
    assert!(safe(&photo));
    assert_eq!(release(&photo), Release::Safe);
    let clip = clip.1.put(&library, phone);
    assert!(!safe(&photo) && !safe(&clip));
    assert_eq!(release(&photo), Release::NotYet(Missing::Group));
    assert_eq!(release(&clip), Release::NotYet(Missing::HomeUnread));
    check_tallies(&library);
    prove(&clip);
    assert!(safe(&photo) && safe(&clip));
    assert_eq!(release(&photo), Release::Safe);
    check_tallies(&library);
    let lost = Evidence {
        place: Place::Home,
        state: CopyState::Damaged,
        proof: Proof::ReadBack,
        at: Timestamp::UNIX_EPOCH,
    };
    library.record_evidence(&[(clip.asset, lost)]).unwrap();
    assert!(!safe(&photo) && !safe(&clip));
    assert_eq!(release(&photo), Release::NotYet(Missing::Group));
    check_tallies(&library);
    library.set_safety_rule(library.safety_rule()).unwrap();
    assert!(!safe(&photo));
    check_tallies(&library);
}

#[test]
fn what_is_sent_again_joins_what_came_meanwhile() {
    let home = Home::new();
    let library = home.ready();
    let [one, two] = ["one", "two"].map(|name| device(&library, name));
    let photo = still("IMG_1234.HEIC", at(5, 3, 12, 0));
    let clip = video("IMG_1234.MOV", at(5, 3, 12, 1));
    let first = put(&library, b"photo", photo.filing(one)).unwrap();
    let second = put(&library, b"clip", clip.filing(two)).unwrap();
    assert_eq!(shown(&library, first.asset).len(), 1);
    // The second phone has the photo, too.
    put(&library, b"photo", photo.filing(two)).unwrap();
    assert_eq!(
        shown(&library, second.asset),
        ["2024/05/IMG_1234.HEIC", "motion 2024/05/IMG_1234-2.MOV"]
    );
}

#[test]
fn what_comes_without_a_device_is_joined_by_name_only_if_times_say_so_too() {
    let home = Home::new();
    let library = home.ready();
    let arriving = |shot: &Shot| Filing {
        device: None,
        device_path: None,
        ..shot.filing(DeviceId(0))
    };
    let photo = still("IMG_1234.HEIC", at(5, 3, 12, 0));
    let stranger = put(&library, b"stranger", arriving(&photo)).unwrap();
    let later = still("IMG_1234.HEIC", at(5, 9, 12, 0));
    let photo = put(&library, b"photo", arriving(&later)).unwrap();
    let clip = video("IMG_1234.MOV", at(5, 9, 12, 1));
    let clip = put(&library, b"clip", arriving(&clip)).unwrap();
    assert_eq!(clip.path, lp("2024/05/IMG_1234-2.MOV"));
    let alone = put(&library, b"note", arriving(&sidecar("IMG_1234.AAE"))).unwrap();
    assert_eq!(shown(&library, alone.asset).len(), 1);
    assert_eq!(shown(&library, photo.asset).len(), 2);
    assert_eq!(shown(&library, stranger.asset).len(), 1);
}

#[test]
fn files_that_nothing_joins_keep_to_themselves() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let other = |name: &'static str| sidecar(name);
    for file in [other("IMG_1234.txt"), other("IMG_1234.json")] {
        let receipt = file.put(&library, phone);
        assert_eq!(receipt.path.name(), file.name);
    }
    let photo = still("IMG_1234.HEIC", at(5, 3, 12, 0)).put(&library, phone);
    assert_eq!(shown(&library, photo.asset).len(), 1);
    put(&library, b"nobody's", found("IMG_1234.HEIC")).unwrap();
    assert_eq!(shown(&library, photo.asset).len(), 1);
}

#[test]
fn what_everything_has_in_common_says_nothing() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let file = |number: usize| Filing {
        details: Some(still("", None).id("the same").details()),
        ..filing(phone, &format!("{number:04}.HEIC"))
    };
    let receipts: Vec<Receipt> = (0..260_usize)
        .map(|number| put(&library, &number.to_le_bytes(), file(number)).unwrap())
        .collect();
    let sizes = || [0, 1, 259].map(|at: usize| library.group(receipts[at].asset).unwrap().len());
    let before = sizes();
    assert!(before[0] == before[1] && before[1] <= 257, "{before:?}");
    assert_eq!(before[2], 1);
    // Sent again, each stays what it was.
    for number in [0, 1, 259_usize] {
        put(&library, &number.to_le_bytes(), file(number)).unwrap();
    }
    assert_eq!(sizes(), before);
    check_tallies(&library);
}
