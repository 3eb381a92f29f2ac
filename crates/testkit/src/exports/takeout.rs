//! Google Takeout: parts without regard for what belongs together, cut names, numbers that wander, several languages.

use std::{collections::HashMap, io, path::Path};

use jiff::{Timestamp, ToSpan, civil::DateTime, tz::Offset};
use serde_json::json;

use super::{Export, Truth, bare_jpeg, write_parts};
use crate::{Photos, Picture, Random, photos, tree};

/// How many characters Takeout leaves of a JSON's name, and of a photo's.
const JSON_CUT: usize = 46;
const PHOTO_CUT: usize = 47;
/// The album, and the folder that it lies in.
const ALBUM: (&str, &str) = ("Sommer ☀ 2019", "Sommer _ 2019");
/// What an edited photo is called besides.
const EDITED: [&str; 3] = ["-edited", "-bearbeitet", "-modifié"];

/// Makes an export of `count` pictures and what comes with them, in so many parts below `root`.
///
/// # Errors
///
/// A file that cannot be written.
///
/// # Panics
///
/// Without parts.
pub fn make(root: &Path, seed: u64, count: usize, parts: usize) -> io::Result<Export> {
    let mut making = Making {
        random: Random::new(seed ^ 0x7a4e),
        export: Export::default(),
        members: Vec::new(),
        names: HashMap::new(),
    };
    for (number, picture) in Photos::new(seed)
        .take(count, 700, 4_000)
        .into_iter()
        .enumerate()
    {
        making.picture(number, picture);
    }
    making.oddities();
    let Making {
        mut random,
        mut export,
        members,
        ..
    } = making;
    let name = |number| format!("takeout-20260201T100000Z-{number:03}.zip");
    export.parts = write_parts(root, name, parts, &members, &mut random)?;
    Ok(export)
}

struct Making {
    random: Random,
    export: Export,
    members: Vec<(Option<usize>, String, Vec<u8>)>,
    /// How often a name was used in a folder.
    names: HashMap<(String, String), u32>,
}

impl Making {
    fn picture(&mut self, number: usize, picture: Picture) {
        match number % 11 {
            // What the photo says of itself and what Google says agree.
            0..=2 => self.plain(&picture, &Truth::default()),
            3 => self.corrected(picture),
            4 => self.without_metadata(picture),
            5 => self.same_name(&picture),
            6 => self.long_name(picture),
            7 => self.edited(number, &picture),
            8 => self.in_album(number, &picture),
            9 => self.motion(number, &picture),
            _ => self.thrown_away(&picture),
        }
    }

    fn plain(&mut self, picture: &Picture, truth: &Truth) {
        let year = picture.instant().to_zoned(jiff::tz::TimeZone::UTC).year();
        let folder = format!("Photos from {year}");
        self.add(
            &folder,
            &picture.name,
            &picture.bytes,
            picture.instant(),
            truth,
        );
        self.expect(&picture.bytes, &picture.folder(), truth);
    }

    /// The camera's clock was years behind, and somebody put the date right in Google Photos.
    fn corrected(&mut self, mut picture: Picture) {
        let right = picture.instant() + (24 * 365).hours();
        let folder = folder(right);
        picture.name = picture.name.replace("IMG_", "CIMG");
        self.add(
            "Photos from 2031",
            &picture.name,
            &picture.bytes,
            right,
            &Truth::default(),
        );
        self.expect(&picture.bytes, &folder, &Truth::default());
    }

    /// The time is known by the JSON only, which is in the form of exports before 2025.
    fn without_metadata(&mut self, mut picture: Picture) {
        picture.bytes = bare_jpeg(&mut self.random);
        picture.name = format!("received_{}.jpeg", self.random.below(1_000_000_000));
        let (path, json) = (
            format!("Takeout/Google Photos/Fotos von 2020/{}", picture.name),
            sidecar(&picture.name, picture.instant(), &Truth::default()),
        );
        self.members
            .push((None, path.clone(), picture.bytes.clone()));
        self.members.push((None, format!("{path}.json"), json));
        self.export.files += 1;
        self.expect(
            &picture.bytes,
            &folder(picture.instant()),
            &Truth::default(),
        );
    }

    /// Three photos of one name; only their numbers tell them apart.
    fn same_name(&mut self, picture: &Picture) {
        for hours in [0, 24 * 40, 24 * 80] {
            let taken = picture.instant() + hours.hours();
            let bytes = bare_jpeg(&mut self.random);
            let truth = Truth::default();
            self.add("Photos from 2019", "DSC_0101.JPG", &bytes, taken, &truth);
            self.expect(&bytes, &folder(taken), &truth);
        }
    }

    fn long_name(&mut self, mut picture: Picture) {
        let beginning = if self.random.below(2) == 0 {
            "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGINAL"
        } else {
            "Screenshot of a page about “Würzburg” and its bridges"
        };
        picture.name = format!("{beginning} {}.jpg", self.random.below(1_000_000));
        picture.bytes = bare_jpeg(&mut self.random);
        let taken = picture.instant();
        let year = format!("Photos from {}", 1950 + self.random.below(9));
        self.add(
            &year,
            &picture.name,
            &picture.bytes,
            taken,
            &Truth::default(),
        );
        self.expect(&picture.bytes, &folder(taken), &Truth::default());
    }

    /// An edited version has no JSON, and nothing in it that says when it was taken.
    fn edited(&mut self, number: usize, picture: &Picture) {
        let truth = Truth {
            description: Some(format!("Nr. {number}\n„bunt“")),
            position: Some((48.25, -11.5)),
            ..Truth::default()
        };
        let name = format!("E{number:06}.JPG");
        let bytes = bare_jpeg(&mut self.random);
        let edited = bare_jpeg(&mut self.random);
        self.add("Photos from 2018", &name, &bytes, picture.instant(), &truth);
        let name = format!("E{number:06}{}.JPG", EDITED[number % EDITED.len()]);
        self.members.push((
            None,
            format!("Takeout/Google Photos/Photos from 2018/{name}"),
            edited.clone(),
        ));
        self.export.files += 1;
        for bytes in [&bytes, &edited] {
            self.expect(bytes, &folder(picture.instant()), &truth);
        }
    }

    /// The same photo in the folder of its year and in an album.
    fn in_album(&mut self, number: usize, picture: &Picture) {
        let truth = Truth {
            favourite: number.is_multiple_of(2),
            albums: [ALBUM.0.to_owned()].into(),
            ..Truth::default()
        };
        self.plain(picture, &truth);
        self.add(
            ALBUM.1,
            &picture.name,
            &picture.bytes,
            picture.instant(),
            &truth,
        );
    }

    /// A motion photo in two files, of which only the picture has a JSON.
    fn motion(&mut self, number: usize, picture: &Picture) {
        let taken = picture.instant();
        let name = format!("PXL_{number:04}.MP");
        let bytes = bare_jpeg(&mut self.random);
        // A movie whose header has no time.
        let since_1904 = Timestamp::constant(-2_082_844_800, 0);
        let video = photos::mp4(since_1904, 600, &mut self.random);
        let truth = Truth::default();
        self.add(
            "Photos from 2022",
            &format!("{name}.jpg"),
            &bytes,
            taken,
            &truth,
        );
        self.members.push((
            None,
            format!("Takeout/Google Photos/Photos from 2022/{name}"),
            video.clone(),
        ));
        self.export.files += 1;
        for bytes in [&bytes, &video] {
            self.expect(bytes, &folder(taken), &truth);
        }
    }

    fn thrown_away(&mut self, picture: &Picture) {
        let path = format!("Takeout/Google Photos/Trash/{}", picture.name);
        self.members.push((None, path, picture.bytes.clone()));
        self.export.thrown_away += 1;
    }

    fn oddities(&mut self) {
        let at = |path: &str| format!("Takeout/{path}");
        let album = json!({"title": ALBUM.0, "description": "", "access": "protected"});
        let year = json!({"title": "Photos from 2019"});
        for (path, content) in [
            (
                at(&format!("Google Photos/{}/Metadaten.json", ALBUM.1)),
                album.to_string().into_bytes(),
            ),
            (
                at("Google Photos/Photos from 2019/metadata.json"),
                year.to_string().into_bytes(),
            ),
            (at("Google Photos/print-subscriptions.json"), b"{}".to_vec()),
            (
                at("Google Photos/user-generated-memory-titles.json"),
                b"[]".to_vec(),
            ),
        ] {
            self.members.push((None, path, content));
        }
        // A photo of which nobody knows anything.
        let bytes = bare_jpeg(&mut self.random);
        self.members.push((
            None,
            at("Google Photos/Photos from 2001/scan.jpg"),
            bytes.clone(),
        ));
        self.export.files += 1;
        self.expect(&bytes, "unknown", &Truth::default());
    }

    /// Adds a photo and its JSON, named as Takeout does.
    fn add(&mut self, folder: &str, title: &str, bytes: &[u8], taken: Timestamp, truth: &Truth) {
        let (stem, extension) = title.rsplit_once('.').expect("a name with an extension");
        let stem: String = stem.chars().take(PHOTO_CUT).collect();
        let cut = format!("{stem}.{extension}");
        let used = self
            .names
            .entry((folder.to_owned(), cut.clone()))
            .or_default();
        let number = match *used {
            0 => String::new(),
            number => format!("({number})"),
        };
        *used += 1;
        let json: String = format!("{cut}.supplemental-metadata")
            .chars()
            .take(JSON_CUT)
            .collect();
        let folder = format!("Takeout/Google Photos/{folder}");
        self.members.push((
            None,
            format!("{folder}/{stem}{number}.{extension}"),
            bytes.to_vec(),
        ));
        self.members.push((
            None,
            format!("{folder}/{json}{number}.json"),
            sidecar(title, taken, truth),
        ));
        self.export.files += 1;
    }

    fn expect(&mut self, bytes: &[u8], folder: &str, truth: &Truth) {
        let truth = Truth {
            folder: folder.to_owned(),
            ..truth.clone()
        };
        self.export.photos.insert(tree::hash(bytes), truth);
    }
}

/// The folder of an instant, in UTC.
fn folder(taken: Timestamp) -> String {
    let local: DateTime = Offset::UTC.to_datetime(taken);
    format!("{:04}/{:02}", local.year(), local.month())
}

fn sidecar(title: &str, taken: Timestamp, truth: &Truth) -> Vec<u8> {
    let (latitude, longitude) = truth.position.unwrap_or_default();
    let mut json = json!({
        "title": title,
        "description": truth.description.as_deref().unwrap_or_default(),
        "imageViews": "3",
        "creationTime": {"timestamp": "1767225600", "formatted": "01.01.2026, 00:00:00 UTC"},
        "photoTakenTime": {"timestamp": taken.as_second().to_string(), "formatted": ""},
        "geoData": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
        "geoDataExif": {"latitude": latitude, "longitude": longitude, "altitude": 0.0},
        "url": "https://photos.google.com/photo/x"
    });
    if truth.favourite {
        json["favorited"] = true.into();
    }
    serde_json::to_vec_pretty(&json).expect("JSON of plain values")
}
