//! How many files will share a tile is said before anything is written, and is what happens.

use std::{collections::BTreeSet, fs, path::Path};

use jiff::{Timestamp, ToSpan, civil::DateTime, tz::Offset};
use safelight_core::{AssetId, PersonId};
use safelight_engine::{
    Answer, Asker, Command, Quiet,
    import::{Counts, Request, Way},
};
use safelight_testkit::{
    Random, corpus, photos,
    zip::{Entry, Zip},
};

use crate::house::House;

/// Files by their places in a collection, and the truth about them.
struct Made {
    random: Random,
    files: Vec<(String, Vec<u8>)>,
    /// How many different files share a tile with others.
    paired: u64,
}

impl Made {
    /// Every sort of company, and of what only looks like it, some of each.
    fn new(seed: u64, count: i64) -> Self {
        let mut made = Self {
            random: Random::new(seed),
            files: Vec::new(),
            paired: 0,
        };
        for number in 0..count {
            let taken: Timestamp = "2015-02-03T04:05:06Z".parse().unwrap();
            let taken = taken + (number * 31).hours();
            let kind = if number < 10 {
                u64::try_from(number).unwrap()
            } else {
                made.random.below(10)
            };
            let paired = made.some(kind, &format!("IMG_{:04}", 1000 + number), taken);
            made.paired += paired;
        }
        made
    }

    /// Adds some files of one stem; says how many of them belong together.
    fn some(&mut self, kind: u64, stem: &str, taken: Timestamp) -> u64 {
        let folder =
            ["Photos from 2014", "b", "c/d"][usize::try_from(self.random.below(3)).unwrap()];
        let name = |ending: &str| format!("{folder}/{stem}{ending}");
        let shot = self.still(taken);
        match kind {
            0 => {
                self.add(name(".JPG"), shot);
                0
            }
            1 => {
                self.add(name(".JPG"), shot);
                self.add(name(".AAE"), format!("<plist>{stem}</plist>").into_bytes());
                2
            }
            2 => {
                let edit = self.still(taken);
                self.add(name(".JPG"), shot);
                self.add(
                    format!("{folder}/{}.JPG", stem.replace("IMG_", "IMG_E")),
                    edit,
                );
                self.add(name(".JPG.xmp"), format!("<x:xmpmeta>{stem}").into_bytes());
                3
            }
            3 => {
                let clip = self.clip(taken);
                self.add(name(".JPG"), shot);
                self.add(format!("{folder}/{}.mp4", stem.to_lowercase()), clip);
                2
            }
            4 => {
                for picture in 1..=3 {
                    let bytes = self.still(taken + picture.seconds());
                    self.add(name(&format!("_BURST{picture:03}.jpg")), bytes);
                }
                3
            }
            // A note about another folder's photo of the name.
            5 => {
                self.add(name(".JPG"), shot);
                self.add(
                    format!("e/{stem}.AAE"),
                    format!("<plist>{stem} e").into_bytes(),
                );
                0
            }
            // A film of the name, an hour later.
            6 => {
                let clip = self.clip(taken + 1.hour());
                self.add(name(".JPG"), shot);
                self.add(name(".MP4"), clip);
                0
            }
            // A copy elsewhere, with a note about it there.
            7 => {
                self.add(name(".JPG"), shot.clone());
                self.add(format!("best of/{stem} best.jpg"), shot);
                let note = format!("<x:xmpmeta>{stem} best").into_bytes();
                self.add(format!("best of/{stem} best.xmp"), note);
                2
            }
            8 => {
                self.add(name(".AAE"), format!("<plist>{stem} alone").into_bytes());
                0
            }
            // One note, and two photos that it may be about.
            _ => {
                let other = self.still(taken + 5.hours());
                self.add(name(".JPG"), shot);
                self.add(name(".jpeg"), other);
                self.add(name(".AAE"), format!("<plist>{stem} of two").into_bytes());
                0
            }
        }
    }

    fn add(&mut self, place: String, bytes: Vec<u8>) {
        self.files.push((place, bytes));
    }

    fn still(&mut self, taken: Timestamp) -> Vec<u8> {
        let local: DateTime = Offset::UTC.to_datetime(taken);
        photos::jpeg(local, Some(Offset::UTC), 900, &mut self.random)
    }

    /// A video as short as a Live Photo's.
    fn clip(&mut self, taken: Timestamp) -> Vec<u8> {
        let mut bytes = photos::mp4(taken, 700, &mut self.random);
        let duration = 5_000_u32.to_be_bytes();
        let at = bytes.windows(4).position(|window| window == duration);
        let at = at.unwrap();
        bytes[at..at + 4].copy_from_slice(&2_900_u32.to_be_bytes());
        bytes
    }

    fn write(&self, folder: &Path) {
        for (place, bytes) in &self.files {
            let path = folder.join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    /// Writes a Takeout in two parts, which have what belongs together in any of them.
    fn write_takeout(&mut self, folder: &Path) {
        let mut parts = [Zip::default(), Zip::default()];
        for (place, bytes) in &self.files {
            let name = format!("Takeout/Google Photos/{place}");
            let part = usize::try_from(self.random.below(2)).unwrap();
            parts[part].add(&Entry::deflated(&name, bytes));
        }
        fs::create_dir_all(folder).unwrap();
        for (number, part) in (1..).zip(parts) {
            let name = format!("takeout-20260201T100000Z-00{number}.zip");
            fs::write(folder.join(name), part.finish()).unwrap();
        }
    }
}

fn request(folder: &Path, way: Way) -> Request {
    Request {
        paths: vec![folder.to_owned()],
        way,
        everything: false,
    }
}

fn preview(house: &House, request: &Request) -> Counts {
    let id = house.engine.new_import(PersonId::OWNER, request).unwrap();
    let looked = house.engine.look_at_import(id, &Quiet).unwrap();
    looked.standing.looked.unwrap()
}

fn import(house: &House, request: Request) -> Counts {
    let command = Command::Import {
        request,
        person: None,
        preview: false,
    };
    match house.engine.run(command, &Quiet).unwrap() {
        Answer::Import(outcome) => outcome.counts().unwrap().clone(),
        other => panic!("{other:?}"),
    }
}

/// How many photos the catalogue has in groups.
fn grouped(house: &House) -> u64 {
    let owner = Asker::Owner;
    let arrivals = house.engine.recent(owner, None, None, 500).unwrap();
    let photos: BTreeSet<i64> = arrivals.iter().map(|arrival| arrival.asset).collect();
    let is_grouped = |id: &&i64| {
        let receipt = house.engine.receipt(owner, AssetId(**id)).unwrap();
        receipt.unwrap().group.len() > 1
    };
    photos.iter().filter(is_grouped).count() as u64
}

#[test]
fn a_folders_preview_counts_what_will_share_a_tile() {
    let house = House::new();
    let made = Made::new(71, 60);
    let folder = house.dir.path().join("old");
    made.write(&folder);
    let wanted = request(&folder, Way::Copy);
    let looked = preview(&house, &wanted);
    assert_eq!(looked.paired, made.paired);
    assert_eq!(house.status().photos, 0);
    let done = import(&house, wanted.clone());
    assert_eq!((done.new, done.paired), (looked.new, looked.paired));
    assert_eq!(grouped(&house), looked.paired);
    // Now that all is known, nothing new shares a tile.
    assert_eq!(preview(&house, &wanted).paired, 0);
    // What comes later joins what is there.
    fs::write(folder.join("b/late.jpg"), {
        let mut more = Made::new(72, 0);
        more.still(Timestamp::UNIX_EPOCH + 400_000.hours())
    })
    .unwrap();
    import(&house, wanted.clone());
    fs::write(folder.join("b/late.xmp"), "<x:xmpmeta>late").unwrap();
    let looked = preview(&house, &wanted);
    assert_eq!((looked.new, looked.paired), (1, 1));
    assert_eq!(import(&house, wanted).paired, 1);
    assert_eq!(grouped(&house), made.paired + 2);
}

#[test]
fn a_takeouts_preview_counts_what_will_share_a_tile() {
    let house = House::new();
    let mut made = Made::new(73, 60);
    let folder = house.dir.path().join("downloads");
    made.write_takeout(&folder);
    let wanted = request(&folder, Way::Copy);
    let looked = preview(&house, &wanted);
    assert_eq!(looked.paired, made.paired);
    let done = import(&house, wanted);
    assert_eq!((done.new, done.paired), (looked.new, looked.paired));
    assert_eq!(grouped(&house), looked.paired);
}

#[test]
fn what_lies_in_place_is_counted_too() {
    let house = House::new();
    let mut made = Made::new(74, 40);
    // A second file of the same bytes does not become a photo where it lies.
    made.files
        .retain(|(place, _)| !place.starts_with("best of/"));
    let folder = house.library().join("Scans");
    made.write(&folder);
    let wanted = request(&folder, Way::InPlace);
    let looked = preview(&house, &wanted);
    let done = import(&house, wanted);
    assert_eq!((done.new, done.paired), (looked.new, looked.paired));
    assert_eq!(grouped(&house), looked.paired);
}

#[tokio::test]
async fn the_other_half_of_a_live_photo_that_is_here_is_counted() {
    let Some(corpus) = corpus() else { return };
    let live = corpus.join("synthetic/livephoto");
    let house = House::new();
    let phone = house.add_device("phone").id;
    let photo = fs::read(live.join("IMG_5717.JPG")).unwrap();
    house.upload(phone, "IMG_5717.JPG", &photo).await.unwrap();
    let folder = house.dir.path().join("clips");
    fs::create_dir(&folder).unwrap();
    fs::copy(live.join("IMG_5717.MOV"), folder.join("clip.mov")).unwrap();
    let wanted = request(&folder, Way::Copy);
    let looked = preview(&house, &wanted);
    assert_eq!((looked.new, looked.paired), (1, 1));
    assert_eq!(import(&house, wanted).paired, 1);
    assert_eq!(grouped(&house), 2);
}
