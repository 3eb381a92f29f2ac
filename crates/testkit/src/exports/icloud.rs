//! Apple's copy of iCloud Photos: tables without paths, names that repeat, what was deleted among the rest.

use std::{fmt::Write, io, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use jiff::{Timestamp, tz::Offset};
use sha1::{Digest, Sha1};

use super::{Export, Truth, bare_jpeg, write_parts};
use crate::{Photos, Random, photos, tree};

const HEAD: &str =
    "imgName,fileChecksum,favorite,hidden,deleted,originalCreationDate,viewCount,importDate\n";

/// Makes an export of `count` pictures and what comes with them, in two parts below `root`.
///
/// # Errors
///
/// A file that cannot be written.
pub fn make(root: &Path, seed: u64, count: usize) -> io::Result<Export> {
    let mut random = Random::new(seed ^ 0x1c10);
    let mut export = Export::default();
    let mut members = Vec::new();
    let mut tables = [HEAD.to_owned(), format!("\u{feff}{HEAD}")];
    let mut album = "Images\n".to_owned();
    let pictures = Photos::new(seed).take(count, 700, 4_000);
    for (number, picture) in pictures.into_iter().enumerate() {
        let part = number % 2;
        let taken = to_minute(picture.instant());
        let mut truth = Truth::default();
        // Names begin again in each part.
        let name = format!("IMG_{:04}.JPG", number / 2);
        let is_film = picture.name.ends_with(".MP4");
        let own_folder = picture.folder();
        let (name, bytes, folder) = if is_film {
            (format!("IMG_{number:04}.MOV"), picture.bytes, own_folder)
        } else if number % 3 == 0 {
            (name, picture.bytes, own_folder)
        } else {
            (name, bare_jpeg(&mut random), folder(taken))
        };
        truth.favourite = number % 5 == 1;
        if number % 4 == 1 && is_film {
            album.push_str(&format!("{name}\n"));
            truth.albums.insert("Été".to_owned());
        }
        members.push((Some(part), format!("Photos/{name}"), bytes.clone()));
        row(&mut tables[part], &name, &bytes, &truth, false, taken);
        export.files += 1;
        truth.folder = folder;
        export.photos.insert(tree::hash(&bytes), truth);
    }
    let mut special = Special {
        random: &mut random,
        export: &mut export,
        members: &mut members,
        table: &mut tables[0],
        album: &mut album,
    };
    special.live_photo();
    special.twins();
    special.deleted();
    let [first, second] = tables;
    for (part, path, content) in [
        (0, "Photos/Photo Details.csv", first),
        (1, "Photos/Photo Details.csv", second),
        (0, "Albums/Été.csv", album),
        (0, "Albums/Empty.csv", String::new()),
        (
            0,
            "Memories/On this day.csv",
            "imageName\nLIVE_1.HEIC\n".to_owned(),
        ),
    ] {
        members.push((Some(part), path.to_owned(), content.into_bytes()));
    }
    members.push((
        Some(0),
        "iCloud Shared Albums.zip".to_owned(),
        b"PK\x05\x06 not opened".to_vec(),
    ));
    let name = |number| format!("iCloud Photos Part {number} of 2.zip");
    export.parts = write_parts(root, name, 2, &members, &mut random)?;
    Ok(export)
}

struct Special<'a> {
    random: &'a mut Random,
    export: &'a mut Export,
    members: &'a mut Vec<(Option<usize>, String, Vec<u8>)>,
    table: &'a mut String,
    album: &'a mut String,
}

impl Special<'_> {
    fn add(&mut self, path: &str, bytes: &[u8], truth: Truth) {
        self.members
            .push((Some(0), path.to_owned(), bytes.to_vec()));
        self.export.files += 1;
        self.export.photos.insert(tree::hash(bytes), truth);
    }

    /// The video has no row of its own, and goes where its picture goes.
    fn live_photo(&mut self) {
        let taken = Timestamp::constant(1_654_344_660, 0);
        let still = bare_jpeg(self.random);
        let since_1904 = Timestamp::constant(-2_082_844_800, 0);
        let video = photos::mp4(since_1904, 500, self.random);
        let truth = Truth {
            folder: "2022/06".to_owned(),
            albums: ["Été".to_owned()].into(),
            ..Truth::default()
        };
        row(self.table, "LIVE_1.HEIC", &still, &truth, false, taken);
        self.album.push_str("LIVE_1.HEIC\n");
        self.add("Photos/LIVE_1.HEIC", &still, truth.clone());
        self.add("Photos/LIVE_1.MOV", &video, truth);
    }

    /// A name with two rows: the checksum says which is the photo's. Another one without any that is its own.
    fn twins(&mut self) {
        let (one, other) = (bare_jpeg(self.random), bare_jpeg(self.random));
        let right = Timestamp::constant(1_500_000_000, 0);
        let wrong = Timestamp::constant(1_300_000_000, 0);
        let truth = Truth::default();
        row(
            self.table,
            "TWIN.JPG",
            &other,
            &truth,
            false,
            to_minute(wrong),
        );
        row(
            self.table,
            "TWIN.JPG",
            &one,
            &truth,
            false,
            to_minute(right),
        );
        for second in [right, wrong] {
            row(
                self.table,
                "LOST.JPG",
                b"another",
                &truth,
                false,
                to_minute(second),
            );
        }
        self.add(
            "Photos/TWIN.JPG",
            &one,
            Truth {
                folder: "2017/07".to_owned(),
                ..truth.clone()
            },
        );
        let lost = bare_jpeg(self.random);
        self.add(
            "Photos/LOST.JPG",
            &lost,
            Truth {
                folder: "unknown".to_owned(),
                ..truth
            },
        );
    }

    /// One by its folder, one by its row only.
    fn deleted(&mut self) {
        let taken = Timestamp::constant(1_600_000_000, 0);
        for path in ["Recently Deleted/GONE.JPG", "Photos/GOING.JPG"] {
            let bytes = bare_jpeg(self.random);
            let (_, name) = path.split_once('/').expect("a path with a folder");
            row(
                self.table,
                name,
                &bytes,
                &Truth::default(),
                true,
                to_minute(taken),
            );
            self.members.push((Some(0), path.to_owned(), bytes));
            self.export.thrown_away += 1;
        }
    }
}

/// Adds a photo's row.
fn row(
    table: &mut String,
    name: &str,
    bytes: &[u8],
    truth: &Truth,
    deleted: bool,
    taken: Timestamp,
) {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let date = Offset::UTC
        .to_datetime(taken)
        .strftime("%A %B %-d,%Y %-I:%M %p GMT");
    writeln!(
        table,
        "{name},{},{},no,{},\"{date}\",0,\"{date}\"",
        checksum(bytes),
        yes(truth.favourite),
        yes(deleted),
    )
    .expect("text takes everything");
}

/// Apple's checksum of a file.
fn checksum(bytes: &[u8]) -> String {
    let mut hasher = Sha1::new();
    hasher.update(b"com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0");
    hasher.update(bytes);
    let mut signature = vec![1];
    signature.extend_from_slice(&hasher.finalize());
    BASE64_STANDARD_NO_PAD.encode(signature)
}

/// Apple's dates have no seconds.
fn to_minute(instant: Timestamp) -> Timestamp {
    let seconds = instant.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(60)).expect("a time within the calendar")
}

fn folder(taken: Timestamp) -> String {
    let local = Offset::UTC.to_datetime(taken);
    format!("{:04}/{:02}", local.year(), local.month())
}
